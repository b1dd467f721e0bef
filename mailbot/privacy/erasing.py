"""One erasure from beginning to end: register (one transaction), mailbox, database file. Killed anywhere, it is taken up again.

Until the last step an Erasure row says what is still to do; it holds no word of the person once the mailbox was searched.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailbot import failpoints
from mailbot.config import Config
from mailbot.mailbox import Down, Mailbox
from mailbot.privacy import copies
from mailbot.store import erase, person, vacuum
from mailbot.store.erasures import Erasure
from mailbot.store.ledger import Ledger, Session, Trouble
from mailbot.store.tables import Complaint
from mailbot.traces import Traces

LIST = "mailbot-effacements.json"  # beside the register and beside its copies: whom to erase again after a restore


class Refused(RuntimeError):
    """Nothing was erased; the message, in French, says why."""


@dataclass(kw_only=True)
class Done:
    """What was done, for whoever asked."""

    pseudonym: str = ""
    files: list[str] = field(default_factory=list)
    mails: int = 0
    letters: int = 0
    mailbox: copies.Swept | None = None
    mailbox_trouble: str = ""  # why the mailbox was not searched yet
    database_trouble: str = ""
    backups: list[tuple[str, str]] = field(default_factory=list)  # (file, day from which it is gone)

    @property
    def whole(self) -> bool:
        return not self.mailbox_trouble and not self.database_trouble


def plan(
    tx: Session,
    address: str,
    config: Config,
    *,
    draw: Callable[[], str],
    numbers: Iterable[str] | None = None,
    by_age: bool = False,
) -> erase.Plan:
    """What would go. `numbers`: only those files of theirs. Raises Refused for the desk's own people, unless it is `by_age`,
    which leaves what others wrote as it is and need not read it."""
    wanted = address.strip().lower()
    inside = _inside(config)
    if wanted in inside and not by_age:
        raise Refused("cette adresse est de l’équipe ou de la boîte elle-même : retirez-la d’abord de la configuration")
    found = person.holding(tx, wanted, staff=[p.name for p in config.staff], files=numbers)
    before = erase.before(tx, wanted)
    pseudonym = before.pseudonym if before else f"reclamant-{draw()}@{erase.DOMAIN}"
    stand_in = f"Réclamant {found.files[0].number}" if found.files else "Personne effacée"
    traces = Traces(addresses=(wanted,), names=found.names, phones=found.phones, instead=pseudonym, name=stand_in)
    whole = numbers is None
    named = person.mentions(tx, found, traces, inside=inside, others=not by_age) if whole else person.Mentions()
    return erase.Plan(found=found, mentions=named, traces=traces, pseudonym=pseudonym, inside=inside, whole=whole)


def bare_plan(found: person.Holding, config: Config) -> erase.Plan:
    """Mails that belong to nobody's file: emptied, nothing is searched for."""
    nothing = Traces(addresses=(), instead="", name="")
    return erase.Plan(
        found=found, mentions=person.Mentions(), traces=nothing, pseudonym="", inside=_inside(config), whole=False
    )


def _inside(config: Config) -> frozenset[str]:
    return frozenset(a.lower() for p in config.staff for a in p.addresses) | config.own_addresses


def obstacles(made: erase.Plan, config: Config, now: datetime, *, anyway: bool) -> list[str]:
    """Why not, in French: a hold, an open file; and, unless `anyway`, a file that is still to be kept."""
    told = person.obstacles(made.found.files)
    young = [f for f in made.found.files if f.erased_at is None and f.series == "real" and not past(f, config, now)]
    if young and not anyway:
        told += [f"{f.number} se garde jusqu’au {kept_until(f, config):%d/%m/%Y}" for f in young if not f.hold]
    return told


def past(file: Complaint, config: Config, now: datetime) -> bool:
    """Whether the file reached its age (0 in the settings: never by itself)."""
    return bool(config.privacy.years) and kept_until(file, config) <= now


def kept_until(file: Complaint, config: Config) -> datetime:
    """Counted from the closing, else from the answer, else from the reception: in years, as the letters say it."""
    start = file.closed_at or file.answered_at or file.received_at
    year = start.year + (config.privacy.years or 0)
    day = 28 if (start.month, start.day) == (2, 29) else start.day
    return start.replace(year=year, day=day)


def pseudonymise(register: Ledger, made: erase.Plan, config: Config, now: datetime, *, who: str, cause: str) -> Done:
    """The first step, in the register; `follow` does the others."""
    act = erase.Act(now=now, who=who, cause=cause, salt=lambda: secrets.token_hex(16))
    register.run(lambda tx: erase.write(tx, made, act))
    failpoints.hit("K22")
    return Done(
        pseudonym=made.pseudonym,
        files=[f.number for f in made.found.files],
        mails=len(made.found.mails),
        letters=len(made.found.letters),
    )


