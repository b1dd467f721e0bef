"""fence: only new text leaves, and only files that are no letter of ours; when unsure, ask (spec §6)."""

from __future__ import annotations

from typing import Any

import cast
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot import reading, rules
from mailbot.effects import Letter
from mailbot.fence import LIMIT, Fenced, fence
from mailbot.message import Attachment
from mailbot.message.ours import held_in
from mailbot.reading.cut import cut

NEWS = "Bonjour, votre dossier avance : la commission se réunit jeudi et je vous écris le soir même."
OUR_LINK = f"mailto:{cast.BOX}?subject=%5BREC-2026-0042-K7QX3M%5D%20%23note"
NOTICE = "---- Répondre au-dessus de cette ligne ----\n\nBonjour Bo, la réclamation vous est confiée."


def fenced(text: str, *, page: str = "", files: tuple[Attachment, ...] = (), **how: Any) -> Fenced:
    """A plain mail of Bo's, read by the real reader; `page`: its HTML part laid out as text."""
    mail = cast.message(text=text, html="<html>" if page else "", page=page, attachments=files)
    return fence(mail, reading.read(mail, reading.EMPTY_WORDS), cast.BOX, **how)


def file(name: str = "attestation.pdf", **changes: Any) -> Attachment:
    known = {"path": "2", "content_type": "application/pdf", "size": 9, "sha256": "0" * 64, "evidence": True}
    return Attachment(**(known | {"name": name} | changes))


# -- texts ---------------------------------------------------------------------------------------------------------

SURE = {
    "a text alone": (NEWS, NEWS),
    "above our line": (f"{NEWS}\n\n{NOTICE}", NEWS),
    "a first line that is a command": (f"#réponse\n\n{NEWS}", NEWS),
    "our bare address is no link": (f"{NEWS} <mailto:{cast.BOX}>", f"{NEWS} <mailto:{cast.BOX}>"),
    "a number without a code": (f"{NEWS} Dossier REC-2026-0042.", f"{NEWS} Dossier REC-2026-0042."),
    "a card under the dashes stays": (f"{NEWS}\n\n-- \nBo Martin\n06 39 98 10 20\n\n{NOTICE}", NEWS),
}


@pytest.mark.parametrize(("text", "leaves"), SURE.values(), ids=SURE)
def test_what_leaves_unasked(text: str, leaves: str) -> None:
    found = fenced(text)
    assert (found.why, found.text) == ("", leaves)


