"""The register: whether it opens, its schema, its chain, what waits in it, and when the desk was opened."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from mailbot import backups
from mailbot.config import Config
from mailbot.doctor.finding import Finding, green, orange, red, unverified
from mailbot.store import instance, journal, ledger, questions
from mailbot.store.engine import NewerSchema
from mailbot.store.ledger import Ledger, Trouble

LATE = timedelta(hours=1)
LINES = ("journal", "messages", "alarmes", "ouverture", "sauvegarde", "identité")


def look(config: Config, now: datetime) -> tuple[list[Finding], datetime | None]:
    """The lines, and the moment of the last journal entry."""
    try:
        register = Ledger(config.database_url)
    except (Trouble, OSError, RuntimeError) as error:
        return _closed(error)
    with contextlib.closing(register):
        return _looked_at(register, config, now)


def _looked_at(register: Ledger, config: Config, now: datetime) -> tuple[list[Finding], datetime | None]:
    try:
        before = register.schema()
        register.upgrade()
    except NewerSchema as error:
        return [red("registre", str(error), "installez la version la plus récente de mailbot"), *_unknown()], None
    except (Trouble, OSError, RuntimeError) as error:
        return _closed(error)
    found = [schema(before, register.schema()), *(_ask(register, question, now, config) for question in QUESTIONS)]
    with contextlib.suppress(Trouble):
        return found, register.ask(journal.last_at)
    return found, None


def _closed(error: Exception) -> tuple[list[Finding], datetime | None]:
    """Without its words: they may hold the URL."""
    mend = "vérifiez data_dir ou database.url, et les droits"
    return [red("registre", f"le registre ne s’ouvre pas : {type(error).__name__}", mend), *_unknown()], None


def _unknown() -> list[Finding]:
    return [unverified(what, "le registre ne s’ouvre pas", "réparez d’abord le registre") for what in LINES]


def schema(before: str, after: str) -> Finding:
    if before and before != after:
        mend = "relancez le service s’il tournait avec l’ancienne version"
        return orange("registre", f"mis à jour du schéma {before} au schéma {after}", mend)
    return green("registre", f"ouvert, schéma {after}")


def silent(config: Config) -> str:
    """Why this desk may send nothing, "" when it may, or when the register doesn't say."""
    with (
        contextlib.suppress(Trouble, OSError, RuntimeError),
        contextlib.closing(Ledger(config.database_url)) as register,
    ):
        if register.schema():
            return register.ask(lambda tx: instance.mute(tx, config.instance_id))
    return ""


def _ask(
    register: Ledger, question: Callable[[Any, datetime, Config], Finding], now: datetime, config: Config
) -> Finding:
    try:
        return register.ask(lambda tx: question(tx, now, config))
    except Trouble as error:
        what = question.__name__.strip("_")
        text = f"le registre ne répond pas : {type(error).__name__}"
        return red(NAMES[what], text, "restaurez une copie, ou voyez l’état du disque")


def _chain(tx: Any, now: datetime, config: Config) -> Finding:
    trouble = next(journal.broken(tx), "")
    if trouble:
        return red("journal", trouble, "le registre a été modifié à la main : restaurez une copie")
    return green("journal", f"chaîne intacte, tête {journal.last_head(tx)[:16]}")


def _unexplained(tx: Any, now: datetime, config: Config) -> Finding:
    oldest = questions.oldest_unexplained(tx)
    if oldest and now - oldest > LATE:
        text = f"un message attend depuis le {oldest:%d/%m à %H:%M} (UTC)"
        return red("messages", text, "« mailbot run » tourne-t-il ?")
    waiting = len(questions.waiting_mails(tx))
    if waiting:
        return orange("messages", f"{waiting} message(s) à décider", "mailbot list --waiting")
    return green("messages", "tous expliqués")


def _alarms(tx: Any, now: datetime, config: Config) -> Finding:
    rows = questions.open_alarms(tx)
    if rows:
        text = " ; ".join(a.text for a in rows[:5])
        return orange("alarmes", text, "mailbot why NUMÉRO raconte un dossier")
    return green("alarmes", "aucune")


def _started(tx: Any, now: datetime, config: Config) -> Finding:
    start = ledger.recall(tx, "start")
    if not start:
        return orange("ouverture", "première connexion pas encore faite", "lancez « mailbot run »")
    return green("ouverture", f"les messages reçus depuis le {start[:16]} (UTC) sont traités")


def _backup(tx: Any, now: datetime, config: Config) -> Finding:
    if backups.register_file(config) is None:
        return green("sauvegarde", "celle de PostgreSQL, hors de mailbot (« mailbot backup » donne la commande)")
    if config.backup.folder is None:
        return orange("sauvegarde", "aucune n’est faite", "donnez backup.folder, de préférence sur un autre disque")
    if trouble := backups.trouble(tx, config, now):
        return red("sauvegarde", trouble, "vérifiez backup.folder et sa place, puis « mailbot backup »")
    last = backups.last_made(tx)
    if last is None:
        return orange("sauvegarde", "pas encore de copie", "« mailbot backup » en fait une, « mailbot run » aussi")
    return green("sauvegarde", f"la dernière date du {last:%d/%m/%Y à %H:%M} (UTC), vérifiée")


def _instance(tx: Any, now: datetime, config: Config) -> Finding:
    if why := instance.elsewhere(tx):
        return red("identité", f"aucun bureau ne travaille sur ce registre : {why}", "corrigez database.url")
    if why := instance.mute(tx, config.instance_id):
        return red(
            "identité", f"bureau muet, rien ne part : {why}", "si c’est bien lui qui doit écrire : « mailbot unmute »"
        )
    if not config.instance_id:
        return green(
            "identité", "non vérifiée : pas de [instance] id parmi les secrets ; une copie à la main parlerait"
        )
    return green("identité", "celle des secrets")


QUESTIONS = (_chain, _unexplained, _alarms, _started, _backup, _instance)
NAMES = {
    "chain": "journal",
    "unexplained": "messages",
    "alarms": "alarmes",
    "started": "ouverture",
    "backup": "sauvegarde",
    "instance": "identité",
}
