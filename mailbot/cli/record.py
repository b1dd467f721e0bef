"""The commands of the record on paper: the fiche, filled, blank or as a link."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailbot.cli.shared import NOT_DONE, ConfigFile, command, fail, load, with_mails

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
        drawn = asyncio.run(with_mails(settings, lambda mails: fiches.drawn(mails.bench, number)))
    if drawn is None:
        fail(NOT_DONE, f"Aucun dossier « {number} ». « mailbot list » les montre tous.")
    path = out or Path(fiches.file_name(number) if number else "fiche-vierge.pdf")
    write(path, drawn)
    typer.echo(f"{path} : {len(drawn) // 1000} ko.")


def write(path: Path, data: bytes) -> None:
    """Readable by its owner alone: it holds what people wrote."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except OSError as error:
        fail(NOT_DONE, f"{path} ne s’écrit pas ({error.strerror}).")
