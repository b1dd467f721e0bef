"""What every decision needs from the world: the register's thread, clock, randomness, and letters sealed for one setting."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog

from mailbot import effects as fx
from mailbot import frugal, letters, reading, rules
from mailbot.config import Config
from mailbot.guard import Guard
from mailbot.store import codes, desks, ledger, questions, slabs, thread, whole
from mailbot.store.apply import Act, Dressed
from mailbot.store.ledger import Ledger, Session
from mailbot.store.tables import Complaint, Letter
from mailbot.tags import CODE_ALPHABET, CODE_LENGTH

T = TypeVar("T")
PAUSES = (
    0.2,
    1.0,
    *(5.0,) * 230,
)  # seconds between two attempts of what must be written: less than the lease of a letter
MANY_MAILS = 1.0  # seconds in hand, after which letters need not wait: these mails do themselves
SOON = 0.1  # seconds that a letter waits for the commit of the decision that follows
TABLE = 32  # acts at most that share a commit because they came while it was under way
log = structlog.get_logger()
_Wish = tuple[Callable[[Session], Any], "asyncio.Future[Any]"]  # what shall be done, and who waits for it
# A mail's bytes, or where they lie, and whether they were cut when it was fetched.
Given = tuple[bytes | slabs.Large, bool]
Files = dict[tuple[int, str], letters.File]  # (inbound id, attachment path) → name, type, bytes


class Bench:
    """One register at work. `clock` gives UTC instants, `chance` as many random bytes as asked; nothing here waits for the network."""

    def __init__(
        self,
        config: Config,
        register: Ledger,
        guard: Guard,
        clock: Callable[[], datetime],
        chance: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.config = config
        self.ledger = register
        self.guard = guard
        self.clock = clock
        self.chance = chance
        self.house = house(config)
        self.pauses = PAUSES
        self.me = ""  # this daemon’s name in what it claims, where several share the register
        self.calm = asyncio.Event()  # no mail is being taken in or decided
        self.calm.set()
        self.decision_follows = False  # one more mail of a row is decided right after the one in hand
        self._in_hand = 0
        self._company: deque[_Wish] = deque()
        self._patience: asyncio.TimerHandle | None = None  # ends should the decision not come
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="register")
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="questions")

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._reader.shutdown(wait=True)

    @contextmanager
    def mail_in_hand(self) -> Iterator[None]:
        """Somebody waits for the answer to what goes on here: letters that can wait do, unless it takes as long as many mails do."""
        self._in_hand += 1
        self.calm.clear()
        many = asyncio.get_running_loop().call_later(MANY_MAILS, self.calm.set)
        try:
            yield
        finally:
            many.cancel()
            self._in_hand -= 1
            if not self._in_hand:
                self.calm.set()

    async def one_core(self) -> frugal.OneCore:
        """For a long row of decisions: the register's thread and this one, which hand one mail after the other to each other."""
        writer = await asyncio.get_running_loop().run_in_executor(self._writer, threading.get_native_id)
        return frugal.OneCore([threading.get_native_id(), writer])

    async def db(self, act: Callable[[Session], T]) -> T:
        """One transaction, in the register's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self.ledger.run, act)

    async def together(self, act: Callable[[Session], T]) -> T:
        """`db`, in one transaction with whatever else waits for the same: one fsync for all of them, and no waiting for company
        but that of a decision which is about to come. Should one fail, each is done again by itself: `act` may run twice, and only
        its last run counts."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._company.append((act, done))
        if not self.decision_follows:
            if len(self._company) == 1 or self._patience:  # else whoever came first has seen to it
                self._sit_down(loop)
        elif self._patience is None:
            self._patience = loop.call_later(SOON, self._sit_down, loop)
        return await done

    def _sit_down(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if self._company:
            loop.run_in_executor(self._writer, self._all_together, loop, [])

    async def ahead(self, act: Callable[[Session], T]) -> T:
        """`together` for what takes its time, a decision: it begins at once, and whoever came meanwhile shares its commit."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        loop.run_in_executor(self._writer, self._all_together, loop, [(act, done)])
        return await done

    def _all_together(self, loop: asyncio.AbstractEventLoop, acts: list[_Wish]) -> None:
        acts = acts or self._come()
        if not acts:  # the turn before this one took them along
            return
        try:
            found = self.ledger.run(lambda tx: self._each(tx, acts))
        except BaseException as error:
            if len(acts) == 1 or not isinstance(error, Exception):
                _tell(loop, [(done, None, error) for _, done in acts])
            else:
                _tell(loop, [(done, *self._alone(act)) for act, done in acts])
            return
        _tell(loop, [(done, value, None) for (_, done), value in zip(acts, found, strict=True)])

    def _each(self, tx: Session, acts: list[_Wish]) -> list[Any]:
        """What each gives; those that come before the last is done are added to `acts`, up to a full table."""
        found: list[Any] = []
        for act, _ in acts:
            found.append(act(tx))
            if len(found) == len(acts) < TABLE:
                acts += self._come()
        return found

    def _come(self) -> list[_Wish]:
        come = []
        while self._company:
            come.append(self._company.popleft())
        return come

    def _alone(self, act: Callable[[Session], Any]) -> tuple[Any, BaseException | None]:
        try:
            return self.ledger.run(act), None
        except BaseException as error:
            return None, error

    async def insist(self, act: Callable[[Session], T]) -> T:
        """`together` for what has happened and must not be forgotten, such as a server's answer: a register that is out of reach, or
        that ended a transaction in which we were silent, is tried again, as long as a letter stays ours."""
        for pause in self.pauses:
            try:
                return await self.together(act)
            except ledger.Unavailable as error:
                log.warning("register out of reach", why=type(error.orig).__name__)
            await asyncio.sleep(pause)
        return await self.together(act)

    async def ask(self, question: Callable[[Session], T]) -> T:
        """A snapshot, in a thread beside the register's: what is only read waits for no decision."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, self.ledger.ask, question)

    def setting(self, tx: Session) -> desks.Setting:
        now = self.clock()
        return desks.Setting(
            now=now,
            mode=ledger.mode(tx, self.config.mode),
            start=ledger.started_at(tx, self.config.mailbox.since, now),
            timezone=self.config.calendar.timezone,
            prefix=self.config.intake.prefix,
            unproven=self.config.intake.flood.unproven if self.config.mailbox.authserv_id else 0,
        )

    def act(self, tx: Session, cause: str, *, inbound_id: int | None = None, files: Files | None = None) -> Act:
        essai = ledger.mode(tx, self.config.mode) == "essai"
        return Act(
            now=self.clock(),
            cause=cause,
            dress=lambda letter: self.dress(
                self._threaded(tx, self._coded(tx, letter)),
                files or {},
                redirect=self._redirect(tx, letter, essai=essai),
            ),
            salt=lambda: self.chance(16).hex(),
            inbound_id=inbound_id,
        )

    def _coded(self, tx: Session, letter: fx.Letter) -> fx.Letter:
        """Letters to staff carry the reader's own code in their buttons; complainants never get one (spec §6)."""
        person = self.config.person(letter.to)
        if person is None or letter.kind in fx.TO_COMPLAINANTS:
            return letter
        facts = {**letter.facts, "code": "", "codes": {}}
        mail = letter.facts.get("inbound_id")
        about = letter.number or (f"m-{mail}" if mail else "")
        if about and not codes.barred(tx, about, person.addresses):
            facts["code"] = self._code(tx, about, person.addresses[0].lower())
        for row in letter.facts.get("to_decide", ()):
            facts["codes"][str(row["inbound_id"])] = self._code(
                tx, f"m-{row['inbound_id']}", person.addresses[0].lower()
            )
        return replace(letter, facts=facts)

    def _threaded(self, tx: Session, letter: fx.Letter) -> fx.Letter:
        """With what it continues, so that a file is one thread for each reader, and what it may say of the file."""
        if not letter.number:
            return letter
        person = self.config.person(letter.to)
        told = thread.of(tx, letter.number, person.addresses if person else (letter.to,), without=letter.keys[0])
        replied = letter.in_reply_to or (told.ids[-1] if told.ids else "")
        before = [i for i in dict.fromkeys((*told.ids, *letter.references)) if i != replied]
        about = {
            "received_at": told.received_at.isoformat() if told.received_at else None,
            "acknowledged_at": told.acknowledged_at.isoformat() if told.acknowledged_at else None,
            "topic": told.topic if letter.facts.get("code") else "",  # who may have no code may not be told either
        }
        references = (*before, replied) if replied else ()
        return replace(letter, in_reply_to=replied, references=references, facts={**letter.facts, "file": about})

    def _code(self, tx: Session, about: str, person: str) -> str:
        return codes.code_for(tx, about, person, self.clock(), self._draw)

    def _draw(self) -> str:
        """A code: 32 letters and figures, so that each byte gives one of them, none likelier than another."""
        return "".join(CODE_ALPHABET[octet % len(CODE_ALPHABET)] for octet in self.chance(CODE_LENGTH))

    def _redirect(self, tx: Session, letter: fx.Letter, *, essai: bool) -> str:
        """Who gets what would go to an outsider: on an exercise whoever exercises, in essai the admin (spec §2); "" nobody else."""
        if not self.outside(letter.to):
            return ""
        admin = self.config.people_with("admin")[0].addresses[0] if essai else ""
        return questions.trainee(tx, letter.number) or admin

    def dress(self, letter: fx.Letter, files: Files, *, redirect: str = "") -> Dressed:
        """Seals a letter; with `redirect` it goes there instead, marked."""
        travelling = (*(files[a] for a in letter.attach if a in files), *self._printed(letter))
        try:
            sealed = self._seal(letter, self.house, travelling, redirect)
        except (
            letters.Unwritable
        ) as error:  # one's own template is wrong: the letter leaves with ours, and `check` says so
            log.error("template", kind=letter.kind, why=str(error))
            sealed = self._seal(letter, replace(self.house, texts_folder=None), travelling, redirect)
        return Dressed(
            raw=sealed.raw,
            lying=sealed.lying,
            message_id=sealed.message_id,
            marker=sealed.marker,
            subject=sealed.subject,
            envelope_to=sealed.to.lower(),
        )

    def _printed(self, letter: fx.Letter) -> tuple[letters.File, ...]:
        """The page that goes with a letter which somebody prints."""
        if letter.kind != "to-print":
            return ()
        sheet = letters.paper(letter.facts, self.house, now=self.clock())
        return ((f"accuse-{letter.facts['number']}.html", "text/html", sheet.encode()),)

    def _seal(
        self, letter: fx.Letter, house: letters.House, files: tuple[letters.File, ...], redirect: str
    ) -> letters.Sealed:
        entropy = self.chance(32)
        return letters.seal(letter, house, now=self.clock(), entropy=entropy, files=files, redirect_to=redirect)

    def outside(self, addr: str) -> bool:
        return self.config.person(addr) is None

    def reprint(self, tx: Session, letter_id: int) -> None:
        """A letter whose date went stale before any attempt reached DATA: rendered again, with a new Message-ID."""
        row = tx.get_one(Letter, letter_id)
        number = tx.get_one(Complaint, row.complaint_id).number if row.complaint_id else None
        letter = rules.reprint(_as_effect(row, number), self.clock(), self.config)
        dressed = self.dress(
            self._threaded(tx, letter), {}, redirect=row.envelope_to if row.envelope_to != row.to_addr else ""
        )
        row.facts, row.due_on, row.printed_on = letter.facts, letter.due_on, letter.printed_on
        row.message_id, row.marker, row.subject = dressed.message_id, dressed.marker, dressed.subject
        whole.keep(tx, letter_id, dressed.raw)


def _as_effect(row: Letter, number: str | None) -> fx.Letter:
    return fx.Letter(
        kind=row.kind,
        keys=(row.name,),
        to=row.to_addr,
        language=row.language,
        facts=row.facts,
        number=number,
        due_on=row.due_on,
        printed_on=row.printed_on,
        in_reply_to=row.in_reply_to,
        references=tuple(row.refs),
    )


def _tell(loop: asyncio.AbstractEventLoop, ends: list[tuple[asyncio.Future[Any], Any, BaseException | None]]) -> None:
    """Hands results from the register's thread to whoever still waits for them."""

    def tell() -> None:
        for done, value, error in ends:
            if done.done():
                continue
            if error is None:
                done.set_result(value)
            else:
                done.set_exception(error)

    loop.call_soon_threadsafe(tell)


def house(config: Config) -> letters.House:
    """The organisation's own facts, as letters print them."""
    o = config.organisation
    return letters.House(
        organisation=o.name,
        service=o.service,
        signature=config.texts.signature or o.service,
        phone=o.phone,
        postal_address=o.postal_address,
        mailbox_address=config.mailbox.address,
        from_name=config.smtp.from_name or o.name,
        privacy_contact=o.privacy_contact,
        privacy_url=o.privacy_url,
        retention=o.retention,
        retention_en=o.retention_en,
        timezone=config.calendar.timezone,
        mediator_name=config.mediator.name,
        mediator_address=config.mediator.address,
        mediator_site=config.mediator.site,
        texts_folder=config.texts.folder,
        accent=config.texts.accent,
        logo=_logo(config.texts.logo),
        days=config.calendar.days,
    )


def _logo(file: Path | None) -> letters.Logo | None:
    """The picture that was checked with the settings; one that went missing since stops no letter."""
    try:
        octets = file.read_bytes() if file else b""
    except OSError as error:
        log.error("logo", why=str(error))
        return None
    return letters.Logo(octets=octets, subtype="png" if octets.startswith(b"\x89PNG") else "jpeg") if octets else None


def words(config: Config) -> reading.Words:
    """The configuration's words, for the reading room."""
    return reading.Words(
        trainings=tuple((t.name, t.words) for t in config.trainings),
        alerts=dict(config.words),
        funders=config.intake.funders,
        staff=tuple((p.name, a.lower()) for p in config.staff if p.active for a in p.addresses),
        own_domains=tuple(config.own_domains),
        own_addresses=tuple(config.own_addresses),
        own_phones=(config.organisation.phone,) if config.organisation.phone else (),
        prefix=config.intake.prefix,
    )
