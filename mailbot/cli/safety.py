"""The commands that keep the record safe: backup, restore, unmute, verify."""

from __future__ import annotations

import contextlib
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbot.cli.shared import (
    NOT_DONE,
    TRY_LATER,
    AsJson,
    ConfigFile,
    Quiet,
    agreed,
    bar,
    command,
    fail,
    load,
    open_register,
    played_out,
    show_json,
    user,
)

if TYPE_CHECKING:
    from mailbot.config import Config


@command(examples="mailbot backup   ·   mailbot backup /media/usb/mailbot --json")
def backup(
    folder: Annotated[
        Path | None, typer.Argument(help="Où écrire la copie (sinon backup.folder de la configuration).")
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Copie le registre, même pendant que le bureau tourne, vérifie la copie, et retire les anciennes. Sans les secrets."""
    from mailbot import backups
    from mailbot.store.backup import Failed

    settings = load(config)
    if backups.register_file(settings) is None:
        fail(NOT_DONE, *_postgres(settings, folder))
    if folder is None and settings.backup.folder is None:
        fail(2, "Donnez un dossier : mailbot backup DOSSIER, ou backup.folder dans la configuration.")
    register = open_register(settings)
    now = datetime.now(UTC)
    try:
        with copying(hidden=quiet or as_json) as step:
            made = backups.make(settings, folder, now, step=step)
    except Failed as error:
        fail(NOT_DONE, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    if settings.backup.folder is not None and made.file.parent == settings.backup.folder:
        register.run(lambda tx: backups.note(tx, now, made.file, made.faults[0] if made.faults else ""))
    register.close()
    beside = made.file.with_suffix(".toml")
    if as_json:
        told = {"file": str(made.file), "config": str(beside) if beside.exists() else None, "bytes": made.size}
        show_json({**told, "rows": made.rows, "head": made.head, "faults": list(made.faults)})
    elif not quiet:
        typer.echo(f"{made.file} : {made.size} octets, vérifiée ({sum(made.rows.values())} enregistrements).")
        typer.echo(
            f"{beside.name} à côté, sans les secrets : gardez secrets.toml (et vos modèles de lettres) ailleurs."
            if beside.exists()
            else "La configuration n’a pas été copiée (ses secrets ne s’en retirent pas ligne à ligne)."
        )
    if made.faults:
        fail(NOT_DONE, f"Mais le journal ne se vérifie pas ({made.faults[0]}) ; aucune ancienne copie n’a été retirée.")


@contextlib.contextmanager
def copying(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar whose length is known once the first pages are copied."""
    with bar("Copie", length=0, hidden=hidden) as shown:

        def step(done: int, pages: int) -> None:
            shown.length = pages
            shown.update(done - shown.pos)

        yield step


def _postgres(settings: Config, folder: Path | None) -> list[str]:
    """What to type instead; without a password, which pg_dump asks for or reads in ~/.pgpass."""
    url = re.sub(r"^postgresql\+\w+://", "postgresql://", settings.database_url)
    url = re.sub(r"//([^/@:]*):[^/@]*@", r"//\1@", url)
    target = (folder or Path()) / "mailbot.dump"
    return [
        "Ce registre est dans PostgreSQL, dont la copie se fait avec son propre outil :",
        f"  pg_dump --format=custom --file='{target}' '{url}'",
        f"et se reprend, dans une base vide, avec : pg_restore --no-owner --dbname='{url}' '{target}'",
        "Une base reprise n’est pas muette d’elle-même : n’y faites tourner qu’un bureau à la fois.",
    ]


@command(examples="mailbot restore /var/backups/mailbot/mailbot-20261128T020000Z.db")
def restore(
    file: Annotated[Path, typer.Argument(help="Une copie faite par « mailbot backup ».")],
    config: ConfigFile = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Même si le journal de la copie ne se vérifie pas.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Remet un registre depuis une copie, dans un data_dir qui n’en a pas. Le bureau est ensuite muet jusqu’à « unmute »."""
    from mailbot import backups
    from mailbot.store import backup as copies
    from mailbot.store.engine import NewerSchema

    settings = load(config)
    target = backups.register_file(settings)
    if target is None:
        fail(NOT_DONE, *_postgres(settings, None))
    try:
        with copying(hidden=quiet or as_json) as step:
            made = copies.restore(
                file,
                target,
                datetime.now(UTC),
                new_id=secrets.token_hex(16),
                who=user(),
                salt=secrets.token_hex(16),
                anyway=anyway,
                step=step,
            )
    except copies.Failed as error:
        fail(NOT_DONE, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    except NewerSchema as error:
        fail(TRY_LATER, f"{error}.")
    forgotten = _forget(settings, file)
    if as_json:
        told = {"file": str(made.file), "rows": made.rows, "head": made.head, "faults": list(made.faults)}
        show_json({**told, "forgotten": forgotten})
        return
    if not quiet:
        typer.echo(f"{made.file} : copie {file.name} reprise et vérifiée ({sum(made.rows.values())} enregistrements).")
    for fault in made.faults:
        typer.echo(f"Défaut du journal : {fault}", err=True)
    if quiet:
        return
    if forgotten:
        typer.echo(f"{forgotten} personne(s) effacée(s) depuis cette copie l’ont été de nouveau.")
    typer.echo("Le bureau est muet : il prend le courrier et n’envoie rien, qu’une alarme par jour à l’administrateur.")
    typer.echo("Quand l’ancien bureau est arrêté pour de bon : mailbot unmute.")


def _forget(settings: Config, file: Path) -> int:
    """Whoever was erased since the copy was made is not brought back; the mailbox follows once the desk runs."""
    from mailbot.privacy import erasing
    from mailbot.store import vacuum

    register = open_register(settings)
    try:
        again = erasing.forget_again(register, settings, {file.parent, settings.data_dir}, datetime.now(UTC), user())
        if again:
            vacuum.clean(register)
        return again
    finally:
        register.close()


@command(examples="mailbot unmute   ·   mailbot unmute --yes")
def unmute(
    config: ConfigFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sans demander.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rend la parole à un bureau restauré ou copié. Montre d’abord ce qui va partir."""
    from mailbot.store import instance

    settings = load(config)
    register = open_register(settings, left=True)
    expected = settings.instance_id
    why, held = register.ask(lambda tx: (instance.mute(tx, expected), instance.held(tx)))
    if why and not yes and not as_json and sys.stdin.isatty():
        typer.echo(f"{why[:1].upper()}{why[1:]}. Lettres qui vont partir : {_counted(held)}.", err=True)
        if not agreed("L’autre bureau est-il arrêté, et celui-ci doit-il écrire ?", otherwise=False):
            fail(NOT_DONE, "Rien n’a été fait : le bureau reste muet.")
    if why:
        register.run(
            lambda tx: instance.unmute(tx, expected, at=datetime.now(UTC), who=user(), salt=secrets.token_hex(16))
        )
    register.close()
    if as_json:
        show_json({"was_mute": bool(why), "why": why, "letters": held})
    elif why:
        typer.echo(f"Le bureau n’est plus muet. Lettres qui partent dès qu’il tourne : {_counted(held)}.")
    else:
        typer.echo("Le bureau n’est pas muet : rien à faire.")


def _counted(held: dict[str, int]) -> str:
    return ", ".join(f"{n} « {kind} »" for kind, n in sorted(held.items())) or "aucune"


@command(examples="mailbot verify   ·   mailbot verify --head 3f9ac0d1e2b4")
def verify(
    head: Annotated[
        str, typer.Option("--head", help="Une « Tête du journal » lue dans un relevé : huit caractères au moins.")
    ] = "",
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Vérifie que le journal, les messages et leurs pièces sont tels qu’ils ont été écrits. 1 s’il y a un défaut."""
    from mailbot import proof

    try:
        wanted = proof.as_head(head) if head else ""
    except ValueError as error:
        fail(2, f"{error}.")
    settings = load(config)
    register = open_register(settings)
    found = played_out(examine(settings, register, wanted, hidden=quiet or as_json))
    register.close()
    if as_json:
        show_json(found.as_dict())
    elif found.faults or not quiet:
        typer.echo("\n".join(proof.lines(found)))
    raise typer.Exit(NOT_DONE if found.faults else 0)


async def examine(settings: Config, register: Any, head: str, *, hidden: bool) -> Any:
    """What `verify` finds in this register, with a bar."""
    from mailbot import proof
    from mailbot.corridor.bench import words
    from mailbot.guard import Guard
    from mailbot.store import sums

    with bar("Vérification", length=register.ask(sums.mails), hidden=hidden) as shown:
        async with Guard(words(settings).to_json()) as guard:
            return await proof.examine(register, guard, head=head, step=lambda: shown.update(1))
