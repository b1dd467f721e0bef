"""The mailbox and the sending road: log in, look at what the server can, send one mail to ourselves and find it again."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from mailbot import message as messages
from mailbot.config import Config
from mailbot.doctor.finding import Finding, green, orange, red, unverified
from mailbot.identity import domain_of, read_results
from mailbot.mailbox import Down, Listed, Mailbox
from mailbot.outbox import Road, RoadClosed, Token
from mailbot.store import post
from mailbot.store.ledger import Ledger, Trouble

SECONDS = 20.0  # that a server may stay silent
RECENT = timedelta(days=14)
LOOKED_AT = 30  # the last mails of the mailbox, for what the provider writes on them
_SIGNED = re.compile(rb"(?im)^dkim-signature:((?:[^\r\n]|\r?\n[ \t]){1,4000})")
IMAP_LINES = ("capacités", "dossiers", "aller-retour", "authentification")


@dataclass(frozen=True, kw_only=True)
class Returned:
    """Our own mail, found again: its header, and when the server says it came in."""

    header: bytes
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the mail servers showed. `selector`: the DKIM key that signed our own mail, "" when unknown."""

    findings: tuple[Finding, ...]
    selector: str = ""
    server_clock: datetime | None = None


async def look(
    config: Config, now: Callable[[], datetime], key: Token | None = None, *, send: bool, patience: float
) -> Seen:
    """Every line about mail. `key`: the tokens that open the account; `send`: one mail to ourselves; `patience`: seconds
    to wait for it."""
    mailbox = Mailbox(config.mailbox, token=key, timeout=SECONDS)
    try:
        found, works = await asyncio.to_thread(box, mailbox, config)
        sending, token = await road(config, now, key, send=send and works)
        found += sending
        if not works:
            return Seen(findings=tuple(found))
        back = await asyncio.to_thread(_await, mailbox, config, token, now(), patience) if token else None
        found.append(round_trip(back is not None, asked=send, left=bool(token), folder=config.mailbox.folder))
        outside = await asyncio.to_thread(_stamps, mailbox, config, now())
        found.append(learn(_stamp(back.header) if back else None, outside, config.mailbox.authserv_id))
    finally:
        mailbox.close()
    if back is None:
        return Seen(findings=tuple(found))
    return Seen(
        findings=tuple(found),
        selector=signed_by(back.header, domain_of(config.mailbox.address)),
        server_clock=back.received_at if token else None,
    )


# -- the mailbox -------------------------------------------------------------------------------------


def box(mailbox: Mailbox, config: Config) -> tuple[list[Finding], bool]:
    """Login, what the server can, its folders; and whether the rest can be looked at."""
    try:
        mailbox.connect()
        can = mailbox.capabilities()
        found = [green("boîte", "connexion faite"), capabilities(can, into=config.mailbox.file_into)]
    except Down as error:
        why = "la boîte ne s’ouvre pas"
        rest = [unverified(what, why, "réparez d’abord la boîte") for what in IMAP_LINES]
        return [red("boîte", str(error), error.advice), *rest], False
    try:
        folders = mailbox.folders()
        for name in (folders.inbox, folders.junk, folders.sent):
            if name:
                mailbox.select(name)
    except Down as error:
        rest = [
            unverified(what, "un dossier ne s’ouvre pas", "réparez d’abord les dossiers") for what in IMAP_LINES[2:]
        ]
        return [*found, red("dossiers", str(error), error.advice), *rest], False
    return [*found, chosen(folders.inbox, folders.junk, folders.sent)], True


def capabilities(can: frozenset[str], *, into: str) -> Finding:
    """What the server offers of what we use (RFC 6851, RFC 2177)."""
    if into and "MOVE" not in can:
        mend = "videz mailbox.file_into : le courrier reste où il est, mailbot s’en souvient"
        return orange("capacités", f"le serveur ne sait pas déplacer : rien ne sera rangé dans « {into} »", mend)
    if "IDLE" not in can:
        mend = "baissez mailbox.poll_seconds si les accusés de réception doivent partir plus vite"
        return orange("capacités", "le serveur ne prévient pas à l’arrivée d’un message", mend)
    return green("capacités", "le serveur prévient à l’arrivée d’un message")


def chosen(inbox: str, junk: str | None, sent: str | None) -> Finding:
    text = f"{inbox} ; indésirables : {junk or 'aucun'} ; envoyés : {sent or 'aucun'}"
    if not junk:
        mend = "indiquez mailbox.junk si le fournisseur met des messages de côté"
        return orange("dossiers", text, mend)
    if not sent:
        mend = "indiquez mailbox.sent pour que les réponses écrites depuis la boîte soient vues"
        return orange("dossiers", text, mend)
    return green("dossiers", text)


