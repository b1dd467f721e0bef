"""workdays: the due date is a date that anyone can count again on a wall calendar (spec §4)."""

from __future__ import annotations

import os
import time as clock
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot import workdays
from mailbot.workdays import Calendar, Closure

DAY = timedelta(days=1)
PARIS = Calendar()
OVERSEAS = {"971": "America/Guadeloupe", "972": "America/Martinique", "974": "Indian/Reunion"}


def closed(*spans: str) -> dict[str, Any]:
    """closed("2025-05-02", "2025-08-11/2025-08-22") → the setting, for one day or a range."""
    ends = [(span.split("/")[0], span.split("/")[-1]) for span in spans]
    return {"closures": tuple(Closure(date.fromisoformat(a), date.fromisoformat(b), "fermeture") for a, b in ends)}


def worked(day: str) -> dict[str, Any]:
    return {"worked_holidays": frozenset({date.fromisoformat(day)})}


# acknowledgement accepted at, territory, settings, days of the week skipped, days counted, due date
EXAMPLES: list[tuple[str, str, dict[str, Any], str, str, str]] = [
    # 1. semaine ordinaire
    ("2025-01-06T09:12+01:00", "FR", {}, "", "mar07 mer08 jeu09 ven10 lun13 mar14", "2025-01-14"),
    # 2. vendredi soir : même échéance qu'un samedi ou un dimanche
    ("2025-01-10T17:45+01:00", "FR", {}, "", "lun13 mar14 mer15 jeu16 ven17 lun20", "2025-01-20"),
    # 3. dimanche 23:30
    ("2025-01-12T23:30+01:00", "FR", {}, "", "lun13 mar14 mer15 jeu16 ven17 lun20", "2025-01-20"),
    # 4. dimanche du passage à l'heure d'été (02:00→03:00)
    ("2025-03-30T03:05+02:00", "FR", {}, "", "lun31 mar01 mer02 jeu03 ven04 lun07", "2025-04-07"),
    # 5. lundi de Pâques (21/04)
    ("2025-04-15T10:00+02:00", "FR", {}, "21/04", "mer16 jeu17 ven18 mar22 mer23 jeu24", "2025-04-24"),
    # 6. Moselle : Vendredi saint (18/04) + lundi de Pâques
    ("2025-04-15T10:00+02:00", "57", {}, "18/04 21/04", "mer16 jeu17 mar22 mer23 jeu24 ven25", "2025-04-25"),
    # 7. 23:59 : le jour de l'AR ne compte pas ; 1er et 8 mai
    ("2025-04-30T23:59+02:00", "FR", {}, "01/05 08/05", "ven02 lun05 mar06 mer07 ven09 lun12", "2025-05-12"),
    # 8. idem, ponts des 2 et 9 mai fermés
    ("2025-04-30T23:59+02:00", "FR", closed("2025-05-02", "2025-05-09"),
     "01/05 02/05 08/05 09/05", "lun05 mar06 mer07 lun12 mar13 mer14", "2025-05-14"),
    # 9. lundi de Pentecôte férié (09/06)
    ("2025-06-05T14:20+02:00", "FR", {}, "09/06", "ven06 mar10 mer11 jeu12 ven13 lun16", "2025-06-16"),
    # 10. idem, Pentecôte travaillée (journée de solidarité)
    ("2025-06-05T14:20+02:00", "FR", worked("2025-06-09"), "", "ven06 lun09 mar10 mer11 jeu12 ven13", "2025-06-13"),
    # 11. 14 juillet
    ("2025-07-11T16:00+02:00", "FR", {}, "14/07", "mar15 mer16 jeu17 ven18 lun21 mar22", "2025-07-22"),
    # 12. 15 août, OF ouvert
    ("2025-08-08T11:00+02:00", "FR", {}, "15/08", "lun11 mar12 mer13 jeu14 lun18 mar19", "2025-08-19"),
    # 13. idem, fermeture annuelle 11-22 août
    ("2025-08-08T11:00+02:00", "FR", closed("2025-08-11/2025-08-22"),
     "11/08 12/08 13/08 14/08 15/08 18/08 19/08 20/08 21/08 22/08",
     "lun25 mar26 mer27 jeu28 ven29 lun01", "2025-09-01"),
    # 14. heure ambiguë du retour à l'heure d'hiver (2e 02:30) ; 01/11 est un samedi
    ("2025-10-26T02:30+01:00", "FR", {}, "", "lun27 mar28 mer29 jeu30 ven31 lun03", "2025-11-03"),
    # 15. 11 novembre (mardi)
    ("2025-11-07T09:00+01:00", "FR", {}, "11/11", "lun10 mer12 jeu13 ven14 lun17 mar18", "2025-11-18"),
    # 16. Noël
    ("2025-12-22T09:30+01:00", "FR", {}, "25/12", "mar23 mer24 ven26 lun29 mar30 mer31", "2025-12-31"),
    # 17. Moselle : Saint-Étienne (26/12) puis 1er janvier
    ("2025-12-22T09:30+01:00", "57", {}, "25/12 26/12 01/01", "mar23 mer24 lun29 mar30 mer31 ven02", "2026-01-02"),
    # 18. fermeture 26/12-02/01
    ("2025-12-24T16:00+01:00", "FR", closed("2025-12-26/2026-01-02"),
     "25/12 26/12 29/12 30/12 31/12 01/01 02/01", "lun05 mar06 mer07 jeu08 ven09 lun12", "2026-01-12"),
    # 19. AR à 23:10 UTC le 31/12 : la date de Paris est le 01/01/2026
    ("2026-01-01T00:10+01:00", "FR", {}, "", "ven02 lun05 mar06 mer07 jeu08 ven09", "2026-01-09"),
    # 20. lundi de Pâques (06/04)
    ("2026-04-01T15:00+02:00", "FR", {}, "06/04", "jeu02 ven03 mar07 mer08 jeu09 ven10", "2026-04-10"),
    # 21. Alsace : Vendredi saint (03/04) + lundi de Pâques
    ("2026-04-01T15:00+02:00", "6AE", {}, "03/04 06/04", "jeu02 mar07 mer08 jeu09 ven10 lun13", "2026-04-13"),
    # 22. 1er et 8 mai (vendredis)
    ("2026-04-29T10:15+02:00", "FR", {}, "01/05 08/05", "jeu30 lun04 mar05 mer06 jeu07 lun11", "2026-05-11"),
    # 23. 8 mai + Ascension (14/05)
    ("2026-05-07T18:05+02:00", "FR", {}, "08/05 14/05", "lun11 mar12 mer13 ven15 lun18 mar19", "2026-05-19"),
    # 24. idem, pont du 15 mai fermé
    ("2026-05-07T18:05+02:00", "FR", closed("2026-05-15"),
     "08/05 14/05 15/05", "lun11 mar12 mer13 lun18 mar19 mer20", "2026-05-20"),
    # 25. Ascension
    ("2026-05-13T09:00+02:00", "FR", {}, "14/05", "ven15 lun18 mar19 mer20 jeu21 ven22", "2026-05-22"),
    # 26. Martinique : 22 mai + lundi de Pentecôte
    ("2026-05-13T09:00+02:00", "972", {}, "14/05 22/05 25/05", "ven15 lun18 mar19 mer20 jeu21 mar26", "2026-05-26"),
    # 27. dimanche 23:30, lundi de Pentecôte (25/05)
    ("2026-05-17T23:30+02:00", "FR", {}, "25/05", "lun18 mar19 mer20 jeu21 ven22 mar26", "2026-05-26"),
    # 28. Guadeloupe : Pentecôte + 27 mai
    ("2026-05-20T08:00+02:00", "971", {}, "25/05 27/05", "jeu21 ven22 mar26 jeu28 ven29 lun01", "2026-06-01"),
    # 29. AR à 22:30 UTC le 10/06 : en UTC on trouverait le 18/06
    ("2026-06-11T00:30+02:00", "FR", {}, "", "ven12 lun15 mar16 mer17 jeu18 ven19", "2026-06-19"),
    # 30. 11 novembre (mercredi)
    ("2026-11-10T12:00+01:00", "FR", {}, "11/11", "jeu12 ven13 lun16 mar17 mer18 jeu19", "2026-11-19"),
    # 31. Noël un vendredi
    ("2026-12-21T10:00+01:00", "FR", {}, "25/12", "mar22 mer23 jeu24 lun28 mar29 mer30", "2026-12-30"),
    # 32. Moselle : le 26/12 tombe un samedi, sans effet
    ("2026-12-21T10:00+01:00", "57", {}, "25/12", "mar22 mer23 jeu24 lun28 mar29 mer30", "2026-12-30"),
    # 33. lundi de Pâques (29/03)
    ("2027-03-24T10:00+01:00", "FR", {}, "29/03", "jeu25 ven26 mar30 mer31 jeu01 ven02", "2027-04-02"),
    # 34. Alsace : Vendredi saint (26/03)
    ("2027-03-24T10:00+01:00", "6AE", {}, "26/03 29/03", "jeu25 mar30 mer31 jeu01 ven02 lun05", "2027-04-05"),
    # 35. Ascension (06/05) ; 1er et 8 mai un samedi
    ("2027-05-05T10:00+02:00", "FR", {}, "06/05", "ven07 lun10 mar11 mer12 jeu13 ven14", "2027-05-14"),
    # 36. Toussaint (lundi 01/11)
    ("2027-10-29T17:00+02:00", "FR", {}, "01/11", "mar02 mer03 jeu04 ven05 lun08 mar09", "2027-11-09"),
    # 37. Noël un samedi
    ("2027-12-17T09:00+01:00", "FR", {}, "", "lun20 mar21 mer22 jeu23 ven24 lun27", "2027-12-27"),
    # 38. La Réunion : 20 décembre
    ("2027-12-17T09:00+01:00", "974", {}, "20/12", "mar21 mer22 jeu23 ven24 lun27 mar28", "2027-12-28"),
]  # fmt: skip


