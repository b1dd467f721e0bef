"""cadence: what the clock owes on a file, row by row of the table of spec §7, then what no row may ever do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cast import BO, CARL
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot import workdays
from mailbot.cadence import STRENGTH, Hours, Step, next_look, owed, steps
from mailbot.desk import Case
from mailbot.workdays import Calendar, Closure

PARIS = Calendar()
OFFICE = Hours(send_from=time(8), send_until=time(18, 30))
NONE: frozenset[str] = frozenset()
LETTER = {"assignee": "A", "quality": "Q", "direction": "D", "complainant": "C"}


def at(text: str, zone: str = "Europe/Paris") -> datetime:
    """at("24/11 10:00") → that local time of 2026 (a year may follow the month: "30/03/2025 10:00"), in UTC."""
    day, hour = text.split()
    d, m, *y = map(int, day.split("/"))
    return datetime.combine(date(y[0] if y else 2026, m, d), time.fromisoformat(hour), ZoneInfo(zone)).astimezone(UTC)


# Monday 23 November 2026: J+1 tue 24, J+2 wed 25, J+3 thu 26, J+4 fri 27, J+5 mon 30, J+6 tue 1 December.
ACK = at("23/11 12:00")
DUE = date(2026, 12, 1)


def case(**changes: Any) -> Case:
    """Carl's file, acknowledged on Monday 23 November at noon, due on Tuesday 1 December, not assessed."""
    fields: dict[str, Any] = {
        "number": "REC-2026-0001", "series": "real", "stage": "acknowledged", "cycle": 1, "nature": "réclamation",
        "received_at": ACK, "complainant_addr": CARL, "complainant_name": "Carl Petit", "language": "fr",
        "subject": "Formation annulée", "assignee": BO, "due_on": DUE, "provisional": False, "sensitive": False,
        "authenticated": True, "ack_state": "accepted", "ack_at": ACK, "told_at": ACK,
    }  # fmt: skip
    return Case(**(fields | changes))


def rated(level: str, when: str = "23/11 16:00", **changes: Any) -> Case:
    return case(**({"stage": "treatment", "priority": level, "assessed_at": at(when)} | changes))


def committed(on: str, wrote: str = "24/11 15:00", **changes: Any) -> Case:
    told = {"told_at": at(wrote), "human_told_at": at(wrote)}
    return rated("P3", **({"stage": "committed", "committed_on": at(f"{on} 12:00").date()} | told | changes))


def waiting(since: str = "24/11 15:00", **changes: Any) -> Case:
    told = {"told_at": at(since), "human_told_at": at(since), "waiting_since": at(since)}
    return rated("P2", **({"stage": "waiting"} | told | changes))


def closed(**changes: Any) -> Case:
    ended = {"told_at": at("25/11 15:00"), "human_told_at": at("25/11 15:00"), "answered_at": at("25/11 15:00")}
    return rated("P3", **({"stage": "closed", "closed_at": at("25/11 15:00"), "outcome": "fondée"} | ended | changes))


def walk(
    file: Case, start: datetime, until: datetime, calendar: Calendar = PARIS, hours: Hours = OFFICE, told: bool = True
) -> Iterator[tuple[datetime, Step]]:
    """Everything that leaves from look to look, `until` excluded; `told`: letters are accepted as they leave."""
    done, now = NONE, start
    while True:
        for step in owed(file, now, calendar, hours, done):
            yield now, step
            done |= {step.name}
            if told and step.roles == ("complainant",):
                file = replace(file, told_at=now)
        look = next_look(file, now, calendar, hours, done)
        if look is None or look >= until:
            return
        assert look > now
        now = look


def line(now: datetime, step: Step, zone: str = "Europe/Paris") -> str:
    roles = "".join(LETTER[r] for r in step.roles)
    return f"{now.astimezone(ZoneInfo(zone)):%d/%m %H:%M} {step.name.partition(':')[0]} {roles}"


def story(file: Case, until: str, start: str = "23/11 16:00") -> list[str]:
    return [line(now, step) for now, step in walk(file, at(start), at(until))]


def staff(lines: list[str]) -> list[str]:
    return [text for text in lines if not text.endswith(" C")]


def carl(lines: list[str]) -> list[str]:
    return [text for text in lines if text.endswith(" C")]


def names(file: Case, now: str, *done: str, calendar: Calendar = PARIS, hours: Hours = OFFICE) -> list[str]:
    return [line(at(now), s).split(" ", 2)[2] for s in owed(file, at(now), calendar, hours, frozenset(done))]


