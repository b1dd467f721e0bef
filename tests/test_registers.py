"""The register of a test's desk lies where the run says; what is left out on PostgreSQL is known, each with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import cast
import pytest
import registers

TESTS = Path(__file__).parent
ABOUT_THE_FILE = {
    "person/test_commands.py::test_an_older_copy_put_back_forgets_again",
    "person/test_pseudonymise.py::test_no_byte_is_left_no_figure_moved_and_nothing_comes_back",
    "promises/test_audit.py::test_a_file_that_is_no_database_any_more_is_a_fault_and_not_a_crash",
    "promises/test_audit.py::test_both_see_a_reference_that_leads_nowhere",
    "promises/test_backup.py::test_a_copy_is_one_closed_file_with_every_row_and_knows_that_it_is_one",
    "promises/test_backup.py::test_a_copy_taken_under_load_restores_to_a_desk_that_is_mute_and_then_finishes_its_work",
    "promises/test_backup.py::test_a_copy_whose_journal_does_not_verify_is_restored_only_on_demand",
    "promises/test_backup.py::test_a_damaged_register_makes_no_copy",
    "promises/test_backup.py::test_a_register_that_is_there_is_never_overwritten",
    "promises/test_backup.py::test_the_daemon_makes_one_a_day_and_alarms_when_it_can_not",
    "promises/test_backup.py::test_what_is_no_register_is_not_restored",
    "promises/test_outages.py::test_t04_whatever_of_the_log_reached_the_disk_the_register_is_whole",
    "promises/test_outages.py::test_t44_a_full_disk_stops_the_intake_and_loses_nothing_when_there_is_room_again",
    "promises/test_outages.py::test_t46_a_register_held_by_somebody_else_is_waited_for",
    "promises/test_status.py::test_a_register_that_does_not_open_is_75",
    "test_app.py::test_a_register_has_one_daemon",
    "test_cli.py::test_a_register_that_does_not_open_is_75_in_one_sentence",
    "test_cli.py::test_check_of_a_broken_register_still_prints_every_line",
    "test_direct.py",
    "test_config.py::test_a_small_file_is_enough",
    "test_doctor.py::test_a_check_leaves_no_register_open",
    "test_doctor.py::test_a_healthy_desk_is_green_but_for_what_is_still_to_come",
    "test_doctor.py::test_servers_that_are_down_and_a_register_that_is_none_are_said_one_by_one",
    "test_doctor_lines.py::test_a_register_that_every_account_may_read_is_red_unless_its_folder_is_closed",
    "test_manners.py::test_long_work_shows_how_far_it_is_on_a_terminal_only",
    "test_manners.py::test_what_is_done_quietly_says_nothing",
    "test_move.py::test_the_command_carries_a_desk_to_postgresql_where_it_goes_on_with_the_next_number",
    "test_move.py::test_the_command_tells_a_script_what_it_did",
    "test_move.py::test_a_desk_at_work_is_75_on_either_engine",
    "test_move.py::test_a_fault_that_was_there_before_keeps_the_old_desk_at_work_unless_asked_anyway",
    "test_move.py::test_an_address_that_is_none_is_wrong_use",
    "test_move.py::test_a_server_that_is_not_there_is_75_without_its_address",
    "test_move.py::test_a_process_killed_there_is_followed_by_one_that_ends_it",
    "test_rehearse.py",
    "test_several.py::test_a_register_that_does_not_open_is_tried_again_while_the_others_work",
    "test_several.py::test_a_register_that_does_not_open_is_told_and_keeps_no_other_desk_from_its_work",
    "test_size.py",
    "upgrade/test_upgrade.py::test_a_newer_register_is_refused_and_says_which_version_it_wants",
    "upgrade/test_upgrade.py::test_the_command_shows_the_schema_and_takes_the_register_back",
    "year/test_year.py",
}


def marked() -> Iterator[tuple[str, str]]:
    """(test or whole file, why) of each mark."""
    for path in sorted(TESTS.rglob("test_*.py")):
        name = path.relative_to(TESTS).as_posix()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from ((f"{name}::{node.name}", why) for mark in node.decorator_list for why in _why(mark))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
                yield from ((name, why) for part in ast.walk(node.value) for why in _why(part))


def _why(mark: ast.AST) -> list[str]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.sqlite":
        return [a.value for a in mark.args if isinstance(a, ast.Constant) and isinstance(a.value, str)] or [""]
    return []


def test_what_is_left_out_on_postgresql_is_what_is_about_the_file() -> None:
    found = list(marked())
    assert {name for name, _ in found} == ABOUT_THE_FILE
    assert [name for name, why in found if len(why) < 10] == []


@pytest.mark.parametrize("names_one", [False, True])
def test_a_desk_that_names_no_database_has_the_one_of_its_folder(tmp_path: Path, names_one: bool) -> None:
    named = {"database": {"url": "postgresql://ailleurs.example/x"}} if names_one else {}
    url = cast.config(data_dir=tmp_path, **named).database_url
    assert url == (named["database"]["url"] if named else registers.url(tmp_path))
    assert url.startswith(registers.ENGINE if not names_one else "postgresql")


def test_a_register_is_copied_changed_and_read_by_the_folder_of_its_desk(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        registers.furnish(folder)
    assert registers.change(one, "INSERT INTO meta (key, value) VALUES (:key, 'x')", key="here") == 1
    registers.furnish(one)  # what is there stays
    kept = registers.rows(one, "SELECT key FROM meta")
    assert ("here",) in kept
    assert ("here",) not in registers.rows(other, "SELECT key FROM meta")
    registers.copy(one, other)
    assert registers.rows(other, "SELECT key FROM meta") == kept