def follow(register: Ledger, config: Config, mailbox: Mailbox, clock: Callable[[], datetime], told: Done) -> Done:
    """Mailbox and database file after every erasure that is not finished; what can't be done now stays to do."""
    waiting = register.ask(erase.unfinished)
    ids = [row.id or 0 for row in waiting]
    write_list(register, config)
    if any(row.mailbox_at is None for row in waiting):
        words = [w for row in waiting for w in _words(row)]
        try:
            mailbox.connect()
            told.mailbox = copies.sweep(mailbox, register, config.mailbox.address.lower(), words, clock())
        except Down as error:
            told.mailbox_trouble = str(error)
        finally:
            mailbox.close()
    if not told.mailbox_trouble:
        register.run(lambda tx: erase.mailbox_done(tx, ids, clock()))
    failpoints.hit("K23")
    try:
        vacuum.clean(register)
        if not told.mailbox_trouble:
            register.run(lambda tx: erase.done(tx, ids, clock()))
    except (Trouble, vacuum.Held, OSError) as error:
        told.database_trouble = f"la base est occupée ({type(error).__name__})"
    gone = copies.backups(config.backup.folder, config.backup.keep, clock())
    told.backups = [(p.name, f"{at:%d/%m/%Y}") for p, at in gone]
    return told


def _words(row: Erasure) -> list[str]:
    return [w for w in (row.todo.get("address", ""), *row.todo.get("ids", ())) if w]


def lines(told: Done) -> list[str]:
    """What was done, for a terminal."""
    named = f", sous le nom d’emprunt {told.pseudonym}" if told.pseudonym else ""
    out = [f"Registre : {len(told.files)} dossiers, {told.mails} messages, {told.letters} lettres{named}."]
    if told.mailbox is not None:
        out.append(f"Boîte : {told.mailbox.erased} messages effacés.")
        if told.mailbox.left:
            why = "le serveur n’efface pas un message seul" if told.mailbox.by_hand else "ils ne sont pas du registre"
            out.append(f"À regarder vous-même dans la boîte ({why}) : {' ; '.join(told.mailbox.left)}.")
    if told.mailbox_trouble:
        out.append(f"Boîte : pas encore ({told.mailbox_trouble}).")
    trouble = told.database_trouble
    out.append(f"Fichier de la base : pas encore ({trouble})." if trouble else "Fichier de la base : récrit.")
    out += [f"Copie d’avant, qui la contient encore : {name}, retirée après le {day}." for name, day in told.backups]
    return [*out, "Les boîtes personnelles de l’équipe et du réclamant gardent ce qu’elles ont reçu."]


# -- after a restore -----------------------------------------------------------------------------------------------------


def write_list(register: Ledger, config: Config) -> None:
    """Hashes only; beside the register and its copies, so that an older copy put back forgets again."""
    rows = register.ask(lambda tx: [_listed(r) for r in erase.persons(tx)])
    for folder in (config.data_dir, config.backup.folder):
        if folder is not None and folder.is_dir():
            known = {json.dumps(r, sort_keys=True): r for r in (*_read(folder), *rows)}
            text = json.dumps(sorted(known.values(), key=lambda r: r["at"]), indent=1)
            draft = folder / f".{LIST}.tmp"
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, folder / LIST)


def _listed(row: Erasure) -> dict[str, str]:
    at = row.at.astimezone(UTC).isoformat()
    return {"at": at, "salt": row.salt, "digest": row.digest, "pseudonym": row.pseudonym}


def _read(folder: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [r for r in rows if isinstance(r, dict) and {"at", "salt", "digest", "pseudonym"} <= set(r)]


def forget_again(register: Ledger, config: Config, beside: Iterable[Path], now: datetime, who: str) -> int:
    """A copy older than an erasure was put back: whoever was erased since is erased again. Returns how many people."""
    listed = {r["digest"]: r for folder in beside for r in _read(folder)}
    known = register.ask(lambda tx: {r.digest for r in erase.persons(tx)})
    missing = [r for digest, r in listed.items() if digest not in known]
    people = register.ask(person.addresses) if missing else []
    found = [(a, r) for r in missing for a in people if erase.known_by(r["salt"], a) == r["digest"]]
    for address, row in found:
        made = register.ask(lambda tx, a=address: plan(tx, a, config, draw=lambda: secrets.token_hex(6)))  # type: ignore[misc]
        pseudonymise(register, made, config, now, who=who, cause=f"command:restore {row['at'][:10]}")
    return len(found)
