"""What becomes of a line of another register, and of an old mail: recorded once, and no letter to anybody because of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from mailbot import complaint, workdays
from mailbot.config import Config
from mailbot.desk import Desk, Number
from mailbot.effects import Attach, Effect, Judge, Note, Open
from mailbot.identity import Author
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.rules import intake
from mailbot.rules.acknowledge import due_from_reception
from mailbot.verdict import Verdict, judge, same_company

# What the other register says of a file → (stage, nature) here. An open one has its stage from what was done.
STATES = {
    "close": ("closed", "réclamation"),
    "retirée": ("withdrawn", "retrait"),
    "sans suite": ("no-answer", "réclamation"),
    "hors périmètre": ("out-of-scope", "hors périmètre"),
    "doublon": ("duplicate", "doublon"),
}
KEPT = (Open, Attach, Judge, Note)  # of what opens a file: neither letter nor alarm, nothing that waits for one
NO_ACK = "elsewhere"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of another register, in our words; "" and None for what it leaves out. Days without an hour are noons."""

    origin: str  # « registre 2025.csv, ligne 12 »
    received_at: datetime
    number: str = ""  # theirs
    name: str = ""
    addr: str = ""
    phone: str = ""
    kind: str = ""  # stagiaire | financeur | autre
    training: str = ""
    session: str = ""
    subject: str = ""
    wish: str = ""
    category: str = ""
    character: str = ""
    assignee: str = ""  # first address of a colleague
    ack_at: datetime | None = None
    due_on: date | None = None
    state: str = "ouverte"
    answered_at: datetime | None = None
    outcome: str = ""
    closed_at: datetime | None = None


def open_line(line: Line, reading: Reading, number: Number, config: Config, *, who: str) -> list[Effect]:
    """The file of a line. `reading`: its words, read as if its complainant had written them today."""
    reading = replace(
        reading,
        complainant_type=line.kind or reading.complainant_type,
        subtype="" if line.kind and line.kind != reading.complainant_type else reading.subtype,
        training=line.training or reading.training,
    )
    handled = _assigned(line, reading, config)
    due_on, calendar = due(line, config)
    fields: dict[str, Any] = {
        **_matter(line, reading, config),
        **_fate(line),
        "assignee": handled.person.addresses[0].lower(),
        "conflict": handled.conflict,
        "due_on": due_on,
        "provisional": not (line.due_on or line.ack_at),
        "calendar": calendar,
        "ack_state": NO_ACK,
        "ack_at": line.ack_at,
        "no_ack": _unreachable(line, config),
        "origin": line.origin,
        "old_number": line.number,
    }
    theirs = f" (n° {line.number})" if line.number else ""
    told = f"repris du {line.origin}{theirs} ; {line.state} ; confié à {fields['assignee']} ; échéance {due_on} ({calendar})"
    return [
        Open(number=number.text, series=number.series, year=number.year, rank=number.rank, fields=fields),
        Attach(number=number.text),
        Judge(verdict="complaint", reason=f"repris du {line.origin}", number=number.text),
        Note(number=number.text, event="opened", actor=who, text=told),
    ]


def _matter(line: Line, reading: Reading, config: Config) -> dict[str, Any]:
    """Who and what: the line's columns first, what its words say where it has none."""
    return {
        "received_at": line.received_at,
        "complainant_addr": line.addr,
        "complainant_domain": same_company(line.addr, frozenset(config.intake.public_domains)) if line.addr else "",
        "complainant_name": line.name,
        "complainant_type": reading.complainant_type,
        "subtype": reading.subtype,
        "language": reading.language,
        "subject": line.subject,
        "training": reading.training[:200],
        "session": line.session or reading.session[:80],
        "wish": line.wish or reading.wish[:300],
        "wish_state": "exprimée" if line.wish else reading.wish_state,
        "phone": line.phone or reading.phone,
        "alerts": [list(a) for a in reading.alerts],
        "sensitive": reading.sensitive,
        "urgent": reading.urgent,
        "on_behalf": reading.on_behalf,
        "staff_named": " ".join(reading.staff_named),
        "category": line.category,
        "character": line.character,
    }


