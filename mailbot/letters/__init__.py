"""Effect + facts → a finished, sealed letter (spec §4, design invariant 4); the texts live in templates/."""

from mailbot.letters.buttons import mailto
from mailbot.letters.canary import leak
from mailbot.letters.dress import KINDS, Unwritable, paper
from mailbot.letters.house import House, Logo
from mailbot.letters.seal import File, Injected, Sealed, seal, sendable

__all__ = [
    "File",
    "House",
    "Injected",
    "Logo",
    "Sealed",
    "Unwritable",
    "kinds",
    "leak",
    "mailto",
    "paper",
    "seal",
    "sendable",
]


def kinds() -> tuple[str, ...]:
    """Every kind of letter that can be sealed."""
    return KINDS
