"""A register as a labelled reply finds it, and the mail of that reply: the world of `replies/records.py` made of real mails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cast
import registers
from room import Room, mail, room
from sink import Sink

from mailbot import effects
from mailbot.config import Mailbox, Person
from mailbot.corridor.bench import words
from mailbot.corridor.post import Post
from mailbot.guard import Guard
from mailbot.outbox import Road
from mailbot.store import apply, codes, ledger
from mailbot.store.tables import Code, Counter, Inbound, Letter
from staff.clients import Notice, fresh, prefixed, reply
from staff.replies import CAST, DESK, NUMBER, OTHER, TWIN, Case, fill

PARIS = ZoneInfo("Europe/Paris")
PATIENCE = 20.0  # seconds; only ever reached by a test that fails
STAFF = (
    Person(name="Bo Martin", addresses=(CAST["bo"][1], CAST["bo2"][1])),
    Person(name="Ann Leroy", addresses=(CAST["ann"][1],), roles=("quality",)),
    Person(name="Line Direction", addresses=(CAST["dir"][1],), roles=("direction",)),
    Person(name="Dan Petit", addresses=(CAST["dan"][1],), roles=("admin",)),
    Person(name="Zoé Blanchet", addresses=(CAST["zoe"][1],)),
    Person(name="Yann Le Goff", addresses=(CAST["yann"][1],), active=False),
)
REGISTERED = {"bo2": "bo"}  # who gets the letters of a person's other address
ASSESSED = "Gravité : 3\nComplexité : 2\nRépercussions : 2\nAction immédiate : non"  # P2: chased at J+1
GRAVE = "Gravité : 4\nComplexité : 3\nRépercussions : 3\nAction immédiate : oui, Bo appelle lundi"
ARGUED = (
    "Bonjour,\n\nNous avons relu votre dossier avec le formateur et le service des inscriptions. La convocation est partie "
    "à une ancienne adresse, par notre faute. Vos frais de train sont remboursés et une place vous est gardée le 7 décembre. "
    "Merci de nous l’avoir signalé.\n\nBo Martin"
)
NEWS = "Bonjour, nous avons bien avancé et nous vous écrirons de nouveau demain.\n\nBo Martin"
COMPLAINT = "Bonjour,\nla session du 12 novembre a été annulée et je l’ai appris sur place. Je souhaite être remboursé.\nCarl Bonnet"
TICKET = ("billet de train.pdf", "application/pdf", b"%PDF-1.4\nbillet aller du 12 novembre\n%%EOF\n")
SIDE_EXITS = {"withdrawn": "#retrait", "no-answer": "#sans-suite", "out-of-scope": "#hors-périmètre"}


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """That minute of 2026 in Paris, as UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


NOW = at(23, 10)


def settings(case: Case) -> dict[str, Any]:
    """What the organisation of a case has set."""
    group = ("reclamations@ief.example",) if "own-group" in case.given else ()
    box = Mailbox(address=DESK, addresses=group, host="127.0.0.1", security="none", authserv_id=cast.PROVIDER)
    return {"staff": STAFF, "mailbox": box}


def reader_words() -> dict[str, Any]:
    """What the guard must know to read the mails of this organisation; the same for every case."""
    return words(cast.config(staff=STAFF)).to_json()


@contextmanager
def open_room(folder: Path, guard: Guard, port: int, case: Case, now: datetime) -> Iterator[Room]:
    """A desk on the register in `folder`, patient with a slow machine."""
    with room(folder, guard, port=port, now=now, **settings(case)) as desk:
        desk.road = Road(desk.config.smtp, user="", sender=DESK, command_seconds=PATIENCE, after_dot_seconds=PATIENCE)
        desk.post = Post(desk.bench, desk.road)
        yield desk


# -- the world before the mail -----------------------------------------------------------------------------------------


