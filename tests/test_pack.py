"""The pack of a quality meeting: its pages and its cells (spec §8)."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from test_figures import CALENDAR, MAY, REGISTER, d

from mailbot.reports import pack, pdf, sheet
from mailbot.reports.asked import Asked
from mailbot.reports.counted import Acted, Register

MADE = datetime(2026, 6, 1, 8, tzinfo=UTC)
HOSTILE = "=1+1 #let x = 1 $y$ *gras* @ref <a> ]] \\u{0} 😀 Ω \u202e"


def drawn(register: Register = REGISTER, **more: Any) -> pack.Pack:
    return pack.of(register, MAY, organisation="Institut Exemple Formation", made_at=MADE, **more)


def cells(workbook: bytes) -> str:
    with zipfile.ZipFile(BytesIO(workbook)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def test_r2_8_closed_files_without_their_required_cause_are_listed() -> None:
    assert [f.number for f in pack.uncaused(Asked(register=REGISTER, period=MAY))] == ["REC-2026-0003"]
    told = pack.page(drawn())["uncaused"]
    assert told == [
        {
            "number": "REC-2026-0003",
            "closed_on": "21/05/2026",
            "what": "Administratif, attestations, Anglais",
            "why": "P1",
        }
    ]


def test_r2_9_open_actions_are_listed_the_late_ones_marked() -> None:
    told = pack.page(drawn())["actions"]
    assert [(a["name"], a["state"], a["late"]) for a in told] == [
        ("A-2", "ouverte (en retard)", True),
        ("A-3", "ouverte", False),
    ]


def test_what_was_decided_before_comes_first() -> None:
    before = pack.Before(held_on=d(3, 2), decisions="- Relire les convocations\n\n- Former Ann", bulletin_on=None)
    told = pack.page(drawn(before=before))["before"]
    assert told["lines"] == ["Relire les convocations", "Former Ann"]
    assert told["bulletin"] == "pas envoyé"


def test_no_complainant_stands_in_the_pages_or_the_cells() -> None:
    told = drawn()
    everything = str(pack.page(told)) + cells(sheet.make(told))
    assert [f.who for f in REGISTER.files if f.who and f.who in everything] == []


def test_of_a_sensitive_file_only_its_theme_is_told() -> None:
    sensitive = replace(REGISTER.files[2], sensitive=True)
    told = drawn(replace(REGISTER, files=(sensitive,)))
    assert pack.page(told)["grave"][0]["what"] == "Administratif, attestations"


def test_slow_answers_and_kept_promises_differ_in_grey_too() -> None:
    charts = {c["title"]: c for c in pack.page(drawn())["charts"]}
    assert charts["Délai de réponse, face aux 6 jours ouvrés"]["pale"] == ["7 jo", "8 jo", "9 jo", "10 jo"]
    assert charts["Dates promises"]["rows"] == [["tenues", 1], ["non tenues", 1]]
    assert charts["Dates promises"]["pale"] == ["non tenues"]


@pytest.mark.parametrize("register", [REGISTER, Register(files=(), calendar=CALENDAR)], ids=["may", "nothing"])
def test_same_values_same_bytes(register: Register) -> None:
    told = drawn(register)
    pages = pdf.make("pack", pack.page(told), on=MADE)
    assert pages.startswith(b"%PDF-")
    assert pages == pdf.make("pack", pack.page(told), on=MADE)
    assert sheet.make(told) == sheet.make(told)


def test_a_real_clock_has_microseconds() -> None:
    pages = pdf.make("pack", pack.page(drawn()), on=MADE.replace(microsecond=1))
    assert pages == pdf.make("pack", pack.page(drawn()), on=MADE)


def test_a_hostile_text_is_text_on_paper_and_in_cells() -> None:
    bad = Acted(name="A-9", what=HOSTILE, owner=HOSTILE, due_on=d(20), state="open", decided_on=d(11))
    told = drawn(
        replace(REGISTER, actions=(bad,)), before=pack.Before(held_on=d(1), decisions=HOSTILE, bulletin_on=None)
    )
    assert pdf.make("pack", pack.page(told), on=MADE).startswith(b"%PDF-")
    text = cells(sheet.make(told))
    assert "<f>" not in text
    assert "=1+1 #let x = 1" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Été, œuvre, 12 €", "Été, œuvre, 12 €"), ("😀", "□"), ("ﬁn", "fn"), ("\u202ecba", "□cba"), ("e\u0301", "é")],
)
def test_what_the_fonts_cannot_draw_is_replaced(text: str, shown: str) -> None:
    assert pdf.drawable({"a": [text]}) == {"a": [shown]}
