"""The commands of the desk at work: run, list, show, why, inspect, decide, start, demo."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbot.cli.shared import (
    NOT_DONE,
    TRY_LATER,
    WRONG_CONFIG,
    AsJson,
    ConfigFile,
    Quiet,
    agreed,
    bar,
    command,
    fail,
    load,
    load_several,
    open_register,
    played_out,
    say_mode,
    say_mute,
    screen,
    show_json,
    user,
    with_mails,
)

if TYPE_CHECKING:
    from mailbot.config import Config
    from mailbot.reports.inspection import Inspector
    from mailbot.reports.sources import Source

MANY = 20  # mails from which on a bar shows how far `inspect` is
LEAKING = "Rien n’est parti. Mettez Python à jour, puis « make setup » ; « mailbot check » le vérifie."


Configs = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        "-c",
        help="Fichier de configuration (sinon MAILBOT_CONFIG, ./mailbot.toml, /etc/mailbot/mailbot.toml). Répété, ou un "
        "dossier dont chaque sous-dossier tient un mailbot.toml : plusieurs bureaux.",
    ),
]


@command(examples="mailbot run   ·   mailbot run --once --config essai.toml   ·   mailbot run --config bureaux/")
def run(
    config: Configs = None,
    once: Annotated[bool, typer.Option("--once", help="Tout ce qui attend, puis fin.")] = False,
) -> None:
    """Tient le bureau : relève la boîte, enregistre, accuse réception, confie, écrit au digest."""
    from mailbot import frugal

    with frugal.loading():
        from mailbot.log import log_to  # isort: skip  (before whatever loads structlog)
        from mailbot import app as daemon

    given = config or []
    several = len(given) > 1 or any(path.is_dir() for path in given)
    desks = load_several(given) if several else [load(given[0] if given else None)]
    log_to(sys.stdout)
    if len(desks) == 1:
        say_mode(desks[0])
        work = _one(desks[0], once)
    else:
        work = _several(desks, [settings for settings in desks if _says_its_mode(settings)], once)
    try:
        frugal.play(work)
    except daemon.Leaking as error:
        fail(NOT_DONE, f"mailbot refuse de démarrer : le texte d’un inconnu changerait nos lettres ({error}).", LEAKING)


async def _one(settings: Config, once: bool) -> None:
    from mailbot import app as daemon
    from mailbot.mailbox import Down
    from mailbot.outbox import RoadClosed
    from mailbot.store import instance
    from mailbot.store.engine import NewerSchema
    from mailbot.store.lead import Busy

    try:
        await daemon.serve(settings, once=once)
    except (Busy, NewerSchema) as error:
        fail(TRY_LATER, f"mailbot ne démarre pas : {error}.")
    except instance.Elsewhere as error:
        fail(WRONG_CONFIG, f"mailbot ne démarre pas : {error}.")
    except (Down, RoadClosed) as error:
        fail(TRY_LATER, f"{error}.", getattr(error, "advice", ""))


def _says_its_mode(settings: Config) -> bool:
    """One desk of several: False for one whose register does not open, which is told and keeps no other waiting."""
    typer.echo(f"{settings.mailbox.address} :")
    try:
        say_mode(settings)
    except typer.Exit:
        typer.echo(f"{settings.mailbox.address} : ce bureau ne travaille pas, les autres continuent.", err=True)
        return False
    return True


async def _several(desks: Sequence[Config], opened: Sequence[Config], once: bool) -> None:
    """`opened`: the only ones that --once works for; a daemon tries the others again."""
    from mailbot.several import Row

    if not once:
        await Row(desks).serve()
        return
    troubles = await Row(opened).once()
    if troubles or len(opened) < len(desks):
        fail(TRY_LATER, *troubles)


@command("list", examples="mailbot list   ·   mailbot list --waiting --json")
def list_(
    config: ConfigFile = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Les messages qui attendent une décision.")] = False,
    as_json: AsJson = False,
) -> None:
    """Les dossiers, ou avec --waiting les messages à décider."""
    from mailbot.reports import tables
    from mailbot.store import instance

    settings = load(config)
    register = open_register(settings)
    rows = register.ask(tables.waiting if waiting else tables.files)
    if as_json:
        show_json(rows)
    else:
        say_mute(register.ask(lambda tx: instance.mute(tx, settings.instance_id)))
        for line in tables.lines(rows, screen()):
            typer.echo(line)


@command(examples="mailbot show REC-2026-0042")
def show(number: str, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Un dossier : qui, quoi, échéance, pièces, lettres."""
    from mailbot.reports import tables

    _tell(number, config, as_json, tables.one)