# -- the rows of the table -------------------------------------------------------------------------

CHASES: list[tuple[str, Case, list[str]]] = [
    (
        "not assessed: J+1 assignee, J+2 quality, J+3 direction, then the answer is asked for",
        case(),
        ["24/11 10:00 unassessed-1 A", "25/11 10:00 unassessed-2 Q", "26/11 10:00 unassessed-3 D",
         "27/11 10:00 answer-or-commit A", "30/11 10:00 j5 AQ"],
    ),
    (
        "P1: daily from J+1, direction too",
        rated("P1"),
        ["24/11 10:00 daily AD", "25/11 10:00 daily AD", "26/11 10:00 daily AD",
         "27/11 10:00 answer-or-commit AD", "30/11 10:00 j5 AD"],
    ),
    (
        "P2: J+1, J+3 with quality, J+4 answer or commit, J+5 with direction",
        rated("P2"),
        ["24/11 10:00 j1 A", "26/11 10:00 j3 AQ", "27/11 10:00 answer-or-commit A", "30/11 10:00 j5 AD"],
    ),
    (
        "P3: J+3, J+4 answer or commit, J+5 with quality",
        rated("P3"),
        ["26/11 10:00 j3 A", "27/11 10:00 answer-or-commit A", "30/11 10:00 j5 AQ"],
    ),
    (
        "P4: J+4 answer or commit, J+5 with quality",
        rated("P4"),
        ["27/11 10:00 answer-or-commit A", "30/11 10:00 j5 AQ"],
    ),
    ("waiting for the complainant: J+4 only", waiting(), ["27/11 10:00 answer-or-commit A"]),
    ("waiting, committed: the commitment says it all", waiting(committed_on=date(2026, 12, 10)), []),
    ("answered: nothing", rated("P1", answered_at=at("23/11 16:30")), []),
]  # fmt: skip


@pytest.mark.parametrize(("file", "expected"), [row[1:] for row in CHASES], ids=[row[0] for row in CHASES])
def test_staff_is_chased_before_the_due_day(file: Case, expected: list[str]) -> None:
    assert staff(story(file, "01/12 00:00")) == expected


DUE_DAYS: list[tuple[str, Case, list[str]]] = [
    ("due today: 09:00, then 14:00 with direction", rated("P3"), ["01/12 09:00 due-morning A", "01/12 14:00 due-afternoon AD"]),
    ("the same when nobody assessed", case(), ["01/12 09:00 due-morning A", "01/12 14:00 due-afternoon AD"]),
    ("the same when waiting: the clock does not stop", waiting(), ["01/12 09:00 due-morning A", "01/12 14:00 due-afternoon AD"]),
    ("P1: the day's chase and 09:00 are one letter", rated("P1"), ["01/12 09:00 due-morning AD", "01/12 14:00 due-afternoon AD"]),
    ("committed to that day: day 0", committed("01/12"), ["01/12 09:00 commit-0 A", "01/12 14:00 due-afternoon AD"]),
    ("committed to a later day: nothing", committed("10/12"), []),
    ("answered: nothing", rated("P3", answered_at=at("30/11 16:00")), []),
    ("closing: the answer has not left yet", rated("P3", stage="closing"), ["01/12 09:00 due-morning A", "01/12 14:00 due-afternoon AD"]),
    ("closed: nothing", closed(), []),
]  # fmt: skip


@pytest.mark.parametrize(("file", "expected"), [row[1:] for row in DUE_DAYS], ids=[row[0] for row in DUE_DAYS])
def test_on_the_due_day_staff_is_asked_twice_and_the_complainant_told_nothing(file: Case, expected: list[str]) -> None:
    assert [text for text in story(file, "02/12 00:00") if text.startswith("01/12")] == expected


def test_r3_4_a_commitment_is_recalled_three_days_before_one_day_before_and_on_the_day() -> None:
    assert staff(story(committed("10/12"), "11/12 00:00")) == [
        "07/12 10:00 commit-3 A",
        "09/12 10:00 commit-1 A",
        "10/12 09:00 commit-0 A",
        "10/12 14:00 due-afternoon AD",
    ]


def test_a_committed_file_that_nobody_assessed_is_chased_for_it() -> None:
    lines = staff(story(committed("10/12", assessed_at=None, priority=""), "05/12 00:00"))
    assert lines == ["24/11 10:00 unassessed-1 A", "25/11 10:00 unassessed-2 Q", "26/11 10:00 unassessed-3 D"]


