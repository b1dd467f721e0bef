"""A post office in memory for the model test: folders that change under the desk, a road that forgets to answer, sudden death."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from audit import Accepted

from mailbot.mailbox import Down, Fetched, Folders, Listed
from mailbot.outbox import Answer, RoadClosed
from mailbot.store.post import Claimed

INBOX, FILED, MOVED = "INBOX", "Traités", "Lu"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A delivery, as the audit wants to know it."""

    key: str
    trace: str
    verdict: str
    raw: bytes
    author: str = ""
    message_id: str = ""
    files: tuple[Any, ...] = ()
    outside: tuple[str, ...] = ()
    inside: tuple[tuple[str, str], ...] = ()


class Killed(BaseException):
    """The process is no more: nothing in it may go on."""


@dataclass
class Reaper:
    """Kills at the nth passage of a named point, and at every point from then on until a new life begins."""

    point: str = ""
    left: int = 0
    dead: bool = False

    def hit(self, name: str) -> None:
        if self.dead:
            raise Killed
        if name == self.point:
            self.left -= 1
            if self.left <= 0:
                self.die()

    def die(self) -> None:
        self.dead = True
        raise Killed

    def arm(self, point: str, passage: int) -> None:
        self.point, self.left = point, passage

    def revive(self) -> None:
        self.point, self.left, self.dead = "", 0, False


@dataclass
class Drawer:
    """A mailbox as `watch` uses it; `up` False: every command ends in Down."""

    reaper: Reaper
    up: bool = True
    validity: dict[str, int] = field(default_factory=dict)
    folders_: dict[str, dict[int, tuple[bytes, datetime]]] = field(default_factory=dict)
    next_uid: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (INBOX, FILED, MOVED):
            self.validity[folder], self.folders_[folder], self.next_uid[folder] = 1, {}, 1

    # -- what people and other servers do ---------------------------------------------------------------------------

    def put(self, raw: bytes, at: datetime, folder: str = INBOX) -> int:
        uid = self.next_uid[folder]
        self.next_uid[folder] += 1
        self.folders_[folder][uid] = (raw, at)
        return uid

    def move(self, uid: int, into: str, folder: str = INBOX) -> tuple[int, int]:
        raw, at = self.folders_[folder].pop(uid)
        return self.validity[into], self.put(raw, at, into)

    def renumber(self) -> None:
        """What a rebuilt server does: another UIDVALIDITY, other UIDs."""
        held = list(self.folders_[INBOX].values())
        self.validity[INBOX] += 1
        self.folders_[INBOX], self.next_uid[INBOX] = {}, 1
        for raw, at in held:
            self.put(raw, at)

    def contents(self) -> dict[str, dict[int, bytes]]:
        return {folder: {uid: raw for uid, (raw, _) in held.items()} for folder, held in self.folders_.items()}

    # -- what the desk asks ------------------------------------------------------------------------------------------

    def _answering(self) -> None:
        if self.reaper.dead:
            raise Killed
        if not self.up:
            raise Down("le serveur ne répond pas")

    def connect(self) -> None:
        self._answering()

    def close(self) -> None:
        """Nothing is held."""

    def interrupt(self) -> None:
        """Nobody waits."""

    def folders(self) -> Folders:
        self._answering()
        return Folders(inbox=INBOX, junk=None, sent=None, others=(MOVED,))

    def select(self, folder: str) -> tuple[int, int]:
        self._answering()
        return self.validity[folder], self.next_uid[folder]

    def _listed(self, folder: str, uids: Iterable[int]) -> list[Listed]:
        held = self.folders_[folder]
        return [Listed(uid=uid, size=len(held[uid][0]), received_at=held[uid][1]) for uid in uids]

    def listing(self, folder: str, first_uid: int = 1) -> list[Listed]:
        self._answering()
        return self._listed(folder, [uid for uid in self.folders_[folder] if uid >= first_uid])

    def find(self, folder: str, since: date) -> list[Listed]:
        self._answering()
        return self._listed(folder, [uid for uid, (_, at) in self.folders_[folder].items() if at.date() >= since])

    def fetch(self, folder: str, uid: int, size: int) -> Fetched | None:
        self._answering()
        held = self.folders_[folder].get(uid)
        return Fetched(raw=held[0], truncated=False) if held else None

    def in_ranges(self, size: int) -> bool:
        return False

    def fetch_set(self, folder: str, mails: Sequence[Listed]) -> dict[int, Fetched]:
        found = {m.uid: self.fetch(folder, m.uid, m.size) for m in mails}
        return {uid: fetched for uid, fetched in found.items() if fetched}

    def file_away(self, folder: str, uid: int, into: str) -> tuple[int, int] | None:
        """Dies before, or after, the server moved it: the register knows nothing of it yet (K05)."""
        self._answering()
        if uid not in self.folders_[folder]:
            return None
        self.reaper.hit("before the move")
        place = self.move(uid, into, folder)
        self.reaper.hit("K05")
        return place


@dataclass
class Line:
    """A road as `post` uses it. `state`: open | closed | later | mute (it takes the letter and its answer is lost)."""

    reaper: Reaper
    state: str = "open"
    accepted: list[Accepted] = field(default_factory=list)
    unheard: set[int] = field(
        default_factory=set
    )  # places in `accepted` whose answer the register never knew: so many copies more

    def another(self) -> Line:
        return self

    async def open(self) -> None:
        if self.reaper.dead:
            raise Killed
        if self.state == "closed":
            raise RoadClosed("le serveur d’envoi ne répond pas", "patientez", ours=False)

    async def announce(self, letter: Claimed) -> Answer | None:
        return Answer(outcome="later", words="451 later") if self.state == "later" else None

    async def hand_over(self, letter: Claimed) -> Answer:
        self.reaper.hit("S06")
        self.accepted.append(Accepted(to=letter.envelope_to, raw=letter.raw))
        self.reaper.hit("S07")
        if self.state == "mute":
            self.unheard.add(len(self.accepted) - 1)
            return Answer(outcome="uncertain", words="")
        return Answer(outcome="sent", words=f"250 2.0.0 Ok: queued as M{len(self.accepted):06d}")

    def close(self) -> None:
        """Nothing is held."""

    async def quit(self) -> None:
        """Nothing is held."""


class Standing:
    """One reader for many desks of the test: it outlives them all, since starting one is slow and proves nothing here."""

    def __init__(self, guard: Any) -> None:
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._guard, name)

    async def __aenter__(self) -> Standing:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Goes on."""


def numbered(start: int = 1) -> Iterator[str]:
    """Names that occur nowhere else."""
    while True:
        yield f"t{start:05d}"
        start += 1
