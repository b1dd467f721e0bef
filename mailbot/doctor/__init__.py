"""`mailbot check`: each part of the desk looked at, green, orange or red, with what to do. One line never hides another.

`settings`, `domain`, `tokens` judge values they are given; `post`, `register` and `files` look at the world.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailbot import alarms, oauth
from mailbot.config import Config, Mistake
from mailbot.corridor.bench import house
from mailbot.doctor import domain, files, post, register, settings, tokens
from mailbot.doctor.finding import Finding, green, lines, orange, red, summary
from mailbot.health import free_mb
from mailbot.identity import domain_of
from mailbot.names import Asker
from mailbot.names import ask as ask_dns
from mailbot.verdict import same_company

__all__ = ["Finding", "examine", "lines", "of_mistakes", "summary", "tell"]


async def examine(
    config: Config,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ask: Asker = ask_dns,
    send: bool = True,
    patience: float = 30.0,
    http: Any = None,
) -> list[Finding]:
    """Every line, whatever is broken. `ask` asks DNS; with `send` one mail goes to ourselves and is waited for; `http`:
    see app.Daemon."""
    now = clock()
    kept, last_written = register.look(config, now)
    source = oauth.of(config, clock, http)
    token = await asyncio.to_thread(tokens.look, source, ZoneInfo(config.calendar.timezone))
    send = send and not register.silent(config)
    seen = await post.look(config, clock, source.access if source else None, send=send, patience=patience)
    own = domain_of(config.mailbox.address)
    public = not same_company(config.mailbox.address, frozenset(config.intake.public_domains))
    return [
        green("configuration", "lue, sans faute"),
        settings.secrets(config, os.environ, files.watched(config)),
        *seen.findings,
        token,
        *domain.look(own, ask, public=public, selector=seen.selector),
        settings.clock(now, last_written=last_written, server=seen.server_clock),
        *settings.look(config, now),
        files.texts(house(config)),
        files.canary(house(config)),
        files.disk(free_mb(config.data_dir)),
        *kept,
    ]


def of_mistakes(found: Sequence[Mistake]) -> list[Finding]:
    """A configuration that does not read: nothing else can be looked at."""
    return [red("configuration", f"{_where(m)}{m.key} : {m.what}", m.mend) for m in found]


def _where(mistake: Mistake) -> str:
    return f"ligne {mistake.line}, " if mistake.line else ""


async def tell(config: Config, findings: Sequence[Finding]) -> Finding:
    """Mails the lines to the admins, by the sending road, else by the second one."""
    if register.silent(config):
        return orange("rapport", "non envoyé : le bureau est muet", "« mailbot unmute »")
    title = f"état du bureau des réclamations : {summary(findings)}"
    text = "\n".join(lines(findings, colour=False))
    admins = [p.addresses[0] for p in config.people_with("admin")]
    source = oauth.of(config, lambda: datetime.now(UTC)) if config.smtp_by_token else None
    token = source.access if source else None
    took = await alarms.post(config.smtp, config.smtp_user, config.mailbox.address, admins, title, text, token)
    took = took or bool(await alarms.tell(config, title, text))
    if took:
        return green("rapport", f"envoyé à {', '.join(admins)}")
    return orange("rapport", "il n’a pas pu partir", "réparez d’abord l’envoi ou [alarm]")
