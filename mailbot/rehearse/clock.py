"""A clock that says what it is told: of a rehearsal, and of tests."""

from __future__ import annotations

from datetime import datetime, timedelta


class Clock:
    """Called, it tells the instant; with a `step` it goes on by that much each time it is read."""

    def __init__(self, now: datetime, step: timedelta = timedelta(0)) -> None:
        self.now, self.step = now, step

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now

    def advance(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now
