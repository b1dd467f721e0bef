"""reading: visible rules, never a hidden model; what they cannot know they leave to a human (spec §3)."""

from __future__ import annotations

import json
import sys
import unicodedata
from datetime import UTC, date, datetime
from itertools import groupby
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.message import Address, Attachment, Forwarded, Message
from mailbot.reading import EMPTY_WORDS, Reading, Words, fold, from_json, read, to_json
from mailbot.reading.plain import wording

WORDS = Words(
    staff=(("Bo Martin", "bo@ief.example"), ("Ann Leroy", "ann@ief.example"), ("Sabrina Petit", "sabrina@ief.example")),
    own_domains=("ief.example",),
    own_addresses=("reclamations@ief.example",),
    own_phones=("+33 1 99 00 12 34",),
)
MARKER = "mb-" + "7f3k9q2m4x8v".replace("9", "a").replace("8", "b") + "abcdefghijklmn"


def mail(
    text: str, subject: str = "Réclamation", sender: str = "Carl Petit <carl@courriel.example>", **more: Any
) -> Message:
    """A mail of a person, dated 18 May 2026, with nothing special but what the test says."""
    name, _, addr = sender.rpartition("<")
    fields: dict[str, Any] = {
        "size": len(text),
        "sha256": "0" * 64,
        "fingerprint": "1" * 64,
        "message_id": "<m1@courriel.example>",
        "from_": Address(name=name.strip(), addr=addr.rstrip(">")),
        "strict_from": True,
        "sender": None,
        "original_from": None,
        "return_path": None,
        "subject": subject,
        "date": datetime(2026, 5, 18, 9, 0, tzinfo=UTC),
        "text": text,
        "html": "",
        "forwarded": None,
        "received_count": 1,
        "truncated": False,
    }
    lists = (
        "in_reply_to", "references", "reply_to", "to", "cc", "delivered_to", "attachments", "automatic", "listed",
        "list_addresses", "spam", "authentication", "reports", "problems",
    )  # fmt: skip
    return Message(**(dict.fromkeys(lists, ()) | fields | more))


def reading_of(text: str, subject: str = "Réclamation", words: Words = WORDS, **more: Any) -> Reading:
    return read(mail(text, subject, **more), words)


# ---- twenty complaints -------------------------------------------------------------------------------------------
# sender, subject, body → wish (part of it), its state, type, sub-type, language, families of alerts, training

