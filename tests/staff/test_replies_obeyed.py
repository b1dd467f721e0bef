"""A hundred and twenty labelled staff replies: each causes exactly what its record says, and nothing else changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from room import mail

from mailbot.guard import Guard
from mailbot.store.tables import Absence, Code, Letter
from staff import fresh, locked, replies
from staff.clients import footer
from staff.found import AFTER, CLOCKED, HUMAN, KEYS, Effect, effect_of
from staff.harness import (
    NOW,
    Registers,
    at,
    at_work,
    level,
    living_code,
    posted,
    reader_words,
    sent,
)
from staff.replies import CAST, NUMBER, Case, Expect

pytestmark = pytest.mark.asyncio(loop_scope="module")
SHINGLE = 5  # so many words in a row are somebody's own


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(reader_words()) as reader:
        yield reader


@pytest.fixture(scope="module")
def registers(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Registers:
    return Registers(tmp_path_factory.mktemp("worlds"), guard)


# -- what it should have done ------------------------------------------------------------------------------------------


def either(written: str) -> set[str]:
    return set(written.split("|"))


def wrong_letters(expect: Expect, found: Effect) -> list[str]:
    """The letters asked for that did not leave, and those that left unasked."""
    left = [(kind, to, when) for kind, to, when, _ in found.letters]
    missing = []
    for letter in expect.letters:
        match = next((x for x in left if _is(x, letter)), None)
        if match is None:
            missing.append(f"missing {letter}")
        else:
            left.remove(match)
    for letter in expect.may:
        match = next((x for x in left if _is(x, letter)), None)
        if match is not None:
            left.remove(match)
    return missing + [f"unasked {x}" for x in left]


def _is(actual: tuple[str, str, str], asked: tuple[str, str, str]) -> bool:
    return all(one in either(words) for one, words in zip(actual, asked, strict=True))


def wrong_files(case: Case, found: Effect) -> list[str]:
    """Files that changed otherwise than the record says; `new_files` counts those that this mail opened."""
    before, _, after = found.views
    asked = {name: value for name, value in case.expect.fields.items() if name in before[NUMBER]}
    wrong = [
        f"{name} {after[NUMBER][name]!r}, not {value!r}"
        for name, value in asked.items()
        if after[NUMBER][name] != value
    ]
    free = {"stage", *asked, *_carried(case, found)}
    if (
        after[NUMBER]["stage"] != "closed" or case.expect.pending == "leaves"
    ):  # an outcome is that of a closing, or of one on its way
        free.add("outcome")
    for number, view in before.items():
        kept = free if number == NUMBER else {"due_on"} if case.expect.tag == "doublon" else set()
        wrong += [
            f"{number} {n}: {v!r} → {after[number][n]!r}"
            for n, v in view.items()
            if n not in kept and after[number][n] != v
        ]
    opened = len(after) - len(before)
    return wrong + ([f"{opened} new files"] if opened != case.expect.fields.get("new_files", 0) else [])


def _carried(case: Case, found: Effect) -> set[str]:
    """What must follow from a letter that the rules allow: a new acknowledgement starts the next cycle."""
    again = any(kind in ("reopened", "ack") and to == "carl" for kind, to, _, _ in found.letters)
    return {"cycle", "due_on"} if again and any(k in ("reopened", "ack") for k, _, _ in case.expect.may) else set()


def wrong_words(case: Case, found: Effect) -> list[str]:
    """Text and files that reached the complainant, against what should have; nobody else outside gets a word."""
    human = [x for kind, to, _, x in found.letters if kind in HUMAN and to == "carl"]
    names = sorted(name for x in human for name in x.files)
    wrong = [] if names == sorted(case.expect.files_leave) else [f"files {names}"]
    data = {name: octets for name, _, octets in case.files}
    wrong += [f"{n} is not the file sent" for x in human for n, octets in x.files.items() if octets != data.get(n)]
    own = level(case.expect.leaves or "")
    card = level(footer(case.style, CAST[case.author][0]))
    # A client's card stands under words, never alone: without words the usual letter leaves.
    wanted = {own, f"{own} {card}", f"{own} -- {card}"} if own else {""}
    wrong += [f"typed: {found.typed[x.message_id]!r}" for x in human if found.typed[x.message_id] not in wanted]
    wrong += [f"does not say it: {x.text[:300]}" for x in human if own not in x.text or own not in x.shown]
    if own:
        return wrong
    outside = [x for _, to, _, x in found.letters if to in ("carl", "opale", "mallory")]
    if case.author in ("carl", "opale", "mallory"):
        return wrong
    return wrong + [f"says « {s} »" for x in outside for s in _shingles(case.body) if s in x.text or s in x.shown]


def _shingles(text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[n : n + SHINGLE]) for n in range(max(0, len(words) - SHINGLE + 1))]


# Columns of a file that keep the books of what happened, and what may have moved them.
BOOKS = {"look_at"}
BY_TAG = {
    "évaluer": {
        "assessed_at",
        "assessed_by",
        "priority_why",
        "character",
        "category",
        "immediate_what",
        "analysis_why",
        "told_at",
    },  # P1: news are owed at once
    "répondu": {"answered_at", "closed_at", "human_told_at"},
    "rouvrir": set(
        "provisional calendar ack_state ack_at ack_late cycle_started_at closed_at answered_at outcome reply_key reopen_asked_at "
        "assessed_at priority told_at".split()
    ),
    "annuler": {"reply_key", "outcome", "closed_at", "human_told_at"},
    "butoir": {"commitment_reason", "waiting_since"},
} | {
    tag: {"closed_at"}
    for tag in ("doublon", "hors-périmètre", "difficulté", "aléa", "information", "retrait", "sans-suite")
}
BY_TAG["réclamation"] = BY_TAG["rouvrir"]
BY_LETTER = {
    "reply": {"told_at", "human_told_at", "answered_at", "closed_at", "reply_key"},
    "news": {"told_at", "human_told_at"},
    "direct-answer": {"told_at", "human_told_at"},  # « recorded as #réponse » (spec §6)
    "question": {"told_at", "human_told_at", "waiting_since"},
    "commitment": {"told_at", "human_told_at"},
    "nature": {"told_at", "human_told_at"},
    "receipt": {"told_at"},
    "reopen-proposal": {"reopen_asked_at"},
    "followup-notice": {"amplified"},  # written again before an answer (domain R3.1)
}
BY_FIELD = {"due_on": {"due_on", "committed_on"}, "answered_on": {"answered_at"}}


def wrong_books(case: Case, found: Effect) -> list[str]:
    """Rows of the register that this mail had no business with."""
    before, _, after = found.photos
    wrong = []
    for table in (
        "raw",
        "meta",
        "pending",
        "absence",
        "attachment",
        "due",
        "place",
        "journal",
        "journaltext",
        "letterkey",
    ):
        for old, now in after.changed(table, before):
            if not (table == "due" and _settled(old, now)) and not (
                table == "pending" and case.expect.tag == "confirmer"
            ):
                wrong.append(f"{table} changed: {old}")
    wrong += [f"inbound {old['id']} changed" for old, _ in after.changed("inbound", before)]
    wrong += [
        f"letter {old['name']} changed"
        for old, _ in after.changed("letter", before)
        if old["message_id"] != found.waited
    ]
    for old, now in after.changed("complaint", before):
        wrong += [f"{old['number']}: {name} changed" for name in sorted(_beyond(case, found, old, now))]
    return wrong + _wrong_new(case, found)


def _settled(old: dict[str, Any], now: dict[str, Any]) -> bool:
    return bool(now) and _moved(old, now) == {"done_at"}


def _moved(old: dict[str, Any], now: dict[str, Any]) -> set[str]:
    return {name for name, value in old.items() if now.get(name) != value}


def _beyond(case: Case, found: Effect, old: dict[str, Any], now: dict[str, Any]) -> set[str]:
    """The columns that moved without a reason that the record gives."""
    if old["number"] != NUMBER:
        return _moved(old, now) - BOOKS - ({"due_on"} if case.expect.tag == "doublon" else set())
    allowed = BOOKS | {"stage"} | BY_TAG.get(case.expect.tag, set()) | _carried(case, found)
    for name in case.expect.fields:
        allowed |= BY_FIELD.get(name, {name})
    for kind, *_ in found.letters:
        allowed |= BY_LETTER.get(kind, set())
    if case.expect.pending == "stopped":
        allowed |= {"draft", "reply_key", "outcome"}
    if case.expect.pending == "leaves":
        allowed |= {"told_at", "human_told_at", "answered_at", "closed_at", "reply_key"}
    if "held" in case.expect.verdict:
        allowed |= {"wrong_codes"}
    return _moved(old, now) - allowed


def _wrong_new(case: Case, found: Effect) -> list[str]:
    """New rows: one mail, its files, its letters, the journal's lines about it; nothing beside."""
    before, _, after = found.photos
    count = {table: len(after.new(table, before)) for table in after.tables}
    opened = int(str(case.expect.fields.get("new_files", 0)))
    kinds = [kind for kind, *_ in found.letters]
    wanted = {
        "raw": 1,
        "inbound": 1,
        "place": 1,
        "meta": 0,
        "alarm": kinds.count("alarm"),
        "pending": kinds.count("identity"),
        "complaint": opened,
    }
    if found.inbound.verdict != "auto-reply":  # an out-of-office routes the next chase (spec §7)
        wanted["absence"] = int("absent_from" in case.expect.fields)
    wrong = [f"{count[t]} new in {t}: {after.new(t, before)}"[:600] for t, n in wanted.items() if count[t] != n]
    mine = found.inbound.id
    wrong += [f"attachment {r['name']}" for r in after.new("attachment", before) if r["inbound_id"] != mine]
    wrong += [f"due row {r['key']}" for r in after.new("due", before) if r["kind"] not in _dues(kinds)]
    wrong += [f"code of {r['person']}" for r in after.new("code", before) if KEYS[r["person"]] not in _addressed(found)]
    return wrong + [f"journal {r['event']}" for r in after.new("journal", before) if r["number"] not in _numbers(found)]


