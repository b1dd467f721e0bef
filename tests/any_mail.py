"""A small register for the mails of tests/mail, and what the desk makes of one of them. Nothing is written but rolled back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import cast
from room import configured
from sqlmodel import Session

from mailbot import effects as fx
from mailbot import message as messages
from mailbot import reading, rules
from mailbot.config import Config, Training
from mailbot.corridor.bench import words
from mailbot.corridor.query import query_of
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.store import desks
from mailbot.store.tables import Complaint, Counter, Inbound, Letter, Octets, Raw

FOLDER = Path(__file__).parent / "mail"
NAMES = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.eml"))
MARKER_42 = "mb-" + "abcdefghijklmnopqrstuvwxyz"
SETTING = desks.Setting(
    now=cast.NOON,
    mode="live",
    start=cast.NOON - timedelta(days=300),
    timezone="Europe/Paris",
    prefix="REC",
)
# Kinds whose mails name no file and answer nothing: a desk that knows nothing judges them.
BY_THEMSELVES = frozenset(
    "boundary charset danger empty encoding form header hostile id inline name nested person signed winmail".split()
)
# number, complainant, stage, days since reception, days since closing
FILES = (
    ("REC-2026-0007", "vera@courriel.example", "closed", 150, 90),
    ("REC-2026-0019", "p.lemoine@courriel.example", "closed", 30, 10),
    ("REC-2026-0033", "g.vasseur@courriel.example", "treatment", 5, None),
    ("REC-2026-0042", cast.CARL, "acknowledged", 3, None),
    ("REC-2026-0043", cast.OPALE, "acknowledged", 2, None),
)
# message id, kind, file, to, days ago
LETTERS = (
    ("<ack7@ief.example>", "ack", "REC-2026-0007", "vera@courriel.example", 150),
    ("<reply7@ief.example>", "reply", "REC-2026-0007", "vera@courriel.example", 90),
    ("<ack19@ief.example>", "ack", "REC-2026-0019", "p.lemoine@courriel.example", 30),
    ("<reply19@ief.example>", "reply", "REC-2026-0019", "p.lemoine@courriel.example", 10),
    ("<survey19@ief.example>", "survey", "REC-2026-0019", "p.lemoine@courriel.example", 7),
    ("<ack33@ief.example>", "ack", "REC-2026-0033", "g.vasseur@courriel.example", 5),
    ("<ack42@ief.example>", "ack", "REC-2026-0042", cast.CARL, 3),
    ("<notice42@ief.example>", "assignment", "REC-2026-0042", cast.BO, 3),
    ("<ack43@ief.example>", "ack", "REC-2026-0043", cast.OPALE, 2),
)


@dataclass(frozen=True)
class Understood:
    """One mail, read and judged; `number`: the file that it joins."""

    message: Message
    said: Reading
    effects: list[fx.Effect]
    verdict: str
    reason: str
    number: str

    def letters(self) -> list[fx.Letter]:
        return [each for each in self.effects if isinstance(each, fx.Letter)]


def expected(name: str) -> dict[str, Any]:
    return {"kind": name.partition("/")[0], **json.loads((FOLDER / f"{name}.json").read_text("utf-8"))}


def raw_of(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def organisation(folder: Path) -> Config:
    """The cast's organisation, with a site's form and a few trainings."""
    return configured(
        folder,
        intake={"forms": ("no-reply@ief-formulaire.example",)},
        trainings=(Training(name="CACES R489", words=("caces", "cariste")),),
    )


def set_up(tx: Session) -> None:
    """Five files, their letters, Carl's first mail with his tutor in copy."""
    for number, addr, stage, days, closed in FILES:
        rank = int(number[-4:])
        tx.add(
            Complaint(
                id=rank,
                number=number,
                series="real",
                year=2026,
                rank=rank,
                stage=stage,
                received_at=cast.NOON - timedelta(days=days),
                opened_at=cast.NOON - timedelta(days=days),
                complainant_addr=addr,
                subject="Formation annulée",
                assignee=cast.BO,
                ack_state="accepted",
                copied=["tuteur@entreprise.example"] if number == "REC-2026-0042" else [],
                closed_at=cast.NOON - timedelta(days=closed) if closed else None,
            )
        )
    tx.add(Counter(series="real", year=2026, n=43))
    tx.flush()
    for rank, (message_id, kind, number, to, days) in enumerate(LETTERS, 1):
        at = cast.NOON - timedelta(days=days)
        tx.add(
            Letter(
                name=f"{kind}:{number}:1",
                kind=kind,
                complaint_id=int(number[-4:]),
                to_addr=to,
                envelope_to=to,
                message_id=message_id,
                marker=MARKER_42 if message_id == "<ack42@ief.example>" else f"mb-{'a' * 25}{'abcdefghijkl'[rank]}",
                octets=Octets(raw=b""),
                state="sent",
                created_at=at,
                next_try_at=at,
            )
        )
    for rank in (1, *range(2, 10), 99):
        tx.add(Raw(id=rank, sha256=str(rank), size=0, data=b""))
    tx.flush()
    tx.add(_inbound(1, cast.NOON - timedelta(days=3), message_id="<plainte@courriel.example>", complaint_id=42))
    tx.flush()


