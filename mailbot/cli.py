"""Commands a person types; each a few lines. Heavy rooms are imported by the command that needs them.

Exit codes: 0 done · 1 not done, the message says why · 2 wrong use · 75 try again later · 78 wrong configuration.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from mailbot.config import Config

NOT_DONE, TRY_LATER, WRONG_CONFIG = 1, 75, 78
app = typer.Typer(
    help="mailbot : un bureau des réclamations qui vit dans une boîte aux lettres.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="Fichier de configuration (sinon MAILBOT_CONFIG, ./mailbot.toml, /etc/mailbot/mailbot.toml).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Pour un script : du JSON sur la sortie.")]


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Ne dit que ce qui demande quelque chose.")]


def fail(code: int, *lines: str) -> NoReturn:
    for line in lines:
        typer.echo("".join(c if c.isprintable() or c in "\u00a0\u202f" else " " for c in line), err=True)
    raise typer.Exit(code)


def load(path: Path | None) -> Config:
    """The configuration, or every mistake at once and exit 78."""
    from mailbot import config as configs

    found = path or _usual_place()
    if found is None:
        fail(
            WRONG_CONFIG,
            "Aucune configuration : donnez --config FICHIER, ou copiez config.example.toml en mailbot.toml.",
        )
    try:
        return _read(found)
    except configs.Mistakes as mistakes:
        fail(WRONG_CONFIG, *str(mistakes).splitlines())


def _read(path: Path) -> Config:
    from mailbot import config as configs

    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return configs.load(path, environ=os.environ, credentials=Path(credentials) if credentials else None)


def _mistakes(path: Path | None) -> list[Any]:
    """What is wrong with the configuration, for a script; empty when it loads, or when there is none."""
    from mailbot import config as configs

    found = path or _usual_place()
    try:
        if found is not None:
            _read(found)
    except configs.Mistakes as mistakes:
        return mistakes.found
    return []


def _usual_place() -> Path | None:
    places = [Path(p) for p in (os.environ.get("MAILBOT_CONFIG", ""), "mailbot.toml", "/etc/mailbot/mailbot.toml") if p]
    return next((p for p in places if p.exists()), None)


def show_json(value: Any) -> None:
    """JSON for a script, harmless on a terminal too: whatever steers one is written as an escape."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    typer.echo("".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text))


@app.command()
def run(
    config: ConfigFile = None,
    once: Annotated[bool, typer.Option("--once", help="Tout ce qui attend, puis fin.")] = False,
) -> None:
    """Tient le bureau : relève la boîte, enregistre, accuse réception, confie, écrit au digest."""
    from mailbot import app as daemon
    from mailbot.mailbox import Down
    from mailbot.outbox import RoadClosed
    from mailbot.store.engine import NewerSchema

    settings = load(config)
    daemon.log_to(sys.stdout)
    _say_mode(settings)
    try:
        asyncio.run(daemon.serve(settings, once=once))
    except (daemon.Busy, NewerSchema) as error:
        fail(TRY_LATER, f"mailbot ne démarre pas : {error}.")
    except (Down, RoadClosed) as error:
        fail(TRY_LATER, f"{error}.", getattr(error, "advice", ""))


def _say_mode(settings: Config) -> None:
    """`run` and `check` say the mode in their first line (spec §2)."""
    from mailbot.store import ledger

    register = _register(settings)
    mode = register.ask(lambda tx: ledger.mode(tx, settings.mode))
    register.close()
    if mode == "essai":
        typer.echo(
            "Mode ESSAI : rien ne part vers l’extérieur, tout va à l’administrateur (mailbot start pour ouvrir)."
        )
    else:
        typer.echo("Mode réel : les accusés de réception partent aux réclamants.")


