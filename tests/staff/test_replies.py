"""The labelled replies agree with themselves: the vocabulary, the cast, the counts, and mails that can be written."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from email import message_from_bytes, policy

import pytest

from staff import locked, replies
from staff.clients import STYLES, Notice, fresh, prefixed, reply
from staff.replies import CAST, DESK, GIVEN, Case, fill

TAGS = set(
    "résolu partielle infondée répondu réponse précisions butoir évaluer note prendre affecter absent doublon lier scinder "
    "hors-périmètre difficulté aléa information retrait réclamation rouvrir sans-suite silence pièces liste aide annuler".split()
)
STAGES = set(
    "received acknowledged assessed treatment waiting committed closing closed withdrawn duplicate out-of-scope "
    "no-answer".split()
)
VERDICTS = set(
    "complaint follow-up staff-command staff-note survey-answer direct-answer auto-reply bounce list spam-suspect own "
    "duplicate before-start held quarantined".split()
)
KINDS = set(
    "confirm refusal identity fence reply news question commitment nature assignment receipt followup-notice nothing-left "
    "staff-question progress late reopened reopen-proposal survey chase ack ack-bounced direct-answer alarm digest card "
    "files list withdrawal-proposal".split()
)
FIELDS = set(
    "outcome assignee taken due_on priority gravity complexity repercussions immediate nature linked_to silenced cycle "
    "absent_from absent_to substitute answered_on new_files code_replaced nearest".split()
)
ANSWERED = {"assignment", "chase", "followup-notice", "ack", "carl-mail", "colleague-mail", "unknown-mail", ""}
TO_COMPLAINANT = {"reply", "news", "question", "commitment", "nature"}
ALL = replies.CASES + locked.CASES
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FACTS = {"number": replies.NUMBER, "code": "K7QX3M", "othercode": "P4WZ8R"}


def named(cases: tuple[Case, ...]) -> list[object]:
    return [pytest.param(case, id=case.id) for case in cases]


def either(written: str) -> set[str]:
    return set(written.split("|"))


def written(case: Case) -> bytes:
    """The mail of a case over a letter of ours."""
    name, addr = CAST[case.author]
    common = {
        "author": addr,
        "author_name": name,
        "body": fill(case.body, FACTS),
        "cc": case.cc,
        "attachments": case.files,
        "headers": (("From", case.from_header), *case.headers) if case.from_header else case.headers,
        "hidden": case.hidden,
        "message_id": f"<{case.id}@ief.example>",
        "date": NOW,
    }
    if case.how == "fresh":
        return fresh(case.style, to=case.to or DESK, subject=fill(case.subject or "", FACTS), **common)  # type: ignore[arg-type]
    notice = Notice(
        message_id="<n1@ief.example>",
        subject=fill(case.answered_subject, FACTS) or f"[{replies.NUMBER}] Réclamation à traiter",
        text=case.answered_text or "Répondre au-dessus de cette ligne\n\nBonjour",
        html=f"<html><body><p>{case.answered_text or 'Répondre au-dessus de cette ligne'}</p></body></html>",
        sender=DESK,
        to=addr,
        date=NOW,
    )
    by_itself = prefixed(case.style, notice.subject)
    subject = None if case.subject is None else fill(case.subject, FACTS | {"subject": by_itself})
    return reply(case.style, notice, to=case.to or DESK, subject=subject, quote=case.quote, **common)  # type: ignore[arg-type]


def test_there_are_eighty_to_work_with_and_forty_kept_aside_half_of_each_are_commands() -> None:
    sizes = [len(cases) for cases in (replies.ACTS, replies.QUIET, locked.ACTS, locked.QUIET)]
    assert sizes == [40, 40, 20, 20]
    assert len({case.id for case in ALL}) == 120


def test_every_tag_is_obeyed_at_least_twice() -> None:
    seen = Counter(case.expect.tag for case in replies.ACTS + locked.ACTS)
    assert set(seen) == TAGS
    assert min(seen.values()) == 2


def test_every_client_is_used() -> None:
    assert {case.style for case in ALL} == set(STYLES)


@pytest.mark.parametrize("case", named(ALL))
def test_the_words_of_a_case_are_those_of_the_rules(case: Case) -> None:
    expect = case.expect
    assert case.author in CAST
    assert case.how in {"reply", "fresh"}
    assert case.proof in {"pass", "none", "fail"}
    assert case.answers in ANSWERED
    assert (case.answers == "") == (case.how == "fresh")
    assert bool(case.answered_subject) == case.answers.endswith("-mail")
    assert set(case.given) <= set(GIVEN)
    assert either(case.stage) | either(expect.stage) | (either(expect.window) - {""}) <= STAGES
    assert either(expect.verdict) <= VERDICTS
    assert set(expect.fields) <= FIELDS
    for kind, to, when in expect.letters + expect.may:
        assert either(kind) <= KINDS
        assert either(to) <= set(CAST)
        assert either(when) <= {"now", "after-window"}
    assert bool(expect.pending) == bool({"closing-pending", "news-pending"} & set(case.given))


@pytest.mark.parametrize("case", named(replies.ACTS + locked.ACTS))
def test_a_command_changes_what_it_says_and_is_confirmed_once_to_its_author(case: Case) -> None:
    told = [letter for letter in case.expect.letters if case.author in letter[1].split("|")]
    assert len(told) == 1
    assert told[0][0] in {"confirm", "confirm|nothing-left", "card", "files", "list"}
    assert told[0][2] == "now"
    assert "staff-command" in either(case.expect.verdict)


@pytest.mark.parametrize("case", named(replies.ACTS + locked.ACTS))
def test_what_leaves_is_typed_text_and_waits_for_the_undo_window(case: Case) -> None:
    expect = case.expect
    out = [letter for letter in expect.letters if letter[0] in TO_COMPLAINANT]
    if expect.leaves is None:
        assert expect.files_leave == ()
        assert all(kind == "nature" for kind, _, _ in out)
        return
    assert case.body.endswith(expect.leaves)
    assert [(to, when) for _, to, when in out] == [("carl", "after-window")]
    assert set(expect.files_leave) == {name for name, _, _ in case.files}
    assert out[0][0] != "reply" or len(expect.leaves) >= 200


@pytest.mark.parametrize("case", named(replies.QUIET + locked.QUIET))
def test_what_must_not_act_obeys_nothing_and_sends_the_complainant_nothing_of_staffs(case: Case) -> None:
    expect = case.expect
    assert expect.tag == ""
    assert expect.leaves is None
    assert expect.files_leave == ()
    assert not any(kind in TO_COMPLAINANT for kind, _, _ in expect.letters + expect.may)


@pytest.mark.parametrize("case", named(tuple(c for c in ALL if "held" in c.expect.verdict and c.proof != "pass")))
def test_an_unproven_author_is_told_nothing_but_the_loop(case: Case) -> None:
    assert {kind for kind, _, _ in case.expect.letters + case.expect.may} <= {"identity"}


@pytest.mark.parametrize("case", named(tuple(c for c in ALL if c.author in {"mallory", "yann"})))
def test_nothing_of_a_file_is_told_to_who_is_no_staff(case: Case) -> None:
    to_them = {kind for kind, to, _ in case.expect.letters + case.expect.may if to == case.author}
    assert to_them <= {"ack", "identity"}


@pytest.mark.parametrize("case", named(ALL))
def test_every_mail_can_be_written_and_its_due_date_is_a_working_day(case: Case) -> None:
    mail = message_from_bytes(written(case), policy=policy.default)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert " ".join(fill(case.body, FACTS).split()) in " ".join(text.split())
    assert "{" not in str(mail["Subject"])
    due = case.expect.fields.get("due_on")
    assert due is None or date.fromisoformat(str(due)).weekday() < 5
