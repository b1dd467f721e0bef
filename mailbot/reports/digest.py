"""The one mail a day: what is late, due, new, to decide; then the mailbox reconciled with the register (spec §1, §2, §7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from mailbot import workdays
from mailbot.complaint import STAGE_NAMES
from mailbot.config import Config
from mailbot.desk import Action
from mailbot.effects import Due, Letter
from mailbot.store import instance, journal, quality, questions
from mailbot.store.ledger import Session, recall
from mailbot.store.tables import Complaint, Inbound

VERDICTS = {  # as a reader of the digest says them
    "complaint": "réclamation",
    "follow-up": "suite d’un dossier",
    "staff-command": "commande",
    "staff-note": "note",
    "survey-answer": "réponse à l’enquête",
    "direct-answer": "réponse directe",
    "auto-reply": "réponse automatique",
    "bounce": "avis de remise",
    "list": "liste",
    "spam-suspect": "indésirable probable",
    "own": "lettre du bureau",
    "duplicate": "double",
    "before-start": "avant l’ouverture",
    "held": "mis en attente",
    "quarantined": "illisible",
}

LOUDER = {"relance": "relance du réclamant", "juridique": "avocat ou autorité annoncés", "presse": "presse annoncée"}


def facts(tx: Session, now: datetime, mode: str, config: Config) -> dict[str, Any]:
    """What today's digest says. `now`: UTC; counts run from the last digest."""
    series = "essai" if mode == "essai" else "real"
    today = workdays.local_date(now, config.workdays)
    since = datetime.fromisoformat(recall(tx, "digest_until") or "2000-01-01T00:00:00+00:00")
    rows = questions.open_files(tx, series)
    soon = workdays.next_open(workdays.next_open(today, config.workdays), config.workdays)
    counted = questions.reconcile(tx, since)
    return {
        "date": today.isoformat(),
        "names": config.digest.names,
        "late": [_row(r, config) for r in rows if (at := _promised(r)) and at < today],
        "today": [_row(r, config) for r in rows if _promised(r) == today],
        "risk": [_row(r, config) for r in rows if (at := _promised(r)) and today < at <= soon],
        "changed": [_ended(r) for r in questions.ended_files(tx, series, since)],
        "new": [_row(r, config) for r in rows if r.opened_at > since and not r.origin],
        "open": [_row(r, config) for r in rows],
        "to_decide": _to_decide(tx, config),
        "actions": _actions(quality.unfinished(tx, series), today, soon, config),
        "louder": [r for r in (_louder(row, since) for row in rows) if r],
        "counts": {
            "received": counted.received,
            "explained": counted.explained,
            "by_verdict": {VERDICTS.get(v, v): n for v, n in counted.by_verdict.items()},
            "vanished": counted.vanished,
            "before_start": counted.before_start,
        },
        "no_ack": [_no_ack(r) for r in questions.without_ack(tx, series)],
        "alarms": [a.text for a in questions.open_alarms(tx, since)],
        "chain_head": journal.last_head(tx),
        "next_digest": next_digest(today, config).isoformat(),
        "essai": mode == "essai",
        "mute": instance.mute(tx, config.instance_id),
    }


def letters(told: dict[str, Any], config: Config) -> list[Letter]:
    """One digest for each admin."""
    return [
        Letter(
            kind="digest",
            keys=(f"digest:{person.addresses[0].lower()}:{told['date']}",),
            to=person.addresses[0].lower(),
            language="fr",
            facts=told,
        )
        for person in config.people_with("admin")
    ]


def next_due(now: datetime, config: Config) -> Due:
    """The due row of the digest of the next working day."""
    at = next_digest(workdays.local_date(now, config.workdays), config)
    return Due(key=f"digest:{workdays.local_date(at, config.workdays)}", kind="digest", at=at)


def first_due(now: datetime, config: Config) -> Due:
    """The due row of the first digest ever, or after a register whose rows ended."""
    at = first_digest(now, config)
    return Due(key=f"digest:{workdays.local_date(at, config.workdays)}", kind="digest", at=at)


