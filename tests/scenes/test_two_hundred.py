"""200 mails through real servers, read meanwhile on somebody's telephone: one verdict each, the expected one, and nothing else left."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from audit import Accepted, Evidence, audit, carries, rows, unexplained
from crash.desk import Desk, stories
from servers.mail import MailServer

from scenes import second, stage
from scenes.counting import is_working_day, printed_dates, sixth_working_day
from scenes.first import first_delivery
from scenes.post import PARIS, Ack, Mail, Post
from scenes.spoiled import SPOILED

KINDS = {
    "complaint": 15,
    "follow-up": 15,
    "auto-reply": 15,
    "bounce": 15,
    "list": 15,
    "duplicate": 15,
    "spam-suspect": 15,
    "direct-answer": 15,
}


@dataclass
class Story:
    """All that was put in and all that could be seen at the end."""

    post: Post
    desk: Desk
    mails: list[Mail]
    victim: Mail  # removed by somebody before the program could see it
    victim_place: tuple[str, int]
    removed: Mail  # removed after it was fetched
    acks: dict[str, Ack]
    folders: dict[str, dict[int, bytes]] = field(default_factory=dict)
    read: set[bytes] = field(default_factory=set)
    letters: list[Accepted] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)

    def to(self, address: str) -> list[Accepted]:
        return [letter for letter in self.letters if letter.to == address]

    def rows(self, query: str, *values: object) -> list[dict[str, object]]:
        return rows(self.desk.register, query, *values)


FILED = pytest.param("Traités", id="filed into Traités", marks=pytest.mark.long)


@pytest.fixture(scope="module", params=[pytest.param("", id="left in INBOX"), FILED])
def story(
    request: pytest.FixtureRequest, mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    """Two deliveries of 106 and 94 mails; the second quotes what the desk wrote after the first."""
    post = Post(salt="inbox" if not request.param else "filed")
    with _desk(mail_server, tmp_path_factory.mktemp(post.salt), post, request.param) as desk:
        yield _played(mail_server, post, desk)


def _played(server: MailServer, post: Post, desk: Desk) -> Story:
    before = stage.mailboxes(server)
    first = first_delivery(post)
    exits = [_taken_in(server, post, desk, first)]
    complaints = {m.key: m for m in first if m.verdict == "complaint"}
    acks = stage.acks_of(complaints, _letters(server, before, post))
    told = second.Desk(post=post, complaints=complaints, acks=acks, notices=_notices(desk))
    victim, *others = second.second_delivery(told)
    stage.deliver(server, post.desk, [victim])
    place = stage.remove(server, post.desk, victim.trace)
    exits.append(_taken_in(server, post, desk, others))
    removed = next(m for m in first if m.verdict == "list")
    stage.remove(server, post.desk, removed.trace)
    desk.hasten("digest")
    exits.append(desk.once())
    folders, read = stage.look(server, post.desk)
    return Story(
        post=post, desk=desk, mails=[*first, victim, *others], victim=victim, victim_place=place, removed=removed,
        acks=acks, folders=folders, read=read, letters=_letters(server, before, post), exits=exits,
    )  # fmt: skip


def _taken_in(server: MailServer, post: Post, desk: Desk, mails: list[Mail]) -> int:
    """Delivered to a running daemon while somebody reads the mailbox; the daemon's exit status."""
    desk.start()
    with stage.Telephone(server, post.desk):
        stage.deliver(server, post.desk, mails)
        desk.await_idle(m.trace for m in mails)
    return desk.stop()


def _desk(server: MailServer, folder: Path, post: Post, file_into: str) -> Desk:
    return Desk(
        folder,
        house=post.house,
        address=post.desk,
        imap_port=server.imap_port,
        smtp_port=server.smtp_port,
        since=post.now - timedelta(hours=2),
        file_into=file_into,
    )


def _letters(server: MailServer, before: set[str], post: Post) -> list[Accepted]:
    """Everything in every mailbox that came into being since, but the desk's own."""
    server.await_delivery()
    return stage.received(server, stage.mailboxes(server) - before - {post.desk})