COMPLAINTS: dict[str, tuple[str, str, str, str, str, str, str, str, set[str], str]] = {
    "02": (
        "kev <kevin.roussel92@boite.example>",
        "???",
        """bonjour ca fait 12 jours que la plateforme marche plus, je clic sur le module 4 et ca tourne dans le vide
jai appeler 3 fois personne rappelle !!!
mes heures cpf vont pas etre comptées si ca continue, je veux que ca marche ou que vous prolongiez mon acces
c pas serieux a 1490€ la formation

Envoyé de mon iPhone
""",
        "que ca marche ou que vous prolongiez mon acces",
        "exprimée", "stagiaire", "CPF", "fr", {"repetition", "montant"}, "",
    ),
    "04": (
        "BERNARD Claire <claire.bernard@agence-emploi.example>",
        "URGENT entrées en stage non saisies - session 26-114",
        """Bonjour,
5 demandeurs d'emploi ont commencé chez vous le 20 avril (titre pro assistant ressources humaines) et
leur entrée en stage n'est toujours pas déclarée. Conséquence : pas de rémunération au 5 mai pour ces
personnes, dont une maman seule avec deux enfants.
Je vous ai laissé deux messages la semaine dernière. Pouvez-vous saisir les entrées aujourd'hui et me le
confirmer par retour ?
Claire Bernard, conseillère
""",
        "saisir les entrées aujourd'hui et me le confirmer",
        "à confirmer", "financeur", "France Travail", "fr", {"repetition", "echeance"}, "titre pro assistant ressources humaines",
    ),
    "06": (
        "Yanis Belkacem <yanis.belkacem@courriel.example>",
        "accès fauteuil salle 2e étage",
        """Bonjour Madame, Bonjour Monsieur,
Je me déplace en fauteuil, je l'avais indiqué sur la fiche d'inscription et au téléphone. Lundi je suis arrivé :
la salle est au 2e étage et l'ascenseur est en panne depuis, paraît-il, trois semaines. J'ai suivi la
matinée dans le hall avec mon ordinateur sur les genoux.
Je ne suis pas en colère mais j'aimerais une salle au rez-de-chaussée dès jeudi, la formation continue
jusqu'au 29. Merci d'avance.
Yanis B.
""",
        "une salle au rez-de-chaussée dès jeudi",
        "exprimée", "stagiaire", "", "fr", {"handicap", "echeance"}, "",
    ),
    "08": (
        "Inès Garnier <ines.garnier@courriel.example>",
        "Re: Votre inscription à l'examen d'anglais",
        """Bonjour,
Je viens d'avoir le centre d'examen : ils n'ont AUCUNE inscription à mon nom pour le 22 mai alors que vous
m'avez confirmé par mail. J'ai un entretien le 26 et le score est obligatoire.
Il me faut une place avant le 26 mai, où que ce soit.
Inès Garnier

Le lun. 4 mai 2026 à 16:02, Institut Exemple Formation <contact@ief.example> a écrit :
> Bonjour Mme Garnier,
> Nous avons le plaisir de vous confirmer votre inscription à l'examen du 22 mai 2026.
> Pour toute réclamation : reclamations@ief.example
> L'équipe IEF - 01 99 00 12 34
""",
        "une place avant le 26 mai, où que ce soit",
        "exprimée", "stagiaire", "", "fr", {"echeance"}, "",
    ),
    "10": (
        "Atelier Lopez EURL <contact@atelier-lopez.example>",
        "Facture impayée n°26-07",
        """Bonjour,
Formateur sous-traitant pour vos sessions Caces de février, ma facture 26-07 (2 400 €) échue au 31 mars reste
impayée malgré mes relances des 8 et 22 avril. Merci de procéder au règlement sous huitaine, faute de quoi je
serai contraint d'appliquer les pénalités prévues au contrat.
Miguel Lopez
""",
        "procéder au règlement sous huitaine",
        "à confirmer", "autre", "sous-traitant", "fr", {"repetition", "echeance", "montant", "juridique"}, "",
    ),
    "12": (
        "Aurélie Tessier <aurelie.tessier@courriel.example>",
        "RE: Convocation - Formation Secrétariat médical",
        """J'ai fait 80 km pour rien, porte fermée, personne. Je veux être remboursée de mes frais et savoir quand ça a lieu.

________________________________
De : IEF Inscriptions <inscriptions@ief.example>
Envoyé : mardi 5 mai 2026 09:12
À : Aurélie Tessier
Objet : Convocation - Formation Secrétariat médical

Madame, vous êtes convoquée le lundi 11 mai 2026 à 9h00 au 12 rue des Lilas, 28000 Chartres.
Merci d'apporter une pièce d'identité. En cas de difficulté : 01 99 00 12 34.
Institut Exemple Formation – organisme certifié Qualiopi – NDA 11 75 99999 75
""",
        "être remboursée de mes frais et savoir quand ça a lieu",
        "exprimée", "stagiaire", "", "fr", set(), "Secrétariat médical",
    ),
    "14": (
        "Accounts Payable <ap@northwind-tools.example>",
        "Invoice IEF-2026-0412 – VAT applied by mistake",
        """Hello,
We have received invoice IEF-2026-0412 (leadership workshop, 14 & 15 April, 11 participants). VAT was charged
although your quotation stated that training is VAT exempt. We cannot process it. Please issue a credit note and a
corrected invoice before month end.
Best, AP team – Northwind Tools Ltd
""",
        "issue a credit note and a corrected invoice before month end",
        "à confirmer", "autre", "entreprise", "en", {"echeance"}, "leadership workshop",
    ),
    "16": (
        "Gérard Vasseur <g.vasseur@courriel.example>",
        "INSCRIPTION SANS MON ACCORD",
        """Messieurs,
On m'a téléphoné le 2 avril en se disant "conseiller CPF". J'ai donné un code reçu par sms. Aujourd'hui je vois \
3 200 € débités
pour une formation de "naturopathie" chez VOUS que je n'ai JAMAIS demandée. J'ai 71 ans !
J'exige l'annulation et le retour des 3200 euros sur mon compte, sinon je dépose plainte et je préviens
la Caisse des dépôts.
G. Vasseur
""",
        "l'annulation et le retour des 3200 euros sur mon compte",
        "exprimée", "stagiaire", "CPF", "fr", {"fraude", "juridique", "montant", "echeance"}, "naturopathie",
    ),
    "18": (
        "Mme Hoarau <s.hoarau@ilemail.example>",
        "mon fils Lucas, CAP cuisine",
        """Bonsoir. je vous écris car mon fils Lucas (16 ans, apprenti CAP cuisine 1ere année) ne veut plus \
venir. Deux garçons de son groupe
le filme et mettent les vidéos sur un groupe. Le formateur est au courant depuis la rentrée de janvier et dit que
"c'est des gamins". Le médecin l'a arrêté 8 jours.
Je veux un rendez vous cette semaine et que les vidéos soient enlevées.
Mme HOARAU
""",
        "un rendez vous cette semaine et que les vidéos soient enlevées",
        "exprimée", "autre", "proche", "fr", {"harcelement", "sante", "mineur", "echeance"}, "CAP cuisine 1ere année",
    ),
    "20": (
        "Groupe TP Électricien <stagiaires.tpelec@groupe.example>",
        "Conditions de formation plateau technique",
        """Madame la Directrice,

Nous sommes 7 stagiaires du titre pro électricien (session 02/02 – 31/07). Le plateau technique n'est pas \
chauffé : 13 degrés
ce matin, relevé photo dans la lettre. Il n'y a que 4 paires de gants isolants pour 12. Nous avons signalé cela
oralement plusieurs fois au formateur, qui n'y peut rien.
Nous demandons le chauffage et des EPI pour chacun avant de reprendre les travaux sous tension.

Pour le groupe : Ousmane Diallo (délégué)
""",
        "le chauffage et des EPI pour chacun avant de reprendre les travaux sous tension",
        "exprimée", "stagiaire", "", "fr", {"danger", "repetition"}, "titre pro électricien",
    ),
    "22": (
        "DRH Mairie de Valfleury <formation@mairie-valfleury.example>",
        "Convention non retournée + mauvaise adresse Chorus",
        """Bonjour,
La convention pour la formation "Habilitation électrique BS" (4 agents, 9 et 10 juin) ne nous est toujours pas \
revenue signée et votre
facture d'acompte est partie sur le mauvais code service. Sans convention signée avant le 29 mai nous devrons annuler.
Pouvez-vous faire le nécessaire svp.
Le service formation
""",
        "faire le nécessaire",
        "à confirmer", "financeur", "employeur-payeur", "fr", {"repetition", "echeance"}, "Habilitation électrique BS",
    ),
    "24": (
        "<0639981177@mobile.example>", "REMBOURSEMENT", "", "REMBOURSEMENT",
        "à confirmer", "stagiaire", "", "fr", set(), "",
    ),
    "26": (
        "Marc O'Leary <marc.oleary@letters.example>",
        "Feedback on the PowerPoint course",
        """Hi all,
First of all, well done to Sabrina, a great trainer. Two things though: we started at 9:40 both days (train), \
so we lost 1h20, and the
"vegetarian" lunch box had tuna in it, not ideal when I'd told you beforehand.
Nothing dramatic, but I wanted to mention it. A short catch-up session online would be perfect.
Have a good one! Marc
""",
        "A short catch-up session online would be perfect",
        "exprimée", "stagiaire", "", "en", set(), "PowerPoint course",
    ),
    "28": (
        "Antoine Brun <antoine.brun@courriel.example>",
        "mes résultats envoyés à toute la promo",
        """Bonjour,
Hier à 17h vous avez envoyé à tout le groupe un fichier avec les notes, dates de naissance et la mention RQTH \
de chacun. Je découvre que
mes collègues savent maintenant que je suis reconnu handicapé.
Je vous demande de faire supprimer ce fichier par tous les destinataires, de m'indiquer ce que vous allez \
déclarer à la CNIL, et
d'effacer mes données dès que la formation sera finie.
A. Brun
""",
        "d'effacer mes données dès que la formation sera finie",
        "exprimée", "stagiaire", "", "fr", {"handicap", "donnees"}, "",
    ),
    "30": (
        "Patrick Lemoine <p.lemoine@courriel.example>",
        "Re: [REC-2026-0019] Notre réponse à votre réclamation",
        """Non je ne suis pas d'accord. Vous dites que j'étais absent le 3 alors que j'ai signé la feuille, \
j'ai la photo. Je maintiens ma demande de
certificat complet. Et je ne comprends pas pourquoi c'est la même personne qui répond.
P. Lemoine
""",
        "certificat complet",
        "exprimée", "stagiaire", "", "fr", set(), "",
    ),
    "32": (
        "Site IEF <no-reply@ief.example>",
        "[Formulaire] Réclamation",
        """Nom : KLEIN
Prénom : Bruno
Email : bruno.klein@courriel.example
Vous êtes : Stagiaire
Formation : Soudage TIG - initiation (Metz, du 09/03 au 13/03)
Message : Le poste 4 ne marchait pas, j'ai soudé 1 jour sur 5. Je voudrais 2 jours de plus sur un poste qui marche.
Consentement : oui
""",
        "2 jours de plus sur un poste qui marche",
        "exprimée", "stagiaire", "", "fr", set(), "Soudage TIG - initiation",
    ),
    "34": (
        "Estelle Carpentier <estelle.carpentier@courriel.example>",
        "Accompagnement VAE - jury manqué",
        """Bonjour,
Mon accompagnatrice VAE a changé deux fois depuis novembre et personne n'a relu mon livret 2 envoyé le 9 mars. \
La date limite de dépôt pour le jury de juin
est passée vendredi. Je perds six mois.
Au minimum je souhaite une relecture sous 15 jours et que l'accompagnement soit prolongé gratuitement jusqu'au \
jury de novembre.
Je précise que j'ai toujours été satisfaite de l'accueil.
E. Carpentier
""",
        "une relecture sous 15 jours et que l'accompagnement soit prolongé gratuitement jusqu'au jury de novembre",
        "exprimée", "stagiaire", "VAE", "fr", {"repetition", "echeance"}, "VAE",
    ),
    "36": (
        "citoyen vigilant <xk77@anonyme.example>",
        "vos feuilles d'emargement",
        """je reste anonyme. Chez vous les feuilles d'émargement du matin sont signées le soir et meme pour les \
absents, session commerce de mars, demandez a verifier.
Les financeurs seraient contents de le savoir.
""",
        "",
        "non exprimée", "autre", "anonyme", "fr", {"fraude"}, "",
    ),
    "38": (
        "franck leblond <franckl75@boite.example>",
        "VOUS ETES DES VOLEURS",
        """1490 EUROS POUR DES PDF GRATUITS SUR INTERNET !!!! VOTRE "COACH" A FAIT 2 VISIO DE 20 MIN SUR 10 \
PREVUES ET IL CHANGE DE DATE A CHAQUE FOIS
JE VEUX MON ARGENT SOUS 48H SINON MON AVOCAT + SIGNAL CONSO + AVIS GOOGLE 1 ETOILE PARTOUT
bande d'escrocs
""",
        "JE VEUX MON ARGENT SOUS 48H",
        "exprimée", "stagiaire", "", "fr", {"fraude", "juridique", "presse", "repetition", "echeance", "montant"}, "",
    ),
    "40": (
        "Dr. Jens Albrecht <jens.albrecht@klinik-am-see.example>",
        "WG: Supports de cours – lien expiré",
        """Bonjour,
Le lien vers les supports de la formation "Radioprotection des travailleurs" (21-22 avril, Mulhouse) a expiré \
avant que je puisse télécharger.
J'ai écrit à la formatrice : adresse inexistante. Pourriez-vous me renvoyer les supports ?
Cordialement / Mit freundlichen Grüßen
Dr. Jens Albrecht
Klinik am See GmbH · Geschäftsführer: X. Beispiel · Sitz: Seestadt · HRB 00000
Diese E-Mail enthält vertrauliche Informationen. Bitte denken Sie an die Umwelt.
""",
        "me renvoyer les supports",
        "à confirmer", "stagiaire", "", "fr", set(), "Radioprotection des travailleurs",
    ),
}  # fmt: skip


