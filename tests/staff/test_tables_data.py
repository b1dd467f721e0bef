"""The hand-written tables hold together: complete, counted, without contradiction. The program is not asked anything here."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy

import pytest

from staff import spoofs, stages
from staff import three_weeks as weeks
from staff.three_weeks import Expected, instant

# -- stages ----------------------------------------------------------------------------------------


def test_every_stage_meets_every_command_and_event_once() -> None:
    wanted = {(stage, name) for stage in stages.STAGES for name in stages.COMMANDS + stages.EVENTS}
    assert set(stages.TABLE) == wanted
    assert len(stages.COMMANDS) == 32
    assert len(wanted) == 12 * (32 + 7)


def test_every_answer_is_a_stage_or_a_known_word() -> None:
    words = {*stages.STAGES, "same", "before", *(f"refused:{reason}" for reason in stages.REASONS)}
    assert set(stages.TABLE.values()) <= words
    assert {f"refused:{reason}" for reason in stages.REASONS} <= set(stages.TABLE.values()), "a reason nobody gives"


def test_no_answer_names_the_stage_itself() -> None:
    assert [cell for cell in stages.TABLE if stages.TABLE[cell] == cell[0]] == []


def test_an_event_is_never_refused() -> None:
    refused = {name for (_, name), said in stages.TABLE.items() if said.startswith("refused")}
    assert refused & set(stages.EVENTS) == {"annuler-late"}


def arrows() -> set[tuple[str, str, str]]:
    return {(a, name, b) for (a, name), b in stages.TABLE.items() if b in stages.STAGES}


def test_the_list_of_ways_in_is_the_table_read_by_its_answers() -> None:
    listed = {
        (origin, name, stage)
        for stage, ways in stages.REACHED.items()
        for origin, names in ways.items()
        if origin != "new"
        for name in names.split()
    }
    assert listed == arrows()
    assert [stage for stage, ways in stages.REACHED.items() if "new" in ways] == ["received"]


def test_the_list_of_ways_out_is_the_table_read_by_its_rows() -> None:
    undone = {(stage, "annuler") for stage in stages.STAGES if stages.TABLE[stage, "annuler"] == "before"}
    out = {(stage, name) for stage, name, _ in arrows()} | undone
    assert {(stage, name) for stage, names in stages.LEFT.items() for name in names.split()} == out


def test_no_stage_is_out_of_reach_and_none_but_the_final_ones_is_an_end() -> None:
    seen = {"received"}
    for _ in stages.STAGES:
        seen |= {b for a, _, b in arrows() if a in seen}
    assert seen == set(stages.STAGES)
    assert set(stages.OPEN) | {"closing"} | set(stages.FINAL) == set(stages.STAGES)
    for stage in {*stages.OPEN, "closing"}:
        assert {b for a, _, b in arrows() if a == stage} & set(stages.FINAL), f"{stage} leads nowhere"


def test_after_the_end_only_reopening_leads_back() -> None:
    ways = {name for a, name, b in arrows() if a in stages.FINAL and b not in stages.FINAL}
    assert ways == {"rouvrir", "réclamation", "reply-bounced", "one-working-day-undecided"}


def test_in_the_window_every_second_command_is_refused() -> None:
    taken = {name for name in stages.COMMANDS if stages.TABLE["closing", name] != "refused:window"}
    assert taken == {"note", "pièces", "fiche", "annuler"}


def test_what_is_proposed_or_linked_stays_where_it_is() -> None:
    for cell in stages.PROPOSES_REOPENING | stages.OPENS_A_LINKED_FILE:
        assert stages.TABLE[cell] == "same"
    reopened = {stage for stage, name, _ in arrows() if name == "one-working-day-undecided"}
    assert reopened == {stage for stage, _ in stages.PROPOSES_REOPENING}


def test_the_exceptions_depart_from_the_table_but_for_four_that_say_it_holds() -> None:
    held = [case for case in stages.EXCEPTIONS if stages.TABLE[case.stage, case.command] == case.after]
    assert Counter(case.given for case in held) == Counter({
        "the mail says bare thanks": 2,
        "gravité 4, given by direction": 1,
        "the due date has passed": 1,
    })  # fmt: skip
    assert len({(case.given, case.stage, case.command) for case in stages.EXCEPTIONS}) == len(stages.EXCEPTIONS)


def test_what_was_decided_here_speaks_of_known_commands() -> None:
    assert set(stages.DECIDED) <= {*stages.COMMANDS, *stages.EVENTS}


def test_every_command_says_for_every_role_who_may() -> None:
    beside = {"absent", "liste", "aide", "saisie", "réunion", "bulletin"}
    assert set(stages.MAY) == {(name, role) for name in {*stages.COMMANDS, *beside} for role in stages.ROLES}
    assert set(stages.RIGHTS_DECIDED) <= set(stages.MAY)


def test_rights_follow_the_first_section() -> None:
    may = stages.MAY
    assert all(may[name, role] for name in stages.COMMANDS for role in ("assignee", "quality", "direction"))
    assert {name for name in stages.COMMANDS if may[name, "staff"]} == {"note", "prendre"}
    assert {name for name, role in may if role == "admin" and may[name, role]} == {"aide"}
    assert {name for name in stages.COMMANDS if may[name, "named"]} == {"note"}
    assert set(stages.WITHDRAWAL_AT_GRAVITY_4) == set(stages.ROLES)


# -- spoofs ----------------------------------------------------------------------------------------


def test_sixteen_senders_by_seven_results_make_112_cells() -> None:
    assert len({sender.kind for sender in spoofs.SENDERS}) == len(spoofs.SENDERS) == 16
    assert len({results.kind for results in spoofs.RESULTS}) == len(spoofs.RESULTS) == 7
    assert len(spoofs.CELLS) == 112


@pytest.mark.parametrize("run", spoofs.RUNS)
def test_the_cells_listed_are_as_many_as_said(run: str) -> None:
    assert len(spoofs.ALLOWED[run]) == spoofs.COUNTS[run]
    assert len(spoofs.LOOP[run]) == spoofs.LOOP_COUNTS[run]
    assert spoofs.ALLOWED[run] | spoofs.LOOP[run] <= spoofs.CELLS
    assert not spoofs.ALLOWED[run] & spoofs.LOOP[run]


@pytest.mark.parametrize("run", spoofs.RUNS)
def test_the_cells_listed_follow_the_two_conditions(run: str) -> None:
    enough = {"pass"} if run == "bare" else {"pass", "unknown"}
    strict = {sender.kind for sender in spoofs.SENDERS if sender.is_bo}
    says = {results.kind: results.says for results in spoofs.RESULTS}
    wanted = {(sender, results) for sender, results in spoofs.CELLS if sender in strict and says[results] in enough}
    assert spoofs.ALLOWED[run] == wanted
    proven = {cell for cell in spoofs.CELLS if cell[0] in strict or run.startswith("code")}
    assert spoofs.LOOP[run] == proven - wanted


def test_the_bytes_are_one_mail_each_and_all_different() -> None:
    seen = Counter(_bytes(sender, results) for sender in spoofs.SENDERS for results in spoofs.RESULTS)
    assert len(seen) == 112
    for raw in seen:
        head, _, body = raw.partition(b"\r\n\r\n")
        assert body == spoofs.BODY.encode()
        assert b"{" not in head
        assert re.search(rb"(?<!\r)\n", raw) is None
        assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322 §2.1.1


def _bytes(sender: spoofs.Sender, results: spoofs.Results) -> bytes:
    return spoofs.mail(
        sender, results, subject="[REC-2026-0042] #resolu", message_id="<1@evil.example>", date="Mon, 23 Nov 2026 12:00:00 +0100"
    )  # fmt: skip


def test_our_provider_stands_topmost_wherever_it_stands_at_all() -> None:
    for results in spoofs.RESULTS:
        mail = message_from_bytes(_bytes(spoofs.SENDERS[1], results), policy=policy.compat32)
        fields = mail.get_all("Authentication-Results") or []
        assert len(fields) == len(results.lines)
        assert (results.kind in ("none", "foreign")) == (not fields or not fields[0].startswith(spoofs.OURS))
        assert mail.keys()[: len(fields)] == ["Authentication-Results"] * len(fields)


def test_every_sender_tries_to_pass_for_bo() -> None:
    for sender in spoofs.SENDERS:
        assert sender.headers.startswith(b"From: ")
        assert re.search(rb"\bbo\b", sender.headers.replace(b"_", b" "), re.IGNORECASE), sender.kind
    assert [s.kind for s in spoofs.SENDERS if b"\0" in s.headers] == ["nul"]
    assert [s.kind for s in spoofs.SENDERS if not s.headers.isascii()] == ["homoglyph"]


def test_the_command_of_the_spoofs_would_close_if_it_were_obeyed() -> None:
    assert set(spoofs.SUBJECTS) == set(spoofs.RUNS)
    assert {run for run, subject in spoofs.SUBJECTS.items() if "{code}" in subject} == {"code", "code-and-notice"}
    assert len(spoofs.BODY) >= 200
    assert {outcome for *_, outcome in spoofs.CONTROLS} == {"obeyed", "loop"}


# -- three weeks -----------------------------------------------------------------------------------

CLOCK = ("chase", "progress", "late", "survey", "digest")
TO_OUTSIDE = {
    "résolu": "reply", "partielle": "reply", "infondée": "reply",
    "réponse": "news", "précisions": "question", "butoir": "commitment",
}  # fmt: skip
UP, DOWN = instant(weeks.UP), instant(weeks.DOWN)


def works(day: date) -> bool:
    return (
        day.weekday() < 5 and day not in weeks.HOLIDAYS and not any(first <= day <= last for first, last, _ in weeks.CLOSURES)
    )  # fmt: skip


def count(start: date, end: date) -> int:
    """Working days after `start`, up to and with `end`."""
    days = 0
    while start < end:
        start += timedelta(days=1)
        days += works(start)
    return days


def on(day: str) -> date:
    return date.fromisoformat(f"{weeks.YEAR}-{day}")


def start_of(file: str, when: datetime) -> date:
    """The day that J+n counts from: the AR's, or the entry's where nothing can be sent."""
    if file in weeks.REOPENED and when.date() >= on(weeks.REOPENED[file][0]):
        return on(weeks.REOPENED[file][0])
    return next(event.at.date() for event in weeks.EVENTS if event.file == file and event.act in ("mail", "saisie"))


def letters(*kinds: str, file: str | None = None) -> list[Expected]:
    return [x for x in weeks.LETTERS if x.kind in kinds and file in (None, x.file)]


def taken(at: datetime) -> datetime:
    """When a mail of that instant is read."""
    return UP if DOWN <= at < UP else at


def test_the_weeks_are_as_announced() -> None:
    worked = [weeks.FIRST + timedelta(days=n) for n in range(19) if works(weeks.FIRST + timedelta(days=n))]
    assert [day.day for day in worked] == [23, 24, 25, 26, 27, 30, 31, 1, 2, 7, 8, 9, 10]
    assert instant("03-29 03:10").astimezone(UTC) - instant("03-29 01:50").astimezone(UTC) == timedelta(minutes=20)
    assert len(weeks.LETTERS) == weeks.COUNT == 223
    assert [e.at for e in weeks.EVENTS] == sorted(e.at for e in weeks.EVENTS)
    assert [x.at for x in weeks.LETTERS] == sorted(x.at for x in weeks.LETTERS)


def test_no_letter_twice() -> None:
    assert [x for x, n in Counter((x.at, x.kind, x.to, x.file) for x in weeks.LETTERS).items() if n > 1] == []


def test_steps_for_one_person_file_and_day_are_one_letter() -> None:
    """But for the due day, whose 14:00 is only known at 14:00 (spec §7 gives both hours)."""
    clock = Counter((x.to, x.file, x.at.date()) for x in letters(*CLOCK) if x.why != "due 14:00")
    assert [key for key, n in clock.items() if n > 1] == []


def test_what_the_clock_starts_leaves_in_sending_hours_of_working_days() -> None:
    first, last = (time.fromisoformat(hour) for hour in weeks.SENDING_HOURS)
    for x in letters(*CLOCK, "reopened"):
        assert works(x.at.date()), x
        assert first <= x.at.time() <= last, x
        assert not DOWN <= x.at < UP, x


def test_nothing_leaves_while_the_machine_stands_still() -> None:
    assert [x for x in weeks.LETTERS if DOWN <= x.at < UP] == []


def test_due_dates_are_six_working_days_from_the_ar() -> None:
    assert set(weeks.DUE) == set(weeks.FILES)
    for file, due in weeks.DUE.items():
        assert count(start_of(file, instant("03-01 00:00")), on(due)) == 6, file
        assert works(on(due)), file
    for start, due in weeks.REOPENED.values():
        assert count(on(start), on(due)) == 6


def test_each_complaint_has_its_ar_and_its_assignment_at_once() -> None:
    for event in weeks.EVENTS:
        if event.act in ("mail", "saisie"):
            found = {x.kind for x in letters("ack", "assignment", file=event.file) if x.at == event.at}
            assert found == {"ack", "assignment"}, event
    assert len(letters("ack")) == len(weeks.FILES)
    assert [x.file for x in letters("ack") if x.to != x.file] == list(weeks.WITHOUT_ADDRESS)


def test_each_command_is_confirmed_once_and_its_text_leaves_ten_minutes_later() -> None:
    commands = [event for event in weeks.EVENTS if event.is_command]
    wanted = Counter((taken(e.at), e.who, e.file) for e in commands)
    assert Counter((x.at, x.to, x.file) for x in letters("confirm")) == wanted
    leaving = {
        (e.at + timedelta(minutes=weeks.UNDO_MINUTES), TO_OUTSIDE[e.act], e.file)
        for e in commands
        if e.act in TO_OUTSIDE
    }
    assert {(x.at, x.kind, x.file) for x in letters(*TO_OUTSIDE.values())} == leaving


def test_each_chase_is_due_on_its_day() -> None:
    for x in letters("chase"):
        for step in re.findall(r"J\+(\d)", x.why):
            late = x.at == UP
            counted = count(start_of(x.file, x.at), x.at.date())
            assert int(step) in ((counted - 1, counted) if late else (counted,)), x
        for step in re.findall(r"(?<!\w)-(\d)", x.why):
            assert count(x.at.date(), on(weeks.COMMITTED[x.file])) == int(step), x
        due = on(weeks.COMMITTED.get(x.file, weeks.DUE[x.file]))
        if "due " in x.why:
            assert (x.at.date(), f"{x.at:%H:%M}") == (due, re.findall(r"due (\d\d:\d\d)", x.why)[0]), x
        if x.why == "overdue":
            assert x.at.date() > due, x
        assert re.match(r"J\+|-\d|0|due|overdue", x.why), x


def test_progress_comes_on_the_nth_silent_day() -> None:
    for x in letters("progress"):
        written = [y.at for y in weeks.LETTERS if y.to == x.file and y.at < x.at and y.kind != "receipt"]
        silent = count(max(written).date(), x.at.date())
        assert int(x.why[0]) == silent - (x.at == UP and silent != int(x.why[0])), x
        assert x.why.startswith("1" if weeks.PRIORITY.get(x.file) == "P1" or x.file == "lina" else "3"), x


def test_surveys_come_three_working_days_after_closing() -> None:
    for x in letters("survey"):
        closed = max(y.at for y in letters("reply", file=x.file))
        assert x.why == f"closed {closed:%m-%d}"
        assert count(closed.date(), x.at.date()) == 3
    replied = {y.file for y in letters("reply") if count(y.at.date(), weeks.LAST) >= 3}
    assert replied - {x.file for x in letters("survey")} == {"hugo", "nora"}  # silenced; reopened


def test_a_digest_on_each_working_day_but_the_one_that_stood_still() -> None:
    days = [weeks.FIRST + timedelta(days=n) for n in range(19)]
    assert [x.at.date() for x in letters("digest")] == [d for d in days if works(d) and d != date(2026, 3, 26)]
    assert {f"{x.at:%H:%M}" for x in letters("digest") if x.at != UP} == {weeks.DIGEST_AT}


def test_nothing_clock_started_follows_a_human_on_the_same_day() -> None:
    human = {(x.to, x.at.date()): x.at - timedelta(minutes=weeks.UNDO_MINUTES) for x in letters(*TO_OUTSIDE.values())}
    for x in letters("progress", "late", "survey"):
        assert x.at < human.get((x.to, x.at.date()), x.at + timedelta(1)), x
        assert x.to not in weeks.WITHOUT_ADDRESS, x
        assert x.to != "hugo", x


def test_no_chase_after_closing() -> None:
    ends = {x.file: x.at for x in letters("reply")} | {e.file: e.at for e in weeks.EVENTS if e.act == "répondu"}
    for x in letters("chase"):
        assert x.at < ends.get(x.file, instant(weeks.END)), x


def test_each_missed_letter_left_once_late_or_never_with_its_reason() -> None:
    at_restart = Counter((x.kind, x.to, x.file) for x in weeks.LETTERS if x.at == UP and x.kind in CLOCK)
    late = {(x.kind, x.to, x.file) for x in weeks.PLANNED if x.why.startswith("late")}
    assert set(at_restart) == late
    assert set(at_restart.values()) == {1}
    for x in weeks.PLANNED:
        word = x.why.partition(":")[0]
        assert word in ("late", "joined", "never"), x
        assert DOWN <= x.at < UP, x
        if word == "joined":
            assert (x.kind, x.to, x.file) in late, x
        if word == "never":
            assert x.kind == "digest" or (x.kind, x.to, x.file) not in at_restart, x


def test_no_tempting_letter_is_on_the_list() -> None:
    found = {(x.at.date(), x.kind, x.to, x.file) for x in weeks.LETTERS}
    for day, kind, to, file, _ in weeks.FORBIDDEN:
        assert (day, kind, file if to == "@" else to, "" if file == "-" else file) not in found


def test_everybody_in_the_weeks_is_known_and_everything_written_has_its_words() -> None:
    people = {*weeks.STAFF, *weeks.FILES}
    assert {x.to for x in weeks.LETTERS} <= people
    assert {x.file for x in weeks.LETTERS} == {"", *weeks.FILES}
    for event in weeks.EVENTS:
        if event.act == "mail":
            assert event.file in weeks.MAILS
        if event.act == "follow-up":
            assert event.file in weeks.FOLLOW_UPS
        if event.is_command:
            assert event.act in weeks.TEXTS or event.act == "évaluer", event
    assert min(len(weeks.TEXTS[tag]) for tag in ("résolu", "partielle", "infondée")) >= 200
    assert {weeks.PRIORITY[f] for f in weeks.PRIORITY} == {"P1", "P2", "P3", "P4"}


def test_commands_are_written_as_staff_would_send_them() -> None:
    written = {e.act: (e.subject, e.body) for e in weeks.EVENTS if e.is_command}
    assert written["butoir"][0] == "[{number}] #butoir 08/04/2026"
    assert written["répondu"][0] == "[{number}] #répondu 30/03/2026"
    assert written["évaluer"] == ("[{number}] #évaluer", "G1 C1 R2 immédiat:non\n")
    assert written["saisie"][0] == "#saisie"