def test_a_commitment_moved_has_its_own_reminders() -> None:
    moved = committed("10/12", wrote="01/12 15:00")
    before = ("commit-3:2026-12-01", "commit-1:2026-12-01", "commit-0:2026-12-01", "due-afternoon:2026-12-01")
    assert names(moved, "07/12 10:00", *before, "progress:2026-12-04") == ["commit-3 A"]
    assert names(moved, "10/12 09:00", *before, "progress:2026-12-04") == ["commit-0 A"]


def test_the_reminders_that_were_past_when_staff_committed_are_not_sent() -> None:
    for day, left in (("27/11", ["26/11 10:00 commit-1 A"]), ("30/11", ["27/11 10:00 commit-1 A"]), ("26/11", [])):
        file = committed(day, wrote="25/11 15:00")
        assert staff(story(file, f"{day} 00:00", start="25/11 15:00")) == left


def test_overdue_staff_is_chased_every_working_day_with_direction() -> None:
    expected = [f"{day} 10:00 overdue AD" for day in ("02/12", "03/12", "04/12", "07/12", "08/12")]
    for file in (rated("P1"), rated("P4"), waiting(), committed("01/12"), committed("01/12", commitment_missed=True)):
        assert staff(story(file, "09/12 00:00", start="01/12 19:00")) == expected


def test_the_daily_chases_carry_their_local_date() -> None:
    found = [s.name for _, s in walk(rated("P1"), at("23/11 16:00"), at("04/12 00:00")) if s.kind == "chase"]
    assert found[:3] == ["daily:2026-11-24", "daily:2026-11-25", "daily:2026-11-26"]
    assert found[-2:] == ["overdue:2026-12-02", "overdue:2026-12-03"]


ASKED = [
    (case(), "24/11 10:00", "assess"),
    (rated("P2"), "24/11 10:00", "treat"),
    (rated("P1"), "24/11 10:00", "treat"),
    (rated("P3"), "27/11 10:00", "answer-or-commit"),
    (rated("P3"), "30/11 10:00", "answer-or-commit"),
    (rated("P3"), "01/12 09:00", "answer-today"),
    (rated("P3"), "01/12 14:00", "answer-today"),
    (rated("P3"), "02/12 10:00", "answer-overdue"),
    (committed("10/12"), "07/12 10:00", "keep-commitment"),
    (committed("10/12"), "10/12 09:00", "keep-commitment"),
    (closed(assessed_at=None), "26/11 10:00", "complete"),
]


@pytest.mark.parametrize(("file", "now", "asks"), ASKED, ids=[f"{asks} {now}" for _, now, asks in ASKED])
def test_r3_2_each_chase_says_what_is_awaited(file: Case, now: str, asks: str) -> None:
    assert [s.asks for s in owed(file, at(now), PARIS, OFFICE, NONE) if s.kind == "chase"] == [asks]


# -- the complainant -------------------------------------------------------------------------------

NEWS: list[tuple[str, Case, list[str]]] = [
    ("not assessed: as P3", case(), ["26/11 10:00 progress C"]),
    ("not assessed, urgent: as P1", case(urgent=True), [f"{d} 10:00 progress C" for d in ("24/11", "25/11", "26/11", "27/11", "30/11")]),
    ("P1: when 1 silent", rated("P1"), [f"{d} 10:00 progress C" for d in ("24/11", "25/11", "26/11", "27/11", "30/11")]),
    ("P2: when 3 silent", rated("P2"), ["26/11 10:00 progress C"]),
    ("P4: when 3 silent", rated("P4"), ["26/11 10:00 progress C"]),
    ("committed: when 3 silent", committed("10/12"), ["27/11 10:00 progress C", "02/12 10:00 progress C", "07/12 10:00 progress C"]),
    ("P1, committed: when 3 silent", committed("04/12", priority="P1"), ["27/11 10:00 progress C", "02/12 10:00 progress C"]),
    ("urgent, assessed otherwise: as assessed", rated("P3", urgent=True), ["26/11 10:00 progress C"]),
    ("waiting: one reminder after 3", waiting("23/11 15:00"), ["26/11 10:00 waiting-reminder C"]),
    ("answered", rated("P1", answered_at=at("23/11 16:00")), []),
]  # fmt: skip


@pytest.mark.parametrize(("file", "expected"), [row[1:] for row in NEWS], ids=[row[0] for row in NEWS])
def test_r2_10_the_complainant_is_kept_informed(file: Case, expected: list[str]) -> None:
    assert carl(story(file, f"{file.committed_on or file.due_on:%d/%m} 23:00")) == expected


