"""Which buttons stand in which letter: mails already addressed, with subject and form, so that nobody types a tag (spec §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mailbot.letters import borrowed, markup
from mailbot.letters.house import House

MOST = 1_900  # characters of a link: what every mail program and Windows hand on whole
MOST_WAITING = 20  # mails of one digest that get buttons: beyond, it would be cut by the reader's mail program
LONGEST_HINT = 600  # characters
CUT = "…"


@dataclass(frozen=True, kw_only=True)
class Button:
    """One mail to send. `spelled`: the plain text part prints the body too, it is a form to fill; `main`: drawn full,
    the others in outline, so that the usual answers are seen first."""

    label: str
    subject: str
    body: str = ""
    spelled: bool = False
    main: bool = True


@dataclass(frozen=True, kw_only=True)
class Tap:
    """A command as a button: `words` follow the reference in the subject. `hint` stands below our own line, so that it
    is cut off when the mail comes back and never leaves; a `form` is read where it stands."""

    label: str
    words: str
    hint: str = ""
    form: str = ""
    main: bool = True


def mailto(mailbox: str, subject: str, body: str) -> str:
    """A link that opens this mail (RFC 6068), of at most 1,900 characters: a body too long is cut, then the subject."""
    start = f"mailto:{quote(mailbox, safe='@')}?subject="
    words = _percent(_one_line(subject), MOST - len(start))
    text = _percent(_trimmed(body), MOST - len(start) - len(words) - len("&body="))
    return f"{start}{words}" + (f"&body={text}" if text else "")


def fits(mailbox: str, subject: str, body: str) -> bool:
    """Whether the whole body finds room in the link."""
    start = f"mailto:{quote(mailbox, safe='@')}?subject=&body="
    return len(start) + len(_quoted(_one_line(subject))) + len(_quoted(_trimmed(body))) <= MOST


def _one_line(subject: str) -> str:
    """`=?` broken: a mail program would decode it."""
    return borrowed.one_line(subject).replace("=?", "= ?")


def _trimmed(body: str) -> str:
    return borrowed.clean(body).rstrip()


def _quoted(text: str) -> str:
    """Hints and forms are the same in every letter; what somebody wrote at length is not kept."""
    return _remembered(text) if len(text) <= LONGEST_HINT else _escaped(text)


def _escaped(text: str) -> str:
    return quote(text.replace("\n", "\r\n"), safe="")


_remembered = lru_cache(maxsize=256)(_escaped)


def _percent(text: str, room: int) -> str:
    """The text percent-encoded, cut between two characters with « … » when it is longer than `room`."""
    whole = _quoted(text)
    if len(whole) <= room:
        return whole
    kept: list[str] = []
    used, marked, ellipsis = 0, 0, _quoted(CUT)
    for char in text:
        kept.append(_quoted(char))
        used += len(kept[-1])
        if used + len(ellipsis) <= room:
            marked = len(kept)
        if used > room:
            break
    return "".join(kept[:marked]) + ellipsis if room >= len(ellipsis) else ""


# --- the commands -----------------------------------------------------------------------------------

SCORES = """\
Notes de 1 (mineure) à 4 (critique).
Action immédiate, oui (quoi, par qui, pour quand) ou non (pourquoi).
Caractère exceptionnel, ou durable.

Gravité :
Complexité :
Répercussions :
Action immédiate :
Caractère :
Catégorie :"""
CAUSE = """\
Famille : Main-d’œuvre, Méthode, Matériel, Matière, Milieu,
Management ou Moyens. Les pourquoi en trop restent vides.

Famille :
Constat :
Pourquoi 1 :
Pourquoi 2 :
Pourquoi 3 :
Pourquoi 4 :
Pourquoi 5 :
Cause racine :
Preuve :"""
ACTION = """\
Quoi :
Qui :
Quand :"""
GRANTED = """\
Pour le dossier seulement, rien n’en part.
Solution accordée : totale, partielle, autre ou aucune.

