"""`mailbot verify`: whether the record is still what was written: the journal's chain, each mail's bytes, each attachment's.

The chain alone can't show that its last lines were dropped: a head printed in a digest, in an admin's mailbox, can.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from mailbot.guard import Guard, Unreadable
from mailbot.reports.tables import clean
from mailbot.store import journal, sums
from mailbot.store.ledger import Ledger, Session

JOURNAL = "journal"  # what a fault of the chain begins with; the others are about mails and their files
GONE = "des lignes ont été retirées ou récrites"
HEAD = re.compile(r"[0-9a-f]{8,64}", re.ASCII)


@dataclass(kw_only=True)
class Proof:
    """What was looked at, and every fault in words."""

    lines: int = 0
    head: str = ""
    mails: int = 0
    attachments: int = 0
    erased_lines: int = 0  # by right: the chain holds over them
    erased_mails: int = 0
    witnesses: int = 0  # heads, printed in digests, that were looked for in the chain
    faults: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {"whole": not self.faults, **asdict(self)}


def as_head(text: str) -> str:
    """A head as somebody copied it. Raises ValueError, in French."""
    head = text.strip().rstrip("….").lower()
    if not HEAD.fullmatch(head):
        raise ValueError("--head : recopiez au moins huit des chiffres et lettres (0-9, a-f) de « Tête du journal »")
    return head


async def examine(register: Ledger, guard: Guard, *, head: str = "", step: Callable[[], None] = lambda: None) -> Proof:
    """Reads everything, changes nothing; the desk may be at work meanwhile. `step` is called once a mail."""
    proof = Proof()
    with register.reading() as tx:
        _journal(tx, proof, head)
        erased = sums.erased(tx)
        for raw_id, inbound_id in sums.mail_ids(tx):
            if raw_id in erased:
                proof.mails, proof.erased_mails = proof.mails + 1, proof.erased_mails + 1
            else:
                await _mail(tx, guard, raw_id, inbound_id, proof)
            step()
    return proof


def _journal(tx: Session, proof: Proof, head: str) -> None:
    proof.faults += [f"{JOURNAL}, {fault}" for fault in journal.broken(tx)]
    proof.erased_lines = journal.erased(tx)
    heads = sums.heads(tx)
    proof.lines, proof.head = len(heads), heads[-1] if heads else journal.FIRST_HEAD
    known = {journal.FIRST_HEAD, *heads}
    if head:
        proof.witnesses += 1
        if not any(h.startswith(head) for h in known):
            proof.faults.append(f"{JOURNAL} : la tête {head[:16]} n’y est pas ; {GONE}")
    for at, witness in sums.printed(tx):
        proof.witnesses += bool(witness)
        if witness and witness not in known:
            told = f"la tête imprimée dans le relevé du {at:%d/%m/%Y} ({witness[:16]}) n’y est pas"
            proof.faults.append(f"{JOURNAL} : {told} ; {GONE}")


async def _mail(tx: Session, guard: Guard, raw_id: int, inbound_id: int, proof: Proof) -> None:
    data, files = sums.octets(tx, raw_id), sums.files(tx, inbound_id)
    proof.mails += 1
    proof.attachments += len(files)
    if data is None:
        proof.faults.append(f"message {inbound_id} : ses octets ne correspondent pas à leur empreinte")
        return
    try:
        found = await guard.cut_out(data, [path for path, _, _ in files]) if files else {}
    except Unreadable as error:
        proof.faults.append(f"message {inbound_id} : ses pièces ne se lisent plus ({error})")
        return
    for path, name, wanted in files:
        if path not in found or hashlib.sha256(found[path]).hexdigest() != wanted:
            what = "n’y est plus" if path not in found else "ne correspond pas à son empreinte"
            proof.faults.append(f"message {inbound_id}, pièce « {clean(name)[:60]} » : {what}")


def lines(proof: Proof) -> list[str]:
    """The proof for a terminal."""
    witnessed = f", {proof.witnesses} tête(s) de relevé retrouvée(s)" if proof.witnesses and not proof.faults else ""
    return [
        *proof.faults,
        f"Journal : {proof.lines} lignes{_gone(proof.erased_lines)}, tête {proof.head[:16]}{witnessed}.",
        f"Messages : {proof.mails}{_gone(proof.erased_mails)} ; pièces : {proof.attachments}.",
        f"{len(proof.faults)} défaut(s)." if proof.faults else "Tout est tel qu’écrit.",
    ]


def _gone(n: int) -> str:
    return f" (effacés : {n})" if n else ""