def test_r2_15_a_commitment_fifteen_working_days_away_brings_at_least_four_letters() -> None:
    """The commitment itself on the 24th; after it silence never lasts longer than three working days."""
    news = carl(story(committed("15/12"), "15/12 23:00"))
    assert news == [f"{day} 10:00 progress C" for day in ("27/11", "02/12", "07/12", "10/12")]


def test_n_silent_counts_from_the_last_letter_to_the_complainant() -> None:
    assert names(rated("P4", told_at=at("25/11 17:00")), "27/11 18:00", "answer-or-commit") == []
    assert names(rated("P4", told_at=at("24/11 17:00")), "27/11 10:00", "answer-or-commit") == ["progress C"]


def test_n_silent_counts_from_the_acknowledgement_when_nothing_was_written_since() -> None:
    assert names(rated("P4", told_at=None), "26/11 10:00") == ["progress C"]


def test_a_question_asked_again_has_its_own_reminder() -> None:
    again = waiting("25/11 15:00", told_at=at("25/11 15:05"))
    assert names(again, "30/11 10:00", "waiting-reminder:2026-11-23", "answer-or-commit") == ["waiting-reminder C"]


LATE = "02/12 10:00 late C"


def test_overdue_the_complainant_is_told_once_at_ten_of_the_next_working_day() -> None:
    assert carl(story(rated("P3"), "31/12 00:00", start="01/12 00:00")) == [LATE]


def test_r3_4_a_missed_commitment_is_told_like_a_missed_due_date() -> None:
    told = carl(story(committed("11/12"), "31/12 00:00", start="01/12 00:00"))
    assert [text for text in told if "progress" not in text] == ["14/12 10:00 late C"], "not the day after the due date"


def test_each_missed_date_is_told_once() -> None:
    due_missed = ("due-morning:2026-12-01", "overdue:2026-12-02", "late:2026-12-01")
    again = committed("10/12", wrote="03/12 15:00")
    assert names(again, "11/12 10:00", *due_missed) == ["overdue AD"], "for this date staff was not asked yet"
    assert names(again, "11/12 10:00", *due_missed, "commit-0:2026-12-10") == ["overdue AD", "late C"]


def test_lateness_is_told_only_once_staff_was_asked() -> None:
    file = rated("P3")
    assert names(file, "02/12 10:00") == ["overdue AD"]
    assert names(file, "02/12 15:00", "overdue:2026-12-02") == [], "staff has the day to answer"
    assert names(file, "03/12 10:00", "overdue:2026-12-02") == ["overdue AD", "late C"]
    assert names(file, "02/12 10:00", "due-afternoon:2026-12-01") == ["overdue AD", "late C"]


def test_while_overdue_the_complainant_has_the_sentence_and_no_progress() -> None:
    late = rated("P1", told_at=at("01/12 10:00"))
    assert carl(story(late, "12/12 00:00", start="01/12 11:00")) == [LATE]


def test_r2_11_nothing_the_clock_starts_leaves_on_a_day_a_human_wrote() -> None:
    wrote = rated("P3", human_told_at=at("02/12 08:30"))
    asked = ("due-morning:2026-12-01",)
    assert names(wrote, "02/12 10:00", *asked) == ["overdue AD"]
    assert next_look(wrote, at("02/12 10:00"), PARIS, OFFICE, frozenset({*asked, "overdue:2026-12-02"})) == at(
        "03/12 08:00"
    )
    assert names(wrote, "03/12 08:00", *asked, "overdue:2026-12-02") == ["late C"]


KEPT_SILENT = {
    "silence": {"silenced": True},
    "no address": {"complainant_addr": ""},
    "an address that takes no answer": {"no_ack": "adresse « ne pas répondre »"},
    "the AR was refused": {"ack_state": "refused"},
    "the AR came back": {"ack_state": "bounced"},
    "no AR has left yet": {"ack_state": "owed", "ack_at": None, "told_at": None, "stage": "received"},
    "closing": {"stage": "closing"},
}


@pytest.mark.parametrize("change", KEPT_SILENT.values(), ids=KEPT_SILENT)
@pytest.mark.parametrize("file", [case(urgent=True), rated("P1"), committed("27/11"), waiting()], ids=lambda f: f.stage)
def test_a_complainant_who_cannot_or_will_not_be_written_to_gets_nothing_and_chases_go_on(
    file: Case, change: dict[str, Any]
) -> None:
    lines = story(replace(file, **change), "20/12 00:00")
    assert carl(lines) == []
    assert any("due-afternoon" in text for text in lines)


