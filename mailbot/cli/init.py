"""The command that sets a desk up: init."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from mailbot.cli.shared import NOT_DONE, WRONG_CONFIG, command, fail, open_register, read

if TYPE_CHECKING:
    from mailbot.config import Config
    from mailbot.setup.providers import Found
    from mailbot.setup.writing import Answers

T = TypeVar("T")
TRIES = 3
KNOWN = ("organisation", "address", "password", "people", "heads", "territory", "closures", "client_id", "tenant")
SERVERS = ("reception", "sending")


@dataclass
class Asking:
    """The answers of a file, or of a person; a file that lacks one, or has a wrong one, ends it."""

    given: dict[str, Any] | None

    def of(
        self, key: str, question: str, check: Callable[[str], T], *, default: str | None = None, hide: bool = False
    ) -> T:
        if self.given is not None:
            said = self.given.get(key, default)
            if not isinstance(said, str):
                fail(WRONG_CONFIG, f"Réponses : « {key} » manque, ou n’est pas un texte entre guillemets.")
            try:
                return check(said)
            except ValueError as error:
                fail(WRONG_CONFIG, f"Réponses : « {key} » : {error}.")
        while True:
            said = typer.prompt(question, default=default, show_default=False, hide_input=hide)
            try:
                return check(said.strip())
            except ValueError as error:
                typer.echo(f"{error}.")


@command(examples="mailbot init   ·   mailbot init --answers reponses.toml")
def init(
    config: Annotated[Path, typer.Option("--config", "-c", help="Fichier à écrire.")] = Path("mailbot.toml"),
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Un fichier TOML de réponses, pour ne rien demander.")
    ] = None,
    autoconfig: Annotated[
        str,
        typer.Option(
            "--autoconfig", help="Adresse d’un fichier « autoconfig » à lire en premier (https, ou cette machine)."
        ),
    ] = "",
) -> None:
    """Met le bureau en place : quelques questions, la boîte essayée, la configuration écrite. N’écrase jamais rien."""
    from mailbot.config.secret_keys import FILE

    config = config.absolute()
    for file in (config, config.parent / FILE):
        if file.exists():
            fail(
                NOT_DONE, f"{file} existe déjà : rien n’a été touché. Déplacez-le, ou donnez --config un autre dossier."
            )
    asking = Asking(_given(answers))
    said = _who(asking)
    found = _servers(asking, said.address, autoconfig)
    said, password = _way_in(asking, said, found)
    settings = _settle(asking, config, said, found, password)
    _report(settings, config)


def _given(file: Path | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(WRONG_CONFIG, f"Le fichier de réponses {file} ne se lit pas ({type(error).__name__}).")
    odd = [key for key in given if key not in (*KNOWN, *SERVERS)]
    if odd:
        fail(WRONG_CONFIG, f"Réponses inconnues : {', '.join(odd)}. Possibles : {', '.join((*KNOWN, *SERVERS))}.")
    return given


def _who(asking: Asking) -> Answers:
    from mailbot.setup.writing import Answers, closures, people
    from mailbot.verdict import same_company
    from mailbot.workdays import resolve_territory

    name = asking.of("organisation", "Nom de votre organisme", _filled)
    address = asking.of("address", "Adresse où arrivent les réclamations", _address)
    handlers = asking.of("people", "Qui y répond ? (Prénom Nom adresse ; plusieurs : séparez par « ; »)", _some(people))
    heads = asking.of(
        "heads",
        "Qui dirige, suit la qualité et veille sur mailbot ? (Entrée : la première personne)",
        people,
        default="",
    )
    where = asking.of(
        "territory",
        "Votre département (Entrée : métropole, hors Alsace et Moselle)",
        lambda s: _place(s, resolve_territory),
        default="metropole",
    )
    closed = asking.of(
        "closures", "Vos fermetures (du 24/12/2026 au 03/01/2027 ; … ; Entrée : aucune)", closures, default=""
    )
    return Answers(
        organisation=name, address=address, people=handlers, heads=heads, territory=where, closures=closed,
        domain=same_company(address, frozenset()),
    )  # fmt: skip


def _filled(said: str) -> str:
    if not said:
        raise ValueError("Il faut une réponse")
    return said


def _place(said: str, resolve: Callable[[str], str]) -> str:
    """Any other department is metropolitan France: nobody needs to know which have a calendar of their own."""
    metropolitan = said.upper() in ("2A", "2B") or (said.isdigit() and 1 <= int(said) <= 95)
    return "metropole" if metropolitan and said not in ("57", "67", "68") else resolve(said)


def _address(said: str) -> str:
    from mailbot.config.checks.words import is_address

    if not is_address(said):
        raise ValueError("Ce n’est pas une adresse complète, comme reclamations@formation.fr")
    return said


def _some(read_: Callable[[str], tuple[Any, ...]]) -> Callable[[str], tuple[Any, ...]]:
    def check(said: str) -> tuple[Any, ...]:
        found = read_(said)
        if not found:
            raise ValueError("Il faut au moins une personne")
        return found

    return check


# -- the servers -------------------------------------------------------------------------------------------------------


def _servers(asking: Asking, address: str, autoconfig: str) -> Found:
    from mailbot import names
    from mailbot.setup import discover
    from mailbot.setup.providers import Found

    typer.echo("Recherche des serveurs de cette adresse…")
    told = asking.given or {}
    found = (
        None
        if any(key in told for key in SERVERS)
        else discover.find(address, names.ask, discover.fetch, autoconfig=autoconfig)
    )
    if found is None:
        if asking.given is None:
            typer.echo(
                "Ils ne se trouvent pas seuls. La page d’aide de votre hébergeur, « configurer un logiciel de messagerie », les nomme."
            )
        imap = asking.of("reception", "Serveur de réception (nom:port, comme imap.hebergeur.fr:993)", _server)
        smtp = asking.of("sending", "Serveur d’envoi (nom:port, comme smtp.hebergeur.fr:465)", _server)
        found = Found(name="votre hébergeur", imap=imap, smtp=smtp)
    typer.echo(f"Trouvé : {found.name}.")
    return found


def _server(said: str) -> Any:
    from mailbot.config.checks.post import is_loopback
    from mailbot.config.checks.words import is_domain
    from mailbot.setup.providers import Security, Server

    host, _, port = said.rpartition(":")
    number = int(port) if port.isdigit() else 0
    if not (is_domain(host) or is_loopback(host)) or not 0 < number < 65536:
        raise ValueError("Écrivez le nom du serveur, deux points, puis le nombre que l’hébergeur donne")
    # a wrong guess is refused by the server, never a password in clear: only this machine may do without
    kind: Security = "tls" if number in (993, 465) else "none" if is_loopback(host) else "starttls"
    return Server(host=host, port=number, security=kind)


def _way_in(asking: Asking, said: Answers, found: Found) -> tuple[Answers, str]:
    if found.oauth:
        typer.echo(
            f"{found.name} n’ouvre plus les boîtes par mot de passe. Demandez à qui gère vos comptes ces deux valeurs :"
        )
        client = asking.of("client_id", "Identifiant de l’application", _filled)
        tenant = asking.of("tenant", "Identifiant de l’organisation", _filled)
        return replace(said, client_id=client, tenant=tenant), ""
    if found.hint and asking.given is None:
        typer.echo(found.hint)
    return said, asking.of("password", "Mot de passe de cette boîte", _filled, hide=True)


# -- tried, then written -----------------------------------------------------------------------------------------------


def _settle(asking: Asking, config: Path, said: Answers, found: Found, password: str) -> Config:
    """Tries what will be written from a folder of its own; nothing stands in its place before it works."""
    instance = secrets.token_hex(16)
    for last in range(TRIES):
        with tempfile.TemporaryDirectory(prefix=".mailbot-init-", dir=config.parent) as folder:
            settings = _try_out(Path(folder), config, said, found, password, instance)
            trouble = asyncio.run(_trouble(settings))
        if not trouble:
            break
        for line in trouble:
            typer.echo(line, err=True)
        if asking.given is not None or found.oauth or last == TRIES - 1:
            fail(NOT_DONE, "La boîte ne s’ouvre pas : rien n’a été écrit. Corrigez, puis relancez « mailbot init ».")
        password = asking.of("password", "Mot de passe de cette boîte, encore une fois", _filled, hide=True)
    return _install(config, said, found, password, instance)


def _written(folder: Path, config: Path, said: Answers, found: Found, password: str, instance: str) -> Path:
    from mailbot.config.secret_keys import FILE
    from mailbot.setup import writing

    writing.put(folder / FILE, writing.secrets(password, instance))
    writing.put(folder / config.name, writing.text(said, found, config.parent / "data"))
    return folder / config.name


def _try_out(folder: Path, config: Path, said: Answers, found: Found, password: str, instance: str) -> Config:
    from mailbot import config as configs

    try:
        return read(_written(folder, config, said, found, password, instance))
    except configs.Mistakes as mistakes:
        fail(WRONG_CONFIG, *str(mistakes).splitlines())


async def _trouble(settings: Config) -> list[str]:
    """Login, folders, and whether we may send; what does not work, [] when all does."""
    from mailbot import oauth
    from mailbot.doctor import lines, post
    from mailbot.mailbox import Mailbox

    def now() -> datetime:
        return datetime.now(UTC)

    source = oauth.of(settings, now)
    if source is not None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            await asyncio.to_thread(oauth.sign_in, settings, typer.echo, typer.prompt)
        except oauth.NoToken as error:
            return [f"{error}. {error.advice}"]
    token = source.access if source else None
    mailbox = Mailbox(settings.mailbox, token=token, timeout=post.SECONDS)
    try:
        found, _ = await asyncio.to_thread(post.box, mailbox, settings)
    finally:
        mailbox.close()
    sending, _ = await post.road(settings, now, token, send=False)
    return lines([f for f in (*found, *sending) if f.state == "red"], colour=False)


def _install(config: Path, said: Answers, found: Found, password: str, instance: str) -> Config:
    from mailbot.store import ledger

    try:
        (config.parent / "data").mkdir(mode=0o700, exist_ok=True)
        settings = read(_written(config.parent, config, said, found, password, instance))
    except FileExistsError as error:
        fail(NOT_DONE, f"{error.filename} est apparu entre-temps : il n’a pas été touché.")
    register = open_register(settings)

    def begin(tx: Any) -> None:
        ledger.remember(tx, "instance", instance)
        ledger.started_at(tx, settings.mailbox.since, datetime.now(UTC))  # the first successful login (spec §2)

    register.run(begin)
    register.close()
    return settings


def _report(settings: Config, config: Path) -> None:
    from mailbot import doctor

    typer.echo(f"Écrit : {config} et les secrets à côté, lisibles par vous seul. Dernières vérifications…")
    findings = asyncio.run(doctor.examine(settings, patience=20))
    told = asyncio.run(doctor.tell(settings, findings))
    for line in doctor.lines([*findings, told], colour=sys.stdout.isatty(), quiet=True):
        typer.echo(line)
    typer.echo(doctor.summary([*findings, told]))
    program = (shutil.which("mailbot") and "mailbot") or sys.argv[0]
    typer.echo(
        f"Le bureau est prêt, en mode essai. « {program} run » le fait tourner ; « {program} start » l’ouvre pour de bon."
    )