@pytest.mark.parametrize(("ack", "territory", "settings", "skipped", "counted", "expected"), EXAMPLES)
def test_r1_9_the_worked_examples(
    ack: str, territory: str, settings: dict[str, Any], skipped: str, counted: str, expected: str
) -> None:
    for zone in {"Europe/Paris", OVERSEAS.get(territory, "Europe/Paris")}:
        found = workdays.due(datetime.fromisoformat(ack), Calendar(timezone=zone, territory=territory, **settings))
        assert found.on == date.fromisoformat(expected)
        assert [f"{day:%d}" for day in found.counted] == [word[-2:] for word in counted.split()]
        assert " ".join(f"{day:%d/%m}" for day, _ in found.skipped) == skipped
        assert found.instant.astimezone(ZoneInfo(zone)).isoformat()[:19] == f"{expected}T23:59:59"


def easter(year: int) -> date:
    """Gregorian computus, Meeus/Jones/Butcher form: written here again so that the test trusts no library."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 19 * m) // 433
    month, _ = divmod(h + m - 7 * n + 90, 25)
    return date(year, month, (h + m - 7 * n + 33 * month + 19) % 32)


def national_holidays(year: int) -> set[date]:
    fixed = {date(year, m, d) for m, d in [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]}
    return fixed | {easter(year) + DAY * n for n in (1, 39, 50)}


def test_every_start_of_three_years_against_an_independent_count() -> None:
    off = set().union(*(national_holidays(year) for year in range(2025, 2029)))
    lengths: Counter[int] = Counter()
    for n in range(1095):
        start = day = date(2025, 1, 1) + DAY * n
        left = 6
        while left:
            day += DAY
            left -= day.weekday() < 5 and day not in off
        assert workdays.due(start, PARIS).on == day
        lengths[(day - start).days] += 1
    assert lengths == {8: 638, 9: 232, 10: 160, 11: 57, 12: 8}


def test_easter_and_its_days_until_2050() -> None:
    for year in range(2024, 2051):
        open_holidays = [day for day in national_holidays(year) if workdays.is_open(day, PARIS)]
        assert open_holidays == []


# territory, day, is it a holiday there?
LOCAL_DAYS = [
    ("alsace", "2026-04-03", True), ("moselle", "2025-12-26", True), ("metropole", "2026-04-03", False),
    ("guadeloupe", "2026-05-27", True), ("guadeloupe", "2026-04-03", False), ("guadeloupe", "2026-03-12", False),
    ("guadeloupe", "2026-07-21", False), ("martinique", "2026-05-22", True), ("martinique", "2026-07-21", False),
    ("guyane", "2026-06-10", True), ("reunion", "2027-12-20", True), ("mayotte", "2026-04-27", True),
    ("saint-barthelemy", "2026-10-09", True), ("saint-martin", "2026-05-28", True),
    ("saint-martin", "2026-05-27", False), ("saint-martin", "2026-07-21", False), ("polynesie", "2026-04-03", True),
    ("nouvelle-caledonie", "2026-09-24", True), ("polynesie", "2026-11-20", True),
    ("wallis-et-futuna", "2026-04-28", True),
    ("saint-pierre-et-miquelon", "2026-07-14", True), ("saint-pierre-et-miquelon", "2026-05-27", False),
]  # fmt: skip


@pytest.mark.parametrize(("territory", "day", "holiday"), LOCAL_DAYS)
def test_holidays_of_a_territory_are_those_of_its_law_not_of_custom(territory: str, day: str, holiday: bool) -> None:
    assert workdays.is_open(date.fromisoformat(day), Calendar(territory=territory)) is not holiday


def test_good_friday_of_alsace_moselle_is_a_setting_and_changes_nothing_elsewhere() -> None:
    good_friday = date(2026, 4, 3)
    for territory in ("57", "6AE"):
        assert workdays.is_open(good_friday, Calendar(territory=territory, good_friday=False))
        assert not workdays.is_open(good_friday, Calendar(territory=territory))
    assert not workdays.is_open(good_friday, Calendar(territory="polynesie", good_friday=False))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("metropole", "metropole"), ("Métropole", "metropole"), ("57", "moselle"), ("67", "alsace"), ("68", "alsace"),
        ("6ae", "alsace"), ("971", "guadeloupe"), ("976", "mayotte"), ("La Réunion", "reunion"),
        ("Saint-Barthélemy", "saint-barthelemy"), ("wallis et futuna", "wallis-et-futuna"),
    ],
)  # fmt: skip
def test_a_territory_is_known_by_name_or_department(name: str, key: str) -> None:
    assert workdays.resolve_territory(name) == key


def test_an_unknown_territory_is_refused_with_the_list_of_names() -> None:
    with pytest.raises(ValueError, match=r"« bretagne ».*metropole, alsace, moselle"):
        workdays.resolve_territory("bretagne")


def test_the_last_microsecond_of_a_day_still_belongs_to_it() -> None:
    last = datetime(2026, 9, 9, 23, 59, 59, 999999, ZoneInfo("Europe/Paris"))
    assert workdays.due(last, PARIS).on == date(2026, 9, 17)
    assert workdays.due(last + timedelta(microseconds=1), PARIS).on == date(2026, 9, 18)


def test_both_half_past_two_of_the_autumn_night_are_the_same_day() -> None:
    night = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Paris"))
    assert workdays.due(night, PARIS) == workdays.due(night.replace(fold=1), PARIS)
    assert workdays.due(night, PARIS).on == date(2025, 11, 3)


def test_a_leap_day_counts() -> None:
    assert workdays.due(date(2028, 2, 25), PARIS).counted[1] == date(2028, 2, 29)
    assert workdays.due(date(2028, 2, 29), PARIS).on == date(2028, 3, 8)


def test_a_moment_without_zone_is_refused() -> None:
    naive = datetime(2026, 5, 1, 10)  # noqa: DTZ001
    for ask in (workdays.due, workdays.local_date):
        with pytest.raises(ValueError, match="fuseau"):
            ask(naive, PARIS)


def test_endless_closures_are_refused_not_walked() -> None:
    for_ever = replace(PARIS, **closed("2026-01-01/2030-01-01"))
    for ask in (workdays.due, workdays.next_open, lambda d, c: workdays.add(d, -1, c)):
        with pytest.raises(ValueError, match="400 jours"):
            ask(date(2028, 1, 1), for_ever)
    with pytest.raises(ValueError, match="working_days"):
        workdays.due(date(2026, 1, 1), replace(PARIS, working_days=frozenset()))


def test_a_period_of_no_day_is_refused() -> None:
    with pytest.raises(ValueError, match="au moins un"):
        workdays.due(date(2026, 1, 1), PARIS, days=0)


def test_a_closure_wins_over_a_worked_holiday_and_a_holiday_gives_its_own_name() -> None:
    settings = replace(PARIS, **worked("2025-06-09"), **closed("2025-06-09"))
    assert workdays.due(date(2025, 6, 5), settings).skipped == ((date(2025, 6, 9), "fermeture"),)
    august = replace(PARIS, **closed("2025-08-14/2025-08-18"))
    names = dict(workdays.due(date(2025, 8, 13), august).skipped)
    assert names[date(2025, 8, 15)] == "Assomption"
    assert names[date(2025, 8, 14)] == "fermeture"


def test_a_saturday_week_and_a_holiday_of_ones_own() -> None:
    settings = replace(PARIS, working_days=frozenset(range(6)), extra_holidays=frozenset({date(2026, 9, 14)}))
    found = workdays.due(date(2026, 9, 10), settings)
    assert found.on == date(2026, 9, 18)
    assert found.skipped == ((date(2026, 9, 14), "jour non travaillé"),)


def test_the_closures_told_are_those_of_the_period() -> None:
    settings = replace(PARIS, **closed("2026-03-02", "2026-09-14", "2026-09-19", "2026-12-28/2026-12-31"))
    found = workdays.due(date(2026, 9, 9), settings)
    assert found.on == date(2026, 9, 18)
    assert [c.first for c in found.closures] == [date(2026, 9, 14)]
    assert found.calendar_days == 9


def test_the_explanation_names_each_day_that_did_not_count() -> None:
    told = workdays.explain(workdays.due(date(2026, 4, 29), replace(PARIS, **closed("2026-05-04"))))
    assert told == (
        "6 jours ouvrés après le mercredi 29 avril 2026 : mardi 12 mai 2026 ; fériés ignorés : vendredi 1er mai 2026 "
        "(Fête du Travail), vendredi 8 mai 2026 (Fête de la Victoire) ; fermé le lundi 4 mai 2026 (fermeture)."
    )
    assert workdays.explain(workdays.due(date(2026, 9, 10), PARIS, 1)) == (
        "1 jour ouvré après le jeudi 10 septembre 2026 : vendredi 11 septembre 2026."
    )


def test_holidays_to_come_leave_out_those_that_are_worked() -> None:
    settings = replace(PARIS, **worked("2026-05-25"), extra_holidays=frozenset({date(2026, 5, 15)}))
    assert workdays.upcoming_holidays(date(2026, 5, 1), 1, settings) == (
        (date(2026, 5, 1), "Fête du Travail"),
        (date(2026, 5, 8), "Fête de la Victoire"),
        (date(2026, 5, 14), "Ascension"),
        (date(2026, 5, 15), "jour non travaillé"),
    )
    assert workdays.upcoming_holidays(date(2026, 8, 31), 6, PARIS)[-1] == (date(2027, 1, 1), "Jour de l'an")


def test_steps_forward_and_back() -> None:
    assert workdays.add(date(2026, 5, 13), 0, PARIS) == date(2026, 5, 13)
    assert workdays.add(date(2026, 5, 13), 1, PARIS) == date(2026, 5, 15)
    assert workdays.add(date(2026, 5, 18), -2, PARIS) == date(2026, 5, 13)
    assert workdays.next_open(date(2026, 5, 13), PARIS) == date(2026, 5, 15)
    assert workdays.count(date(2026, 5, 13), date(2026, 5, 26), PARIS) == 7
    assert workdays.count(date(2026, 5, 26), date(2026, 5, 13), PARIS) == 0


EIGHT, HALF_PAST_SIX = time(8), time(18, 30)


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-05-13T09:00+02:00", "2026-05-13T09:00+02:00"),  # within: at once
        ("2026-05-13T08:00+02:00", "2026-05-13T08:00+02:00"),
        ("2026-05-13T07:59+02:00", "2026-05-13T08:00+02:00"),
        ("2026-05-13T18:30+02:00", "2026-05-15T08:00+02:00"),  # evening before Ascension
        ("2026-05-16T12:00+02:00", "2026-05-18T08:00+02:00"),  # Saturday
        ("2026-03-28T12:00+01:00", "2026-03-30T08:00+02:00"),  # the clocks change in between
    ],
)
def test_what_the_clock_starts_leaves_in_sending_hours(moment: str, opening: str) -> None:
    found = workdays.next_opening(datetime.fromisoformat(moment), EIGHT, HALF_PAST_SIX, PARIS)
    assert found == datetime.fromisoformat(opening)
    assert found.utcoffset() == timedelta(0)
    assert workdays.in_hours(found, EIGHT, HALF_PAST_SIX, PARIS)


def test_sending_hours_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(ValueError, match="heure de fin"):
        workdays.in_hours(datetime(2026, 5, 13, 9, tzinfo=UTC), HALF_PAST_SIX, EIGHT, PARIS)


def test_a_wall_time_that_does_not_exist_moves_forward_and_one_that_comes_twice_is_the_first() -> None:
    assert workdays.at(date(2026, 3, 29), time(2, 30), PARIS) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 local
    assert workdays.at(date(2025, 10, 26), time(2, 30), PARIS) == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert workdays.at(date(2025, 10, 26), time(2, 30, fold=1), PARIS) == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


@pytest.fixture(params=["UTC", "Europe/Paris", "Pacific/Auckland"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    clock.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    clock.tzset()


def test_the_time_zone_of_the_machine_has_no_influence(machine_zone: str) -> None:
    assert clock.tzname[0] in ("UTC", "CET", "NZST"), machine_zone
    ack = datetime(2026, 6, 10, 22, 30, tzinfo=UTC)  # 00:30 of the 11th in Paris
    assert workdays.due(ack, PARIS).on == date(2026, 6, 19)
    assert workdays.due(ack, PARIS).instant == datetime(2026, 6, 19, 21, 59, 59, tzinfo=UTC)
    assert workdays.local_date(ack, PARIS) == date(2026, 6, 11)
    assert workdays.at(date(2026, 6, 11), EIGHT, PARIS) == datetime(2026, 6, 11, 6, tzinfo=UTC)


days = st.dates(date(2024, 1, 1), date(2035, 12, 31))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.builds(lambda first, length: Closure(first, first + DAY * length, ""), days, st.integers(0, 40))
calendars = st.builds(
    Calendar,
    timezone=st.sampled_from(["Europe/Paris", "America/Martinique", "Pacific/Noumea", "Australia/Lord_Howe"]),
    territory=st.sampled_from(sorted(workdays.TERRITORIES)),
    working_days=st.frozensets(st.integers(0, 6), min_size=1),
    good_friday=st.booleans(),
    worked_holidays=st.frozensets(st.sampled_from(sorted(national_holidays(2026)))),
    extra_holidays=st.frozensets(days, max_size=5),
    closures=st.lists(spans, max_size=3).map(tuple),
    days=st.integers(1, 12),
)


@given(moments, calendars)
def test_a_due_date_is_open_and_strictly_after_the_acknowledgement(ack: datetime, calendar: Calendar) -> None:
    found = workdays.due(ack, calendar)
    start = workdays.local_date(ack, calendar)
    assert workdays.is_open(found.on, calendar)
    assert found.on > start
    assert found.instant > ack
    assert len(found.counted) == calendar.days == workdays.count(start, found.on, calendar)
    assert workdays.add(start, calendar.days, calendar) == found.on


@given(moments, st.timedeltas(timedelta(0), timedelta(days=40)), calendars)
def test_a_later_acknowledgement_is_never_due_earlier(ack: datetime, gap: timedelta, calendar: Calendar) -> None:
    assert workdays.due(ack, calendar).on <= workdays.due(ack + gap, calendar).on


@given(days, calendars, st.integers(0, 30), spans)
def test_one_more_holiday_or_closure_never_brings_a_date_earlier(
    ack: date, calendar: Calendar, offset: int, span: Closure
) -> None:
    before = workdays.due(ack, calendar).on
    more_holidays = replace(calendar, extra_holidays=calendar.extra_holidays | {ack + DAY * offset})
    more_closures = replace(calendar, closures=(*calendar.closures, replace(span, first=ack, last=ack + DAY * offset)))
    assert workdays.due(ack, more_holidays).on >= before
    assert workdays.due(ack, more_closures).on >= before


@given(days, calendars, st.integers(0, 15), st.integers(0, 15))
def test_steps_add_up(day: date, calendar: Calendar, a: int, b: int) -> None:
    assert workdays.add(workdays.add(day, a, calendar), b, calendar) == workdays.add(day, a + b, calendar)


@given(moments, calendars)
def test_the_next_opening_is_never_past_and_always_within_hours(moment: datetime, calendar: Calendar) -> None:
    found = workdays.next_opening(moment, EIGHT, HALF_PAST_SIX, calendar)
    assert found >= moment
    assert workdays.in_hours(found, EIGHT, HALF_PAST_SIX, calendar)