def _notices(desk: Desk) -> dict[str, str]:
    found = desk.rows(
        "SELECT c.number, l.message_id FROM letter l JOIN complaint c ON c.id = l.complaint_id WHERE l.kind = 'assignment'"
    )
    return {row["number"]: row["message_id"] for row in found}


def _evidence(s: Story) -> Evidence:
    return Evidence(
        data_dir=s.desk.data_dir,
        url=s.desk.url,
        sent=s.mails,
        folders=s.folders,
        accepted=s.letters,
        log=s.desk.log,
        house=s.post.house,
        never_seen={s.victim.trace},
        taken_away={s.removed.trace},
    )


# -- the scene itself is what it says ----------------------------------------------------------------------------------------


def test_the_scene_is_two_hundred_mails_with_fifteen_of_each_kind(story: Story) -> None:
    kinds = Counter(m.verdict for m in story.mails)
    assert len(story.mails) == len({m.trace for m in story.mails}) == 200
    assert {kind: kinds[kind] for kind in KINDS if kinds[kind] < KINDS[kind]} == {}


def test_the_daemon_stopped_cleanly_each_time(story: Story) -> None:
    assert story.exits == [0, 0, 0]


# -- verdicts ------------------------------------------------------------------------------------------------------------------


def test_every_mail_has_exactly_the_one_verdict_its_author_expected(story: Story) -> None:
    found = story.rows("SELECT i.verdict, i.state, r.data FROM inbound i JOIN raw r ON r.id = i.raw_id")
    got = {
        m.key: [(r["verdict"], r["state"]) for r in found if carries(r["data"], m.trace)]  # type: ignore[arg-type]
        for m in story.mails
        if m is not story.victim
    }
    expected = {m.key: [(m.verdict, "decided")] for m in story.mails if m is not story.victim}
    assert {k: (expected[k], got[k]) for k in expected if got[k] != expected[k]} == {}


def test_every_mail_joined_the_file_it_is_about(story: Story) -> None:
    found = story.rows(
        "SELECT r.data, c.number FROM inbound i JOIN raw r ON r.id = i.raw_id JOIN complaint c ON c.id = i.complaint_id"
    )
    about = {m.key: (m, story.acks[m.about].number) for m in story.mails if m.about}
    wrong = {
        key: (number, [r["number"] for r in found if carries(r["data"], mail.trace)])  # type: ignore[arg-type]
        for key, (mail, number) in about.items()
    }
    assert {key: pair for key, pair in wrong.items() if pair[1] != [pair[0]]} == {}


def test_the_mail_somebody_removed_before_we_saw_it_is_named_with_its_uid(story: Story) -> None:
    gone = story.rows("SELECT folder, uid, inbound_id FROM place WHERE state = 'vanished'")
    folder, uid = story.victim_place
    assert gone == [{"folder": folder, "uid": uid, "inbound_id": None}]


def test_the_mail_somebody_removed_after_its_fetch_keeps_its_bytes_and_verdict(story: Story) -> None:
    found = story.rows("SELECT i.verdict, r.data FROM inbound i JOIN raw r ON r.id = i.raw_id")
    own = [r["verdict"] for r in found if carries(r["data"], story.removed.trace)]  # type: ignore[arg-type]
    assert own == [story.removed.verdict]


def test_the_digest_explains_two_hundred_mails_and_names_the_one_that_vanished(story: Story) -> None:
    """Its hour was brought forward at the end of the scene; on a day off it waits for the next working day."""
    digests = [stage.words(a.raw) for a in story.to(story.post.at("dan")) if "expliqués" in stage.words(a.raw)]
    folder, uid = story.victim_place
    told = [
        (re.findall(r"([0-9]+) messages reçus, ([0-9]+) expliqués", text), _lines_with(text, folder, uid))
        for text in digests
    ]
    assert told == ([([("200", "200")], 1)] if is_working_day(story.post.now.astimezone(PARIS).date()) else [])


