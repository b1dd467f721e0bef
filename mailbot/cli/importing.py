"""The command that takes in what was before: another register, old mails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
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
    show_json,
    user,
    with_mails,
)

if TYPE_CHECKING:
    from mailbot.corridor.mails import Mails
    from mailbot.importing.mails import Plan as MailPlan
    from mailbot.importing.mails import Taken
    from mailbot.importing.mapping import Mapping
    from mailbot.importing.register import Plan
    from mailbot.importing.sheets import Table
    from mailbot.reports.sources import Source

SHOWN = 40  # lines and mistakes told on a terminal; --json tells all


@command(
    "import",
    examples="mailbot import registre.xlsx --draft correspondance.toml   ·   "
    "mailbot import registre.xlsx --mapping correspondance.toml --preview   ·   mailbot import archive.mbox",
)
def import_(
    what: Annotated[
        Path, typer.Argument(help="Un registre (.csv, .xlsx), ou des messages : .eml, .mbox, un dossier, un Maildir.")
    ],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="Quelle colonne du registre devient quoi (TOML).")
    ] = None,
    draft: Annotated[
        Path | None,
        typer.Option("--draft", help="Écrit cette correspondance d’après les titres du registre, et s’arrête."),
    ] = None,
    as_complaints: Annotated[
        bool,
        typer.Option("--as-complaints", help="De chaque message qui est une réclamation, faire un dossier ouvert."),
    ] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Montre ce qui serait repris, et n’écrit rien.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Sans demander.")] = False,
    config: ConfigFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Reprend ce qui était avant mailbot : montre ce que chaque ligne ou message deviendrait, chaque erreur, puis demande.

    Aucune lettre n’en part. Interrompue, la même commande reprend où elle en était ; répétée, elle n’ajoute rien.
    """
    import asyncio

    ask = Asked(preview=preview, yes=yes, as_json=as_json, silent=quiet or as_json)
    if _holds_mails(what):
        if mapping or draft:
            fail(2, "--mapping et --draft valent pour un registre (.csv, .xlsx) ; les messages n’en ont pas besoin.")
        settings, known = load(config), _mails_in(what)
        told = asyncio.run(with_mails(settings, lambda m: _take_mails(m, known, what, as_complaints, ask)))
    elif as_complaints:
        fail(2, "--as-complaints vaut pour des messages : un registre dit lui-même ce que chaque ligne est.")
    elif draft is not None:
        return _draft(what, draft)
    elif mapping is None:
        fail(2, "Donnez --mapping FICHIER ; « --draft FICHIER » en écrit un pour commencer, d’après les titres.")
    else:
        settings, chosen = load(config), _mapping(mapping)
        table = _opened(what, chosen.how)
        told = asyncio.run(with_mails(settings, lambda m: _take(m, table, chosen, what.name, ask)))
    if as_json:
        show_json(told)
    raise typer.Exit(0 if told["done"] or (preview and not told["mistakes"]) else NOT_DONE)


@dataclass(frozen=True)
class Asked:
    """How the command was typed."""

    preview: bool
    yes: bool
    as_json: bool
    silent: bool

    def agrees(self, many: int, what: str) -> bool:
        return self.yes or not many or agreed(f"Reprendre ces {many} {what} ?", otherwise=False)


def _holds_mails(what: Path) -> bool:
    from mailbot.reports import sources

    return what.is_dir() or what.suffix.lower() in sources.ENDINGS


def _draft(register: Path, out: Path) -> None:
    from mailbot.importing import mapping
    from mailbot.importing.sheets import How

    table = _opened(register, How())
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(mapping.draft(table.heads, _printable(register.name)))
    except OSError as error:
        fail(NOT_DONE, f"{out} ne s’écrit pas ({error.strerror}) : donnez un nouveau nom.")
    typer.echo(f"{out} : relisez-le, puis « mailbot import {register} --mapping {out} --preview ».")


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name)