# -- after closing ---------------------------------------------------------------------------------


def test_the_survey_leaves_three_working_days_after_closing() -> None:
    assert story(closed(), "31/12 00:00") == ["30/11 10:00 survey C"]


@pytest.mark.parametrize(
    "change",
    [{"sensitive": True}, {"silenced": True}, {"no_ack": "anonyme"}, {"reopen_asked_at": at("26/11 09:00")}],
    ids=lambda c: next(iter(c)),
)
def test_no_survey_to_whom_it_would_hurt_or_not_reach(change: dict[str, Any]) -> None:
    assert story(closed(**change), "31/12 00:00") == []


def test_a_reopening_asked_for_in_an_earlier_cycle_does_not_stop_the_survey() -> None:
    assert story(closed(reopen_asked_at=at("20/11 09:00")), "31/12 00:00") == ["30/11 10:00 survey C"]


def test_r2_1_a_missing_assessment_is_chased_after_closing_until_given() -> None:
    skipped = closed(assessed_at=None, priority="")
    days = ("26/11", "01/12", "04/12", "09/12", "14/12")
    assert staff(story(skipped, "17/12 00:00")) == [f"{day} 10:00 missing-assessment A" for day in days]
    assert story(replace(skipped, assessed_at=at("02/12 11:00")), "31/12 00:00", start="02/12 11:00") == [
        "02/12 11:00 survey C"
    ]


@pytest.mark.parametrize("stage", ["withdrawn", "duplicate", "out-of-scope", "no-answer", "taken-over"])
def test_a_file_that_left_by_the_side_owes_nothing(stage: str) -> None:
    for file in (case(stage=stage), rated("P1", stage=stage), committed("10/12", stage=stage), closed(stage=stage)):
        assert steps(file, PARIS, OFFICE) == ()
        assert next_look(file, ACK, PARIS, OFFICE, NONE) is None
        assert all(owed(file, at(f"{day} 15:00"), PARIS, OFFICE, NONE) == () for day in ("26/11", "01/12", "02/12"))


def test_a_closed_file_that_needs_nothing_more_is_not_looked_at_again() -> None:
    assert next_look(closed(), at("30/11 10:00"), PARIS, OFFICE, frozenset({"survey"})) is None


# -- counting --------------------------------------------------------------------------------------


def test_j_counts_from_reception_when_no_acknowledgement_was_ever_accepted() -> None:
    refused = case(stage="received", ack_at=None, told_at=None, ack_state="refused", received_at=at("20/11 17:00"))
    assert staff(story(refused, "25/11 00:00", start="20/11 17:00"))[:2] == [
        "23/11 10:00 unassessed-1 A",
        "24/11 10:00 unassessed-2 Q",
    ]


REOPENED = {"cycle": 2, "stage": "received", "received_at": at("02/11 09:00"), "told_at": at("13/11 09:00")}


def test_a_reopened_file_counts_from_its_new_acknowledgement() -> None:
    assert story(case(**REOPENED | {"stage": "acknowledged"}), "27/11 00:00") == story(case(), "27/11 00:00")


@pytest.mark.parametrize("ack_state", ["owed", "refused"])
def test_a_reopened_file_without_its_new_acknowledgement_counts_from_the_reopening(ack_state: str) -> None:
    again = case(**REOPENED | {"ack_state": ack_state, "ack_at": at("02/11 09:00"), "provisional": True})
    assert story(again, "26/11 00:00") == ["24/11 10:00 unassessed-1 A", "25/11 10:00 unassessed-2 Q"]


def test_what_was_due_before_the_assessment_is_not_asked_after_it() -> None:
    assert names(rated("P2", when="25/11 11:00"), "25/11 11:05") == []
    assert names(rated("P1", when="26/11 11:00", told_at=at("26/11 10:00")), "26/11 12:00") == []
    assert staff(story(rated("P1", when="26/11 11:00"), "28/11 00:00", start="26/11 11:00")) == [
        "27/11 10:00 answer-or-commit AD"
    ]


def test_an_answer_of_an_earlier_cycle_is_no_answer_to_this_one() -> None:
    assert "j3 A" in names(rated("P3", cycle=2, answered_at=at("10/11 10:00")), "26/11 10:00")