@command(examples="mailbot why REC-2026-0042")
def why(number: str, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """L’histoire d’un dossier : chaque étape, et le message ou l’échéance qui l’a causée."""
    from mailbot.reports import tables

    _tell(number, config, as_json, tables.story)


def _tell(number: str, config: Path | None, as_json: bool, question: Any) -> None:
    from mailbot.reports import tables

    register = open_register(load(config))
    told = register.ask(lambda tx: question(tx, number))
    if told is None:
        fail(NOT_DONE, f"Aucun dossier « {tables.clean(number)} ». « mailbot list » les montre tous.")
    if as_json:
        show_json(told)
    else:
        for line in tables.told(told):
            typer.echo(line)


@command(
    examples="mailbot inspect message.eml   ·   mailbot inspect archive.mbox   ·   mailbot inspect --json dossier/"
)
def inspect(
    file: Annotated[Path, typer.Argument(help="Un message, une boîte (mbox), un dossier ; « - » : l’entrée.")],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Une configuration : son équipe, ses adresses, ses mots comptent."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Comment un message serait lu et jugé, et pourquoi. Ne garde rien ; sans --config, personne n’est de l’équipe.

    Avec --json, une ligne par message.
    """
    from mailbot.corridor.bench import words
    from mailbot.guard import NotStarted
    from mailbot.reading import EMPTY_WORDS
    from mailbot.reports import inspection, sources

    try:
        known = sources.standard_input() if str(file) == "-" else sources.found(file)
    except OSError as error:
        fail(NOT_DONE, f"Le fichier ne se lit pas : {error.strerror} ({error.filename or file}).")
    if not known:
        fail(NOT_DONE, f"Aucun message dans {file} : il faut des fichiers .eml ou .mbox, ou un Maildir.")
    settings = load(config) if config else None
    chosen = words(settings) if settings else EMPTY_WORDS
    try:
        with inspection.Inspector(settings, chosen) as inspector:
            _inspect_each(inspector, known, as_json)
    except NotStarted as error:
        fail(TRY_LATER, f"{error}.")


def _inspect_each(inspector: Inspector, known: Sequence[Source], as_json: bool) -> None:
    """The answers go to the output; a bar to the terminal beside it, where there is one and there are many."""
    from mailbot.reports import inspection

    counted: Counter[str] = Counter()
    with bar("Lecture", known, hidden=len(known) < MANY or sys.stdout.isatty()) as shown:
        for source in shown:
            told = inspection.of(inspector, source.read)
            counted[told["verdict"]] += 1
            if as_json:
                show_json({"file": source.name, **told}, indent=None)
            elif len(known) == 1:
                typer.echo("\n".join(inspection.lines(told)))
            else:
                typer.echo(inspection.row(source.name, told))
    if len(known) > 1 and not as_json:
        typer.echo(inspection.summary(counted))


@command(examples="mailbot decide 17 complaint --by ann")
def decide(
    inbound_id: int,
    choice: Annotated[str, typer.Argument(help="complaint, note ou ignore")],
    config: ConfigFile = None,
    by: Annotated[str, typer.Option("--by", help="Qui décide (adresse ou nom), pour le journal.")] = "",
    quiet: Quiet = False,
) -> None:
    """Tranche un message qui attend : réclamation, note, ou rien."""
    from mailbot import rules
    from mailbot.guard import Unreadable

    settings = load(config)
    try:
        played_out(with_mails(settings, lambda mails: mails.choose(inbound_id, choice, by or user())))
    except LookupError:
        fail(NOT_DONE, f"Aucun message n° {inbound_id}. « mailbot list --waiting » montre ceux qui attendent.")
    except (rules.Refused, Unreadable) as error:
        fail(NOT_DONE, f"Rien n’a été fait : {error}.")
    if not quiet:
        typer.echo(f"Message {inbound_id} : {choice}. Les lettres partent dès que le bureau tourne.")


@command(examples="mailbot start   ·   mailbot start --none --since 2026-11-01")
def start(
    config: ConfigFile = None,
    since: Annotated[
        str, typer.Option("--since", help="Reprendre aussi les messages reçus depuis cette date (AAAA-MM-JJ).")
    ] = "",
    take: Annotated[str, typer.Option("--take", help="Dossiers d’essai à reprendre, séparés par des virgules.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Reprendre tous les dossiers d’essai.")] = False,
    none: Annotated[bool, typer.Option("--none", help="N’en reprendre aucun.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Ouvre le bureau : fin de l’essai, les lettres partent. Montre ce qui est arrivé entre-temps et demande quoi reprendre."""
    from mailbot import opening

    settings = load(config)
    played_out(with_mails(settings, lambda c: _start(c, opening, since, take, all_, none, quiet, as_json)))


async def _start(
    mails: Any, opening: Any, since: str, take: str, all_: bool, none: bool, quiet: bool, as_json: bool
) -> None:
    from mailbot.store import questions

    files = await mails.bench.ask(questions.essai_files)
    try:
        chosen = opening.choose(files, take=take, all_=all_, none=none)
        moment = await mails.bench.ask(lambda tx: opening.since(tx, since, mails))
    except ValueError as error:
        fail(2, str(error))
    if chosen is None:
        chosen = [f.number for f in files if agreed(f"Reprendre {opening.line(f)} ?")]
    with bar("Reprise", files, hidden=quiet or len(files) < MANY) as shown:
        told = await opening.open_desk(mails, shown, chosen, since=moment, who=user())
    if as_json:
        show_json(told)
    elif not quiet:
        for line in opening.lines(told):
            typer.echo(line)


@command(examples="mailbot demo   ·   mailbot demo --once")
def demo(
    what: Annotated[str, typer.Argument(help="« send » : un message de plus à la démonstration en cours.")] = "",
    once: Annotated[
        bool, typer.Option("--once", help="Se termine seule : 0 si l’histoire s’est passée comme annoncé.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="Dossier de la démonstration.")] = Path("demo-out"),
) -> None:
    """Le bureau en vrai, avec un serveur de courrier embarqué : une petite histoire à regarder."""
    try:
        from mailbot.demo import play
    except ModuleNotFoundError as error:
        fail(
            NOT_DONE, f"La démonstration demande l’extra « demo » ({error.name} manque) : pip install 'mailbot[demo]'."
        )
    if what == "send":
        raise typer.Exit(played_out(play.send_one_more(out)))
    if what:
        fail(2, f"« {what} » n’est pas connu : mailbot demo, ou mailbot demo send.")
    raise typer.Exit(played_out(play.play(once=once, out=out, say=typer.echo)))