def _fate(line: Line) -> dict[str, Any]:
    stage, nature = STATES.get(line.state, ("", "réclamation"))
    if not stage:
        stage = "treatment" if line.answered_at else "acknowledged" if line.ack_at else "received"
    return {
        "stage": stage,
        "nature": nature,
        "answered_at": line.answered_at,
        "outcome": line.outcome,
        "closed_at": line.closed_at,
        "told_at": line.answered_at or line.ack_at,
    }


def due(line: Line, config: Config) -> tuple[date, str]:
    """The date that was printed binds; else six working days from their AR, else from reception."""
    if line.due_on:
        return line.due_on, "échéance annoncée, telle que l’autre registre la porte"
    found = workdays.due(line.ack_at, config.workdays) if line.ack_at else due_from_reception(line.received_at, config)
    return found.on, workdays.explain(found)


def _assigned(line: Line, reading: Reading, config: Config) -> complaint.Assigned:
    """Who handled it there, while active and not named in it; else by the rules of the configuration."""
    person = config.person(line.assignee) if line.assignee else None
    own = {a.lower() for a in person.addresses} if person else set()
    if person and person.active and not own & {*(a.lower() for a in reading.staff_named), line.addr}:
        return complaint.Assigned(person=person, why="responsable dans l’autre registre")
    return complaint.assign(reading, line.addr, line.subject, config)


def _unreachable(line: Line, config: Config) -> str:
    """Why nobody can write to its complainant, "" when one can."""
    if not line.addr:
        return "repris sans adresse électronique"
    return intake.answerable(intake.Complainant(addr=line.addr, name=line.name, authenticated=False), config).no_ack


def on_old_mail(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, *, source: str, as_complaint: bool
) -> list[Effect]:
    """An old mail out of a file: history, or with `as_complaint` a file of its own where it is a complaint.

    No command in it is obeyed, nothing is asked of anybody.
    """
    if desk.incoming.unreadable:
        return quarantined(f"repris de {source}, illisible : {desk.incoming.unreadable}", author.addr)
    verdict = judge(message, reading, desk, author, config)
    if verdict.kind in ("own", "duplicate"):
        return _recorded(verdict.kind, f"{verdict.reason} ; repris de {source}", author.addr)
    if verdict.kind == "complaint" and as_complaint:
        return _as_file(verdict, message, reading, desk, author, config, source)
    case = verdict.case if verdict.kind == "follow-up" else desk.threaded or desk.same_thread
    if case and as_complaint:
        kind = verdict.kind if verdict.kind in ("follow-up", "auto-reply", "bounce", "list") else "before-start"
        return [
            Attach(number=case.number),
            Judge(verdict=kind, reason=f"{verdict.reason} ; repris de {source}", number=case.number),
            Note(number=case.number, event=kind, actor=author.addr or "inconnu", text=f"repris de {source}"),
        ]
    return _recorded("before-start", f"repris de {source} ; serait « {verdict.kind} » : {verdict.reason}", author.addr)


def quarantined(reason: str, writer: str) -> list[Effect]:
    """What could not be read is kept, and told to whoever imports; nobody is asked to decide about it."""
    return _recorded("quarantined", reason, writer)


def _recorded(kind: str, reason: str, writer: str) -> list[Effect]:
    return [
        Judge(verdict=kind, reason=reason),
        Note(number=None, event=kind, actor=writer or "inconnu", text=reason),
    ]


def _as_file(
    verdict: Verdict, message: Message, reading: Reading, desk: Desk, author: Author, config: Config, source: str
) -> list[Effect]:
    reason = f"{verdict.reason} ; repris de {source}"
    opened = intake.open_file(message, reading, desk, author, config, verdict="complaint", reason=reason)
    return [_quiet(e, source) for e in opened if isinstance(e, KEPT)]


def _quiet(effect: Effect, source: str) -> Effect:
    if not isinstance(effect, Open):
        return effect
    return replace(effect, fields=effect.fields | {"ack_state": NO_ACK, "origin": source})
