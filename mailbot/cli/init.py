"""The command that sets a desk up: init. Its questions; `trying` tries the answers and writes them."""

from __future__ import annotations

import os
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbot.cli import trying
from mailbot.cli.asking import Asking, filled
from mailbot.cli.shared import NOT_DONE, WRONG_CONFIG, command, fail, screen

if TYPE_CHECKING:
    from mailbot.setup.providers import Found
    from mailbot.setup.way_in import Flow, Key
    from mailbot.setup.writing import Answers

SERVERS = ("reception", "sending")
KEYS = ("password", "client_id", "client_secret", "tenant", "service_account", "flow")
KNOWN = ("organisation", "address", "people", "heads", "territory", "closures", "provider", *SERVERS, *KEYS)
ELSEWHERE = "Elle ne se reconnaît pas seule."


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
    from mailbot.setup.writing import ACCOUNT

    config = config.absolute()
    if not os.access(config.parent, os.W_OK):
        fail(NOT_DONE, f"Rien ne peut être écrit dans {config.parent} : créez ce dossier, ou donnez --config ailleurs.")
    for file in (config, config.parent / FILE, config.parent / ACCOUNT):
        if file.exists():
            fail(
                NOT_DONE, f"{file} existe déjà : rien n’a été touché. Déplacez-le, ou donnez --config un autre dossier."
            )
    asking = Asking(_given(answers))
    said = _who(asking)
    found = _servers(asking, said.address, autoconfig)
    key = _key(asking, said, found)
    trying.settle(asking, config, said, found, key, again=lambda: _key(asking, said, found, again=True))


def _given(file: Path | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(WRONG_CONFIG, f"Le fichier de réponses {file} ne se lit pas ({type(error).__name__}).")
    odd = [key for key in given if key not in KNOWN]
    if odd:
        fail(WRONG_CONFIG, f"Réponses inconnues : {', '.join(odd)}. Possibles : {', '.join(KNOWN)}.")
    return given


def _who(asking: Asking) -> Answers:
    from mailbot.setup.writing import Answers, closures, people
    from mailbot.verdict import same_company
    from mailbot.workdays import resolve_territory

    name = asking.of("organisation", "Nom de votre organisme", filled)
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
    """A file of answers may name the provider, the servers, or both; a person is asked only about what is not found."""
    from dataclasses import replace

    from mailbot import names
    from mailbot.setup import discover
    from mailbot.setup.providers import by_server

    told = asking.given or {}
    named = asking.of("provider", "", _provider) if "provider" in told else None
    if any(key in told for key in SERVERS):
        found = _by_hand(asking)
        return discover.of(replace(named, imap=found.imap, smtp=found.smtp), address) if named else found
    typer.echo("Recherche de l’hébergeur de cette adresse…")
    known = named or discover.find(address, names.ask, discover.fetch, autoconfig=autoconfig)
    if known is None and asking.given is None:
        typer.echo(ELSEWHERE)
        known = asking.of(
            "provider",
            "Qui tient cette boîte ? (Microsoft, Google, OVH, Infomaniak, Gandi, Ionos, Orange, Free ; Entrée : un autre)",
            _provider,
            default="",
        )
    if known is None:
        by_hand: Found = _by_hand(asking)
        known = by_server(by_hand.imap) or by_hand
    typer.echo(f"Trouvé : {known.name}.")
    return discover.of(known, address)


def _provider(said: str) -> Found | None:
    from mailbot.setup.providers import PROVIDERS, by_name

    found = by_name(said) if said else None
    if said and found is None:
        known = ", ".join(p.found.name for p in PROVIDERS)
        raise ValueError(f"« {said} » n’est pas dans la liste ({known})")
    return found


def _by_hand(asking: Asking) -> Found:
    from mailbot.setup.providers import Found

    if asking.given is None:
        typer.echo("La page d’aide de votre hébergeur, « configurer un logiciel de messagerie », nomme ses serveurs.")
    imap = asking.of("reception", "Serveur de réception (nom:port, comme imap.hebergeur.fr:993)", _server)
    smtp = asking.of("sending", "Serveur d’envoi (nom:port, comme smtp.hebergeur.fr:465)", _server)
    return Found(name="votre hébergeur", imap=imap, smtp=smtp)


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


# -- the key -----------------------------------------------------------------------------------------------------------


def _key(asking: Asking, said: Answers, found: Found, *, again: bool = False) -> Key:
    """What opens the mailbox. `again`: it was tried and did not."""
    from mailbot.setup.way_in import STEPS, Key

    if asking.given is None and not again:
        for line in STEPS.get(found.oauth, (found.hint,) if found.hint else ()):
            typer.echo(
                textwrap.fill(line, width=min(screen(), 100), subsequent_indent="     " if line[0] == " " else "")
            )
    if found.oauth == "microsoft":
        return _microsoft(asking, said)
    if found.oauth == "google" and (key := _google(asking)):
        return key
    once_more = ", encore une fois" if again else ""
    return Key(password=asking.of("password", f"Mot de passe de cette boîte{once_more}", filled, hide=True))


def _microsoft(asking: Asking, said: Answers) -> Key:
    """The tenant is known by any of its domains: that of the address will do (its MX leads there)."""
    from mailbot.identity import domain_of
    from mailbot.setup.way_in import Key, a_flow, identifier

    client = asking.of("client_id", "ID d’application (client)", identifier)
    given = asking.given or {}
    secret = asking.of("client_secret", "", str, default="") if given else ""
    tenant = asking.of("tenant", "", filled, default=domain_of(said.address)) if given else domain_of(said.address)
    flow: Flow = asking.of("flow", "", a_flow, default="application" if secret else "person") if given else "person"
    return Key(provider="microsoft", flow=flow, client_id=client, client_secret=secret, tenant=tenant)


def _google(asking: Asking) -> Key | None:
    """None: by a password."""
    from mailbot.setup.way_in import Key, google_file

    def downloaded(said: str) -> Key | None:
        if not said:
            return None
        try:
            return google_file(Path(said).expanduser().read_text(encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"Le fichier {said} ne se lit pas ({error.strerror})") from None

    if asking.given is None:
        return asking.of(
            "service_account", "Fichier téléchargé chez Google (Entrée : un mot de passe)", downloaded, default=""
        )
    if "password" in asking.given:
        return None
    if "client_id" in asking.given:
        secret = asking.of("client_secret", "", filled)
        return Key(provider="google", client_id=asking.of("client_id", "", filled), client_secret=secret)
    return asking.of("service_account", "", lambda said: downloaded(filled(said)))
