"""The year 2026 of one desk: what people write, and by hand, from the spec alone, every letter, date and fate that must come of it.

Europe/Paris. Holidays on working days: 1 January, Easter Monday 6 April, 1 and 8 May, Ascension 14 May, Whit Monday 25 May,
14 July, 11 November, 25 December. Closures: 3 to 14 August, 24 to 31 December. Assignee Bo, « facture » goes to Zoé; Ann leads
quality, Line directs, Dan keeps the machine. The daily digest is counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass

STAFF = {"bo": "Bo Martin", "zoe": "Zoé Roux", "ann": "Ann Leroy", "dir": "Line Direction", "dan": "Dan Petit"}
CLOSURES = (("2026-08-03", "2026-08-14", "fermeture d’été"), ("2026-12-24", "2026-12-31", "fermeture de Noël"))
LAST = "2026-12-31"
CUT = "2026-01-31"  # the daily tier plays January only

# file | what happens: `MM-DD HH[:MM] who what`. `mail`, `more` (answers our last letter to that person), `marks` (the survey),
# `decisions` (answers the meeting's pack), else a tag; P3 is gravité 2, répercussions 2; P4 is 1 and 2; P1 is 3 and 3 (domain §5.2).
HAPPENS = """
anne   | 01-05 10 @ mail; 01-05 11 bo évaluer P3; 01-06 15 bo résolu
bilal  | 01-07 10 @ mail; 01-07 11 bo évaluer P3; 01-08 15 bo infondée
cecile | 01-12 10 @ mail; 01-12 11 bo évaluer P3; 01-13 15 bo partielle
denis  | 01-14 10 @ mail; 01-14 11 bo évaluer P4; 01-16 09 bo résolu
emma   | 01-19 10 @ mail; 01-19 11 bo information
fabien | 01-21 10 @ mail; 01-21 11 bo évaluer P3; 01-21 14 bo retrait
gwen   | 01-26 10 @ mail; 01-26 11 bo évaluer P3; 01-27 15 bo répondu 27/01/2026
hector | 02-02 10 @ mail; 02-02 11 bo évaluer P3; 02-03 10:30 bo butoir 13/02/2026; 02-12 14 bo résolu
ilan   | 02-16 10 @ mail; 02-16 11 bo évaluer P3; 02-17 10:30 bo butoir 20/02/2026; 02-24 15 bo résolu
jeanne | 03-02 10 @ mail; 03-02 11 bo évaluer P3; 03-03 10:30 bo précisions; 03-04 14 @ more; 03-05 11 bo résolu; 03-11 09 bo cause;
       | 03-11 10 ann action clés; 03-25 14 bo fait A-1; 06-24 10 ann inefficace A-1; 06-24 11 ann action planning;
       | 07-09 11 zoe fait A-3; 10-08 10 ann efficace A-3
karl   | 03-09 10 @ mail; 03-09 11 bo évaluer P4; 03-19 15 bo résolu; 03-23 09 bo cause; 03-23 10 ann action relances;
       | 04-16 10 bo fait A-2; 07-16 10 ann efficace A-2
lea    | 03-23 10 @ mail; 03-23 11 bo évaluer P3; 03-24 15 bo résolu; 03-26 09 @ more; 03-30 09 bo évaluer P3; 03-31 11 bo résolu
mona   | 04-07 10 @ mail; 04-07 11 bo évaluer P3; 04-08 15 bo résolu
mona2  | 04-07 12 @ mail; 04-07 14 bo doublon {mona}
oscar  | 04-20 10 @ mail; 04-20 11 bo évaluer P1; 04-22 09 bo résolu; 04-24 09 bo cause
paula  | 04-29 10 @ mail; 04-29 11 bo évaluer P3; 04-30 15 bo résolu
quim   | 05-13 10 @ mail; 05-13 11 bo évaluer P3; 05-15 11 bo partielle
rosa   | 05-26 10 @ mail; 05-26 11 bo évaluer P3; 05-27 15 bo résolu
samir  | 06-08 10 @ mail; 06-09 15 bo résolu; 06-11 09 bo évaluer P3
tess   | 06-15 21 @ mail; 06-16 09 bo évaluer P3; 06-17 11 bo résolu
-      | 06-18 09 ann réunion; 06-19 10 ann decisions; 06-19 11 bo absent 22/06–26/06 Ann; 06-22 09 ann bulletin;
       | 10-02 10 ann decisions; 10-12 14 ann bulletin
