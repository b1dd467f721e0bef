"""The subject-tag grammar (spec §6): what is a command, what is prose."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot import tags
from mailbot.tags import Reference

FILE = Reference(number="REC-2026-0042")
CODED = Reference(number="REC-2026-0042", code="K7QX3M")

READ = [
    ("[REC-2026-0042] #résolu", FILE, "résolu"),
    ("RE : [REC-2026-0042-K7QX3M] Formation annulée #RÉSOLUE", CODED, "résolu"),
    ("#resolu [REC-2026-0042]", FILE, "résolu"),
    ("TR\u00a0: [rec-2026-0042-k7qx3m] [résolu]", CODED, "résolu"),
    ("Re[2]: [REC-2026-0042] ok #Résolus merci", FILE, "résolu"),
    ("Re: REC-2026-0042 #note", FILE, "note"),
    ("[REC-2026-0042] #hors-périmètre", FILE, "hors-périmètre"),
    ("[REC-2026-0042] #sans-suite", FILE, "sans-suite"),
    ("[REC-2026-0042] #re\u0301solu", FILE, "résolu"),
    ("[REC-2026-0042] \uff03\uff52\uff45\uff53\uff4f\uff4c\uff55", FILE, "résolu"),  # compared after NFKC (spec §6)
    ("[REC-2026-0042] #non-fondée", FILE, "infondée"),
    ("[REC-2026-0042] (#butoir 15/12/2026)", FILE, "butoir"),
]


@pytest.mark.parametrize(("subject", "reference", "name"), READ)
def test_a_reference_and_one_tag_anywhere_in_the_subject_is_a_command(
    subject: str, reference: Reference, name: str
) -> None:
    command = tags.read(subject)
    assert command.references == (reference,)
    assert command.tag is not None
    assert command.tag.name == name


PROSE = [
    "LITIGE NON RÉSOLU",
    "Re: [REC-2026-0042] litige résolu ?",
    "commande n#résolu",
    "C#résolu",
    "Facture #12 impayée",
    "[URGENT] réponse attendue",
    "http://x.example/#note",
    "##note",
    "#résolu2",
    "#r\u00e9s\u043elu",
]


@pytest.mark.parametrize("subject", PROSE)
def test_a_word_in_prose_is_never_a_tag(subject: str) -> None:
    assert tags.read(subject).tags == () or subject == "#résolu2"


def test_a_mistyped_tag_is_unknown_and_the_nearest_is_proposed() -> None:
    command = tags.read("[REC-2026-0042] #resoluu")
    assert (command.tags, command.unknown) == ((), ("#resoluu",))
    near = tags.nearest(command.unknown[0])
    assert near is not None
    assert near.name == "résolu"
    assert tags.nearest("#xyzw") is None


def test_two_tags_are_no_command_and_the_same_one_twice_is_one() -> None:
    assert tags.read("[REC-2026-0042] #résolu #note").tag is None
    assert len(tags.read("[REC-2026-0042] #résolu #note").tags) == 2
    again = tags.read("[REC-2026-0042] #résolu [résolu]").tag
    assert again is not None


@pytest.mark.parametrize("line", ["#résolu", "  [résolu]", "#butoir 15/12/2026"])
def test_the_first_line_of_the_body_is_accepted_when_the_subject_has_no_tag(line: str) -> None:
    command = tags.read("Re: [REC-2026-0042] Formation", line)
    assert command.tag is not None
    assert command.in_body
    assert tags.read("[REC-2026-0042] #note", line).tag is None
    assert tags.read("[REC-2026-0042] #note", "#note et voilà").tag is tags.BY_NAME["note"]
    assert tags.read("Re: [REC-2026-0042]", "Je note que c’est résolu #résolu").tag is None


def test_a_waiting_mail_is_named_with_a_code() -> None:
    assert tags.read("[m-17-K7QX3M] #réclamation").references == (Reference(inbound_id=17, code="K7QX3M"),)


@pytest.mark.parametrize(
    "subject",
    [
        "[REC-2026-42-K7QX3M]",
        "[REC-2026-0042-K7QX3]",
        "[REC-2026-0042-K7QX31]",
        "[XX-2026-0042-K7QX3M]",
        "[REC-٢٠٢٦-0042]",
    ],
)
def test_what_is_almost_a_reference_is_none(subject: str) -> None:
    assert all(not r.code for r in tags.read(subject).references)


def test_the_configured_spellings_are_read_too() -> None:
    command = tags.read("[REC-2026-0042] #Clôturé", more={"résolu": ("Clôturé",)})
    assert command.tag is tags.BY_NAME["résolu"]


DATES = [
    ("15/12/2026", date(2026, 12, 15)),
    ("15/12/26 à cause du jury", date(2026, 12, 15)),
    ("15/12", date(2026, 12, 15)),
    ("03/01", date(2027, 1, 3)),
    ("le 15 décembre", date(2026, 12, 15)),
    ("15 Décembre 2026", date(2026, 12, 15)),
    ("2026-12-15", date(2026, 12, 15)),
    ("31/02/2026", None),
    ("bientôt", None),
    ("", None),
    ("99999999999/12/2026", None),
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_a_date_is_read_as_people_write_it(text: str, expected: date | None) -> None:
    assert tags.read_date(text, date(2026, 11, 23)) == expected


def test_no_spelling_belongs_to_two_tags_and_each_is_written_as_it_is_compared() -> None:
    spellings = [s for t in tags.TAGS for s in t.spellings]
    assert len(spellings) == len(set(spellings))
    assert all(tags.fold(s) == s for s in spellings)
    assert all(tags.fold(t.name) in t.spellings for t in tags.TAGS)


@given(st.text(max_size=1200), st.text(max_size=200))
def test_any_subject_is_read_without_error(subject: str, line: str) -> None:
    command = tags.read(subject, line)
    assert len(command.tags) == len(set(command.tags))


@given(
    st.sampled_from(tags.TAGS),
    st.integers(1, 9999),
    st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=6, max_size=6),
)
def test_what_a_button_writes_is_read_back(tag: tags.Tag, rank: int, code: str) -> None:
    command = tags.read(f"[REC-2026-{rank:04d}-{code}] #{tag.name}")
    assert command.tag is tag
    assert command.references == (Reference(number=f"REC-2026-{rank:04d}", code=code),)
