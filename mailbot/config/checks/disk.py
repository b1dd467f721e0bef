"""Files and folders that the settings name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mailbot.config.checks.registry import reads
from mailbot.config.lines import Key
from mailbot.config.mistakes import Finding
from mailbot.config.records import Config

DATABASE = re.compile(r"sqlite:///.|postgresql(?:\+psycopg)?://.")


@reads()
def _files(c: Config) -> Iterator[Finding]:
    paths: list[tuple[Key, Path | None]] = [
        (("mailbox", "ca_file"), c.mailbox.ca_file),
        (("smtp", "ca_file"), c.smtp.ca_file),
        (("alarm", "smtp", "ca_file"), c.alarm.smtp.ca_file if c.alarm.smtp else None),
        (("oauth", "service_account"), c.oauth.service_account),
    ]
    for at, file in paths:
        if file and not file.is_file():
            yield Finding(at, f"{file} n’existe pas", "Corrigez le chemin, ou retirez la clé")
    if c.texts.folder and not c.texts.folder.is_dir():
        yield Finding(("texts", "folder"), f"{c.texts.folder} n’est pas un dossier", "Créez-le, ou retirez la clé")
    if c.data_dir.is_file():
        yield Finding(("data_dir",), f"{c.data_dir} est un fichier", "Donnez un dossier")
    if any(part.startswith("~") for part in c.data_dir.parts):
        yield Finding(("data_dir",), "« ~ » n’est pas compris ici", "Écrivez le chemin entier")


@reads("backup.folder", "database.url")
def _backup(c: Config) -> Iterator[Finding]:
    if c.backup.folder and c.database.url.startswith("postgresql"):
        what = "ces sauvegardes sont celles d’un registre SQLite"
        yield Finding(
            ("backup", "folder"), what, "Retirez la clé, et programmez pg_dump (« mailbot backup » dit comment)"
        )
    if c.backup.folder and c.backup.folder.is_file():
        yield Finding(("backup", "folder"), f"{c.backup.folder} est un fichier", "Donnez un dossier")


@reads()
def _database(c: Config) -> Iterator[Finding]:
    if c.database.url and not DATABASE.match(c.database.url):
        yield Finding(
            ("database", "url"), "cette base n’est pas prise en charge", "Écrivez sqlite:///… ou postgresql://…"
        )
