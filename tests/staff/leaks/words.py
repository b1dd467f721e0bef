"""What Bo writes to complainants: argued replies (200 characters and more), news, questions, reasons."""

# ---- argued replies --------------------------------------------------------------------------------------------------

TRAVEL = """Bonjour Monsieur Petit,

Vous nous avez écrit au sujet de la session d’habilitation électrique du 16 novembre, annulée la veille au soir. \
J’ai relu le planning et entendu le formateur : vous avez été prévenu à 19 h 40, ce qui ne vous laissait plus le \
temps d’annuler votre train.

Nous vous remboursons donc le billet et la nuit d’hôtel, soit 187,40 €, sous dix jours. Une place vous est réservée \
le 8 décembre à Nîmes.

Bien cordialement,
Bo Martin"""

HOTEL = """Bonjour Monsieur Petit,

Vous demandiez le remboursement de vos frais et une nouvelle date. Nous avons retrouvé le message d’annulation : il \
est parti à 19 h 40, alors que notre procédure demande quarante-huit heures.

Le service comptable vous versera 187,40 € le 1er décembre. La session suivante a lieu les 8 et 9 décembre, au même \
endroit ; votre inscription est maintenue sans démarche de votre part."""

PARTIAL = """Bonjour Monsieur Petit,

Nous avons examiné votre demande point par point.

- Le train : l’annulation tardive est de notre fait, nous remboursons les 92 €.
- L’hôtel : la convention ne prévoit l’hébergement que pour les sessions de plus de deux jours ; nous ne pouvons pas \
le prendre en charge.
- La date : une place vous attend le 8 décembre.

Je comprends que cette réponse ne couvre pas tout ce que vous espériez, et je reste à votre disposition pour en \
parler."""

REFUSED = """Madame, Monsieur,

Vous contestez les heures d’absence retenues sur l’attestation de fin de formation. Nous avons comparé les feuilles \
d’émargement signées, les journaux de connexion de la plateforme et le témoignage du formateur : les trois \
concordent sur sept heures d’absence, les 4 et 5 novembre.

Nous ne pouvons donc pas modifier l’attestation. Si vous disposez d’un justificatif que nous n’aurions pas vu, \
envoyez-le nous et nous relirons le dossier."""

PLATFORM = """Bonjour,

L’accès au module 4 était bloqué depuis le 6 novembre : une mise à jour de la plateforme avait effacé les droits de \
votre groupe. L’équipe technique les a rétablis ce matin et j’ai vérifié avec votre identifiant que la vidéo se \
lance.

Votre accès est prolongé de douze jours, jusqu’au 18 décembre, et les heures perdues ne seront pas décomptées de \
votre compte formation. Toutes nos excuses pour les trois appels restés sans réponse."""

CERTIFICATE = """Bonjour Madame Garnier,

Votre inscription à l’examen du 22 n’avait pas été transmise au centre : le fichier d’envoi s’est arrêté à la lettre \
F. Nous avons repris la liste à la main et obtenu une place pour vous le 25 novembre à 14 h, au centre de la \
Part-Dieu, sans frais supplémentaires.

La convocation est jointe. Pour que cela ne se reproduise pas, un accusé du centre d’examen est désormais exigé pour \
chaque envoi."""

INVOICE = """Bonjour,

Après vérification, la facture n° 26-07 a bien été reçue le 2 mars, mais elle était rattachée à une session qui \
n’existait plus dans notre logiciel ; c’est pourquoi vos deux relances n’ont pas abouti. L’erreur est corrigée \
depuis hier.

Le virement de 2 400 € part le 27 novembre, augmenté de l’indemnité forfaitaire de 40 € prévue par la loi. Merci de \
votre patience, et pardon pour ces retards."""

TRAINER = """Bonjour Madame Tessier,

Vous avez parcouru quatre-vingts kilomètres et trouvé porte close : c’est anormal, et nous vous présentons nos \
excuses. Le changement de salle avait été affiché sur place, mais le message destiné aux stagiaires est resté dans \
les brouillons.

Vos frais kilométriques (51,20 €) vous sont remboursés. La journée est reportée au 3 décembre, 12 rue des Lilas à \
Chartres ; l’accueil vous attendra dès 8 h 45."""

LEVEL = """Bonjour,

Vous regrettiez que le niveau du groupe d’anglais soit trop hétérogène. Nous avons relu les tests de positionnement \
: trois personnes sur neuf n’auraient pas dû y être inscrites, et la formatrice nous l’avait signalé dès la deuxième \
séance.

Le groupe est dédoublé à partir du 30 novembre. Les deux séances perdues seront rattrapées les 12 et 19 décembre, le \
matin, sans que votre date d’examen change."""

ROOM = """Bonjour Monsieur Belkacem,

Votre besoin d’une salle accessible figurait bien sur la fiche d’inscription, et nous n’en avons pas tenu compte. À \
partir de jeudi, la formation se tient au rez-de-chaussée, salle 03, dont la porte et les sanitaires ont été \
contrôlés hier.

La matinée passée dans le hall sera refaite avec le formateur, à la date qui vous convient. Le contrôle de \
l’accessibilité est ajouté à la liste d’ouverture de chaque session."""

