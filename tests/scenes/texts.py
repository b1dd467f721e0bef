"""What the people of the scenes write: names, complaints, newsletters, advertisements, absences. All invented."""

from __future__ import annotations

import base64
import unicodedata

DOMAINS = (  # eight: the nth person lives in the nth, modulo
    "courriel.example",
    "boite.example",
    "lettres.example",
    "agence-emploi.example",
    "opco-numerik.example",
    "atelier-lopez.example",
    "mairie-valfleury.example",
    "northwind-tools.example",
)

PEOPLE = tuple(
    tuple(line.split(" ", 1))
    for line in """Carl Bonnet
Inès Garnier
Kévin Roussel
Claire Bernard
Yanis Belkacem
Aurélie Tessier
Gérard Vasseur
Sabine Hoarau
Ousmane Diallo
Marc O'Leary
Antoine Brun
Patrick Lemoine
Bruno Klein
Estelle Carpentier
Franck Leblond
Jens Albrecht
Miguel Lopez
Sophie Marchand
Caroline Meyer
Lina Faure
Hugo Perrin
Naïma Cherif
Théo Lacroix
Émilie Dufour
Mathis Colin
Fatou Ndiaye
Loïc Guillou
Camille Renard
Rachid Amrani
Élodie Picard
Jean-Marc Vidal
Zoé Blanchet
Arthur Meunier
Salomé Girard
Victor Noël
Manon Charpentier
Olivia Reed
Thomas Whitaker
Grace Holloway
Peter Lindqvist
Paul Deschamps
Julie Fontaine
Adrien Roy
Sarah Cohen
Nicolas Barbier
Léa Marchal
Karim Haddad
Chloé Besson
Quentin Aubert
Mélanie Rey
Samuel Jacquet
Jeanne Poulain
Romain Leclerc
Anaïs Muller
Bastien Collet
Pauline Weber
Simon Maillard
Louise Gaillard
Tristan Boucher
Margaux Rolland
Damien Prévost
Lucie Caron
Florian Huet
Clara Navarro
Maxime Royer
Océane Schmitt
Benoît Tanguy
Alice Lebrun
Fabrice Pichon
Noémie Da Silva""".splitlines()
)

# (subject, body). {n}: the writer's first and last name. Each is a person who is not content.
FRENCH = (
    (
        "Attestation jamais reçue",
        "Bonjour,\n\nma formation bureautique est finie depuis cinq semaines et je n'ai toujours pas d'attestation de fin "
        "de formation. Mon employeur me la réclame chaque lundi.\nJe souhaite la recevoir avant la fin du mois.\n\n{n}\n",
    ),
    (
        "???",
        "bonjour ca fait 9 jours que la plateforme marche plus, je clic sur le module 3 et rien\njai ecrit deux fois "
        "personne repond !!\nje veux que ca marche ou que vous prolongiez mon acces\n\n{n}\n",
    ),
    (
        "Réclamation : salle fermée le 12",
        "Madame, Monsieur,\n\nj'ai fait 70 km pour trouver porte close le 12 au matin. Aucun message, aucune affiche.\n"
        "Je demande le remboursement de mes frais de route et une nouvelle date.\n\nCordialement,\n{n}\n",
    ),
    (
        "Soudage TIG : un seul poste pour cinq",
        "Bonjour,\nau stage de soudage TIG nous étions cinq pour un seul poste en état. J'ai soudé une journée sur cinq.\n"
        "Je voudrais deux jours de plus sur un poste qui marche.\n{n}\n",
    ),
    (
        "facture contestée",
        "Bonjour,\n\nvous nous facturez deux fois la session de mars (4 200 €). Nous l'avons signalé par téléphone sans "
        "suite.\nMerci d'établir un avoir sous huitaine.\n\n{n}\nservice comptable\n",
    ),
    (
        "RE : Votre inscription à l'examen d'anglais",
        "Bonjour,\nle centre d'examen n'a AUCUNE inscription à mon nom alors que vous me l'aviez confirmée.\n"
        "Il me faut une place avant la fin du mois, où que ce soit.\n{n}\n\n"
        "Le lun. 9 nov. 2026 à 16:02, Accueil IEF <accueil@ief.example> a écrit :\n"
        "> Bonjour,\n> votre inscription à l'examen est confirmée.\n> L'équipe IEF - 06 39 98 00 10\n",
    ),
    (
        "Formateur absent deux jours sur trois",
        "Bonjour,\nle formateur n'est pas venu les deux premiers jours et son remplaçant découvrait le sujet.\n"
        "Nous n'avons vu que la moitié du programme annoncé. Je demande une session de rattrapage.\n{n}\n",
    ),
    (
        "Entrées en stage non déclarées",
        "Bonjour,\nquatre de nos bénéficiaires ont commencé chez vous il y a trois semaines et leur entrée n'est toujours "
        "pas déclarée : pas de rémunération ce mois-ci.\nPouvez-vous saisir les entrées aujourd'hui ?\n{n}, conseillère\n",
    ),
    (
        "Convention non retournée",
        "Bonjour,\nla convention pour la formation Habilitation électrique ne nous est jamais revenue signée, et l'acompte "
        "est parti à la mauvaise adresse. Nous devrons annuler.\nPouvez-vous faire le nécessaire ?\n{n}\n",
    ),
    (
        "TR: Convocation - Secrétariat médical",
        "Je transmets ci-dessous la convocation : l'adresse était fausse, j'ai attendu deux heures dehors.\n"
        "Je veux savoir quand la séance sera rattrapée.\n{n}\n",
    ),
    (
        "Accompagnement VAE à l'abandon",
        "Bonjour,\nmon accompagnatrice a changé deux fois et personne n'a relu mon livret 2 envoyé en septembre.\n"
        "La date de dépôt est passée : je perds six mois. Je souhaite une relecture sous quinze jours.\n{n}\n",
    ),
    (
        "VOUS VOUS MOQUEZ DU MONDE",
        "1490 EUROS POUR DES PDF GRATUITS !!! DEUX VISIOS DE 20 MINUTES SUR DIX PREVUES\nJE VEUX MON ARGENT\n{n}\n",
    ),
    (
        "Supports de cours : lien expiré",
        "Bonjour,\nle lien vers les supports a expiré avant que je puisse les télécharger, et l'adresse de la formatrice "
        "n'existe pas.\nPourriez-vous me les renvoyer ?\nCordialement\n{n}\n\n-- \n{n}\nTél. 06 39 98 21 43\n",
    ),
    (
        "Repas et chauffage",
        "Bonjour,\n14 degrés dans la salle toute la semaine, et le repas compris dans le prix n'a jamais été servi.\n"
        "J'attends un geste de votre part.\nBien à vous\n{n}\n\nEnvoyé de mon iPhone\n",
    ),
)