Solution accordée :
Geste (€) :
Suite de la relation :"""
OUTLINE = (
    "ce que la personne demandait",
    "ce que nous avons regardé",
    "ce que nous avons compris",
    "ce que nous décidons, et pourquoi",
    "la suite, pour elle et avec elle (session, contact, porte ouverte)",
)
PLAN = "Un plan possible :\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(OUTLINE, 1)) + f"\n\n{GRANTED}"
NATURES = """\
Au-dessus de la ligne, votre texte pour le réclamant ; sans texte,
une lettre type part.
Autres natures : dans l’objet, remplacez « information » par
difficulté, aléa, hors-périmètre, sans-suite,
ou par doublon suivi du numéro du dossier gardé."""
DAY = """\
Dans l’objet, la date à la place de JJ/MM/AAAA.
Au-dessus de la ligne, la raison : le réclamant la lira."""

ENTRY = """\
Nom :
Courriel :
Téléphone :
Adresse :
Reçue le :
Canal :
Solution souhaitée :
Message :"""
DECISION = """\
Décision :
Qui :
Quand :"""

TAPS: dict[str, Tap] = {
    "not-complaint": Tap(label="Ce n’est pas une réclamation", words="#information", hint=NATURES, main=False),
    "take": Tap(label="Prendre", words="#prendre", main=False),
    "assess": Tap(label="Évaluer", words="#évaluer", form=SCORES),
    "close": Tap(label="Répondre et clore", words="#résolu", hint=PLAN),
    "close-partly": Tap(label="Répondre et clore (fondée en partie)", words="#partielle", hint=PLAN, main=False),
    "close-unfounded": Tap(label="Répondre et clore (non fondée)", words="#infondée", hint=PLAN, main=False),
    "question": Tap(label="Demander des précisions", words="#précisions"),
    "news": Tap(label="Donner des nouvelles", words="#réponse", main=False),
    "date": Tap(label="Poser une date", words="#butoir JJ/MM/AAAA", hint=DAY),
    "hand-over": Tap(label="Confier à quelqu’un", words="#affecter Prénom", main=False),
    "note": Tap(label="Note interne", words="#note", main=False),
    "answered": Tap(label="Déjà répondu autrement", words="#répondu", main=False),
    "handed": Tap(label="Accusé remis ou posté", words="#remis"),
    "pieces": Tap(label="Recevoir les fichiers", words="#pièces", main=False),
    "fiche": Tap(label="Recevoir la fiche", words="#fiche", main=False),
    "enter": Tap(label="Saisir une réclamation reçue autrement", words="#saisie", form=ENTRY, main=False),
    "card": Tap(label="Recevoir l’aide-mémoire", words="#aide", main=False),
    "cause": Tap(label="Analyser les causes", words="#cause", form=CAUSE),
    "action": Tap(label="Décider une action", words="#action", form=ACTION, main=False),
    "undo": Tap(label="Annuler", words="#annuler"),
    "reopen": Tap(label="Rouvrir", words="#rouvrir"),
    "leave-closed": Tap(label="Laisser clos", words="#note", form="Laisser clos.", main=False),
    "decisions": Tap(label="Enregistrer les décisions", words="#réunion JJ/MM/AAAA", form=DECISION),
    "bulletin": Tap(label="Envoyer ce bulletin à toute l’équipe", words="#bulletin"),
    "withdraw": Tap(label="Enregistrer le retrait", words="#retrait"),
    "go-on": Tap(label="Poursuivre le traitement", words="#note", form="Le traitement continue."),
}
CLOSE = ("close", "close-partly", "close-unfounded")
WORK = (*CLOSE, "question", "news", "date")
STANDING: dict[str, tuple[str, ...]] = {
    "assignment": ("not-complaint", "take", "assess", *WORK, "hand-over", "note"),
    "handed-over": ("assess", *WORK, "hand-over", "note"),
    "undecided": ("take", "hand-over", "assess", "not-complaint", "note"),
    "followup-notice": (*WORK, "note"),
    "ack-bounced": ("answered", "handed", "note"),
    "welcome": ("not-complaint", "take", "assess", *WORK, "answered", "hand-over", "note", "card"),
    "files": (*WORK, "note"),
    "fiche": (*WORK, "note"),
    "to-print": ("handed", "answered", "note"),
    "withdrawal-proposal": ("withdraw", "go-on"),
    "reopen-proposal": ("reopen", "leave-closed", "fiche"),
    "survey-alert": ("reopen", "note"),
}
OF_A_MEETING: dict[str, str] = {  # about no file; without `may_send` nothing is offered
    "meeting-pack": "decisions",
    "meeting-recorded": "bulletin",
    "bulletin-chase": "bulletin",
}
ASKED: dict[str, tuple[str, ...]] = {  # what a chase asks → the buttons that answer it
    "assess": ("assess", "take", "hand-over", "not-complaint"),
    "treat": WORK,
    "answer-or-commit": (*CLOSE, "date", "answered"),
    "answer-today": (*CLOSE, "date", "answered"),
    "answer-overdue": (*CLOSE, "date", "answered"),
    "keep-commitment": (*CLOSE, "news", "answered"),
    "complete": ("assess", "cause", "action"),
}
AGAIN = ("question", "news", "date", "note")  # what a refusal offers beside the nearest


def reference(facts: Mapping[str, Any]) -> str:
    """`[REC-2026-0042-K7QX3M]`, without the code when none was given; `[m-17-K7QX3M]` for a mail that waits."""
    code = f"-{facts['code']}" if facts.get("code") else ""
    if facts.get("number"):
        return f"[{facts['number']}{code}]"
    return f"[m-{facts['inbound_id']}{code}]" if code and facts.get("inbound_id") else ""


def of(kind: str, facts: Mapping[str, Any], language: str, house: House) -> list[Button]:
    """The buttons of a letter, in their order; none where there is nothing to refer to."""
    if kind == "survey":
        return [_survey(facts, language)]
    if kind == "card":
        return [_button(TAPS["enter"], {})]
    if kind in OF_A_MEETING:
        return _taps((OF_A_MEETING[kind],), facts) if facts["may_send"] else []
    if not reference(facts):
        return []
    if kind in COMPUTED:
        return COMPUTED[kind](facts, house)
    return _taps(STANDING.get(kind, ()), facts)


def for_waiting(inbound_id: int, code: str) -> list[Button]:
    """The two buttons of a mail that waits in the digest; none without its code."""
    facts = {"inbound_id": inbound_id, "code": code}
    buttons = _decide(facts) if reference(facts) else []
    return [replace(b, label=f"{b.label} (n° {inbound_id})") for b in buttons]


def _taps(names: tuple[str, ...], facts: Mapping[str, Any]) -> list[Button]:
    return [_button(TAPS[name], facts) for name in names]


def _button(tap: Tap, facts: Mapping[str, Any]) -> Button:
    below = f"\n\n\n---- {markup.SEPARATOR['fr']} ----\n{tap.hint}" if tap.hint else ""
    subject = f"{reference(facts)} {tap.words}".strip()
    return Button(label=tap.label, subject=subject, body=tap.form or below, spelled="\n" in tap.form, main=tap.main)


def _with_text(tap: Tap, facts: Mapping[str, Any], house: House) -> Button:
    """The button with the author's own text in it, if that fits whole."""
    filled = Button(label=tap.label, subject=f"{reference(facts)} {tap.words}", body=facts["text"], main=tap.main)
    return filled if facts["text"] and fits(house.mailbox_address, filled.subject, filled.body) else _button(tap, facts)


