"""The command of the quality meeting: figures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from mailbot.cli.shared import AsJson, ConfigFile, command, load, open_register, show_json


@command(examples="mailbot figures --from 2026-01-01 --to 2026-03-31   ·   mailbot figures --json")
def figures(
    config: ConfigFile = None,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ", help="Premier jour ; sinon le 1er janvier."),
    ] = None,
    to: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ", help="Dernier jour ; sinon aujourd’hui."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Les chiffres de la réunion qualité pour une période, chacun avec sa formule (--json la donne)."""
    from mailbot import workdays
    from mailbot.reports import gathered
    from mailbot.reports.counted import Period
    from mailbot.reports.figures import figures as compute

    settings = load(config)
    last = to.date() if to else workdays.local_date(datetime.now(UTC), settings.workdays)
    first = from_.date() if from_ else date(last.year, 1, 1)
    if first > last:
        raise typer.BadParameter("--from vient après --to")
    period = Period(first=first, last=last)
    register = open_register(settings)
    found = compute(register.ask(lambda tx: gathered.register(tx, settings)), period)
    register.close()
    if as_json:
        show_json(gathered.as_json(found, period))
        return
    typer.echo(f"Du {first:%d/%m/%Y} au {last:%d/%m/%Y}")
    for figure in found:
        typer.echo(f"{figure.rank:2}  {figure.name} : {figure.text}")
