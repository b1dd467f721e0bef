"""`mailbot move`: the register to another database; the desk then goes on there, with one line of the configuration changed."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbot.cli.safety import examine
from mailbot.cli.shared import (
    NOT_DONE,
    TRY_LATER,
    AsJson,
    ConfigFile,
    Quiet,
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
    from mailbot.store.ledger import Ledger
    from mailbot.store.moving import Move

GO_ON = "La même commande reprend où elle s’est arrêtée."


@command(examples="mailbot move --to postgresql://mailbot@base.example/mailbot   ·   mailbot move --to - < adresse.txt")
def move(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="L’adresse de l’autre base, vide : postgresql://compte@serveur/base, ou sqlite:////chemin/mailbot.db. "
            "« - » : lue sur l’entrée, pour qu’un mot de passe ne se voie nulle part.",
        ),
    ],
    config: ConfigFile = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Même si le registre avait déjà un défaut avant de partir.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Porte le registre dans une autre base (SQLite, PostgreSQL), vérifié ; le bureau continue là. Le service est arrêté.

    Interrompue, la même commande reprend. L’ancien registre reste tel quel, mais muet.
    """
    settings = load(config)
    target = _target(_typed(to))
    source = open_register(settings, left=True)
    with _told(), contextlib.closing(source), contextlib.closing(target):
        told = _move(settings, source, target, hidden=quiet or as_json, anyway=anyway)
    value = _value(settings, target)
    if as_json:
        show_json({**told, "setting": "database.url", "value": value})
    elif not quiet:
        typer.echo("\n".join([*_lines(told), *_next(settings, target, value)]))


def _typed(to: str) -> str:
    if to != "-":
        return to
    return (
        str(typer.prompt("Adresse", hide_input=True, err=True)) if sys.stdin.isatty() else sys.stdin.readline().strip()
    )


def _target(url: str) -> Ledger:
    from mailbot.config.checks.disk import DATABASE
    from mailbot.store.ledger import Ledger, Trouble

    found = None
    with contextlib.suppress(Trouble, ValueError, OSError):  # their words may hold the address
        found = Ledger(url) if DATABASE.match(url) else None
    if found is None:
        fail(2, "--to : écrivez postgresql://compte@serveur/base, ou sqlite:////chemin/mailbot.db.")
    return found


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Trouble in one sentence; a database's own words hold addresses and rows."""
    from mailbot.store import moving
    from mailbot.store.engine import NewerSchema
    from mailbot.store.lead import Busy
    from mailbot.store.ledger import Trouble

    try:
        yield
    except Busy as error:
        fail(TRY_LATER, f"Rien n’a été fait : {error}. Arrêtez le bureau, puis recommencez.")
    except moving.Refused as error:
        fail(NOT_DONE, f"Le registre n’a pas déménagé : {error}.")
    except moving.Differs as error:
        fail(
            NOT_DONE,
            f"Les deux registres n’étaient pas les mêmes ({error}) : le nouveau a été vidé, l’ancien continue. Recommencez.",
        )
    except NewerSchema as error:
        fail(TRY_LATER, f"{error}.")
    except (Trouble, OSError) as error:
        why = type(getattr(error, "orig", None) or error).__name__
        fail(
            TRY_LATER, f"Une des deux bases ne répond pas ou refuse ({why}) : vérifiez l’adresse et les droits. {GO_ON}"
        )


def _move(settings: Config, source: Ledger, target: Ledger, *, hidden: bool, anyway: bool) -> dict[str, Any]:
    from mailbot.store import lead, moving

    told: dict[str, Any] = {"from": moving.place(source.url), "to": moving.place(target.url), "already": False}
    with lead.alone(source, lambda: datetime.now(UTC)):
        work = moving.Move(source, target, secrets.token_hex(16))
        here = work.begin(settings.instance_id, lambda: secrets.token_hex(16))
        if work.done:
            return {**told, "already": True}
        total = work.count()
        with bar("Déménagement", length=total, hidden=hidden) as shown:
            shown.update(here)
            work.copy(shown.update)
        work.silence(datetime.now(UTC))
        with bar("Comparaison", length=2 * total, hidden=hidden) as shown:
            prints = work.compare(shown.update)
        found = _verified(settings, work, hidden=hidden, anyway=anyway)
        work.release(prints, datetime.now(UTC), who=user(), salt=secrets.token_hex(16))
    told |= {
        "rows": sum(p.rows for p in prints.values()),
        "resumed_at": here,
        "faults": found.faults,
        "head": found.head,
    }
    return {**told, "tables": {name: vars(p) for name, p in prints.items()}}


def _verified(settings: Config, work: Move, *, hidden: bool, anyway: bool) -> Any:
    """`verify` of the new register; with a fault, which the old one has too, the old one goes on."""
    found = played_out(examine(settings, work.target, "", hidden=hidden))
    if found.faults and not anyway:
        work.back()
        fail(
            NOT_DONE,
            f"Le registre avait déjà un défaut, aussi dans l’ancienne base : {found.faults[0]}.",
            "L’ancien continue. « mailbot verify » dit tout ; --anyway le déménage tel qu’il est.",
        )
    return found


def _value(settings: Config, target: Ledger) -> str | None:
    """What `database.url` becomes; None when it holds a secret."""
    from mailbot.store.ledger import secret_in

    if target.path and target.path.absolute() == (settings.data_dir / "mailbot.db").absolute():
        return ""
    return None if secret_in(target.url) else target.url


def _lines(told: dict[str, Any]) -> list[str]:
    if told["already"]:
        return [f"Ce registre a déjà déménagé : {told['to']}. Rien à faire de plus."]
    tables: dict[str, Any] = told["tables"]
    return [
        f"{told['rows']} lignes de {len(tables)} tables portées vers {told['to']}, les mêmes des deux côtés.",
        *(f"Défaut déjà dans l’ancien registre : {fault}" for fault in told["faults"]),
        f"Journal et messages vérifiés, tête {told['head'][:16]}." if not told["faults"] else "",
        "L’ancien registre reste tel quel, mais muet : un bureau lancé dessus le dit et ne démarre pas.",
    ]


def _next(settings: Config, target: Ledger, value: str | None) -> list[str]:
    file = settings.file or "la configuration"
    lines = [f"Il reste une ligne à changer dans {file}, table [database] :", f'  url = "{value}"']
    if value is None:
        lines = [
            "Il reste une ligne à changer, url de la table [database] : l’adresse que vous venez de donner. Elle contient un mot de",
            f"passe : écrivez-la là où vous donnez les secrets (secrets.toml, à côté de {file}), pas dans la configuration.",
        ]
    if not target.sqlite and settings.backup.folder:
        lines.append(
            "Retirez aussi backup.folder : PostgreSQL se sauve par pg_dump (« mailbot backup » donne la commande)."
        )
    return [*lines, "Puis « mailbot check », et le service."]
