"""What came of each mail of the story: looks in the mailboxes and in the register (plain SQL, read only), and judges it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from zoneinfo import ZoneInfo

from mailbot import message, workdays
from mailbot.demo.story import Character, Written
from mailbot.letters.dates import in_words
from mailbot.message import Message

PARIS = ZoneInfo("Europe/Paris")
SETTLED = ("accepted", "uncertain", "refused", "none", "bounced")  # states of an AR that nothing is awaited of any more


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the register says of one mail. `number` is "" without a file, `ack_at` in UTC."""

    inbound_id: int
    verdict: str
    reason: str
    number: str
    stage: str
    due_on: date | None
    ack_state: str
    ack_at: datetime | None
    answered_on: date | None  # the day in Paris when the argued reply was accepted
    outcome: str
    hashes: frozenset[str]  # SHA-256 of the attachments noted for this mail
    letters: int  # letters this mail caused
    events: tuple[str, ...]  # journal lines this mail caused


class Register:
    """The register as an onlooker sees it: an SQLite file, opened read only for each question."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ready(self) -> bool:
        """Whether the daemon has made its tables."""
        try:
            return self.path.exists() and bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = 'journal'"))
        except sqlite3.OperationalError:  # it is being made at this very moment
            return False

    def entry(self, message_id: str) -> Entry | None:
        """The register's word on a mail; None until it is decided."""
        found = self._rows(
            "SELECT i.id, i.verdict, i.reason, c.number, c.stage, c.due_on, c.ack_state, c.ack_at,"
            " c.answered_at, c.outcome FROM inbound i"
            " LEFT JOIN complaint c ON c.id = i.complaint_id WHERE i.message_id = ? AND i.decided_at IS NOT NULL",
            message_id,
        )
        if not found:
            return None
        inbound_id, verdict, reason, number, stage, due_on, ack_state, ack_at, answered_at, outcome = found[0]
        cause = f"mail:{inbound_id}"
        return Entry(
            inbound_id=inbound_id,
            verdict=verdict,
            reason=reason,
            number=number or "",
            stage=stage or "",
            due_on=date.fromisoformat(due_on) if due_on else None,
            ack_state=ack_state or "",
            ack_at=_instant(ack_at) if ack_at else None,
            answered_on=_instant(answered_at).astimezone(PARIS).date() if answered_at else None,
            outcome=outcome or "",
            hashes=frozenset(
                r[0] for r in self._rows("SELECT sha256 FROM attachment WHERE inbound_id = ?", inbound_id)
            ),
            letters=self._rows("SELECT count(*) FROM letter WHERE cause = ?", cause)[0][0],
            events=tuple(r[0] for r in self._rows("SELECT event FROM journal WHERE cause = ? ORDER BY id", cause)),
        )

    def last_rank(self) -> int:
        """How many numbers of the real series were handed out this year."""
        return self._rows("SELECT coalesce(max(rank), 0) FROM complaint WHERE series = 'real'")[0][0]

    def explained(self) -> tuple[int, int]:
        """(mails kept, mails with a verdict)."""
        return self._rows("SELECT count(*), count(decided_at) FROM inbound")[0]

    def _rows(self, sql: str, *values: object) -> list[tuple]:
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
            return connection.execute(sql, values).fetchall()


def _instant(column: str) -> datetime:
    return datetime.fromisoformat(column).replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A complaint of the story and what came of it."""

    written: Written
    entry: Entry
    acknowledgement: bytes
    seconds: float  # from the server taking the mail in to the AR in the writer's mailbox
    trouble: tuple[str, ...]  # what did not come out as told, in French


def kind(letter: bytes) -> str:
    """What our own letters say of themselves; "" for anybody else's mail."""
    return str(BytesHeaderParser().parsebytes(letter).get("X-Mailbot", ""))


def of_kind(wanted: str, about: str, mails: Sequence[bytes]) -> list[bytes]:
    """The letters of a kind in a mailbox; of one file when `about` is its number."""
    return [raw for raw in mails if kind(raw) == wanted and about in message.read_headers(raw).subject]


def judge_box(who: Character, expected: Sequence[str], mails: Sequence[bytes]) -> list[str]:
    """What a mailbox holds beside the letters told of, or lacks; digests come as the days do, and are not counted."""
    held, told = Counter(map(kind, mails)), Counter(expected)
    wrong = sorted(name for name in {*held, *told} - {"digest"} if held[name] != told[name])
    return [f"{who.name} : {held[name]} lettre(s) « {name} » au lieu de {told[name]}" for name in wrong]


def answer_to(written: Written, mails: Sequence[bytes]) -> bytes | None:
    """The first mail of a mailbox that answers this one."""
    return next((raw for raw in mails if written.message_id in message.read_headers(raw).in_reply_to), None)


def handed_over(number: str, written: Written, mails: Sequence[bytes]) -> bool:
    """Whether a mail of this mailbox brings the file, with every attachment byte for byte."""
    wanted = {sha for _, sha in written.files}
    return any(number in m.subject and wanted <= {a.sha256 for a in m.attachments} for m in map(message.read, mails))


def judge_complaint(
    written: Written, entry: Entry, boxes: Mapping[str, Sequence[bytes]], *, expected: str
) -> list[str]:
    """What did not come out as told; [] when all did. `boxes`: address → mails; `expected` the number that was next."""
    own = [m for m in map(message.read, boxes[written.by.addr]) if written.message_id in m.in_reply_to]
    trouble = []
    if entry.verdict != "complaint":
        trouble.append(f"jugé « {entry.verdict} » ({entry.reason}) au lieu de « complaint »")
    if entry.number != expected:
        trouble.append(f"porte le numéro {entry.number or '(aucun)'} au lieu de {expected}")
    if len(own) != 1:
        trouble.append(f"{len(own)} accusés de réception au lieu d’un")
    trouble += [line for letter in own for line in _judge_letter(letter, written, entry)]
    if not {sha for _, sha in written.files} <= entry.hashes:
        trouble.append("le registre ne porte pas l’empreinte de chaque fichier")
    return trouble


def _judge_letter(letter: Message, written: Written, entry: Entry) -> list[str]:
    text = " ".join(letter.text.split())
    due = due_on(entry)
    trouble = []
    if entry.number not in letter.subject:
        trouble.append("l’accusé n’a pas le numéro dans son objet")
    if due is None or entry.due_on != due:
        trouble.append(f"échéance {entry.due_on} au registre, {due} attendue")
    elif in_words(due, written.language) not in text:
        trouble.append(f"l’accusé ne dit pas « {in_words(due, written.language)} »")
    for name, _ in written.files:
        if (name in text) != written.by.proven:
            trouble.append(f"l’accusé {'ne nomme pas' if written.by.proven else 'nomme'} le fichier {name}")
    return trouble


def due_on(entry: Entry) -> date | None:
    """The due date as the calendar of the story counts it from the day of the accepted AR; None without an AR."""
    return workdays.due(entry.ack_at.astimezone(PARIS).date(), workdays.Calendar()).on if entry.ack_at else None


def judge_machine(entry: Entry, expected: str, *, before: str, after: str) -> list[str]:
    """An out-of-office or a bounce opens, answers and closes nothing. `before`, `after`: the stage of the file it is about."""
    trouble = []
    if entry.verdict != expected:
        trouble.append(f"jugé « {entry.verdict} » ({entry.reason}) au lieu de « {expected} »")
    if "opened" in entry.events:
        trouble.append("a ouvert un dossier")
    if entry.letters:
        trouble.append("a fait partir une lettre")
    if before != after:
        trouble.append(f"a fait passer le dossier de « {before} » à « {after} »")
    return trouble
