"""The daemon of the demo, `python -m mailbot.demo.daemon SETTINGS CLOCK`: the very one of `mailbot run`, on the demo's clock."""

from __future__ import annotations

import sys
from pathlib import Path

from mailbot import app, config, frugal
from mailbot.demo.clock import Clock
from mailbot.log import log_to

TICK_SECONDS = 0.5  # a clock that leaps over days is looked at more often than every quarter of a minute


def main(settings: Path, clock: Path) -> None:
    """Until SIGTERM. What goes wrong ends it with a traceback, which the demo shows."""
    log_to(sys.stdout)
    frugal.play(
        app.serve(config.load(settings, environ={}), once=False, clock=Clock(clock), tick_seconds=TICK_SECONDS),
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
