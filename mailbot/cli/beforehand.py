"""The commands that show beforehand: rehearse."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast
from zoneinfo import ZoneInfo

import typer

from mailbot.cli.shared import NOT_DONE, AsJson, ConfigFile, Quiet, bar, command, fail, load, played_out, show_json

if TYPE_CHECKING:
    from mailbot.config import Config
    from mailbot.rehearse.folder import Mail
    from mailbot.rehearse.play import Played


@command(examples="mailbot rehearse courriels --until 2026-12-31 --out repetition")
def rehearse(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Des fichiers .eml, datés par leur nom (« 2026-03-23 0905 awa.eml ») ou leur en-tête Date ; "
            "dans un sous-dossier « indésirables », ils arrivent là. {{REC:awa}} y vaut le numéro du dossier ouvert par "
            "« awa », {{LETTER:survey|awa}} le Message-ID d’une lettre."
        ),
    ],
    until: Annotated[str, typer.Option("--until", help="Dernier jour joué (AAAA-MM-JJ).")],
    out: Annotated[Path, typer.Option("--out", help="Dossier nouveau ou vide, où tout s’écrit.")],
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Joue des courriels datés, sans réseau, et écrit chaque lettre qui partirait, le registre, le journal, les chiffres et les fiches.

    Les mêmes courriels donnent les mêmes octets. Un message sans Authentication-Results est tenu pour prouvé.
    """
    settings = load(config)
    last = _day(until)
    mails = _mails(settings, folder, last)
    _fresh(out)
    played = played_out(_play(settings, mails, last, out, hidden=quiet or as_json))
    if as_json:
        show_json({**played.as_dict(), "out": str(out)})
    elif not quiet:
        typer.echo("\n".join(_lines(played, out)))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(2, "--until : écrivez une date comme 2026-12-31.")


def _mails(settings: Config, folder: Path, last: date) -> list[Mail]:
    from mailbot.rehearse.folder import PROVIDER, Undated, mails

    zone = ZoneInfo(settings.calendar.timezone)
    try:
        found = mails(folder, zone, settings.mailbox.authserv_id or PROVIDER)
    except OSError as error:
        fail(NOT_DONE, f"Le dossier ne se lit pas : {error.strerror} ({error.filename or folder}).")
    except Undated as error:
        some = [f"  {name}" for name in error.names[:20]]
        what = "Ni leur nom ni leur en-tête Date ne disent quand ces messages arrivent (« 2026-03-23 0905 awa.eml ») :"
        fail(NOT_DONE, what, *some)
    if not [mail for mail in found if mail.at.astimezone(zone).date() <= last]:
        fail(NOT_DONE, f"Aucun fichier .eml à jouer dans {folder} jusqu’au {last:%d/%m/%Y}.")
    return found


def _fresh(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            fail(NOT_DONE, f"{out} n’est pas vide : donnez un dossier nouveau, ou videz-le.")
    except OSError as error:
        fail(NOT_DONE, f"{out} ne peut pas être écrit : {error.strerror}.")


async def _play(settings: Config, mails: list[Mail], last: date, out: Path, *, hidden: bool) -> Played:
    from mailbot.log import log_to
    from mailbot.rehearse.play import Stopped, play

    log_to(cast(TextIO, _Faults()))
    days = (last - mails[0].at.date()).days + 1
    with bar("Répétition", length=days, hidden=hidden) as shown:
        try:
            return await play(settings, mails, last, out, shown.update)
        except Stopped as error:
            fail(NOT_DONE, f"La répétition s’arrête : {error} Ce qui était joué jusque-là est dans {out}.")


def _lines(played: Played, out: Path) -> list[str]:
    left_out = f" ; {played.left_out} sont d’après" if played.left_out else ""
    lines = [
        f"Joué du {played.first:%d/%m/%Y} au {played.last:%d/%m/%Y} : {played.mails} messages{left_out}.",
        f"Dossiers : {played.files}.",
        "Messages : " + (", ".join(f"{n} « {v} »" for v, n in played.verdicts.items()) or "aucun") + ".",
        "Lettres : " + (", ".join(f"{n} « {k} »" for k, n in played.letters.items()) or "aucune") + ".",
    ]
    return [
        *lines,
        f"Tout est dans {out} : lettres/, fiches/, reunions/, registre (.xlsx, .csv, .json), journal et messages (.csv, .json), "
        "chiffres.json, mailbot.db.",
    ]


class _Faults:
    """Where a rehearsal logs: what the desk does is in its record, only what goes wrong is said."""

    def write(self, text: str) -> None:
        if "level=error" in text:
            sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()
