"""The visible tables behind every suggestion: words, domains and families, each with its reason; and the desk's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the configuration adds to the tables below, and who the organisation is."""

    trainings: tuple[tuple[str, tuple[str, ...]], ...] = ()  # name, words that mean it
    alerts: dict[str, tuple[str, ...]] = field(default_factory=dict)  # family → more words
    funders: tuple[str, ...] = ()  # more domains of financeurs
    staff: tuple[tuple[str, str], ...] = ()  # display name, address
    own_domains: tuple[str, ...] = ()
    own_addresses: tuple[str, ...] = ()
    own_phones: tuple[str, ...] = ()  # so that a quoted number of ours is not taken for the complainant's
    prefix: str = "REC"

    def to_json(self) -> dict[str, Any]:
        """Plain lists and strings, for a child process."""
        return {
            "trainings": [[name, list(words)] for name, words in self.trainings],
            "alerts": {family: list(words) for family, words in self.alerts.items()},
            "funders": list(self.funders),
            "staff": [list(pair) for pair in self.staff],
            "own_domains": list(self.own_domains),
            "own_addresses": list(self.own_addresses),
            "own_phones": list(self.own_phones),
            "prefix": self.prefix,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Words:
        """The inverse of `to_json`."""
        return cls(
            trainings=tuple((name, tuple(words)) for name, words in data["trainings"]),
            alerts={family: tuple(words) for family, words in data["alerts"].items()},
            funders=tuple(data["funders"]),
            staff=tuple((name, addr) for name, addr in data["staff"]),
            own_domains=tuple(data["own_domains"]),
            own_addresses=tuple(data["own_addresses"]),
            own_phones=tuple(data["own_phones"]),
            prefix=data["prefix"],
        )


EMPTY_WORDS = Words()

# Alert families (domain.md §5.2). Whole words of the folded text; a final * accepts any ending. Hints, never decisions.
ALERTS: dict[str, tuple[str, ...]] = {
    # Someone was hurt or may be: a P1 hint.
    "danger": (
        "accident", "accidents", "blesse*", "blessure*", "electrocut*", "electris*", "chute", "evacuation", "incendie",
        "danger*", "mise en danger", "droit de retrait", "sous tension", "sans epi", "des epi", "amiante", "explosion",
        "intoxication", "suicid*", "en finir avec la vie", "injured", "injury", "electric shock", "hazard*", "unsafe",
    ),
    # Blows and threats: a P1 hint.
    "violence": (
        "violence*", "violent*", "m'a frappe*", "l'a frappe*", "gifle*", "coups", "bagarre", "agression*", "agresse",
        "agressee", "menace de mort", "menaces de mort", "menace de me", "menace physiquement", "assault*", "hit me",
        "threatened me",
    ),
    # Harassment, sexism, humiliation, filming someone against their will: a P1 hint, and sensitive.
    "harcelement": (
        "harcel*", "sexiste*", "sexisme", "propos deplaces", "gestes deplaces", "geste deplace", "attouchement*",
        "humili*", "moquerie*", "se moquent", "intimid*", "bizut*", "agression sexuelle", "me filme*", "le filme*",
        "la filme*", "harass*", "bully*", "bullied", "sexist*", "humiliat*",
    ),
    # Treated worse for what one is (loi 2008-496): a P1 hint, and sensitive.
    "discrimination": (
        "discrimin*", "racis*", "homophob*", "transphob*", "antisemit*", "islamophob*", "xenophob*", "couleur de peau",
        "de mon origine", "de mes origines", "de ma religion", "mon voile", "racial*",
    ),
    # The disability referent is told (RNQ indicator 26); sensitive.
    "handicap": (
        "handicap*", "fauteuil", "pmr", "rqth", "mdph", "dyslexi*", "dyspraxi*", "dysphasi*", "malentendant*",
        "malvoyant*", "autiste*", "autisme", "tdah", "disabled", "disabilit*", "wheelchair", "dyslexic",
    ),
    # Health data (RGPD art. 9); sensitive.
    "sante": (
        "medecin", "certificat medical", "arret maladie", "arret de travail", "hospital*", "hopital", "malade", "maladie",
        "depression", "burn out", "burnout", "enceinte", "grossesse", "cancer", "crise d'angoisse", "allergi*",
        "sick leave", "my doctor", "pregnan*", "illness",
    ),
    # A child is concerned; ages 14 to 17 are found beside this list. Sensitive.
    "mineur": ("mineur", "mineure", "mineurs", "mineures", "lyceen*", "collegien*", "underage"),
    # Signed, enrolled or charged without consent; false attendance. The listing of the organisation is at stake.
    "fraude": (
        "fraud*", "usurp*", "sans mon accord", "sans mon consentement", "signature imitee", "imite ma signature",
        "fausse signature", "signe a ma place", "falsifi*", "jamais demande*", "jamais inscrit*", "pour les absents",
        "fausses feuilles", "faux document*", "escro*", "arnaqu*", "demarchage", "scam*", "without my consent",
    ),
    # Personal data: the data protection referent is told, 72 hours may be running.
    "donnees": (
        "rgpd", "gdpr", "cnil", "donnees personnelles", "mes donnees", "fuite de donnees", "dates de naissance",
        "vie privee", "droit a l'image", "droit a l'oubli", "dpo", "personal data", "data breach", "privacy",
    ),
    # A lawyer or an authority is announced.
    "juridique": (
        "avocat*", "mise en demeure", "mets en demeure", "dreets", "direccte", "dgccrf", "inspection du travail",
        "signalement", "signal conso", "signalconso", "prud'hom*", "prudhom*", "tribunal", "plainte", "huissier",
        "poursuites", "mediateur", "mediation", "60 millions", "que choisir", "defenseur des droits", "penalites",
        "lawyer*", "solicitor*", "attorney", "legal action", "small claims",
    ),
    # The matter may become public.
    "presse": (
        "la presse", "journaliste*", "journal local", "avis google", "avis negatif*", "trustpilot", "reseaux sociaux",
        "facebook", "tiktok", "linkedin", "1 etoile", "une etoile", "social media", "newspaper", "bad review",
    ),
    # Not the first time: exceptional, or lasting dissatisfaction?
    "repetition": (
        "troisieme", "deuxieme fois", "seconde fois", "deux fois", "trois fois", "plusieurs fois", "plusieurs reprises",
        "relance", "relances", "relancer", "relance*", "toujours pas", "toujours rien", "depuis des semaines",
        "depuis des mois", "deux messages", "trois messages", "sans reponse", "personne rappelle", "personne ne rappelle",
        "a chaque fois", "encore une fois", "several times", "third time", "second time", "still no", "still not",
        "for weeks", "for months", "reminder*",
    ),
    # The complainant's own deadline.
    "echeance": (
        "demain", "avant le", "au plus tard", "d'ici le", "d'ici au", "sous huitaine", "sous quinzaine", "date limite",
        "urgent", "urgente", "urgence", "cette semaine", "aujourd'hui", "before month end", "by tomorrow", "deadline",
        "as soon as possible", "asap", "by the end of",
    ),
}  # fmt: skip

SENSITIVE = frozenset({"harcelement", "discrimination", "sante", "mineur", "handicap"})  # spec §3
URGENT = frozenset({"danger", "violence", "harcelement", "discrimination"})  # spec §7, P1 hints

# A number and one of these, where one alone says nothing: « 3 fois », « 12 jours ».
REPEATED_UNITS = frozenset({"fois", "relances", "appels", "messages", "mails", "courriels", "times", "reminders"})
LASTING = frozenset({"depuis", "fait", "for"})
LASTING_UNITS = frozenset({"jours", "semaines", "mois", "ans", "days", "weeks", "months", "years"})

# Parts of a domain name (between dots and hyphens) that belong to a financeur, with the sub-type they mean.
FUNDER_DOMAINS: dict[str, str] = {
    # The eleven opérateurs de compétences; any part that begins with « opco » counts too.
    "afdas": "OPCO", "akto": "OPCO", "constructys": "OPCO", "ocapiat": "OPCO", "uniformation": "OPCO",
    "lopcommerce": "OPCO",
    # The public employment service, today and by its former name.
    "francetravail": "France Travail", "poleemploi": "France Travail",
    # Mon Compte Formation is run by the Caisse des dépôts.
    "caissedesdepots": "CPF", "moncompteformation": "CPF",
    "transitionspro": "Transitions Pro",
    "agefiph": "Agefiph", "fiphfp": "Agefiph",
    # Public bodies that pay for their agents or for job seekers.
    "region": "Région", "iledefrance": "Région", "conseilregional": "Région",
    "mairie": "employeur-payeur", "ville": "employeur-payeur", "departement": "employeur-payeur",
}  # fmt: skip

# Names that a financeur shows as sender.
FUNDER_NAMES: dict[str, str] = {
    "opco": "OPCO", "opco*": "OPCO", "france travail": "France Travail", "pole emploi": "France Travail",
    "caisse des depots": "CPF", "mon compte formation": "CPF", "transitions pro": "Transitions Pro",
    "agefiph": "Agefiph", "conseil regional": "Région", "region": "Région", "drh": "employeur-payeur",
    "mairie": "employeur-payeur", "direction des ressources humaines": "employeur-payeur",
}  # fmt: skip

# What only a financeur writes (a trainee says « mon conseiller », « mon OPCO »).
FUNDER_PHRASES: dict[str, str] = {
    "demandeurs d'emploi": "France Travail", "entree en stage": "France Travail", "entrees en stage": "France Travail",
    "conseiller france travail": "France Travail", "conseillere france travail": "France Travail",
    "notre accord de prise en charge": "OPCO", "notre controle de service fait": "OPCO",
    "controle de service fait": "CPF", "nous financons": "", "en tant que financeur": "", "en qualite de financeur": "",
    "nos beneficiaires": "", "our funding": "",
}  # fmt: skip
TRAINEE_POSSESSIVES = ("mon conseiller", "ma conseillere", "mon agence", "mon opco")

# A supplier or partner.
SUBCONTRACTOR_PHRASES = (
    "formateur sous-traitant",
    "formatrice sous-traitante",
    "sous-traitant",
    "sous-traitante",
    "subcontractor",
)

# A client company that is not the trainee; « employeur » as in « our employees ».
COMPANY_PHRASES = (
    "accounts payable", "comptabilite fournisseurs", "nos salaries", "nos collaborateurs", "nos agents", "notre entreprise",
    "notre societe", "bon de commande", "we have received invoice", "our employees", "our company", "purchase order",
)  # fmt: skip

ANONYMOUS_PHRASES = ("reste anonyme", "rester anonyme", "anonymement", "remain anonymous", "stay anonymous")

# Written for someone else, with the sub-type of whoever writes.
ON_BEHALF: dict[str, str] = {
    "mon fils": "proche", "ma fille": "proche", "mon enfant": "proche", "mon mari": "proche", "ma femme": "proche",
    "mon epoux": "proche", "mon epouse": "proche", "mon conjoint": "proche", "ma conjointe": "proche",
    "mon compagnon": "proche", "ma compagne": "proche", "mon frere": "proche", "ma soeur": "proche",
    "mon pere": "proche", "ma mere": "proche", "mon petit-fils": "proche", "ma petite-fille": "proche",
    "mon neveu": "proche", "ma niece": "proche", "my son": "proche", "my daughter": "proche", "my husband": "proche",
    "my wife": "proche", "mon client": "avocat", "ma cliente": "avocat", "my client": "avocat",
    "mon salarie": "entreprise", "ma salariee": "entreprise", "notre salarie": "entreprise",
    "notre salariee": "entreprise", "nos salaries": "entreprise", "notre collaborateur": "entreprise",
    "notre collaboratrice": "entreprise", "notre apprenti": "entreprise", "our employee": "entreprise",
    "our employees": "entreprise", "pour le compte de": "", "on behalf of": "",
}  # fmt: skip

# What a form's « Vous êtes : » line may answer.
DECLARED_TYPES: dict[str, tuple[str, str]] = {
    "stagiaire": ("stagiaire", ""), "apprenant": ("stagiaire", ""), "apprenante": ("stagiaire", ""),
    "participant": ("stagiaire", ""), "participante": ("stagiaire", ""), "trainee": ("stagiaire", ""),
    "apprenti": ("stagiaire", "apprenti"), "apprentie": ("stagiaire", "apprenti"),
    "candidat": ("stagiaire", ""), "beneficiaire": ("stagiaire", ""), "salarie": ("stagiaire", "salarié"),
    "financeur": ("financeur", ""), "opco": ("financeur", "OPCO"), "france travail": ("financeur", "France Travail"),
    "funder": ("financeur", ""), "entreprise": ("autre", "entreprise"), "employeur": ("autre", "entreprise"),
    "company": ("autre", "entreprise"), "formateur": ("autre", "sous-traitant"), "parent": ("autre", "proche"),
    "sous-traitant": ("autre", "sous-traitant"), "proche": ("autre", "proche"), "autre": ("autre", ""),
    "other": ("autre", ""),
}  # fmt: skip

# Sub-types of a trainee.
TRAINEE_SUBTYPES: dict[str, str] = {
    "cpf": "CPF", "compte formation": "CPF", "demandeur d'emploi": "demandeur d'emploi",
    "demandeuse d'emploi": "demandeur d'emploi", "apprenti": "apprenti", "apprentie": "apprenti", "vae": "VAE",
}  # fmt: skip

# Said outright: the wish is « exprimée ».
WISHES = (
    "je souhaite", "je souhaiterais", "nous souhaitons", "nous souhaiterions", "je voudrais", "nous voudrions", "je veux",
    "nous voulons", "on veut", "on voudrait", "je desire", "j'aimerais", "nous aimerions", "j'exige", "nous exigeons",
    "je reclame", "nous reclamons", "je demande", "je vous demande", "nous demandons", "nous vous demandons", "il me faut",
    "il nous faut", "il me faudrait", "il nous faudrait", "je maintiens ma demande", "nous maintenons notre demande",
    "i would like", "i'd like", "we would like", "we'd like", "i want", "we want", "i demand", "we demand", "i request",
    "we request", "i am asking", "i'm asking", "we are asking", "i expect", "we expect", "i need", "we need",
)  # fmt: skip

# Said politely, or only asked: the wish is « à confirmer ».
IMPLIED_WISHES = (
    "merci de", "pouvez-vous", "pouvez vous", "pourriez-vous", "pourriez vous", "est-il possible", "serait-il possible",
    "je vous prie de", "nous vous prions de", "veuillez", "please", "could you", "can you", "would you", "would it be possible",
)  # fmt: skip

# « A short session online would be perfect. »: the whole sentence is the wish.
WISH_ENDINGS = (
    "would be perfect",
    "would be great",
    "would be ideal",
    "would be appreciated",
    "serait parfait",
    "serait ideal",
)

# Verbs that announce a complaint or thank: « je souhaite vous signaler » is not a wish.
NOT_WISHES = frozenset(
    "signaler informer attirer deposer porter formuler remercier exprimer dire preciser temoigner part thank say mention "
    "inform report complain let point raise express draw".split()
)
# After « merci de », « veuillez », « please »: a courtesy, a footer or a warning, not something asked of us.
NOT_REQUESTS = NOT_WISHES | frozenset(
    "agreer recevoir accepter croire trouver noter excuser penser imprimer ne votre vos tout tant avoir avance attention la "
    "cette ces find consider note do accept".split()
)

# A threat is not part of the wish.
THREATS = (("sinon",), ("faute", "de"), ("a", "defaut"), ("otherwise",), ("or", "else"))

# A subject that is a wish by itself, when the mail says nothing more.
SUBJECT_WISHES = (
    "remboursement", "remboursez*", "annulation", "demande de", "demande d'", "avoir", "refund", "cancellation", "attestation",
    "certificat",
)  # fmt: skip

# Form keys whose value may run over several lines, ended only by another key of KNOWN_KEYS.
LONG_KEYS = frozenset(
    {
        "message", "votre message", "description", "faits", "commentaire", "commentaires", "reclamation",
        "votre reclamation", "details", "solution souhaitee", "texte",
    }
)  # fmt: skip
WISH_KEYS = ("solution souhaitee", "solution", "souhait", "votre souhait", "attente", "vos attentes", "wished solution",
             "desired solution", "desired outcome")  # fmt: skip
TRAINING_KEYS = (
    "formation",
    "intitule",
    "formation concernee",
    "intitule de la formation",
    "stage",
    "training",
    "course",
)
DEADLINE_KEYS = ("pour quand", "date limite", "reponse souhaitee avant le")
TYPE_KEYS = ("vous etes", "qualite", "type", "profil", "you are")
KNOWN_KEYS = LONG_KEYS | set(WISH_KEYS) | set(TRAINING_KEYS) | set(TYPE_KEYS) | {
    "nom", "prenom", "nom et prenom", "email", "e-mail", "mail", "courriel", "adresse e-mail", "telephone", "tel", "mobile",
    "name", "first name", "last name", "phone", "organisme", "entreprise", "societe", "date", "session", "lieu", "objet",
    "sujet", "recue le", "canal", "consentement", "dossier", "date de la formation", "dates", "date des faits", "pour quand",
}  # fmt: skip

# Bare thanks (spec §5): a mail made of nothing but these, with at least one of the first group, never reopens a file.
THANKS = (
    "merci", "mercis", "un grand merci", "mille mercis", "merci beaucoup", "merci bien", "merci infiniment",
    "je vous remercie", "nous vous remercions", "thanks", "thank you", "many thanks", "cheers",
)  # fmt: skip
THANKS_COMPANY = (
    "a vous", "a toi", "a tous", "a toute l'equipe", "beaucoup", "vraiment", "encore", "et encore", "d'avance",
    "pour tout", "pour votre reponse", "pour votre retour", "pour votre aide", "pour votre reactivite",
    "pour votre message", "pour votre comprehension", "pour votre mail", "pour ces precisions", "de votre reponse",
    "de votre retour", "de votre aide", "de votre reactivite", "pour cette reponse", "pour la reponse",
    "bonjour", "bonsoir", "madame", "monsieur", "mesdames", "messieurs", "cordialement", "bien cordialement",
    "bien a vous", "bonne journee", "bonne soiree", "bonne reception", "bon week end", "bonne continuation",
    "bien recu", "c'est note", "parfait", "c'est parfait", "tres bien", "ok", "d'accord", "super", "genial",
    "tout est arrive", "tout est regle", "c'est regle", "probleme regle", "probleme resolu", "tout est bon",
    "tout est en ordre", "salutations", "sinceres salutations", "et",
    "a lot", "so much", "very much", "for your reply", "for your answer", "for your help", "for your message", "for everything",
    "hello", "hi", "dear sir", "dear madam", "best regards", "kind regards", "regards", "best", "all good",
    "have a nice day", "have a good day", "great", "perfect", "problem solved", "received", "again", "noted", "and",
)  # fmt: skip

# First words of a line that closes a letter.
CLOSINGS = frozenset(
    "cordialement merci bien salutations sincerement respectueusement sincerely regards best kind thanks envoye bonne".split()
)

# Words that only one of the two languages has (« on », « me », « a » are in both).
FRENCH = frozenset(
    "le la les un une des du de et est que qui je vous nous il elle pas ne pour dans sur avec mon ma mes votre vos ce cette ai "
    "suis etes sont ont bonjour merci au aux se plus mais ou si deux fait depuis c j d l n qu".split()
)
ENGLISH = frozenset(
    "the and is are was were you your i my we our of to in for with that this have has had not it be been they but from will "
    "would could please hello thank thanks dear regards at by as an".split()
)

MONTHS: dict[str, int] = {
    "janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6, "juillet": 7, "aout": 8, "septembre": 9,
    "octobre": 10, "novembre": 11, "decembre": 12, "janv": 1, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10,
    "nov": 11, "dec": 12, "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7,
    "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
}  # fmt: skip
WEEKDAYS = frozenset(
    "lundi mardi mercredi jeudi vendredi samedi dimanche monday tuesday wednesday thursday friday saturday sunday".split()
)
DEADLINE_WORDS = (
    "avant le",
    "d'ici le",
    "d'ici au",
    "au plus tard le",
    "before the",
    "before",
    "by the",
    "no later than",
    "by",
)
# Without a date, these still say by when.
DEADLINE_PHRASES = (
    "sous huitaine", "sous quinzaine", "cette semaine", "avant demain", "d'ici demain", "before month end", "by tomorrow",
    "by the end of the week", "by the end of the month",
)  # fmt: skip