ENGLISH = (
    (
        "Invoice issued with VAT by mistake",
        "Hello,\nyour invoice for the leadership workshop charges VAT although your quotation said training is exempt.\n"
        "We cannot process it. Please issue a credit note and a corrected invoice.\nBest regards,\n{n}\n",
    ),
    (
        "Course nothing like the programme",
        "Dear Sir or Madam,\n\nthe PowerPoint course I attended started forty minutes late on both days and skipped half of "
        "the programme.\nI would like a catch-up session online.\n\nKind regards,\n{n}\n",
    ),
    (
        "No certificate after two months",
        "Hi,\nI finished the English course in September and still have no certificate. I have asked three times.\n"
        "Please send it to me this week.\nThanks,\n{n}\n",
    ),
)

HTML = (
    "<html><head><style>p {{ font-family: Calibri }}</style></head><body><p>Bonjour,</p><p>je suis <b>très déçu</b>&nbsp;: "
    "la moitié du programme n’a pas été faite et personne ne rappelle.</p><p>Je souhaite être remboursé de 300&nbsp;€.</p>"
    "<p>{n}</p></body></html>"
)

FOLLOW_UPS = (
    "Bonjour,\nje complète mon message : cela s'est encore produit ce matin.\n{n}\n",
    "Bonjour, avez-vous du nouveau ? Je peux fournir les feuilles d'émargement.\n{n}\n",
    "Merci pour votre réponse rapide, mais j'ajoute que trois autres stagiaires sont dans le même cas.\n{n}\n",
    "Bonjour,\nvoici le document dont je parlais.\n\n{n}\nEnvoyé de mon téléphone\n",
)

NEWSLETTERS = (
    (
        "Salon de la formation : votre badge gratuit",
        "Retirez votre badge dès maintenant. 120 exposants vous attendent.",
    ),
    ("La lettre du vendredi", "Au sommaire : l'apprentissage en chiffres, l'agenda des webinaires."),
    (
        "[pedagogie] Retour d'expérience sur les classes inversées",
        "Bonjour à tous, quelqu'un a-t-il essayé ? Je prends.",
    ),
    ("Weekly digest: learning and development", "Five articles our readers liked this week."),
)

# (subject, body) of people who sell something to strangers.
SELLERS = (
    (
        "your website ranking",
        "Hi,\nI can put ief.example on the first page of Google in 30 days. Our SEO services include backlinks and "
        "website ranking reports.\nCan we book a call this week?\nRegards\n",
    ),
    (
        "Proposition de partenariat commercial",
        "Bonjour,\nje me permets de vous contacter afin de vous présenter notre agence. Nos services vous permettent "
        "d'obtenir des prospects qualifiés grâce à la génération de leads.\nDevis gratuit et démo gratuite sur simple réponse.\n",
    ),
    (
        "Guest post on your blog",
        "Hello,\nI would like to publish a guest post with a backlink on your site. Your domain authority would improve.\n"
        "Book a call with me: quick call this week?\n",
    ),
    (
        "Référencement naturel de votre site",
        "Bonjour,\nvotre site n'est pas en première page de Google. Notre offre de référencement naturel, une offre "
        "exceptionnelle ce mois-ci, y remédie. Devis gratuit.\n",
    ),
)

ABSENCE_FR = "Bonjour,\nje suis absent(e) du bureau jusqu'au 4 décembre, sans accès à ma messagerie.\n"
ABSENCE_EN = "Hello,\nI am out of the office until 4 December with no access to e-mail.\n"

LOGO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def plain(text: str) -> str:
    """ASCII lower case, for the local part of an address."""
    bare = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in bare if c.isascii() and (c.isalnum() or c in ".-"))


def paper(seed: str, size: int = 3000) -> bytes:
    """Bytes of a file, different for each seed and of no regular pattern."""
    import hashlib

    blocks = (hashlib.sha512(f"{seed}:{n}".encode()).digest() for n in range(size // 64 + 1))
    return b"%PDF-1.4\n" + b"".join(blocks)[:size]
