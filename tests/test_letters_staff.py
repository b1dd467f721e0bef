"""What staff is told of a file: assignment, chase, confirmation, questions, digest (spec §6, §7)."""

from __future__ import annotations

from typing import Any

import pytest
from test_letters_each import part, plain, sealed
from test_letters_samples import FACTS, ROW


def test_the_assignment_begins_with_what_who_and_until_when() -> None:
    lines = [" ".join(line.split()) for line in part(sealed("assignment").raw, "plain").splitlines() if line]
    assert lines[0] == "---- Répondre au-dessus de cette ligne ----"
    assert lines[1] == "Réclamation à traiter avant le mardi 19 mai 2026 au soir"
    assert lines[2] == "Bonjour Bo, la réclamation REC-2026-0042 vous est confiée."
    assert lines[3] == "Réclamant : Carl Dufour (carl@boite.example)"
    assert lines[4].startswith("Réponse attendue au plus tard le mardi 19 mai 2026")


def test_a_chase_begins_with_what_who_and_until_when() -> None:
    lines = [" ".join(line.split()) for line in part(sealed("chase").raw, "plain").splitlines() if line]
    assert lines[1] == "Répondre, ou poser une date ?"
    assert lines[2] == "Réclamant : Carl Dufour (carl@boite.example)"
    assert lines[3] == "Échéance : mardi 19 mai 2026"


def test_the_assignment_holds_all_that_is_known() -> None:
    text = plain(sealed("assignment").raw)
    for said in (
        "Juge et partie",
        "> la session est annulée. > Je voudrais une autre date.",
        "convocation.pdf (340 ko)",
        "outil.exe (900 octets), non joint : type dangereux",
        "REC-2025-0007, même personne, reçue le 03/03/2025",
        "Caractère exceptionnel ou insatisfaction durable ?",
        "06 39 98 12 34",
        "Aucun accusé de réception n’est parti : adresse « ne pas répondre »",
        "Référence citée non vérifiée : REC-2026-0001",
        "écrivez-lui directement (carl@boite.example), la boîte reclamations@ief.example en copie",
        "Une réponse à ce message-ci ne part pas chez lui",
        "stagiaire (CPF), à confirmer",
        "avant le 26 mai",
        "temoin@boite.example",
    ):
        assert said in text


def test_a_very_long_complaint_is_cut_and_the_cut_is_said() -> None:
    raw = sealed("assignment", text="mot\n" * 10_000).raw
    assert "coupé ici, à 20 000 caractères sur 40000" in plain(raw)
    assert len(part(raw, "plain")) < 70_000


def test_a_sensitive_subject_stays_out_of_the_subject_line() -> None:
    assert sealed("assignment").subject.endswith("Réclamation : Session annulée")
    assert sealed("assignment", sensitive=True).subject.endswith("] Réclamation")
    assert sealed("chase", shown=False).subject.endswith("] Réclamation")


@pytest.mark.parametrize("command", ["complaint", "note", "ignore"])
@pytest.mark.parametrize(("kind", "inbound"), [("staff-question", 37), ("forward-question", 38)])
def test_a_question_without_a_code_names_the_commands_that_answer_it(kind: str, inbound: int, command: str) -> None:
    raw = sealed(kind, code="").raw
    assert f"mailbot decide {inbound} {command}" in plain(raw)
    assert "mardi 12 mai 2026 à 18 h 00" in plain(raw)
    assert "mailbot decide" not in plain(sealed(kind).raw)
    assert "mardi 12 mai 2026 à 18 h 00" in plain(sealed(kind).raw)


def test_the_digest_reconciles_the_mailbox_with_the_register() -> None:
    text = plain(sealed("digest").raw)
    assert (
        "En retard : 1 À répondre aujourd’hui : 1 Nouvelles : 0 À décider : 1 1 dossier ouvert, 1 promesse à risque, 1 alerte en cours."
        in text
    )
    assert "37 messages reçus, 36 expliqués" in text
    assert "Écart : 1." in text
    assert "Prochain relevé : mercredi 13 mai 2026 à 8 h 00" in text
    assert "3f9a0c77" in text
    assert "réponses automatiques : 2" in text


