"""The fiche of one complaint, the blank one, and the form that comes back by mail (spec §3, §6; domain §4)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import cast
import pytest
import pytest_asyncio
from room import mail, room
from staff.talk import ARGUED, FIRST, SCORES, Talk, parsed, talk
from test_pack import HOSTILE

from mailbot.config import Config, Mailbox, Organisation
from mailbot.corridor import fiches
from mailbot.corridor.bench import words
from mailbot.fence import CODE
from mailbot.guard import Guard, read_once
from mailbot.message import pdf as glance
from mailbot.reading import Reading
from mailbot.reports import blank, fiche, pdf, said
from mailbot.rules import intake
from mailbot.store import record
from mailbot.tags import TAGS

at_work = pytest.mark.asyncio(loop_scope="module")
PHOTO = (("photo de la salle.jpg", "image/jpeg", b"\xff\xd8\xff\xe0 salle"),)
DAYS = timedelta(days=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


async def told(desk: Talk, number: str = FIRST, **texts: Any) -> dict[str, Any]:
    """The values of the fiche as it would be printed now."""
    held = desk.desk.register.ask(lambda tx: record.of(tx, number))
    assert held is not None
    return fiche.page(fiche.Filled(held=held, config=desk.desk.config, made_at=desk.now, **texts))


def field(values: dict[str, Any], label: str) -> str:
    [found] = [value for s in values["sections"] for name, value, _ in s["cells"] if name == label]
    return str(found)


async def carried_through(desk: Talk) -> None:
    """Carl complains with a photo; Bo assesses, promises a date, answers; the survey comes back; a cause is found."""
    await desk.desk.take(mail(files=PHOTO))
    await desk.post()
    await desk.staff("évaluer", SCORES)
    await desk.staff("butoir 04/12/2026", "Nous devons encore entendre la formatrice.")
    await desk.post(minutes=11)
    await desk.staff(
        "résolu",
        ARGUED
        + "\n---- Répondre au-dessus de cette ligne ----\nSolution accordée : partielle, un avoir\nGeste (€) : 120,50\n",
    )
    await desk.post(minutes=11)
    await desk.staff("cause", "Famille : Méthode\nCause racine : pas de consigne écrite\nPourquoi 1 : clé absente\n")
    await desk.staff("action", "Quoi : écrire la consigne\nQui : Bo\nQuand : 15/12/2026\n")


@at_work
async def test_r4_4_every_field_of_the_register_stands_on_the_fiche(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as desk:
        await carried_through(desk)
        values = await told(desk, texts={1: "la formation a été annulée"})
        row = desk.desk.file()
        said_of = {
            "Numéro": FIRST, "Nature": "réclamation", "Canal": "courriel", "Nom": "Carl Petit", "Courriel": cast.CARL,
            "Description": "la formation a été annulée", "Solution souhaitée": "Je souhaite être remboursé (exprimée)",
            "Gravité": "2 sur 4", "Priorité": "P3", "Action immédiate": "non", "Responsable": "Bo Martin", "Fondement": "fondée",
            "Échéance imprimée": f"{row.due_on:%d/%m/%Y}", "Dans le délai": "oui", "Dans l’engagement": "oui",
            "Solution accordée": "partielle, un avoir, 120,50 €", "Réouvertures": "aucune", "Langue": "français",
        }  # fmt: skip
        assert {label: field(values, label) for label in said_of} == said_of
        assert field(values, "Dates promises").startswith("04/12/2026, dite le 23/11/2026 par Bo Martin : Nous devons")
        assert "une consigne écrite" in field(values, "Réponse et arguments").lower()
        assert "Solution accordée" not in field(values, "Réponse et arguments")
        assert field(values, "Cause").startswith("Méthode : pas de consigne écrite\nPourquoi 1 : clé absente")
        assert field(values, "Action A-1").startswith("écrire la consigne, Bo Martin, pour le 15/12/2026")
        ack = desk.desk.letter("ack")
        assert ack.message_id in field(values, "Preuve")
        assert ack.queue_id in field(values, "Preuve")
        [[name, _, kind, _, digest]] = values["files"]
        assert (name, kind, digest) == (
            "photo de la salle.jpg",
            "image/jpeg",
            desk.desk.rows(record.Attachment)[0].sha256,
        )
        assert [step[2] for step in values["steps"]][:3] == ["dossier ouvert", "confié", "accusé de réception accepté"]
        assert {letter[1] for letter in values["letters"]} >= {
            "accusé de réception",
            "réponse argumentée",
            "confirmation",
        }


@at_work
async def test_no_personal_code_gets_on_paper(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.carl("Bonjour,\nla salle était fermée.\nCarl\n")
        await desk.post()
        code = desk.desk.rows(record.Code)[0].code
        subject = f"[{FIRST}-{code}] #note"
        await desk.written(subject, "Vu avec l’accueil.\n", cast.BO, "Bo Martin")
        assert CODE.search(str(desk.desk.rows(record.Inbound)[-1].subject))
        values = await told(desk)
        assert CODE.search(str(values)) is None
        assert [m[3] for m in values["mails"]][-1] == f"[{FIRST}] #note"


@pytest.mark.parametrize("text", [HOSTILE, "a" * 3000, "x\ny\n\n" * 50, "=1+1", "漢字 🙂 \u0007"])
@at_work
async def test_whatever_a_stranger_writes_is_printed_as_text(guard: Guard, tmp_path: Path, text: str) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.carl(subject="#let x = 1", name="*Carl* $x$")
        held = desk.desk.register.ask(lambda tx: record.of(tx, FIRST))
        assert held is not None
        values = fiche.page(fiche.Filled(held=held, config=desk.desk.config, made_at=cast.NOON, texts={1: text}))
        drawn = pdf.make("fiche", values, on=cast.NOON)
        assert drawn.startswith(b"%PDF-")
        assert drawn == pdf.make("fiche", values, on=cast.NOON)
        assert "#let x = 1" in " ".join(glance.texts(drawn))


@at_work
async def test_the_fiche_is_archivable_tagged_and_in_french(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        drawn = await fiches.drawn(desk.bench, FIRST)
        assert drawn is not None
        for mark in (b"<pdfaid:part>2", b"/StructTreeRoot", b"/OutputIntent", b"/Lang"):
            assert mark in drawn, mark
        assert "la formation a été annulée" in " ".join(glance.texts(drawn))
        assert await fiches.drawn(desk.bench, "REC-2026-0099") is None


# == #fiche ================================================================================================================


@at_work
async def test_r4_4_whoever_handles_the_file_gets_its_fiche_by_mail(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.carl("Bonjour,\nla salle était fermée.\nCarl\n")
        await desk.post()
        desk.mailboxes()
        for who, name in ((cast.BO, "Bo Martin"), (cast.ANN, "Ann Leroy"), (cast.DIR, "Line Direction")):
            await desk.staff("fiche", who=who, name=name)
            await desk.post()
            [taken] = desk.news()
            [part] = list(parsed(taken.raw).iter_attachments())
            assert (taken.to, part.get_filename(), part.get_content_type()) == (
                (who,),
                f"fiche-{FIRST}.pdf",
                fiches.PDF,
            )
            assert "la salle était fermée" in " ".join(glance.texts(part.get_payload(decode=True)))
        assert desk.stage() == "acknowledged"


@pytest.mark.parametrize(("who", "name"), [(cast.DAN, "Dan Petit"), ("zoe@ief.example", "Zoé Roux")])
@at_work
async def test_nobody_else_does(guard: Guard, tmp_path: Path, who: str, name: str) -> None:
    staff = (*cast.config().staff, {"name": "Zoé Roux", "addresses": ("zoe@ief.example",)})
    async with talk(tmp_path, guard, staff=staff) as desk:
        await desk.carl("Bonjour,\nla salle était fermée.\nCarl\n")
        await desk.post()
        desk.mailboxes()
        await desk.staff("fiche", who=who, name=name)
        await desk.post()
        assert desk.mailboxes() == {who: ["refusal"]}


# == the blank one =========================================================================================================

ANSWERS = {
    "Nom et prénom": "Carl Petit", "Téléphone": "06 39 98 11 22", "Vous êtes": "financeur", "Organisme": "OPCO Opale",
    "Formation concernée": "Anglais B2", "Session": "12/05/2026", "Date des faits": "13/05/2026", "Pour quand": "15/12/2026",
    "Solution souhaitée": "être remboursé de 120 €.\nOu une autre session.", "Message": "La salle était fermée.\nAttendu : une heure.",
}  # fmt: skip


def body_of(link: str) -> str:
    return parse_qs(urlsplit(link).query, strict_parsing=True)["body"][0].replace("\r\n", "\n")


def came_back(answers: dict[str, str]) -> tuple[Any, Reading]:
    """The form as the desk reads it, from a mail program that gives no name."""
    text = body_of(blank.link(cast.config()))
    for label, answer in answers.items():
        assert f"{label} :" in text, label
        text = text.replace(f"{label} :", f"{label} : {answer}", 1)
    return read_once(mail(blank.SUBJECT, text, name=""))


def test_the_form_comes_back_and_every_line_is_read() -> None:
    message, read = came_back(ANSWERS)
    assert (read.complainant_type, read.training, read.session) == ("financeur", "Anglais B2", "2026-05-12")
    assert (read.wish, read.wish_state) == ("être remboursé de 120 €", "exprimée")
    assert (f"{read.deadline:%d/%m/%Y}", read.phone) == ("15/12/2026", "06 39 98 11 22")
    assert dict(read.fields)["message"] == ANSWERS["Message"]
    who = intake.complainant(message, read, cast_author(message), cast.config())
    assert (who.addr, who.name) == (cast.CARL, "Carl Petit")


def cast_author(message: Any) -> Any:
    from mailbot.identity import author

    return author(message, cast.config())


def test_a_form_sent_back_empty_says_nothing_by_itself() -> None:
    _, read = came_back({})
    assert (read.wish, read.wish_state, read.deadline, read.training) == ("", "non exprimée", None, "")
    assert (read.alerts, read.sensitive, read.urgent, read.tags, read.language) == ((), False, False, (), "fr")


@pytest.mark.parametrize("address", [cast.BOX, f"{'a' * 60}+été&co@{'b' * 60}.example", "a?subject=x@ief.example"])
def test_the_link_is_short_whole_and_goes_to_us_alone(address: str) -> None:
    config = cast.config(mailbox=Mailbox(address=address, host="127.0.0.1"))
    link = blank.link(config)
    assert re.fullmatch(r"mailto:[\w.@%+&=?-]+", link, re.ASCII)
    assert len(link) <= 1_900
    assert unquote(urlsplit(link).path) == address
    assert body_of(link).rstrip().endswith("Message :")
    assert list(parse_qs(urlsplit(link).query)) == ["subject", "body"]


def test_r4_4_the_blank_one_is_one_sheet_asks_the_same_and_says_where_to_send_it() -> None:
    organisation = Organisation(
        name="#let *Institut*", postal_address="1 rue de la Paix, 75002 Paris", privacy_contact="dpo@ief.example"
    )
    config: Config = cast.config(organisation=organisation)
    values = blank.page(config)
    drawn = pdf.make("blank", values, on=cast.NOON)
    assert b"/Type/Pages/Count 1/" in drawn  # one sheet of paper
    assert [q["label"] for q in values["questions"] if q["label"] in ANSWERS] == list(ANSWERS)
    for words_of_it in (cast.BOX, "1 rue de la Paix", "dpo@ief.example", "cinq ans"):
        assert words_of_it in str(values), words_of_it


# == words =================================================================================================================


def test_every_step_that_a_tag_writes_has_french_words() -> None:
    for tag in TAGS:
        assert said.step(f"command-{tag.name}") in (f"commande #{tag.name}", said.STEPS.get(f"command-{tag.name}"))
    assert said.step("told-reply") == "lettre partie : réponse argumentée"
    assert said.step("decided-complaint") == "décidé : réclamation"


@pytest.mark.parametrize(
    ("written", "said_"),
    [
        (
            "réponse acceptée le 2026-05-19T09:04+00:00 ; échéance 2026-05-20",
            "réponse acceptée le 19/05/2026 à 11:04 ; échéance 20/05/2026",
        ),
        ("lu à 2026-12-31T23:30:05.25Z", "lu à 01/01/2027 à 00:30"),
        (
            "le 2026-13-45, REC-2026-0031, 12026-05-19, 2026-05-19-b",
            "le 2026-13-45, REC-2026-0031, 12026-05-19, 2026-05-19-b",
        ),
        ("2026-05-19T10:00 sans fuseau", "2026-05-19T10:00 sans fuseau"),
    ],
)
def test_the_journal_is_read_with_the_days_and_hours_of_the_desk(written: str, said_: str) -> None:
    assert said.Speaker(config=cast.config()).dated(written) == said_


def test_every_kind_of_letter_that_belongs_to_a_file_has_a_name() -> None:
    from mailbot.letters.dress import KINDS

    beside = {"meeting-pack", "meeting-recorded", "bulletin", "bulletin-chase", "digest"}
    assert set(KINDS) - beside - set(said.LETTERS) == set()
