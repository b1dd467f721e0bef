"""`mailbot check`: each part of the desk looked at, green, orange or red, with what to do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mailbot import workdays
from mailbot.config import Config
from mailbot.health import FREE_MB, free_mb
from mailbot.mailbox import Down, Mailbox
from mailbot.outbox import Road, RoadClosed
from mailbot.reports.tables import clean
from mailbot.store import journal, ledger, questions
from mailbot.store.ledger import Ledger, Trouble

STATES = {"green": ("✓", "\x1b[32m"), "orange": ("!", "\x1b[33m"), "red": ("✗", "\x1b[31m")}
LONG_PERIOD = 15  # calendar days above which the admin is warned (spec §4)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the check."""

    what: str
    state: str  # green | orange | red
    text: str
    mend: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


async def examine(config: Config) -> list[Finding]:
    """Every line, whatever is broken."""
    found = [Finding(what="configuration", state="green", text="lue, sans faute")]
    found += await asyncio.to_thread(_imap, config)
    found += [await _smtp(config), *_register(config), _disk(config), _calendar(config), _staff(config)]
    return [*found, _identity(config)]


def _imap(config: Config) -> list[Finding]:
    mailbox = Mailbox(config.mailbox, timeout=20.0)
    try:
        mailbox.connect()
        folders = mailbox.folders()
    except Down as error:
        return [Finding(what="boîte", state="red", text=str(error), mend=error.advice)]
    finally:
        mailbox.close()
    junk = folders.junk or "aucun"
    state = "green" if folders.junk else "orange"
    mend = "" if folders.junk else "indiquez mailbox.junk si le fournisseur met des messages de côté"
    return [
        Finding(what="boîte", state="green", text=f"connexion faite, dossier {folders.inbox}"),
        Finding(what="indésirables", state=state, text=f"dossier : {junk}", mend=mend),
    ]


async def _smtp(config: Config) -> Finding:
    road = Road(config.smtp, user=config.smtp_user, sender=config.mailbox.address, command_seconds=20.0)
    try:
        await road.open()
    except RoadClosed as error:
        return Finding(what="envoi", state="red", text=str(error), mend=error.advice)
    finally:
        await road.quit()
    return Finding(what="envoi", state="green", text=f"connexion faite à {config.smtp.host}")


def _register(config: Config) -> list[Finding]:
    try:
        register = Ledger(config.database_url)
        register.upgrade()
    except (Trouble, OSError, RuntimeError) as error:
        text = f"le registre ne s’ouvre pas : {type(error).__name__}"
        return [
            Finding(what="registre", state="red", text=text, mend="vérifiez data_dir ou database.url, et les droits")
        ]
    with contextlib.closing(register):
        return [_ask(register, question) for question in (_chain, _unexplained, _alarms, _started)]


def _ask(register: Ledger, question: Callable[..., Finding]) -> Finding:
    try:
        return register.ask(question)
    except Trouble as error:
        text = f"le registre ne répond pas : {type(error).__name__}"
        return Finding(what="registre", state="red", text=text, mend="restaurez une copie, ou voyez l’état du disque")


def _chain(tx: Any) -> Finding:
    trouble = next(journal.broken(tx), "")
    if trouble:
        return Finding(
            what="journal", state="red", text=trouble, mend="le registre a été modifié à la main : restaurez une copie"
        )
    return Finding(what="journal", state="green", text=f"chaîne intacte, tête {journal.last_head(tx)[:16]}")


def _unexplained(tx: Any) -> Finding:
    oldest = questions.oldest_unexplained(tx)
    if oldest and datetime.now(UTC) - oldest > timedelta(hours=1):
        return Finding(
            what="messages",
            state="red",
            text=f"un message attend depuis le {oldest:%d/%m à %H:%M} (UTC)",
            mend="« mailbot run » tourne-t-il ?",
        )
    waiting = len(questions.waiting_mails(tx))
    text = f"{waiting} message(s) à décider" if waiting else "tous expliqués"
    return Finding(
        what="messages",
        state="orange" if waiting else "green",
        text=text,
        mend="mailbot list --waiting" if waiting else "",
    )


def _alarms(tx: Any) -> Finding:
    rows = questions.open_alarms(tx)
    if rows:
        return Finding(
            what="alarmes",
            state="orange",
            text=" ; ".join(a.text for a in rows[:5]),
            mend="mailbot why NUMÉRO raconte un dossier",
        )
    return Finding(what="alarmes", state="green", text="aucune")


def _started(tx: Any) -> Finding:
    start = ledger.recall(tx, "start")
    text = (
        f"les messages reçus depuis le {start[:16]} (UTC) sont traités"
        if start
        else "première connexion pas encore faite"
    )
    return Finding(
        what="ouverture",
        state="green" if start else "orange",
        text=text,
        mend="" if start else "lancez « mailbot run »",
    )


def _disk(config: Config) -> Finding:
    free = free_mb(config.data_dir)
    if free < FREE_MB:
        return Finding(what="disque", state="red", text=f"{free} Mo libres", mend="faites de la place")
    return Finding(what="disque", state="green", text=f"{free} Mo libres")


def _calendar(config: Config) -> Finding:
    due = workdays.due(datetime.now(UTC), config.workdays)
    text = f"un AR d’aujourd’hui donnerait le {due.on:%d/%m/%Y} ; {workdays.explain(due)}"
    if due.calendar_days > LONG_PERIOD:
        return Finding(
            what="échéances", state="orange", text=text, mend="plus de quinze jours : vérifiez les fermetures"
        )
    return Finding(what="échéances", state="green", text=text)


def _staff(config: Config) -> Finding:
    missing = [r for r in ("quality", "direction") if not config.people_with(r)]  # type: ignore[arg-type]
    if missing:
        return Finding(
            what="personnel",
            state="orange",
            text=f"personne n’a le rôle {', '.join(missing)}",
            mend="ajoutez-le dans [[staff]]",
        )
    return Finding(what="personnel", state="green", text=f"{len(config.staff)} personne(s)")


def _identity(config: Config) -> Finding:
    if not config.mailbox.authserv_id:
        text = "mailbox.authserv_id n’est pas réglé : aucun expéditeur n’est tenu pour authentifié, les AR sont réduits"
        return Finding(
            what="authentification",
            state="orange",
            text=text,
            mend="indiquez l’identifiant que votre fournisseur écrit en tête d’Authentication-Results",
        )
    return Finding(what="authentification", state="green", text=f"résultats de {config.mailbox.authserv_id}")


def lines(findings: list[Finding], *, colour: bool) -> list[str]:
    """The findings for a terminal; colours only on one."""
    out = []
    for f in findings:
        sign, paint = STATES[f.state]
        mark = f"{paint}{sign}\x1b[0m" if colour else sign
        out.append(f"{mark} {f.what} : {clean(f.text)}" + (f" → {clean(f.mend)}" if f.mend else ""))
    return out