def _lines_with(text: str, folder: str, uid: int) -> int:
    return sum(folder in line and re.search(rf"\b{uid}\b", line) is not None for line in text.splitlines())


def test_we_marked_nothing_as_read(story: Story) -> None:
    """The telephone marked mails with an even UID in INBOX; whatever has another UID there is unread."""
    left = story.folders["INBOX"]
    assert [uid for uid, raw in left.items() if raw in story.read and uid % 2] == []
    held = [raw for messages in story.folders.values() for raw in messages.values()]
    assert [raw for raw in held if raw not in story.read] != []


# -- letters -------------------------------------------------------------------------------------------------------------------


def test_numbers_run_from_one_without_a_gap(story: Story) -> None:
    complaints = sum(m.verdict == "complaint" for m in story.mails)
    year = story.post.now.astimezone(PARIS).year
    assert story.desk.numbers() == [f"REC-{year}-{n:04d}" for n in range(1, complaints + 1)]


def test_each_outsider_got_one_letter_per_complaint_or_follow_up_and_nobody_else_got_any(story: Story) -> None:
    owed = Counter(address for m in story.mails if m is not story.victim for address in m.outside)
    got = Counter(a.to for a in story.letters if not a.to.endswith(f"@{story.post.house}"))
    assert {a: (owed[a], got[a]) for a in owed | got if owed[a] != got[a]} == {}


def test_each_ar_names_its_file_and_each_file_has_one(story: Story) -> None:
    outside = [a for a in story.letters if not a.to.endswith(f"@{story.post.house}")]
    named = Counter(stage.ack_of(a).number for a in outside)
    receipts = Counter(story.acks[m.about].number for m in story.mails if m.verdict == "follow-up" and m.outside)
    assert named == Counter(story.desk.numbers()) + receipts


def test_the_due_date_in_each_ar_is_our_own_count_of_six_working_days(story: Story) -> None:
    wrong = {}
    for key, ack in story.acks.items():
        sent = parsedate_to_datetime(str(stage.parsed(ack.raw)["Date"])).astimezone(PARIS)
        due = sixth_working_day(sent.date())
        for said in (stage.words(ack.raw), stage.html_words(ack.raw)):
            if set(printed_dates(said)) != {due, *_reception(story, sent)}:
                wrong[key] = (due, printed_dates(said))
    assert len(story.acks) == 42
    assert wrong == {}


def _reception(story: Story, sent: datetime) -> set[date]:
    """The only other date an AR prints: the day the mail came in (the scene may run across midnight)."""
    begun = story.post.now.astimezone(PARIS).date()
    return {begun} if begun == sent.date() else {begun, sent.date()}


def test_the_register_holds_the_due_date_that_was_printed(story: Story) -> None:
    due = {r["number"]: r["due_on"] for r in story.rows("SELECT number, due_on FROM complaint WHERE NOT provisional")}
    printed = {a.number: {d.isoformat() for d in printed_dates(stage.words(a.raw))} for a in story.acks.values()}
    assert {n: (due.get(n), days) for n, days in printed.items() if due.get(n) not in days} == {}


def test_an_unproven_author_reads_no_name_no_file_name_and_no_quotation(story: Story) -> None:
    wary = {m.key: m for m in story.mails if m.private and m.key in story.acks}
    told = {
        key: [w for w in m.private if w.lower() in stage.words(story.acks[key].raw).lower()] for key, m in wary.items()
    }
    assert len(wary) >= 10
    assert {key: found for key, found in told.items() if found} == {}


def test_an_english_speaking_complainant_reads_english(story: Story) -> None:
    spoken = {key: "working days" in stage.words(story.acks[key].raw) for key in story.acks if key.startswith("c")}
    english = {f"c{n:02d}" for n in range(33) if n % 5 == 4 and n % 7 != 5}
    assert {key for key, said in spoken.items() if said} == english


# -- files and staff ---------------------------------------------------------------------------------------------------------------