def _dues(kinds: list[str]) -> set[str]:
    names = {"ack": {"ack-late"}, "identity": {"pending"}, "reopen-proposal": {"reopen"}}
    return {due for kind in kinds for due in names.get(kind, ())}


def _addressed(found: Effect) -> set[str]:
    return {to for _, to, _, _ in found.letters} | {KEYS[x.to] for x in found.later if x.kind in CLOCKED}


def _numbers(found: Effect) -> set[str]:
    before, _, after = found.views
    return {"", NUMBER, *(set(after) - set(before))}


def wrong_told(case: Case, found: Effect) -> list[str]:
    asked = {name: value for name, value in case.expect.fields.items() if name in found.told and name != "new_files"}
    wrong = [
        f"{name} {found.told[name]!r}, not {value!r}" for name, value in asked.items() if found.told[name] != value
    ]
    if "code_replaced" not in asked and found.told["code_replaced"]:
        wrong.append("a code was replaced")
    return wrong


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.id) for case in (*replies.CASES, *locked.CASES, *fresh.CASES)]
)
async def test_a_reply_causes_what_its_record_says_and_nothing_else(
    case: Case, registers: Registers, guard: Guard, tmp_path: Path
) -> None:
    found = await effect_of(case, registers, guard, tmp_path)
    before, window, after = (views[NUMBER]["stage"] for views in found.views)
    expect = case.expect
    assert before in either(case.stage), "the world before is not the one of the record"
    wrong = [] if found.inbound.verdict in either(expect.verdict) else [f"verdict {found.inbound.verdict}"]
    wrong += [] if after in either(expect.stage) else [f"stage {after}"]
    wrong += [] if not expect.window or window in either(expect.window) else [f"stage in the window {window}"]
    wrong += [] if found.pending == expect.pending else [f"the letter that waited: {found.pending}"]
    wrong += wrong_letters(expect, found) + wrong_files(case, found) + wrong_words(case, found)
    wrong += wrong_told(case, found) + wrong_books(case, found)
    assert not wrong, "\n".join([case.why, found.inbound.reason, *wrong])