class Registers:
    """Registers as the cases find them: each world is lived through once, then copied."""

    def __init__(self, folder: Path, guard: Guard) -> None:
        self._folder, self._guard = folder, guard
        self._known: dict[tuple[Any, ...], Path] = {}

    async def before(self, case: Case, folder: Path) -> None:
        """Puts the register of a case into `folder`, as it is on Monday at ten."""
        world = (case.stage, frozenset(case.given) - {"seen"}, case.answers, case.answered_subject, case.answered_text)
        if world not in self._known:
            lived = self._folder / f"world-{len(self._known)}"
            lived.mkdir()
            async with Sink() as sink:
                with open_room(lived, self._guard, sink.port, case, at(1, 9)) as desk:
                    await Past(desk, case).live()
            self._known[world] = lived
        registers.copy(self._known[world], folder)


class Past:
    """What happened before the mail of a case, in the order of the clock."""

    def __init__(self, desk: Room, case: Case) -> None:
        self.desk, self.case = desk, case
        self.old = "closed-40-days" in case.given

    async def live(self) -> None:
        self.desk.register.run(lambda tx: ledger.remember(tx, "start", at(1, 0, month=9).isoformat()))
        await self._files()
        await self._answered()
        await self._stage()
        await self._monday()
        await self._pass(NOW)
        await self.desk.dues.tick()
        await self.desk.send()

    async def _pass(self, until: datetime) -> None:
        """Lets the clock go on; what an undo window held back leaves."""
        self.desk.clock.now = until
        await self.desk.send()

    async def say(self, when: datetime, who: str, subject: str, text: str, **how: Any) -> None:
        """A mail of one of the cast is taken in; what it causes at once leaves."""
        self.desk.clock.now = when
        name, address = CAST[who]
        await self.desk.take(mail(subject, text, sender=address, name=name, at=when, **how))
        await self.desk.send()

    async def _command(
        self, when: datetime, words: str, text: str = "", *, who: str = "bo", number: str = NUMBER
    ) -> None:
        """A colleague's command; the text that it lets leave has left."""
        await self.say(when, who, f"[{number}] {words}", text)
        await self._pass(when + timedelta(minutes=self.desk.config.answers.undo_minutes))

    async def _files(self) -> None:
        given = self.case.given
        self._next(41 if "twin" in given else 42)
        if "twin" in given:
            await self.say(at(19, 9), "carl", "Facture en double", "Bonjour, la même facture est venue deux fois. Carl")
            await self._command(at(19, 9, 30), "#réponse", NEWS, number=TWIN)
        first = at(5, 9, month=10) if self.old else at(20, 9)
        await self.say(first, "carl", "Formation annulée", COMPLAINT, files=(TICKET,))

    def _next(self, rank: int) -> None:
        self.desk.register.run(lambda tx: tx.add(Counter(series="real", year=2026, n=rank - 1)))

    async def _answered(self) -> None:
        """The mails that the author may answer lie in the file."""
        case = self.case
        subject = fill(case.answered_subject, {"number": NUMBER})
        when = at(5, 9, 30, month=10) if self.old else at(20, 9, 30)
        if case.answers == "carl-mail":
            await self.say(when, "carl", subject, case.answered_text)
        if case.answers == "colleague-mail":
            await self.say(when, "ann", subject, case.answered_text)
        if case.answers == "followup-notice":
            await self.say(when, "carl", f"[{NUMBER}] précision", "J’oubliais : je venais de Nîmes, par le train. Carl")

    async def _stage(self) -> None:
        given, stage = self.case.given, self.case.stage
        if "gravity-4" in given:
            await self._command(at(20, 10), "#évaluer", GRAVE)
        if self.old:
            await self._command(at(6, 10, month=10), "#évaluer", ASSESSED)
            await self._command(at(14, 10, month=10), "#résolu", ARGUED)
            await self._pass(at(19, 10, month=10))
            await self.desk.dues.tick()
            await self.desk.send()
            return
        if stage == "assessed" and "gravity-4" not in given:
            await self._command(at(20, 11), "#évaluer", ASSESSED)
        if stage in ("treatment", "closing", "closed", "waiting", "committed") and "news-sent" not in given:
            await self._command(at(20, 11), "#réponse", NEWS)
        if stage == "waiting":
            await self._command(at(20, 12), "#précisions", "Bonjour, à quelle session étiez-vous inscrit ?")
        if stage == "committed":
            await self._command(at(20, 12), "#butoir 04/12/2026", "Le certificateur nous répond le 3 décembre.")
        await self._ended()

    async def _ended(self) -> None:
        four, given = at(20, 16), self.case.given
        if "closed-friday" in given or (self.case.stage == "closed" and not self.old):
            await self._command(four, "#résolu", ARGUED)
        elif "information-friday" in given:
            await self._command(four, "#information")
        elif "out-of-scope-friday" in given:
            await self._command(four, "#hors-périmètre", who="ann")
        elif "no-answer-friday" in given:
            await self._command(four, "#sans-suite", who="ann")
        elif self.case.stage in SIDE_EXITS:
            await self._command(four, SIDE_EXITS[self.case.stage])
        elif self.case.stage == "duplicate":
            await self._command(four, f"#doublon {TWIN}")

    async def _monday(self) -> None:
        given = self.case.given
        if "other" in given:
            await self.say(at(23, 8, 30), "opale", "Heures non justifiées", "Les feuilles d’émargement manquent. Opale")
            await self._command(at(23, 8, 35), "#réponse", NEWS, number=OTHER)
        if "news-sent" in given:
            await self._command(at(23, 9, 30), "#réponse", NEWS)
        if "five-wrong-codes" in given:
            self._write([effects.WrongCode(number=NUMBER)] * 5)
        if "three-pending" in given:  # the fourth is the one that he was told about
            for minute in range(4):
                await self.say(at(23, 9, 45 + minute), self.case.author, f"[{NUMBER}] #résolu", ARGUED, proven=False)
        if "closing-pending" in given:
            await self.say(at(23, 9, 55), "bo", f"[{NUMBER}] #résolu", ARGUED)
        if "news-pending" in given:
            await self.say(at(23, 9, 55), "bo", f"[{NUMBER}] #réponse", NEWS)

    def _write(self, decided: list[effects.Effect]) -> None:
        bench = self.desk.bench
        self.desk.register.run(lambda tx: apply.apply(tx, decided, bench.act(tx, "command:given")))


