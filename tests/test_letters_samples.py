"""The samples of mailbot.letters.samples, one for each kind of letter, as the other tests of letters take them."""

from __future__ import annotations

from mailbot.letters import kinds
from mailbot.letters.samples import (
    ACK,
    ADMINS,
    ANSWER,
    CLOCKED,
    CODE,
    COMMANDS,
    FACTS,
    HUMAN,
    MEDIATOR,
    NOTICES,
    NUMBER,
    ROW,
    TO_COMPLAINANTS,
    TO_STAFF,
    WAITING,
)

__all__ = [
    "ACK", "ADMINS", "ANSWER", "CLOCKED", "CODE", "COMMANDS", "FACTS", "HUMAN", "MEDIATOR", "NOTICES", "NUMBER",
    "RENDERED", "ROW", "TO_COMPLAINANTS", "TO_STAFF", "WAITING",
]  # fmt: skip

RENDERED = [(kind, "fr") for kind in FACTS] + [(kind, "en") for kind in TO_COMPLAINANTS]


def test_every_kind_has_a_sample_here() -> None:
    assert set(FACTS) == set(kinds())