# -- what was asked first, once its author says that it was he -------------------------------------------------------------

ASKED = [case for case in replies.QUIET if ("identity", "bo", "now") in case.expect.letters]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in ASKED])
async def test_a_command_is_obeyed_once_its_registered_author_confirms_it(
    case: Case, registers: Registers, guard: Guard, tmp_path: Path
) -> None:
    async with at_work(case, registers, guard, tmp_path) as (desk, sink):
        asked = await desk.take(posted(case, desk).raw)
        await desk.send()
        [letter] = [sent(taken.raw, to) for taken in sink.taken for to in taken.to]
        code = living_code(desk, "bo")
        assert f"[{NUMBER}-{code}] #confirmer {asked.id}" in letter.text
        tap = mail(f"[{NUMBER}-{code}] #confirmer {asked.id}", "", sender=CAST["bo"][1], name="Bo Martin", proven=False)
        desk.clock.now = NOW + timedelta(minutes=1)
        confirmed = await desk.take(tap)
        assert (confirmed.verdict, desk.inbound(asked.id).verdict) == ("staff-command", "staff-command")
        assert desk.file(NUMBER).stage == ("treatment" if "#réponse" in str(case.subject) else "closing")
        await desk.send()
        desk.clock.now = NOW + AFTER
        await desk.send()
        left = [sent(taken.raw, to) for taken in sink.taken[1:] for to in taken.to]
        assert sorted(x.to for x in left) == sorted([CAST["bo"][1]] * (len(left) - 1) + [CAST["carl"][1]])
        [told] = [x for x in left if x.to == CAST["carl"][1]]
        assert level(case.body) in told.text
        await desk.take(tap.replace(b"Message-ID: <", b"Message-ID: <2."))
        assert len([x for x in desk.rows(Letter, Letter.created_at > NOW) if x.kind in HUMAN]) == 1