# -- the mail ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Posted:
    """The mail of a case, and the files that it carries by name."""

    raw: bytes
    files: dict[str, bytes]


def posted(case: Case, desk: Room) -> Posted:
    """The mail as the provider hands it over. Call it before the register is photographed: codes are drawn here."""
    name, address = CAST[case.author]
    facts = {
        "number": NUMBER,
        "code": code_of(desk, case.author),
        "othercode": code_of(desk, case.code_of),
    }
    proof = {"pass": "dmarc=pass", "fail": "dmarc=fail"}.get(case.proof)
    domain = address.rpartition("@")[2]
    stamp = (("Authentication-Results", f"{cast.PROVIDER}; {proof} header.from={domain}"),) if proof else ()
    own = (("From", case.from_header),) if case.from_header else ()
    common: dict[str, Any] = {
        "author": address,
        "author_name": name,
        "body": fill(case.body, facts),
        "cc": case.cc,
        "attachments": case.files,
        "headers": (*stamp, *own, *((key, fill(value, facts)) for key, value in case.headers)),
        "hidden": case.hidden,
        "message_id": f"<{case.id.lower()}.1000@{domain}>",
        "date": NOW,
    }
    files = {name: data for name, _, data in case.files}
    to = case.to or DESK
    if case.how == "fresh":
        return Posted(raw=fresh(case.style, to=to, subject=fill(case.subject or "", facts), **common), files=files)
    notice = _notice(case, desk, address)
    by_itself = prefixed(case.style, notice.subject)
    subject = None if case.subject is None else fill(case.subject, facts | {"subject": by_itself})
    return Posted(raw=reply(case.style, notice, to=to, subject=subject, quote=case.quote, **common), files=files)


def again(raw: bytes) -> bytes:
    """The very same mail, delivered a second time: only the way differs."""
    return b"Received: from relay.example by mx.ief.example; Mon, 23 Nov 2026 09:59:30 +0100\r\n" + raw