# -- the road ----------------------------------------------------------------------------------------


async def road(
    config: Config, now: Callable[[], datetime], key: Token | None, *, send: bool
) -> tuple[list[Finding], str]:
    """Login and whether we may write under our own address; the Message-ID of the mail that left, "" when none did."""
    key = key if config.smtp_by_token else None
    way = Road(config.smtp, user=config.smtp_user, sender=config.mailbox.address, token=key, command_seconds=SECONDS)
    try:
        await way.open()
    except RoadClosed as error:
        closed = red("envoi", str(error), error.advice)
        return [closed, unverified("expéditeur", "l’envoi ne s’ouvre pas", "réparez d’abord l’envoi")], ""
    opened = green("envoi", f"connexion faite à {config.smtp.host}")
    letter = _letter(config, now())
    try:
        answer = await way.announce(letter)
        if answer is not None:
            return [opened, sender(config.mailbox.address, answer.words)], ""
        allowed = sender(config.mailbox.address, "")
        if send and _noted(config, letter, now()) and (await way.hand_over(letter)).outcome == "sent":
            return [opened, allowed], letter.message_id
        return [opened, allowed], ""
    except RoadClosed as error:
        return [opened, red("expéditeur", str(error), error.advice)], ""
    finally:
        await way.quit()


async def reach(
    config: Config, addresses: Sequence[tuple[str, str]], now: Callable[[], datetime], key: Token | None = None
) -> list[dict[str, Any]]:
    """Whether the sending server takes a letter for each (name, address); nothing is sent. Raises RoadClosed."""
    told: list[dict[str, Any]] = []
    key = key if config.smtp_by_token else None
    for name, address in addresses:
        way = Road(
            config.smtp, user=config.smtp_user, sender=config.mailbox.address, token=key, command_seconds=SECONDS
        )
        try:
            await way.open()
            answer = await way.announce(replace(_letter(config, now()), envelope_to=address))
        finally:
            await way.quit()
        why = answer.words[:200] if answer else ""
        told.append({"name": name, "address": address, "accepted": answer is None, "why": why})
    return told


def sender(address: str, refusal: str) -> Finding:
    if refusal:
        mend = "vérifiez que cette adresse existe et reçoit, et que le compte d’envoi peut lui écrire"
        return red("expéditeur", f"le serveur refuse une lettre de {address} à {address} : {refusal[:200]}", mend)
    return green("expéditeur", f"le serveur accepte {address}")


def _letter(config: Config, now: datetime) -> post.Claimed:
    address = config.mailbox.address
    token = secrets.token_hex(16)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = address, address, "mailbot check : aller-retour"
    mail["Date"], mail["Message-ID"] = format_datetime(now), f"<{token}@{domain_of(address)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(
        "Ce message vérifie que la boîte peut s’écrire à elle-même. Vous pouvez l’effacer.\n", cte="base64"
    )
    raw = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    message_id = str(mail["Message-ID"])
    return post.Claimed(
        id=0, name=f"check:{token}", kind="check", envelope_to=address, raw=raw, message_id=message_id, attempt=1
    )


def _noted(config: Config, letter: post.Claimed, now: datetime) -> bool:
    """Kept as ours before it leaves: the desk must not take it for a complaint."""
    try:
        register = Ledger(config.database_url)
        with contextlib.closing(register):
            register.run(lambda tx: post.record_own(tx, letter, now))
    except (Trouble, OSError, RuntimeError):
        return False
    return True


def round_trip(back: bool, *, asked: bool, left: bool, folder: str) -> Finding:
    if not asked:
        return unverified("aller-retour", "rien n’a été envoyé", "relancez sans --no-send")
    if not left:
        mend = "réparez d’abord l’envoi, l’expéditeur ou le registre"
        return unverified("aller-retour", "le message n’a pas pu partir", mend)
    if not back:
        mend = f"cherchez « mailbot check : aller-retour » dans les autres dossiers ; s’il y est, voyez les règles de {folder}"
        return red("aller-retour", "le message envoyé à soi-même n’est pas arrivé", mend)
    return green("aller-retour", "un message envoyé à soi-même est arrivé")