@pytest.mark.parametrize("number", sorted(COMPLAINTS))
def test_twenty_complaints_as_a_human_would_read_them(number: str) -> None:
    sender, subject, body, wish, state, kind, subtype, language, families, training = COMPLAINTS[number]
    found = reading_of(body, subject, sender=sender)
    assert wish in found.wish
    assert (found.wish_state, bool(found.wish)) == (state, bool(wish))
    assert (found.complainant_type, found.subtype) == (kind, subtype)
    assert found.language == language
    assert {family for family, _ in found.alerts} == families
    assert found.training == training
    assert found.phone == ""


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("02", {("repetition", "3 fois"), ("repetition", "12 jours"), ("montant", "1490€")}),
        ("10", {("montant", "2 400 €"), ("echeance", "sous huitaine"), ("repetition", "relances")}),
        ("16", {("fraude", "SANS MON ACCORD"), ("juridique", "plainte"), ("montant", "3 200 €")}),
        ("18", {("mineur", "16 ans"), ("sante", "médecin")}),
        ("28", {("donnees", "CNIL"), ("handicap", "RQTH"), ("handicap", "handicapé")}),
        ("38", {("juridique", "AVOCAT"), ("presse", "AVIS GOOGLE"), ("echeance", "SOUS 48H")}),
    ],
)
def test_alert_words_are_shown_as_they_were_written(number: str, said: set[tuple[str, str]]) -> None:
    sender, subject, body, *_ = COMPLAINTS[number]
    assert said <= set(reading_of(body, subject, sender=sender).alerts)


