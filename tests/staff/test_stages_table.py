"""The stages of a complaint against the table written by hand: each command, each event, each right, and that none is missing."""

from __future__ import annotations

import cast
import pytest

from mailbot import complaint, tags
from mailbot.config import Person
from mailbot.desk import Case
from mailbot.identity import Author, Proof
from mailbot.rules.commands import Order
from staff.stages import (
    COMMANDS,
    LEFT,
    MAY,
    REACHED,
    ROLES,
    STAGES,
    TABLE,
    WITHDRAWAL_AT_GRAVITY_4,
)

WRITTEN = {cell: after for cell, after in TABLE.items() if cell[1] in COMMANDS}
Answer = tuple[str, str]  # (the stage after, "") or ("", why it is refused)


# == commands: the table of the program is the table written by hand =======================================================


def meant(stage: str, label: str) -> Answer:
    """What `complaint.after` must say where the hand wrote that label."""
    if label.startswith("refused:"):
        return "", complaint.REFUSALS["!" + label.removeprefix("refused:")]
    return (stage if label in ("same", "before") else label), ""


def differences() -> set[tuple[str, str]]:
    """Cells in which program and hand disagree, or that only one of them knows."""
    told = {cell: complaint.after(*cell) for cell in {*complaint.TABLE, *WRITTEN}}
    return {cell for cell in told if cell not in WRITTEN or told[cell] != meant(cell[0], WRITTEN[cell])} | (
        WRITTEN.keys() ^ complaint.TABLE.keys()
    )


def test_r2_13_every_command_in_every_stage_does_what_the_hand_wrote_and_no_cell_is_missing_on_either_side() -> None:
    assert {cell: (complaint.after(*cell), WRITTEN.get(cell)) for cell in differences()} == {}
    assert len(WRITTEN) == len(STAGES) * len(COMMANDS)