def _inbound(rank: int, at: Any, **fields: Any) -> Inbound:
    known = {"state": "decided", "verdict": "complaint", "from_addr": cast.CARL} if rank == 1 else {}
    return Inbound(
        id=rank, raw_id=rank, account=cast.BOX, folder=fields.pop("folder", "inbox"), received_at=at, kept_at=at,
        **(known | fields),
    )  # fmt: skip


@contextmanager
def undone(tx: Session) -> Iterator[None]:
    """Whatever is written inside is taken back."""
    point = tx.begin_nested()
    try:
        yield
    finally:
        point.rollback()
        tx.expunge_all()


def understand(tx: Session, raw: bytes, told: dict[str, Any], config: Config) -> Understood:
    """What the desk makes of a mail that has just come in; `told["after"]` names the mails that came before it."""
    with undone(tx):
        incoming = _arrive(tx, told)
        unreadable = ""
        try:
            message = messages.read(raw)
        except messages.Unreadable as error:
            message, unreadable = messages.read_headers(raw), error.reason
        said = reading.read(message, words(config))
        desk = (
            cast.desk()
            if told.get("kind") in BY_THEMSELVES and "file" not in told
            else desks.desk_for(tx, incoming, query_of(message, said, config), SETTING, unreadable=unreadable)
        )
        effects = list(rules.on_message(message, said, desk, config))
        judged = next(each for each in effects if isinstance(each, fx.Judge))
        return Understood(message, said, effects, judged.verdict, judged.reason, judged.number or "")


def _arrive(tx: Session, told: dict[str, Any]) -> Inbound:
    for rank, other in enumerate(told.get("after", ()), 2):
        earlier = messages.read(raw_of(other))
        known = {"message_id": earlier.message_id, "fingerprint": earlier.fingerprint}
        at = cast.NOON - timedelta(minutes=30)
        tx.add(_inbound(rank, at, state="decided", verdict="complaint", **known))
    incoming = _inbound(99, cast.NOON - timedelta(minutes=1), folder=told.get("folder", "inbox"))
    tx.add(incoming)
    tx.flush()
    return incoming


def differences(got: Understood, told: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Where the desk understood something else than what is written beside the mail: key → (expected, got)."""
    message, said = got.message, got.said
    seen: dict[str, Any] = {
        "verdict": got.verdict,
        "file": got.number,
        "from": message.from_.addr if message.from_ else "",
        "name": message.from_.name if message.from_ else "",
        "strict": message.strict_from,
        "subject": message.subject,
        "language": said.language,
        "files": [[a.name, a.size, a.sha256[:12], a.evidence] for a in message.attachments],
        "danger": {a.name: a.danger for a in message.attachments if a.danger},
        "reports": [[r.recipient, r.action, r.status, r.original_id] for r in message.reports],
        "forwarded": [message.forwarded.sender.addr if message.forwarded.sender else "", message.forwarded.how]
        if message.forwarded
        else None,
        "message_id": message.message_id,
        "ack_to": next((each.to for each in got.letters() if each.kind == "ack"), ""),
        "wish": said.wish,
        "wish_has": said.wish,
        "wish_state": said.wish_state,
        "type": said.complainant_type,
        "subtype": said.subtype,
        "training": said.training,
        "training_has": said.training,
        "alerts": sorted({family for family, _ in said.alerts}),
        "thanks": said.thanks_only,
        "phone": said.phone,
        "deadline": said.deadline_text,
        "sensitive": said.sensitive,
        "urgent": said.urgent,
    }
    wrong = {key: (value, seen[key]) for key, value in told.items() if key in seen and not _same(key, value, seen[key])}
    wrong |= _texts("has", told.get("has", ()), message.text, wanted=True)
    wrong |= _texts("hasnt", told.get("hasnt", ()), message.text, wanted=False)
    wrong |= _texts("new", told.get("new", ()), said.new_text, wanted=True)
    wrong |= _texts("old", told.get("old", ()), said.new_text, wanted=False)
    wrong |= _texts("problem", told.get("problem", ()), "\n".join(message.problems), wanted=True)
    return wrong | _texts("reason", told.get("reason", ()), got.reason, wanted=True)


def _same(key: str, value: Any, seen: Any) -> bool:
    if key == "alerts":  # those that must be found; more are hints too many, not a fault
        return set(value) <= set(seen)
    if key == "danger":  # the beginning of the words
        return value.keys() == seen.keys() and all(seen[name].startswith(risk) for name, risk in value.items())
    return bool(value in seen if key in ("wish_has", "training_has") else value == seen)


def _texts(key: str, pieces: Any, text: str, *, wanted: bool) -> dict[str, tuple[Any, Any]]:
    flat = " ".join(text.split())
    missed = [
        piece
        for piece in pieces
        if ((" ".join(piece.split()) or piece) in (flat if piece.strip() else text)) is not wanted
    ]
    return {key: (missed, flat[:400])} if missed else {}