def _assignment(facts: Mapping[str, Any], house: House) -> list[Button]:
    missing = any(not file.get("attached", True) for file in facts.get("files", ()))
    return _taps((*STANDING["assignment"], *(("pieces",) if missing else ())), facts)


def _chase(facts: Mapping[str, Any], house: House) -> list[Button]:
    names = ASKED.get(facts["asks"], ())
    lacks = {*facts.get("lacks", ()), *(("action",) if "cause" in facts.get("lacks", ()) else ())}
    return _taps(tuple(n for n in names if facts["asks"] != "complete" or not lacks or n in lacks), facts)


def _action(facts: Mapping[str, Any], house: House) -> list[Button]:
    name, asks = facts["action"], facts["asks"]
    if asks == "analyse":
        return _taps(("cause", "action"), facts)
    if asks == "check":
        changed = "Au-dessus de la ligne, une phrase sur ce qui a changé : les\nréclamants la liront. Sans texte, rien ne part."
        return [
            _button(Tap(label=f"{name} est efficace", words=f"#efficace {name}", hint=changed), facts),
            _button(Tap(label=f"{name} ne suffit pas", words=f"#inefficace {name}", main=False), facts),
            *_taps(("note",), facts),
        ]
    if asks == "replace":
        return [_replacing(name, facts), *_taps(("note",), facts)]
    return [_button(Tap(label=f"{name} est faite", words=f"#fait {name}"), facts), *_taps(("note",), facts)]