def test_sensitive_and_urgent_follow_from_the_families() -> None:
    found = {n: reading_of(row[2], row[1], sender=row[0]) for n, row in COMPLAINTS.items()}
    assert {n for n, said in found.items() if said.sensitive} == {"06", "18", "28"}
    assert {n for n, said in found.items() if said.urgent} == {"18", "20"}


def test_the_trainer_who_is_praised_is_named_all_the_same() -> None:
    assert reading_of(COMPLAINTS["26"][2]).staff_named == ("sabrina@ief.example",)


def test_quoted_text_is_not_part_of_a_complaint() -> None:
    for number, last in (("02", "la formation"), ("08", "Inès Garnier"), ("12", "quand ça a lieu.")):
        found = reading_of(COMPLAINTS[number][2])
        assert found.new_text.endswith(last), number
        assert found.cut_sure
    assert "Envoyé de mon iPhone" in reading_of(COMPLAINTS["02"][2]).quoted_text


# ---- where quoted mail begins ------------------------------------------------------------------------------------

OURS = "Votre demande REC-2026-0123 a été enregistrée"
HEADERS = "Envoyé : mardi 3 novembre 2026 10:12\nÀ : Marie Durand <marie@courriel.example>\nObjet : [REC-2026-0123] Nouvelle réclamation\n"
# name: (text, words that the author wrote, is the cut sure?)
QUOTES = {
    "Gmail": (
        "Le poste est réparé.\n\n"
        f"Le mar. 3 nov. 2026 à 10:12, Service <box@ief.example> a\nécrit :\n\n> {OURS}\n"
        "> Merci\n",
        "Le poste est réparé.",
        True,
    ),
    "Gmail, from HTML": (
        f"Le poste est réparé.\n\nLe mar. 3 nov. 2026 à 10:12, Service <box@ief.example> a écrit :\n{OURS}\n",
        "Le poste est réparé.",
        True,
    ),
    "Gmail, English": (
        f"Fixed, please close.\n\nOn Tue, Nov 3, 2026 at 10:12 AM Complaints <box@ief.example> wrote:\n\n> {OURS}\n",
        "Fixed, please close.",
        True,
    ),
    "Outlook": (
        f"Bonjour,\r\nRemboursé.\r\n\r\nDe : Service <box@ief.example>\r\n{HEADERS}\r\n{OURS}\r\n",
        "Bonjour,\nRemboursé.",
        True,
    ),
    "Outlook, no address": (f"Remboursé.\n\nDe : Service Réclamations\n{HEADERS}\n{OURS}\n", "Remboursé.", True),
    "Outlook, bold": (
        "Vu.\n\n*De :* Service <box@ief.example>\n"
        f"*Envoyé :* mardi 3 novembre 2026 10:12\n*À :* Marie\n*Objet :* x\n\n{OURS}\n",
        "Vu.",
        True,
    ),
    "Outlook, old": (
        "Je m'en occupe.\n\n-----Message d'origine-----\n"
        f"De : box@ief.example [mailto:box@ief.example]\n{HEADERS}\n{OURS}\n",
        "Je m'en occupe.",
        True,
    ),
    "Outlook on the web": (
        f"Vu.\n\n________________________________\nDe : Service <box@ief.example>\n{HEADERS}\n{OURS}\n",
        "Vu.",
        True,
    ),
    "Outlook, English": (
        "Done.\n\nFrom: Desk <box@ief.example>\nSent: Tuesday, 3 November 2026 10:12\n"
        f"To: Marie\nSubject: x\n\n{OURS}\n",
        "Done.",
        True,
    ),
    "Apple Mail": (
        "C'est fait.\n\nEnvoyé de mon iPhone\n\n"
        f"> Le 3 nov. 2026 à 10:12, Service <box@ief.example> a écrit :\n> \n> {OURS}\n",
        "C'est fait.",
        True,
    ),
    "Apple Mail, English": (
        f"Done.\n\nSent from my iPhone\n\n> On 3 Nov 2026, at 10:12, Desk <box@ief.example> wrote:\n> \n> {OURS}\n",
        "Done.",
        True,
    ),
    "Orange, old": (
        "Pas satisfait.\n\n> Message du 03/11/26 10:12\n"
        '> De : "Service" <box@ief.example>\n> A : jean@courriel.example\n'
        f"> Copie à : \n> Objet : x\n> \n> {OURS}\n",
        "Pas satisfait.",
        True,
    ),
    "Orange, new": (
        "Toujours rien !\n\n\nenvoyé : 3 novembre 2026 à 10:12\nde : box@ief.example\n"
        f"à : jean@courriel.example\nobjet : x\n\n\n{OURS}\n",
        "Toujours rien !",
        True,
    ),
    "SFR": (f"Bien.\n\n---- Message d'origine ----\nDe : box@ief.example\n{HEADERS}\n{OURS}\n", "Bien.", True),
    "Zimbra, Free": (
        'Je confirme.\n\n----- Mail original -----\nDe: "Service" <box@ief.example>\n'
        'À: "jean" <jean@courriel.example>\nEnvoyé: Mardi 3 Novembre 2026 10:12:00\n'
        f"Objet: x\n\n{OURS}\n",
        "Je confirme.",
        True,
    ),
    "Yahoo": (
        "Ok pour moi.\n\n"
        "    Le mardi 3 novembre 2026 à 10:12:00 UTC+1, Service <box@ief.example> a écrit :  \n"
        f" \n {OURS}\n",
        "Ok pour moi.",
        True,
    ),
    "Thunderbird": (f"Clos.\n\nLe 03/11/2026 à 10:12, Service a écrit :\n> {OURS}\n", "Clos.", True),
    "German": (f"Bonjour.\n\nAm 03.11.26 um 10:12 schrieb Desk <box@ief.example>:\n> {OURS}\n", "Bonjour.", True),
    "our own line": (
        f"Voici ma réponse.\n\n##- Répondre au-dessus de cette ligne -##\n{OURS}\n",
        "Voici ma réponse.",
        True,
    ),
    "our own line, English": (f"My answer.\n\n--- Reply above this line ---\n{OURS}\n", "My answer.", True),
    "our own line, below an attribution": (
        "Oui.\n\nLe 3 nov. 2026 à 10:12, Bo <bo@ief.example> a écrit :\n"
        f"> Répondre au-dessus de cette ligne\n> {OURS}\n",
        "Oui.",
        True,
    ),
    "answers between the lines": (
        f"Le 03/11/2026 à 10:12, Service a écrit :\n> {OURS}\n> Que proposez-vous ?\n"
        "Un remboursement.\n> Sous quel délai ?\nSous 8 jours.\n",
        "Un remboursement.\nSous 8 jours.",
        False,
    ),
    "answers below, said so": (
        f"Mes réponses en rouge ci-dessous.\n\nDe : Service <box@ief.example>\n{HEADERS}\n{OURS}\n",
        "Mes réponses en rouge ci-dessous.",
        False,
    ),
    "nothing above the quotation": (
        f"De : Service <box@ief.example>\n{HEADERS}\n{OURS}\n",
        f"De : Service <box@ief.example>\n{HEADERS}\n{OURS}",
        False,
    ),
    "a list with dashes": (
        "Les points :\n- poste abîmé\n- retard\n-- \nJean Dupont\n",
        "Les points :\n- poste abîmé\n- retard\nJean Dupont",
        True,
    ),
    "« De : » in prose": (
        "Bonjour,\n\nDe : mon côté, je n'ai rien reçu.\nLe livreur a écrit : absent.\nObjet : c'est faux !",
        "Bonjour,\n\nDe : mon côté, je n'ai rien reçu.\nLe livreur a écrit : absent.\nObjet : c'est faux !",
        True,
    ),
    "a trainer who « a écrit »": (
        "Le 12 mai à 9h30 le formateur m'a écrit :\n« vous êtes nul »\nC'est inacceptable.",
        "Le 12 mai à 9h30 le formateur m'a écrit :\n« vous êtes nul »\nC'est inacceptable.",
        True,
    ),
    "dates of a session": (
        "Formation : Excel\nDe : 9 mars\nA : 13 mars\nObjet : retard\nRien reçu.",
        "Formation : Excel\nDe : 9 mars\nA : 13 mars\nObjet : retard\nRien reçu.",
        True,
    ),
    "« > » without a word on who is quoted": ("Voici :\n> un\n> deux", "Voici :\n> un\n> deux", False),
    "prose wrapped at « envoyé de mon »": (
        "Voici le dossier complet que j'avais\nenvoyé de mon adresse personnelle.",
        "Voici le dossier complet que j'avais\nenvoyé de mon adresse personnelle.",
        True,
    ),
    "a marker left in the text": (f"Oui.\nRéf. {MARKER}", f"Oui.\nRéf. {MARKER}", False),
    "only a device line": ("Envoyé de mon iPhone", "Envoyé de mon iPhone", False),
}


