"""Retention by age: which files and suspect mails may go now, which are held back and why; and their going (spec §9).

Only by a human's word (`mailbot retention --apply`), never by the clock alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbot.config import Config
from mailbot.privacy import erasing
from mailbot.store import erase, person
from mailbot.store.ledger import Ledger, Session
from mailbot.store.person import Holding
from mailbot.store.tables import Complaint

MONTH = timedelta(days=30.5)


@dataclass(frozen=True, kw_only=True)
class Aged:
    """`files`: numbers by address of who complained; `held`: « REC-… : why », past their age and kept all the same."""

    files: dict[str, tuple[str, ...]]
    mails: tuple[int, ...]
    held: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(map(len, self.files.values()))


def look(tx: Session, config: Config, now: datetime) -> Aged:
    """What has reached its age at `now`."""
    old = [f for f in person.ended(tx) if _past(f, config, now)]
    files: dict[str, tuple[str, ...]] = {}
    for file in old:
        if not file.hold:
            files[file.complainant_addr] = (*files.get(file.complainant_addr, ()), file.number)
    months = config.privacy.spam_months
    return Aged(
        files=files,
        mails=tuple(person.stale_mails(tx, now - months * MONTH)) if months else (),
        held=tuple(f"{f.number} : {f.hold}" for f in old if f.hold),
    )


def _past(file: Complaint, config: Config, now: datetime) -> bool:
    if file.stage == "out-of-scope" and config.privacy.spam_months:
        started = file.closed_at or file.answered_at or file.received_at
        return started + config.privacy.spam_months * MONTH <= now
    return erasing.past(file, config, now)


def apply(
    register: Ledger, config: Config, aged: Aged, now: datetime, *, who: str, step: Callable[[], None]
) -> erasing.Done:
    """The register's part, one person after the other; `erasing.follow` does mailbox and database file."""
    told = erasing.Done()
    for address, numbers in aged.files.items():
        made = register.ask(lambda tx, a=address, n=numbers: _plan(tx, a, n, config))  # type: ignore[misc]
        done = erasing.pseudonymise(register, made, config, now, who=who, cause="command:retention")
        told.files += done.files
        told.mails, told.letters = told.mails + done.mails, told.letters + done.letters
        step()
    if aged.mails:
        made = _mails_only(aged.mails, config)
        told.mails += erasing.pseudonymise(register, made, config, now, who=who, cause="command:retention").mails
    return told


def _plan(tx: Session, address: str, numbers: tuple[str, ...], config: Config) -> erase.Plan:
    """Somebody whose every file goes is forgotten everywhere; else only those files are emptied."""
    anonymous = "@" not in address or config.person(address) is not None
    whole = not anonymous and person.alone(tx, address, numbers)
    made = erasing.plan(
        tx, address, config, draw=lambda: secrets.token_hex(6), numbers=None if whole else numbers, by_age=True
    )
    return made if whole else replace(made, whole=False)


def _mails_only(mails: tuple[int, ...], config: Config) -> erase.Plan:
    nobody = Holding(address="", files=(), mails=mails, letters=(), lines=(), names=(), shared=(), phones=())
    return erasing.bare_plan(nobody, config)
