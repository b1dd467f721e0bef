"""200 mails in essai: nothing leaves the house; then `start --take` makes ten of twenty files real, and the others stay what they were."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from audit import Accepted, Evidence, audit, unexplained
from crash.desk import Desk, stories
from servers.mail import MailServer

from scenes import first, stage, texts
from scenes.counting import printed_dates, sixth_working_day
from scenes.post import PARIS, Mail, Post

TAKEN = 10


def two_hundred(post: Post) -> list[Mail]:
    """Twenty complaints, five follow-ups to one's own mail, and 175 mails that nobody answers."""
    people = first.complaints(post, 20)
    return [
        *people,
        *first.newsletters(post, range(60)),
        *first.unwanted(post, 40),
        *first.absences(post, 25),
        *first.strangers_reports(post, 35),
        *[_more(post, mail, n) for n, mail in enumerate(people[:5])],
        *first.twice(post, people[:15], "d"),
    ]


def _more(post: Post, mail: Mail, n: int) -> Mail:
    text = texts.FOLLOW_UPS[n % len(texts.FOLLOW_UPS)].format(n="")
    thread = (("In-Reply-To", mail.message_id), ("References", mail.message_id))
    letter = post.write(name="", author=mail.author, subject="Suite de mon message", text=text, extra=thread)
    return post.send(
        letter, key=f"u{n:02d}", verdict="follow-up", author=mail.author, about=mail.key, outside=(mail.author,),
        inside=(("followup-notice", mail.inside[0][1]),),
    )  # fmt: skip


@dataclass
class Rehearsal:
    """Before and after `mailbot start`. `taken`: the complaints taken over, in the order of their essai numbers."""

    post: Post
    desk: Desk
    mails: list[Mail]
    during: list[Accepted]
    evidence: Evidence
    problems: list[str]
    taken: list[Mail]
    essai: list[str]
    late: Mail  # came in after the start
    after: list[Accepted]