@pytest.mark.parametrize("name", QUOTES)
def test_only_new_text_is_the_authors(name: str) -> None:
    text, new, sure = QUOTES[name]
    found = reading_of(text)
    assert (found.new_text, found.cut_sure) == (new, sure)


def test_nothing_is_thrown_away_by_the_cut() -> None:
    for name, (text, _, _) in QUOTES.items():
        found = reading_of(text)
        kept = f"{found.new_text}\n{found.quoted_text}".split()
        assert sorted(kept) == sorted(text.split()), name


def test_a_forward_leaves_the_note_above_it() -> None:
    text = (
        "Pour vous.\n\n---------- Forwarded message ---------\nDe : Client <c@courriel.example>\n"
        "Date: 3 nov. 2026\nSubject: x\nTo: <box@ief.example>\n\nMon poste est cassé."
    )
    assert reading_of(text).new_text == "Pour vous."


FORWARDED = Forwarded(
    sender=Address(name="Opale Durand", addr="opale@opco-opale.example"),
    subject="Facture",
    date_text="",
    text="Bonjour, je souhaite un avoir. Je suis joignable au 06 39 98 11 22.",
    how="inline",
)


def test_what_staff_forwards_is_read_for_what_its_author_says() -> None:
    found = reading_of(
        "Pour toi, je veux ton avis.", "TR: Facture", sender="Bo Martin <bo@ief.example>", forwarded=FORWARDED
    )
    assert found.new_text == "Pour toi, je veux ton avis."
    assert (found.wish, found.complainant_type, found.phone) == ("je souhaite un avoir", "financeur", "06 39 98 11 22")
    assert found.staff_named == ()


def test_what_a_complainant_forwards_is_only_an_annex() -> None:
    found = reading_of("Je veux être remboursé.", "TR: Facture", forwarded=FORWARDED)
    assert (found.wish, found.complainant_type, found.phone) == ("Je veux être remboursé", "stagiaire", "")


