"""`mailbot check --audit`: the promises A1–A8 (nothing lost, nothing twice, never silent) held against the register itself.

The judging is pure: `judge(Facts)` says every fault with its file, what it is and how to mend it. `examine` gathers the facts;
it reads everything and changes nothing, also while the desk is at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mailbot import proof
from mailbot.complaint import OPEN
from mailbot.config import Config
from mailbot.guard import Guard
from mailbot.reports.tables import clean
from mailbot.store import facts, instance
from mailbot.store.ledger import Ledger, Session, Trouble
from mailbot.verdict import VERDICTS

LATE = timedelta(hours=1)  # what is younger may be in hand
FINAL_MAIL = ("decided", "quarantined")
SEEN = ("mails", "places", "files", "letters", "journal")
LETTER_STATES = ("owed", "claimed", "sent", "refused", "uncertain", "given_up", "cancelled")
LEFT = ("sent", "uncertain")  # a server took it
POINTS = {
    "A1": "messages : chacun est expliqué, une fois",
    "A2": "dossiers : numéros à la suite, échéance fixée",
    "A3": "lettres dues : parties, une fois",
    "A4": "rien n’est parti que le registre ne connaisse",
    "A5": "places dans la boîte : chaque message en a une",
    "A6": "octets et pièces jointes : tels que reçus",
    "A7": "base et journal : entiers",
    "A8": "aucune erreur du programme lui-même",
}
WRITTEN_BY_HAND = (
    "le registre a été modifié hors de mailbot, ou c’est une faute du programme : gardez une copie, signalez-la"
)
RESTORE = "restaurez une copie (mailbot restore) dans un autre data_dir, et vérifiez le disque"
RUNNING = "« mailbot run » tourne-t-il ? voir « mailbot check »"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is not as promised. `number`: of the file, "" when none is concerned."""

    point: str
    number: str = ""
    what: str
    mend: str = WRITTEN_BY_HAND


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that the judging looks at. `people`: addresses that may get a letter of an essai; `files_of_bytes`, `record`: what
    `verify` found; `stray`: temporary files that nobody works on any more."""

    now: datetime
    mute: bool = False
    people: frozenset[str] = frozenset()
    mails: Sequence[facts.Mail] = ()
    without_mail: Sequence[int] = ()
    places: Sequence[facts.Place] = ()
    files: Sequence[facts.File] = ()
    counters: Mapping[tuple[str, int], int] = field(default_factory=dict)
    letters: Sequence[facts.Letter] = ()
    late: Sequence[facts.Late] = ()
    told: Sequence[tuple[str, str]] = ()
    damage: Sequence[str] = ()
    loose: Sequence[str] = ()
    files_of_bytes: Sequence[str] = ()
    record: Sequence[str] = ()
    stray: Sequence[str] = ()


def judge(f: Facts) -> list[Fault]:
    """Every fault, in the order of the points; empty when all is as promised."""
    return [fault for point in (_a1, _a2, _a3, _a4, _a5, _a6, _a7, _a8) for fault in point(f)]


def _a1(f: Facts) -> Iterator[Fault]:
    """Each mail is one row with one verdict."""
    for raw_id in f.without_mail:
        yield Fault(point="A1", what=f"les octets n° {raw_id} n’appartiennent à aucun message")
    for m in f.mails:
        if m.state in FINAL_MAIL and m.verdict in VERDICTS and m.decided_at is not None:
            continue
        if m.state == "kept" and not m.verdict:
            if f.now - m.kept_at > LATE:
                what = f"le message {m.id} attend un verdict depuis le {_moment(m.kept_at)}"
                yield Fault(point="A1", number=m.number, what=what, mend=RUNNING)
            continue
        what = f"le message {m.id} est « {clean(m.state)} » avec le verdict « {clean(m.verdict)} »"
        yield Fault(point="A1", number=m.number, what=what)


def _a2(f: Facts) -> Iterator[Fault]:
    """Numbers 1…n in each series and year, and a due date on each open file."""
    ranks: dict[tuple[str, int], list[int]] = {}
    for c in f.files:
        ranks.setdefault((c.series, c.year), []).append(c.rank)
        if not c.number.endswith(f"-{c.year}-{c.rank:04d}"):
            yield Fault(point="A2", number=c.number, what=f"ce numéro n’est pas celui du rang {c.rank} de {c.year}")
        if c.stage in OPEN and c.due_on is None and c.series == "real":
            yield Fault(point="A2", number=c.number, what="ce dossier ouvert n’a pas d’échéance")
    for series, year in sorted({*ranks, *f.counters}):
        found, last = sorted(ranks.get((series, year), [])), f.counters.get((series, year), 0)
        missing = sorted(set(range(1, max([last, *found]) + 1)) - set(found))
        if missing:
            what = f"série {series} de {year} : il manque {_some(missing)}"
            yield Fault(point="A2", what=what, mend="un dossier a été effacé : restaurez une copie")
        if found and found[-1] != last:
            yield Fault(
                point="A2", what=f"série {series} de {year} : le compteur dit {last}, le dernier rang est {found[-1]}"
            )
    for m in f.mails:
        if m.verdict == "complaint" and not m.number:
            yield Fault(point="A2", what=f"le message {m.id} est une réclamation sans dossier")


def _a3(f: Facts) -> Iterator[Fault]:
    """What is owed leaves, once; an accepted AR is a letter that left."""
    for row in f.letters:
        yield from (_fault("A3", row, *words) for words in _letter(row, f))
    left = {key for row in f.letters if row.state in LEFT or row.repeats for key in row.keys}  # an uncertain one counts
    for c in f.files:
        reached = c.ack_state in ("accepted", "uncertain") and c.series != "practice"
        if reached and not any(f"ack:{c.number}:{n}" in left for n in range(1, c.cycle + 1)):
            yield Fault(
                point="A3", number=c.number, what="son accusé de réception est dit parti, et aucune lettre ne l’est"
            )


def _letter(row: facts.Letter, f: Facts) -> Iterator[tuple[str, str]]:
    if row.state not in LETTER_STATES:
        yield f"état inconnu « {clean(row.state)} »", WRITTEN_BY_HAND
    if row.state == "owed" and f.now - row.next_try_at > LATE and not f.mute:
        yield f"due, non partie depuis le {_moment(row.next_try_at)}", RUNNING
    if row.state == "claimed" and (row.lease_until is None or f.now - row.lease_until > LATE):
        yield "en main d’un bureau qui n’est plus là", RUNNING
    if row.state not in ("owed", "claimed") and row.settled_at is None:
        yield f"« {row.state} » sans date", WRITTEN_BY_HAND
    if row.repeats > 1:
        yield f"répétée {row.repeats} fois", WRITTEN_BY_HAND
    if not row.keys and not row.cause.startswith("command:check"):
        yield "sans clé : elle pourrait partir deux fois", WRITTEN_BY_HAND


def _a4(f: Facts) -> Iterator[Fault]:
    """Each letter is what its row says, to whom it says, and has a cause that can be found."""
    mails, letters = {m.id for m in f.mails}, {row.id for row in f.letters}
    for row in f.letters:
        if row.written_id != row.message_id:
            yield _fault("A4", row, f"son en-tête porte un autre Message-ID ({clean(row.written_id)[:80]})")
        if row.written_to.lower() not in (row.to.lower(), row.envelope.lower()):
            yield _fault("A4", row, "son en-tête nomme un autre destinataire")
        if row.series in ("essai", "practice") and row.state in LEFT and row.envelope.lower() not in f.people:
            yield _fault("A4", row, "partie vers l’extérieur, alors que son dossier est un exercice")
        kind, _, what = row.cause.partition(":")
        known = {"mail": mails, "delivery": letters}.get(kind)
        if (
            kind not in ("mail", "delivery", "tick", "command")
            or not what
            or (known is not None and not _in(what, known))
        ):
            yield _fault("A4", row, f"sa cause ne se retrouve pas (« {clean(row.cause)[:60]} »)")


def _a5(f: Facts) -> Iterator[Fault]:
    """Each mail has its place in the mailbox, each place its mail; what we moved arrived."""
    arrived = {(p.inbound_id, p.folder) for p in f.places}
    numbers = {m.id: m.number for m in f.mails}
    for m in f.mails:
        if not m.places:
            yield Fault(point="A5", number=m.number, what=f"le message {m.id} n’a aucune place dans la boîte")
    for p in f.places:
        where, number = f"{clean(p.folder)}, n° {p.uid}", numbers.get(p.inbound_id or 0, "")
        if p.state == "known" and p.inbound_id is None:
            yield Fault(point="A5", what=f"{where} : place connue, sans message")
        if p.moved_to and not (p.gone and (p.inbound_id, p.moved_to) in arrived):
            what = f"{where} : rangé dans {clean(p.moved_to)}, où il n’a pas de place"
            yield Fault(
                point="A5", number=number, what=what, mend=f"cherchez-le dans {clean(p.moved_to)} et signalez-le"
            )


def _a6(f: Facts) -> Iterator[Fault]:
    for words in f.files_of_bytes:
        yield Fault(point="A6", what=words, mend="restaurez une copie d’avant, et comparez : mailbot verify")
    for name in f.stray:
        yield Fault(point="A6", what=f"fichier temporaire oublié : {clean(name)}", mend="il peut être effacé")


def _a7(f: Facts) -> Iterator[Fault]:
    for words in (*f.damage, *(f"références perdues, {x}" for x in f.loose), *f.record):
        yield Fault(point="A7", what=clean(words), mend=RESTORE)


def _a8(f: Facts) -> Iterator[Fault]:
    """A fault of ours: told once as an alarm, and still there to be read; or something whose time came and that is not done."""
    waiting = {m.id: m.number for m in f.mails if m.waiting}
    for key, words in f.told:
        kind, _, what = key.partition(":")
        if kind == "set-aside" and not _in(what, set(waiting)):
            continue  # a human has decided since
        number = waiting.get(int(what), "") if kind == "set-aside" else ""
        mend = "mailbot list --waiting, puis mailbot decide" if kind == "set-aside" else "voir le journal du service"
        yield Fault(point="A8", number=number, what=clean(words), mend=mend)
    for row in f.late:
        what = f"« {clean(row.key)} » devait être regardé le {_moment(row.at)}"
        yield Fault(point="A8", number=row.number, what=what, mend=RUNNING)


def _fault(point: str, row: facts.Letter, what: str, mend: str = WRITTEN_BY_HAND) -> Fault:
    return Fault(point=point, number=row.number, what=f"lettre {clean(row.name)[:80]} : {what}", mend=mend)


def _in(digits: str, known: set[int]) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) < 19 and int(digits) in known


def _some(numbers: Sequence[int]) -> str:
    return ", ".join(str(n) for n in numbers[:10]) + (f" et {len(numbers) - 10} autres" if len(numbers) > 10 else "")


def _moment(at: datetime) -> str:
    return f"{at:%d/%m/%Y à %H:%M} (UTC)"


# -- gathering ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Audit:
    """How much was looked at, and every fault."""

    seen: Mapping[str, int]
    faults: Sequence[Fault]

    def as_dict(self) -> dict[str, Any]:
        return {"whole": not self.faults, "seen": dict(self.seen), "faults": [asdict(fault) for fault in self.faults]}


async def examine(
    config: Config, register: Ledger, guard: Guard, now: datetime, step: Callable[[], None] = lambda: None
) -> Audit:
    """`step` is called once a mail. A database that can't be read to its end is a fault like another."""
    try:
        verified = await proof.examine(register, guard, step=step)
        found = register.ask(lambda tx: gather(tx, config, now, verified))
    except Trouble as error:
        what = f"le registre ne se lit pas jusqu’au bout ({type(error).__name__})"
        return Audit(seen=dict.fromkeys(SEEN, 0), faults=[Fault(point="A7", what=what, mend=RESTORE)])
    counts = (len(found.mails), len(found.places), len(found.files), len(found.letters), verified.lines)
    return Audit(seen=dict(zip(SEEN, counts, strict=True)), faults=judge(found))


