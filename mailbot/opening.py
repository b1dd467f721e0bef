"""The opening of the desk: `mailbot start` ends the essai, takes over or leaves its files, and records each choice (spec §2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from mailbot.corridor.mails import AlreadyEnded, Mails
from mailbot.effects import Settle
from mailbot.reports.tables import clean
from mailbot.store import apply, journal, ledger, questions
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


def since(tx: Session, text: str, mails: Mails) -> datetime | None:
    """The new start given by --since: midnight of that day, earlier than the start that counts now. Raises ValueError, in French."""
    if not text:
        return None
    zone = ZoneInfo(mails.config.calendar.timezone)
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  (a date; its zone comes with the next line)
    except ValueError:
        raise ValueError(f"--since {clean(text)} : écrivez une date comme 2026-11-23.") from None
    moment = datetime.combine(day, time(0), zone)
    if moment > mails.bench.clock():
        raise ValueError(
            f"--since {text} : cette date est à venir ; donnez le jour depuis lequel reprendre le courrier."
        )
    start = ledger.start_known(tx, mails.config.mailbox.since)
    if start and moment > start:
        when = f"{start.astimezone(zone):%d/%m/%Y}"
        raise ValueError(
            f"--since {text} : le bureau est déjà ouvert au courrier depuis le {when} ; donnez un jour d’avant."
        )
    return moment


def line(file: Complaint) -> str:
    return f"{file.number} ({file.received_at:%d/%m/%Y}, {clean(file.complainant_addr or 'sans adresse')} : {clean(file.subject)[:60]})"


async def open_desk(
    mails: Mails, files: Iterable[Complaint], chosen: list[str], *, since: datetime | None, who: str
) -> dict[str, Any]:
    """Records the start, then takes over each chosen file and leaves the others; what another start ended meanwhile is skipped."""
    again = await mails.bench.db(lambda tx: _open(tx, mails, since, who))
    taken: dict[str, str] = {}
    left: list[str] = []
    skipped: list[str] = []
    for file in files:
        try:
            if file.number in chosen:
                taken[file.number] = await mails.take_over(file.number, who)
            else:
                await mails.leave(file.number, who)
                left.append(file.number)
        except AlreadyEnded:
            skipped.append(file.number)
    return {"mode": "live", "taken": taken, "left": left, "skipped": skipped, "read_again": again}


def _open(tx: Session, mails: Mails, since: datetime | None, who: str) -> int:
    now = mails.bench.clock()
    if not ledger.recall(tx, "live_since"):
        ledger.remember(tx, "live_since", now.isoformat())
        _journal(tx, mails, "started", "le bureau est ouvert", who)
    settled = [Settle(key=row.key) for row in questions.essai_due(tx)]  # nothing of an exercise may reach a complainant
    apply.apply(tx, settled, mails.bench.act(tx, "command:start"))
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
    if told["skipped"]:
        out.append(f"  déjà repris ou laissés entre-temps : {', '.join(told['skipped'])}")
    if told["read_again"]:
        out.append(f"  {told['read_again']} message(s) d’avant l’ouverture seront lus comme les autres.")
    return out
