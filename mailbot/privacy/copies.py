"""Where copies of an erased mail lie outside of the register: in the mailbox, and in the backups made before.

Only a mail whose hash was just compared is taken out of the mailbox; whatever else names the person is listed for a human.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbot import failpoints
from mailbot.mailbox import Mailbox
from mailbot.store import backup, erase
from mailbot.store.ledger import Ledger


@dataclass(kw_only=True)
class Swept:
    """What became of the copies in the mailbox. `left`: « dossier, n° UID » of what a human has to look at."""

    erased: int = 0
    left: list[str] = field(default_factory=list)
    by_hand: bool = False  # the server can't erase one mail alone (no UIDPLUS)


def sweep(mailbox: Mailbox, register: Ledger, account: str, words: Sequence[str], now: datetime) -> Swept:
    """Every folder: the places that we know, and whatever holds one of the words. Raises mailbox.Down."""
    swept = Swept()
    known, hashes = register.ask(erase.places), register.ask(erase.hashes)
    for folder in mailbox.everywhere():
        validity, _ = mailbox.select(folder)
        sizes = {m.uid: m.size for m in mailbox.listing(folder)}
        ours = {uid for (name, valid, uid) in known if (name, valid) == (folder, validity)}
        for uid in sorted((ours | set(mailbox.holding(folder, words))) & set(sizes)):
            if _ours(mailbox, folder, uid, sizes[uid], hashes) and mailbox.erase(folder, uid):
                register.run(lambda tx, f=folder, v=validity, u=uid: erase.gone(tx, account, f, v, u, now))  # type: ignore[misc]
                swept.erased += 1
                failpoints.hit("K21")
            else:
                swept.by_hand = swept.by_hand or "UIDPLUS" not in mailbox.capabilities()
                swept.left.append(f"{folder}, n° {uid}")
    return swept


def _ours(mailbox: Mailbox, folder: str, uid: int, size: int, hashes: set[str]) -> bool:
    fetched = mailbox.fetch(folder, uid, size)
    return fetched is not None and hashlib.sha256(fetched.raw).hexdigest() in hashes


def backups(folder: Path | None, keep: int, now: datetime) -> list[tuple[Path, datetime]]:
    """The copies of the register made before `now`, and when each goes by rotation."""
    if folder is None or not folder.is_dir():
        return []
    stamps = [(p, m[1]) for p in sorted(folder.iterdir()) if (m := backup.NAME.fullmatch(p.name)) and p.suffix == ".db"]
    made = [(p, datetime.strptime(stamp, backup.STAMP).replace(tzinfo=UTC)) for p, stamp in stamps]
    return [(p, at + timedelta(days=keep)) for p, at in made if at <= now]