CONTENT = """Madame,

Vous estimez que le programme annoncé n’a pas été suivi. Nous avons confronté le programme joint à la convention, le \
cahier de séance et les évaluations à chaud : les modules 1 à 5 ont été traités, le module 6 (gestion des conflits) \
ne l’a été qu’en vingt minutes au lieu de trois heures.

Une demi-journée supplémentaire vous est proposée le 10 décembre, à distance ou à Lyon, animée par un autre \
formateur."""

QUOTA = """Bonjour,

Les cinq entrées en stage ont été déclarées ce matin à 9 h 15, avec effet au 20 avril, et nous avons joint par \
téléphone les personnes concernées. La personne chargée de ces déclarations était absente et n’avait pas été \
remplacée.

Deux collègues y sont maintenant habilités, et un contrôle a lieu chaque vendredi. Vous recevrez la copie des \
déclarations dans la journée ; la rémunération du mois n’est pas affectée."""

DISPUTE = """Monsieur Vasseur,

Vous nous dites n’avoir jamais demandé cette formation. Nous vous croyons sur parole le temps de l’enquête : \
l’inscription est annulée ce jour et la somme de 3 200 € est restituée à votre compte formation, ce que la Caisse \
des dépôts nous a confirmé.

L’intermédiaire qui vous a appelé n’agit plus pour nous. Nous avons signalé les faits, et nous vous conseillons de \
conserver le texto que vous avez reçu."""

MEALS = """Bonjour,

Le repas de midi était annoncé comme compris, et il ne l’était pas : la page du site n’avait pas été mise à jour \
après le changement de prestataire. Elle l’est depuis hier soir.

Chaque stagiaire du groupe est remboursé de trois repas, soit 46,50 €, sur présentation d’un relevé d’identité \
bancaire. Pour les deux journées restantes, un plateau est commandé à votre nom. Merci de nous avoir alertés."""

# ---- news, questions, reasons ----------------------------------------------------------------------------------------

NEWS_CALLED = """Bonjour,

J’ai eu le formateur au téléphone ce matin : il me transmet les feuilles d’émargement demain. Je reviens vers vous \
dès que je les ai comparées avec la plateforme.

Cordialement,
Bo Martin"""

NEWS_PAID = """Bonjour Monsieur Petit, la demande de remboursement est partie au service comptable ce midi. Il vous \
reste à recevoir la nouvelle convocation, que je vous enverrai avant vendredi."""

NEWS_SHORT = """Bonjour, votre dossier avance : la commission se réunit jeudi et je vous écris le soir même."""

NEWS_ACCESS = """Bonjour,
Votre accès à la plateforme est rétabli depuis 11 h. Pouvez-vous simplement vous reconnecter avec le même mot de \
passe ? Nous continuons de chercher pourquoi le module 4 s’était fermé."""

ASK_RECEIPT = """Bonjour,

Pour calculer le remboursement, il me manque deux pièces :
1. le billet de train du 15 novembre ;
2. la facture de l’hôtel, à votre nom.

Pouvez-vous les envoyer en répondant à ce message ? Merci d’avance."""

ASK_DATE = """Bonjour Madame, pouvez-vous me dire à quelle date vous avez reçu la convocation, et par quel moyen ? \
Nous ne retrouvons qu’un envoi postal du 2 novembre."""

ASK_CHOICE = """Bonjour,

Préférez-vous la session du 8 décembre à Nîmes ou celle du 14 décembre à distance ? Les deux comptent autant \
d’heures. Répondez-moi avant vendredi midi et je réserve la place."""

WAIT_REPORT = """Nous attendons le compte rendu de l’organisme certificateur, qui ne se réunit que le 1er décembre. \
Nous préférons vous donner une réponse complète plutôt qu’une réponse rapide."""

WAIT_TRAINER = """Le formateur est absent jusqu’au 30 novembre et lui seul détient les copies corrigées. Nous les \
relirons avec lui dès son retour."""

INFORM_DATES = """Bonjour,

Vous nous demandiez le calendrier des prochaines sessions : elles ont lieu le 8 décembre à Nîmes, le 14 décembre à \
distance et le 18 janvier à Montpellier. Les inscriptions se font sur le site ou par téléphone."""

INFORM_PAPER = """Bonjour, votre attestation de présence est disponible dans votre espace, rubrique « Mes documents \
». Comme vous demandiez un simple renseignement, votre message n’est pas traité comme une réclamation."""

OUTSIDE = """Bonjour,

La formation dont vous parlez a été dispensée par un autre organisme, dont le nom ressemble au nôtre. Nous ne \
pouvons pas intervenir, mais son service des réclamations figure au dos de votre convention."""

DIFFICULTY = """Bonjour, merci de nous avoir signalé la panne du vidéoprojecteur pendant la séance même : il a été \
remplacé à la pause, et le formateur a repris l’exercice avec tout le groupe."""

HAZARD = """Bonjour, la séance de mardi n’a pas pu avoir lieu à cause des intempéries qui ont fermé le centre. Elle \
est reportée au mardi suivant, à la même heure, et votre nombre d’heures ne change pas."""
