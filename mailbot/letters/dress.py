"""Kind + facts → the words of a letter: subject, plain text, HTML, from one template per letter and language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailbot.effects import TO_COMPLAINANTS, Letter
from mailbot.letters import borrowed, buttons, dates, look, markup, page, withheld
from mailbot.letters.buttons import Button
from mailbot.letters.house import House

KINDS = (
    *TO_COMPLAINANTS,
    "assignment",
    "welcome",
    "handed-over",
    "to-print",
    "referent",
    "followup-notice",
    "nothing-left",
    "staff-question",
    "forward-question",
    "undecided",
    "direct-answer",
    "same-reply",
    "ack-bounced",
    "bounced-letter",
    "chase",
    "action",
    "confirm",
    "refusal",
    "identity",
    "fence",
    "withdrawal-proposal",
    "reopen-proposal",
    "survey-alert",
    "card",
    "files",
    "fiche",
    "list",
    "meeting-pack",
    "meeting-recorded",
    "bulletin",
    "bulletin-chase",
    "alarm",
    "recovered",
    "digest",
)
TEMPLATES = Path(__file__).parent / "templates"
SUBJECT_LINE = re.compile(r"(?:Objet|Subject)\s*:(.*)")
NUMBER_FIRST = re.compile(r"\[[^\]]*\]")
NO_BREAK = "\u00a0"


class Unwritable(ValueError):
    """A text cannot be written; the message names the template and the line."""


@dataclass(frozen=True, kw_only=True)
class Dressed:
    """The words of a letter, each in its final form, `\\n` between lines."""

    subject: str
    text: str
    html: str
    language: str


def dress(letter: Letter, house: House, *, now: datetime, marker: str, redirect_to: str = "") -> Dressed:
    """Renders a letter. Raises ValueError for an unknown kind, Unwritable when a template or a fact is wrong."""
    if letter.kind not in KINDS:
        raise ValueError(f"lettre inconnue : {letter.kind}")
    language = letter.language if letter.kind in TO_COMPLAINANTS and letter.language in dates.DAYS else "fr"
    environment = _environment(house.texts_folder)
    printed_on = letter.printed_on or now.astimezone(ZoneInfo(house.timezone)).date()
    ours = {"house": house, "language": language, "printed_on": printed_on.isoformat()}
    name = f"{language}/{letter.kind}.txt"
    facts = _facts(letter, language, house)
    first, _, body = _render(environment, name, {**facts, **ours}).partition("\n")
    subject = _subject(first, name, _own_numbers(letter.facts))
    blocks = _framed(markup.parse(body), subject, house, marker, language, outside=letter.kind in TO_COMPLAINANTS)
    if redirect_to:
        subject = f"[ESSAI, aurait été envoyé à {borrowed.for_subject(letter.to, frozenset())}] {subject}"
        blocks = [_rehearsal(letter.to), *blocks]
    worn = look.of(house.accent)
    logo = house.logo.cid if house.logo and letter.kind in TO_COMPLAINANTS else ""
    drawn = {"body": page.to_html(blocks, language, worn), "subject": subject, "look": worn, "logo": logo, **ours}
    html = markup.bare(_render(environment, "layout.html", drawn))
    return Dressed(subject=subject, text=markup.to_text(blocks, language), html=html, language=language)


def paper(facts: Mapping[str, Any], house: House, *, now: datetime) -> str:
    """The acknowledgement as a page to print, where there is no address to write to. Raises Unwritable."""
    printed_on = now.astimezone(ZoneInfo(house.timezone)).date().isoformat()
    ours = {"house": house, "language": "fr", "printed_on": printed_on}
    blocks = markup.parse(_render(_environment(house.texts_folder), "fr/_paper.txt", {**facts, **ours}))
    blocks = _framed(blocks, "", house, str(facts["number"]), "fr", outside=True)
    worn = look.of(house.accent)
    drawn = {"body": page.to_html(blocks, "fr", worn), "subject": facts["number"], "look": worn, "logo": "", **ours}
    return markup.bare(_render(_environment(house.texts_folder), "layout.html", drawn))


def _framed(
    blocks: list[markup.Block], subject: str, house: House, marker: str, language: str, *, outside: bool
) -> list[markup.Block]:
    """The blocks with what no template has to repeat: the house's name (above for outsiders, below for colleagues, whose
    first lines are the matter itself), a title where a text has none, the reference."""
    if not any(block.kind == "title" for block in blocks):
        said = NUMBER_FIRST.sub("", subject).strip()
        titles = [markup.Block(kind="title", lines=(markup.inert(said),))] if said else []
        above = 1 if blocks[:1] and blocks[0].kind == "rule" else 0
        blocks = [*blocks[:above], *titles, *blocks[above:]]
    name = markup.inert(house.organisation)
    reference = f"{'Réf.' if language == 'fr' else 'Ref.'} {marker}"
    if outside:
        return [markup.Block(kind="house", lines=(name,)), *blocks, markup.Block(kind="small", lines=(reference,))]
    return [*blocks, markup.Block(kind="small", lines=(name, reference))]


def _rehearsal(to: str) -> markup.Block:
    line = (
        f"MODE ESSAI{NO_BREAK}: cette lettre aurait été envoyée à {markup.inert(to)}. Elle ne l’a pas été{NO_BREAK}; "
        "vous la recevez à sa place, telle qu’elle serait partie."
    )
    return markup.Block(kind="paragraph", lines=(line,))


def _facts(letter: Letter, language: str, house: House) -> dict[str, Any]:
    try:
        return _pressable(letter, withheld.told(letter.kind, letter.facts, house), language, house)
    except KeyError as error:
        raise Unwritable(f"{language}/{letter.kind}.txt : il manque {error}") from error


def _pressable(letter: Letter, facts: dict[str, Any], language: str, house: House) -> dict[str, Any]:
    """The facts with the buttons of this letter: the caller's own, else those of the table. No complainant gets a code."""
    if letter.kind in TO_COMPLAINANTS or "buttons" not in facts:
        facts["buttons"] = buttons.of(letter.kind, facts, language, house)
    else:
        facts["buttons"] = [Button(**button) for button in facts["buttons"]]
    if letter.kind == "digest":
        facts["to_decide"] = [
            {**row, "buttons": _of_row(row["inbound_id"], facts["codes"]) if rank < buttons.MOST_WAITING else []}
            for rank, row in enumerate(facts["to_decide"])
        ]
    return facts


