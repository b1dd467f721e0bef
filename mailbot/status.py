"""`mailbot status`, and what a monitor reads: is the desk alive, is it ready, is anything wrong; judged purely from its pulse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mailbot.config import Config
from mailbot.reports.tables import clean
from mailbot.store import backup, instance, lead, ledger, pulse
from mailbot.store.ledger import Session
from mailbot.store.pulse import Pulse

SILENT = timedelta(minutes=5)  # without a tick: nobody is at work
UNFETCHED = timedelta(minutes=30)  # the mailbox was not read to its end
WAITS = timedelta(hours=1)  # a mail without verdict, a letter whose time has come, a due row
TOKEN_SOON = timedelta(minutes=1)  # they renew themselves well before
SIGNS = {"green": "✓", "orange": "!", "red": "✗"}


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One thing that was looked at. `state`: green | orange | red."""

    what: str
    state: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """`alive`: a daemon ticks; `ready`: it reads its mailbox too; `well`: and no sign is red."""

    at: datetime
    mode: str
    mute: str
    pulse: Pulse
    poll_seconds: int
    signs: Sequence[Sign]

    @property
    def alive(self) -> bool:
        return _young(self.pulse.ticked_at, self.at, SILENT)

    @property
    def ready(self) -> bool:
        return self.alive and _young(self.pulse.fetched_at, self.at, unfetched_after(self.poll_seconds))

    @property
    def well(self) -> bool:
        return all(sign.state != "red" for sign in self.signs)

    def as_dict(self) -> dict[str, Any]:
        p = asdict(self.pulse)
        told = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in p.items()}
        told["alarms"] = [{"key": key, "text": text} for key, text in self.pulse.alarms]
        first = {"alive": self.alive, "ready": self.ready, "well": self.well, "at": self.at.isoformat()}
        return {**first, "mode": self.mode, "mute": self.mute, **told, "signs": [asdict(s) for s in self.signs]}


def unfetched_after(poll_seconds: int) -> timedelta:
    """How long the mailbox may stay unread before it is a trouble."""
    return max(UNFETCHED, timedelta(seconds=3 * poll_seconds))


def status_of(tx: Session, config: Config, now: datetime) -> Status:
    mode, mute = ledger.mode(tx, config.mode), instance.mute(tx, config.instance_id)
    seen = replace(pulse.read(tx, now), **lead.seen(tx, config.mailbox.address))
    return judge(seen, config, now, mode=mode, mute=mute)


def judge(seen: Pulse, config: Config, now: datetime, *, mode: str, mute: str) -> Status:
    p = seen
    stale = not _young(p.fetched_at, now, unfetched_after(config.mailbox.poll_seconds))
    none_wanted = config.backup.folder is None
    backed_up = none_wanted or p.backup_at is None or _young(p.backup_at, now, backup.TOO_OLD)
    signs = [
        _sign("service", _young(p.ticked_at, now, SILENT), "red", f"dernier signe de vie {_ago(p.ticked_at, now)}"),
        _sign("boîte", not stale, "red", f"relevée {_ago(p.fetched_at, now)}"),
        _sign(
            "envoi",
            mute or not _waits(p.owed_since, now),
            "red",
            f"dernière lettre acceptée {_ago(p.accepted_at, now)}",
        ),
        _sign(
            "messages", not _waits(p.unexplained_since, now), "red", _since(p.unexplained_since, now, "tous expliqués")
        ),
        _sign("lettres", mute or not _waits(p.owed_since, now), "red", f"{p.owed} due(s){_oldest(p.owed_since, now)}"),
        _sign("horloge", not _waits(p.late_since, now), "red", _since(p.late_since, now, "rien en retard")),
        _sign(
            "sauvegarde", backed_up, "red", "aucune n’est faite" if none_wanted else f"faite {_ago(p.backup_at, now)}"
        ),
        _sign("alarmes", not p.alarms, "orange", " ; ".join(clean(t) for _, t in p.alarms[:5]) or "aucune"),
        _sign("parole", not mute, "red", clean(mute) or "le bureau écrit"),
    ]
    if p.at_work:
        reads = f"{clean(p.reader)} lit la boîte {_reading(p, now)}" if p.reader else "personne ne lit la boîte"
        signs.append(_sign("partage", p.reader, "red", f"{reads} ; {p.at_work} au travail sur ce registre"))
    if config.oauth.provider:
        ok = p.token_ends_at is None or p.token_ends_at - now > TOKEN_SOON
        text = f"vaut jusqu’au {p.token_ends_at:%d/%m à %H:%M} (UTC)" if p.token_ends_at else "aucun encore"
        signs.append(_sign("jeton", ok, "red", text))
    return Status(at=now, mode=mode, mute=mute, pulse=seen, signs=signs, poll_seconds=config.mailbox.poll_seconds)


def lines(status: Status, *, quiet: bool = False) -> list[str]:
    return [f"{SIGNS[s.state]} {s.what} : {s.text}" for s in status.signs if not quiet or s.state != "green"]


def metrics(status: Status) -> str:
    """Prometheus text, version 0.0.4; ages are instants, so that the reader counts them himself. No name, no address."""
    p = status.pulse
    gauges = {
        "alive": (status.alive, "1: a daemon ticks"),
        "ready": (status.ready, "1: and it reads its mailbox"),
        "well": (status.well, "1: and nothing is wrong"),
        "mute": (bool(status.mute), "1: a copied or restored desk that may not write"),
        "last_tick_timestamp_seconds": (p.ticked_at, "last tick"),
        "last_fetch_timestamp_seconds": (p.fetched_at, "last time that the mailbox was read to its end"),
        "last_accepted_timestamp_seconds": (p.accepted_at, "last letter that a server took"),
        "last_backup_timestamp_seconds": (p.backup_at, "last copy of the register"),
        "token_expiry_timestamp_seconds": (p.token_ends_at, "end of the token in use"),
        "oldest_unexplained_timestamp_seconds": (p.unexplained_since, "oldest mail without a verdict"),
        "oldest_owed_timestamp_seconds": (p.owed_since, "oldest letter whose time has come"),
        "oldest_late_timestamp_seconds": (p.late_since, "oldest due row not yet looked at"),
        "letters_owed": (p.owed, "letters not yet accepted nor given up"),
        "files_watched": (p.open_files, "files on which the clock may owe something"),
        "alarms_open": (len(p.alarms), "alarms not recovered"),
    }
    out = []
    for name, (value, words) in gauges.items():
        if value is not None:
            number = value.timestamp() if isinstance(value, datetime) else int(value)
            out += [f"# HELP mailbot_{name} {words}", f"# TYPE mailbot_{name} gauge", f"mailbot_{name} {number:.15g}"]
    return "\n".join(out) + "\n"


def _sign(what: str, good: object, bad: str, text: str) -> Sign:
    return Sign(what=what, state="green" if good else bad, text=text)


def _reading(p: Pulse, now: datetime) -> str:
    return f"depuis {_span(now - p.reader_since)}" if p.reader_since else ""


def _young(at: datetime | None, now: datetime, limit: timedelta) -> bool:
    return at is not None and now - at <= limit


def _waits(since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since > WAITS


def _ago(at: datetime | None, now: datetime) -> str:
    return f"il y a {_span(now - at)}" if at else "jamais"


def _since(at: datetime | None, now: datetime, well: str) -> str:
    return f"le plus ancien attend depuis {_span(now - at)}" if at else well


def _oldest(at: datetime | None, now: datetime) -> str:
    return f", la plus ancienne depuis {_span(now - at)}" if at else ""


def _span(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds()) // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} jours"