ugo    | 06-22 10 @ mail; 06-24 09 ann évaluer P3; 06-24 15 ann résolu
vera   | 07-06 10 @ mail; 07-06 11 bo évaluer P3; 07-07 15 bo répondu 07/07/2026
wim    | 07-16 10 @ mail; 07-16 11 bo évaluer P3; 07-17 15 bo résolu
xena   | 07-29 10 @ mail; 07-29 11 bo évaluer P3; 07-30 11 bo résolu
yann   | 08-05 10 @ mail; 08-17 09 bo évaluer P3; 08-18 11 bo résolu
zoran  | 08-24 10 @ mail; 08-24 11 bo hors-périmètre
alma   | 08-31 10 @ mail; 08-31 11 bo difficulté
boris  | 09-02 10 @ mail; 09-02 11 bo aléa
carine | 09-07 10 @ mail; 09-07 11 bo évaluer P3; 09-07 15 bo précisions; 09-11 15 bo sans-suite
dora   | 09-14 10 @ mail; 09-14 11 zoe évaluer P3; 09-15 15 zoe résolu
elio   | 09-21 10 @ mail; 09-21 11 bo affecter Zoé; 09-21 12 zoe évaluer P3; 09-22 15 zoe résolu
fanny  | 09-28 10 @ mail; 09-28 11 ann prendre; 09-28 12 ann évaluer P3; 09-29 15 ann résolu
gaston | 10-05 10 @ mail; 10-05 11 ann évaluer P3; 10-06 15 ann résolu
hana   | 10-12 10 @ mail; 10-12 11 bo évaluer P1; 10-13 09 bo résolu; 10-13 11 bo cause
irene  | 10-19 10 @ mail; 10-19 11 bo évaluer P3; 10-20 15 bo résolu; 10-26 10 @ marks 5 4 5
juan   | 10-26 10 @ mail; 10-26 11 bo évaluer P3; 10-27 15 bo résolu; 11-02 10 @ marks 1 2 1; 11-03 09 ann action accueil
kenza  | 11-09 10 @ mail; 11-09 11 bo évaluer P3; 11-10 15 bo résolu
leo    | 11-16 10 @ mail; 11-16 11 bo évaluer P3; 11-16 12 bo silence; 11-17 15 bo résolu
mila   | 11-23 10 @ mail; 11-23 11 bo évaluer P3; 11-24 15 bo résolu; 12-28 10 @ more
noe    | 11-30 10 bo saisie; 11-30 11 bo évaluer P3; 12-01 15 bo répondu 01/12/2026
olga   | 12-07 10 bo saisie; 12-07 11 bo évaluer P3; 12-08 15 bo résolu
petra  | 12-14 10 @ mail; 12-14 11 bo évaluer P3; 12-15 15 bo résolu; 12-15 15:05 bo annuler; 12-16 11 bo résolu
rami   | 12-21 10 @ mail; 12-21 11 bo évaluer P3; 12-22 15 bo résolu
"""

# Where the spec is silent the first run decided: a low mark alerts the quality manager, not the assignee.
# file | day: letters. `kind` goes to the complainant, `kind:who` to a colleague. `mila+` is the file that her late mail opens.
LETTERS = """
anne   | 01-05: ack assignment:bo confirm:bo; 01-06: confirm:bo reply; 01-09: survey
bilal  | 01-07: ack assignment:bo confirm:bo; 01-08: confirm:bo reply; 01-13: survey
cecile | 01-12: ack assignment:bo confirm:bo; 01-13: confirm:bo reply; 01-16: survey
denis  | 01-14: ack assignment:bo confirm:bo; 01-16: confirm:bo reply; 01-21: survey
emma   | 01-19: ack assignment:bo confirm:bo nature
fabien | 01-21: ack assignment:bo confirm:bo confirm:bo nature
gwen   | 01-26: ack assignment:bo confirm:bo; 01-27: confirm:bo; 01-30: survey
hector | 02-02: ack assignment:bo confirm:bo; 02-03: confirm:bo commitment; 02-06: progress; 02-10: chase:bo; 02-11: progress;
       | 02-12: chase:bo confirm:bo reply; 02-17: survey