# ---- numbers, markers, tags --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "text", "references"),
    [
        ("Re: [REC-2026-0042] Bonjour", "", ("REC-2026-0042",)),
        ("rec-2026-0042", "et aussi REC-2025-12345, puis REC-2026-0042.", ("REC-2026-0042", "REC-2025-12345")),
        ("", "voir ESSAI-2026-0001", ("ESSAI-2026-0001",)),
        ("[REC-2026-0042-K7QX3M] #résolu", "", ("REC-2026-0042",)),
        ("REC-2026-0042-K7QX3MZ", "", ()),
        ("XREC-2026-0042", "éREC-2026-0042 A-REC-2026-0042 REC-2026-0042a REC-2026-0042_", ()),
        ("REC-2026-042", "REC-2026-1234567 REC-26-0042 REC-٢٠٢٦-0042", ()),
    ],
)
def test_numbers_are_read_subject_first_and_never_inside_a_longer_word(
    subject: str, text: str, references: tuple[str, ...]
) -> None:
    assert reading_of(text, subject).references == references


def test_the_prefix_is_that_of_the_configuration() -> None:
    assert reading_of("REC-2026-0001 PLT-2026-0002", words=Words(prefix="PLT")).references == ("PLT-2026-0002",)


def test_numbers_of_quoted_text_do_not_count() -> None:
    assert reading_of(QUOTES["Gmail"][0]).references == ()


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        (f"Réf. {MARKER}", MARKER),
        (f"Oui.\n\nLe 3 nov. 2026 à 10:12, Bo <bo@ief.example> a écrit :\n> Réf. {MARKER}\n", MARKER),
        (f"x{MARKER}", ""),
        (f"{MARKER}a", ""),
        (MARKER[:-1], ""),
        (MARKER.upper(), ""),
        ("mb-" + "1" * 26, ""),
    ],
)
def test_our_marker_is_found_anywhere_and_only_whole(text: str, marker: str) -> None:
    assert reading_of(text).marker == marker


def test_tags_are_the_sharp_words_of_the_subject_as_written() -> None:
    assert reading_of("#non", "[REC-2026-0042] (#Résolu), #hors-périmètre. n#1 #2 ##").tags == (
        "#Résolu",
        "#hors-périmètre",
    )


# ---- forms -------------------------------------------------------------------------------------------------------


def test_a_form_mail_is_read_line_by_line_and_a_message_runs_over_several() -> None:
    found = reading_of(
        "Prénom : Bruno\nTéléphone : +33 (0)6 39 98 11 22\nVous êtes : Financeur\nMessage :\nPremière ligne, à 9:30.\n\n"
        "Suite : toujours du message.\nSolution souhaitée : deux jours de plus\nhttp://exemple.example\nConsentement : oui"
    )
    fields = dict(found.fields)
    assert fields["prenom"] == "Bruno"
    assert fields["message"] == "Première ligne, à 9:30.\n\nSuite : toujours du message."
    assert fields["consentement"] == "oui"
    assert (found.wish, found.wish_state) == ("deux jours de plus", "exprimée")
    assert found.complainant_type == "financeur"
    assert found.phone == "+33 (0)6 39 98 11 22"


def test_the_visitor_of_our_own_site_is_the_author_of_its_form() -> None:
    visitor = (Address(name="Opale", addr="opale@akto.example"),)
    assert reading_of("Bonjour", sender="Site <no-reply@ief.example>", reply_to=visitor).subtype == "OPCO"


# ---- the wish ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wish", "state"),
    [
        ("Solution souhaitée : un avoir\n\nJe veux autre chose.", "un avoir", "exprimée"),
        ("Pouvez-vous me rappeler ? Je veux être remboursé.", "Je veux être remboursé", "exprimée"),
        ("Je souhaite vous signaler un retard.", "", "non exprimée"),
        ("Je voudrais attirer votre attention sur ce point.", "", "non exprimée"),
        ("Merci d'avance pour votre réponse.", "", "non exprimée"),
        ("Merci de votre compréhension.", "", "non exprimée"),
        ("Merci d'avoir pris le temps.", "", "non exprimée"),
        ("Merci de penser à l'environnement avant d'imprimer.", "", "non exprimée"),
        ("Veuillez agréer mes salutations.", "", "non exprimée"),
        ("Please find attached my invoice.", "", "non exprimée"),
        ("I would like to report a problem.", "", "non exprimée"),
        ("I would like a refund, otherwise I will go to court.", "I would like a refund", "exprimée"),
        ("Je ne veux pas de report.", "", "non exprimée"),
        ("Merci d’annuler ma session.", "Merci d’annuler ma session", "à confirmer"),
        ("Je veux M. Dupont au téléphone. Merci.", "Je veux M. Dupont au téléphone", "exprimée"),
        ("Je veux être remboursé\nCordialement\nJean", "Je veux être remboursé", "exprimée"),
    ],
)
def test_a_wish_is_one_sentence_of_the_author_or_nothing(text: str, wish: str, state: str) -> None:
    found = reading_of(text)
    assert (found.wish, found.wish_state) == (wish, state)


def test_a_wish_has_at_most_300_characters() -> None:
    for text in ("je veux " + "un café " * 100, "je veux " + "a" * 500):
        assert 0 < len(reading_of(text).wish) <= 300


def test_the_subject_of_a_reply_is_not_a_wish() -> None:
    assert reading_of("Bonjour.", "Re: Remboursement").wish == ""


# ---- who ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "text", "kind"),
    [
        ("Opale <gestion@opco-opale.example>", "Bonjour", ("financeur", "OPCO")),
        ("X <x@afdas.example>", "Bonjour", ("financeur", "OPCO")),
        ("X <x@mail.francetravail.example>", "Bonjour", ("financeur", "France Travail")),
        ("X <x@caissedesdepots.example>", "Bonjour", ("financeur", "CPF")),
        ("X <x@transitions-pro-idf.example>", "Bonjour", ("stagiaire", "")),
        ("Transitions Pro <x@autre.example>", "Bonjour", ("financeur", "Transitions Pro")),
        ("X <x@payeur.example>", "Bonjour", ("financeur", "")),
        ("X <x@notpayeur.example>", "Bonjour", ("stagiaire", "")),
        ("X <x@courriel.example>", "mon conseiller France Travail dit que mes demandeurs d'emploi", ("stagiaire", "")),
        ("X <x@courriel.example>", "Je vous écris pour mon client.", ("autre", "avocat")),
        ("X <x@courriel.example>", "Notre salariée n'a rien reçu.", ("autre", "entreprise")),
        ("X <x@courriel.example>", "Je suis apprentie.", ("stagiaire", "apprenti")),
    ],
)  # fmt: skip
def test_r1_5_the_type_of_complainant_follows_visible_rules(sender: str, text: str, kind: tuple[str, str]) -> None:
    found = reading_of(text, sender=sender, words=Words(funders=("payeur.example",)))
    assert (found.complainant_type, found.subtype) == kind


