"""The figures of domain §6 worked out by hand from the table of the year: who is counted, then what must be printed.

A figure is counted on réclamations (R) alone: emma, fabien, mona2, zoran, alma and boris became something else, 38 remain. Volumes
go by the day of reception, delays by the day of closing. jo = working days after the AR's day, the last one included.

Received, by month: anne bilal cecile denis gwen | hector ilan | jeanne karl lea | mona oscar paula | quim rosa | samir tess ugo |
vera wim xena | yann | carine dora elio fanny | gaston hana irene juan | kenza leo mila noe | mila+ olga petra rami.
Closed with an answer: all of them but carine (sans suite) and mila+ (open): 36. Closed from 1 April to 18 June: mona oscar paula
quim rosa samir tess, 7; received then: the same 7. From July to September closed: vera wim xena yann dora elio fanny, 7; received:
these and carine, 8.
"""

from __future__ import annotations

from datetime import date

YEAR, JUNE, AUTUMN = "year", "asked on 18 June", "of the third quarter"
PERIODS = {
    YEAR: (date(2026, 1, 1), date(2026, 12, 31)),
    JUNE: (date(2026, 4, 1), date(2026, 6, 18)),  # from the end of the pack before to the day it was asked for
    AUTUMN: (date(2026, 7, 1), date(2026, 9, 30)),
}

# Working days from the AR (without one, from the reception) to the answer; of the 44 files, those that were answered.
WORKING_DAYS = {
    **dict.fromkeys(
        """anne bilal cecile gwen mona paula quim rosa samir vera wim xena dora elio fanny gaston hana irene juan kenza leo mila
        noe olga rami""".split(),
        1,
    ),
    **dict.fromkeys("denis lea oscar tess ugo yann petra".split(), 2),
    "jeanne": 3, "ilan": 6, "hector": 8, "karl": 8,
}  # fmt: skip
LATE = {"hector", "karl"}
KEPT = {"hector": True, "ilan": False}  # of the dates promised