def test_the_digest_leaves_also_when_there_is_nothing() -> None:
    counts = {"received": 1, "explained": 1, "by_verdict": {}, "vanished": [], "before_start": 0}
    empty = {
        s: []
        for s in (
            "late",
            "today",
            "risk",
            "changed",
            "new",
            "to_decide",
            "open",
            "no_ack",
            "alarms",
            "actions",
            "louder",
        )
    }
    text = plain(sealed("digest", **empty, counts=counts, essai=False).raw)
    assert text.startswith("Réclamations du mardi 12 mai 2026 Rien à faire aujourd’hui. En retard : 0")
    assert "1 message reçu, 1 expliqué" in text
    assert "Écart" not in text


@pytest.mark.parametrize("names", [True, False])
def test_the_digest_names_people_only_where_allowed_and_never_in_sensitive_files(names: bool) -> None:
    text = plain(sealed("digest", names=names).raw)
    assert ("Opale Conseil" in text) is names
    assert ("Factures refusées" in text) is names
    assert ("TR: facture" in text) is names
    assert ("Rose Petit" in text) is names
    assert "Agathe Leroy" not in text


# --- what a colleague is asked and told -------------------------------------------------------------


@pytest.mark.parametrize(
    ("asks", "title", "said"),
    [
        ("assess", "Rappel : évaluation attendue", "attend sa première évaluation"),
        ("treat", "Rappel : un dossier à faire avancer", "attend une suite"),
        ("answer-or-commit", "Répondre, ou poser une date ?", "Deux possibilités"),
        ("answer-today", "La réponse est attendue aujourd’hui", "attendue aujourd’hui"),
        ("answer-overdue", "La date annoncée est passée", "est passée sans réponse"),
        ("keep-commitment", "Une date promise approche", "Cette date nous engage"),
        ("complete", "Il manque quelque chose au dossier", "il manque : l’évaluation."),
    ],
)
def test_a_chase_says_what_is_awaited(asks: str, title: str, said: str) -> None:
    text = plain(sealed("chase", asks=asks).raw)
    assert f"de cette ligne ---- {title} Réclamant" in text
    assert said in text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"days_left": 2}, "Échéance : mardi 19 mai 2026 Il reste : 2 jours ouvrés"),
        ({"days_left": 1}, "Il reste : 1 jour ouvré Priorité"),
        ({"days_left": -1}, "Retard : 1 jour ouvré Priorité"),
        ({"days_left": -3}, "Retard : 3 jours ouvrés"),
        ({"days_left": 0}, "Échéance : mardi 19 mai 2026 Priorité"),
        ({"days_left": None}, "Échéance : mardi 19 mai 2026 Priorité"),
        ({"committed_on": "2026-05-29"}, "Date promise : vendredi 29 mai 2026"),
        ({"others": ["Ann", "Dir"]}, "Ont aussi reçu ce rappel : Ann, Dir"),
    ],
)
def test_a_chase_counts_the_days_and_names_who_else_got_it(facts: dict[str, Any], said: str) -> None:
    assert said in plain(sealed("chase", **facts).raw)


def test_a_chase_about_a_sensitive_file_shows_it_to_its_assignee_only() -> None:
    assert "Carl Dufour" in plain(sealed("chase").raw)
    hidden = plain(sealed("chase", shown=False).raw)
    assert "Dossier sensible : le nom et le texte ne sont montrés" in hidden
    assert "Carl Dufour" not in hidden
    assert "Session annulée" not in hidden