HEADED = "De : Hugo <h@formateurs.example>\nEnvoyé : vendredi 20 novembre 2026 17:05\nÀ : Bo\nObjet : salle"
ASKED = {
    "a code with its reference": (f"{NEWS}\nRéférence [REC-2026-0042-K7QX3M].", "code", f"{NEWS}\nRéférence ."),
    "a code alone": (f"{NEWS}\nVotre code : p4wz8r", "code", f"{NEWS}\nVotre code :"),
    "a link of ours": (f"{NEWS}\n<{OUR_LINK}>", "lien", NEWS),
    "a link of ours, percent-encoded again": (f"{NEWS}\n{OUR_LINK.replace('?', '%3F')}", "lien", NEWS),
    "our marker": (f"{NEWS}\nRéf. mb-abcdefghijklmnopqrstuvwxyz", "référence interne", NEWS),
    "our line in prose": (f"{NEWS} Gardez Répondre au\u2011dessus de cette ligne.", "notre ligne", f"{NEWS} Gardez."),
    "a pasted header block": (f"{NEWS}\n\n{HEADED}\n\nOui.\n\nDonc oui.\n\n{HEADED}\n\n{NOTICE}", "De / Envoyé", None),
    "two header lines": (f"{NEWS}\nDe : Hugo\nObjet : salle", "De / Envoyé", f"{NEWS}\nDe : Hugo\nObjet : salle"),
    "too long for what is shown": ("long " * (LIMIT // 5 + 1), "caractères", None),
}


@pytest.mark.parametrize(("text", "why", "shown"), ASKED.values(), ids=ASKED)
def test_what_its_author_is_asked_about_and_shown(text: str, why: str, shown: str | None) -> None:
    found = fenced(text, codes=("P4WZ8R",))
    assert why in found.why
    assert shown is None or found.text == shown


def test_words_between_a_pasted_block_and_the_quotation_are_shown_too() -> None:
    found = fenced(ASKED["a pasted header block"][0])
    assert found.text.endswith("Oui.\n\nDonc oui.")


def test_a_postscript_under_dashes_is_no_card() -> None:
    assert cut(f"{NEWS}\n--\nPS : apportez une pièce d’identité.").card == ""


PAGES = {
    "the same words": (NEWS, True),
    "a picture and a spelled-out link": (f"{NEWS} [cid:image001.png@01DC] <https://www.ief.example/acces>", True),
    "another sum": (NEWS.replace("jeudi", "mardi"), False),
    "a link of ours behind words": (f"{NEWS} <{OUR_LINK}>", False),
    "nothing that can be laid out": (" ", False),
}


@pytest.mark.parametrize(("page", "sure"), PAGES.values(), ids=PAGES)
def test_the_text_and_the_html_say_the_same_or_the_author_is_asked(page: str, sure: bool) -> None:
    assert fenced(NEWS, page=page).sure is sure


@given(st.text(alphabet="de :\n>|-–[]<>mailto?@=répondruscgKQ0123456789#'", max_size=300))
def test_whatever_stands_in_it_no_code_or_link_of_ours_is_ever_shown_or_sent(noise: str) -> None:
    found = fenced(f"{noise} K7QX3M {noise}\n<{OUR_LINK}>", codes=("K7QX3M",))
    assert not found.sure
    assert "K7QX3M" not in found.text.split()
    assert OUR_LINK not in found.text


# -- a text that was shown -----------------------------------------------------------------------------------------

QUOTING = f"{NEWS}\n> vous disiez\nNon."


def test_a_text_that_was_shown_is_approved_when_it_comes_back() -> None:
    assert not fenced(QUOTING).sure
    back = fenced(QUOTING.replace(" ", "\n", 1), shown=(QUOTING,))
    assert (back.why, "> vous disiez" in back.text) == ("", True)


@pytest.mark.parametrize("added", ["> encore", "De : Hugo\nObjet : salle", "[REC-2026-0042-K7QX3M]"])
def test_what_was_added_to_it_is_not(added: str) -> None:
    assert not fenced(f"{QUOTING}\n\n{added}", shown=(QUOTING,)).sure


def test_an_empty_text_that_was_shown_approves_nothing() -> None:
    assert not fenced(QUOTING, shown=("", " ")).sure


# -- files ---------------------------------------------------------------------------------------------------------

STAYS = {
    "a mail": file("x.pdf", content_type="message/rfc822"),
    "a mail by its name": file("notice.EML", content_type="application/octet-stream"),
    "a file out of a mail": file("billet.pdf", path="3/rfc822:1.2"),
    "a copy of a notice": file("sauvegarde.txt", ours=True),
    "what could not be taken": file("film.mp4", problem="trop grand"),
}


@pytest.mark.parametrize("kept", STAYS.values(), ids=STAYS)
def test_a_file_that_stays_is_named_and_the_others_leave(kept: Attachment) -> None:
    found = fenced(NEWS, files=(file(), kept, file("image001.png", evidence=False)))
    assert ([each.name for each in found.files], found.kept_files) == (["attestation.pdf"], (kept.name,))
    assert found.sure


LINE = "---- Répondre au-dessus de cette ligne ----"
HELD = {
    "UTF-8": LINE.encode(),
    "Latin-1": LINE.encode("latin-1"),
    "UTF-16": LINE.encode("utf-16"),
    "hard hyphen, no-break spaces": LINE.replace("-", "\u2011").replace(" ", "\u00a0").encode(),
    "quoted-printable": b"R=C3=A9pondre au=2Ddes=\r\nsus de cette=\r\n ligne",
    "HTML": b"<b>R&eacute;pondre</b>&nbsp;<span>au</span>-<span>dessus</span>\n de cette&#32;ligne",
    "English": b"---- Reply above this line ----",
    "a code": b"objet [REC-2026-0042-K7QX3M] #note",
    "a code in a link": OUR_LINK.encode(),
}


@pytest.mark.parametrize("content", HELD.values(), ids=HELD)
def test_a_file_that_holds_a_notice_is_seen_however_it_is_written(content: bytes) -> None:
    assert held_in(b"\x00\x01 before " + content + b" after")


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.4 [REC-2026-0042] ", b"au-dessus de la ligne", b"REC-2026-0042-STATUT.pdf"]
)
def test_another_file_is_not(content: bytes) -> None:
    assert not held_in(content)


@given(st.binary(max_size=2000))
def test_whatever_stands_before_it_a_code_is_seen(content: bytes) -> None:
    assert held_in(content + b" [REC-2026-0042-K7QX3M]")


# -- every command whose text leaves asks --------------------------------------------------------------------------


@pytest.mark.parametrize("tag", "résolu partielle infondée réponse précisions information doublon sans-suite".split())
def test_an_unsure_text_leaves_with_no_command(tag: str) -> None:
    bo = cast.message(
        from_=cast.Address(name="Bo Martin", addr=cast.BO),
        authentication=cast.passed("ief.example"),
        subject=f"[REC-2026-0042] #{tag} REC-2026-0041",
        text=QUOTING * 5,
    )
    desk = cast.desk(named=(cast.case(),), target=cast.case(number="REC-2026-0041"))
    effects = rules.on_message(bo, cast.said(new_text=QUOTING * 5, cut_sure=False), desk, cast.config())
    assert [e.kind for e in effects if isinstance(e, Letter)] == ["fence"]