def _of_row(inbound_id: int, codes: Mapping[str, str]) -> list[Button]:
    return buttons.for_waiting(inbound_id, codes.get(str(inbound_id), ""))


def _own_numbers(facts: Mapping[str, Any]) -> frozenset[str]:
    """The numbers that the subject of this letter may name."""
    numbers = {facts.get("number"), facts.get("kept_number"), *(item.get("number") for item in facts.get("items", ()))}
    return frozenset(str(number) for number in numbers if number)


def _subject(line: str, name: str, own: frozenset[str]) -> str:
    found = SUBJECT_LINE.match(line)
    if not found:
        raise Unwritable(f"{name}, ligne 1 : « Objet : … » attendu")
    subject = markup.SPAN.sub(lambda m: borrowed.for_subject(markup.bare(m[1]), own), found[1])
    # Broken once the pieces are together: `=?` would be decoded a second time by EmailMessage (reliability L1).
    return " ".join(subject.split()).replace("=?", "= ?")


def _render(environment: Environment, name: str, facts: Mapping[str, Any]) -> str:
    try:
        return environment.get_template(name).render(facts)
    except TemplateSyntaxError as error:
        raise Unwritable(f"{error.filename or name}, ligne {error.lineno} : {error.message}") from error
    except TemplateNotFound as error:
        raise Unwritable(f"{name} : texte introuvable ({error.message})") from error
    except (TemplateError, TypeError, ValueError) as error:
        raise Unwritable(f"{_place(error, name)} : {error}") from error


def _place(error: Exception, name: str) -> str:
    """The last template line on the way to the error."""
    place, step = name, error.__traceback__
    while step:
        if step.tb_frame.f_code.co_filename.endswith((".txt", ".html")):
            place = f"{step.tb_frame.f_code.co_filename}, ligne {step.tb_lineno}"
        step = step.tb_next
    return place


def environment(folder: Path | None) -> Environment:
    """The templates as a letter finds them, for whoever reads them without writing one."""
    return _environment(folder)


@lru_cache(maxsize=8)
def _environment(folder: Path | None) -> Environment:
    """The templates; those of `folder` come first, one by one, and in the sandbox then, which our own have no need of. Borrowed
    text is data only, never a template."""
    loaders: list[BaseLoader] = [FileSystemLoader(folder)] if folder else []
    kind = ImmutableSandboxedEnvironment if folder else Environment
    environment = kind(
        loader=ChoiceLoader([*loaders, FileSystemLoader(TEMPLATES)]),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html",)),
        finalize=markup.inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,  # an include on a line of its own stays one
        auto_reload=folder is not None,
    )
    environment.globals["plan"] = buttons.OUTLINE
    environment.filters |= {
        "day": _day,
        "short": _short,
        "hour": _hour,
        "size": _size,
        "city": lambda timezone: timezone.rpartition("/")[2].replace("_", " "),
        "quote": markup.quote,
        "own_words": markup.own_words,
        "taps": _taps,
        "greets": borrowed.greets,
        "harmless": borrowed.harmless,
        "sentence": borrowed.first_sentence,
        "file_name": borrowed.file_name,
        "commas": lambda text: ", ".join(filter(None, (line.strip() for line in borrowed.clean(text).split("\n")))),
    }
    return environment


@lru_cache(maxsize=markup.REPEATED)
def _local(moment: str, timezone: str) -> date:
    """An ISO date as it is; that of an ISO moment on the desk's clock."""
    if len(moment) == len("2026-05-19"):
        return date.fromisoformat(moment)
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(timezone)).date()


@pass_context
def _day(context: Context, moment: str) -> str:
    """« mardi 19 mai 2026 »."""
    return dates.in_words(_local(moment, context["house"].timezone), context["language"])


@pass_context
def _short(context: Context, moment: str) -> str:
    """« 19/05/2026 », for tables read by staff."""
    return f"{_local(moment, context['house'].timezone):%d/%m/%Y}"


@pass_context
def _hour(context: Context, moment: str) -> str:
    """« 10 h 42 »."""
    hour = dates.moment_in_words(datetime.fromisoformat(moment), context["house"].timezone, context["language"])[1]
    return markup.Marked(hour.replace(" ", NO_BREAK))  # ours: its space must not become one that breaks


@pass_context
def _taps(context: Context, pressed: list[Button]) -> markup.Marked:
    """Button lines."""
    to = context["house"].mailbox_address
    links = [(b, buttons.mailto(to, b.subject, b.body)) for b in pressed]
    lines = [markup.button(b.label, link, spelled=b.spelled, main=b.main) for b, link in links]
    return markup.Marked("\n".join(lines))


def _size(size: int) -> str:
    """Bytes in words: « 340 ko »."""
    for unit, divisor in (("Mo", 1_000_000), ("ko", 1_000)):
        if size >= divisor:
            return f"{size / divisor:.1f}".rstrip("0").rstrip(".").replace(".", ",") + f"{NO_BREAK}{unit}"
    return f"{size}{NO_BREAK}octets"