def test_holidays_and_closures_are_skipped() -> None:
    shut = Calendar(closures=(Closure(date(2026, 11, 24), date(2026, 11, 25), "inventaire"),))
    found = [line(*pair) for pair in walk(case(), ACK, at("01/12 00:00"), shut) if pair[1].asks == "assess"]
    assert found == ["26/11 10:00 unassessed-1 A", "27/11 10:00 unassessed-2 Q", "30/11 10:00 unassessed-3 D"]
    ack = {name: at("22/12 09:30") for name in ("received_at", "ack_at", "told_at", "assessed_at")}
    christmas = rated("P3", **ack, due_on=date(2026, 12, 31))
    assert story(christmas, "30/12 00:00", start="22/12 12:00")[0] == "28/12 10:00 j3 A"


def test_a_due_day_on_which_the_house_is_closed_asks_the_next_day_and_tells_the_day_after() -> None:
    shut = Calendar(extra_holidays=frozenset({DUE}))
    found = [line(*pair) for pair in walk(rated("P3"), at("30/11 19:00"), at("04/12 00:00"), shut)]
    assert found == ["02/12 10:00 overdue AD", "03/12 10:00 overdue AD", "03/12 10:00 late C"]


@pytest.mark.parametrize(
    ("ack", "first", "utc"),
    [
        ("28/03/2025 23:30", "31/03/2025 10:00", "2025-03-31T08:00+00:00"),  # the clocks went forward on Sunday
        ("30/03/2025 03:05", "31/03/2025 10:00", "2025-03-31T08:00+00:00"),
        ("25/10/2024 23:59", "28/10/2024 10:00", "2024-10-28T09:00+00:00"),  # and back
        ("27/10/2024 02:30", "28/10/2024 10:00", "2024-10-28T09:00+00:00"),  # an hour that came twice
    ],
)
def test_ten_o_clock_is_ten_o_clock_on_both_sides_of_a_clock_change(ack: str, first: str, utc: str) -> None:
    file = case(received_at=at(ack), ack_at=at(ack), told_at=at(ack), due_on=None)
    assert next_look(file, at(ack), PARIS, OFFICE, NONE) == at(first) == datetime.fromisoformat(utc)


def test_another_zone_has_its_own_days() -> None:
    reunion = Calendar(timezone="Indian/Reunion", territory="reunion")
    ack = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)  # Tuesday 00:30 there
    file = case(received_at=ack, ack_at=ack, told_at=ack)
    assert next_look(file, ack, reunion, OFFICE, NONE) == at("25/11 10:00", "Indian/Reunion")


def test_a_naive_now_is_refused() -> None:
    with pytest.raises(ValueError, match="fuseau"):
        owed(case(), datetime(2026, 11, 24, 10), PARIS, OFFICE, NONE)  # noqa: DTZ001


# -- sending hours, and what was missed ------------------------------------------------------------


def test_r2_11_outside_sending_hours_nothing_leaves() -> None:
    for now in ("25/11 07:59", "25/11 18:30", "25/11 23:00", "28/11 12:00", "29/11 12:00"):
        assert names(rated("P1"), now) == [], now


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (Hours(send_from=time(11), send_until=time(18)), ["01/12 11:00 due-morning A", "01/12 14:00 due-afternoon AD"]),
        (Hours(send_from=time(8), send_until=time(12)), ["01/12 09:00 due-morning A", "01/12 11:00 due-afternoon AD"]),
        (Hours(send_from=time(15), send_until=time(15, 30)), ["01/12 15:00 due-afternoon AD"]),
    ],
    ids=["opens late", "mornings only", "half an hour"],
)
def test_an_hour_outside_sending_hours_is_brought_into_them(hours: Hours, expected: list[str]) -> None:
    found = [line(*pair) for pair in walk(rated("P3"), ACK, at("02/12 00:00"), hours=hours)]
    assert [text for text in found if text.startswith("01/12")] == expected