def _replacing(name: str, facts: Mapping[str, Any]) -> Button:
    form = f"{ACTION}\nRemplace : {name}"
    return _button(Tap(label="Décider une autre action", words="#action", form=form), facts)


def _confirm(facts: Mapping[str, Any], house: House) -> list[Button]:
    again = [_replacing(facts["replace_action"], facts)] if facts.get("replace_action") else []
    names = (*facts.get("offers", ()), *(("undo",) if facts["undo_until"] else ()))
    return [*again, *_taps(names, facts)]


def _refusal(facts: Mapping[str, Any], house: House) -> list[Button]:
    nearest = str(facts["nearest"]).lstrip("#")
    meant = [name for name, tap in TAPS.items() if nearest and tap.words.split()[0] == f"#{nearest}"][:1]
    other = [] if meant or not nearest else [Tap(label=f"Refaire avec #{nearest}", words=f"#{nearest}")]
    names = dict.fromkeys((*meant, *(CLOSE if facts["outline"] else ()), *AGAIN))
    return [_with_text(tap, facts, house) for tap in [*other, *(TAPS[name] for name in names)]]


def _fence(facts: Mapping[str, Any], house: House) -> list[Button]:
    return [_with_text(Tap(label="Envoyer ce texte", words=f"#{facts['tag'].lstrip('#')}"), facts, house)]


def _nothing_left(facts: Mapping[str, Any], house: House) -> list[Button]:
    send = Tap(label="Envoyer ce texte au réclamant", words=TAPS["news"].words)
    return [_with_text(send, facts, house), *_taps((*CLOSE, "note"), facts)]


def _same(facts: Mapping[str, Any], house: House) -> list[Button]:
    send = Tap(label="Envoyer la même réponse", words=f"#{facts['tag']}")
    return [_with_text(send, facts, house), *_taps(("note",), facts)]


def _direct(facts: Mapping[str, Any], house: House) -> list[Button]:
    day = f"{datetime.fromisoformat(facts['at']).astimezone(ZoneInfo(house.timezone)):%d/%m/%Y}"
    said = f"Réponse envoyée par {facts['author']} le {day}, déjà au dossier.\n\n{facts['text']}"
    done = Button(label="Clore avec ceci", subject=f"{reference(facts)} #répondu {day}", body=said)
    return [done, *_taps(("note",), facts)]


def _identity(facts: Mapping[str, Any], house: House) -> list[Button]:
    return [_button(Tap(label="Oui, c’est moi", words=f"#confirmer {facts['pending_id']}"), facts)]


def _colleague(facts: Mapping[str, Any], house: House) -> list[Button]:
    entry = "C’est la saisie d’une réclamation reçue autrement."
    return [
        _button(Tap(label="C’est ma réclamation", words="#réclamation", form="C’est ma propre réclamation."), facts),
        _button(Tap(label="C’est la saisie d’une réclamation", words="#réclamation", form=entry), facts),
        _button(Tap(label="C’est une simple note", words="#note"), facts),
    ]


def _decide(facts: Mapping[str, Any], house: House | None = None) -> list[Button]:
    return [
        _button(Tap(label="C’est une réclamation", words="#réclamation"), facts),
        _button(Tap(label="Écarter", words="#note", main=False), facts),
    ]


def _survey(facts: Mapping[str, Any], language: str) -> Button:
    lines = SURVEY[language]
    return Button(label=lines[0], subject=f"[{facts['number']}] avis", body="\n".join(lines[1:]), spelled=True)


SURVEY = {
    "fr": ("Donner mon avis", "Prise en compte :", "Action :", "Suite de la relation :"),
    "en": ("Give my opinion", "Taken into account:", "Action:", "What comes next:"),
}
COMPUTED: dict[str, Callable[[Mapping[str, Any], House], list[Button]]] = {
    "assignment": _assignment,
    "chase": _chase,
    "action": _action,
    "confirm": _confirm,
    "refusal": _refusal,
    "fence": _fence,
    "nothing-left": _nothing_left,
    "direct-answer": _direct,
    "same-reply": _same,
    "identity": _identity,
    "staff-question": _colleague,
    "forward-question": _decide,
}
