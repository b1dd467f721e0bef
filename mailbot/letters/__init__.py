"""Effect + facts → a finished, sealed letter (spec §4, design invariant 4); the texts live in templates/."""

from mailbot.letters.dress import KINDS, House, Unwritable
from mailbot.letters.seal import Injected, Sealed, seal, sendable

__all__ = ["House", "Injected", "Sealed", "Unwritable", "kinds", "seal", "sendable"]


def kinds() -> tuple[str, ...]:
    """Every kind of letter that can be sealed."""
    return KINDS