MISSED: list[tuple[str, Case, str, list[str]]] = [
    ("once, at the next opening", rated("P2"), "25/11 08:00", ["j1 A"]),
    ("late the same day", rated("P2"), "24/11 17:00", ["j1 A"]),
    ("not before the opening", rated("P2"), "25/11 07:00", []),
    ("with the day's own, still to come", case(), "26/11 08:00", []),
    ("several: the latest, to all of them", case(), "26/11 10:00", ["unassessed-3 AQD", "progress C"]),
    ("steps of one day are one letter", committed("01/12", assessed_at=None), "26/11 10:00", ["unassessed-3 AQD"]),
    ("before the due day's letter, with it", rated("P3"), "01/12 08:00", []),
    ("the eve's escalation in the due day's letter", rated("P3"), "01/12 09:00", ["due-morning AQ"]),
    ("both asks of the due day are one", rated("P3"), "01/12 16:00", ["due-afternoon AQD"]),
    ("what was to be done before the due day has no point after it", rated("P3"), "02/12 08:00", []),
    ("only lateness is left", rated("P3"), "02/12 10:00", ["overdue AD"]),
    ("a day that slept whole is not made up for", rated("P3"), "04/12 09:00", []),
    ("« in three days » has no point two days before", committed("10/12", told_at=at("07/12 12:00")), "08/12 09:00", []),
    ("« tomorrow » still has, in the evening", committed("10/12", told_at=at("08/12 12:00")), "09/12 18:00", ["commit-1 A"]),
    ("progress, once", rated("P4", told_at=at("20/11 12:00")), "26/11 16:00", ["progress C"]),
    ("the survey, after a week", closed(), "07/12 08:00", ["survey C"]),
    ("a missing assessment, once", closed(assessed_at=None, sensitive=True), "08/12 08:00", ["missing-assessment A"]),
    ("after a while, the sentence too", rated("P3", told_at=at("30/11 10:00")), "02/12 10:00", ["overdue AD"]),
]  # fmt: skip


@pytest.mark.parametrize(("file", "now", "expected"), [row[1:] for row in MISSED], ids=[row[0] for row in MISSED])
def test_after_downtime_what_was_missed_leaves_once_or_not_at_all(file: Case, now: str, expected: list[str]) -> None:
    assert names(file, now) == expected


def test_what_was_merged_into_a_letter_is_not_sent_after_it() -> None:
    first = owed(case(), at("26/11 10:00"), PARIS, OFFICE, NONE)
    done = frozenset(s.name for s in first)
    assert owed(case(), at("26/11 18:00"), PARIS, OFFICE, done) == ()
    assert next_look(case(told_at=at("26/11 10:00")), at("26/11 10:00"), PARIS, OFFICE, done) == at("27/11 10:00")


def test_a_backward_clock_writes_nothing_twice() -> None:
    assert names(rated("P2"), "26/11 12:00", "j1", "j3", "progress:2026-11-26") == []
    assert names(rated("P2"), "24/11 12:00", "j1", "j3", "progress:2026-11-26") == []


# -- the list --------------------------------------------------------------------------------------


def test_steps_lists_what_has_one_instant_in_order() -> None:
    assert [line(s.at, s) for s in steps(rated("P2"), PARIS, OFFICE)] == [
        "24/11 10:00 j1 A",
        "26/11 10:00 progress C",
        "26/11 10:00 j3 AQ",
        "27/11 10:00 answer-or-commit A",
        "30/11 10:00 j5 AD",
        "01/12 09:00 due-morning A",
        "01/12 14:00 due-afternoon AD",
        "02/12 10:00 late C",
    ]
    assert [s.name for s in steps(closed(), PARIS, OFFICE)] == ["survey"]


# -- whatever the file -----------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2024, 9, 1), datetime(2027, 1, 31)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001
STAGES = [
    "received", "acknowledged", "assessed", "treatment", "waiting", "committed", "closing", "closed", "withdrawn",
    "duplicate", "out-of-scope", "no-answer", "taken-over",
]  # fmt: skip
HOURS = st.builds(
    lambda start, length: Hours(send_from=time(start), send_until=time(min(23, start + length), 30)),
    st.integers(0, 20),
    st.integers(0, 12),
)
CALENDARS = st.builds(
    Calendar,
    timezone=st.sampled_from(["Europe/Paris", "Indian/Reunion", "America/Cayenne", "Pacific/Noumea"]),
    territory=st.sampled_from(["metropole", "moselle", "reunion"]),
    working_days=st.sampled_from([frozenset(range(5)), frozenset(range(7)), frozenset({1, 6})]),
    closures=st.sampled_from([(), (Closure(date(2025, 8, 4), date(2025, 8, 22)),)]),
)


