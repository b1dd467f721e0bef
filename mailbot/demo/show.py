"""A demo under way: its servers, its daemon, its folder, what was seen so far, and how it is said."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from mailbot.demo import story
from mailbot.demo.clock import Clock
from mailbot.demo.page import Box
from mailbot.demo.stage import Daemon, Folder
from mailbot.demo.story import Character
from mailbot.demo.town import Town
from mailbot.demo.witness import Entry, Register, Seen
from mailbot.letters.dates import in_words

T = TypeVar("T")
Say = Callable[[str], object]
HEAD = ("Numéro", "De", "AR en", "Réponse au plus tard le", "Répondu le", "Issue")
INTRO = (
    f"Trois personnes ont écrit à {story.DESK} ; mailbot a répondu, seul, avec un numéro et une date. "
    "Un répondeur d’absence et un avis d’échec n’ont rien ouvert, rien fait partir, rien clos. "
    f"{story.BO.name} a tout traité depuis son téléphone ; mailbot l’a relancé, a tenu Carl informé, et a demandé son avis."
)
INTERRUPTED = "L’histoire n’est pas allée à son terme comme annoncé ; voici les boîtes telles qu’elles sont restées."


class Broken(RuntimeError):
    """The story can't go on; str() says why, in French."""


class Show:
    """A demo under way: the mail servers, the daemon, the folder, and what was seen so far."""

    def __init__(self, folder: Folder, say: Say) -> None:
        self.folder = folder
        self.say = say
        self.stop = asyncio.Event()
        self.clock = Clock(folder.clock)
        self.town = Town({c.addr: story.PASSWORD for c in story.CAST} | {story.DESK: story.PASSWORD}, self.clock)
        self.daemon = Daemon(folder)
        self.register = Register(folder.register)
        self.seen: list[Seen] = []
        self.told: list[tuple[str, list[str]]] = []  # the story: each title, and what came of it
        self.good = False  # the story is over, and all came out as told
        self.awaited = "le démarrage"
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Servers first, then the daemon; ended in the other order, whatever happens."""
        async with contextlib.AsyncExitStack() as stack:
            await self.town.start(stack)
            self.folder.write_facts(self._facts())
            self.folder.write_settings(
                story.configuration(
                    imap_port=self.town.imap_port,
                    smtp_port=self.town.smtp_port,
                    since=story.since(self.clock()),
                    data_dir=self.folder.register.parent,
                )
            )
            await stack.enter_async_context(self.daemon)
            self.folder.write_facts(self._facts())
            yield

    def _facts(self) -> dict[str, object]:
        host = self.town.host
        return {
            "imap": {"host": host, "port": self.town.imap_port},
            "smtp": {"host": host, "port": self.town.smtp_port},
            "desk": story.DESK,
            "assignee": story.BO.addr,
            "complainants": [c.addr for c in story.COMPLAINANTS],
            "admin": story.DAN.addr,
            "password": story.PASSWORD,
            "accounts": [{"name": c.name, "address": c.addr} for c in story.CAST],
            "visitors": "toute adresse en .example qui écrit reçoit une boîte, avec le même mot de passe",
            "register": str(self.folder.register),
            "mailboxes": str(self.folder.mailboxes),
            "page": str(self.folder.page),
            "log": str(self.folder.log),
            "clock": str(self.folder.clock),
            "daemon": self.daemon.pid,
        }

    async def or_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the coroutine returns, or None when somebody stops the demo first."""
        task = asyncio.create_task(work)
        tasks = {task, asyncio.create_task(self.stop.wait())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return None if self.stop.is_set() else task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until(self, what: str, look: Callable[[], T | None]) -> T:
        """The first thing that `look` finds. Raises Broken when the daemon is gone."""
        self.awaited = what
        while True:
            if found := look():
                return found
            if self.daemon.ended is not None:
                words = "\n".join(self.daemon.last_words())
                raise Broken(f"Le bureau s’est arrêté (code {self.daemon.ended}), journal {self.folder.log} :\n{words}")
            await asyncio.sleep(0.05)

    def write_page(self) -> None:
        """Every mail as .eml, and the page."""
        self.folder.write_page(
            [self._box(c, kind) for c, kind in self._owners()],
            self.rows(),
            head=HEAD,
            told=self.told,
            intro=INTRO if self.good else INTERRUPTED,
            legend="Ci-dessous, chaque boîte aux lettres telle qu’elle est : bleu, la boîte du bureau ; brun, ceux qui "
            "écrivent ; vert, l’équipe. Cliquez sur un courrier pour l’ouvrir ; d’autres boîtes suivent à droite.",
        )

    def rows(self) -> list[tuple[str, ...]]:
        """The lines of the summary, as the register is now."""
        now = [(seen, self.register.entry(seen.written.message_id) or seen.entry) for seen in self.seen]
        return [row(seen, entry) for seen, entry in now]

    def _owners(self) -> list[tuple[Character, str]]:
        desk = Character(name="Le bureau des réclamations", addr=story.DESK, part="la boîte que lit mailbot")
        known = {c.addr for c in story.CAST} | {story.DESK}
        arrived = self.town.arrived
        late = [c for c in story.LATECOMERS if c.addr in arrived]
        strangers = (a for a in arrived if a not in known)
        visitors = [Character(name=a.partition("@")[0], addr=a, part="de passage") for a in strangers]
        outside = [(c, "outside") for c in (*story.COMPLAINANTS, *late, *visitors)]
        return [(desk, "desk"), *outside, *((c, "staff") for c in story.STAFF)]

    def _box(self, owner: Character, kind: str) -> Box:
        mails = self.folder.keep(owner.addr, self.town.arrived.get(owner.addr, ()))
        return Box(addr=owner.addr, name=owner.name, part=owner.part, kind=kind, mails=mails)

    def mails(self, who: Character) -> list[bytes]:
        return self.town.arrived.get(who.addr, [])

    def step(self, title: str) -> None:
        """A chapter of the story begins: said, and kept for the page."""
        self.told.append((title, []))
        self.say(self.bold(title))

    def fact(self, text: str) -> None:
        """What came of it."""
        self.told[-1][1].append(text)
        self.say(f"   → {text}")

    def paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def bold(self, text: str) -> str:
        return self.paint("1", text)

    def dim(self, text: str) -> str:
        return self.paint("2", text)

    def green(self, text: str) -> str:
        return self.paint("32", text)

    def red(self, text: str) -> str:
        return self.paint("31", text)


def row(seen: Seen, entry: Entry) -> tuple[str, ...]:
    """A line of the summary, under HEAD."""
    answered = in_words(entry.answered_on, "fr") if entry.answered_on else "–"
    return (entry.number, seen.written.by.name, in_seconds(seen.seconds), due(entry), answered, entry.outcome or "–")


def due(entry: Entry) -> str:
    return in_words(entry.due_on, "fr") if entry.due_on else "(sans date)"


def in_seconds(seconds: float) -> str:
    return f"{seconds:.1f} s".replace(".", ",")
