"""What `list`, `show` and `why` tell: rows for a script, lines for a terminal. Nothing from a mail reaches the terminal raw."""

from __future__ import annotations

import unicodedata
from typing import Any

from mailbot.complaint import STAGE_NAMES
from mailbot.store import quality, questions
from mailbot.store.ledger import Session
from mailbot.store.tables import Action, Cause, Complaint, Letter

HEADINGS = {
    "number": "dossier",
    "due_on": "échéance",
    "stage": "étape",
    "type": "de la part de",
    "assignee": "confié à",
    "inbound_id": "ID",
    "verdict": "verdict",
    "from": "de",
    "until": "à décider avant",
    "subject": "objet",
}
FIRM = frozenset({"number", "due_on", "inbound_id"})  # half of one is of no use


def files(tx: Session) -> list[dict[str, Any]]:
    return [_file(row) for row in questions.files(tx)]


def _file(row: Complaint) -> dict[str, Any]:
    return {
        "number": row.number,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "provisional": row.provisional,
        "stage": row.stage,
        "type": row.complainant_type,
        "assignee": row.assignee,
        "received_at": row.received_at.isoformat(),
        "ack_state": row.ack_state,
        "ack_at": row.ack_at.isoformat() if row.ack_at else None,
        "subject": row.subject,
    }


def waiting(tx: Session) -> list[dict[str, Any]]:
    mails = questions.waiting_mails(tx)
    limits = questions.deadlines(tx, [m.id for m in mails if m.id])
    return [
        {
            "inbound_id": m.id,
            "verdict": m.verdict,
            "from": m.from_addr,
            "received_at": m.received_at.isoformat(),
            "until": limits[m.id].isoformat() if m.id in limits else None,
            "reason": m.reason,
            "subject": m.subject,
        }
        for m in mails
    ]


def one(tx: Session, number: str) -> dict[str, Any] | None:
    """Everything `show` tells of a file."""
    row = questions.find_complaint(tx, number)
    if row is None or row.id is None:
        return None
    mails = questions.inbounds_of(tx, row.id)
    return {
        **_file(row),
        **{name: getattr(row, name) for name in _SHOWN},
        "calendar": row.calendar,
        "alerts": row.alerts,
        "mails": [{"inbound_id": m.id, "verdict": m.verdict, "from": m.from_addr, "subject": m.subject} for m in mails],
        "attachments": [
            {"name": a.name, "type": a.content_type, "size": a.size, "sha256": a.sha256, "evidence": a.evidence}
            for a in questions.attachments_of(tx, [m.id for m in mails if m.id])
        ],
        "letters": [_letter(letter) for letter in questions.letters_of(tx, row.id)],
        "causes": [_picked(cause, _OF_CAUSE) for cause in quality.causes_of(tx, row.id)],
        "actions": [
            {"name": f"A-{a.rank}", **_picked(a, _OF_ACTION), "replaces": f"A-{a.replaces}" if a.replaces else ""}
            for a in quality.actions_of(tx, row.id)
        ],
    }


def _picked(row: Cause | Action, names: tuple[str, ...]) -> dict[str, Any]:
    """Those columns, dates and lists as a script reads them."""
    return row.model_dump(mode="json", include=set(names))


_OF_CAUSE = ("at", "author", "family", "finding", "whys", "root", "proof")
_OF_ACTION = (
    "what", "owner", "due_on", "state", "decided_at", "done_at", "evidence", "check_on", "checked_at", "recurrences", "judgement",
)  # fmt: skip
_SHOWN = (
    "complainant_addr",
    "complainant_name",
    "subtype",
    "authenticated",
    "language",
    "training",
    "wish",
    "wish_state",
    "priority",
    "immediate",
    "category",
    "character",
    "outcome",
    "remedy",
    "remedy_what",
    "remedy_cents",
    "next_step",
    "analysis_why",
    "phone",
    "sensitive",
    "conflict",
    "on_behalf",
    "no_ack",
    "linked_to",
    "unverified_reference",
    "hold",
    "origin",
    "old_number",
    "erased_at",
)


def _letter(letter: Letter) -> dict[str, Any]:
    return {
        "name": letter.name,
        "kind": letter.kind,
        "to": letter.to_addr,
        "state": letter.state,
        "subject": letter.subject,
        "sent_at": letter.settled_at.isoformat() if letter.settled_at else None,
        "answer": letter.answer,
        "queue_id": letter.queue_id,
    }


def story(tx: Session, number: str) -> dict[str, Any] | None:
    row = questions.find_complaint(tx, number)
    return questions.why(tx, row) if row else None


def lines(rows: list[dict[str, Any]], width: int) -> list[str]:
    """The table of files, or of mails that wait, in at most `width` columns."""
    if not rows:
        return ["(rien)"]
    shown = {key: title for key, title in HEADINGS.items() if key in rows[0]}
    return fit([{key: _named(key, row[key]) for key in shown} for row in rows], shown, width, FIRM)


def _named(key: str, value: Any) -> str:
    if value is None:
        return "—"
    if key == "until":
        return str(value)[:10]
    return STAGE_NAMES.get(value, value) if key == "stage" else str(value)


def fit(
    rows: list[dict[str, Any]], headings: dict[str, str], width: int, firm: frozenset[str] = frozenset()
) -> list[str]:
    """A table with headings, of at most `width` columns: the widest column gives way first, one that is `firm` never.
    `headings`: key → title."""
    if not rows:
        return ["(rien)"]
    table = [
        list(headings.values()),
        *([clean("—" if row[key] in ("", None) else str(row[key])) for key in headings] for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    soft = [n for n, key in enumerate(headings) if key not in firm]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths[n] for n in soft) > 4:
        widths[max(soft, key=lambda n: widths[n])] -= 1
    return ["  ".join(_cell(c, w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table]


def _cell(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def told(value: Any, indent: int = 0) -> list[str]:
    """Any nested record as indented lines « clé : valeur »."""
    pad = "  " * indent
    if isinstance(value, dict):
        out: list[str] = []
        for key, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                out += [f"{pad}{key} :", *told(inner, indent + 1)]
            elif inner not in ("", None, [], {}):
                out.append(f"{pad}{key} : {clean(str(inner))}")
        return out
    if isinstance(value, list):
        return [line for item in value for line in _item(item, pad, indent)]
    return [f"{pad}{clean(str(value))}"]


def _item(item: Any, pad: str, indent: int) -> list[str]:
    if isinstance(item, dict | list):
        inner = told(item, indent + 1)
        return [f"{pad}- {inner[0].strip()}", *inner[1:]] if inner else []
    return [f"{pad}- {clean(str(item))}"]


def clean(text: str) -> str:
    """One line without controls or direction tricks: a terminal obeys neither."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)