@pytest.mark.parametrize("kind", ["reopen-proposal", "withdrawal-proposal", "survey-alert"])
def test_a_proposal_about_a_sensitive_file_keeps_its_text_back(kind: str) -> None:
    said = FACTS[kind]["text"]
    assert said in plain(sealed(kind).raw)
    hidden = plain(sealed(kind, shown=False).raw)
    assert said not in hidden
    assert "Dossier sensible" in hidden


def test_a_confirmation_shows_all_that_leaves_to_whom_and_until_when_it_can_be_undone() -> None:
    text = plain(sealed("confirm").raw)
    for said in (
        "voici ce que nous avons compris : clore le dossier, réclamation fondée.",
        "- le dossier est clos",
        "Ce qui suit partira à carl@boite.example le mercredi 13 mai 2026 à 11 h 10.",
        "> - avec la même formatrice.",
        "Avec : avenant.pdf",
        "La date à tenir : mardi 19 mai 2026.",
        "Vous pouvez annuler jusqu’au mercredi 13 mai 2026 à 11 h 10.",
    ):
        assert said in text


def test_a_confirmation_of_what_stays_inside_shows_no_letter_and_nothing_to_undo() -> None:
    nothing = {"leaves_text": "", "files": [], "to": "", "leaves_at": None, "undo_until": None, "due_on": None}
    text = plain(sealed("confirm", **nothing, number=None, code="").raw)
    assert "partira" not in text
    assert "annuler" not in text


@pytest.mark.parametrize("kind", ["confirm", "refusal", "identity", "fence"])
def test_a_text_that_leaves_is_shown_whole(kind: str) -> None:
    name = "leaves_text" if kind == "confirm" else "text"
    shown = part(sealed(kind, **{name: "mot\n" * 14_990 + "fin"}).raw, "plain")
    assert "> fin" in shown
    assert shown.count("mot") == 14_990


def test_a_refusal_says_why_and_shows_the_plan_only_when_asked() -> None:
    text = plain(sealed("refusal").raw)
    assert "Pourquoi : une réponse qui clôt compte au moins 200 caractères." in text
    assert "Vouliez-vous écrire « #résolu » ?" in text
    assert "- ce que nous avons compris" in text
    assert "Un plan possible" not in plain(sealed("refusal", outline=False).raw)
    assert "Vouliez-vous" not in plain(sealed("refusal", nearest="").raw)


def test_an_unproven_command_is_shown_with_its_term() -> None:
    text = plain(sealed("identity").raw)
    assert "Commande : #résolu" in text
    assert "avant le mardi 12 mai 2026 à 18 h 00" in text
    assert "Rien n’est fait" in text


def test_the_card_and_the_lists_say_what_they_were_given() -> None:
    assert "#note : note interne : rien ne part" in plain(sealed("card").raw)
    assert "convocation.pdf (340 ko)" in plain(sealed("files").raw)
    assert "ne contient aucun fichier" in plain(sealed("files", files=[]).raw)
    assert "REC-2026-0031 P2 – AR envoyé, échéance 19/05/2026 – Opale Conseil" in plain(sealed("list").raw)
    assert "aucun dossier ouvert" in plain(sealed("list", rows=[]).raw)


def test_a_list_hides_a_sensitive_file_unless_it_is_the_readers_own() -> None:
    row = {**ROW, "sensitive": True}
    assert "Opale" not in plain(sealed("list", rows=[row]).raw)
    assert "Opale" in plain(sealed("list", rows=[{**row, "shown": True}]).raw)


def test_a_low_mark_is_told_with_the_words_that_go_with_it() -> None:
    text = plain(sealed("survey-alert").raw)
    assert "Prise en compte : 2 sur 5 Action : 4 sur 5 Suite de la relation : 5 sur 5" in text
    assert "Personne ne m’a rappelé." in text


def test_the_digest_says_what_is_at_risk_and_what_changed() -> None:
    text = plain(sealed("digest").raw)
    assert "PROMESSES À RISQUE REC-2026-0039 P2" in text
    assert "CE QUI A CHANGÉ - REC-2026-0030 : close, fondée" in text