def _await(mailbox: Mailbox, config: Config, message_id: str, since: datetime, patience: float) -> Returned | None:
    """Looks for our mail in the folders that are read, until patience ends."""
    end = time.monotonic() + patience
    seen: set[tuple[str, int]] = set()
    with contextlib.suppress(Down):
        folders = [f for f in (mailbox.folders().inbox, mailbox.folders().junk) if f]
        while True:
            for folder in folders:
                mailbox.select(folder)
                for mail in reversed(_recent(mailbox, folder, since - timedelta(days=1))):
                    if (folder, mail.uid) in seen:
                        continue
                    seen.add((folder, mail.uid))
                    if mailbox.message_id(folder, mail.uid) == message_id:
                        header = mailbox.headers(folder, mail.uid) or b""
                        return Returned(header=header, received_at=mail.received_at)
            if time.monotonic() > end:
                return None
            time.sleep(0.5)
    return None


def _recent(mailbox: Mailbox, folder: str, since: datetime) -> list[Listed]:
    return mailbox.find(folder, since.date())[-LOOKED_AT:]


# -- who our provider says it is ---------------------------------------------------------------------


def _stamps(mailbox: Mailbox, config: Config, now: datetime) -> list[tuple[str, str]]:
    """(author's domain, name on the topmost stamp) of recent mails from outside."""
    own = {domain_of(config.mailbox.address), *config.own_domains}
    found: list[tuple[str, str]] = []
    with contextlib.suppress(Down):
        folder = mailbox.folders().inbox
        mailbox.select(folder)
        for mail in reversed(_recent(mailbox, folder, now - RECENT)):
            header = mailbox.headers(folder, mail.uid) or b""
            author = messages.read_headers(header).from_
            domain = domain_of(author.addr) if author else ""
            if domain and domain not in own:
                found.append((domain, _stamp(header)))
    return found


def _stamp(header: bytes) -> str:
    """The authserv-id on the topmost Authentication-Results; "" without one."""
    results = messages.read_headers(header).authentication
    return read_results(results[0])[0] if results else ""


def learn(inside: str | None, outside: Sequence[tuple[str, str]], configured: str) -> Finding:
    """The name to trust, from one inside mail (`inside`: None when there is none) and some from outside (spec §6).

    A name that stands on outside mails only may have been written by their senders: it is told, never believed.
    """
    what = "authentification"
    names = {name for _, name in outside if name}
    if configured:
        return _compare(configured.lower(), names)
    reduced = "aucun expéditeur n’est tenu pour authentifié, les AR sont réduits"
    if inside and names == {inside}:
        mend = f'écrivez authserv_id = "{inside}" dans [mailbox]'
        return orange(what, f"votre fournisseur signe « {inside} », dedans comme dehors ; {reduced}", mend)
    if len(names) == 1 and len({d for d, n in outside if n}) > 1 and not inside:
        name = next(iter(names))
        mend = f"faites confirmer « {name} » par votre fournisseur, puis écrivez-le dans mailbox.authserv_id"
        return orange(what, f"« {name} » est en tête des messages du dehors seulement ; {reduced}", mend)
    if len(names) > 1 or (inside and names):
        listed = ", ".join(sorted({*names, *([inside] if inside else [])}))
        mend = "demandez à votre fournisseur quel nom il inscrit en tête d’Authentication-Results"
        return orange(what, f"plusieurs noms en tête des messages ({listed}) ; {reduced}", mend)
    mend = "faites écrire quelqu’un du dehors à la boîte, puis relancez « mailbot check »"
    return unverified(what, f"mailbox.authserv_id n’est pas réglé, et rien ne permet de l’apprendre ; {reduced}", mend)


def _compare(configured: str, names: set[str]) -> Finding:
    what = "authentification"
    if configured in names or not names:
        seen = "" if names else " ; aucun message récent du dehors pour comparer"
        return green(what, f"résultats de {configured}{seen}")
    listed = ", ".join(sorted(names))
    mend = "corrigez mailbox.authserv_id, après avoir fait confirmer le nom par votre fournisseur"
    return red(
        what, f"les messages du dehors portent « {listed} », pas « {configured} » : aucun n’est authentifié", mend
    )


def signed_by(header: bytes, domain: str) -> str:
    """The selector of the DKIM signature of our own domain; "" without one."""
    for signature in _SIGNED.findall(header[:100_000]):
        pairs = [part.partition(b"=") for part in signature.split(b";")]
        tags = {key.strip(): b"".join(value.split()).decode("ascii", "replace") for key, _, value in pairs}
        if tags.get(b"d", "").lower() == domain.lower():
            return tags.get(b"s", "").lower()
    return ""
