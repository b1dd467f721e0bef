"""The demo's mail provider: vouches for whoever writes through an account, opens a mailbox to visitors, keeps what passes."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mailbot import message
from mailbot.demo import story
from mailbot.demo.server import Sandbox

VISITORS = 200  # mailboxes opened to addresses nobody knows
_VISITOR = re.compile(r"[a-z0-9][a-z0-9._+-]{0,60}@[a-z0-9][a-z0-9.-]{0,100}\.example", re.ASCII)
_RESULTS = re.compile(rb"^authentication-results[ \t]*:", re.IGNORECASE)


class Town(Sandbox):
    """The sandbox, with what a provider does around it. `arrived`: address → mails as received, also those deleted since."""

    def __init__(self, users: dict[str, str], clock: Callable[[], datetime]) -> None:
        super().__init__(users, clock=clock)
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own old names at each login
        self.arrived: dict[str, list[bytes]] = {}
        self.passages: list[tuple[str, str, bytes]] = []  # (envelope sender, recipient, mail)
        self.on_delivery = self._note
        self._sender = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """A mail handed in by SMTP: judged as a provider judges it, then delivered by RCPT TO."""
        account = session.auth_data.login.decode() if session.authenticated else ""
        envelope.original_content = judged(envelope.original_content, account)
        self._sender = (envelope.mail_from or "").lower()
        await self._welcome(self._sender)
        return await super().handle_DATA(server, session, envelope)

    async def _welcome(self, addr: str) -> None:
        if addr not in self.users and len(self.users) < VISITORS and _VISITOR.fullmatch(addr):
            await self.add(addr, story.PASSWORD)

    def _note(self, user: str, raw: bytes, _folder: str) -> None:
        self.arrived.setdefault(user, []).append(raw)
        self.passages.append((self._sender, user, raw))


def judged(raw: bytes, account: str) -> bytes:
    """The mail with our provider's result on top if it comes from its author's own account, and nobody else's result.

    RFC 8601 §5: results that come from outside are taken out, or anybody could vouch for himself."""
    clean = without_results(raw)
    author = message.read_headers(clean)
    proven = account and author.strict_from and author.from_ and author.from_.addr.lower() == account.lower()
    return story.stamped(clean, account) if proven else clean


def without_results(raw: bytes) -> bytes:
    """The mail without its Authentication-Results fields; every other byte as it was."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    kept: list[bytes] = []
    dropping = False
    for line in head.split(b"\r\n"):
        dropping = bool(_RESULTS.match(line)) or (dropping and line[:1] in b" \t" and line != b"")
        if not dropping:
            kept.append(line)
    return b"\r\n".join(kept) + blank + body
