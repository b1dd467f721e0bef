"""The register: whether it opens, its schema, its chain, what waits in it, and when the desk was opened."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from mailbot.config import Config
from mailbot.doctor.finding import Finding, green, orange, red, unverified
from mailbot.store import journal, ledger, questions
from mailbot.store.engine import NewerSchema
from mailbot.store.ledger import Ledger, Trouble

LATE = timedelta(hours=1)
LINES = ("journal", "messages", "alarmes", "ouverture")


def look(config: Config, now: datetime) -> tuple[list[Finding], datetime | None]:
    """The lines, and the moment of the last journal entry."""
    try:
        register = Ledger(config.database_url)
        before = register.schema()
        register.upgrade()
    except NewerSchema as error:
        return [red("registre", str(error), "installez la version la plus récente de mailbot"), *_unknown()], None
    except (Trouble, OSError, RuntimeError) as error:  # without its words: they may hold the URL
        mend = "vérifiez data_dir ou database.url, et les droits"
        return [red("registre", f"le registre ne s’ouvre pas : {type(error).__name__}", mend), *_unknown()], None
    with contextlib.closing(register):
        found = [schema(before, register.schema()), *(_ask(register, question, now) for question in QUESTIONS)]
        with contextlib.suppress(Trouble):
            return found, register.ask(journal.last_at)
        return found, None


def _unknown() -> list[Finding]:
    return [unverified(what, "le registre ne s’ouvre pas", "réparez d’abord le registre") for what in LINES]


def schema(before: str, after: str) -> Finding:
    if before and before != after:
        mend = "relancez le service s’il tournait avec l’ancienne version"
        return orange("registre", f"mis à jour du schéma {before} au schéma {after}", mend)
    return green("registre", f"ouvert, schéma {after}")


def _ask(register: Ledger, question: Callable[[Any, datetime], Finding], now: datetime) -> Finding:
    try:
        return register.ask(lambda tx: question(tx, now))
    except Trouble as error:
        what = question.__name__.strip("_")
        text = f"le registre ne répond pas : {type(error).__name__}"
        return red(NAMES[what], text, "restaurez une copie, ou voyez l’état du disque")


def _chain(tx: Any, now: datetime) -> Finding:
    trouble = next(journal.broken(tx), "")
    if trouble:
        return red("journal", trouble, "le registre a été modifié à la main : restaurez une copie")
    return green("journal", f"chaîne intacte, tête {journal.last_head(tx)[:16]}")


def _unexplained(tx: Any, now: datetime) -> Finding:
    oldest = questions.oldest_unexplained(tx)
    if oldest and now - oldest > LATE:
        text = f"un message attend depuis le {oldest:%d/%m à %H:%M} (UTC)"
        return red("messages", text, "« mailbot run » tourne-t-il ?")
    waiting = len(questions.waiting_mails(tx))
    if waiting:
        return orange("messages", f"{waiting} message(s) à décider", "mailbot list --waiting")
    return green("messages", "tous expliqués")


def _alarms(tx: Any, now: datetime) -> Finding:
    rows = questions.open_alarms(tx)
    if rows:
        text = " ; ".join(a.text for a in rows[:5])
        return orange("alarmes", text, "mailbot why NUMÉRO raconte un dossier")
    return green("alarmes", "aucune")


def _started(tx: Any, now: datetime) -> Finding:
    start = ledger.recall(tx, "start")
    if not start:
        return orange("ouverture", "première connexion pas encore faite", "lancez « mailbot run »")
    return green("ouverture", f"les messages reçus depuis le {start[:16]} (UTC) sont traités")


QUESTIONS = (_chain, _unexplained, _alarms, _started)
NAMES = {"chain": "journal", "unexplained": "messages", "alarms": "alarmes", "started": "ouverture"}