ilan   | 02-16: ack assignment:bo confirm:bo; 02-17: confirm:bo commitment; 02-19: chase:bo; 02-20: chase:bo chase:bo chase:dir;
       | 02-23: late chase:bo chase:dir; 02-24: chase:bo chase:dir confirm:bo reply; 02-27: survey
jeanne | 03-02: ack assignment:bo confirm:bo; 03-03: confirm:bo question; 03-04: receipt followup-notice:bo;
       | 03-05: chase:bo confirm:bo reply; 03-10: survey; 03-11: confirm:bo action:bo confirm:ann; 03-25: confirm:bo;
       | 06-23: action:ann; 06-24: confirm:ann action:zoe confirm:ann; 07-07: action:zoe; 07-09: confirm:zoe;
       | 10-07: action:ann; 10-08: confirm:ann thanks
karl   | 03-09: ack assignment:bo confirm:bo; 03-12: progress; 03-13: chase:bo; 03-16: chase:bo chase:ann;
       | 03-17: chase:bo chase:bo chase:dir; 03-18: late chase:bo chase:dir; 03-19: chase:bo chase:dir confirm:bo reply;
       | 03-23: confirm:bo action:bo confirm:ann; 03-24: survey; 04-07: action:bo; 04-10: action:bo;
       | 04-15: action:bo action:ann; 04-16: confirm:bo; 07-15: action:ann; 07-16: confirm:ann thanks
lea    | 03-23: ack assignment:bo confirm:bo; 03-24: confirm:bo reply; 03-26: receipt reopen-proposal:bo reopen-proposal:ann;
       | 03-27: reopened handed-over:bo; 03-30: confirm:bo; 03-31: confirm:bo reply; 04-03: survey
mona   | 04-07: ack assignment:bo confirm:bo; 04-08: confirm:bo reply; 04-13: survey
mona2  | 04-07: ack assignment:bo confirm:bo nature
oscar  | 04-20: ack assignment:bo confirm:bo; 04-21: chase:bo chase:dir progress; 04-22: confirm:bo reply; 04-23: chase:bo;
       | 04-24: confirm:bo; 04-27: survey
paula  | 04-29: ack assignment:bo confirm:bo; 04-30: confirm:bo reply; 05-06: survey
quim   | 05-13: ack assignment:bo confirm:bo; 05-15: confirm:bo reply; 05-20: survey
rosa   | 05-26: ack assignment:bo confirm:bo; 05-27: confirm:bo reply; 06-01: survey
samir  | 06-08: ack assignment:bo; 06-09: chase:bo confirm:bo reply; 06-10: chase:bo; 06-11: confirm:bo; 06-12: survey
tess   | 06-15: ack assignment:bo; 06-16: confirm:bo; 06-17: confirm:bo reply; 06-22: survey
-      | 04-01: meeting-pack:ann; 06-18: confirm:ann meeting-pack:ann; 06-19: meeting-recorded:ann confirm:bo;
       | 06-22: confirm:ann bulletin:bo bulletin:zoe bulletin:ann bulletin:dir bulletin:dan; 07-01: meeting-pack:ann;
       | 07-29: alarm:dan; 08-05: alarm:dan; 10-01: meeting-pack:ann; 10-02: meeting-recorded:ann; 10-09: bulletin-chase:ann;
       | 10-12: confirm:ann bulletin:bo bulletin:zoe bulletin:ann bulletin:dir bulletin:dan; 12-21: alarm:dan
