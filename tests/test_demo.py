"""The demo: what its characters write, what its provider vouches for, what the page lets through, and the whole played once."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import random
import re
import sys
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from pathlib import Path

import demo_check
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot import config, message, workdays
from mailbot.demo import clock, enclosures, phone, play, send, stage, story, town, witness
from mailbot.letters.dates import in_words

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ACK = b"From: desk@ief.example\r\nSubject: [REC-2026-0001] AR\r\nMessage-ID: <ack@ief.example>\r\n\r\nBonjour\r\n"


# -- the story ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write", [story.carl, story.opale, story.marc, lambda now: story.one_more(now, random.Random(7))]
)
def test_a_complaint_is_read_as_it_was_written(write) -> None:
    written = write(NOW)
    read = message.read(written.raw)
    assert read.from_
    assert (read.from_.name, read.from_.addr) == (written.by.name, written.by.addr)
    assert read.strict_from
    assert (read.message_id, read.problems, read.automatic) == (written.message_id, (), ())
    assert tuple((a.name, a.sha256) for a in read.attachments if a.evidence) == written.files


def test_each_mail_is_a_new_one() -> None:
    assert story.carl(NOW).message_id != story.carl(NOW).message_id


def test_the_absence_message_answers_the_acknowledgement_by_itself() -> None:
    read = message.read(story.out_of_office(ACK, NOW).raw)
    assert read.in_reply_to == ("<ack@ief.example>",)
    assert read.automatic


def test_the_bounce_quotes_the_acknowledgement_but_names_somebody_else() -> None:
    written = story.bounce(ACK, NOW)
    (report,) = message.read(written.raw).reports
    assert (report.action, report.status, report.original_id) == ("failed", "5.1.1", "<ack@ief.example>")
    assert report.recipient != story.OPALE.addr
    assert written.envelope_from == ""


def test_the_settings_of_the_story_are_without_mistake(tmp_path: Path) -> None:
    folder = stage.Folder(tmp_path / "demo")
    folder.open()
    folder.write_settings(story.configuration(imap_port=1143, smtp_port=1025, since=NOW, data_dir=tmp_path / 'a "b\\c'))
    settings = config.load(folder.settings, environ={})
    assert settings.mailbox.since == NOW
    assert settings.data_dir == tmp_path / 'a "b\\c'
    assert settings.person(story.BO.addr)
    assert folder.settings.stat().st_mode & 0o077 == 0


def test_the_drawn_files_are_what_they_say() -> None:
    pdf = enclosures.pdf("Une ligne (entre parenthèses) \\", "œ")
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF", pdf)[1])
    assert pdf[start:].startswith(b"xref")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", pdf[start:])]
    assert [pdf[place:].split(b" ", 1)[0] for place in places] == [b"%d" % n for n in range(1, len(places) + 1)]
    assert enclosures.closed_door(8, 8).startswith(b"\x89PNG\r\n\x1a\n")


# -- the provider ---------------------------------------------------------------------------------------------------------

CARL = story.carl(NOW).raw
FORGED = b"Authentication-Results: mx.ief.example;\r\n\tdmarc=pass header.from=courriel.example\r\n"


@pytest.mark.parametrize(
    ("raw", "account", "vouched"),
    [
        (CARL, story.CARL.addr, True),
        (CARL, "Carl@Courriel.example", True),
        (CARL, "", False),
        (CARL, story.NADIA.addr, False),  # an account of the same provider is not the author's
        (FORGED + CARL, "", False),
        (FORGED.upper() + CARL, story.NADIA.addr, False),
        (b"From: x@y.example\r\n" + CARL, story.CARL.addr, False),  # two From fields
    ],
)
def test_the_provider_vouches_only_for_who_writes_through_his_own_account(
    raw: bytes, account: str, vouched: bool
) -> None:
    results = message.read_headers(town.judged(raw, account)).authentication
    assert bool(results) is vouched


@given(st.binary(max_size=400))
def test_taking_results_out_changes_no_other_byte(body: bytes) -> None:
    raw = b"Subject: a\r\n folded\r\nTo: b@c.example\r\n\r\n" + body
    assert town.without_results(raw) == raw
    assert town.without_results(FORGED + raw) == raw


# -- the clock and the telephone -------------------------------------------------------------------------------------------


def test_the_clock_leaps_forward_and_never_back(tmp_path: Path) -> None:
    ours, daemons = clock.Clock(tmp_path / "clock"), clock.Clock(tmp_path / "clock")
    assert abs(ours() - datetime.now(UTC)) < timedelta(minutes=1)
    far = datetime.now(UTC) + timedelta(days=9)
    ours.leap_to(far)
    ours.leap_to(datetime.now(UTC))
    assert timedelta() <= daemons() - far < timedelta(minutes=1)


BUTTONS = (
    "<a href='mailto:desk@ief.example?subject=%5BREC-2026-0001-K7QX3M%5D%20%23note'>Note</a>"
    "<a href='mailto:desk@ief.example?subject=%5BREC-2026-0001-K7QX3M%5D%20%23butoir%20JJ%2FMM%2FAAAA"
    "&amp;body=Gravit%C3%A9%20%3A%0D%0AAutre%20%2B%20un%20%3A'>Date</a><a href='https://far.example/#butoir'>Ailleurs</a>"
)


def a_letter() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = (
        f"Bureau <{story.DESK}>",
        "[REC-2026-0001] Avis",
        "<n1@ief.example>",
    )
    mail.set_content("Première ligne\nDeuxième\n")
    mail.add_alternative(f"<html><body>{BUTTONS}</body></html>", subtype="html")
    return mail.as_bytes()


def test_a_tap_opens_what_the_button_says_and_sends_what_was_typed() -> None:
    draft = phone.button(a_letter(), "#butoir")
    assert draft == phone.Draft(subject="[REC-2026-0001-K7QX3M] #butoir JJ/MM/AAAA", body="Gravité :\nAutre + un :")
    typed = ("JJ/MM/AAAA", "07/12/2026")
    read = message.read(phone.tap(story.BO, draft, NOW, text="Voici. ", filled=("Gravité : 3",), typed=typed).raw)
    assert read.subject == "[REC-2026-0001-K7QX3M] #butoir 07/12/2026"
    assert read.text.split("\n")[:2] == ["Voici. Gravité : 3", "Autre + un :"]
    assert phone.SIGNATURE["fr"] in read.text


def test_a_letter_without_the_button_is_told() -> None:
    with pytest.raises(LookupError, match="#résolu"):
        phone.button(a_letter(), "#résolu")


def test_an_answer_quotes_the_letter_and_joins_it() -> None:
    read = message.read(phone.answer(story.CARL, a_letter(), "Merci.", NOW).raw)
    assert (read.subject, read.in_reply_to) == ("Re: [REC-2026-0001] Avis", ("<n1@ief.example>",))
    assert read.text.startswith("Merci.")
    assert "\n> Première ligne\n> Deuxième" in read.text


@pytest.mark.parametrize(
    ("kinds", "trouble"),
    [
        (("ack", "reply"), []),
        (("ack", "reply", "digest"), []),
        (("ack",), ["reply"]),
        (("ack", "reply", "reply"), ["reply"]),
    ],
)
def test_a_mailbox_with_more_or_less_than_was_told_is_seen(kinds: tuple[str, ...], trouble: list[str]) -> None:
    mails = [f"X-Mailbot: {kind}\r\n\r\n".encode() for kind in kinds]
    told = witness.judge_box(story.CARL, ["ack", "reply"], mails)
    assert [name for name in ("ack", "reply", "digest") if f"« {name} »" in " ".join(told)] == trouble


# -- the folder -----------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("précieux")
    with pytest.raises(stage.Occupied):
        stage.Folder(tmp_path).open()
    assert (tmp_path / "index.html").read_text() == "précieux"


def test_the_folder_of_an_earlier_demo_is_emptied_of_what_a_demo_writes(tmp_path: Path) -> None:
    first = stage.Folder(tmp_path)
    first.open()
    first.write_facts({"smtp": {"host": "127.0.0.1", "port": 1}})
    first.keep("carl@courriel.example", [b"ancien"])
    (tmp_path / "notes.txt").write_text("à moi")
    stage.Folder(tmp_path).open()
    assert list(first.mailboxes.iterdir()) == []
    assert (tmp_path / "notes.txt").read_text() == "à moi"


def test_mails_are_kept_as_received(tmp_path: Path) -> None:
    folder = stage.Folder(tmp_path)
    folder.open()
    kept = folder.keep("carl@courriel.example", [b"un\r\n", b"\0deux"])
    assert [path for path, _ in kept] == [f"mailboxes/carl@courriel.example/00{n}.eml" for n in (1, 2)]
    assert [(tmp_path / path).read_bytes() for path, _ in kept] == [b"un\r\n", b"\0deux"]


@given(st.text(st.characters(), max_size=300))
def test_no_address_leaves_the_folder(addr: str) -> None:
    name = stage.folder_name(addr)
    assert re.fullmatch(r"[a-z0-9@_+-][a-z0-9@._+-]*", name)
    assert len(name) <= 120


def test_two_addresses_never_share_a_folder() -> None:
    addrs = ["a/b@c.example", "a_b@c.example", "a\\b@c.example", "..", ".", "_", "", "a" * 150, "a" * 151]
    assert len({stage.folder_name(a) for a in addrs}) == len(addrs)


# -- what the story judges ------------------------------------------------------------------------------------------------


def entry(**changed: object) -> witness.Entry:
    facts = {
        "inbound_id": 1,
        "verdict": "complaint",
        "reason": "",
        "number": "REC-2026-0001",
        "stage": "acknowledged",
        "due_on": date(2026, 12, 1),
        "ack_state": "accepted",
        "ack_at": NOW,
        "answered_on": None,
        "outcome": "",
        "hashes": frozenset(sha for _, sha in story.marc(NOW).files),
        "letters": 0,
        "events": (),
    }
    return witness.Entry(**{**facts, **changed})


def acknowledgement(to: story.Written, subject: str = "[REC-2026-0001]", text: str = "") -> bytes:
    said = text or "by Tuesday 1 December 2026. File received: lunch order.pdf"
    return f"Subject: {subject}\r\nIn-Reply-To: {to.message_id}\r\n\r\n{said}\r\n".encode()


@pytest.mark.parametrize(
    ("changed", "letters", "trouble"),
    [
        ({}, ({},), ""),
        ({"verdict": "list"}, ({},), "jugé"),
        ({"number": "REC-2026-0002"}, ({},), "au lieu de REC-2026-0001"),
        ({"due_on": date(2026, 12, 2)}, ({},), "échéance"),
        ({"ack_at": None}, ({},), "échéance"),
        ({"hashes": frozenset()}, ({},), "empreinte"),
        ({}, (), "0 accusés"),
        ({}, ({}, {}), "2 accusés"),
        ({}, ({"subject": "Bonjour"},), "objet"),
        ({}, ({"text": "by Wednesday 2 December 2026: lunch order.pdf"},), "ne dit pas"),
        ({}, ({"text": "by Tuesday 1 December 2026"},), "ne nomme pas"),
    ],
)
def test_the_story_tells_what_did_not_come_out(changed: dict, letters: tuple, trouble: str) -> None:
    written = story.marc(NOW)
    facts = {**changed, "hashes": changed.get("hashes", frozenset(sha for _, sha in written.files))}
    boxes = {written.by.addr: [acknowledgement(written, **each) for each in letters]}
    told = " ; ".join(witness.judge_complaint(written, entry(**facts), boxes, expected="REC-2026-0001"))
    assert trouble in told
    assert bool(told) is bool(trouble)


def test_the_short_form_names_no_file() -> None:
    written = story.opale(NOW)
    name, sha = written.files[0]
    said = f"au plus tard le mardi 1er décembre 2026 ; {name}"
    boxes = {written.by.addr: [acknowledgement(written, text=said)]}
    told = witness.judge_complaint(written, entry(hashes=frozenset({sha})), boxes, expected="REC-2026-0001")
    assert told == [f"l’accusé nomme le fichier {name}"]


@pytest.mark.parametrize(
    ("changed", "after", "trouble"),
    [
        ({}, "acknowledged", ""),
        ({"verdict": "complaint"}, "acknowledged", "jugé"),
        ({"events": ("opened",)}, "acknowledged", "ouvert"),
        ({"letters": 1}, "acknowledged", "lettre"),
        ({}, "closed", "closed"),
    ],
)
def test_a_machine_opens_answers_and_closes_nothing(changed: dict, after: str, trouble: str) -> None:
    judged = witness.judge_machine(
        entry(**{"verdict": "bounce", **changed}), "bounce", before="acknowledged", after=after
    )
    assert len(judged) == (1 if trouble else 0)
    assert trouble in "".join(judged)


# -- the outsider's check -------------------------------------------------------------------------------------------------


@given(st.dates(date(2009, 1, 1), date(2099, 12, 1)))  # before 2008 Whit Monday was worked for some years
def test_the_outsider_counts_the_same_days(day: date) -> None:
    assert demo_check.sixth_working_day(day) == workdays.due(day, workdays.Calendar()).on
    assert demo_check.in_words(day) == in_words(day, "fr")


@pytest.mark.parametrize(
    ("acknowledged", "due"),
    [  # counted by hand
        (date(2026, 11, 23), date(2026, 12, 1)),
        (date(2026, 4, 30), date(2026, 5, 12)),  # 1 and 8 May
        (date(2026, 12, 24), date(2027, 1, 5)),  # Christmas and New Year
        (date(2027, 3, 25), date(2027, 4, 5)),  # Easter Monday, 29 March
    ],
)
def test_the_outsider_counts_right(acknowledged: date, due: date) -> None:
    assert demo_check.sixth_working_day(acknowledged) == due


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({}, ""),
        ({"number": "REC-2026-0003"}, "le suivant est REC-2026-0002"),
        ({"says": "mercredi 2 décembre 2026"}, "ne dit pas"),
        ({"to": "autre@courriel.example"}, "va de"),
        ({"answers": "<autre@courriel.example>"}, "ne répond pas"),
    ],
)
def test_the_outsider_refuses_an_acknowledgement_that_is_not_right(changed: dict[str, str], trouble: str) -> None:
    mail, sender, _ = demo_check.write(datetime.now(UTC))
    today = datetime.now(demo_check.PARIS)
    due = demo_check.in_words(demo_check.sixth_working_day(today.date()))
    ack = EmailMessage()
    ack["From"], ack["To"] = story.DESK, changed.get("to", sender)
    ack["Subject"] = f"[{changed.get('number', 'REC-2026-0002')}] Nous avons bien reçu votre message"
    ack["In-Reply-To"] = changed.get("answers", str(mail["Message-ID"]))
    ack["Date"] = format_datetime(today)
    ack.set_content(f"Réponse au plus tard le {changed.get('says', due if not trouble else 'jamais')}.\n")
    expected = pytest.raises(demo_check.Wrong, match=trouble) if trouble else contextlib.nullcontext()
    with expected:
        due_on = demo_check.check_ack(ack, {"desk": story.DESK}, mail, sender, "REC-2026-0002")
        assert demo_check.in_words(due_on) == due


MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=demo_check.PARIS)
AT = {  # when each letter of a right story leaves
    "ack": MONDAY,
    "chase": MONDAY + timedelta(days=1, minutes=30),
    "question": MONDAY + timedelta(days=1, hours=1),
    "receipt": MONDAY + timedelta(days=1, hours=2),
    "commitment": MONDAY + timedelta(days=1, hours=3),
    "progress": MONDAY + timedelta(days=4, minutes=30),
    "reply": MONDAY + timedelta(days=4, hours=1),
    "survey": MONDAY + timedelta(days=9, minutes=30),
    "cause": MONDAY + timedelta(days=9, minutes=30),
}


def told(kind: str, at: datetime, number: str = "REC-2026-0001", text: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["X-Mailbot"], mail["Subject"], mail["Date"] = kind, f"[{number}] Votre dossier", format_datetime(at)
    mail.set_content(text or ("Nous répondrons le jeudi 3 décembre 2026." if kind == "commitment" else "Bonjour."))
    return mail


@pytest.mark.parametrize(
    ("changed", "without", "trouble"),
    [
        ({}, "", ""),
        ({}, "progress", "a reçu"),
        ({}, "receipt", "a reçu"),
        ({}, "chase", "1 relances"),
        ({}, "cause", "1 relances"),
        ({"chase": {"at": MONDAY + timedelta(days=2, minutes=30)}}, "", "la relance est parti"),
        ({"chase": {"at": MONDAY + timedelta(days=1, minutes=-30)}}, "", "la relance est parti"),
        ({"cause": {"at": MONDAY + timedelta(days=8, minutes=30)}}, "", "la relance sur la cause"),
        ({"progress": {"at": MONDAY + timedelta(days=3, minutes=30)}}, "", "le point d’étape"),
        ({"survey": {"at": MONDAY + timedelta(days=7, minutes=30)}}, "", "l’enquête"),
        ({"reply": {"number": "REC-2026-0002"}}, "", "parlent de"),
        ({"commitment": {"text": "Nous répondrons le jeudi 26 novembre 2026."}}, "", "après la date promise"),
    ],
)
def test_the_outsider_refuses_a_story_that_went_otherwise(changed: dict, without: str, trouble: str) -> None:
    mails = {
        kind: told({"cause": "chase"}.get(kind, kind), **{"at": at, **changed.get(kind, {})})
        for kind, at in AT.items()
        if kind != without
    }
    chases = [mails.pop(kind) for kind in ("chase", "cause") if kind in mails]
    expected = pytest.raises(demo_check.Wrong, match=trouble) if trouble else contextlib.nullcontext()
    with expected:
        assert demo_check.check_course(list(mails.values()), chases) == "REC-2026-0001"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Bonjour, dossier REC-2026-0001.", ""),
        ("Voyez [REC-2026-0001-K7QX3M].", "REC-2026-0001-K7QX3M"),
        ("mailto:x@y.example?subject=%5BREC-2026-0001%5D%20%23r%C3%A9solu", "#résolu"),
        ("---- Répondre au-dessus de cette ligne ----", "Répondre"),
    ],
)
def test_the_outsider_sees_what_is_the_staff_s_own(text: str, seen: str) -> None:
    with pytest.raises(demo_check.Wrong, match=re.escape(seen)) if seen else contextlib.nullcontext():
        demo_check.check_discretion([told("reply", MONDAY, text=text)])


@pytest.mark.parametrize(
    ("answer", "files", "trouble"),
    [
        ("Bonjour,\n\nvoici  la décision.\nBo", (b"x",), ""),
        ("Bonjour, voici la décision.", (b"x",), "pas le texte"),
        ("Bonjour,\nvoici la décision. Bo", (), "pas les fichiers"),
    ],
)
def test_the_outsider_compares_what_left_with_what_was_written(answer: str, files: tuple, trouble: str) -> None:
    command = told("", MONDAY, text="Bonjour,\nvoici la décision.\nBo\n\n---- Notre ligne ----\nUn plan")
    command.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
    reply = told("reply", MONDAY, text=answer)
    for data in files:
        reply.add_attachment(data, maintype="application", subtype="pdf", filename="a.pdf")
    with pytest.raises(demo_check.Wrong, match=trouble) if trouble else contextlib.nullcontext():
        demo_check.check_own_words(reply, command)


def test_the_outsider_knows_nothing_of_mailbot() -> None:
    tree = ast.parse(Path(demo_check.__file__).read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    known = {*sys.stdlib_module_names, "zstandard"}  # mails lie in the register as frames of it
    assert {name.split(".")[0] for name in names} <= known


# -- the whole ------------------------------------------------------------------------------------------------------------


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_the_demo_plays_ends_by_itself_and_leaves_its_mails(tmp_path: Path) -> None:
    said: list[str] = []
    out = tmp_path / "demo"
    code = await play.play(once=True, out=out, say=said.append)
    assert code == 0, "\n".join(said)
    told = "\n".join(said)
    assert "Contre-épreuve" in told
    assert "\033[" not in told
    assert len(told.splitlines()) <= 70
    page = (out / "index.html").read_text(encoding="utf-8")
    assert [line for line in told.splitlines() if line.startswith("   → ") and escape(line[5:]) not in page] == []
    assert str(out / "index.html") in told
    to_carl = sorted((out / "mailboxes" / story.CARL.addr).glob("*.eml"))
    assert [witness.kind(f.read_bytes()) for f in to_carl] == demo_check.COURSE
    assert list((out / "mailboxes" / story.ANN.addr).glob("*.eml")) == []  # answered in time: nothing to escalate
    given_to_bo = [message.read(f.read_bytes()) for f in (out / "mailboxes" / story.BO.addr).glob("*.eml")]
    door = hashlib.sha256(enclosures.closed_door()).hexdigest()
    assert door in {a.sha256 for m in given_to_bo for a in m.attachments}
    assert witness.Register(out / "register" / "mailbot.db").explained() == (17, 17)
    facts = stage.read_facts(out)
    assert facts
    assert not alive(facts["daemon"])
    assert await send.send_one_more(out) == 1  # nobody answers there any more


async def test_a_second_demo_does_not_touch_a_stranger_s_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("b")
    said: list[str] = []
    assert await play.play(once=True, out=tmp_path, say=said.append) == 1
    assert "rien n’y est touché" in said[0]
    assert await send.send_one_more(tmp_path) == 1
