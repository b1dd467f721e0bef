"""The audit A1–A8 (reliability.md §3): plain SQL, IMAP bytes and sha256. Knows nothing of the program but its tables."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy
import zstandard

WATCHED = ("INBOX", "Junk", "Sent")
FINAL_INBOUND = ("decided", "quarantined")
LEFT = ("sent", "uncertain")  # final states of a letter that some server accepted


class Named(Protocol):
    """A file, and what its bytes hash to."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...


class Delivered(Protocol):
    """What the audit must know of a mail that was put in."""

    @property
    def key(self) -> str: ...
    @property
    def trace(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def message_id(self) -> str: ...
    @property
    def files(self) -> tuple[Any, ...]: ...
    @property
    def outside(self) -> tuple[str, ...]: ...
    @property
    def inside(self) -> tuple[tuple[str, str], ...]: ...


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A copy that a mail server took over, as it took it."""

    to: str
    raw: bytes

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.raw, policy=policy.compat32)["Message-ID"] or "").strip()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that can be seen from outside once the program is idle. `never_seen` and `taken_away`: traces of mails that somebody
    removed before or after they were fetched; `extra_copies`: how many copies beyond one are allowed in all."""

    data_dir: Path
    sent: Sequence[Delivered]
    folders: Mapping[str, Mapping[int, bytes]]
    accepted: Sequence[Accepted]
    log: str
    house: str  # the organisation's domain: everybody else is outside
    redirected: bool = False  # essai: letters to outsiders went to the admin
    never_seen: Collection[str] = ()
    taken_away: Collection[str] = ()
    extra_copies: int = 0
    series: str = "real"
    numbered: int | None = None  # how many files the series must hold; None: as many as complaints were sent
    url: str = ""  # of a register in PostgreSQL; "": the SQLite file

    @property
    def register(self) -> Path | str:
        return self.url or self.data_dir / "mailbot.db"


def rows(register: Path | str, query: str, *values: object) -> list[dict[str, Any]]:
    """What a query finds in the register, an SQLite file opened for reading only or the URL of a PostgreSQL database."""
    if isinstance(register, str):
        return _postgres(register, query, *values)
    with closing(sqlite3.connect(f"file:{register}?mode=ro", uri=True, timeout=20)) as connection:
        connection.row_factory = sqlite3.Row
        return [{name: _read(row[name]) for name in row.keys()} for row in connection.execute(query, values)]  # noqa: SIM118


def _read(value: object) -> Any:
    """A zstd frame as it was before the register packed it, a day as SQLite holds it."""
    if type(value) is date:
        return value.isoformat()
    return zstandard.decompress(value) if isinstance(value, bytes) and value[:4] == b"\x28\xb5\x2f\xfd" else value


def _postgres(url: str, query: str, *values: object) -> list[dict[str, Any]]:
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(query.replace("%", "%%").replace("?", "%s"), values or None)
        return [{name: _read(value) for name, value in row.items()} for row in found.mappings()]


def audit(e: Evidence) -> list[str]:
    """Everything that is wrong, in words; empty when nothing is."""
    checks = (mails, numbers, letters, nothing_unknown, places, attachments, database, quiet)
    return [f"A{n} {problem}" for n, check in enumerate(checks, start=1) for problem in check(e)]


def mails(e: Evidence) -> list[str]:
    """A1: each mail put in is one inbound row in a final state, with the verdict written by whoever sent it."""
    found = rows(
        e.register,
        "SELECT i.id, i.state, i.verdict, i.reason, r.data FROM inbound i JOIN raw r ON r.id = i.raw_id",
    )
    problems, known = [], set()
    for mail in e.sent:
        own = [row for row in found if carries(row["data"], mail.trace)]
        known |= {row["id"] for row in own}
        expected = 0 if mail.trace in e.never_seen else 1
        if len(own) != expected:
            problems.append(f"{mail.key}: {len(own)} rows instead of {expected}")
        problems += [_wrong(mail, row) for row in own if _wrong(mail, row)]
    problems += [f"inbound {row['id']} was never sent" for row in found if row["id"] not in known]
    return problems + _unexplained(e)


def carries(raw: bytes, trace: str) -> bool:
    """Whether these bytes are the delivery with that trace: it stands in its first Received line of our provider."""
    marked = raw.find(b"ESMTPS id ")
    return marked >= 0 and raw[marked + 10 : marked + 10 + len(trace)] == trace.encode()


def _wrong(mail: Delivered, row: Mapping[str, Any]) -> str:
    if row["state"] not in FINAL_INBOUND:
        return f"{mail.key}: left in state {row['state']}"
    if row["verdict"] != mail.verdict:
        return f"{mail.key}: expected {mail.verdict}, got {row['verdict']} ({row['reason']})"
    return ""


def _unexplained(e: Evidence) -> list[str]:
    """Each mail still present in a watched folder has a place, and the place leads to those very bytes."""
    known = rows(
        e.register,
        "SELECT p.folder, p.uid, p.state, r.data FROM place p LEFT JOIN inbound i ON i.id = p.inbound_id "
        "LEFT JOIN raw r ON r.id = i.raw_id",
    )
    held = {(row["folder"], row["uid"]): row for row in known}
    problems = []
    for folder in WATCHED:
        for uid, raw in e.folders.get(folder, {}).items():
            row = held.get((folder, uid))
            if row is None:
                problems.append(f"{folder} UID {uid} has no place in the register")
            elif row["data"] is None and row["state"] == "known":
                problems.append(f"{folder} UID {uid} has a place and no mail")
            elif row["data"] is not None and row["data"] != raw:
                problems.append(f"{folder} UID {uid}: the register keeps other bytes")
    return problems


def numbers(e: Evidence) -> list[str]:
    """A2: as many files as complaints, numbered from 1 without a gap."""
    found = [
        r["rank"] for r in rows(e.register, 'SELECT "rank" FROM complaint WHERE series = ? ORDER BY "rank"', e.series)
    ]
    complaints = sum(m.verdict == "complaint" for m in e.sent)
    wanted = list(range(1, 1 + (complaints if e.numbered is None else e.numbered)))
    return [] if found == wanted else [f"numbers {found}, expected {wanted}"]


def letters(e: Evidence) -> list[str]:
    """A3: each owed letter was accepted once; extra copies only as far as allowed, and byte-identical."""
    return copies_of_letters(e) + _owed(e)


def copies_of_letters(e: Evidence) -> list[str]:
    """A3 without the question of whom each mail obliges us to write to."""
    problems, extra = [], 0
    copies: dict[str, list[Accepted]] = {}
    for accepted in e.accepted:
        copies.setdefault(accepted.message_id, []).append(accepted)
    for row in rows(
        e.register,
        "SELECT name, kind, state, message_id, to_addr, envelope_to, raw, repeats FROM letter JOIN octets ON letter_id = id",
    ):
        own = copies.get(row["message_id"], [])
        if row["state"] not in LEFT:
            problems.append(f"letter {row['name']} is left in state {row['state']}")
        elif not own:
            problems.append(f"letter {row['name']} is {row['state']} and no server has it")
        if len(own) > 1:
            extra += len(own) - 1
            problems += [] if row["repeats"] else [f"letter {row['name']} left {len(own)} times, not as a repeat"]
        problems += [f"letter {row['name']} arrived with other bytes" for a in own if not a.raw.endswith(row["raw"])]
    if extra > e.extra_copies:
        problems.append(f"{extra} extra copies, {e.extra_copies} allowed")
    return problems


def _owed(e: Evidence) -> list[str]:
    """Whom each mail obliges us to write to, counted by person outside and by kind of letter inside."""
    found = rows(e.register, "SELECT kind, to_addr FROM letter")
    inside = Counter((r["kind"], r["to_addr"]) for r in found if _within(r["to_addr"], e.house))
    outside = Counter(r["to_addr"] for r in found if not _within(r["to_addr"], e.house))
    wanted_in = Counter(pair for m in _seen(e) for pair in m.inside)
    wanted_out = Counter(address for m in _seen(e) for address in m.outside)
    kinds = {kind for kind, _ in wanted_in}
    owed = {pair: n for pair, n in inside.items() if pair[0] in kinds}
    problems = [f"{n} letters owed to {a}, {outside[a]} written" for a, n in wanted_out.items() if outside[a] != n]
    problems += [f"{n} letters to {a}, who is owed none" for a, n in outside.items() if a not in wanted_out]
    problems += [f"{n} × {p} owed, {owed.get(p, 0)} written" for p, n in wanted_in.items() if owed.get(p, 0) != n]
    return problems + [f"{n} × {p}, which nobody is owed" for p, n in owed.items() if p not in wanted_in]


def _seen(e: Evidence) -> list[Delivered]:
    return [m for m in e.sent if m.trace not in e.never_seen]


def _within(address: str, house: str) -> bool:
    return address.endswith(f"@{house}")


def nothing_unknown(e: Evidence) -> list[str]:
    """A4: nothing was accepted that the register does not know, or for anybody else than it says."""
    known = {r["message_id"]: r["envelope_to"] for r in rows(e.register, "SELECT message_id, envelope_to FROM letter")}
    problems = [
        f"{a.to} got {a.message_id}, which the register sends to {known.get(a.message_id, 'nobody')}"
        for a in e.accepted
        if known.get(a.message_id, "").lower() != a.to.lower()
    ]
    if e.redirected:
        problems += [f"{a.to} got a letter during essai" for a in e.accepted if not _within(a.to, e.house)]
    return problems


def places(e: Evidence) -> list[str]:
    """A5: each mail lies in exactly one folder; none was expunged by us, and what others removed is named if we never saw it."""
    held = [raw for messages in e.folders.values() for raw in messages.values()]
    gone = {*e.never_seen, *e.taken_away}
    problems = []
    for mail in e.sent:
        times = sum(carries(raw, mail.trace) for raw in held)
        wanted = 0 if mail.trace in gone else 1
        if times != wanted:
            problems.append(f"{mail.key} lies in {times} folders instead of {wanted}")
    vanished = rows(e.register, "SELECT folder, uid, inbound_id FROM place WHERE state = 'vanished'")
    if len(vanished) != len(e.never_seen):
        problems.append(f"{len(vanished)} places vanished unseen, expected {len(e.never_seen)}: {vanished}")
    return problems


def attachments(e: Evidence) -> list[str]:
    """A6: every file that was put in is a row with its name and the hash of its bytes; no stale temporary file."""
    found = rows(
        e.register,
        "SELECT a.name, a.sha256, a.evidence, a.problem, r.data FROM attachment a "
        "JOIN inbound i ON i.id = a.inbound_id JOIN raw r ON r.id = i.raw_id",
    )
    problems = []
    for mail in e.sent:
        own = {(r["name"], r["sha256"]) for r in found if carries(r["data"], mail.trace) and r["evidence"]}
        problems += [
            f"{mail.key}: {f.name} ({f.sha256[:8]}) is not among {sorted(n for n, _ in own)}"
            for f in mail.files
            if (f.name, f.sha256) not in own
        ]
    problems += [f"{r['name']} is listed as evidence" for r in found if r["evidence"] and r["name"] == "image001.png"]
    return problems + [f"stale {path.name}" for path in e.data_dir.rglob("*.tmp")]


def database(e: Evidence) -> list[str]:
    """A7: the file is whole and every reference leads somewhere; of a server's database the server sees to both."""
    if isinstance(e.register, str):
        return []
    whole = rows(e.register, "PRAGMA integrity_check")
    loose = rows(e.register, "PRAGMA foreign_key_check")
    return [str(r) for r in whole if "ok" not in r.values()] + [str(r) for r in loose]


def quiet(e: Evidence) -> list[str]:
    """A8: no traceback."""
    at = e.log.find("Traceback")
    return [] if at < 0 else [f"traceback: {e.log[at:][:1500]}"]


# -- why -----------------------------------------------------------------------------------------------------------------


def unexplained(
    story: Mapping[str, Any],
    known_mails: Mapping[str, str],
    known_letters: Collection[str],
    commands: Collection[str] = (),
    ticks: Collection[str] = (),
) -> list[str]:
    """Steps and letters of a `why --json` whose cause is not in the caller's own lists.

    `known_mails`: sha256 → Message-ID of the mails that were put in; `known_letters`: Message-IDs that a server accepted;
    `commands`: what a person typed; `ticks`: how the names begin of what the scene let come due.
    """
    number = story.get("number", "?")
    steps = [(f"{number} {s.get('event')}", s.get("cause")) for s in story.get("steps", ())]
    written = [(f"{number} {w.get('name')}", w.get("cause")) for w in story.get("letters", ())]
    if not steps or not written:
        return [f"{number}: {len(steps)} steps and {len(written)} letters"]
    return [
        f"{what}: {c}"
        for what, c in [*steps, *written]
        if not _explained(c, known_mails, known_letters, commands, ticks)
    ]


def _explained(
    cause: Any,
    known_mails: Mapping[str, str],
    known_letters: Collection[str],
    commands: Collection[str],
    ticks: Collection[str],
) -> bool:
    if not isinstance(cause, dict):
        return False
    if cause.get("kind") == "mail":
        sha256 = cause.get("sha256", "")
        return sha256 in known_mails and known_mails[sha256] == cause.get("message_id")
    if cause.get("kind") == "delivery":
        accepted = cause.get("message_id") in known_letters
        return accepted and _explained(cause.get("caused_by"), known_mails, known_letters, commands, ticks)
    if cause.get("kind") == "tick":
        return any(str(cause.get("due")).startswith(begin) for begin in ticks)
    return cause.get("kind") == "command" and any(words in str(cause.get("words")) for words in commands)