@pytest.fixture(scope="module")
def rehearsal(mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    post = Post(salt="essai")
    with Desk(
        tmp_path_factory.mktemp("essai"),
        house=post.house,
        address=post.desk,
        imap_port=mail_server.imap_port,
        smtp_port=mail_server.smtp_port,
        since=post.now - timedelta(hours=2),
        mode="essai",
    ) as desk:
        yield _played(mail_server, post, desk)


def _played(server: MailServer, post: Post, desk: Desk) -> Rehearsal:
    before = stage.mailboxes(server)
    mails = two_hundred(post)
    stage.deliver(server, post.desk, mails)
    assert desk.once() == 0
    during = _letters(server, before, post)
    evidence = _evidence(server, post, desk, mails, during)
    problems = audit(evidence)
    essai = desk.numbers("essai")
    chosen = essai[::2]
    done = desk.command("start", "--take", ",".join(chosen))
    assert done.returncode == 0, done.stderr
    assert desk.once() == 0
    late = first.complaints(post, 1, start=30)[0]
    stage.deliver(server, post.desk, [late])
    assert desk.once() == 0
    registered = {
        r["complainant_addr"]: r["number"]
        for r in desk.rows("SELECT number, complainant_addr FROM complaint WHERE series = 'essai'")
    }
    taken = [m for number in chosen for m in mails if m.verdict == "complaint" and registered[m.author] == number]
    return Rehearsal(
        post=post, desk=desk, mails=mails, during=during, evidence=evidence, problems=problems, taken=taken, essai=essai,
        late=late, after=_letters(server, before, post),
    )  # fmt: skip


def _letters(server: MailServer, before: set[str], post: Post) -> list[Accepted]:
    server.await_delivery()
    return stage.received(server, stage.mailboxes(server) - before - {post.desk})


def _evidence(server: MailServer, post: Post, desk: Desk, mails: list[Mail], accepted: list[Accepted]) -> Evidence:
    return Evidence(
        data_dir=desk.data_dir,
        url=desk.url,
        sent=mails,
        folders=stage.look(server, post.desk)[0],
        accepted=accepted,
        log=desk.log,
        house=post.house,
        series="essai",
        redirected=True,
    )


def _outside(r: Rehearsal, letters: list[Accepted]) -> list[Accepted]:
    return [a for a in letters if not a.to.endswith(f"@{r.post.house}")]


def _marked(letter: Accepted) -> bool:
    """Whether the subject says essai: the word itself, not an essai number."""
    return re.search(r"\bessai\b(?!-[0-9])", str(stage.parsed(letter.raw)["Subject"]), re.IGNORECASE) is not None


def test_the_scene_is_two_hundred_mails(rehearsal: Rehearsal) -> None:
    assert len({m.trace for m in rehearsal.mails}) == 200


def test_nothing_leaves_to_an_outside_address(rehearsal: Rehearsal) -> None:
    assert _outside(rehearsal, rehearsal.during) == []


def test_the_audit_finds_nothing(rehearsal: Rehearsal) -> None:
    assert rehearsal.problems == []


def test_the_admin_got_as_many_marked_letters_as_each_outsider_would_have(rehearsal: Rehearsal) -> None:
    marked = [a for a in rehearsal.during if _marked(a)]
    owed = Counter(address for m in rehearsal.mails for address in m.outside)
    named = Counter(address for a in marked for address in owed if address.partition("@")[0] in stage.words(a.raw))
    assert {a.to for a in marked} == {rehearsal.post.at("dan")}
    assert owed.total() == 25
    assert len(marked) == 25
    assert named == owed


def test_essai_files_take_no_number_of_the_real_series(rehearsal: Rehearsal) -> None:
    year = rehearsal.post.now.astimezone(PARIS).year
    assert rehearsal.essai == [f"ESSAI-{year}-{n:04d}" for n in range(1, 21)]
    assert [a for a in rehearsal.during if "REC-" in stage.words(a.raw)] == []


def test_ten_files_become_real_with_consecutive_numbers_in_their_order(rehearsal: Rehearsal) -> None:
    year = rehearsal.post.now.astimezone(PARIS).year
    real = rehearsal.desk.rows("SELECT number, complainant_addr FROM complaint WHERE series = 'real' ORDER BY \"rank\"")
    expected = [*rehearsal.taken, rehearsal.late]
    assert len(rehearsal.taken) == TAKEN
    assert [r["number"] for r in real] == [f"REC-{year}-{n:04d}" for n in range(1, TAKEN + 2)]
    assert sorted(r["complainant_addr"] for r in real[:TAKEN]) == sorted(m.author for m in rehearsal.taken)
    assert real[TAKEN]["complainant_addr"] == expected[-1].author


def test_ten_acks_leave_and_the_ten_left_get_nothing(rehearsal: Rehearsal) -> None:
    got = Counter(a.to for a in _outside(rehearsal, rehearsal.after))
    assert got == Counter([*(m.author for m in rehearsal.taken), rehearsal.late.author])


def test_the_clock_of_a_taken_file_starts_with_its_ack(rehearsal: Rehearsal) -> None:
    wrong = {}
    for letter in _outside(rehearsal, rehearsal.after):
        sent = parsedate_to_datetime(str(stage.parsed(letter.raw)["Date"])).astimezone(PARIS)
        due = sixth_working_day(sent.date())
        row = rehearsal.desk.rows(
            "SELECT due_on, provisional FROM complaint WHERE number = ?", stage.ack_of(letter).number
        )
        if due not in printed_dates(stage.words(letter.raw)) or row != [{"due_on": due.isoformat(), "provisional": 0}]:
            wrong[letter.to] = (due, row)
    assert wrong == {}


def test_the_choice_is_recorded_for_each_of_the_twenty(rehearsal: Rehearsal) -> None:
    query = (
        "SELECT c.number, count(j.id) AS n FROM complaint c LEFT JOIN journal j "
        "ON j.complaint_id = c.id AND j.event = 'essai-ended' WHERE c.series = 'essai' GROUP BY 1"
    )
    assert {r["number"]: r["n"] for r in rehearsal.desk.rows(query)} == dict.fromkeys(rehearsal.essai, 1)


def test_after_the_start_the_admin_gets_no_outsiders_letter_any_more(rehearsal: Rehearsal) -> None:
    new = [a for a in rehearsal.after if a not in rehearsal.during]
    assert [a.to for a in new if _marked(a)] == []


def test_every_step_names_the_mail_or_the_command_that_caused_it(rehearsal: Rehearsal) -> None:
    held = [raw for messages in rehearsal.evidence.folders.values() for raw in messages.values()]
    known = {
        hashlib.sha256(raw).hexdigest(): m.message_id
        for raw in held
        for m in [*rehearsal.mails, rehearsal.late]
        if m.trace.encode() in raw
    }
    letters = {a.message_id for a in rehearsal.after}
    numbers = [*rehearsal.essai, *rehearsal.desk.numbers()[:TAKEN]]
    told = stories((rehearsal.desk.config, number) for number in numbers)
    assert [problem for t in told for problem in unexplained(t, known, letters, ("start",))] == []
