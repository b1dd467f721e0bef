"""The road of a rehearsal: every letter is accepted at once and becomes a file, named by time and recipient. No network."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from mailbot.config import Config
from mailbot.outbox import Answer, Road
from mailbot.rehearse.clock import Clock
from mailbot.store.post import Claimed

_UNFIT = re.compile(r"[^A-Za-z0-9@._+-]", re.ASCII)
LONGEST_NAME = 120


class Paper(Road):
    """Takes letters in place of a server."""

    def __init__(self, config: Config, clock: Clock, folder: Path) -> None:
        super().__init__(config.smtp, user="", sender=config.mailbox.address)
        self.clock = clock
        self.folder = folder
        self.zone = ZoneInfo(config.calendar.timezone)
        self.kinds: Counter[str] = Counter()

    async def open(self) -> None:
        """Nothing to connect to."""

    async def quit(self) -> None:
        """Nothing to leave."""

    async def announce(self, letter: Claimed) -> Answer | None:  # noqa: ARG002  (nobody refuses on paper)
        return None

    async def hand_over(self, letter: Claimed) -> Answer:
        self.kinds[letter.kind] += 1
        when = self.clock().astimezone(self.zone)
        to = _UNFIT.sub("_", letter.envelope_to)[:LONGEST_NAME]
        name = f"{when:%Y-%m-%dT%H-%M-%S}_{to}_{self.kinds.total():05}_{letter.kind}.eml"
        (self.folder / name).write_bytes(letter.raw)
        return Answer(outcome="sent", words="250 2.0.0 répétition : rien n’est parti")