def code_of(desk: Room, who: str) -> str:
    """A colleague's code for the file, drawn if no letter needed one yet; a wrong one for anybody else."""
    person = desk.config.person(CAST[who][1])
    if person is None or not person.active:
        return "ZZ99ZZ"
    bench, addr = desk.bench, person.addresses[0].lower()
    drawn = iter("K7QX3M P4WZ8R H2TB6V N9CJ5D".split())
    taken = {row.code for row in desk.rows(Code)}
    free = next(code for code in drawn if code not in taken)
    return desk.register.run(lambda tx: codes.code_for(tx, NUMBER, addr, bench.clock(), lambda: free))


def living_code(desk: Room, who: str) -> str:
    """The code as it is now, "" when there is none."""
    addr = CAST[REGISTERED.get(who, who)][1]
    return next((row.code for row in desk.rows(Code, Code.about == NUMBER, Code.person == addr)), "")


KINDS = {"handed-over": "assignment"}  # the same letter to the one who is told


def _notice(case: Case, desk: Room, addr: str) -> Notice:
    """The mail that this one answers, as its author has it before him."""
    if case.answers in ("carl-mail", "colleague-mail", "unknown-mail"):
        return _anothers(case, desk, addr)
    to = desk.config.person(addr)
    registered = to.addresses[0].lower() if to else addr
    ours = [x for x in desk.rows(Letter, Letter.to_addr == registered) if KINDS.get(x.kind, x.kind) == case.answers]
    letter = next(x for x in reversed(ours) if NUMBER in x.subject)
    read = _parsed(letter.raw)
    return Notice(
        message_id=letter.message_id,
        subject=letter.subject,
        text=part(read, "plain"),
        html=part(read, "html"),
        sender=str(read["From"]),
        to=addr,
        date=letter.created_at,
    )


def _anothers(case: Case, desk: Room, addr: str) -> Notice:
    subject = fill(case.answered_subject, {"number": NUMBER})
    who = {"carl-mail": "carl", "colleague-mail": "ann"}.get(case.answers, "ann")
    known = desk.rows(Inbound, Inbound.subject == subject, Inbound.from_addr == CAST[who][1])
    name, sender = CAST[who]
    return Notice(
        message_id=known[-1].message_id if known else "<inconnu.7@ief.example>",
        subject=subject,
        text=case.answered_text,
        html=f"<html><body><p>{case.answered_text}</p></body></html>",
        sender=f"{name} <{sender}>",
        to=addr,
        date=known[-1].received_at if known else NOW - timedelta(hours=1),
    )


# -- reading letters ---------------------------------------------------------------------------------------------------


def _parsed(raw: bytes) -> EmailMessage:
    read = message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def part(read: EmailMessage, subtype: str) -> str:
    body = read.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


class _Visible(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "span":  # a span stands inside a word, every other tag between two
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, [])

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def level(text: str) -> str:
    """Without what white space says."""
    return " ".join(text.split())


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A letter that the server accepted."""

    kind: str
    to: str
    message_id: str
    text: str  # the plain part, white space aside
    shown: str  # the words of the HTML part, white space aside
    files: dict[str, bytes]


def sent(raw: bytes, to: str) -> Sent:
    read = _parsed(raw)
    shown = _Visible()
    shown.feed(part(read, "html"))
    kind = str(read["X-Mailbot"])
    return Sent(
        kind=KINDS.get(kind, kind),
        to=to.lower(),
        message_id=str(read["Message-ID"]),
        text=level(part(read, "plain")),
        shown=level("".join(shown.words)),
        files={str(p.get_filename()): p.get_content() for p in read.iter_attachments()},
    )


@asynccontextmanager
async def at_work(case: Case, registers: Registers, guard: Guard, folder: Path) -> AsyncIterator[tuple[Room, Sink]]:
    """The desk of a case on Monday at ten, and the server that its letters go to."""
    await registers.before(case, folder)
    async with Sink() as sink:
        with open_room(folder, guard, sink.port, case, NOW) as desk:
            yield desk, sink
