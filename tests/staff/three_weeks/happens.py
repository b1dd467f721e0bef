"""What happens in the three weeks: mails, commands, a machine that stands still; and the words that are written."""

from __future__ import annotations

# at | who | file | what: `mail` (a complaint), `follow-up` (reply to our last letter), `out-of-office` (auto-reply to our last
# letter to that person), `stop`, `go`, or a command with its argument or form.
HAPPENS = """
03-23 09:05 | awa     | awa     | mail
03-23 09:10 | basile  | basile  | mail
03-23 09:15 | chloe   | chloe   | mail
03-23 09:20 | driss   | driss   | mail
03-23 09:40 | bo      | awa     | #évaluer G3 C2 R3 immédiat:non
03-23 09:45 | bo      | basile  | #évaluer G3 C2 R2 immédiat:non
03-23 09:50 | bo      | chloe   | #évaluer G2 C2 R2 immédiat:non
03-23 09:55 | bo      | driss   | #évaluer G1 C1 R2 immédiat:non
03-23 10:30 | elsa    | elsa    | mail
03-23 10:45 | bo      | elsa    | #évaluer G2 C2 R2 immédiat:non
03-23 11:00 | farid   | farid   | mail
03-23 11:15 | bo      | farid   | #évaluer G2 C3 R2 immédiat:non
03-23 11:30 | gaelle  | gaelle  | mail
03-23 11:45 | bo      | gaelle  | #évaluer G2 C2 R2 immédiat:non
03-23 12:00 | hugo    | hugo    | mail
03-23 12:15 | bo      | hugo    | #évaluer G2 C2 R2 immédiat:non
03-23 14:00 | bo      | vidal   | #saisie
03-23 14:30 | bo      | vidal   | #évaluer G2 C2 R2 immédiat:non
03-23 15:30 | nora    | nora    | mail
03-23 16:00 | bo      | nora    | #évaluer G1 C1 R2 immédiat:non
03-23 16:30 | omar    | omar    | mail
03-23 16:45 | bo      | omar    | #évaluer G2 C2 R2 immédiat:non
03-24 15:00 | bo      | gaelle  | #précisions
03-24 16:00 | bo      | hugo    | #silence
03-25 09:00 | ines    | ines    | mail
03-25 09:30 | bo      | ines    | #évaluer G2 C2 R2 immédiat:non
03-25 14:00 | bo      | farid   | #butoir 08/04/2026
03-25 18:45 | jules   | jules   | mail
03-25 19:00 | quentin | quentin | mail
03-25 23:00 | -       | -       | stop
03-26 16:00 | bo      | quentin | #évaluer G1 C1 R2 immédiat:non
03-27 11:20 | -       | -       | go
03-27 13:00 | bo      | nora    | #résolu
03-27 14:00 | gaelle  | gaelle  | follow-up
03-27 16:00 | bo      | awa     | #résolu
03-29 03:10 | marc    | marc    | mail
03-29 14:00 | nora    | nora    | follow-up
03-30 08:45 | bo      | marc    | #évaluer G1 C1 R2 immédiat:non
03-30 09:00 | bo      | quentin | #résolu
03-30 09:05 | bo      | marc    | #résolu
03-30 09:55 | bo      | ines    | #réponse
03-30 10:20 | paul    | paul    | mail
03-30 11:00 | zoe     | paul    | #évaluer G2 C2 R2 immédiat:non
03-30 14:00 | bo      | jules   | #évaluer G1 C1 R2 immédiat:non
03-30 15:00 | bo      | basile  | #résolu
03-30 16:00 | bo      | chloe   | #partielle
03-30 17:00 | bo      | gaelle  | #résolu
03-30 17:30 | bo      | vidal   | #répondu 30/03/2026
03-31 08:20 | bo      | driss   | #infondée
03-31 09:20 | bo      | nora    | #évaluer G1 C1 R2 immédiat:non
03-31 21:40 | bo      | omar    | #résolu
04-01 15:00 | bo      | ines    | #résolu
04-01 16:00 | bo      | jules   | #résolu
04-01 17:00 | bo      | hugo    | #infondée
04-02 10:01 | zoe     | paul    | out-of-office
04-06 22:15 | lina    | lina    | mail
04-07 11:00 | karim   | karim   | mail
04-07 15:00 | ann     | paul    | #résolu
04-07 16:00 | bo      | elsa    | #résolu
04-08 11:30 | bo      | farid   | #résolu
04-08 16:00 | bo      | nora    | #résolu
"""

# -- words of the mails ------------------------------------------------------------------------------

