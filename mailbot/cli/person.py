"""The commands of a person's rights: export, pseudonymise, retention by age, legal hold."""

from __future__ import annotations

import secrets
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbot.cli.french import Command, Group
from mailbot.cli.shared import (
    NOT_DONE,
    TRY_LATER,
    AsJson,
    ConfigFile,
    app,
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
    from mailbot.privacy.erasing import Done
    from mailbot.store.erase import Plan

person = typer.Typer(
    cls=Group, help="Les droits d’une personne : ce qui est détenu sur elle, et son effacement.", no_args_is_help=True
)
app.add_typer(person, name="person")
Address = Annotated[str, typer.Argument(help="L’adresse de la personne, telle que ses messages la portent.")]
Preview = Annotated[bool, typer.Option("--preview", help="Montre ce qui serait fait, et ne fait rien.")]
Yes = Annotated[bool, typer.Option("--yes", help="Sans demander de recopier.")]


@person.command("export", cls=Command, epilog="Exemple : mailbot person export carl@courriel.example --out /tmp/carl")
def export(
    address: Address,
    out: Annotated[Path, typer.Option("--out", help="Dossier à créer, ou fichier .zip.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Écrit tout ce qui est détenu sur une personne : page à ouvrir, messages, lettres, pièces, JSON. Relisez « a-relire »."""
    settings = load(config)
    if out.exists() and (out.is_file() or any(out.iterdir())):
        fail(2, f"{out} existe déjà : donnez un dossier vide ou un nouveau nom.")
    register = open_register(settings)
    zipped = out.suffix.lower() == ".zip"
    folder = Path(mkdtemp(prefix="mailbot-")) / "export" if zipped else out
    try:
        told = played_out(_export(settings, register, address, folder))
        if zipped:
            shutil.make_archive(str(out.with_suffix("")), "zip", folder)
    except LookupError:
        fail(NOT_DONE, "Le registre ne détient rien de cette adresse.")
    except OSError as error:
        fail(NOT_DONE, f"L’export ne s’écrit pas dans {out} ({error.strerror}).")
    finally:
        register.close()
        if zipped:
            shutil.rmtree(folder.parent, ignore_errors=True)
    if as_json:
        show_json({"out": str(out), **vars(told)})
        return
    typer.echo(
        f"{out} : {told.files} dossiers, {told.mails} messages, {told.letters} lettres, {told.attachments} pièces. "
        "Ouvrez index.html."
    )
    for trouble in told.troubles:
        typer.echo(trouble, err=True)
    typer.echo(
        f"À relire avant de remettre : le dossier « a-relire » ({told.to_read} messages du service ou de tiers)."
    )


async def _export(settings: Config, register: Any, address: str, folder: Path) -> Any:
    from mailbot.corridor.bench import words
    from mailbot.guard import Guard
    from mailbot.privacy import export as exporting
    from mailbot.store import hold

    now = datetime.now(UTC)
    async with Guard(words(settings).to_json()) as guard:
        told = await exporting.write(register, guard, settings, address.strip().lower(), folder, now)
    register.run(
        lambda tx: hold.note_export(tx, address.strip().lower(), at=now, who=user(), salt=secrets.token_hex(16))
    )
    return told


@person.command(
    "pseudonymise", cls=Command, epilog="Exemple : mailbot person pseudonymise carl@courriel.example --preview"
)
def pseudonymise(
    address: Address,
    config: ConfigFile = None,
    preview: Preview = False,
    yes: Yes = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Même avant l’âge de conservation (privacy.years) : l’organisme le décide.")
    ] = False,
    others: Annotated[
        bool, typer.Option("--others", help="Efface aussi les messages d’autres dossiers qui nomment la personne.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Retire une personne du registre, de la boîte et du fichier de la base ; numéros, dates et chiffres restent.

    Interrompue, la même commande reprend où elle en était.
    """
    from dataclasses import replace

    from mailbot.privacy import erasing
    from mailbot.store import erase

    settings, now = load(config), datetime.now(UTC)
    register = open_register(settings)

    def plan(tx: Any) -> Plan:
        return erasing.plan(tx, address, settings, draw=lambda: secrets.token_hex(6))

    try:
        made = register.ask(plan)
    except erasing.Refused as error:
        fail(NOT_DONE, f"Rien n’a été fait : {error}.")
    made = replace(made, others_too=others)
    if made.found.empty and not made.mentions.mails:
        told = erasing.Done()
        if preview or not register.ask(erase.unfinished):
            fail(NOT_DONE, "Le registre ne détient rien de cette adresse.")
    else:
        _show(made, as_json=as_json and preview)
        obstacles = erasing.obstacles(made, settings, now, anyway=anyway)
        if obstacles:
            advice = () if anyway else ("--anyway passe outre l’âge, jamais une conservation ni un dossier ouvert.",)
            fail(NOT_DONE, "Rien n’est effacé :", *(f"  {o}." for o in obstacles), *advice)
        if preview:
            return
        _sure(address, yes=yes)
        made = replace(register.ask(plan), others_too=others)  # mail may have come while somebody was typing
        if erasing.obstacles(made, settings, now, anyway=anyway):
            fail(NOT_DONE, "Rien n’est effacé : un message vient d’arriver. Refaites la commande.")
        told = erasing.pseudonymise(register, made, settings, now, who=user(), cause="command:person pseudonymise")
    _follow(settings, register, told, as_json=as_json)


def _show(made: Plan, *, as_json: bool) -> None:
    """Of whom is known to who typed it: counted and numbered, for a terminal that somebody may look at."""
    found, named = made.found, made.mentions
    shown: dict[str, Any] = {
        "files": [f.number for f in found.files],
        "mails": len(found.mails),
        "letters": len(found.letters),
        "journal_lines": len(found.lines),
        "names_shared": len(found.shared),
        "notices": len(named.letters_inside),
        "packs": len(named.packs),
        "others": len(named.mails) + len(named.letters_outside),
        "others_files": list(named.numbers),
    }
    if as_json:
        show_json(shown)
        return
    typer.echo(
        f"Dossiers : {', '.join(shown['files']) or 'aucun'}. Messages : {shown['mails']}, lettres : {shown['letters']}, "
        f"lignes du journal : {shown['journal_lines']}, avis et relevés à l’équipe : {shown['notices']}.",
        err=True,
    )
    if shown["packs"]:
        typer.echo(f"Dossiers de réunion qui la nomment, retirés aussi : {shown['packs']}.", err=True)
    if shown["names_shared"]:
        typer.echo("Le nom est aussi celui de quelqu’un d’autre : il n’est retiré que de ces dossiers.", err=True)
    if shown["others"]:
        where = ", ".join(named.numbers) or "sans dossier"
        fate = "effacés aussi" if made.others_too else "gardés, preuve d’autrui (--others les efface)"
        typer.echo(
            f"{shown['others']} messages ou lettres d’autres réclamants la nomment ({where}) : {fate}.", err=True
        )


def _sure(word: str, *, yes: bool) -> None:
    """Typed, so that no habit of pressing Enter erases anybody."""
    if yes:
        return
    if not sys.stdin.isatty():
        fail(2, "Sans terminal, confirmez par --yes.")
    if typer.prompt(f"Pour effacer, recopiez « {word} »", err=True).strip().lower() != word.strip().lower():
        fail(NOT_DONE, "Rien n’a été fait.")


def _follow(settings: Config, register: Any, told: Done, *, as_json: bool) -> None:
    from mailbot import oauth
    from mailbot.mailbox import Mailbox
    from mailbot.privacy import erasing

    tokens = oauth.of(settings, lambda: datetime.now(UTC), None)
    mailbox = Mailbox(settings.mailbox, token=tokens.access if tokens else None, limit=settings.intake.max_mb * 2**20)
    told = erasing.follow(register, settings, mailbox, lambda: datetime.now(UTC), told)
    register.close()
    if as_json:
        show_json({**vars(told), "mailbox": vars(told.mailbox) if told.mailbox else None, "whole": told.whole})
    else:
        for line in erasing.lines(told):
            typer.echo(line)
    if not told.whole:
        fail(TRY_LATER, "Ce n’est pas fini : refaites la même commande (le bureau le retente aussi, et alarme).")


@command(examples="mailbot retention --preview   ·   mailbot retention --apply")
def retention(
    config: ConfigFile = None,
    preview: Preview = False,
    apply: Annotated[bool, typer.Option("--apply", help="Efface ce qui a atteint son âge.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Ce qui a atteint son âge (privacy.years, privacy.spam_months) : le montre, ou l’efface. Une conservation l’arrête."""
    from mailbot.privacy import retention as aging
    from mailbot.store import erase

    if preview == apply:
        fail(2, "Choisissez : --preview pour voir, --apply pour effacer.")
    settings, now = load(config), datetime.now(UTC)
    register = open_register(settings)
    aged = register.ask(lambda tx: aging.look(tx, settings, now))
    shown: dict[str, Any] = {"files": [n for numbers in aged.files.values() for n in numbers], "mails": len(aged.mails)}
    if preview and as_json:
        show_json({**shown, "held": list(aged.held)})
        return
    if not as_json:
        typer.echo(
            f"Dossiers à pseudonymiser : {', '.join(shown['files']) or 'aucun'}. Indésirables : {shown['mails']}."
        )
        for held in aged.held:
            typer.echo(f"Conservé : {held}")
    if preview:
        return
    if not shown["files"] and not shown["mails"] and not register.ask(erase.unfinished):
        return
    if shown["files"] or shown["mails"]:
        _sure(str(aged.count + shown["mails"]), yes=yes)
    with bar("Effacement", length=len(aged.files), hidden=as_json) as shown_bar:
        told = aging.apply(register, settings, aged, now, who=user(), step=lambda: shown_bar.update(1))
    _follow(settings, register, told, as_json=as_json)


@command(examples="mailbot hold REC-2026-0042 --reason « médiation en cours »   ·   mailbot hold REC-2026-0042 --lift")
def hold(
    number: str,
    reason: Annotated[str, typer.Option("--reason", help="Pourquoi rien n’en doit être effacé.")] = "",
    lift: Annotated[bool, typer.Option("--lift", help="Lève la conservation.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Conserve un dossier quoi qu’il arrive (litige, médiation), ou lève cette conservation ; le journal le dit."""
    from mailbot.store import hold as holding

    if bool(reason.strip()) == lift:
        fail(2, "Donnez --reason POURQUOI, ou --lift.")
    register = open_register(load(config))
    act: dict[str, Any] = {"at": datetime.now(UTC), "who": user(), "salt": secrets.token_hex(16)}
    try:
        register.run(lambda tx: holding.lift(tx, number, **act) if lift else holding.put(tx, number, reason, **act))
    except holding.Impossible as error:
        fail(NOT_DONE, f"Rien n’a été fait : {error}.")
    finally:
        register.close()
    if as_json:
        show_json({"number": number.upper(), "hold": reason.strip()})
    else:
        typer.echo(f"{number.upper()} : " + ("conservation levée." if lift else f"conservé ({reason.strip()})."))
