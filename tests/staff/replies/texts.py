"""What colleagues answer: texts long enough to close a file, texts too short for it, and the files that they add."""

from __future__ import annotations

PLACE = """\
Bonjour Monsieur,

Vous nous avez signalé que la session du 12 novembre avait été annulée et que vous l’aviez appris sur place. Nous avons \
relu les envois de ce jour-là : le vôtre est parti à une ancienne adresse, par notre faute.

Nous vous remboursons vos frais de déplacement et nous vous gardons une place à la session du 7 décembre.

Bien à vous,
Bo"""

TRAINER = """\
Bonjour,

J’ai rencontré le formateur mercredi et j’ai relu les évaluations du groupe. Trois stagiaires disent comme vous que le \
module sur les tableaux croisés a été survolé : vous avez raison.

Une demi-journée de rattrapage est ouverte le 9 décembre à 13 h 30, sans frais, avec une autre formatrice.

Merci de nous l’avoir dit.
Bo Martin"""

INVOICE = """\
Bonjour,

La facture n° 2026-318 comptait bien deux fois les frais de dossier. Nous l’avons corrigée ce matin et nous avons \
demandé le virement de 45 euros à la comptabilité ; il arrivera sous cinq jours.

L’erreur venait d’une reprise de devis. Le modèle a été changé, et les douze dossiers de la même semaine ont été \
vérifiés."""

HALF = """\
Bonjour,

Votre attestation aurait dû partir le 6 novembre et elle est partie le 19 : sur ce point vous avez raison, et nous \
vous prions de nous en excuser.

En revanche, le report de l’examen a été décidé par le certificateur et annoncé le 2 octobre à tous les candidats. Nous \
ne pouvons pas en rembourser les frais.

Bo Martin"""

HALF_TOO = """\
Bonjour Monsieur Bonnet,

La salle était trop froide les deux premiers matins, le relevé du gardien le confirme : la chaudière a été réparée le \
mercredi et nous déduisons une demi-journée de la facture.

Le bruit de la cour, lui, vient d’un chantier de la mairie, annoncé dans la convocation. Nous n’y pouvons rien et ne \
faisons pas de remise à ce titre."""

REFUSED = """\
Bonjour,

Nous avons relu votre contrat, les émargements et le programme que vous aviez signé le 3 septembre. Les 35 heures ont \
été données, aux dates prévues, et le support remis est celui du programme.

Nous ne pouvons donc pas rembourser la formation. Si un élément nous a échappé, envoyez-le-nous : nous relirons le \
dossier avec vous."""

REFUSED_TOO = """\
Madame, Monsieur,

Nous avons entendu les deux formateurs et cinq stagiaires du groupe, et relu les échanges de la plateforme. Personne ne \
se souvient des propos que vous rapportez et rien de tel n’y est écrit.

Nous ne retenons donc pas ce grief. Nous restons à votre écoute et vous proposons un rendez-vous avec la direction, au \
jour qui vous conviendra.

Ann Leroy"""

PHONED = """\
Appelé M. Bonnet vendredi à 17 h 10, vingt minutes. Je lui ai expliqué que la convocation était partie à son ancienne \
adresse, que nous remboursons le train (64,20 euros) et qu’il est inscrit le 7 décembre. Il s’en dit satisfait et ne \
demande rien d’autre. Courrier de confirmation non souhaité."""

PORTAL = """\
Répondu sur le portail du financeur, pièce n° 7 : le relevé d’heures rectifié a été déposé avec les deux feuilles \
d’émargement manquantes, et la facture a été ramenée à 28 heures. Le portail indique « accepté » et le stagiaire en a \
reçu copie. Rien d’autre n’est attendu de nous."""

NEWS = """\
Bonjour,

Nous avons retrouvé votre feuille d’émargement et nous attendons celle du 4 novembre, que le formateur rapporte demain. \
Je reviens vers vous dès que je l’ai.

Bo Martin"""

NEWS_SHORT = "Bonjour,\n\nLe certificateur nous a promis une réponse demain matin. Je vous tiens au courant.\n\nBo"

QUESTION = """\
Bonjour,

Pour retrouver votre dossier dans la plateforme, pouvez-vous me dire avec quelle adresse vous vous êtes connecté le \
4 novembre, et m’envoyer la copie de l’écran qui montre l’erreur ?

Merci, Bo"""

QUESTION_TOO = "Bonjour,\n\nÀ quelle session étiez-vous inscrit : celle du 5 ou celle du 12 novembre ?"

WHY_LATER = """\
Bonjour,

Le certificateur doit rouvrir votre copie et ne se réunit que le 10 décembre. Nous vous répondrons avec sa décision, ses \
motifs et la suite que nous y donnons."""

WHY_LATER_TOO = "La formatrice rentre de congé le 4 décembre et nous tenons à l’entendre avant de vous répondre."

RIGHTLY = """\
Bonjour,

Merci de votre message. Vous nous demandez les dates de la prochaine session : ce sera du 11 au 15 janvier, à Nîmes. Ce \
n’est pas une réclamation et nous fermons ce dossier ; écrivez-nous si nous vous avons mal compris."""

NOT_OURS = """\
Bonjour,

La formation dont vous parlez a été donnée par un autre organisme, dont le nom figure en bas de votre convocation. Nous \
ne pouvons pas agir à sa place ; son service des réclamations vous répondra."""

HICCUP = """\
Bonjour,

Votre mot de passe venait d’expirer. Il est renouvelé et vous pouvez vous connecter dès maintenant : il n’y a rien \
d’autre à faire de votre côté."""

STORM = "Bonjour,\n\nLa coupure de courant du 17 novembre touchait tout le quartier. La séance sera rattrapée le 1er décembre."

SAME = """\
Bonjour,

Vos deux messages parlent de la même facture. Nous les suivons ensemble sous le numéro REC-2026-0041, et c’est sous ce \
numéro que vous aurez notre réponse."""

SILENT = """\
Bonjour,

Sans nouvelles de vous depuis nos deux questions, nous fermons ce dossier. Répondez à ce message quand vous le voudrez : \
nous le reprendrons."""

MINUTES = ("Compte rendu d’entretien.pdf", "application/pdf", b"%PDF-1.4\nentretien du 18 novembre\n%%EOF\n")
CREDIT = ("avoir-2026-318.pdf", "application/pdf", b"%PDF-1.4\navoir de 45 euros\n%%EOF\n")
PLAN = ("Plan d'accès.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
TIMES = ("horaires.csv", "text/csv", b"jour;heure\r\nlundi;9 h\r\n")