# subject, text. No alert word but in Lina's, no deadline, no training of the settings, nobody of the staff: the priority is
# the one that gravité and répercussions give.
MAILS = {
    "awa": (
        "Salle fermée",
        "Bonjour,\n\nLa salle indiquée était fermée et personne n’était là pour nous accueillir.\n\nAwa N.",
    ),
    "basile": (
        "Support manquant",
        "Bonjour,\n\nLe support papier annoncé n’a jamais été remis au groupe.\n\nBasile R.",
    ),
    "chloe": ("Horaires modifiés", "Bonjour,\n\nLes horaires ont changé deux fois sans explication.\n\nChloé T."),
    "driss": (
        "Parking complet",
        "Bonjour,\n\nLe parking était complet chaque matin, contrairement au plan.\n\nDriss K.",
    ),
    "elsa": ("Bruit de travaux", "Bonjour,\n\nLe bruit des travaux a couvert la voix du formateur.\n\nElsa V."),
    "farid": ("Programme raccourci", "Bonjour,\n\nLa seconde partie du programme n’a pas été traitée.\n\nFarid B."),
    "gaelle": ("Écran illisible", "Bonjour,\n\nL’écran de la salle était illisible depuis le fond.\n\nGaëlle P."),
    "hugo": ("Groupe trop nombreux", "Bonjour,\n\nNous étions vingt-deux au lieu de douze.\n\nHugo L."),
    "nora": ("Café froid", "Bonjour,\n\nL’accueil du matin promis dans le livret n’existait pas.\n\nNora S."),
    "omar": ("Exercices sans corrigé", "Bonjour,\n\nLes exercices ont été rendus sans corrigé.\n\nOmar D."),
    "ines": ("Plateforme en panne", "Bonjour,\n\nLa plateforme n’a pas fonctionné pendant deux séances.\n\nInès G."),
    "jules": ("Chaises cassées", "Bonjour,\n\nPlusieurs chaises de la salle étaient cassées.\n\nJules A."),
    "quentin": ("Plan d’accès faux", "Bonjour,\n\nLe plan d’accès montrait l’ancienne entrée.\n\nQuentin F."),
    "marc": ("Lien qui ne marche pas", "Bonjour,\n\nLe lien vers les documents ne s’ouvre pas.\n\nMarc O."),
    "paul": ("Facture", "Bonjour,\n\nLa facture reçue ne porte pas le bon nom.\n\nPaul C."),
    "lina": ("Danger en atelier", "Bonjour,\n\nUn câble dénudé : un participant a failli être électrocuté.\n\nLina H."),
    "karim": ("Vidéo coupée", "Bonjour,\n\nLa vidéo du dernier module s’arrête au milieu.\n\nKarim J."),
}
FOLLOW_UPS = {
    "gaelle": "Bonjour,\n\nC’était la salle du rez-de-chaussée, les deux après-midi.\n\nGaëlle P.",
    "nora": "Bonjour,\n\nJe ne suis pas d’accord : votre réponse ne parle pas du livret que j’avais signé.\n\nNora S.",
}
OUT_OF_OFFICE = ("Réponse automatique : absence", "Je suis absente et lirai votre message à mon retour.\n\nZoé")

# A reply that argues: more than 200 characters of own text.
ARGUED = (
    "Bonjour,\n\nVous nous avez dit ce qui n’allait pas et nous avons voulu comprendre avant de répondre. Nous avons relu la "
    "convocation et le planning, puis entendu le formateur et la personne de l’accueil ce jour-là. Ce que vous décrivez s’est "
    "bien passé ainsi. Une consigne écrite est maintenant remise à chaque intervenant, et nous vérifions la salle la veille. "
    "Si un point reste obscur, répondez à ce message.\n"
)
TEXTS = {
    "résolu": ARGUED,
    "partielle": ARGUED,
    "infondée": ARGUED,
    "répondu": "Mme Vidal a été rappelée : le planning corrigé lui a été lu, elle en est d’accord et n’attend plus rien de nous.\n",
    "réponse": "Bonjour,\n\nNous avons joint l’hébergeur de la plateforme, qui nous remet ses relevés cette semaine.\n",
    "précisions": "Bonjour,\n\nDans quelle salle étiez-vous, et quels jours cela s’est-il produit ?\n",
    "butoir": "Nous devons encore entendre les deux formateurs de cette session.\n",
    "silence": "Le réclamant a demandé à ne plus recevoir de messages automatiques.\n",
    "saisie": "Nom : Mme Vidal\nReçue le : 23/03/2026\nCanal : téléphone\nMessage : Le planning remis le premier jour était celui "
    "d’un autre groupe.\n",
}