def _register(settings: Config) -> Any:
    """The register, its schema up to date; exit 75 when it can't be opened."""
    from mailbot.store.engine import NewerSchema
    from mailbot.store.ledger import Ledger, Trouble

    try:
        register = Ledger(settings.database_url)
        register.upgrade()
    except NewerSchema as error:
        fail(TRY_LATER, f"{error}.")
    except (Trouble, OSError) as error:  # without its words: they may hold the URL
        what = f"Le registre ne s’ouvre pas ({type(error).__name__})"
        fail(TRY_LATER, f"{what} : vérifiez data_dir ou database.url, les droits et la place ; voir « mailbot check ».")
    return register


@app.command("list")
def list_(
    config: ConfigFile = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Les messages qui attendent une décision.")] = False,
    as_json: AsJson = False,
) -> None:
    """Les dossiers, ou avec --waiting les messages à décider."""
    from mailbot.reports import tables

    settings = load(config)
    register = _register(settings)
    rows = register.ask(tables.waiting if waiting else tables.files)
    if as_json:
        show_json(rows)
    else:
        for line in tables.lines(rows):
            typer.echo(line)


@app.command()
def show(number: str, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Un dossier : qui, quoi, échéance, pièces, lettres."""
    from mailbot.reports import tables

    _tell(number, config, as_json, tables.one)


@app.command()
def why(number: str, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """L’histoire d’un dossier : chaque étape, et le message ou l’échéance qui l’a causée."""
    from mailbot.reports import tables

    _tell(number, config, as_json, tables.story)


def _tell(number: str, config: Path | None, as_json: bool, question: Any) -> None:
    from mailbot.reports import tables

    register = _register(load(config))
    told = register.ask(lambda tx: question(tx, number))
    if told is None:
        fail(NOT_DONE, f"Aucun dossier « {tables.clean(number)} ». « mailbot list » les montre tous.")
    if as_json:
        show_json(told)
    else:
        for line in tables.told(told):
            typer.echo(line)


@app.command()
def inspect(file: Path, as_json: AsJson = False) -> None:
    """Comment un message serait lu et jugé. Ne garde rien, ne demande aucune configuration."""
    from mailbot.reports import inspection

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        fail(NOT_DONE, f"Le fichier ne se lit pas : {error.strerror} ({file}).")
    told = inspection.inspect(raw)
    if as_json:
        show_json(told)
    else:
        for line in inspection.lines(told):
            typer.echo(line)


@app.command()
def decide(
    inbound_id: int,
    choice: Annotated[str, typer.Argument(help="complaint, note ou ignore")],
    config: ConfigFile = None,
    by: Annotated[str, typer.Option("--by", help="Qui décide (adresse ou nom), pour le journal.")] = "",
) -> None:
    """Tranche un message qui attend : réclamation, note, ou rien. Exemple : mailbot decide 17 complaint --by ann"""
    from mailbot import rules
    from mailbot.guard import Unreadable

    settings = load(config)
    try:
        asyncio.run(_with_mails(settings, lambda mails: mails.choose(inbound_id, choice, by or _user())))
    except LookupError:
        fail(NOT_DONE, f"Aucun message n° {inbound_id}. « mailbot list --waiting » montre ceux qui attendent.")
    except (rules.Refused, Unreadable) as error:
        fail(NOT_DONE, f"Rien n’a été fait : {error}.")
    typer.echo(f"Message {inbound_id} : {choice}. Les lettres partent dès que le bureau tourne.")


def _user() -> str:
    return f"commande de {os.environ.get('SUDO_USER') or os.environ.get('USER') or 'root'}"


async def _with_mails(settings: Config, act: Any) -> Any:
    from mailbot.app import log_to
    from mailbot.corridor.bench import Bench, words
    from mailbot.corridor.mails import Mails
    from mailbot.guard import Guard

    log_to(sys.stderr)  # the output is the command's own
    register = _register(settings)
    async with Guard(words(settings).to_json()) as guard:
        bench = Bench(settings, register, guard, lambda: datetime.now(UTC))
        try:
            return await act(Mails(bench))
        finally:
            bench.close()
            register.close()


@app.command()
def start(
    config: ConfigFile = None,
    since: Annotated[
        str, typer.Option("--since", help="Reprendre aussi les messages reçus depuis cette date (AAAA-MM-JJ).")
    ] = "",
    take: Annotated[str, typer.Option("--take", help="Dossiers d’essai à reprendre, séparés par des virgules.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Reprendre tous les dossiers d’essai.")] = False,
    none: Annotated[bool, typer.Option("--none", help="N’en reprendre aucun.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ouvre le bureau : fin de l’essai, les lettres partent. Montre ce qui est arrivé entre-temps et demande quoi reprendre."""
    from mailbot import opening

    settings = load(config)
    asyncio.run(_with_mails(settings, lambda c: _start(c, opening, since, take, all_, none, as_json)))


async def _start(mails: Any, opening: Any, since: str, take: str, all_: bool, none: bool, as_json: bool) -> None:
    from mailbot.store import questions

    files = await mails.bench.ask(questions.essai_files)
    try:
        chosen = opening.choose(files, take=take, all_=all_, none=none)
        moment = await mails.bench.ask(lambda tx: opening.since(tx, since, mails))
    except ValueError as error:
        fail(2, str(error))
    if chosen is None:
        chosen = [f.number for f in files if _agreed(f"Reprendre {opening.line(f)} ?")]
    told = await opening.open_desk(mails, files, chosen, since=moment, who=_user())
    if as_json:
        show_json(told)
    else:
        for line in opening.lines(told):
            typer.echo(line)


def _agreed(question: str) -> bool:
    """Oui ou non, asked beside the output; Enter is yes."""
    while True:
        said = typer.prompt(f"{question} [O/n]", default="o", show_default=False, err=True).strip().lower()
        if said in ("o", "oui", "y", "yes", "n", "non", "no"):
            return said[0] != "n"


@app.command(epilog="Exemples : mailbot check   ·   mailbot check --quiet --no-send   ·   mailbot check --report")
def check(
    config: ConfigFile = None,
    report: Annotated[bool, typer.Option("--report", help="Envoie aussi le résultat aux administrateurs.")] = False,
    send: Annotated[bool, typer.Option("--send/--no-send", help="Avec ou sans message envoyé à soi-même.")] = True,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Dit ce qui va et ce qui ne va pas, ligne par ligne, et quoi faire. Sans ligne rouge, finit par 0."""
    from mailbot import doctor

    if as_json and (wrong := _mistakes(config)):
        show_json([f.as_dict() for f in doctor.of_mistakes(wrong)])
        raise typer.Exit(WRONG_CONFIG)
    settings = load(config)
    if not as_json:
        with contextlib.suppress(typer.Exit):  # a register that does not open is one of the lines below
            _say_mode(settings)
    findings = asyncio.run(doctor.examine(settings, send=send))
    if report:
        findings.append(asyncio.run(doctor.tell(settings, findings)))
    if as_json:
        show_json([f.as_dict() for f in findings])
    else:
        for line in doctor.lines(findings, colour=sys.stdout.isatty(), quiet=quiet):
            typer.echo(line)
        if not quiet:
            typer.echo(doctor.summary(findings))
    raise typer.Exit(NOT_DONE if any(f.state == "red" for f in findings) else 0)


@app.command(epilog="Exemples : mailbot preview   ·   mailbot preview /tmp/lettres --texts mes-lettres")
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
    pages = gallery.pages(looks)
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


@app.command()
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
        raise typer.Exit(asyncio.run(play.send_one_more(out)))
    if what:
        fail(2, f"« {what} » n’est pas connu : mailbot demo, ou mailbot demo send.")
    raise typer.Exit(asyncio.run(play.play(once=once, out=out, say=typer.echo)))


def main() -> None:
    """The command line."""
    app()
