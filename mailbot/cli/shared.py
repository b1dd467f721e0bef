"""What every command needs: the application itself, the configuration, the register, and how trouble is told."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from mailbot.cli.french import Command, Group

if TYPE_CHECKING:
    from mailbot.config import Config

T = TypeVar("T")
NOT_DONE, TRY_LATER, WRONG_CONFIG = 1, 75, 78
app = typer.Typer(
    cls=Group,
    help="mailbot : un bureau des réclamations qui vit dans une boîte aux lettres.",
    epilog="Codes de sortie : 0 fait · 1 non fait, le message dit pourquoi · 2 mauvais usage · 75 à retenter · "
    "78 configuration fausse. Pour commencer : mailbot demo, puis mailbot check.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="Fichier de configuration (sinon MAILBOT_CONFIG, ./mailbot.toml, /etc/mailbot/mailbot.toml).",
    ),
]
OPENED: list[Any] = []  # registers of the command at work
AsJson = Annotated[bool, typer.Option("--json", help="Pour un script : du JSON sur la sortie.")]


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Ne dit que ce qui demande quelque chose.")]


def command(name: str = "", *, examples: str = "") -> Any:
    """A command whose help ends with examples; the first line of its docstring is its line in the list."""
    told = f"{'Exemples' if '·' in examples else 'Exemple'} : {examples}" if examples else None
    return app.command(name or None, cls=Closing, epilog=told)


class Closing(Command):
    """A database server learns that the line is over, rather than finding it dead."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        finally:
            while OPENED:
                OPENED.pop().close()


def fail(code: int, *lines: str) -> NoReturn:
    for line in lines:
        typer.echo("".join(c if c.isprintable() or c in "\u00a0\u202f" else " " for c in line), err=True)
    raise typer.Exit(code)


def load(path: Path | None) -> Config:
    """The configuration, or every mistake at once and exit 78."""
    from mailbot import config as configs

    found = path or usual_place()
    if found is None:
        fail(
            WRONG_CONFIG,
            "Aucune configuration : donnez --config FICHIER, ou copiez config.example.toml en mailbot.toml.",
        )
    try:
        return read(found)
    except configs.Mistakes as mistakes:
        fail(WRONG_CONFIG, *str(mistakes).splitlines())


def load_several(paths: Sequence[Path]) -> list[Config]:
    """The configurations of several desks: files, and folders each of whose folders holds a mailbot.toml. Exit 78 with every
    mistake of all of them, and for what two of them have in common."""
    from mailbot import config as configs
    from mailbot.config.secret_keys import SECRETS
    from mailbot.several import clashes

    files = [file for path in paths for file in (sorted(path.glob("*/mailbot.toml")) if path.is_dir() else [path])]
    told: list[str] = []
    desks: list[tuple[Path, Config]] = []
    if not files:
        told.append(f"Aucun mailbot.toml dans les dossiers de {', '.join(map(str, paths))}.")
    for variable in SECRETS.values():
        if os.environ.get(variable) or os.environ.get(f"{variable}_FILE"):
            told.append(f"{variable} vaudrait pour tous les bureaux : mettez ce secret dans le secrets.toml de chacun.")
    for file in files:
        try:
            desks.append((file, configs.load(file, environ={})))
        except configs.Mistakes as mistakes:
            told += str(mistakes).splitlines()
    told += [f"{clash}." for clash in clashes(desks)]
    if told:
        fail(WRONG_CONFIG, *told)
    return [settings for _, settings in desks]


def read(path: Path) -> Config:
    from mailbot import config as configs

    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return configs.load(path, environ=os.environ, credentials=Path(credentials) if credentials else None)


def usual_place() -> Path | None:
    places = [Path(p) for p in (os.environ.get("MAILBOT_CONFIG", ""), "mailbot.toml", "/etc/mailbot/mailbot.toml") if p]
    return next((p for p in places if p.exists()), None)


def played_out(work: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end. asyncio is imported here and not before: what only shows help needs none of it."""
    import asyncio

    return asyncio.run(work)


def screen() -> int:
    """Columns of the terminal; enough for everything where the output is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000


def bar(label: str, items: Sequence[T] | None = None, *, length: int | None = None, hidden: bool = False) -> Any:
    """How far a long work is, beside the output and only on a terminal: `for … in bar`, or `bar.update(n)`."""
    hidden = hidden or not sys.stderr.isatty()
    return typer.progressbar(items, length=length, label=label, file=sys.stderr, hidden=hidden)


def agreed(question: str, *, otherwise: bool = True) -> bool:
    """Oui ou non, asked beside the output; Enter is `otherwise`."""
    choice, default = ("O/n", "o") if otherwise else ("o/N", "n")
    while True:
        said = typer.prompt(f"{question} [{choice}]", default=default, show_default=False, err=True).strip().lower()
        if said in ("o", "oui", "y", "yes", "n", "non", "no"):
            return bool(said[0] != "n")


def show_json(value: Any, *, indent: int | None = 2) -> None:
    """JSON for a script, harmless on a terminal too: whatever steers one is written as an escape."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    typer.echo("".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text))


def say_mode(settings: Config) -> None:
    """`run` and `check` say the mode in their first line, and whether the desk is mute (spec §2)."""
    from mailbot.store import instance, ledger

    register = open_register(settings)
    mode = register.ask(lambda tx: ledger.mode(tx, settings.mode))
    mute = register.ask(lambda tx: instance.mute(tx, settings.instance_id))
    register.close()
    say_mute(mute)
    if mode == "essai":
        typer.echo(
            "Mode ESSAI : rien ne part vers l’extérieur, tout va à l’administrateur (mailbot start pour ouvrir)."
        )
    else:
        typer.echo("Mode réel : les accusés de réception partent aux réclamants.")


def say_mute(why: str) -> None:
    if why:
        typer.echo(f"Bureau MUET, aucune lettre ne part : {why}. « mailbot unmute » lui rend la parole.")


def open_register(settings: Config, *, left: bool = False) -> Any:
    """The register, its schema up to date; exit 75 when it can't be opened, 78 when it was carried elsewhere, unless `left`, or
    is not here whole."""
    from mailbot.store import instance
    from mailbot.store.engine import NewerSchema
    from mailbot.store.ledger import Ledger, Trouble, recall

    try:
        register = Ledger(settings.database_url)
        OPENED.append(register)
        register.upgrade()
        why = register.ask(instance.elsewhere)
        gone = why and register.ask(lambda tx: recall(tx, instance.LEFT))
    except NewerSchema as error:
        fail(TRY_LATER, f"{error}.")
    except (Trouble, OSError) as error:  # without its words: they may hold the URL
        what = f"Le registre ne s’ouvre pas ({type(error).__name__})"
        fail(TRY_LATER, f"{what} : vérifiez data_dir ou database.url, les droits et la place ; voir « mailbot check ».")
    if why and not (gone and left):
        fail(WRONG_CONFIG, f"Aucun bureau ne travaille sur ce registre : {why}.")
    return register


def user() -> str:
    return f"commande de {os.environ.get('SUDO_USER') or os.environ.get('USER') or 'root'}"


async def with_mails(settings: Config, act: Any) -> Any:
    from mailbot.corridor.bench import Bench, words
    from mailbot.corridor.mails import Mails
    from mailbot.guard import Guard
    from mailbot.log import log_to

    log_to(sys.stderr)  # the output is the command's own
    register = open_register(settings)
    async with Guard(words(settings).to_json()) as guard:
        bench = Bench(settings, register, guard, lambda: datetime.now(UTC))
        try:
            return await act(Mails(bench))
        finally:
            bench.close()
            register.close()
