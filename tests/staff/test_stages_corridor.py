"""Events and circumstances through the whole corridor: mails, bounces and time move a file as the table written by hand says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import cast
import pytest
import pytest_asyncio

from mailbot import complaint
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store import post
from staff.stages import EVENTS, EXCEPTIONS, OPENS_A_LINKED_FILE, PROPOSES_REOPENING, TABLE, Exceptional
from staff.talk import ARGUED, FIRST, MORE, SCORES, SECOND, THANKS, Talk, talk

HAPPENING = {cell: after for cell, after in TABLE.items() if cell[1] in (*EVENTS, "annuler")}
ENDED = ("closed", "withdrawn", "duplicate", "out-of-scope", "no-answer")


# == events: through the whole corridor ====================================================================================


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


# Tag and body of the commands that lead from « acknowledged » to each stage; the last one's text is still waiting.
LEADS: dict[str, tuple[tuple[str, str], ...]] = {
    "received": (),
    "acknowledged": (),
    "assessed": (("évaluer", SCORES),),
    "treatment": (("réponse", "Nous cherchons.\n"),),
    "waiting": (("précisions", "Quel jour était-ce ?\n"),),
    "committed": (("butoir 30/11/2026", "Il nous reste un formateur à entendre.\n"),),
    "closing": (("résolu", ARGUED),),
    "closed": (("résolu", ARGUED),),
    "withdrawn": (("retrait", ""),),
    "duplicate": ((f"doublon {SECOND}", ""),),
    "out-of-scope": (("hors-périmètre", ""),),
    "no-answer": (("sans-suite", ""),),
}
BEFORE = "acknowledged"  # the stage in which the commands above were given


async def led(people: Talk, stage: str, *, acknowledged: bool = True) -> None:
    """Brings Carl's file into a stage by mails alone."""
    if acknowledged and stage != "received":
        await people.desk.send()
    for tag, body in LEADS[stage]:
        await people.staff(tag, body)
    if stage == "closed":
        await people.post(minutes=10)
    assert people.stage() == stage


async def opened(people: Talk, stage: str) -> None:
    if stage == "duplicate":  # the file that is kept came second
        await people.carl("Bonjour,\nla formation a été annulée.\nCarl\n")
    await people.carl("Bonjour,\nla formation a été annulée sans prévenir.\nCarl\n")


async def _undone(people: Talk, stage: str) -> None:
    await led(people, stage)
    await people.staff("annuler")


async def _undone_late(people: Talk, stage: str) -> None:
    """The text has left; in « closing » it is being handed over at this moment."""
    await led(people, stage)
    if stage == "closing":
        people.desk.clock.advance(minutes=10)
        people.desk.register.run(lambda tx: post.claim(tx, people.now))
    elif stage not in ("received", "acknowledged", "assessed"):
        await people.post(minutes=10)
    await people.staff("annuler")


async def _ack_accepted(people: Talk, stage: str) -> None:
    if stage == "closed":  # without a text of ours, so that the AR is still the first letter
        await people.staff("répondu", "Rappelé ce matin, tout est dit.\n")
    elif stage != "acknowledged":
        await led(people, stage, acknowledged=False)
    await people.desk.send()
    assert people.desk.file().ack_state == "accepted"


async def _window_ended(people: Talk, stage: str) -> None:
    await led(people, stage, acknowledged=stage != "received")
    if stage != "received":
        await people.post(minutes=10)


async def _written(people: Talk, stage: str) -> None:
    await led(people, stage)
    await people.carl(MORE, answers="ack")


async def _written_late(people: Talk, stage: str) -> None:
    await led(people, stage)
    people.desk.clock.advance(days=31)
    await people.carl(MORE, answers="ack")


async def _bounced(people: Talk, stage: str) -> None:
    """The reply of this cycle where one closed the file; else that of an earlier cycle."""
    await led(people, "closed")
    if stage != "closed":
        await people.staff("rouvrir")
        people.desk.clock.advance(minutes=1)
        await led(people, stage)
    await people.bounce(people.desk.letters("reply")[0])


async def _undecided(people: Talk, stage: str) -> None:
    await led(people, stage)
    if stage != "received":
        await people.post(minutes=10)
    before = people.stage()
    if stage in ENDED:
        await people.carl(MORE, answers="ack")
    await people.desk.tick(days=1, hours=6)  # 18:10 of the next working day
    assert stage == "closing" or before == stage


