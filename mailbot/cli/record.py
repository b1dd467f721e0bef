"""The commands that hand the record on: the fiche (filled, blank, as a link), the register as a table, evidence for an auditor."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbot.cli.shared import (
    NOT_DONE,
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
    with_mails,
)

if TYPE_CHECKING:
    from mailbot.reports.counted import Period

Out = Annotated[Path | None, typer.Option("--out", help="Fichier à écrire ; sinon, dans le dossier courant.")]


@command(
    examples="mailbot fiche REC-2026-0042   ·   mailbot fiche --blank --out fiche.pdf   ·   mailbot fiche --mailto"
)
def fiche(
    number: Annotated[str, typer.Argument(help="Le dossier, par son numéro.")] = "",
    config: ConfigFile = None,
    blank: Annotated[bool, typer.Option("--blank", help="La fiche vierge, à imprimer.")] = False,
    mailto: Annotated[
        bool, typer.Option("--mailto", help="Le lien à mettre sur le site : la fiche, en courriel.")
    ] = False,
    out: Out = None,
) -> None:
    """La fiche d’une réclamation, en PDF à archiver ; vierge avec --blank ; en lien pour le site avec --mailto."""
    if (bool(number), blank, mailto).count(True) != 1:
        fail(2, "Donnez un numéro, ou --blank, ou --mailto : mailbot fiche REC-2026-0042.")
    settings = load(config)
    if mailto:
        from mailbot.reports import blank as form

        typer.echo(form.link(settings))
        return
    from mailbot.corridor import fiches

    if blank:
        from mailbot.reports import blank as form
        from mailbot.reports import pdf

        drawn: bytes | None = pdf.make("blank", form.page(settings), on=datetime.now(UTC))
    else:
        drawn = played_out(with_mails(settings, lambda mails: fiches.drawn(mails.bench, number)))
    if drawn is None:
        fail(NOT_DONE, f"Aucun dossier « {number} ». « mailbot list » les montre tous.")
    path = out or Path(fiches.file_name(number) if number else "fiche-vierge.pdf")
    write(path, drawn)
    typer.echo(f"{path} : {len(drawn) // 1000} ko.")


@command(
    examples="mailbot export --format xlsx --out registre.xlsx   ·   mailbot export --format json --from 2026-01-01"
)
def export(
    config: ConfigFile = None,
    form: Annotated[str, typer.Option("--format", help="csv, xlsx ou json.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", help="Fichier à écrire ; sinon la sortie (csv et json).")] = None,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ", help="Reçues depuis ce jour."),
    ] = None,
    to: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ", help="Reçues jusqu’à ce jour compris."),
    ] = None,
) -> None:
    """Le registre en tableau : une ligne par dossier. Les colonnes sont expliquées dans docs/auditeur.md."""
    from mailbot.reports import export as exporting

    if form not in exporting.FORMATS:
        fail(2, f"--format {form} n’est pas connu : {', '.join(exporting.FORMATS)}.")
    if form == "xlsx" and out is None:
        fail(2, "--format xlsx demande --out FICHIER.")
    settings = load(config)
    wanted = period(from_, to)
    register = open_register(settings)
    told = register.ask(lambda tx: exporting.table(tx, settings, period=wanted))
    register.close()
    data = exporting.write(told, form, made_at=datetime.now(UTC))
    if out is None:
        typer.echo(data.decode("utf-8-sig"), nl=False)
        return
    write(out, data)
    typer.echo(f"{out} : {len(told.rows)} dossiers.")


def period(first: datetime | None, last: datetime | None) -> Period | None:
    """The days asked for; None for all of them."""
    from mailbot.reports.counted import Period

    if first is None and last is None:
        return None
    found = Period(first=first.date() if first else date.min, last=last.date() if last else date.max)
    if found.first > found.last:
        raise typer.BadParameter("--from vient après --to")
    return found


@command(
    examples="mailbot evidence REC-2026-0042   ·   mailbot evidence --from 2026-01-01 --to 2026-12-31 --out audit.zip"
)
def evidence(
    numbers: Annotated[list[str] | None, typer.Argument(help="Un dossier, ou plusieurs, par leurs numéros.")] = None,
    config: ConfigFile = None,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ", help="Premier jour ; sinon le 1er janvier."),
    ] = None,
    to: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ", help="Dernier jour ; sinon aujourd’hui."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Fichier .zip à écrire ; sinon, dans le dossier courant.")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Un zip à lire hors ligne : fiches, messages, lettres et preuves de remise, journal, registre, vérification.

    Noté au journal des dossiers. Les codes personnels de leurs messages cessent de valoir : les boutons déjà reçus demandent
    alors une confirmation si le fournisseur n’atteste pas l’auteur.
    """
    if bool(numbers) == (from_ is not None or to is not None):
        fail(2, "Donnez des numéros, ou une période : mailbot evidence --from 2026-01-01 --to 2026-12-31.")
    settings = load(config)
    told = played_out(with_mails(settings, lambda mails: _evidence(mails, numbers, from_, to, out, quiet or as_json)))
    if as_json:
        show_json(told)
    elif not quiet:
        typer.echo(f"{told['out']} : {told['files']} dossiers. Décompressez, puis ouvrez index.html.")
        typer.echo(f"Empreinte du manifeste : {told['manifest']}")
    for words in (*told["troubles"], *told["faults"]):
        typer.echo(words, err=True)
    raise typer.Exit(NOT_DONE if told["faults"] else 0)


async def _evidence(
    mails: Any, numbers: list[str] | None, first: datetime | None, last: datetime | None, out: Path | None, hidden: bool
) -> dict[str, Any]:
    from mailbot import workdays
    from mailbot.evidence import pack
    from mailbot.store import questions, sums

    bench = mails.bench
    if numbers:
        known = [n.strip().upper() for n in numbers]
        for number in known:
            if await bench.ask(lambda tx, n=number: questions.find_complaint(tx, n)) is None:
                fail(NOT_DONE, f"Aucun dossier « {number} ». « mailbot list » les montre tous.")
        wanted = pack.Wanted(numbers=tuple(dict.fromkeys(known)))
    else:
        today = workdays.local_date(bench.clock(), bench.config.workdays)
        days = pack.whole_days(first.date() if first else None, last.date() if last else None, today)
        if days.first > days.last:
            fail(2, "--from vient après --to.")
        wanted = await pack.of_period(bench, days)
    path = out or Path(pack.file_name(wanted))
    try:
        with (
            bar("Vérification", length=await bench.ask(sums.mails), hidden=hidden) as checking,
            bar("Dossiers", length=len(wanted.numbers), hidden=hidden) as writing,
        ):
            made = await pack.write(
                bench, wanted, path, who=user(), checked=lambda: checking.update(1), written=lambda: writing.update(1)
            )
    except OSError as error:
        fail(NOT_DONE, f"{path} ne s’écrit pas ({error.strerror}).")
    return {"out": str(path), **vars(made)}


def write(path: Path, data: bytes) -> None:
    """Readable by its owner alone: it holds what people wrote."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except OSError as error:
        fail(NOT_DONE, f"{path} ne s’écrit pas ({error.strerror}).")
