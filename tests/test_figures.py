"""The figures of the quality meeting against a table worked out by hand (domain §6).

May 2026, closed on Saturdays, Sundays, 1, 8, 14 and 25 May. Six working days from Monday 4: Wednesday 13.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import cast
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.reports import gathered
from mailbot.reports.counted import Acted, Filed, Met, Period, Promise, Register, Share, middle, pareto
from mailbot.reports.figures import Figure, figures
from mailbot.store.measures import Told
from mailbot.store.tables import Complaint

MAY = Period(first=date(2026, 5, 1), last=date(2026, 5, 31))
CALENDAR = cast.config().workdays


def d(day: int, month: int = 5) -> date:
    return date(2026, month, day)


def at(day: int, month: int = 5) -> datetime:
    """Ten in the morning in Paris."""
    return datetime(2026, month, day, 8, tzinfo=UTC)


def filed(number: int, day: int, **more: Any) -> Filed:
    """A file received and acknowledged on that day of May, forty seconds later."""
    facts: dict[str, Any] = {
        "number": f"REC-2026-{number:04d}",
        "nature": "réclamation",
        "stage": "closed" if more.get("closed_on") else "acknowledged",
        "received_at": at(day),
        "received_on": d(day),
        "ack_at": at(day) + timedelta(seconds=40),
        "ack_on": d(day),
        "kind": "stagiaire",
        "assignee": "Bo Martin",
        "wish_state": "exprimée",
        "told_on": (d(day),),
    }
    return Filed(**(facts | more))


FILES = (
    # answered on the fifth working day after the AR; news in between on the third
    filed(1, 4, due_on=d(13), answered_on=d(12), closed_on=d(12), assessed_on=d(5), immediate="non", category="Formateur",
          priority="P3", outcome="fondée", remedy="totale", remedy_cents=15000, character="exceptionnel", marks=(5, 4, 4),
          surveyed=True, told_on=(d(4), d(7), d(12)), training="Excel", session="E1", who="a@x.example", chased=1),
    # promised a date on the last day, and kept it
    filed(2, 4, due_on=d(13), promises=(Promise(told_on=d(13), on=d(20)),), answered_on=d(20), closed_on=d(20),
          assessed_on=d(4), immediate="oui", category="Formateur", priority="P2", outcome="partielle", remedy="partielle",
          character="durable", marks=(2, 3, 1), surveyed=True, told_on=(d(4), d(13), d(20)), training="Excel", session="E1",
          who="b@x.example", analysis_why="P2", analysed=True, causes=("Méthode",)),
    # promised twice; the second time after the first promise had passed: late
    filed(3, 5, due_on=d(15), promises=(Promise(told_on=d(12), on=d(18)), Promise(told_on=d(19), on=d(22))),
          answered_on=d(21), closed_on=d(21), assessed_on=d(11), immediate="non", category="Administratif, attestations", priority="P1",
          outcome="non fondée", told_on=(d(5), d(12), d(19), d(21)), training="Anglais", session="A1", who="a@x.example",
          analysis_why="P1", surveyed=True),
    # answered in time, assessed never; its AR took two hours; reopened once
    filed(4, 6, due_on=d(18), answered_on=d(7), closed_on=d(7), ack_at=at(6) + timedelta(hours=2), kind="financeur",
          category="Facturation, financement", told_on=(d(6), d(7)), who="opco.example", reopened=1,
          remedy="aucune", wish_state="non exprimée"),
    # open and late; no address: a documented exception, entered by staff
    filed(5, 4, due_on=d(13), kind="autre", ack_at=None, ack_on=None, ack_excused="pas d’adresse", told_on=(),
          assignee="Ann Leroy"),
    # open, within its delay
    filed(6, 28, due_on=d(5, 6), category="Autre", who="c@x.example"),
    # the AR came back: its due date stands, no AR counts
    filed(7, 27, due_on=d(4, 6), ack_lost=True, category="Formateur", assessed_on=d(27), immediate="non", who="d@x.example"),
    # other natures are apart, whatever else they are
    filed(8, 11, nature="doublon", stage="duplicate", closed_on=d(11), who="a@x.example"),
    filed(9, 11, nature="information", stage="out-of-scope", closed_on=d(12)),
    # received before, closed without an answer from the complainant: no reply to count
    filed(10, 4, received_at=at(20, 4), received_on=d(20, 4), ack_on=d(20, 4), ack_at=at(20, 4), stage="no-answer",
          closed_on=d(7), who="a@x.example"),
    # another month
    filed(11, 1, received_at=at(2, 6), received_on=d(2, 6), ack_on=d(2, 6), ack_at=at(2, 6)),
)  # fmt: skip
ACTIONS = (
    Acted(name="A-1", what="Fiche de relève des formateurs", owner="Ann Leroy", due_on=d(6), state="effective",
          decided_on=d(1, 4), done_on=d(11), checked_on=d(29), category="Formateur", training=""),
    Acted(name="A-2", what="Contrôle des convocations", owner="Bo Martin", due_on=d(20), state="open", decided_on=d(11)),
    Acted(name="A-3", what="Modèle d’attestation", owner="Bo Martin", due_on=d(20, 6), state="open", decided_on=d(11)),
)  # fmt: skip
MEETINGS = (Met(held_on=d(18), bulletin_on=d(20), bulletin_to=6), Met(held_on=d(10, 4)))
REGISTER = Register(
    files=FILES,
    calendar=CALENDAR,
    actions=ACTIONS,
    meetings=MEETINGS,
    trainees=730,
    unreadable=(d(7), d(7, 4)),
    released=(d(8), d(9)),
)
THIN = "\u202f"

# rank → (text, whether the target is met; None: none, or too few cases)
EXPECTED: dict[int, tuple[str, bool | None]] = {
    1: ("7 ; à part : 1 doublon, 1 information", None),
    2: ("11,3 (pour 62 stagiaires)", None),
    3: ("médiane 40 s, P95 2 h 00, maximum 2 h 00 (n = 6)", True),
    4: (f"83{THIN}% (5 sur 6)", False),
    5: (f"83{THIN}% (5 sur 6) ; non remis : REC-2026-0007", False),
    6: ("3 sur 4 en 1 jo au plus ; médiane 0,5 jo, maximum 3 jo (n = 4)", None),
    7: (f"40{THIN}% (2 sur 5)", False),
    8: (f"60{THIN}% (3 sur 5)", False),
    9: ("1 sur 2 tenus ; recours : 2 sur 4 ; plusieurs butoirs : 1", False),
    10: ("médiane 7,5 jo, maximum 10 jo (n = 4) ; en jours de calendrier : médiane 12 j, maximum 16 j (n = 4)", False),
    11: ("3 ; le plus ancien : REC-2026-0005 (16 jo)", False),
    12: (f"67{THIN}% (4 sur 6) à 3 jo au plus ; médiane 2,5 jo, maximum 6 jo (n = 6)", False),
    13: ("3 sur 4", False),
    14: ("4 sur 4 décidées, dont 1 oui ; faites à temps : non mesuré", True),
    15: ("2 sur 3", None),
    16: ("non dite : 1, partielle : 1, totale : 1 (n = 3) ; gestes : 150 €", None),
    17: ("Formateur ; Administratif, attestations ; Autre ; Facturation, financement : 80 % des motifs", None),
    18: (f"1 ; leurs réclamations : 38{THIN}% (3 sur 8)", None),
    19: ("Excel : 2, Anglais : 1 ; sessions avec 2 R ou plus : 1", False),
    20: ("non mesuré (le registre ne classe personne)", None),
    21: ("1 sur 2 durables", None),
    22: ("1 : REC-2026-0007", False),
    23: ("ouvertes : 2, dont en retard : 1, faites dans la période : 1, vérifiées : 1 ; efficaces : 1 sur 1 ; délai : 40 j (n = 1)", None),
    24: ("1 sur 2", False),
    25: (
        "1 sur 2 à 4 ou plus en moyenne ; réponses : 2 sur 3 ; moyennes : prise en compte 3,5, action 3,5, suite de la relation 2,5",
        None,
    ),
    26: ("1 sur 4", None),
    27: ("non mesuré (à dire en réunion)", None),
    28: ("1 sur 1 ; délai : 2 jo (n = 1)", True),
    29: ("3 ouverts, 2 responsables ; rappels : 1", None),
    30: (
        f"illisibles : 1 ; indésirables à tort : 2 ; AR tardifs : 1 ; « Autre » : 17{THIN}% (1 sur 6) ; "
        "disponibilité : non mesuré",
        False,
    ),
}  # fmt: skip
FOUND = {f.rank: f for f in figures(REGISTER, MAY)}


@pytest.mark.parametrize("rank", EXPECTED)
def test_each_figure_is_what_was_worked_out_by_hand(rank: int) -> None:
    assert (FOUND[rank].text, FOUND[rank].met) == EXPECTED[rank], FOUND[rank].name


def test_every_figure_of_the_list_is_there_once_with_its_formula() -> None:
    assert list(FOUND) == list(range(1, 31))
    assert all(f.formula and f.name for f in FOUND.values())


def test_one_file_of_one_colleague_is_told_as_one() -> None:
    one = figures(Register(files=(filed(1, 4),), calendar=CALENDAR), MAY)
    assert _text(one, 29) == "1 ouvert, 1 responsable ; rappels : 0"


def test_where_nothing_happened_no_target_is_missed() -> None:
    empty = figures(Register(files=(), calendar=CALENDAR), MAY)
    assert [f.rank for f in empty if f.met is False] == []


def test_volumes_are_told_by_month() -> None:
    quarter = Period(first=d(1, 4), last=d(30, 6))
    assert figures(REGISTER, quarter)[0].rows == (("04/2026", 1), ("05/2026", 7), ("06/2026", 1))


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "aucun cas"),
        (2, 3, "2 sur 3"),
        (4, 4, "4 sur 4"),
        (4, 5, f"80{THIN}% (4 sur 5)"),
        (10, 12, f"83{THIN}% (10 sur 12)"),
    ],
)
def test_small_numbers_are_counts_and_larger_ones_keep_theirs(part: int, whole: int, text: str) -> None:
    assert str(Share(part=part, whole=whole)) == text


def test_one_or_two_values_are_told_as_they_are() -> None:
    assert middle([3], "jo") == "3 jo (n = 1)"
    assert middle([5, 2], "jo") == "2 et 5 jo (n = 2)"


@given(st.lists(st.sampled_from(["FOR", "ADM", "FAC", "CER"])))
def test_a_pareto_counts_everything_once_and_falls(names: list[str]) -> None:
    rows = pareto(names)
    assert sum(n for _, n, _ in rows) == len(names)
    assert [n for _, n, _ in rows] == sorted((n for _, n, _ in rows), reverse=True)
    assert not rows or rows[-1][2] == len(names)


def _text(found: tuple[Figure, ...], rank: int) -> str:
    return next(f.text for f in found if f.rank == rank)


def test_a_promise_counts_only_while_the_one_before_it_stands() -> None:
    """R3.4: a promise made after the date had passed saves nothing."""
    late = filed(1, 4, due_on=d(13), promises=(Promise(told_on=d(15), on=d(29)),), answered_on=d(20), closed_on=d(20))
    found = figures(Register(files=(late,), calendar=CALENDAR), MAY)
    assert (_text(found, 7), _text(found, 8)) == ("0 sur 1", "0 sur 1")


def test_a_year_before_the_end_of_february_is_a_day_that_exists() -> None:
    leap = Period(first=date(2028, 2, 1), last=date(2028, 2, 29)).a_year_before()
    assert leap == Period(first=date(2027, 2, 1), last=date(2027, 2, 28))


def test_the_delay_of_a_reopened_files_ar_is_that_of_its_first_one() -> None:
    """The AR of the second cycle answers another mail: it is neither late nor measured from the reception."""
    row = Complaint(
        number="REC-2026-0001", series="real", year=2026, rank=1, received_at=at(4), opened_at=at(4), complainant_addr=cast.CARL,
        assignee=cast.BO, cycle=2, ack_at=at(22), cycle_started_at=at(21), due_on=d(2, 6),
    )  # fmt: skip
    told = [
        Told(kind=kind, at=day + timedelta(seconds=40), facts={})
        for kind, day in (("ack", at(4)), ("reply", at(12)), ("reopened", at(22)))
    ]
    made = gathered.filed(row, told, {}, cast.config())
    assert (made.ack_at, made.ack_on, made.reopened) == (at(4) + timedelta(seconds=40), d(22), 1)
    found = {f.rank: f.text for f in figures(Register(files=(made,), calendar=CALENDAR), MAY)}
    assert found[3] == "médiane 40 s, P95 40 s, maximum 40 s (n = 1)"
    assert found[4] == "1 sur 1"
    assert "AR tardifs : 0" in found[30]


# --- for a script ------------------------------------------------------------------------------------------------


def test_the_command_tells_every_figure_to_a_script() -> None:
    told = gathered.as_json(figures(REGISTER, MAY), MAY)
    assert (told["from"], told["to"], len(told["figures"])) == ("2026-05-01", "2026-05-31", 30)
    assert told["figures"][6] | {"formula": ""} == {
        "rank": 7,
        "name": "Réponse dans les 6 jours ouvrés",
        "formula": "",
        "text": f"40{THIN}% (2 sur 5)",
        "target": "≥ 90 %",
        "part": 2,
        "whole": 5,
        "met": False,
        "rows": [],
    }