def test_writing_for_someone_else_is_flagged_with_the_words() -> None:
    assert reading_of("Ma fille n'a pas reçu son attestation.").on_behalf == "Ma fille"
    assert reading_of("I am writing on behalf of John.").on_behalf == "on behalf of"
    assert reading_of("Je n'ai pas reçu mon attestation.").on_behalf == ""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Votre formateur Bo Martin était absent.", ("bo@ief.example",)),
        ("MARTIN BO était absent.", ("bo@ief.example",)),
        ("M. Martin était absent, Mme Leroy aussi.", ("bo@ief.example", "ann@ief.example")),
        ("Sabrina est toujours en retard.", ("sabrina@ief.example",)),
        ("Bonjour Sabrina, rien ne va.", ()),
        ("Sabrina Durand est ma voisine.", ()),
        ("La saint-martin et un petit problème.", ()),
    ],
)
def test_staff_members_named_in_a_complaint(text: str, named: tuple[str, ...]) -> None:
    assert reading_of(text).staff_named == named


def test_the_first_name_of_the_author_names_nobody_else() -> None:
    assert reading_of("Sabrina", sender="Sabrina Lopez <s@courriel.example>").staff_named == ()


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("Appelez-moi au 06 39 98 11 22 svp", "06 39 98 11 22"),
        ("06.39.98.11.22", "06.39.98.11.22"),
        ("tel:0639981122, merci", "0639981122"),
        ("+33 6 39 98 11 22", "+33 6 39 98 11 22"),
        ("0033639981122", "0033639981122"),
        ("Votre standard, 01 99 00 12 34, sonne dans le vide ; moi : 06 39 98 11 22", "06 39 98 11 22"),
        ("+33199001234", ""),
        ("SIRET 012 345 678 00012, facture 2026-0412", ""),
        ("063998112", ""),
        ("06399811223", ""),
        ("bonjour\n\nLe 3 nov. 2026 à 10:12, X <x@y.example> a écrit :\n> 06 39 98 11 22", ""),
    ],
)
def test_a_telephone_number_is_the_complainants_never_ours(text: str, phone: str) -> None:
    assert reading_of(text).phone == phone


# ---- dates, language, thanks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "deadline", "words"),
    [
        ("avant le 29 mai", date(2026, 5, 29), "avant le 29 mai"),
        ("d'ici le vendredi 29 mai 2026", date(2026, 5, 29), "d'ici le vendredi 29 mai 2026"),
        ("avant le 1er juin", date(2026, 6, 1), "avant le 1er juin"),
        ("au plus tard le 05/06/2026", date(2026, 6, 5), "au plus tard le 05 06 2026"),
        ("avant le 2026-06-05", date(2026, 6, 5), "avant le 2026-06-05"),
        ("before June 5", None, ""),
        ("by 5 June 2026", date(2026, 6, 5), "by 5 June 2026"),
        ("avant le 10 janvier", date(2027, 1, 10), "avant le 10 janvier"),
        ("avant le 31 février", None, "avant le 31 février"),
        ("avant le 26, puis avant le 29 mai", date(2026, 5, 29), "avant le 29 mai"),
        ("avant le 26 seulement", None, "avant le 26"),
        ("sous 8 jours", None, "sous 8 jours"),
        ("sous huitaine", None, "sous huitaine"),
        ("la formation dure jusqu'au 29 mai", None, ""),
        ("avant le ٢٦ mai", None, "avant le ٢٦ mai"),
    ],
)
def test_the_complainants_own_deadline_is_a_date_only_when_it_is_a_full_one(
    text: str, deadline: date | None, words: str
) -> None:
    found = reading_of(text)
    assert (found.deadline, found.deadline_text) == (deadline, words)


def test_a_date_without_year_says_nothing_in_a_mail_without_date() -> None:
    assert reading_of("avant le 29 mai", date=None).deadline is None
    assert reading_of("avant le 29 mai 2026", date=None).deadline == date(2026, 5, 29)


@pytest.mark.parametrize(
    ("subject", "text", "language"),
    [
        ("Refund", "I have been waiting for the certificate.", "en"),
        ("Refund", "J'attends toujours le certificat.", "fr"),
        ("the certificate of my course", "ok", "en"),
        ("", "", "fr"),
    ],
)
def test_the_language_is_that_of_the_text_then_of_the_subject_then_french(
    subject: str, text: str, language: str
) -> None:
    assert reading_of(text, subject).language == language


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Merci beaucoup, tout est arrivé, problème réglé !", True),
        ("Bonjour,\nMerci pour votre réponse.\nCordialement,\nCarl Petit", True),
        ("Thanks a lot!\nBest regards\nCarl", True),
        ("MERCI", True),
        ("Merci, mais je n'ai toujours rien reçu.", False),
        ("Merci pour rien", False),
        ("Merci. J'attends le remboursement.", False),
        ("Bonjour, bien reçu.", False),
        ("", False),
    ],
)
def test_bare_thanks_are_thanks_and_nothing_more(text: str, bare: bool) -> None:
    assert reading_of(text).thanks_only is bare