# rank → (who and how, the year, the pack of June, that of the third quarter)
FIGURES: dict[int, tuple[str, str, str, str]] = {
    1: (
        "R received; the six others apart in the year, zoran alma boris in the third quarter",
        "38 ; à part : 1 aléa, 1 difficulté, 1 doublon, 1 hors périmètre, 1 information, 1 retirée",
        "7 ; à part : 1 doublon",
        "8 ; à part : 1 aléa, 1 difficulté, 1 hors périmètre",
    ),
    2: (
        "400 trainees a year: 100 × 38 / 400; 79 days: 86.6 of them, 100 × 7 / 86.6; 92 days: 100.8, 100 × 8 / 100.8",
        "9,5 (pour 400 stagiaires)",
        "8,1 (pour 87 stagiaires)",
        "7,9 (pour 101 stagiaires)",
    ),
    3: (
        "every AR leaves at the instant of its mail; vera and noe got none; lea’s second AR answers another mail",
        "médiane 0 s, P95 0 s, maximum 0 s (n = 36)",
        "médiane 0 s, P95 0 s, maximum 0 s (n = 7)",
        "médiane 0 s, P95 0 s, maximum 0 s (n = 7)",
    ),
    4: ("all but the exceptions vera and noe", "100 % (36 sur 36)", "100 % (7 sur 7)", "100 % (7 sur 7)"),
    5: ("all but the exceptions vera and noe", "100 % (36 sur 36)", "100 % (7 sur 7)", "100 % (7 sur 7)"),
    6: (
        "mila+ is not assessed; 1 jo: lea (second cycle) tess yann; 2: ugo; 3: samir; the others on the day",
        "95 % (35 sur 37) en 1 jo au plus ; médiane 0 jo, maximum 3 jo (n = 37)",
        "86 % (6 sur 7) en 1 jo au plus ; médiane 0 jo, maximum 3 jo (n = 7)",
        "100 % (8 sur 8) en 1 jo au plus ; médiane 0 jo, maximum 1 jo (n = 8)",
    ),
    7: (
        "late: hector (due 10/02, answered 12/02) and karl (due 17/03, answered 19/03); ilan on the due day itself",
        "94 % (34 sur 36)",
        "100 % (7 sur 7)",
        "100 % (7 sur 7)",
    ),
    8: (
        "late: ilan (promised 20/02, answered 24/02) and karl; hector kept the date promised, 13/02",
        "94 % (34 sur 36)",
        "100 % (7 sur 7)",
        "100 % (7 sur 7)",
    ),
    9: (
        "promised: hector (kept) and ilan (not)",
        "1 sur 2 tenus ; recours : 6 % (2 sur 36) ; plusieurs butoirs : 0",
        "aucun cas",
        "aucun cas",
    ),
    10: (
        "1 jo: 25; 2: denis lea oscar tess ugo yann petra; 3: jeanne; 6: ilan; 8: hector karl. Calendar: yann 13, most 1",
        "médiane 1 jo, maximum 8 jo (n = 36) ; en jours de calendrier : médiane 1 j, maximum 13 j (n = 36)",
        "médiane 1 jo, maximum 2 jo (n = 7) ; en jours de calendrier : médiane 1 j, maximum 2 j (n = 7)",
        "médiane 1 jo, maximum 2 jo (n = 7) ; en jours de calendrier : médiane 1 j, maximum 13 j (n = 7)",
    ),
    11: (
        "mila+, of 28 December: the house is closed to the 31st",
        "1 ; le plus ancien : REC-2026-0044 (0 jo)",
        "0",
        "0",
    ),
    12: (
        "4 jo: ilan (17 to 23/02) and karl (12 to 18/03); vera and noe were never written to; mila+ counts",
        "94 % (33 sur 35) à 3 jo au plus ; médiane 1 jo, maximum 4 jo (n = 35)",
        "100 % (7 sur 7) à 3 jo au plus ; médiane 1 jo, maximum 2 jo (n = 7)",
        "100 % (6 sur 6) à 3 jo au plus ; médiane 1 jo, maximum 2 jo (n = 6)",
    ),
    13: ("without category: denis karl samir rami", "89 % (32 sur 36)", "86 % (6 sur 7)", "100 % (7 sur 7)"),
    14: (
        "decided with each assessment; yes: oscar",
        "100 % (37 sur 37) décidées, dont 1 oui ; faites à temps : non mesuré",
        "100 % (7 sur 7) décidées, dont 1 oui ; faites à temps : non mesuré",
        "100 % (8 sur 8) décidées, dont 0 oui ; faites à temps : non mesuré",
    ),
    15: (
        "no outcome: gwen vera noe (#répondu); unfounded: bilal",
        "97 % (32 sur 33)",
        "100 % (7 sur 7)",
        "100 % (6 sur 6)",
    ),
    16: (
        "wishes expressed: jeanne (nothing said of what was granted), dora (whole, 25 €)",
        "non dite : 1, totale : 1 (n = 2) ; gestes : 25 €",
        "aucun cas (n = 0) ; gestes : 0 €",
        "totale : 1 (n = 1) ; gestes : 25 €",
    ),
    17: (
        "ORG 28 of 38, none 6 (denis karl samir carine mila+ rami), rosa dora gaston hana one each; ORG 5 of 7; 6 of 8",
        "Organisation, logistique ; sans catégorie : 80 % des motifs",
        "Organisation, logistique ; Administratif, attestations : 80 % des motifs",
        "Organisation, logistique ; Facturation, financement : 80 % des motifs",
    ),
    18: (
        "mila, twice in the year; in the twelve months before 18 June 17 R, before 30 September 26",
        "1 ; leurs réclamations : 5 % (2 sur 38)",
        "0 ; leurs réclamations : 0 % (0 sur 17)",
        "0 ; leurs réclamations : 0 % (0 sur 26)",
    ),
    19: (
        "Anglais: jeanne (March), paula (April)",
        "Anglais : 2 ; sessions avec 2 R ou plus : 0",
        "Anglais : 1 ; sessions avec 2 R ou plus : 0",
        "aucune formation connue ; sessions avec 2 R ou plus : 0",
    ),
    20: ("not in the register", *("non mesuré (le registre ne classe personne)",) * 3),
    21: ("said of irene (exceptional) and juan (lasting)", "1 sur 2 durables", "aucun cas", "aucun cas"),
    22: (
        "paula (29/04) after A-1 was done (25/03), same category and training",
        "1 : REC-2026-0016",
        "1 : REC-2026-0016",
        "0",
    ),
    23: (
        "A-1 11/03 to 25/03, ineffective 24/06; A-2 23/03 to 16/04, effective 16/07; A-3 24/06 to 09/07, effective 08/10; A-4 open",
        "ouvertes : 1, dont en retard : 0, faites dans la période : 3, vérifiées : 3 ; efficaces : 2 sur 3 ; "
        "délai : médiane 15 j, maximum 24 j (n = 3)",
        "ouvertes : 0, dont en retard : 0, faites dans la période : 1, vérifiées : 0 ; efficaces : aucun cas ; "
        "délai : 24 j (n = 1)",
        "ouvertes : 0, dont en retard : 0, faites dans la période : 1, vérifiées : 1 ; efficaces : 1 sur 1 ; "
        "délai : 15 j (n = 1)",
    ),
    24: ("required of oscar and hana (P1), both made", "2 sur 2", "1 sur 1", "aucun cas"),
    25: (
        "no survey: vera noe (no address) hana (sensitive) leo (silence) rami (not yet); answered: irene 5 4 5, juan 1 2 1",
        "1 sur 2 à 4 ou plus en moyenne ; réponses : 6 % (2 sur 31) ; "
        "moyennes : prise en compte 3, action 3, suite de la relation 3",
        "aucun cas",
        "aucun cas",
    ),
    26: ("lea", "3 % (1 sur 36)", "0 % (0 sur 7)", "0 % (0 sur 7)"),
    27: ("not in the register", *("non mesuré (à dire en réunion)",) * 3),
    28: (
        "held 19/06, bulletin 22/06: 1 jo; held 02/10, bulletin 12/10: 6 jo; neither within the period of its own pack",
        "2 sur 2 ; délai : 1 et 6 jo (n = 2)",
        "aucun cas",
        "aucun cas",
    ),
    29: (
        "chases: hector 2, ilan 8, jeanne 1, karl 10, oscar 3, samir 2, ugo 1",
        "1 ouverts, 1 responsables ; rappels : 27",
        "0 ouverts, 0 responsables ; rappels : 5",
        "0 ouverts, 0 responsables ; rappels : 0",
    ),
    30: (
        "nothing unreadable, nothing taken for spam, no AR late; « Autre » of those with a category",
        *(
            f"illisibles : 0 ; indésirables à tort : 0 ; AR tardifs : 0 ; « Autre » : 0 % (0 sur {n}) ; disponibilité : non mesuré"
            for n in (32, 6, 7)
        ),
    ),
}

