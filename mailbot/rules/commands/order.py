"""One order of a colleague: the command, the mail that carries it, the file it means, and whether its author may."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from mailbot.config import Config, Person
from mailbot.desk import Case, Desk
from mailbot.fence import Fenced, fence
from mailbot.identity import Author
from mailbot.message import Message
from mailbot.reading import Reading, fold
from mailbot.tags import Command, Tag

LEADERS = {"quality", "direction"}
ABOUT_ONESELF = ("absent", "liste", "saisie")
TOLD_BY_ANYBODY = ("note", *ABOUT_ONESELF)  # also by whoever is named in the complaint: their side of it
CARD_LINES = 8
MEETING = ("réunion", "bulletin")
HARMLESS = ("aide", "confirmer")  # tells nothing of a file; what is confirmed is asked for itself


def of_the_meeting(config: Config) -> tuple[Person, ...]:
    """Whose the quality meeting is: the quality manager's, or direction's where there is none (spec §1)."""
    return config.people_with("quality") or config.people_with("direction")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked, by whom, about what."""

    command: Command
    message: Message
    reading: Reading
    desk: Desk
    author: Author
    config: Config
    confirmed: bool = False  # its author confirmed it from the registered address

    @property
    def tag(self) -> Tag:
        assert self.command.tag is not None
        return self.command.tag

    @property
    def person(self) -> Person:
        assert self.author.person is not None
        return self.author.person

    @property
    def me(self) -> str:
        """The address at which this person receives letters."""
        return self.person.addresses[0].lower()

    @property
    def at_home(self) -> bool:
        """Whether it was written from one of this person's own addresses."""
        return self.author.addr in {a.lower() for a in self.person.addresses}

    @property
    def case(self) -> Case | None:
        """The file meant: the one named, else the one whose notice is answered."""
        if self.desk.named:
            return self.desk.named[0]
        return None if self.command.references else self.desk.threaded

    @property
    def file(self) -> Case:
        assert self.case is not None
        return self.case

    @property
    def leads(self) -> bool:
        return bool(LEADERS & set(self.person.roles))

    @property
    def may(self) -> bool:
        """Spec §1: staff note and take; the assignee everything on own files; quality manager and direction everything."""
        name, case, addresses = self.tag.name, self.case, {a.lower() for a in self.person.addresses}
        if name in MEETING:
            return self.person in of_the_meeting(self.config)
        if name in HARMLESS or (case is not None and (case.assignee in addresses or self._owns(addresses))):
            return True
        if set(self.person.roles) == {"admin"}:
            return False  # the machine only
        if case is None or name in TOLD_BY_ANYBODY:
            return True
        return not addresses & {*case.staff_named, case.complainant_addr} and (self.leads or name == "prendre")

    def _owns(self, addresses: set[str]) -> bool:
        """Whoever carries an action says that it is done, on whosever file."""
        action = self.desk.action
        return self.tag.name == "fait" and action is not None and action.owner in addresses

    @cached_property
    def answer(self) -> Fenced:
        """The text that would leave; with `#retrait` none: the usual letter confirms it, and what staff adds stays inside."""
        tag = self.command.tag
        if tag is None or tag.name != "retrait":
            return self.written
        kept = tuple(a.name or a.content_type for a in self.message.attachments if a.evidence)
        return Fenced(text="", why="", files=(), kept_files=kept)

    @cached_property
    def written(self) -> Fenced:
        """What the author wrote, fenced. « Envoyer ce texte » is a fresh mail with the author's code, over a text shown before."""
        tapped = self.desk.code_owner == self.me and not self.desk.replies
        shown = self.desk.shown if tapped else ()
        found = fence(self.message, self.reading, self.config.mailbox.address, codes=self.desk.codes, shown=shown)
        return replace(found, text="", why="") if self.reading.bare or self._is_card(found.text) else found

    def _is_card(self, text: str) -> bool:
        """Nothing but the card that the mail program adds: a few lines, of which the author's name is the first."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return 0 < len(lines) <= CARD_LINES and fold(lines[0]) in {fold(self.author.name), fold(self.person.name)}

    @property
    def thread(self) -> tuple[str, ...]:
        return (self.message.message_id,) if self.message.message_id else ()
