"""The second half of `init`: the answers are tried in a folder of their own, and put in their place once they work."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mailbot.cli.asking import Asking
from mailbot.cli.shared import NOT_DONE, WRONG_CONFIG, fail, open_register, played_out, read

if TYPE_CHECKING:
    from mailbot.config import Config
    from mailbot.setup.providers import Found
    from mailbot.setup.way_in import Key
    from mailbot.setup.writing import Answers

TRIES = 3
STILL = (
    "Il reste une chose à faire : « {program} login », avec le compte de la boîte, pour donner la permission.",
    "Ensuite « {program} check --report » essaie la boîte et envoie l’état du bureau à l’administrateur.",
)
READY = (
    "Le bureau est prêt, en mode essai. « {program} run » le fait tourner ; « {program} start » l’ouvre pour de bon."
)


@dataclass(frozen=True, kw_only=True)
class Filling:
    """All that will be written, but the key."""

    config: Path
    said: Answers
    found: Found
    instance: str

    def write(self, folder: Path, key: Key, data: Path) -> Path:
        """The configuration and, beside it, what is secret; raises FileExistsError rather than replace anything."""
        from mailbot.config.secret_keys import FILE
        from mailbot.setup import writing

        if key.account:
            writing.put(folder / writing.ACCOUNT, key.account)
        writing.put(folder / FILE, writing.secrets(key, self.instance))
        writing.put(folder / self.config.name, writing.text(self.said, self.found, key, data))
        return folder / self.config.name


def settle(asking: Asking, config: Path, said: Answers, found: Found, key: Key, *, again: Callable[[], Key]) -> None:
    """Nothing stands in its place before it works; `again` asks for another key. A file of answers can't sign in as a
    person: then it is written untried, and the person told what is left to do."""
    from mailbot.setup.writing import data_folder

    filling = Filling(config=config, said=said, found=found, instance=secrets.token_hex(16))
    program = _program()
    if asking.given is not None and key.by_person:
        _put_in_place(filling, key, data_folder(config), "", tried=False)
        typer.echo(f"Écrit : {config} et les secrets à côté, lisibles par vous seul. La boîte n’a pas été essayée.")
        for line in STILL:
            typer.echo(line.format(program=program))
        return
    key, permission = _until_it_opens(asking, filling, key, again)
    settings = _put_in_place(filling, key, data_folder(config), permission, tried=True)
    _report(settings, config)
    run = "systemctl enable --now mailbot" if config.parent.parent == Path("/etc") else f"{program} run"
    typer.echo(READY.format(program=program, run=run))


def _program() -> str:
    """What a person types to run this program, from the folder they are in."""
    if shutil.which("mailbot"):
        return "mailbot"
    here = os.path.relpath(sys.argv[0])
    return sys.argv[0] if here.startswith("..") else here


def _until_it_opens(asking: Asking, filling: Filling, key: Key, again: Callable[[], Key]) -> tuple[Key, str]:
    """The key that opened it, and the permission that a person gave on the way, "" where none is needed."""
    permission = ""
    for left in reversed(range(TRIES)):
        with tempfile.TemporaryDirectory(prefix=".mailbot-init-", dir=filling.config.parent) as folder:
            settings = _on_trial(Path(folder), filling, key)
            trouble, permission = _tried(settings, key, permission)
        if not trouble:
            return key, permission
        for line in trouble:
            typer.echo(line, err=True)
        if asking.given is not None or not left:
            fail(NOT_DONE, "La boîte ne s’ouvre pas : rien n’a été écrit. Corrigez, puis relancez « mailbot init ».")
        if permission:
            asking.of(
                "again", "Corrigez cela chez le fournisseur, puis Entrée pour essayer de nouveau", str, default=""
            )
        else:
            key = again()
    raise AssertionError("the last try ends above")


def _on_trial(folder: Path, filling: Filling, key: Key) -> Config:
    from mailbot import config as configs

    try:
        return read(filling.write(folder, key, folder / "data"))
    except configs.Mistakes as mistakes:
        fail(WRONG_CONFIG, *str(mistakes).splitlines())


def _tried(settings: Config, key: Key, permission: str) -> tuple[list[str], str]:
    """What does not work, [] when all does; and the permission, which the trial may have renewed."""
    from mailbot import oauth

    vault = oauth.vault(settings)
    if permission:
        vault.write(permission)
    elif key.by_person:
        try:
            oauth.sign_in(settings, typer.echo, typer.prompt)
        except oauth.NoToken as error:
            return [f"{error}. {error.advice}"], ""
    trouble = played_out(_trouble(settings))
    return trouble, vault.read()


async def _trouble(settings: Config) -> list[str]:
    """Login, folders, and whether we may send."""
    from asyncio import to_thread

    from mailbot import oauth
    from mailbot.doctor import lines, post
    from mailbot.mailbox import Mailbox

    def now() -> datetime:
        return datetime.now(UTC)

    source = oauth.of(settings, now)
    token = source.access if source else None
    mailbox = Mailbox(settings.mailbox, token=token, timeout=post.SECONDS)
    try:
        found, _ = await to_thread(post.box, mailbox, settings)
    finally:
        mailbox.close()
    sending, _ = await post.road(settings, now, token, send=False)
    return lines([f for f in (*found, *sending) if f.state == "red"], colour=False)


def _put_in_place(filling: Filling, key: Key, data: Path, permission: str, *, tried: bool) -> Config:
    """The register first, so that the permission is never without the desk that it is for."""
    from mailbot import oauth
    from mailbot.store import ledger

    try:
        data.mkdir(mode=0o700, exist_ok=True)
        settings = read(filling.write(filling.config.parent, key, data))
    except FileExistsError as error:
        fail(NOT_DONE, f"{error.filename} est apparu entre-temps : il n’a pas été touché.")
    register = open_register(settings)

    def begin(tx: Any) -> None:
        ledger.remember(tx, "instance", filling.instance)
        if tried:  # the first successful login (spec §2)
            ledger.started_at(tx, settings.mailbox.since, datetime.now(UTC))

    register.run(begin)
    register.close()
    if permission:
        oauth.vault(settings).write(permission)
    return settings


def _report(settings: Config, config: Path) -> None:
    from mailbot import doctor

    typer.echo(f"Écrit : {config} et les secrets à côté, lisibles par vous seul. Dernières vérifications…")
    findings = played_out(doctor.examine(settings, patience=20))
    told = played_out(doctor.tell(settings, findings))
    for line in doctor.lines([*findings, told], colour=sys.stdout.isatty(), quiet=True):
        typer.echo(line)
    typer.echo(doctor.summary([*findings, told]))
