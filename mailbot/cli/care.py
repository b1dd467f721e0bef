"""The commands of whoever keeps it running: check, preview."""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

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
    open_register,
    played_out,
    read,
    say_mode,
    show_json,
    usual_place,
)

if TYPE_CHECKING:
    from mailbot.config import Config


def _mistakes(path: Path | None) -> list[Any]:
    """What is wrong with the configuration, for a script; empty when it loads, or when there is none."""
    from mailbot import config as configs

    found = path or usual_place()
    try:
        if found is not None:
            read(found)
    except configs.Mistakes as mistakes:
        return mistakes.found
    return []


@command(
    examples="mailbot check   ·   mailbot check --quiet --no-send   ·   mailbot check --report   ·   mailbot check --audit"
)
def check(
    config: ConfigFile = None,
    report: Annotated[bool, typer.Option("--report", help="Envoie aussi le résultat aux administrateurs.")] = False,
    send: Annotated[bool, typer.Option("--send/--no-send", help="Avec ou sans message envoyé à soi-même.")] = True,
    audit: Annotated[
        bool, typer.Option("--audit", help="Relit plutôt tout le registre : rien de perdu, rien en double.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Dit ce qui va et ce qui ne va pas, ligne par ligne, et quoi faire. Sans ligne rouge, finit par 0."""
    from mailbot import doctor

    if as_json and (wrong := _mistakes(config)):
        show_json([f.as_dict() for f in doctor.of_mistakes(wrong)])
        raise typer.Exit(WRONG_CONFIG)
    settings = load(config)
    if audit:
        _audit(settings, quiet=quiet, as_json=as_json)
    if not as_json:
        with contextlib.suppress(typer.Exit):  # a register that does not open is one of the lines below
            say_mode(settings)
    findings = played_out(doctor.examine(settings, send=send))
    if report:
        findings.append(played_out(doctor.tell(settings, findings)))
    if as_json:
        show_json([f.as_dict() for f in findings])
    else:
        for line in doctor.lines(findings, colour=sys.stdout.isatty(), quiet=quiet):
            typer.echo(line)
        if not quiet:
            typer.echo(doctor.summary(findings))
    raise typer.Exit(NOT_DONE if any(f.state == "red" for f in findings) else 0)


@command(examples="mailbot status   ·   mailbot status --quiet || prévenir   ·   mailbot status --json")
def status(config: ConfigFile = None, quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Dit si le bureau est au travail et si rien n’attend, sans rien toucher. 1 s’il faut venir voir ; 75 si le registre ne s’ouvre pas."""
    from mailbot import status as states
    from mailbot.store.ledger import Ledger, Trouble

    settings = load(config)
    register = Ledger(settings.database_url)
    try:
        if not register.schema():
            fail(NOT_DONE, "Le registre est vide : « mailbot run » n’a pas encore tourné.")
        found = register.ask(lambda tx: states.status_of(tx, settings, datetime.now(UTC)))
    except (Trouble, OSError) as error:  # without its words: they may hold the URL
        fail(TRY_LATER, f"Le registre ne s’ouvre pas ({type(error).__name__}) : voir « mailbot check ».")
    finally:
        register.close()
    if as_json:
        show_json(found.as_dict())
    else:
        for line in states.lines(found, quiet=quiet):
            typer.echo(line)
    raise typer.Exit(0 if found.well else NOT_DONE)


def _audit(settings: Config, *, quiet: bool, as_json: bool) -> NoReturn:
    """The register against what it promises, A1 to A8; 1 if there is a fault."""
    from mailbot import audit
    from mailbot.corridor.bench import words
    from mailbot.guard import Guard
    from mailbot.store import sums

    register = open_register(settings)

    async def examine() -> audit.Audit:
        with bar("Relecture", length=register.ask(sums.mails), hidden=quiet or as_json) as shown:
            async with Guard(words(settings).to_json()) as guard:
                return await audit.examine(settings, register, guard, datetime.now(UTC), lambda: shown.update(1))

    try:
        found = played_out(examine())
    finally:
        register.close()
    if as_json:
        show_json(found.as_dict())
    else:
        for line in audit.lines(found, quiet=quiet):
            typer.echo(line)
    raise typer.Exit(NOT_DONE if found.faults else 0)


@command(examples="mailbot preview   ·   mailbot preview /tmp/lettres --texts mes-lettres")
def preview(
    folder: Annotated[Path, typer.Argument(help="Dossier à écrire ; il est complété, rien n’y est effacé.")] = Path(
        "lettres"
    ),
    texts: Annotated[
        Path | None,
        typer.Option("--texts", help="Vos modèles, quand la configuration ne les nomme pas (texts.folder)."),
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Écrit chaque lettre, avec des exemples, dans un dossier à parcourir : texte et HTML côte à côte. 1 s’il y a une faute."""
    from dataclasses import replace

    from mailbot.corridor.bench import house
    from mailbot.letters import gallery, own

    looks = house(load(config))
    if texts is not None and not texts.is_dir():
        fail(2, f"Ce dossier de modèles n’existe pas : {texts}.")
    looks = replace(looks, texts_folder=texts) if texts else looks
    with bar("Lettres", length=gallery.MANY, hidden=quiet or as_json) as shown:
        pages = gallery.pages(looks, lambda: shown.update(1))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in pages.items():
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        fail(NOT_DONE, f"Rien ne peut être écrit dans {folder} ({error.strerror}).")
    faults = own.faults(looks)
    if as_json:
        show_json({"index": str(folder / "index.html"), "faults": [vars(f) for f in faults]})
    else:
        for fault in faults:
            typer.echo(str(fault), err=True)
        if not quiet:
            typer.echo(f"{len(pages) - 1} lettres : ouvrez {folder / 'index.html'}")
    raise typer.Exit(NOT_DONE if faults else 0)


@command(
    examples="mailbot schema   ·   mailbot schema --to 0001   (service arrêté, avant de remettre l’ancienne version)"
)
def schema(
    to: Annotated[
        str, typer.Option("--to", help="Ramène le registre à ce schéma plus ancien ; ce que lui seul ignore est perdu.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Sans demander.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Le schéma du registre et ceux que ce programme connaît ; --to pour revenir à une version plus ancienne de mailbot."""
    from mailbot.store import engine
    from mailbot.store.ledger import Ledger, Trouble

    register = Ledger(load(config).database_url)
    try:
        if to:
            if not yes and not agreed(
                f"Avez-vous une copie du registre ? Le ramener au schéma {to} ?", otherwise=False
            ):
                fail(NOT_DONE, "Rien n’a été fait.")
            register.downgrade(to)
        told = {
            "register": register.schema(),
            "program": engine.known_schemas()[-1],
            "known": list(engine.known_schemas()),
        }
    except LookupError as error:
        fail(NOT_DONE, f"Rien n’a été fait : {error.args[0]}. Schémas connus : {', '.join(engine.known_schemas())}.")
    except (engine.NewerSchema, Trouble, OSError) as error:
        words = (
            str(error)
            if isinstance(error, engine.NewerSchema)
            else f"le registre ne s’ouvre pas ({type(error).__name__})"
        )
        fail(TRY_LATER, f"{words}.")
    finally:
        register.close()
    if as_json:
        show_json(told)
    else:
        typer.echo(f"registre : {told['register'] or 'vide'} ; ce programme : {told['program']}")
