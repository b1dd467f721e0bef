"""The opening of the desk: `mailbot start` ends the essai, takes over or leaves its files, and records each choice (spec §2)."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from mailbot.config import Config
from mailbot.corridor.mails import Mails
from mailbot.reports.tables import clean
from mailbot.store import journal, ledger, questions
from mailbot.store.ledger import Session
from mailbot.store.tables import Complaint


def choose(files: list[Complaint], *, take: str, all_: bool, none: bool) -> list[str] | None:
    """The numbers to take over, in order of reception; None: ask. Raises ValueError, in French."""
    if sum((bool(take), all_, none)) > 1:
        raise ValueError("--take, --all et --none s’excluent : choisissez-en un.")
    known = [f.number for f in files]
    if take:
        wanted = {n.strip().upper() for n in take.split(",") if n.strip()}
        unknown = sorted(wanted - set(known))
        if unknown:
            raise ValueError(
                f"dossier d’essai inconnu : {', '.join(clean(u) for u in unknown)}. Connus : {', '.join(known) or 'aucun'}."
            )
        return [n for n in known if n in wanted]
    if all_:
        return known
    return [] if none or not known else None


def since(text: str, config: Config) -> datetime | None:
    """The new start given by --since. Raises ValueError, in French."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  (a date; its zone comes with the next line)
    except ValueError:
        raise ValueError(f"--since {clean(text)} : écrivez une date comme 2026-11-23.") from None
    return datetime.combine(day, time(0), ZoneInfo(config.calendar.timezone))


def line(file: Complaint) -> str:
    return f"{file.number} ({file.received_at:%d/%m/%Y}, {clean(file.complainant_addr or 'sans adresse')} : {clean(file.subject)[:60]})"


async def open_desk(
    mails: Mails, files: list[Complaint], chosen: list[str], *, since: datetime | None, who: str
) -> dict[str, Any]:
    """Records the start, then takes over each chosen file and leaves the others."""
    again = await mails.bench.db(lambda tx: _open(tx, mails, since, who))
    taken: dict[str, str] = {}
    left: list[str] = []
    for file in files:
        if file.number in chosen:
            taken[file.number] = await mails.take_over(file.number, who)
        else:
            await mails.leave(file.number, who)
            left.append(file.number)
    return {"mode": "live", "taken": taken, "left": left, "read_again": again}


def _open(tx: Session, mails: Mails, since: datetime | None, who: str) -> int:
    now = mails.bench.clock()
    if not ledger.recall(tx, "live_since"):
        ledger.remember(tx, "live_since", now.isoformat())
        _journal(tx, mails, "started", "le bureau est ouvert", who)
    if since is None:
        return 0
    ledger.remember(tx, "start", since.astimezone(ZoneInfo("UTC")).isoformat())
    _journal(tx, mails, "start-moved", f"messages repris depuis le {since:%d/%m/%Y}", who)
    old = questions.before_start(tx, since)
    for mail in old:
        mail.state, mail.verdict, mail.attempts = "kept", "", 0
    return len(old)


def _journal(tx: Session, mails: Mails, event: str, text: str, who: str) -> None:
    salt = mails.bench.act(tx, "command:start").salt()
    journal.write(
        tx,
        at=mails.bench.clock(),
        complaint_id=None,
        number="",
        event=event,
        actor=who,
        cause="command:start",
        text=text,
        salt=salt,
    )


def lines(told: dict[str, Any]) -> list[str]:
    out = ["Le bureau est ouvert : les lettres partent désormais aux réclamants."]
    out += [f"  {old} → {new}" for old, new in told["taken"].items()]
    if told["left"]:
        out.append(f"  laissés comme essais : {', '.join(told['left'])}")
    if told["read_again"]:
        out.append(f"  {told['read_again']} message(s) d’avant l’ouverture seront lus comme les autres.")
    return out
