"""The subject-tag grammar: read(subject) → Command; its table is also the help card.

A command is a reference and one tag, anywhere in the subject, or on the first line of the body (spec §6). A tag is `#word` or
`[word]` whose word stands in the written list of its spellings, compared after NFKC, lower case and without accents; a word in
prose is never one. A hand-written scanner over at most 998 characters: no regular expression runs on a stranger's subject.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

LIMIT = 998
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 6


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One command. `leaves`: whether the body goes to the complainant."""

    name: str
    spellings: tuple[str, ...]
    does: str  # for the card, in French
    leaves: bool = False
    on_file: bool = True


TAGS: tuple[Tag, ...] = (
    Tag(
        name="résolu",
        spellings=("resolu", "resolue", "resolus", "resolues", "solved", "fondee", "fonde"),
        does="envoie votre réponse argumentée au réclamant et clôt le dossier (réclamation fondée)",
        leaves=True,
    ),
    Tag(
        name="partielle",
        spellings=("partielle", "partiel", "partiellement", "partielles", "partiels"),
        does="envoie votre réponse argumentée et clôt (partiellement fondée)",
        leaves=True,
    ),
    Tag(
        name="infondée",
        spellings=("infondee", "infonde", "infondees", "infondes", "nonfondee", "non-fondee", "nonfonde", "non-fonde"),
        does="envoie votre réponse argumentée et clôt (non fondée)",
        leaves=True,
    ),
    Tag(
        name="répondu",
        spellings=("repondu", "repondue", "repondus", "repondues"),
        does="clôt sans rien envoyer : vous avez répondu autrement (téléphone, courrier…) ; le texte garde la réponse",
    ),
    Tag(
        name="réponse",
        spellings=("reponse", "reponses", "nouvelle", "nouvelles"),
        does="donne des nouvelles au réclamant",
        leaves=True,
    ),
    Tag(
        name="précisions",
        spellings=("precisions", "precision", "question", "questions"),
        does="pose une question au réclamant",
        leaves=True,
    ),
    Tag(
        name="butoir",
        spellings=("butoir", "butoirs", "engagement"),
        does="#butoir 15/12/2026 : promet une date au réclamant ; le texte en donne la raison",
        leaves=True,
    ),
    Tag(
        name="évaluer",
        spellings=("evaluer", "evaluation", "evalue", "evaluee"),
        does="évalue : lignes « Gravité : 3 »…, ou G3 C2 R2 immédiat:non",
    ),
    Tag(name="note", spellings=("note", "notes"), does="note interne : rien ne part"),
    Tag(name="prendre", spellings=("prendre", "prends", "pris", "prise"), does="vous prenez le dossier"),
    Tag(
        name="affecter",
        spellings=("affecter", "affecte", "affectee", "affectation", "confier"),
        does="#affecter prénom : confie le dossier",
    ),
    Tag(
        name="absent",
        spellings=("absent", "absente", "absence", "absents", "absentes"),
        does="#absent 20/12–24/12 prénom : votre absence et qui vous remplace",
        on_file=False,
    ),
    Tag(
        name="doublon",
        spellings=("doublon", "doublons"),
        does="#doublon REC-… : même chose que cet autre dossier",
        leaves=True,
    ),
    Tag(name="lier", spellings=("lier", "lie", "liee", "lien"), does="#lier REC-… : autre réclamant, même affaire"),
    Tag(
        name="scinder",
        spellings=("scinder", "scinde", "scindee", "scission"),
        does="plusieurs réclamations dans un message : un dossier de plus",
    ),
    Tag(
        name="hors-périmètre",
        spellings=("hors-perimetre", "horsperimetre", "hors-perimetres"),
        does="n’est pas de notre ressort : lettre au réclamant, le numéro reste",
        leaves=True,
    ),
    Tag(
        name="difficulté",
        spellings=("difficulte", "difficultes"),
        does="une difficulté, pas une réclamation",
        leaves=True,
    ),
    Tag(name="aléa", spellings=("alea", "aleas"), does="un aléa, pas une réclamation", leaves=True),
    Tag(
        name="information",
        spellings=("information", "informations", "info", "infos"),
        does="une simple demande d’information",
        leaves=True,
    ),
    Tag(
        name="retrait",
        spellings=("retrait", "retraits", "retire", "retiree"),
        does="le réclamant retire sa réclamation",
    ),
    Tag(
        name="réclamation",
        spellings=("reclamation", "reclamations", "plainte"),
        does="c’est bien une réclamation (message mis de côté, ou nature corrigée)",
    ),
    Tag(
        name="rouvrir",
        spellings=("rouvrir", "rouvert", "rouverte", "reouvrir", "reouverture"),
        does="rouvre : nouvel accusé, nouveau délai",
    ),
    Tag(
        name="sans-suite",
        spellings=("sans-suite", "sanssuite", "sans-suites"),
        does="le réclamant ne répond plus : clôt",
        leaves=True,
    ),
    Tag(name="silence", spellings=("silence", "silences"), does="plus de message automatique au réclamant"),
    Tag(name="cause", spellings=("cause", "causes", "analyse"), does="analyse des causes : famille, racine"),
    Tag(
        name="action",
        spellings=("action", "actions"),
        does="action corrective : quoi, qui, quand (#action A-7 : la même)",
    ),
    Tag(name="fait", spellings=("fait", "faite", "faits", "faites"), does="#fait A-7 : faite ; le texte le montre"),
    Tag(
        name="efficace",
        spellings=("efficace", "efficaces"),
        does="#efficace A-7 : l’action a eu son effet ; le texte, s’il y en a un, dit aux réclamants ce qui a changé",
        leaves=True,
    ),
    Tag(
        name="inefficace",
        spellings=("inefficace", "inefficaces", "non-efficace", "pas-efficace"),
        does="#inefficace A-7 : l’action n’a pas suffi ; une autre est demandée",
    ),
    Tag(
        name="pièces", spellings=("pieces", "piece", "fichiers", "fichier"), does="vous envoie les fichiers du dossier"
    ),
    Tag(name="fiche", spellings=("fiche", "fiches"), does="vous envoie la fiche du dossier, en PDF"),
    Tag(name="liste", spellings=("liste", "listes"), does="vos dossiers ouverts", on_file=False),
    Tag(
        name="réunion",
        spellings=("reunion", "reunions"),
        does="responsable qualité : seul, prépare le dossier de réunion ; avec un texte, enregistre les décisions",
        on_file=False,
    ),
    Tag(
        name="bulletin",
        spellings=("bulletin", "bulletins"),
        does="responsable qualité : envoie le bulletin à toute l’équipe, jamais un nom",
        on_file=False,
    ),
    Tag(name="aide", spellings=("aide", "help"), does="cette carte", on_file=False),
    Tag(
        name="saisie",
        spellings=("saisie", "saisies", "saisir", "saisi"),
        does="entre une réclamation reçue au téléphone, par lettre ou sur place (lignes « Nom : », « Message : »…)",
        on_file=False,
    ),
    Tag(
        name="remis",
        spellings=("remis", "remise", "remises"),
        does="#remis 20/11/2026 : l’accusé de réception imprimé a été remis ou posté ce jour-là",
    ),
    Tag(
        name="annuler",
        spellings=("annuler", "annule", "annulee", "annulation"),
        does="annule votre dernière commande, tant que rien n’est parti",
    ),
    Tag(name="confirmer", spellings=("confirmer", "confirme"), does="confirme une commande reçue sans preuve"),
)
CARD = tuple(t for t in TAGS if t.name != "confirmer")
BY_NAME = {t.name: t for t in TAGS}
_KNOWN = {s: t for t in TAGS for s in t.spellings}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A file, or a mail that waits, named in a subject, with the writer's code when there is one."""

    number: str = ""  # "REC-2026-0042"
    inbound_id: int = 0  # of [m-17-K7QX3M]
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a subject (and a body's first line) asks."""

    references: tuple[Reference, ...]
    tags: tuple[Tag, ...]  # each once, in order
    unknown: tuple[str, ...]  # "#word" tokens that are no tag
    argument: str = ""  # what follows the (only) tag, up to the end of its line
    in_body: bool = False

    @property
    def tag(self) -> Tag | None:
        """The one tag; None when there is none, or more than one."""
        return self.tags[0] if len(self.tags) == 1 else None

    @property
    def words(self) -> tuple[str, ...]:
        """Every tag as it is told: the known by their names, the unknown as written."""
        return (*(f"#{t.name}" for t in self.tags), *self.unknown)


def fold(word: str) -> str:
    """NFKC, lower case, accents away: how spellings are compared."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def read(
    subject: str, first_line: str = "", *, prefix: str = "REC", more: Mapping[str, tuple[str, ...]] | None = None
) -> Command:
    """The command of a subject; the first line of the body counts when the subject holds no tag.

    `more`: further spellings from the configuration, by tag name. Never raises; linear.
    """
    known = _KNOWN | {fold(s): BY_NAME[name] for name, words in (more or {}).items() for s in words}
    found = _scan(subject[:LIMIT], known, prefix)
    if not unicodedata.normalize("NFKC", first_line[:LIMIT]).lstrip().startswith(("#", "[")):
        return found
    below = _scan(first_line[:LIMIT], known, prefix)
    if not below.tags and (found.tags or not below.unknown):
        return found
    if found.tags:  # two different tags are no command; the same one twice is one
        return replace(found, tags=tuple(dict.fromkeys((*found.tags, *below.tags))))
    return Command(
        references=found.references or below.references,
        tags=below.tags,
        unknown=(*found.unknown, *below.unknown),
        argument=below.argument,
        in_body=True,
    )


def _scan(line: str, known: Mapping[str, Tag], prefix: str) -> Command:
    line = unicodedata.normalize("NFKC", line)
    references: list[Reference] = []
    tags: list[Tag] = []
    unknown: list[str] = []
    end, at = 0, 0
    while at < len(line):
        if line[at] == "[":
            close = line.find("]", at, at + 60)
            inner = line[at + 1 : close].strip() if close > at else ""
            reference = _reference(inner, prefix) or (
                Reference(number=inner.upper()) if _is_number(inner, prefix) else None
            )
            if reference:
                references.append(reference)
                at = close + 1
                continue
            tag = known.get(fold(inner.lstrip("#"))) if inner and " " not in inner else None
            if tag and tag not in tags:
                tags.append(tag)
                end = close + 1
            at = close + 1 if tag else at + 1
        elif line[at] == "#" and (at == 0 or not _wordy(line[at - 1])):
            word, stop = _word(line, at + 1)
            tag = known.get(fold(word))
            if tag and tag not in tags:
                tags.append(tag)
                end = stop
            elif not tag and word and not word[0].isdigit():
                unknown.append("#" + word)
            at = max(stop, at + 1)
        else:
            at += 1
    bare = _bare_numbers(line, prefix) if not references else ()
    return Command(
        references=(*references, *bare),
        tags=tuple(tags),
        unknown=tuple(unknown),
        argument=line[end:].strip(" \t:–—-]") if tags else "",
    )


def _wordy(char: str) -> bool:
    return char.isalnum() or char in "_&/#"


def _word(line: str, at: int) -> tuple[str, int]:
    stop = at
    while stop < len(line) and stop - at < 40 and (line[stop].isalpha() or unicodedata.combining(line[stop])):
        stop += 1
        if stop + 1 < len(line) and line[stop] == "-" and line[stop + 1].isalpha():
            stop += 1
    return line[at:stop], stop


def _is_number(text: str, prefix: str) -> bool:
    parts = text.upper().split("-")
    return (
        len(parts) == 3
        and parts[0] in (prefix, "ESSAI", "EXERCICE")
        and all(p.isascii() and p.isdigit() for p in parts[1:])
        and len(parts[1]) == 4
        and 4 <= len(parts[2]) <= 6
    )


def _reference(inner: str, prefix: str) -> Reference | None:
    """`REC-2026-0042-K7QX3M` or `m-17-K7QX3M`."""
    head, _, code = inner.upper().rpartition("-")
    if len(code) != CODE_LENGTH or any(c not in CODE_ALPHABET for c in code):
        return None
    if _is_number(head, prefix):
        return Reference(number=head, code=code)
    if head.startswith("M-") and head[2:].isascii() and head[2:].isdigit() and len(head) <= 11:
        return Reference(inbound_id=int(head[2:]), code=code)
    return None


def _bare_numbers(line: str, prefix: str) -> tuple[Reference, ...]:
    """A number written without its brackets still names the file; a code counts only inside them."""
    words = "".join(c if c.isalnum() or c == "-" else " " for c in line).split()
    return tuple(Reference(number=w.upper()) for w in words if _is_number(w, prefix))


def nearest(unknown: str) -> Tag | None:
    """The tag that a mistyped one probably meant."""
    from difflib import get_close_matches

    found = get_close_matches(fold(unknown.lstrip("#"))[:40], sorted(_KNOWN), n=1, cutoff=0.6)
    return _KNOWN[found[0]] if found else None


MONTHS = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()


def read_date(text: str, today: date, *, past: bool = False) -> date | None:
    """The first date of an argument: 15/12/2026, 15/12, 2026-12-15, 15 décembre; without a year the next such day, or,
    where the `past` is meant, the last one."""
    words = fold(text[:120]).replace("/", " ").replace("-", " ").replace(".", " ").replace(",", " ").split()
    numbers = words[:6]
    for i, word in enumerate(numbers):
        if not (word.isascii() and word.isdigit()):
            continue
        rest = numbers[i + 1 : i + 3]
        if len(word) == 4 and len(rest) == 2 and all(r.isdigit() for r in rest):
            return _day(int(word), int(rest[0]), int(rest[1]))
        month = _month(rest[0]) if rest else 0
        if month and 1 <= len(word) <= 2:
            year = (
                int(rest[1])
                if len(rest) > 1 and rest[1].isascii() and rest[1].isdigit() and len(rest[1]) in (2, 4)
                else 0
            )
            return _with_year(int(word), month, year, today, past)
    return None


def _month(word: str) -> int:
    if word.isascii() and word.isdigit() and len(word) <= 2:
        return int(word) if 1 <= int(word) <= 12 else 0
    return MONTHS.index(word) + 1 if word in MONTHS else 0


def _with_year(day: int, month: int, year: int, today: date, past: bool) -> date | None:
    if year:
        return _day(year + 2000 if year < 100 else year, month, day)
    this = _day(today.year, month, day)
    if past:
        return this if this and this <= today else _day(today.year - 1, month, day)
    return this if this and this >= today else _day(today.year + 1, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