def _mapping(path: Path) -> Mapping:
    from mailbot.importing import mapping

    try:
        return mapping.read(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        fail(NOT_DONE, f"{path} ne se lit pas : {error.strerror}.")
    except UnicodeDecodeError:
        fail(WRONG_CONFIG, f"{path} n’est pas en UTF-8 : enregistrez-le ainsi.")
    except mapping.Wrong as error:
        fail(WRONG_CONFIG, f"{path} : {len(error.found)} erreur(s) à corriger.", *(f"- {m}" for m in error.found))


def _opened(path: Path, how: Any) -> Table:
    from mailbot.importing import sheets

    try:
        return sheets.table(path, how)
    except OSError as error:
        fail(NOT_DONE, f"{path} ne se lit pas : {error.strerror}.")
    except sheets.Unfit as error:
        fail(NOT_DONE, f"{path} : {error}.")


async def _take(mails: Mails, table: Table, chosen: Mapping, source: str, ask: Asked) -> dict[str, Any]:
    from mailbot.guard import NotStarted, Unreadable
    from mailbot.importing import register

    with bar("Lecture", length=len(table.rows), hidden=ask.silent) as shown:
        try:
            made = await register.plan(table, chosen, mails.bench, _printable(source), lambda: shown.update(1))
        except NotStarted as error:
            fail(TRY_LATER, f"{error}.")
        except Unreadable as error:
            fail(NOT_DONE, f"Une ligne ne se lit pas ({error}). Rien n’a été fait.")
    told = _told(made)
    if not ask.as_json:
        for line in lines(made, quiet=ask.silent):
            typer.echo(line)
    many = len(made.files)
    if made.mistakes or ask.preview or not ask.agrees(many, "lignes"):
        if not ask.as_json:
            typer.echo("Rien n’a été écrit.")
        return told
    with bar("Reprise", length=many, hidden=ask.silent) as shown:
        given = await register.take_in(made, mails.bench, user(), lambda: shown.update(1))
    if not ask.silent:
        typer.echo(f"{len(given)} dossier(s) repris" + (f" : de {given[0]} à {given[-1]}." if given else "."))
    return {**told, "done": True, "given": given}


def _mails_in(what: Path) -> list[Source]:
    from mailbot.reports import sources

    try:
        found = sources.found(what)
    except OSError as error:
        fail(NOT_DONE, f"{what} ne se lit pas : {error.strerror}.")
    if not found:
        fail(NOT_DONE, f"Aucun message dans {what} : il faut des fichiers .eml ou .mbox, ou un Maildir.")
    return found


async def _take_mails(
    mails: Mails, found: Sequence[Source], what: Path, as_complaints: bool, ask: Asked
) -> dict[str, Any]:
    from mailbot.guard import NotStarted
    from mailbot.importing import mails as old

    label = _printable(what.name or str(what))
    with bar("Lecture", length=len(found), hidden=ask.silent) as shown:
        made = await old.plan(found, mails.bench, lambda: shown.update(1))
    if not ask.as_json:
        for line in mail_lines(made, quiet=ask.silent):
            typer.echo(line)
    told = {"known": made.known, "mistakes": [list(f) for f in made.faults], "mails": [], "done": False}
    if not ask.preview and not ask.agrees(len(made.mails), "messages"):
        typer.echo("Rien n’a été écrit.")
        return told
    with bar("Essai" if ask.preview else "Reprise", length=len(made.mails), hidden=ask.silent) as shown:
        try:
            how = old.rehearse if ask.preview else old.take_in
            taken = await how(made.mails, mails, label, as_complaints=as_complaints, step=lambda: shown.update(1))
        except NotStarted as error:
            fail(TRY_LATER, f"{error}.")
    if not ask.as_json:
        for line in taken_lines(taken, quiet=ask.silent, preview=ask.preview):
            typer.echo(line)
    return {**told, "mails": [vars(t) for t in taken], "done": not ask.preview}


def _told(made: Plan) -> dict[str, Any]:
    return {
        "read_as": made.said,
        "files": [
            {
                "line": f.row,
                "number": f.number,
                "old_number": f.line.number,
                "received_at": f.line.received_at.isoformat(),
                "complainant": f.line.name or f.line.addr,
                "subject": f.line.subject,
                "state": f.line.state,
                "due_on": f.due_on.isoformat(),
            }
            for f in made.files
        ],
        "known": dict(made.known),
        "changed": dict(made.changed),
        "mistakes": [{**vars(m), "rows": list(m.rows)} for m in made.mistakes],
        "notes": [{**vars(n), "rows": list(n.rows)} for n in made.notes],
        "done": False,
    }


def lines(made: Plan, *, quiet: bool = False) -> list[str]:
    """What would be done, for a terminal; every mistake, always."""
    from mailbot.reports.tables import clean

    out = [] if quiet else [f"Lu ainsi : {made.said}."]
    if not quiet:
        for f in made.files:
            who = clean(f.line.name or f.line.addr or "anonyme")
            old = f" (n° {clean(f.line.number)})" if f.line.number else ""
            end = f"échéance {f.due_on:%d/%m/%Y}" if f.line.state == "ouverte" else f.line.outcome
            state = f"{f.line.state}, {end}" if end else f.line.state
            out.append(
                f"  ligne {f.row}{old} → {f.number} · {f.line.received_at:%d/%m/%Y} · {who} : {clean(f.line.subject)[:60]} · {state}"
            )
        out += [f"  ligne {row} : déjà reprise, {number}" for row, number in made.known[:SHOWN]]
        out += [f"  … et {len(made.known) - SHOWN} autres déjà reprises" for _ in made.known[SHOWN : SHOWN + 1]]
    out += [
        f"  ligne {row} : déjà reprise, {number} ; elle a changé depuis : laissée telle qu’elle était"
        for row, number in made.changed
    ]
    out += [f"À savoir : {clean(str(n))}" for n in made.notes]
    out += [f"✗ {clean(str(m))}" for m in made.mistakes]
    if quiet and not made.mistakes:
        return out
    counts = [(len(made.files), "à reprendre"), (len(made.known) + len(made.changed), "déjà reprises")]
    counts.append((len(made.mistakes), "erreurs"))
    return [*out, "Lignes : " + ", ".join(f"{n} {what}" for n, what in counts if n or what == "à reprendre") + "."]


def mail_lines(made: MailPlan, *, quiet: bool) -> list[str]:
    from mailbot.reports.tables import clean

    out = [f"✗ {clean(name)} : {why}, laissé" for name, why in made.faults]
    if quiet:
        return out
    undated = sum(not m.dated for m in made.mails)
    if undated:
        out.append(f"À savoir : {undated} message(s) sans date plausible, tenus pour reçus maintenant.")
    return [*out, f"Messages : {len(made.mails)} à reprendre, {made.known} déjà connus, {len(made.faults)} illisibles."]


def taken_lines(taken: Sequence[Taken], *, quiet: bool, preview: bool) -> list[str]:
    """Each file opened, each mail that could not be read, and how many became what."""
    from mailbot.reports.tables import clean

    out: list[str] = []
    for each in taken:
        if each.verdict == "quarantined" or (each.number and not quiet):
            where = f" → {each.number}" if each.number and not preview else ""
            out.append(f"  {clean(each.name)}{where} : {each.verdict} ; {clean(each.reason)}")
    counted = Counter(t.verdict for t in taken)
    if not quiet:
        out.append(", ".join(f"{n} « {verdict} »" for verdict, n in counted.most_common()) or "Rien de nouveau.")
    return [*out, "Rien n’a été écrit."] if preview else out