def next_digest(today: date, config: Config) -> datetime:
    """The instant of the digest of the next working day."""
    day = workdays.next_open(today, config.workdays)
    return workdays.at(day, config.calendar.digest_at, config.workdays)


def first_digest(now: datetime, config: Config) -> datetime:
    """Today's digest if it is still to come, else the next working day's."""
    today = workdays.local_date(now, config.workdays)
    if workdays.is_open(today, config.workdays):
        at = workdays.at(today, config.calendar.digest_at, config.workdays)
        if at > now:
            return at
    return next_digest(today, config)


def _promised(row: Complaint) -> date | None:
    """The date that binds: a commitment takes the place of the due date (spec §5)."""
    return row.committed_on or row.due_on


def _ended(row: Complaint) -> dict[str, str]:
    how = f"{STAGE_NAMES.get(row.stage, row.stage)}{f', {row.outcome}' if row.outcome else ''}"
    return {"number": row.number, "what": how}


def _row(row: Complaint, config: Config) -> dict[str, Any]:
    shown = config.digest.names and not row.sensitive
    person = config.person(row.assignee)
    promised = _promised(row)
    return {
        "number": row.number,
        "priority": row.priority,
        "type": row.complainant_type,
        "due_on": promised.isoformat() if promised else None,
        "stage": STAGE_NAMES.get(row.stage, row.stage),
        "assignee": person.name if person else row.assignee,
        "name": (row.complainant_name or row.complainant_addr) if shown else "",
        "subject": row.subject if shown else "",
        "sensitive": row.sensitive,
    }


def _actions(found: list[Action], today: date, soon: date, config: Config) -> list[dict[str, Any]]:
    """Corrective actions that somebody must act on: late, due within two working days, to judge, to replace."""
    asked = [(a, *_asked(a, today, soon)) for a in found]
    return [_action(a, asks, on, config) for a, asks, on in asked if asks]


def _asked(action: Action, today: date, soon: date) -> tuple[str, date]:
    if action.state == "done":
        on = action.check_on or today
        return ("check" if on <= today else ""), on
    if action.state == "ineffective":
        return "replace", action.check_on or action.due_on
    return ("late" if action.due_on < today else "due" if action.due_on <= soon else ""), action.due_on


def _action(action: Action, asks: str, on: date, config: Config) -> dict[str, Any]:
    person, case = config.person(action.owner), action.files[0]
    shown = config.digest.names and not case.sensitive
    return {
        "action": action.name,
        "number": case.number,
        "owner": person.name if person else action.owner,
        "asks": asks,
        "on": on.isoformat(),
        "what": action.what if shown else "",
    }


def _louder(row: Complaint, since: datetime) -> dict[str, str] | None:
    """A file whose complainant wrote again, or louder, since the last digest; the kind of sign, never the words."""
    signs = dict.fromkeys(kind for at, kind, _ in row.amplified if datetime.fromisoformat(at) > since)
    return {"number": row.number, "what": ", ".join(LOUDER.get(s, s) for s in signs)} if signs else None


def _no_ack(row: Complaint) -> str:
    why = row.no_ack or {"refused": "AR refusé par le serveur", "bounced": "AR revenu"}.get(row.ack_state, "")
    return f"{row.number} : {why}"


def _to_decide(tx: Session, config: Config) -> list[dict[str, Any]]:
    mails = questions.waiting_mails(tx)
    limits = questions.deadlines(tx, [m.id for m in mails if m.id])
    return [_waiting(m, limits.get(m.id or 0), config) for m in mails[:100]]


def _waiting(mail: Inbound, until: datetime | None, config: Config) -> dict[str, Any]:
    return {
        "inbound_id": mail.id,
        "what": f"{VERDICTS.get(mail.verdict, mail.verdict)} : {mail.reason}",
        "from": mail.from_addr if config.digest.names else "",
        "subject": mail.subject if config.digest.names else "",
        "since": mail.received_at.isoformat(),
        "until": until.isoformat() if until else None,
    }