@pytest.mark.parametrize("stage", STAGES)
def test_any_transition_taken_out_turns_the_comparison_red(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [cell for cell in complaint.TABLE if cell[0] == stage]
    assert len(cells) == len(COMMANDS)
    for cell in cells:
        with monkeypatch.context() as without:
            without.delitem(complaint.TABLE, cell)
            assert differences() == {cell}


def test_any_transition_turned_into_another_turns_the_comparison_red(monkeypatch: pytest.MonkeyPatch) -> None:
    for cell, now in tuple(complaint.TABLE.items()):
        other = "!window" if now in (complaint.SAME, cell[0], complaint.BEFORE) else complaint.SAME
        with monkeypatch.context() as changed:
            changed.setitem(complaint.TABLE, cell, other)
            assert differences() == {cell}, (cell, now, other)


# == reachability ==========================================================================================================


def arrows() -> set[tuple[str, str]]:
    """(stage, stage after) of every command and event that moves a file, essai's own ending apart."""
    by_command = {(stage, complaint.after(stage, command)[0] or stage) for stage, command in complaint.TABLE}
    return {
        a for a in by_command | {(s, to) for (s, _), to in complaint.EVENTS.items()} if a[0] != a[1] != "taken-over"
    }


def test_no_stage_is_out_of_reach() -> None:
    reached = {"received"}
    while more := {to for stage, to in arrows() if stage in reached} - reached:
        reached |= more
    assert set(STAGES) - reached == set()


def test_no_stage_is_a_dead_end() -> None:
    assert [stage for stage in STAGES if stage not in {a for a, _ in arrows()}] == []
    for stage in STAGES:
        seen = {stage}
        while more := {to for at, to in arrows() if at in seen} - seen:
            seen |= more
        assert "closed" in seen, stage


def test_stages_are_reached_and_left_by_what_the_hand_wrote_and_nothing_else() -> None:
    undone = {("closing", "treatment"), *((s, to) for (s, e), to in complaint.EVENTS.items() if e == "undone")}
    reached = {(stage, to) for to, ways in REACHED.items() for stage in ways if stage != "new"}
    assert arrows() - undone == reached - undone
    for stage, ways in LEFT.items():
        moving = {c for c in COMMANDS if complaint.after(stage, c)[0] not in ("", stage)}
        assert moving == set(ways.split()) & set(COMMANDS) - {"annuler"}, stage


# == who may ===============================================================================================================

PEOPLE = {
    "assignee": Person(name="Bo Martin", addresses=(cast.BO, "bo.perso@courriel.example")),
    "staff": Person(name="Zoé Roux", addresses=("zoe@ief.example",)),
    "quality": Person(name="Ann Leroy", addresses=(cast.ANN,), roles=("quality",)),
    "direction": Person(name="Line Direction", addresses=(cast.DIR,), roles=("direction",)),
    "admin": Person(name="Dan Petit", addresses=(cast.DAN,), roles=("admin",)),
}
OF_NO_FILE = ("réunion", "bulletin")
OF_THIS_TABLE = [cell for cell in MAY if cell[0] in tags.BY_NAME]


def may(command: str, person: Person, case: Case) -> bool:
    tag = tags.BY_NAME[command]
    given = tags.Command(references=(tags.Reference(number=case.number),), tags=(tag,), unknown=())
    author = Author(
        person=person, addr=person.addresses[-1], name="", own_domain=True, proof=Proof(status="pass", evidence="")
    )
    desk = cast.desk(named=(case,) if tag.on_file else ())
    return Order(
        command=given, message=cast.message(), reading=cast.said(), desk=desk, author=author, config=cast.config()
    ).may


def test_every_right_is_of_a_known_tag() -> None:
    assert {command for command, _ in MAY} - set(tags.BY_NAME) == set()
    assert set(tags.BY_NAME) - {command for command, _ in MAY} == {"confirmer"}


@pytest.mark.parametrize(("command", "role"), [c for c in OF_THIS_TABLE if c[1] != "named"])
def test_who_may_give_a_command_is_as_the_hand_wrote(command: str, role: str) -> None:
    assert may(command, PEOPLE[role], cast.case()) is MAY[command, role]


@pytest.mark.parametrize("command", [c for c, role in OF_THIS_TABLE if role == "named" and c not in OF_NO_FILE])
@pytest.mark.parametrize("role", ["staff", "quality", "direction"])
def test_whoever_is_named_in_the_complaint_may_only_tell_their_side(command: str, role: str) -> None:
    case = cast.case(staff_named=PEOPLE[role].addresses)
    assert may(command, PEOPLE[role], case) is MAY[command, "named"]


@pytest.mark.parametrize("command", [c for c, role in OF_THIS_TABLE if role == "assignee"])
def test_where_nobody_else_was_left_the_person_named_may_do_what_an_assignee_may(command: str) -> None:
    case = cast.case(staff_named=(cast.BO,), conflict=True)
    assert may(command, PEOPLE["assignee"], case) is MAY[command, "assignee"]


@pytest.mark.parametrize("command", [c for c, role in OF_THIS_TABLE if role == "staff" and tags.BY_NAME[c].on_file])
def test_one_person_with_several_roles_may_what_any_of_them_may(command: str) -> None:
    both = Person(name="Dan Petit", addresses=(cast.DAN,), roles=("admin", "staff"))
    assert may(command, both, cast.case()) is (MAY[command, "staff"] or MAY[command, "admin"])
    alone = Person(name="Dan Petit", addresses=(cast.DAN,), roles=("admin",))
    assert may(command, alone, cast.case(assignee=cast.DAN)) is (MAY[command, "assignee"] or MAY[command, "admin"])


@pytest.mark.parametrize(("role", "outcome"), WITHDRAWAL_AT_GRAVITY_4.items())
def test_a_withdrawal_at_gravity_4_is_given_by_nobody_who_could_not_give_one_at_all(role: str, outcome: str) -> None:
    assert (outcome == "refused") is not MAY["retrait", role]
    assert set(WITHDRAWAL_AT_GRAVITY_4) == set(ROLES)