def test_thanks_with_a_file_are_more_than_thanks() -> None:
    photo = Attachment(path="2", name="photo.jpg", content_type="image/jpeg", size=1, sha256="", evidence=True)
    assert reading_of("Merci", attachments=(photo,)).thanks_only is False


# ---- words of the configuration ----------------------------------------------------------------------------------


def test_the_configuration_adds_trainings_and_alert_words() -> None:
    words = Words(
        trainings=(("CACES R489", ("caces", "chariot")),), alerts={"danger": ("nacelle",), "maison": ("moquette",)}
    )
    found = reading_of("Le Chariot et la nacelle, sur la moquette ; moquettes.", words=words)
    assert found.training == "CACES R489"
    assert set(found.alerts) == {("danger", "nacelle"), ("maison", "moquette")}
    assert found.urgent


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("un accidentel détour", set()),
        ("HARCÈLEMENT", {"harcelement"}),
        ("on me harcèle", {"harcelement"}),
        ("propos racistes", {"discrimination"}),
        ("des prud’hommes", {"juridique"}),
        ("depuis 15 ans", {"repetition"}),
        ("15 ans d'expérience", set()),
        ("il a 15 ans", {"mineur"}),
        ("il y a 15 ans", set()),
        ("j'ai un élève de la classe des 15", set()),
        ("une fois, 1 fois", set()),
    ],
)
def test_alert_words_are_whole_words_whatever_their_accents(text: str, families: set[str]) -> None:
    assert {family for family, _ in reading_of(text, "").alerts} == families


def test_fold_compares_words_without_accents_case_or_typography() -> None:
    assert fold("L’Été Œuvre ﬁn ２") == "l'ete oeuvre fin 2"


def test_words_survive_the_child_process() -> None:
    words = Words(
        trainings=(("A", ("b",)),),
        alerts={"x": ("y",)},
        staff=(("N", "a@b.example"),),
        own_phones=("01",),
        prefix="PLT",
    )
    assert Words.from_json(json.loads(json.dumps(words.to_json()))) == words
    assert Words.from_json(EMPTY_WORDS.to_json()) == EMPTY_WORDS


# ---- hostile text ------------------------------------------------------------------------------------------------

pieces = st.sampled_from(
    ["Le 3 mai 2026 à 10:12, x@y.example a écrit :", "\n", "> ", "De : x", "Envoyé : y", "À : z", "Objet : o", "--", " ", "\u00a0",
     "je veux ", "merci de ", "d'", "#", ":", "06 39 98 11 22", "avant le 31 02", "mb-", "REC-2026-0001", "\u2028", "\x85", "’", "é"]
)  # fmt: skip
texts = st.one_of(st.text(), st.lists(pieces, max_size=40).map("".join))


@given(texts, texts)
def test_reading_never_raises_and_never_loses_a_text(text: str, subject: str) -> None:
    found = reading_of(text, subject)
    assert bool(found.new_text.strip()) == bool(text.strip())
    assert len(found.wish) <= 300
    assert from_json(json.loads(json.dumps(to_json(found)))) == found


def test_a_reading_with_everything_in_it_survives_json() -> None:
    found = reading_of(COMPLAINTS["08"][2] + "\n06 39 98 11 22", "REC-2026-0001 #note")
    assert found.deadline
    assert from_json(json.loads(json.dumps(to_json(found)))) == found


def _folded(word: str) -> str:
    """The rule of folding, letter by letter."""
    lowered = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).lower())
    same = {"’": "'", "‘": "'", "ʼ": "'", "œ": "oe", "æ": "ae", "ß": "ss", "ł": "l"}
    return "".join(same.get(c, c) for c in lowered if not unicodedata.combining(c))


ODD = st.text(alphabet=st.one_of(st.sampled_from("aÉß ﬁ２'’-_.\n\u0301Kİ٣½"), st.characters()))


@given(ODD, ODD)
def test_the_words_of_two_texts_are_those_of_both_in_two_lines(first: str, second: str) -> None:
    assert wording(first).and_then(wording(second)) == wording(f"{first}\n{second}")


@given(ODD)
def test_words_are_the_runs_of_letters_and_digits_each_folded(text: str) -> None:
    normal = unicodedata.normalize("NFKC", text)
    runs = ["".join(run) for alike, run in groupby(normal, str.isalnum) if alike]
    said = wording(text)
    assert said.words == tuple(runs)
    assert len(said.glue) == len(runs)
    assert fold(text) == _folded(text)
    assert said.folded == tuple("".join(filter(str.isalnum, _folded(word))) or "_" for word in runs)
    assert said.shown(0, len(runs)) == "".join(map("".join, zip(runs, said.glue, strict=True))).rstrip(" '’-")


HOSTILE = [
    "Le ", "Le 1 ", "De : x\n", " \n", ">", "> \n", "#", "On 1\n", "je veux ", "je veux signaler ", "merci de ", "avant le ", "0", "0 ",
    "+33", "a: b\n", "é", "mb-", "REC-2026-0001-", "formation \"", "1 ", "by ", "Sabrina ", ".", "_\n", "x écrit :\n", "de:a@b\nà:c\n",
]  # fmt: skip


def _steps(text: str) -> int:
    """How many calls one reading makes: a measure of work that no clock and no busy machine can blur."""
    count = 0

    def profile(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    message = mail(text)
    sys.setprofile(profile)
    try:
        read(message, WORDS)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", HOSTILE)
def test_ten_times_the_text_is_at_most_ten_times_the_work(piece: str) -> None:
    small = (piece * 800)[:800]
    assert _steps(small * 10) <= 10 * _steps(small) + 5_000


def test_text_beyond_the_limit_is_kept_but_not_analysed() -> None:
    long = "mot " * 20_000 + "je veux être remboursé. 06 39 98 11 22"
    found = reading_of(long)
    assert found.new_text == long
    assert not found.cut_sure
    assert (found.wish, found.phone) == ("", "")
    assert reading_of("a\n" * 3000 + "fin").new_text.endswith("fin")