ugo    | 06-22: ack assignment:bo; 06-23: chase:ann; 06-24: confirm:ann confirm:ann reply; 06-29: survey
vera   | 07-06: assignment:bo confirm:bo; 07-07: confirm:bo
wim    | 07-16: ack assignment:bo confirm:bo; 07-17: confirm:bo reply; 07-22: survey
xena   | 07-29: ack assignment:bo confirm:bo; 07-30: confirm:bo reply; 08-18: survey
yann   | 08-05: ack assignment:bo; 08-17: confirm:bo; 08-18: confirm:bo reply; 08-21: survey
zoran  | 08-24: ack assignment:bo confirm:bo nature
alma   | 08-31: ack assignment:bo confirm:bo nature
boris  | 09-02: ack assignment:bo confirm:bo nature
carine | 09-07: ack assignment:bo confirm:bo confirm:bo question; 09-10: waiting-reminder; 09-11: chase:bo confirm:bo nature
dora   | 09-14: ack assignment:zoe confirm:zoe; 09-15: confirm:zoe reply; 09-18: survey
elio   | 09-21: ack assignment:bo confirm:bo handed-over:zoe confirm:zoe; 09-22: confirm:zoe reply; 09-25: survey
fanny  | 09-28: ack assignment:bo confirm:ann confirm:ann; 09-29: confirm:ann reply; 10-02: survey
gaston | 10-05: ack assignment:ann confirm:ann; 10-06: confirm:ann reply; 10-09: survey
hana   | 10-12: ack assignment:bo alarm:ann confirm:bo; 10-13: confirm:bo reply confirm:bo
irene  | 10-19: ack assignment:bo confirm:bo; 10-20: confirm:bo reply; 10-23: survey
juan   | 10-26: ack assignment:bo confirm:bo; 10-27: confirm:bo reply; 10-30: survey; 11-02: survey-alert:ann;
       | 11-03: action:zoe confirm:ann