# rank → the rows behind it, of the year
ROWS: dict[int, list[tuple[str, int]]] = {
    1: [(f"{month:02}/2026", n) for month, n in enumerate((5, 2, 3, 3, 2, 3, 3, 1, 4, 4, 4, 4), start=1)],
    10: list(zip("012345678", (0, 25, 7, 1, 0, 0, 1, 0, 2), strict=True)),
    11: [("0 à 3 jo", 1), ("4 à 6 jo", 0), ("7 à 15 jo", 0), ("plus de 15 jo", 0)],
    17: [
        ("Organisation, logistique", 28), ("sans catégorie", 6), ("Administratif, attestations", 1),
        ("Facturation, financement", 1), ("Formateur", 1), ("Relations, comportements", 1),
    ],
    23: [("ouvertes", 1), ("dont en retard", 0), ("faites dans la période", 3), ("vérifiées", 3)],
    25: [("prise en compte", 1), ("action", 1), ("suite de la relation", 1)],
    29: [("Bo Martin", 1)],
}  # fmt: skip

# What the mail with a pack told on the day it left: R received, answered within six working days, as promised.
TOLD = {
    JUNE: ("7 ; à part : 1 doublon", "100 % (7 sur 7)", "100 % (7 sur 7)"),
    AUTUMN: ("8 ; à part : 1 aléa, 1 difficulté, 1 hors périmètre", "100 % (7 sur 7)", "100 % (7 sur 7)"),
}