async def test_a_command_about_no_file_is_asked_about_too(registers: Registers, guard: Guard, tmp_path: Path) -> None:
    case = next(case for case in replies.CASES if case.id == "A23")
    async with at_work(case, registers, guard, tmp_path) as (desk, _):
        unproven = mail("#absent 20/12–24/12 Ann", "", sender=CAST["bo"][1], name="Bo Martin", proven=False)
        asked = await desk.take(unproven)
        assert (asked.verdict, desk.rows(Absence)) == ("held", [])
        [code] = desk.rows(Code, Code.about == f"m-{asked.id}")
        subject = f"[m-{asked.id}-{code.code}] #confirmer {asked.id}"
        assert subject in sent(desk.letter("identity").raw, CAST["bo"][1]).text
        await desk.take(mail(subject, "", sender=CAST["bo"][1], name="Bo Martin", proven=False))
        [away] = desk.rows(Absence)
        assert (away.person, away.substitute) == (CAST["bo"][1], CAST["ann"][1])


async def test_the_new_ar_of_a_reopened_file_prints_the_day_it_leaves(
    registers: Registers, guard: Guard, tmp_path: Path
) -> None:
    case = next(case for case in replies.CASES if case.id == "A34")
    async with at_work(case, registers, guard, tmp_path) as (desk, sink):
        desk.clock.now = at(23, 23, 59)
        await desk.take(posted(case, desk).raw)
        desk.clock.now = at(24, 0, 1)
        await desk.send()
        assert desk.file(NUMBER).due_on == date(2026, 12, 2)
        [told] = [sent(taken.raw, to) for taken in sink.taken for to in taken.to if to == CAST["carl"][1]]
        assert "mercredi 2 décembre 2026" in told.text