kenza  | 11-09: ack assignment:bo confirm:bo; 11-10: confirm:bo reply; 11-16: survey
leo    | 11-16: ack assignment:bo confirm:bo confirm:bo; 11-17: confirm:bo reply
mila   | 11-23: ack assignment:bo confirm:bo; 11-24: confirm:bo reply; 11-27: survey
mila+  | 12-28: ack assignment:bo
noe    | 11-30: assignment:bo confirm:bo to-print:bo confirm:bo; 12-01: confirm:bo
olga   | 12-07: ack assignment:bo confirm:bo confirm:bo; 12-08: confirm:bo reply; 12-11: survey
petra  | 12-14: ack assignment:bo confirm:bo; 12-15: confirm:bo confirm:bo; 12-16: confirm:bo reply; 12-21: survey
rami   | 12-21: ack assignment:bo confirm:bo; 12-22: confirm:bo reply
"""

# file | due date | stage | nature | outcome | priority | closed | the rest, when it is not as usual
REGISTER = """
anne   | 01-13 | closed | réclamation | fondée | P3 | 01-06 |
bilal  | 01-15 | closed | réclamation | non fondée | P3 | 01-08 |
cecile | 01-20 | closed | réclamation | partielle | P3 | 01-13 |
denis  | 01-22 | closed | réclamation | fondée | P4 | 01-16 |
emma   | 01-27 | out-of-scope | information | | | 01-19 |
fabien | 01-29 | withdrawn | retirée | | P3 | 01-21 |
gwen   | 02-03 | closed | réclamation | | P3 | 01-27 |
hector | 02-10 | closed | réclamation | fondée | P3 | 02-12 | committed_on=02-13
ilan   | 02-24 | closed | réclamation | fondée | P3 | 02-24 | committed_on=02-20 commitment_missed
jeanne | 03-10 | closed | réclamation | fondée | P3 | 03-05 |
karl   | 03-17 | closed | réclamation | fondée | P4 | 03-19 |
lea    | 04-07 | closed | réclamation | fondée | P3 | 03-31 | cycle=2
mona   | 04-15 | closed | réclamation | fondée | P3 | 04-08 |
mona2  | 04-15 | duplicate | doublon | | | 04-07 | linked_to={mona}
oscar  | 04-28 | closed | réclamation | fondée | P1 | 04-22 |
paula  | 05-11 | closed | réclamation | fondée | P3 | 04-30 |
quim   | 05-22 | closed | réclamation | partielle | P3 | 05-15 |
rosa   | 06-03 | closed | réclamation | fondée | P3 | 05-27 | complainant_type=financeur
samir  | 06-16 | closed | réclamation | fondée | P3 | 06-09 |
tess   | 06-23 | closed | réclamation | fondée | P3 | 06-17 |
ugo    | 06-30 | closed | réclamation | fondée | P3 | 06-24 |
vera   | 07-15 | closed | réclamation | | P3 | 07-07 | provisional ack_state=none
wim    | 07-24 | closed | réclamation | fondée | P3 | 07-17 | language=en
xena   | 08-20 | closed | réclamation | fondée | P3 | 07-30 |
yann   | 08-24 | closed | réclamation | fondée | P3 | 08-18 |
zoran  | 09-01 | out-of-scope | hors périmètre | | | 08-24 |
alma   | 09-08 | out-of-scope | difficulté | | | 08-31 |
boris  | 09-10 | out-of-scope | aléa | | | 09-02 |
carine | 09-15 | no-answer | réclamation | | P3 | 09-11 |
dora   | 09-22 | closed | réclamation | fondée | P3 | 09-15 | assignee=zoe
elio   | 09-29 | closed | réclamation | fondée | P3 | 09-22 | assignee=zoe
fanny  | 10-06 | closed | réclamation | fondée | P3 | 09-29 | assignee=ann
gaston | 10-13 | closed | réclamation | fondée | P3 | 10-06 | assignee=ann
hana   | 10-20 | closed | réclamation | fondée | P1 | 10-13 | sensitive urgent
irene  | 10-27 | closed | réclamation | fondée | P3 | 10-20 | marks=5_4_5
juan   | 11-03 | closed | réclamation | fondée | P3 | 10-27 | marks=1_2_1
kenza  | 11-18 | closed | réclamation | fondée | P3 | 11-10 |
leo    | 11-24 | closed | réclamation | fondée | P3 | 11-17 | silenced
mila   | 12-01 | closed | réclamation | fondée | P3 | 11-24 |
mila+  | 2027-01-11 | acknowledged | réclamation | | | | linked_to={mila}
noe    | 12-08 | closed | réclamation | | P3 | 12-01 | provisional ack_state=none
olga   | 12-15 | closed | réclamation | fondée | P3 | 12-08 |
petra  | 12-22 | closed | réclamation | fondée | P3 | 12-16 |
rami   | 2027-01-07 | closed | réclamation | fondée | P3 | 12-22 |
"""

# subject | text, where they matter; every other mail is BODY.
BODY = ("Salle fermée", "Bonjour,\n\nLa salle indiquée était fermée et personne n’était là pour nous accueillir.\n")
MAILS = {
    "jeanne": (
        "Salle fermée",
        "Bonjour,\n\nLa salle de la formation Anglais était fermée et personne n’était là.\nJe souhaite une autre date.\n",
    ),
    "paula": (
        "Salle fermée",
        "Bonjour,\n\nLa salle de la formation Anglais était fermée et personne n’était là.\n",
    ),
    "rosa": (
        "Dossier de prise en charge",
        "Vous êtes : financeur\n\nBonjour,\n\nLes feuilles de présence n’ont pas été remises.\n",
    ),
    "wim": (
        "Closed room",
        "Hello,\n\nThe room was closed and nobody was there to welcome us. We waited for one hour.\n\nKind regards\nWim\n",
    ),
    "dora": ("Facture", "Bonjour,\n\nLa facture reçue ne porte pas le bon nom.\nJe souhaite une facture à mon nom.\n"),
    "gaston": ("Accueil", "Bonjour,\n\nBo Martin a refusé de me recevoir et m’a raccroché au nez.\n"),
    "hana": (
        "Conduite du formateur",
        "Bonjour,\n\nJe suis victime de harcèlement de la part du formateur depuis une semaine.\n",
    ),
}
ENTRIES = {
    "noe": "Nom : Noé B.\nCanal : téléphone\nMessage : La salle était fermée.\n",
    "olga": "Nom : Olga S.\nCourriel : olga@courriel.example\nCanal : lettre\nMessage : La salle était fermée.\n",
}
MORE = "Bonjour,\n\nVous ne dites rien de la salle du premier étage, qui était fermée elle aussi.\n"
ARGUED = (
    "Bonjour,\n\nNous avons relu la convocation et le planning, puis entendu le formateur et la personne de l’accueil. Ce que vous "
    "décrivez s’est bien passé ainsi. Une consigne écrite est désormais remise à chaque intervenant la veille de la session, et "
    "nous vérifions la salle le matin même.\n"
)
TEXTS = {
    **dict.fromkeys(("résolu", "partielle", "infondée"), ARGUED),
    "répondu": "La personne a été rappelée : tout lui a été expliqué, elle en est d’accord.\n",
    "cause": "Famille : méthode\nConstat : salle fermée\nPourquoi 1 : clé absente\nCause racine : pas de consigne écrite\n",
    "butoir": "Nous devons encore entendre les deux formateurs de cette session.\n",
    "précisions": "Bonjour,\n\nDans quelle salle étiez-vous ce jour-là ?\n",
    "fait": "La consigne est affichée à l’accueil depuis ce matin.\n",
    "efficace": "Chaque salle est désormais ouverte et vérifiée la veille de la session.\n",
    "inefficace": "Une salle est restée fermée malgré la consigne.\n",
    "decisions": "Vérifier les salles la veille.\nQui : Zoé\nQuand : 10 juillet\n",
    "silence": "La personne a demandé à ne plus recevoir de messages automatiques.\n",
}
GRANTED = "\n---- Répondre au-dessus de cette ligne ----\nSolution accordée : totale, facture refaite\nGeste (€) : 25\n"
SCORES = {"P1": "G3 C2 R3", "P3": "G2 C2 R2", "P4": "G1 C1 R2"}
IMMEDIATE = {"oscar": "immédiat:oui, Bo appelle le centre lundi"}  # else « non »
# Said with the assessment, by whoever assessed; the others are of no category.
CATEGORY = {"rosa": "ADM", "dora": "FAC", "hana": "FOR", "gaston": "REL"} | dict.fromkeys(
    """anne bilal cecile gwen hector ilan jeanne lea mona oscar paula quim tess ugo vera wim xena yann elio fanny irene juan
    kenza leo mila noe olga petra""".split(),
    "ORG",
)
CHARACTER = {"irene": "exceptionnel", "juan": "insatisfaction durable"}
# in the order in which they are decided; A-3 takes the place of A-1.
PLANS = {
    "clés": "Quoi : laisser une clé de chaque salle à l’accueil\nQui : Bo\nQuand : 31/03/2026\n",
    "relances": "Quoi : relire chaque matin les dossiers échus\nQui : Bo\nQuand : 10/04/2026\n",
    "planning": "Quoi : vérifier les salles la veille\nQui : Zoé\nQuand : 10/07/2026\nRemplace : A-1\n",
    "accueil": "Quoi : doubler l’accueil le lundi\nQui : Zoé\nQuand : 15/01/2027\n",
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """`at`: « 01-05 10 » or « 01-05 10:30 »; `file` "" for none."""

    at: str
    who: str
    file: str
    act: str
    words: str


def rows(table: str) -> list[list[str]]:
    """The cells of a table; a line that ends with « ; » goes on in the next."""
    whole = table.replace(";\n       |", ";")
    return [[cell.strip() for cell in line.split("|")] for line in whole.splitlines() if line.strip()]


def events() -> list[Event]:
    found = []
    for file, told in rows(HAPPENS):
        for each in told.split("; "):
            day, hour, who, act, *words = each.split(" ")
            name = "" if file == "-" else file
            found.append(Event(at=f"{day} {hour}", who=who, file=name, act=act, words=" ".join(words)))
    return found


def letters() -> list[tuple[str, str, str, str]]:
    """(day, kind, to, file) of every letter; `to` is "@" for the complainant."""
    found = []
    for file, told in rows(LETTERS):
        for day_and_kinds in told.split("; "):
            day, _, kinds = day_and_kinds.partition(": ")
            found += [(day, *((k.partition(":")[0], k.partition(":")[2] or "@")), file) for k in kinds.split()]
    return found
