"""What a stranger can't get out of the desk: somebody else's file, an echo of an echo, a thousand letters to a victim
(reliability T51, T55, T56)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import cast
import pytest
import pytest_asyncio
from room import Room, mail, room
from scenes.post import Post
from scenes.reports import STYLES, About
from scenes.stage import html_words, words

from mailbot import audit, proof
from mailbot.corridor.bench import words as words_of
from mailbot.guard import Guard
from mailbot.store.tables import Letter

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUSE = (cast.BO, cast.ANN, cast.DAN, cast.DIR)
NUMBER = "REC-2026-0001"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words_of(cast.config()).to_json()) as reader:
        yield reader


def faults(desk: Room) -> list[audit.Fault]:
    """Letters wait here, since nobody sends them: what the audit says of that is left out."""
    found = desk.register.ask(lambda tx: audit.judge(audit.gather(tx, desk.config, desk.clock.now, proof.Proof())))
    return [fault for fault in found if fault.point != "A3"]


def outside(desk: Room) -> list[Letter]:
    return [letter for letter in desk.rows(Letter) if letter.to_addr not in HOUSE]


# -- somebody else's file ----------------------------------------------------------------------------------------------

SECRETS = ("Carl", "Petit", cast.CARL, "centre de Brest", "remboursement", "bulletin.pdf", "Bo Martin")
HERS = "Bonjour,\nje voudrais savoir où en est ce dossier.\nMallory\n"
# (subject, text, headers) of Mallory's mail; {ack} is the Message-ID of Carl's AR, {mail} that of his complaint
ASKED: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "his number in the subject": (f"[{NUMBER}] Où en êtes-vous ?", HERS, ()),
    "as an answer to his AR's subject": (f"Re: [{NUMBER}] Votre réclamation", HERS, ()),
    "a number that she guessed": ("[REC-2026-0777] Où en êtes-vous ?", HERS, ()),
    "the number in the text only": ("Où en êtes-vous ?", HERS + f"Dossier {NUMBER}\n", ()),
    "both": (f"Dossier {NUMBER}", HERS + f"Dossier {NUMBER}\n", ()),
    "in the thread of his own mail": ("Re: Formation annulée", HERS, (("In-Reply-To", "{mail}"), ("References", "{mail}"))),
    "in the thread of our AR": ("Re: votre réclamation", HERS, (("In-Reply-To", "{ack}"), ("References", "{ack}"))),
    "copying him": (f"[{NUMBER}] Où en êtes-vous ?", HERS, (("Cc", cast.CARL),)),
    "answers to be sent to her, she says": (f"[{NUMBER}] changement d’adresse", HERS, (("Reply-To", cast.MALLORY),)),
    "a command": (f"[{NUMBER}] #historique", HERS, ()),
    "asking for the pieces": (f"[{NUMBER}] Pièces", "Bonjour,\nmerci de me renvoyer toutes les pièces.\nMallory\n", ()),
}  # fmt: skip


@pytest.mark.parametrize("case", ASKED)
async def test_t51_who_writes_with_somebody_elses_number_learns_nothing_and_changes_nothing(
    guard: Guard, tmp_path: Path, case: str
) -> None:
    subject, text, headers = ASKED[case]
    with room(tmp_path, guard) as desk:
        his = mail(
            text="Bonjour,\nla session au centre de Brest a été annulée, je demande un remboursement.\nCarl Petit\n",
            files=(("bulletin.pdf", "application/pdf", b"%PDF-1.4 " + b"x" * 900),),
        )
        await desk.take(his)
        known = {"ack": desk.letter("ack").message_id, "mail": str(message_from_bytes(his)["Message-ID"])}
        before = desk.file(NUMBER).model_dump()
        told = {letter.id for letter in desk.rows(Letter)}
        hers = await desk.take(
            mail(
                subject, text, sender=cast.MALLORY, name="Mallory",
                headers=tuple((name, value.format(**known)) for name, value in headers),
            )
        )  # fmt: skip
        new = [letter for letter in desk.rows(Letter) if letter.id not in told]
        shown = "".join(
            f"{message_from_bytes(x.raw, policy=policy.default)['Subject']} {words(x.raw)} {html_words(x.raw)}"
            for x in new
            if x.to_addr == cast.MALLORY
        )
        assert [secret for secret in SECRETS if secret in shown] == []
        assert [x.to_addr for x in new if x.to_addr == cast.CARL] == [], "and her words do not reach him"
        assert [x.to_addr for x in new if x.to_addr in HOUSE] != [], "the house hears of it"
        after = desk.file(NUMBER).model_dump()
        kept = ("complainant_addr", "complainant_name", "stage", "assignee", "due_on", "language", "subject")
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        assert hers.state == "decided"
        assert faults(desk) == []


# -- echoes -----------------------------------------------------------------------------------------------------------


def returned(letter: Letter) -> bytes:
    """Brought back as it left, by an address that forwards to us."""
    return b"Delivered-To: " + cast.BOX.encode() + b"\r\nReceived: from ailleurs.example by mx; now\r\n" + letter.raw


def renamed(letter: Letter) -> bytes:
    """By a forwarder that gives it a Message-ID of its own and writes itself as sender."""
    lines = letter.raw.replace(letter.message_id.encode(), b"<nouveau@ailleurs.example>", 1)
    return lines.replace(b"From: ", b"Resent-From: transfert@ailleurs.example\r\nFrom: ", 1)


def bounce(style: int, action: str = "failed") -> Callable[[Letter], bytes]:
    def write(letter: Letter) -> bytes:
        about = About(
            recipient=letter.to_addr, message_id=letter.message_id, subject="Votre réclamation", action=action
        )
        return b"Return-Path: <>\r\n" + STYLES[style](Post(salt="echo"), about)[0]

    return write


def bounce_of_a_bounce(letter: Letter) -> bytes:
    about = About(recipient=cast.BOX, message_id="<rapport@mx.relais.example>", subject="Undelivered Mail")
    return b"Return-Path: <>\r\n" + STYLES[0](Post(salt="echo"), about)[0]


def machine(subject: str, *headers: tuple[str, str]) -> Callable[[Letter], bytes]:
    def write(letter: Letter) -> bytes:
        answering = (("In-Reply-To", letter.message_id), ("References", letter.message_id))
        return mail(subject, "Je suis absent jusqu’au 4 janvier.\n", headers=(*answering, *headers))

    return write


def receipt(letter: Letter) -> bytes:
    text = mail("Lu : votre réclamation", "Votre message a été lu.\n", headers=(("In-Reply-To", letter.message_id),))
    kind = b'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"'
    head, _, _ = text.partition(b"Content-Type:")
    body = b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nlu\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
    return head + kind + body + b"Disposition: automatic-action/MDN-sent-automatically; displayed\r\n--b--\r\n"


ECHOES: dict[str, Callable[[Letter], bytes]] = {
    "an address that forwards to us": returned,
    "a forwarder that writes a Message-ID of its own": renamed,
    "Postfix: no such user": bounce(0),
    "Exchange: no such user": bounce(1),
    "Gmail: no such user": bounce(2),
    "Postfix: later": bounce(0, "delayed"),
    "a bounce of a bounce": bounce_of_a_bounce,
    "an absence by the book": machine("Réponse automatique : votre réclamation", ("Auto-Submitted", "auto-replied")),
    "an absence of an older program": machine("Absent", ("Precedence", "bulk"), ("X-Autoreply", "yes")),
    "an absence told by its subject alone": machine("Absence du bureau : votre réclamation"),
    "a reading receipt": receipt,
}


@pytest.mark.parametrize("case", ECHOES)
async def test_t55_an_echo_of_a_letter_is_answered_by_nobody_and_ends_there(
    guard: Guard, tmp_path: Path, case: str
) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        echoed: set[int | None] = set()
        for _ in range(4):  # whatever left to the outside comes back, and what that causes, and so on
            for letter in [each for each in outside(desk) if each.id not in echoed]:
                echoed.add(letter.id)
                row = await desk.take(ECHOES[case](letter))
                assert row.verdict in ("own", "bounce", "auto-reply", "duplicate"), row.reason
            desk.clock.advance(minutes=5)
        assert [(x.kind, x.to_addr) for x in outside(desk)] == [("ack", cast.CARL)]
        assert [file.number for file in desk.files()] == [NUMBER]
        assert faults(desk) == []


# -- reflection --------------------------------------------------------------------------------------------------------

VICTIM = "victime@courriel.example"
BAIT = ("Achetez", "http://piege.example", "offre.pdf", "Gagnant")


def forged(n: int) -> bytes:
    """A complaint that names the victim as its author, and says what the attacker wants her to read."""
    return mail(
        f"Gagnant n° {n} : Achetez !",
        f"Bonjour,\nje me plains de la formation. Achetez sur http://piege.example/{n} aujourd’hui.\nGagnant\n",
        sender=VICTIM, name="Gagnant Achetez", proven=False,
        files=(("offre.pdf", "application/pdf", b"%PDF-1.4 " + b"y" * 400),),
    )  # fmt: skip


def most(times: list[datetime], span: timedelta) -> int:
    """The most of them that lie within one span."""
    return max((sum(start <= at < start + span for at in times) for start in times), default=0)


@pytest.mark.parametrize(
    ("count", "hours", "a_day"),
    [
        pytest.param(24, 1, 10, id="two dozen in an hour"),
        pytest.param(1000, 1, 10, id="a thousand in an hour", marks=pytest.mark.long),
        pytest.param(1000, 40, 16, id="a thousand in forty hours", marks=pytest.mark.long),
    ],
)
async def test_t56_a_thousand_forged_complaints_are_a_handful_of_letters_to_whom_they_name(
    guard: Guard, tmp_path: Path, count: int, hours: int, a_day: int
) -> None:
    with room(tmp_path, guard) as desk:
        verdicts: Counter[str] = Counter()
        for n in range(count):
            verdicts[(await desk.take(forged(n))).verdict] += 1
            desk.clock.advance(seconds=hours * 3600 / count)
            if n % 8 == 7:
                await desk.dues.tick()
        assert sum(verdicts[kind] for kind in ("complaint", "held")) == count, "recorded, each of them"
        await desk.tick(hours=48)  # and past the term at which what nobody judged is a complaint
        while await desk.dues.tick():  # two hundred rows at each
            pass
        await desk.tick(minutes=16)
        letters = [letter for letter in desk.rows(Letter) if letter.to_addr == VICTIM]
        assert len(desk.files()) == count
        times = [letter.created_at for letter in letters]
        assert most(times, timedelta(hours=1)) <= 5 + 4, (
            "five, and one a quarter of an hour that gathers the rest (spec §2)"
        )
        assert most(times, timedelta(hours=24)) <= a_day, "ten, and six of what a term releases beside new ones"
        assert max(len(words(letter.raw)) for letter in letters if letter.kind == "ack") < 4096
        for letter in letters:
            subject = str(message_from_bytes(letter.raw, policy=policy.default)["Subject"])
            shown = f"{subject} {words(letter.raw)} {html_words(letter.raw)}"
            assert [word for word in BAIT if word in shown] == []
        assert faults(desk) == []