@st.composite
def files(draw: st.DrawFn) -> Case:
    """Any file that the register could hold, consistent or not."""
    start = draw(MOMENTS)

    def later(most: int) -> datetime | None:
        return draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=most)).map(lambda d: start + d))

    def day(most: int) -> date | None:
        return draw(st.none() | st.integers(0, most).map(lambda n: (start + timedelta(days=n)).date()))

    return case(
        stage=draw(st.sampled_from(STAGES)), received_at=start, ack_at=later(2), told_at=later(20),
        human_told_at=later(20), due_on=day(12), committed_on=day(40), assessed_at=later(15), closed_at=later(20),
        waiting_since=later(10), answered_at=later(20), reopen_asked_at=later(30),
        priority=draw(st.sampled_from(["", "P1", "P2", "P3", "P4"])), urgent=draw(st.booleans()),
        sensitive=draw(st.booleans()), silenced=draw(st.booleans()),
        ack_state=draw(st.sampled_from(["owed", "accepted", "uncertain", "refused", "bounced", "none"])),
    )  # fmt: skip


AHEAD = st.timedeltas(timedelta(0), timedelta(days=50))
slow = settings(deadline=None, max_examples=150)


def sends(moment: datetime, calendar: Calendar, hours: Hours) -> bool:
    return workdays.in_hours(moment, hours.send_from, hours.send_until, calendar)


@slow
@given(files(), AHEAD, CALENDARS, HOURS)
def test_what_was_written_is_never_owed_again(file: Case, ahead: timedelta, calendar: Calendar, hours: Hours) -> None:
    now = workdays.next_opening(file.received_at + ahead, hours.send_from, hours.send_until, calendar)
    due = owed(file, now, calendar, hours, NONE)
    assert owed(file, now, calendar, hours, frozenset(s.name for s in due)) == ()


def test_a_file_assessed_while_the_clock_was_ahead_is_looked_at_again() -> None:
    """Found by the test below: nothing else is fixed, and the daily chase begins after the last day looked at."""
    start = datetime(2024, 9, 1, 7, tzinfo=UTC)
    ahead = case(received_at=start, priority="P1", ack_state="owed", due_on=None, assessed_at=start + timedelta(days=5))
    calendar, hours = Calendar(timezone="America/Cayenne"), Hours(send_from=time(0), send_until=time(4, 30))
    assert next_look(ahead, start, calendar, hours, NONE) == datetime(2024, 9, 9, 6, 30, tzinfo=UTC)


@slow
@given(files(), AHEAD, CALENDARS, HOURS)
def test_the_next_look_is_ahead_within_sending_hours_and_finds_something(
    file: Case, ahead: timedelta, calendar: Calendar, hours: Hours
) -> None:
    now = file.received_at + ahead
    look = next_look(file, now, calendar, hours, NONE)
    if look is None:
        assert all(owed(file, now + timedelta(days=n), calendar, hours, NONE) == () for n in range(1, 30))
    else:
        assert look > now
        assert sends(look, calendar, hours)
        assert owed(file, look, calendar, hours, NONE)


@slow
@given(files(), st.integers(1, 60 * 24), CALENDARS, HOURS)
def test_nothing_is_owed_before_its_look(file: Case, minutes: int, calendar: Calendar, hours: Hours) -> None:
    """What is owed now is written first; between here and the look nothing else comes up."""
    now = file.received_at
    done = frozenset(s.name for s in owed(file, now, calendar, hours, NONE))
    look = next_look(file, now, calendar, hours, done)
    between = now + timedelta(minutes=minutes)
    if look is None or between < look:
        assert owed(file, between, calendar, hours, done) == ()


@slow
@given(files(), CALENDARS, HOURS)
def test_no_step_stands_outside_sending_hours(file: Case, calendar: Calendar, hours: Hours) -> None:
    listed = steps(file, calendar, hours)
    assert all(sends(s.at, calendar, hours) for s in listed)
    assert len({s.name for s in listed}) == len(listed)
    assert list(listed) == sorted(listed, key=lambda s: s.at)


@settings(deadline=None, max_examples=60)
@given(files(), CALENDARS, HOURS, st.booleans())
def test_sixty_days_from_look_to_look_end_and_repeat_nothing(
    file: Case, calendar: Calendar, hours: Hours, told: bool
) -> None:
    until = file.received_at + timedelta(days=60)
    left = list(walk(file, file.received_at, until, calendar, hours, told))
    assert all(sends(now, calendar, hours) and s.at <= now for now, s in left)
    assert max(Counter(s.name for _, s in left).values(), default=0) <= 1
    per_day = Counter((workdays.local_date(now, calendar), s.roles == ("complainant",)) for now, s in left)
    promised = file.committed_on or file.due_on
    for (day, to_complainant), n in per_day.items():
        assert n <= (2 if day == promised and not to_complainant else 1), (day, left)
    assert {s.name.partition(":")[0] for _, s in left if s.kind == "chase"} <= set(STRENGTH)
