"""Commands a person types; each a few lines. Heavy rooms are imported by the command that needs them.

Exit codes: 0 done · 1 not done, the message says why · 2 wrong use · 75 try again later · 78 wrong configuration.
"""

from mailbot import frugal

with frugal.loading():
    from mailbot.cli import (
        account,
        beforehand,
        care,
        desk,
        importing,
        init,
        moving,
        people,
        person,
        quality,
        record,
        safety,
        settings,
    )
    from mailbot.cli.shared import app

__all__ = [
    "account",
    "app",
    "beforehand",
    "care",
    "desk",
    "importing",
    "init",
    "main",
    "moving",
    "people",
    "person",
    "quality",
    "record",
    "safety",
    "settings",
]


def main() -> None:
    """The command line."""
    app()