def test_every_file_arrived_byte_for_byte(story: Story) -> None:
    found = story.rows(
        "SELECT a.sha256, r.data FROM attachment a JOIN inbound i ON i.id = a.inbound_id JOIN raw r ON r.id = i.raw_id"
    )
    missing = [
        (m.key, f.name)
        for m in story.mails
        for f in m.files
        if not any(r["sha256"] == f.sha256 and carries(r["data"], m.trace) for r in found)  # type: ignore[arg-type]
    ]
    assert sum(len(m.files) for m in story.mails) > 20
    assert missing == []


def test_the_assignee_got_each_file_once_with_its_attachments(story: Story) -> None:
    wrong = {}
    for key, ack in story.acks.items():
        mail = next(m for m in story.mails if m.key == key)
        notices = [a for a in story.to(mail.inside[0][1]) if a.message_id in _assigned(story, ack.number)]
        travelled = [Counter(_hashes(a.raw)) for a in notices]
        sent = Counter(f.sha256 for f in mail.files)
        if len(notices) != 1 or travelled[0] & sent != sent or (travelled[0] - sent).total() != mail.nested:
            wrong[key] = (travelled, mail.files)
    assert wrong == {}


def _assigned(story: Story, number: str) -> set[object]:
    query = (
        "SELECT l.message_id FROM letter l JOIN complaint c ON c.id = l.complaint_id WHERE l.kind = ? AND c.number = ?"
    )
    return {row["message_id"] for row in story.rows(query, "assignment", number)}


def _hashes(raw: bytes) -> list[str]:
    return [hashlib.sha256(stage.file_bytes(part)).hexdigest() for part in stage.parsed(raw).iter_attachments()]


def test_a_follow_up_reaches_the_assignee_with_its_files(story: Story) -> None:
    sent = {f.sha256 for m in story.mails if m.verdict == "follow-up" for f in m.files}
    staff = [a for a in story.letters if a.to.endswith(f"@{story.post.house}")]
    travelled = {h for a in staff for h in _hashes(a.raw)}
    assert len(sent) == 6
    assert sent <= travelled


def test_an_ar_that_failed_alarms_the_assignee_and_keeps_its_due_date(story: Story) -> None:
    failed = {story.acks[key].number for key in second.failed_for(sorted(k for k in story.acks if k.startswith("c")))}
    found = story.rows("SELECT number, ack_state, provisional FROM complaint")
    assert {r["number"] for r in found if r["ack_state"] == "bounced"} == failed
    assert {r["number"] for r in found if r["provisional"]} == set()
    told = story.rows(
        "SELECT c.number FROM letter l JOIN complaint c ON c.id = l.complaint_id WHERE l.kind = 'ack-bounced'"
    )
    assert sorted(str(r["number"]) for r in told) == sorted(failed)


def test_each_file_was_acknowledged_once(story: Story) -> None:
    told = Counter(str(r["number"]) for r in story.rows("SELECT number FROM journal WHERE event = 'acknowledged'"))
    assert told == Counter(story.desk.numbers())


# -- the whole ---------------------------------------------------------------------------------------------------------------------


def test_the_audit_finds_nothing(story: Story) -> None:
    assert audit(_evidence(story)) == []


@pytest.mark.parametrize(("spoil", "check"), SPOILED)
def test_the_audit_sees_what_is_wrong(story: Story, spoil: Callable[[Evidence], Evidence], check: str) -> None:
    assert check in {problem.split()[0] for problem in audit(spoil(_evidence(story)))}


def test_every_step_of_every_file_names_the_mail_that_caused_it(story: Story) -> None:
    known = {hashlib.sha256(r).hexdigest(): m.message_id for r, m in _as_they_lie(story)}
    letters = {a.message_id for a in story.letters}
    told = stories((story.desk.config, number) for number in story.desk.numbers())
    assert [t["number"] for t in told] == story.desk.numbers()
    assert [problem for t in told for problem in unexplained(t, known, letters)] == []


def _as_they_lie(story: Story) -> Iterator[tuple[bytes, Mail]]:
    for messages in story.folders.values():
        for raw in messages.values():
            yield from ((raw, m) for m in story.mails if carries(raw, m.trace))
