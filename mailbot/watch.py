"""Takes every mail of the mailbox into the register: see, fetch, keep, and only then file away (design invariant 1).

Selection is by place unknown to the register, never by a flag; what a human moved before we saw it is searched for daily.
Runs in the mailbox's own thread; `Mailbox` does the IMAP, `store.keep` the remembering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import structlog

from mailbot import failpoints
from mailbot.config import Config
from mailbot.mailbox import Down, Folders, Listed, Mailbox
from mailbot.store import keep as keeping
from mailbot.store import ledger as ledgers
from mailbot.store import questions
from mailbot.store.apply import raise_alarm
from mailbot.store.keep import Spot
from mailbot.store.ledger import Ledger, Session
from mailbot.store.slabs import Spool

SEARCH_BACK = timedelta(days=3)  # at least, so that a mail that was delivered late is found too
REFUSALS = 3  # times that the server may refuse one mail before it is set aside
FULL_EVERY = timedelta(hours=1)
SEARCH_EVERY = timedelta(days=1)
SET_MAILS, SET_BYTES = 8, 4 * 2**20  # fetched in one command and kept in one commit, at most
STRIDE = 500  # mails of one look after which whoever watches is told how far it is
log = structlog.get_logger()


class Watch:
    """One mailbox under watch. `pass_once` after each connection and each wake-up; every call may raise mailbox.Down."""

    def __init__(self, config: Config, ledger: Ledger, mailbox: Mailbox, clock: Callable[[], datetime]) -> None:
        self.config = config
        self.ledger = ledger
        self.mailbox = mailbox
        self.clock = clock
        self.account = config.mailbox.address.lower()
        self.folders: Folders | None = None
        self.full_at: dict[str, datetime] = {}
        self.start: datetime | None = None
        self.refusals: dict[Spot, int] = {}
        self.singly: set[str] = (
            set()
        )  # folders where a set could not be had: one by one, the fault shows which mail it is
        self.on_kept: Callable[[], object] = lambda: None  # called in this thread after each commit that brought a mail

    def connected(self) -> None:
        """After each login: the start is fixed before anything is read (spec §2), and every folder is compared whole."""
        now = self.clock()
        self.start = self.ledger.run(lambda tx: ledgers.started_at(tx, self.config.mailbox.since, now))
        self.folders = self.mailbox.folders()
        self.full_at = {}

    def pass_once(self, *, only_inbox: bool = False) -> int:
        """Keeps whatever is new; returns how many mails were new."""
        assert self.folders is not None
        kept = self._folder(self.folders.inbox, "inbox")
        if not only_inbox:
            if self.folders.junk:
                kept += self._folder(self.folders.junk, "junk")
            if self.folders.sent:
                kept += self._folder(self.folders.sent, "sent")
            kept += self._search_elsewhere()
        return kept

    def _folder(self, folder: str, kind: str) -> int:
        failpoints.hit("K01")
        validity, uidnext = self.mailbox.select(folder)
        floor, first = self._floor(folder, validity)
        listed = self.mailbox.listing(folder, first)
        known = self.ledger.ask(lambda tx: keeping.known_uids(tx, self.account, folder, validity, first))
        present = {m.uid for m in listed}
        if first == 1:
            self._compare(folder, validity, present)
        uidnext = max(uidnext, max(present, default=0) + 1)
        if floor and kind == "inbox":
            self._note_vanished(folder, validity, range(floor, min(uidnext, floor + 10_000)), present | known)
        new = [m for m in self._in_order(listed) if m.uid not in known]
        kept = self._take_all(folder, validity, new, kind)
        self._remember_floor(folder, validity, uidnext)
        if kind == "inbox" and self.config.mailbox.file_into:
            self._file_away(folder, validity)
        return kept

    def _floor(self, folder: str, validity: int) -> tuple[int, int]:
        """(the UID below which everything was seen, 0 at the first look; the first UID to list: 1 once an hour and after a login)."""
        now = self.clock()
        seen = self.ledger.ask(lambda tx: ledgers.recall(tx, self._floor_key(folder, validity)))
        floor = int(seen or 0)
        if now - self.full_at.get(folder, datetime.min.replace(tzinfo=now.tzinfo)) > FULL_EVERY:
            self.full_at[folder] = now
            return floor, 1
        return floor, max(1, floor)

    def _floor_key(self, folder: str, validity: int) -> str:
        return f"uidnext:{self.account}:{folder}:{validity}"

    def _remember_floor(self, folder: str, validity: int, uidnext: int) -> None:
        key = self._floor_key(folder, validity)
        if self.ledger.ask(lambda tx: ledgers.recall(tx, key)) != str(uidnext):
            self.ledger.run(lambda tx: ledgers.remember(tx, key, str(uidnext)))

    def _compare(self, folder: str, validity: int, present: set[int]) -> None:
        now = self.clock()
        self.ledger.run(lambda tx: keeping.mark_gone(tx, self.account, folder, validity, present, now))

    def _note_vanished(self, folder: str, validity: int, uids: range, explained: set[int]) -> None:
        """UIDs handed out since the last pass but gone before it: named in the reconciliation, not forgotten."""
        for uid in uids:
            if uid not in explained:
                self._note(self._spot(folder, validity, uid), "vanished")

    def _note(self, spot: Spot, state: str) -> None:
        now = self.clock()
        self.ledger.run(lambda tx: keeping.note_place(tx, spot, now, state=state))

    def _in_order(self, listed: list[Listed]) -> list[Listed]:
        """What came after the start first, oldest first: an old mailbox must not delay today's complaint."""
        start = self.start
        assert start is not None
        return sorted(listed, key=lambda m: (m.received_at < start, m.received_at, m.uid))

    def _spot(self, folder: str, validity: int, uid: int) -> Spot:
        return Spot(account=self.account, folder=folder, uidvalidity=validity, uid=uid)

    def _take_all(self, folder: str, validity: int, new: list[Listed], kind: str) -> int:
        """In sets, as they lie there: nothing waits for a set to fill."""
        wanted = self._wanted(folder, validity, new, kind)
        most = 1 if folder in self.singly else SET_MAILS
        kept = sum(self._take(folder, validity, some, kind) for some in in_sets(wanted, most))
        self.singly.discard(folder)
        return kept

    def _wanted(self, folder: str, validity: int, new: list[Listed], kind: str) -> Iterator[Listed]:
        """What is to be fetched; of the others the place is noted, and why."""
        for done, mail in enumerate(new):
            if done and done % STRIDE == 0:
                log.info("reading", folder=folder, done=done, of=len(new))
            spot = self._spot(folder, validity, mail.uid)
            if kind == "sent" and not self._concerns_us(folder, mail):
                self._note(spot, "passed")
            elif self.refusals.get(spot, 0) >= REFUSALS:
                self._refused(spot)
            else:
                yield mail

    def _take(self, folder: str, validity: int, mails: list[Listed], kind: str) -> int:
        """One set: fetched, and kept in one commit. Returns how many were new."""
        now = self.clock()  # before the fetching: what takes long to come was here when it began to
        spots = [self._spot(folder, validity, mail.uid) for mail in mails]
        with ExitStack() as spools:
            with self._counting_refusals(folder, validity):
                fetched = self._fetched(folder, mails, spools)
            failpoints.hit("K02")
            ready = list(zip(spots, mails, fetched, strict=True))
            new = self.ledger.run(lambda tx: sum(self._keep(tx, *each, kind, now) for each in ready))
        failpoints.hit("K04")
        if new:
            self.on_kept()
        return new

    def _fetched(self, folder: str, mails: list[Listed], spools: ExitStack) -> list[keeping.Wrapped | None]:
        """Ready to be kept, in their order; None for what is gone. A large mail, which comes alone, lies in one of the `spools`."""
        if len(mails) == 1 and self.mailbox.in_ranges(mails[0].size):
            return [self._poured(folder, mails[0], spools.enter_context(Spool(self.config.data_dir)))]
        found = self.mailbox.fetch_set(folder, mails)
        return [
            keeping.wrapped(f.raw, truncated=f.truncated) if (f := found.pop(mail.uid, None)) else None
            for mail in mails
        ]

    def _poured(self, folder: str, mail: Listed, spool: Spool) -> keeping.Wrapped | None:
        """Piece by piece to the disk, and from there to the register, which nobody is kept from while a slow line brings it."""
        return keeping.spooled(spool) if self.mailbox.pour(folder, mail.uid, mail.size, spool.add) else None

    @contextmanager
    def _counting_refusals(self, folder: str, validity: int) -> Iterator[None]:
        try:
            yield
        except Down as error:
            if error.uid is not None:  # this one mail, not the connection: it must not block the others for ever
                spot = self._spot(folder, validity, error.uid)
                self.refusals[spot] = self.refusals.get(spot, 0) + 1
            self.singly.add(folder)
            raise

    def _keep(
        self, tx: Session, spot: Spot, mail: Listed, raw: keeping.Wrapped | None, kind: str, now: datetime
    ) -> bool:
        if raw is None:
            keeping.note_place(tx, spot, now, state="vanished")
            return False
        return keeping.keep(tx, spot, raw, kind=kind, received_at=mail.received_at, now=now).new

    def _refused(self, spot: Spot) -> None:
        """A mail that the server shows and does not give: named, alarmed, and the line moves (design invariant 7)."""
        now = self.clock()
        text = (
            f"le serveur refuse de donner le message n° {spot.uid} du dossier {spot.folder} : ouvrez-le dans la boîte"
        )

        def write(tx: Session) -> None:
            keeping.note_place(tx, spot, now, state="refused")
            raise_alarm(tx, f"refused:{spot.folder}:{spot.uidvalidity}:{spot.uid}", text, now, cause="tick:watch")

        self.ledger.run(write)

    def _concerns_us(self, folder: str, mail: Listed) -> bool:
        """Of the sent folder only answers to complainants are the desk's business (spec §2, direct-answer)."""
        assert self.start is not None
        if mail.received_at < self.start:
            return False
        from mailbot.message import read_headers  # with its parsers; only where a folder of sent mails is looked at

        seen = read_headers(self.mailbox.headers(folder, mail.uid) or b"")
        ids = (*seen.in_reply_to, *seen.references)
        recipients = tuple(a.addr.lower() for a in (*seen.to, *seen.cc))
        return self.ledger.ask(lambda tx: questions.concerns_a_file(tx, ids, recipients))

    def _file_away(self, folder: str, validity: int) -> None:
        """Only what the register holds is moved; a place without a mail stays where it is."""
        into = self.config.mailbox.file_into
        for uid, _ in self.ledger.ask(lambda tx: keeping.to_file_away(tx, self.account, folder, validity)):
            new = self.mailbox.file_away(folder, uid, into)
            if new is not None:  # else no UID MOVE here, or gone meanwhile: the place stays as it is, remembered
                self._moved(self._spot(folder, validity, uid), into, new)

    def _moved(self, spot: Spot, into: str, new: tuple[int, int]) -> None:
        now = self.clock()
        self.ledger.run(lambda tx: keeping.moved(tx, spot, into, new, now))

    def _search_elsewhere(self) -> int:
        """Mail that a human, or a rule of the mail client, moved before we saw it (spec §2)."""
        assert self.folders is not None
        assert self.start is not None
        now = self.clock()
        last = self._last_search()
        if last and now - last < SEARCH_EVERY:
            return 0
        since = max(self.start, min(now - SEARCH_BACK, (last or now) - SEARCH_EVERY))
        kept = sum(self._search_folder(folder, since) for folder in self.folders.others)
        self.ledger.run(lambda tx: ledgers.remember(tx, "searched_at", now.isoformat()))
        return kept

    def _last_search(self) -> datetime | None:
        known = self.ledger.ask(lambda tx: ledgers.recall(tx, "searched_at"))
        return datetime.fromisoformat(known) if known else None

    def _search_folder(self, folder: str, since: datetime) -> int:
        validity, _ = self.mailbox.select(folder)
        found = [m for m in self.mailbox.find(folder, since.date()) if m.received_at >= since]
        known = self.ledger.ask(lambda tx: keeping.known_uids(tx, self.account, folder, validity))
        return self._take_all(folder, validity, [m for m in found if m.uid not in known], "other")


def in_sets(mails: Iterable[Listed], most: int) -> Iterator[list[Listed]]:
    """Mails in the order given, as many together as one command and one commit may hold; a large one goes alone."""
    some: list[Listed] = []
    for mail in mails:
        if some and (len(some) >= most or sum(m.size for m in some) + mail.size > SET_BYTES):
            yield some
            some = []
        some.append(mail)
    if some:
        yield some