ACTS = {
    "annuler": _undone,
    "annuler-late": _undone_late,
    "ack-accepted": _ack_accepted,
    "window-ended": _window_ended,
    "mail-from-complainant": _written,
    "mail-from-complainant-late": _written_late,
    "reply-bounced": _bounced,
    "one-working-day-undecided": _undecided,
}
IMPOSSIBLE = {  # no mail can bring these two together
    ("received", "window-ended"),  # nothing was written yet
    ("closing", "one-working-day-undecided"),  # the window ends ten minutes after the reply was written
}


def expected(cell: tuple[str, str]) -> str:
    label = HAPPENING[cell]
    if label == "before":
        return BEFORE
    return cell[0] if label == "same" or label.startswith("refused:") else label


@pytest.mark.parametrize(("stage", "event"), [cell for cell in HAPPENING if cell not in IMPOSSIBLE])
@pytest.mark.asyncio(loop_scope="module")
async def test_what_happens_without_a_command_moves_a_file_as_the_hand_wrote(
    stage: str, event: str, guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await opened(people, stage)
        await ACTS[event](people, stage)
        assert people.stage() == expected((stage, event))
        if HAPPENING[stage, event].startswith("refused:"):
            why = complaint.REFUSALS["!" + HAPPENING[stage, event].removeprefix("refused:")]
            assert [letter.facts["why"] for letter in people.desk.letters("refusal")] == [why]
        proposed = {letter.to_addr for letter in people.desk.letters("reopen-proposal")}
        if event in ("mail-from-complainant", "mail-from-complainant-late"):
            assert proposed == ({cast.BO, cast.ANN} if (stage, event) in PROPOSES_REOPENING else set())
            files = 1 + (stage == "duplicate") + ((stage, event) in OPENS_A_LINKED_FILE)
            assert len(people.desk.files()) == files
            assert files == 1 or people.desk.files()[-1].linked_to == ("" if stage == "duplicate" else FIRST)


# == circumstances that answer otherwise ===================================================================================

COMMIT = "Il nous reste un formateur à entendre.\n"


async def _only(people: Talk, tag: str, body: str = "", **how: str) -> None:
    await people.staff(tag, body, **how)


async def _committed_and_asked(people: Talk) -> None:
    await people.staff("butoir 30/11/2026", COMMIT)
    await people.post(minutes=10)
    await people.staff("précisions", "Quel jour était-ce ?\n")
    assert people.stage() == "waiting"
    await people.carl(MORE, answers="ack")


async def _thanked(people: Talk) -> None:
    await people.carl(THANKS, answers="ack")
    assert people.desk.letters("reopen-proposal") == []


async def _gravity_4(people: Talk, who: str) -> None:
    await people.staff("évaluer", "G4 C2 R2 immédiat:non")
    await people.staff("retrait", who=who)
    asked = [letter.to_addr for letter in people.desk.letters("withdrawal-proposal")]
    assert asked == ([] if who == cast.DIR else [cast.DIR])


async def _late_commitment(people: Talk) -> None:
    people.desk.clock.advance(days=9)  # Wednesday 2 December; due on Tuesday
    await people.staff("butoir 04/12/2026", COMMIT)
    assert people.desk.file().committed_on == date(2026, 12, 4)


async def _committed_far(people: Talk) -> None:
    await people.staff("butoir 24/12/2026", COMMIT)


async def _of_another(people: Talk) -> None:
    await people.carl("Bonjour,\nfacture fausse.\n", sender=cast.OPALE, name="Opale")
    await people.staff(f"doublon {SECOND}")
    [refusal] = people.desk.letters("refusal")
    assert f"#lier {SECOND}" in refusal.facts["why"]


async def _chain(people: Talk) -> None:
    for n in (2, 3):
        await people.carl(f"Bonjour,\nencore une fois, courrier {n}.\nCarl\n")
    await people.staff("doublon REC-2026-0003", number=SECOND)
    await people.staff(f"doublon {SECOND}")
    [refusal] = people.desk.letters("refusal")
    assert "REC-2026-0003" in refusal.facts["why"]


CIRCUMSTANCES = {
    ("a commitment is in force", "waiting", "mail-from-complainant"): lambda p: _committed_and_asked(p),
    ("the mail says bare thanks", "closed", "mail-from-complainant"): lambda p: _thanked(p),
    ("the mail says bare thanks", "closing", "mail-from-complainant"): lambda p: _thanked(p),
    ("undo window set to 0", "treatment", "résolu"): lambda p: _only(p, "résolu", ARGUED),
    ("under 200 characters of own text", "treatment", "résolu"): lambda p: _only(p, "résolu", "C’est réglé.\n"),
    ("empty body", "treatment", "réponse"): lambda p: _only(p, "réponse"),
    ("gravité 4, given by the assignee", "assessed", "retrait"): lambda p: _gravity_4(p, cast.BO),
    ("gravité 4, given by the quality manager", "assessed", "retrait"): lambda p: _gravity_4(p, cast.ANN),
    ("gravité 4, given by direction", "assessed", "retrait"): lambda p: _gravity_4(p, cast.DIR),
    ("the date is past", "treatment", "butoir"): lambda p: _only(p, "butoir 20/11/2026", COMMIT),
    ("the date is today", "treatment", "butoir"): lambda p: _only(p, "butoir 23/11/2026", COMMIT),
    ("the date is a Sunday, a holiday or a closure", "treatment", "butoir"): lambda p: _only(
        p, "butoir 29/11/2026", COMMIT
    ),
    ("the date is 31 days ahead", "treatment", "butoir"): lambda p: _committed_far(p),
    ("the due date has passed", "treatment", "butoir"): lambda p: _late_commitment(p),
    ("the date of the answer is in the future", "treatment", "répondu"): lambda p: _only(
        p, "répondu 24/11/2026", ARGUED
    ),
    ("the kept file is another complainant's", "acknowledged", "doublon"): lambda p: _of_another(p),
    ("the kept file is the file itself", "acknowledged", "doublon"): lambda p: _only(p, f"doublon {FIRST}"),
    ("the kept file is itself a duplicate", "acknowledged", "doublon"): lambda p: _chain(p),
    ("no number after the tag", "acknowledged", "doublon"): lambda p: _only(p, "doublon"),
}


def test_every_circumstance_written_by_hand_is_tried() -> None:
    assert set(CIRCUMSTANCES) == {(e.given, e.stage, e.command) for e in EXCEPTIONS}


@pytest.mark.parametrize("case", EXCEPTIONS, ids=lambda e: f"{e.given} ({e.stage}, {e.command})")
@pytest.mark.asyncio(loop_scope="module")
async def test_a_circumstance_gives_another_answer_than_the_table(
    case: Exceptional, guard: Guard, tmp_path: Path
) -> None:
    settings = {"answers": {"undo_minutes": 0}} if "undo window" in case.given else {}
    async with talk(tmp_path, guard, **settings) as people:
        await opened(people, case.stage)
        await led(people, case.stage if case.stage != "waiting" else "acknowledged")
        await CIRCUMSTANCES[case.given, case.stage, case.command](people)
        await people.desk.send()
        refused = case.after.startswith("refused:")
        assert people.stage() == (case.stage if refused or case.after == "same" else case.after)
        assert len(people.desk.letters("refusal")) == refused
        if case.after == "refused:short":
            assert people.desk.letter("refusal").facts["outline"] is True


@pytest.mark.parametrize(
    ("argument", "reason", "promised"),
    [
        ("23/12/2026", COMMIT, date(2026, 12, 23)),  # the thirtieth day ahead
        ("24/12/2026", COMMIT, None),
        ("29/11/2026", COMMIT, None),  # a Sunday
        ("20/11/2026", COMMIT, None),  # past
        ("23/12/2026", "", None),  # the complainant would not be told why
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_r3_3_a_date_is_promised_with_a_letter_that_gives_the_reason_or_not_at_all(
    argument: str, reason: str, promised: date | None, guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl()
        await people.staff(f"butoir {argument}", reason)
        await people.post(minutes=10)
        told = [(letter.to_addr, letter.facts["reason"]) for letter in people.desk.letters("commitment")]
        assert people.desk.file().committed_on == promised
        assert told == ([(cast.CARL, COMMIT.strip())] if promised else [])


@pytest.mark.parametrize("tag", ["résolu", "partielle", "infondée"])
@pytest.mark.parametrize(("length", "closes"), [(199, False), (200, True)])
@pytest.mark.asyncio(loop_scope="module")
async def test_r3_5_a_reply_under_200_characters_closes_nothing_and_the_outline_comes_back(
    tag: str, length: int, closes: bool, guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl()
        await people.staff(tag, f"{'Nous avons relu la convocation. ' * 9}"[: length - 1] + ".\n")
        assert people.stage() == ("closing" if closes else "received")
        assert [letter.facts["outline"] for letter in people.desk.letters("refusal")] == ([] if closes else [True])
