"""The commands about the staff: who they are, their welcome with an exercise, whether mail reaches them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mailbot.cli.french import Command, Group
from mailbot.cli.shared import (
    NOT_DONE,
    AsJson,
    ConfigFile,
    Quiet,
    app,
    fail,
    load,
    open_register,
    played_out,
    screen,
    show_json,
    user,
    with_mails,
)

staff = typer.Typer(
    cls=Group, help="L’équipe : qui en est, la bienvenue et son exercice, l’essai des adresses.", no_args_is_help=True
)
app.add_typer(staff, name="staff")
Who = Annotated[list[str] | None, typer.Argument(help="Adresses ou noms ; sans rien : toutes les personnes actives.")]


@staff.command("list", cls=Command, epilog="Exemple : mailbot staff list --json")
def list_(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Qui en est : rôles, remplaçant, dossiers en main, exercice fait ou non."""
    from mailbot.reports import people, tables

    settings = load(config)
    register = open_register(settings)
    rows = register.ask(lambda tx: people.rows(tx, settings, datetime.now(UTC)))
    register.close()
    if as_json:
        show_json(rows)
    else:
        for line in tables.fit(rows, people.HEADINGS, screen()):
            typer.echo(line)


@staff.command(
    "welcome", cls=Command, epilog="Exemples : mailbot staff welcome   ·   mailbot staff welcome bo@formation.example"
)
def welcome(
    who: Who = None,
    again: Annotated[bool, typer.Option("--again", help="Aussi à qui a déjà un exercice.")] = False,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Écrit la bienvenue à chaque personne, avec un dossier d’exercice où chaque bouton s’essaie sans conséquence."""
    settings = load(config)
    told = played_out(with_mails(settings, lambda mails: _welcome(mails, _chosen(settings, who or []), again)))
    if as_json:
        show_json(told)
    elif not quiet:
        for row in told:
            typer.echo(
                f"{row['name']} : {row['number']}"
                + ("" if row["new"] else " (déjà accueilli : --again pour recommencer)")
            )
        typer.echo("Les lettres partent dès que le bureau tourne (mailbot run).")


async def _welcome(mails: Any, people: list[Any], again: bool) -> list[dict[str, Any]]:
    from mailbot.store import questions

    told = []
    for person in people:
        number, _ = await mails.bench.ask(lambda tx, p=person: questions.practice_of(tx, p.addresses[0].lower()))
        new = again or not number
        told.append(
            {"name": person.name, "number": await mails.practise(person, user()) if new else number, "new": new}
        )
    return told


@staff.command("test", cls=Command, epilog="Exemple : mailbot staff test")
def try_(who: Who = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Demande au serveur d’envoi s’il accepte chaque adresse ; n’envoie rien. 1 si une adresse est refusée."""
    from mailbot import oauth
    from mailbot.doctor import post
    from mailbot.outbox import RoadClosed

    def now() -> datetime:
        return datetime.now(UTC)

    settings = load(config)
    source = oauth.of(settings, now)
    addresses = [(p.name, a) for p in _chosen(settings, who or []) for a in p.addresses]
    try:
        rows = played_out(post.reach(settings, addresses, now, source.access if source else None))
    except RoadClosed as error:
        fail(NOT_DONE, f"{error}.", error.advice)
    if as_json:
        show_json(rows)
    else:
        for row in rows:
            typer.echo(
                f"{'✓' if row['accepted'] else '✗'} {row['name']} <{row['address']}>"
                + (f" : {row['why']}" if row["why"] else "")
            )
    raise typer.Exit(0 if all(row["accepted"] for row in rows) else NOT_DONE)


def _chosen(settings: Any, who: list[str]) -> list[Any]:
    """The people meant, in the order of the configuration; exit 2 for somebody unknown."""
    active = [p for p in settings.staff if p.active]
    if not who:
        return active
    found = []
    for word in who:
        wanted = word.strip().lower()
        some = [p for p in active if wanted in (p.name.lower(), p.first_name.lower(), *map(str.lower, p.addresses))]
        if len(some) != 1:
            known = ", ".join(p.name for p in active)
            fail(2, f"« {word} » : {'personne' if not some else 'plusieurs personnes'} de ce nom. Connus : {known}.")
        found += some
    return found
