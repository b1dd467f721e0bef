"""The second road: tells an admin when mail itself is the broken thing (spec §10)."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from http.client import HTTPException

from mailbot.config import Config, Smtp
from mailbot.outbox import Road, RoadClosed, Token
from mailbot.store.post import Claimed

TIMEOUT = 20.0  # seconds


def there_is_one(config: Config) -> bool:
    return bool(config.alarm.webhook or config.alarm.smtp)


async def tell(config: Config, title: str, text: str) -> str:
    """Sends a few plain words by the second road; returns which one took them, "" when none did."""
    hook = config.alarm.webhook
    if hook:
        took: bool = await asyncio.to_thread(_webhook, hook, title, text)
        if took:
            return "webhook"
    if config.alarm.smtp and await _second_smtp(config, title, text):
        return "second SMTP"
    return ""


def _webhook(url: str, title: str, text: str) -> bool:
    body = json.dumps({"title": title, "text": text, "source": "mailbot"}).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"}, method="POST")  # noqa: S310
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            return bool(200 <= answer.status < 300)
    except (OSError, ValueError, HTTPException):
        return False


class _NoDetour(urllib.request.HTTPRedirectHandler):
    """A redirected alarm would become a GET without its words, and some login page's 200 would count as told."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoDetour)


async def _second_smtp(config: Config, title: str, text: str) -> bool:
    settings = config.alarm.smtp
    assert settings is not None
    sender = config.alarm.from_address or settings.user
    admins = [person.addresses[0] for person in config.people_with("admin")]
    return await post(settings, "" if settings.user == "-" else settings.user, sender, admins, title, text)


async def post(
    settings: Smtp, user: str, sender: str, to: Sequence[str], title: str, text: str, token: Token | None = None
) -> bool:
    """A few plain words by one sending server, at once and past the register; whether anybody's were taken."""
    told = False
    for address in to:
        road = Road(settings, user=user, sender=sender, token=token, command_seconds=TIMEOUT, after_dot_seconds=TIMEOUT)
        letter = _letter(sender, address, title, text)
        try:
            await road.open()
            answer = await road.announce(letter) or await road.hand_over(letter)
            told = told or answer.outcome == "sent"
        except (RoadClosed, OSError):
            continue
        finally:
            road.close()
    return told


def _letter(sender: str, to: str, title: str, text: str) -> Claimed:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, f"[mailbot] {title}"[:200]
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text + "\n", cte="quoted-printable")  # the second server may know ASCII only
    raw = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Claimed(
        id=0,
        name="alarm",
        kind="alarm",
        envelope_to=to,
        raw=raw,
        message_id=str(mail["Message-ID"]),
        attempt=1,
    )
