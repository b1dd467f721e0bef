"""What the fiches of some telling files must say, by hand from the table of the year; « … » at the end: the value goes on."""

from __future__ import annotations

WHY = "Nous devons encore entendre les deux formateurs de cette session."
LOOKED_AT = {"Examinée en réunion": "19/06/2026", "Diffusée au bulletin": "22/06/2026"}

FICHES: dict[str, dict[str, str]] = {
    # withdrawn by its complainant
    "fabien": {
        "Nature": "retirée",
        "Échéance imprimée": "29/01/2026",
        "Priorité": "P3",
        "Réponse": "pas encore répondu",
        "Clôture": "retirée 21/01/2026",
    },
    # a date promised and kept, past the six days
    "hector": {
        "Nature": "réclamation",
        "Échéance imprimée": "10/02/2026",
        "Dates promises": f"13/02/2026, dite le 03/02/2026 par Bo Martin : {WHY}",
        "Nouvelles données": "06/02/2026, 11/02/2026",
        "Répondu le": "12/02/2026 à 14:10",
        "Délai de réponse": "8 jours ouvrés, 10 en tout",
        "Dans le délai": "non",
        "Dans l’engagement": "oui",
        "Fondement": "fondée",
        "Clôture": "close 12/02/2026",
        **LOOKED_AT,
    },
    # a date promised and missed; the answer comes on the sixth day all the same
    "ilan": {
        "Échéance imprimée": "24/02/2026",
        "Dates promises": f"20/02/2026, dite le 17/02/2026 par Bo Martin : {WHY}",
        "Répondu le": "24/02/2026 à 15:10",
        "Délai de réponse": "6 jours ouvrés, 8 en tout",
        "Dans le délai": "oui",
        "Dans l’engagement": "non",
        **LOOKED_AT,
    },
    # a cause, an action that did not work, another in its place
    "jeanne": {
        "Intitulé": "Anglais",
        "Solution souhaitée": "Je souhaite une autre date (exprimée)",
        "Catégorie": "ORG, Organisation, logistique",
        "Précisions demandées": "03/03/2026",
        "Répondu le": "05/03/2026 à 11:10",
        "Analyse des causes requise": "non",
        "Cause": "Méthode : pas de consigne écrite\nConstat : salle fermée\nPourquoi 1 : clé absente\nBo Martin, le 11/03/2026",
        "Action A-1": "laisser une clé de chaque salle à l’accueil, Bo Martin, pour le 31/03/2026…",
        "Action A-3": "vérifier les salles la veille, Zoé Roux, pour le 10/07/2026…",
        **LOOKED_AT,
    },
    # reopened: the second AR, of 27 March, starts the second cycle
    "lea": {
        "Cycle": "2",
        "Échéance imprimée": "07/04/2026",
        "Répondu le": "31/03/2026 à 11:10",
        "Délai de réponse": "2 jours ouvrés, 4 en tout",
        "Dans le délai": "oui",
        "Clôture": "close 31/03/2026",
        "Réouvertures": "1",
        **LOOKED_AT,
    },
    # a second mail about the same thing
    "mona2": {
        "Nature": "doublon",
        "Échéance imprimée": "15/04/2026",
        "Clôture": "doublon 07/04/2026",
        "Dossiers liés": "REC-2026-0013",
        **LOOKED_AT,
    },
    # what was granted against what was wished
    "dora": {
        "Responsable": "Zoé Roux",
        "Solution souhaitée": "Je souhaite une facture à mon nom (exprimée)",
        "Solution accordée": "totale, facture refaite, 25,00 €",
        "Examinée en réunion": "02/10/2026",
        "Diffusée au bulletin": "12/10/2026",
    },
    # sensitive: harassment; closed after the last meeting
    "hana": {
        "Catégorie": "FOR, Formateur",
        "Gravité": "3 sur 4",
        "Priorité": "P1",
        "Action immédiate": "non",
        "Répondu le": "13/10/2026 à 09:10",
        "Analyse des causes requise": "oui, parce que priorité P1, gravité 3",
        "Cause": "Méthode : pas de consigne écrite…",
        "Examinée en réunion": "–",
    },
    # taken by telephone, without an address
    "noe": {
        "Canal": "téléphone",
        "Reçue par": "Bo Martin",
        "Nom": "Noé B.",
        "Courriel": "–",
        "Remise": "impossible",
        "Échéance imprimée": "08/12/2026 (provisoire)",
        "Répondu le": "01/12/2026 à 15:00",
        "Fondement": "–",
        "Dans le délai": "oui",
        "Clôture": "close 01/12/2026",
    },
}
SENSITIVE = {"hana"}