def gather(tx: Session, config: Config, now: datetime, verified: proof.Proof) -> Facts:
    return Facts(
        now=now,
        mute=bool(instance.mute(tx, config.instance_id)),
        people=frozenset(a.lower() for person in config.staff for a in person.addresses),
        mails=facts.mails(tx),
        without_mail=facts.without_mail(tx),
        places=facts.places(tx),
        files=facts.files(tx),
        counters=facts.counters(tx),
        letters=tuple(facts.letters(tx)),
        late=facts.late(tx, now - LATE),
        told=facts.faults_told(tx),
        damage=facts.damage(tx),
        loose=facts.loose(tx),
        files_of_bytes=[w for w in verified.faults if not w.startswith(proof.JOURNAL)],
        record=[w for w in verified.faults if w.startswith(proof.JOURNAL)],
        stray=_stray(config.data_dir, now),
    )


def _stray(folder: Path, now: datetime) -> list[str]:
    """Temporary files that no copy in hand explains."""
    old = (now - LATE).timestamp()
    return sorted(str(p) for p in folder.rglob("*.tmp") if p.is_file() and p.stat().st_mtime < old)


def lines(audit: Audit, *, quiet: bool = False) -> list[str]:
    """The audit for a terminal: a line a point, its faults below."""
    out = []
    for point, name in POINTS.items():
        own = [f for f in audit.faults if f.point == point]
        if own or not quiet:
            out.append(f"{'✗' if own else '✓'} {point} {name}")
        out += [f"    {f.number + ' : ' if f.number else ''}{f.what} → {f.mend}" for f in own]
    if not quiet:
        s = audit.seen
        out.append(
            f"{s['mails']} message(s), {s['files']} dossier(s), {s['letters']} lettre(s), {s['journal']} ligne(s) de journal : "
            + (f"{len(audit.faults)} défaut(s)." if audit.faults else "tout est comme promis.")
        )
    return out
