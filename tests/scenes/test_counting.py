"""The scenes' own count of working days agrees with dates counted by hand."""

from __future__ import annotations

from datetime import date

import pytest

from scenes.counting import easter, printed_dates, sixth_working_day


@pytest.mark.parametrize("day", [date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28), date(2028, 4, 16)])
def test_easter(day: date) -> None:
    assert easter(day.year) == day


@pytest.mark.parametrize(
    ("ack", "due"),
    [
        (date(2025, 1, 10), date(2025, 1, 20)),  # a Friday
        (date(2025, 4, 15), date(2025, 4, 24)),  # Easter Monday
        (date(2025, 4, 30), date(2025, 5, 12)),  # 1 and 8 May
        (date(2025, 12, 22), date(2025, 12, 31)),  # Christmas
        (date(2026, 5, 13), date(2026, 5, 22)),  # Ascension
        (date(2026, 5, 17), date(2026, 5, 26)),  # a Sunday, Whit Monday
        (date(2026, 11, 23), date(2026, 12, 1)),
        (date(2027, 10, 29), date(2027, 11, 9)),  # All Saints
    ],
)
def test_six_working_days(ack: date, due: date) -> None:
    assert sixth_working_day(ack) == due


def test_dates_in_words_are_read_in_both_languages() -> None:
    text = "Au plus tard le mardi 1er\nd\u00e9cembre\u00a02026. By Friday 8 January 2027."
    assert printed_dates(text) == [date(2026, 12, 1), date(2027, 1, 8)]


def test_a_wrong_weekday_is_noticed() -> None:
    with pytest.raises(ValueError, match="lundi 1 décembre 2026"):
        printed_dates("lundi 1er décembre 2026")
