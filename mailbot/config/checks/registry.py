"""The list of checks, each with the keys that it rests on: from a wrong key nothing is concluded."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mailbot.config.mistakes import Finding, plain
from mailbot.config.records import Config

Check = Callable[[Config], Iterator[Finding]]

_CHECKS: list[tuple[Check, tuple[str, ...]]] = []


def contradictions(config: Config, faulty: set[str]) -> Iterator[Finding]:
    """Every contradiction but those that rest on a key of `faulty` (without numbers): nothing can be said of them."""
    for check, read in _CHECKS:
        if not any(touches(f, r) for f in faulty for r in read):
            yield from (f for f in check(config) if not any(touches(plain(f.at), k) for k in faulty))


def touches(one: str, other: str) -> bool:
    """Whether one key is the other, or holds it."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def reads(*keys: str) -> Callable[[Check], Check]:
    """The keys on which a check's conclusion rests, beside the one that it names."""

    def register(check: Check) -> Check:
        _CHECKS.append((check, keys))
        return check

    return register
