"""IMAP: wait, list, fetch, file_away. Decides nothing, marks nothing, expunges nothing but what `erase` is told (design
invariant 1).

Everything goes by UID and PEEK. imap_tools carries the connection; its fetch, flag, delete and move are never used,
because they mark mails as read or expunge those of others (reliability L11, L12).
"""

from __future__ import annotations

import contextlib
import imaplib
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from imap_tools import ImapToolsError

from mailbot.config import Mailbox as Settings
from mailbot.failpoints import hit
from mailbot.mailbox import asking
from mailbot.mailbox.answers import MONTHS, Folders, Listed, listed, sections, sort_folders
from mailbot.mailbox.asking import Fetched
from mailbot.mailbox.line import Line, Token, wire
from mailbot.mailbox.trouble import Down, explain
from mailbot.oauth.no_token import NoToken

__all__ = ["Down", "Fetched", "Folders", "Listed", "Mailbox"]

IDLE_LIMIT = 240.0  # seconds: what sits between us and the server forgets silent connections much before 29 minutes
_SEARCHED = 500  # mails asked for in one command after a search: command lines are limited
CLOSED = {"\\noselect", "\\nonexistent"}  # folders that hold folders only
_ROW = "(UID INTERNALDATE RFC822.SIZE)"
# a server that talks nonsense makes imaplib stumble in many ways
_ERRORS = (imaplib.IMAP4.error, ImapToolsError, OSError, ValueError, LookupError, TypeError, AttributeError)


class Mailbox:
    """One mailbox, used from one thread; only `interrupt` may come from another.

    Every method raises Down when anything goes wrong; the connection is over then, and only `connect` makes a new one.
    UIDs mean nothing without their UIDVALIDITY: whatever takes or gives UIDs of a folder wants `select(folder)` on the
    same connection first (else ValueError), and ends in Down when the folder is no longer the one that was selected.
    """

    def __init__(
        self, settings: Settings, *, token: Token | None = None, timeout: float = 30.0, limit: int = 150 * 2**20
    ) -> None:
        """`token`: gives what opens the mailbox instead of the password. `timeout`: seconds that the server may stay
        silent. `limit`: bytes up to which a mail is fetched whole."""
        self._settings = settings
        self._token = token
        self.timeout = timeout
        self._limit = limit
        self._line: Line | None = None
        self._guard = threading.Lock()  # between close and interrupt: a closed descriptor may belong to somebody else
        self._forget()

    def _forget(self) -> None:
        self._current: tuple[str, bool] | None = None  # folder selected, and whether for writing
        self._validity: dict[str, int] = {}
        self._next = 0  # UIDNEXT of the folder selected, when it was
        self._looked: dict[str, int] = {}  # UIDNEXT of a folder before it was last listed

    # -- the connection ---------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Opens the connection and logs in. Raises Down, permanent for a wrong password, token or certificate."""
        self.close()
        self._forget()
        try:
            opened = Line(self._settings, self.timeout)
        except _ERRORS as error:
            raise explain(error, self._settings) from None
        with self._guard:
            self._line = opened
        with self._open() as line:
            try:
                line.log_in(self._token)
            except NoToken as error:
                raise Down(str(error), error.advice, permanent=error.permanent) from None

    def close(self) -> None:
        """Ends the connection without a word: a goodbye would wait for an answer. Never raises, never hangs."""
        with self._guard:
            line, self._line = self._line, None
            if line is not None:
                with contextlib.suppress(*_ERRORS):
                    line.client.shutdown()

    def interrupt(self) -> None:
        """From any thread: whatever waits for the server ends at once, in Down. Only the opening cannot be interrupted."""
        with self._guard, contextlib.suppress(OSError):
            if self._line is not None:
                # through a second descriptor: the TLS object belongs to the other thread
                with socket.socket(fileno=os.dup(self._line.client.sock.fileno())) as twin:
                    twin.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _open(self) -> Iterator[Line]:
        """The open connection. After any error it is closed: what is still on its way would answer the next question."""
        if self._line is None:
            raise Down(f"La boîte {self._settings.address} n’est pas connectée")
        try:
            yield self._line
        except Down:
            self.close()
            raise
        except _ERRORS as error:
            self.close()
            raise explain(error, self._settings) from None

    def noop(self) -> None:
        """Proves that the connection is alive."""
        with self._open() as line:
            line.client.noop()

    def capabilities(self) -> frozenset[str]:
        """What the server can do, in its own words."""
        with self._open() as line:
            return frozenset(line.client.capabilities)

    # -- folders ----------------------------------------------------------------------------------------------------

    def folders(self) -> Folders:
        """The folders of the mailbox, as the server lists them now."""
        with self._open() as line:
            return sort_folders(line.folder.list(), self._settings)

    def select(self, folder: str) -> tuple[int, int]:
        """Opens a folder for reading: (UIDVALIDITY, UIDNEXT or 0 when the server does not say)."""
        with self._open() as line:
            return self._enter(line, folder)

    def _enter(self, line: Line, folder: str, *, writable: bool = False) -> tuple[int, int]:
        self._current = None
        kind, _ = line.client.select(wire(folder), readonly=not writable)
        if kind != "OK":
            advice = (
                "Vérifiez mailbox.folder, mailbox.junk et mailbox.sent : les noms tels que la messagerie les montre."
            )
            raise Down(f"Le dossier « {folder} » ne s’ouvre pas", advice, permanent=True, folder=folder)
        validity = line.told("UIDVALIDITY")
        if validity is None:
            reason = f"Le serveur ne numérote pas durablement les messages du dossier « {folder} »"
            raise Down(reason, "Choisissez un autre serveur IMAP.", permanent=True, folder=folder)
        self._next = line.told("UIDNEXT") or 0
        self._current, self._validity[folder] = (folder, writable), validity
        line.hush()
        return validity, self._next

    @contextlib.contextmanager
    def _inside(self, folder: str, *, writable: bool = False) -> Iterator[Line]:
        """The connection with that folder selected, as long as its UIDs mean what `select` said (RFC 3501 §2.3.1.1)."""
        if self._line is not None and folder not in self._validity:
            raise ValueError(f"select({folder!r}) first: UIDs mean nothing without its UIDVALIDITY")
        with self._open() as line:
            meant = self._validity[folder]
            if self._current not in ((folder, writable), (folder, True)):
                self._enter(line, folder, writable=writable)
            _demand(line, folder, meant)
            yield line
            _demand(line, folder, meant)

    # -- mails ------------------------------------------------------------------------------------------------------

    def listing(self, folder: str, first_uid: int = 1) -> list[Listed]:
        """The mails of a folder from `first_uid` on, by UID. An unreadable INTERNALDATE is now: better late than lost."""
        with self._inside(folder) as line:
            line.client.noop()  # "*" counts only what the server has announced
            self._looked[folder] = self._next
            line.hush()
            rows = listed(asking.rows(line, folder, f"{first_uid}:*", _ROW), datetime.now(UTC))
        # "n:*" always holds the last mail, even below n
        return [rows[uid] for uid in sorted(rows) if uid >= first_uid]

    def find(self, folder: str, since: date) -> list[Listed]:
        """The mails received that day or later, by UID, and some of the day before: servers have time zones of their own."""
        day = since - timedelta(days=1)
        rows: dict[int, Listed] = {}
        with self._inside(folder) as line:
            kind, data = line.client.uid("SEARCH", "SINCE", f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year:04d}")
            if kind != "OK":
                raise Down(f"Le serveur refuse de chercher dans le dossier « {folder} »", folder=folder)
            uids = [word.decode() for found in data if found for word in found.split() if word.isdigit()]
            for start in range(0, len(uids), _SEARCHED):
                some = ",".join(uids[start : start + _SEARCHED])
                rows |= listed(asking.rows(line, folder, some, _ROW), datetime.now(UTC))
        return [rows[uid] for uid in sorted(rows)]

    def headers(self, folder: str, uid: int) -> bytes | None:
        """The header of a mail, at most 512 KiB of it; None when the mail is gone."""
        with self._inside(folder) as line:
            return asking.part(line, folder, uid, f"[HEADER]<0.{asking.BEGINNING}>")

    def message_id(self, folder: str, uid: int) -> str | None:
        """The Message-ID as it is written, "" without one; None when the mail is gone."""
        with self._inside(folder) as line:
            field = asking.part(line, folder, uid, "[HEADER.FIELDS (MESSAGE-ID)]")
        if field is None:
            return None
        return " ".join(field.partition(b":")[2].decode("ascii", "replace").split())

    def fetch(self, folder: str, uid: int, size: int) -> Fetched | None:
        """The mail, byte by byte as the server has it, and still unread there; None when it is gone.

        `size` is what the listing said; it only chooses the way. Above the limit: header and beginning of the first part.
        """
        with self._inside(folder) as line:
            if size > self._limit:
                return asking.beginning(line, folder, uid)
            raw = (
                asking.part(line, folder, uid, "[]") if size <= asking.CHUNK else asking.joined(line, folder, uid, size)
            )
        if raw is None or (not raw and size):
            return None
        return Fetched(raw, truncated=False)

    def in_ranges(self, size: int) -> bool:
        """Whether a mail of that size is taken whole, but in more than one piece."""
        return asking.CHUNK < size <= self._limit

    def pour(self, folder: str, uid: int, size: int, into: Callable[[bytes], object]) -> bool:
        """`fetch` for such a mail: each piece is given to `into` as it comes. False: it is gone, or was before its end."""
        with self._inside(folder) as line:
            return asking.in_ranges(line, folder, uid, size, into) > 0

    def fetch_set(self, folder: str, mails: Sequence[Listed]) -> dict[int, Fetched]:
        """Several small mails in one command; without those that are gone. Where the server refuses the set, or leaves one
        out of it, each is asked for by itself, so that Down names the one that is at fault."""
        found: dict[int, Fetched] = {}
        if len(mails) > 1:
            with self._inside(folder) as line:
                kind, data = line.client.uid("FETCH", ",".join(str(m.uid) for m in mails), "(UID BODY.PEEK[])")
                raws = sections(data) if kind == "OK" else {}
            found = {m.uid: Fetched(raws[m.uid], truncated=False) for m in mails if raws.get(m.uid)}
        for mail in mails:
            if mail.uid not in found and (fetched := self.fetch(folder, mail.uid, mail.size)) is not None:
                found[mail.uid] = fetched
        return found

    def file_away(self, folder: str, uid: int, into: str) -> tuple[int, int] | None:
        """Moves one mail by UID MOVE (RFC 6851); makes the folder `into` if there is none.

        Returns its new place there (UIDVALIDITY, UID). None: it was gone; or the server has no MOVE, and the mail stays;
        or the server did not say where it put it (no UIDPLUS).
        """
        with self._inside(folder) as line:
            if "MOVE" not in line.client.capabilities:
                return None
        with self._inside(folder, writable=True) as line:
            kind, answer = _move(line, uid, into)
            if kind == "NO" and b"[TRYCREATE]" in answer.upper():
                line.folder.create(into)
                line.folder.subscribe(into, True)  # many mail clients show nothing else
                kind, answer = _move(line, uid, into)
            if kind != "OK":
                reason = f"Le serveur refuse de ranger le message {uid} dans « {into} »"
                raise Down(reason, "Vérifiez mailbox.file_into.", folder=folder, uid=uid)
            return _copied(line.client.untagged_responses.pop("COPYUID", None))

    # -- erasing: only for a person's rights --------------------------------------------------------------------------

    def everywhere(self) -> tuple[str, ...]:
        """Every folder that can be opened, drafts and views included."""
        with self._open() as line:
            return tuple(f.name for f in line.folder.list() if not {x.lower() for x in f.flags} & CLOSED)

    def holding(self, folder: str, words: Sequence[str]) -> list[int]:
        """UIDs of the mails that hold one of the words, in a header or in the text as the server decodes it."""
        found: set[int] = set()
        with self._inside(folder) as line:
            for word in words:
                found |= asking.search(line, folder, word)
        return sorted(found)

    def erase(self, folder: str, uid: int) -> bool:
        """Takes one mail out for good: UID EXPUNGE of that UID alone (RFC 4315). False: the server has no UIDPLUS."""
        with self._inside(folder) as line:
            if "UIDPLUS" not in line.client.capabilities:
                return False
        with self._inside(folder, writable=True) as line:
            for command in (("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)"), ("EXPUNGE", str(uid))):
                kind, _ = line.client.uid(*command)
                if kind != "OK":
                    raise Down(f"Le serveur refuse d’effacer le message {uid}", folder=folder, uid=uid)
        return True

    # -- waiting ----------------------------------------------------------------------------------------------------

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Whether mailbox.folder has news since it was last listed: as soon as it has, within `seconds`, else False.

        A hint, not a promise: whoever waits also looks now and then. False as soon as `stop` is set.
        """
        deadline = time.monotonic() + seconds
        inbox = self._settings.folder
        try:
            if inbox not in self._validity:
                self.select(inbox)
            with self._inside(inbox) as line:
                return self._await_news(line, deadline, stop)
        except Down:
            if stop.is_set():
                return False
            raise

    def _await_news(self, line: Line, deadline: float, stop: threading.Event) -> bool:
        # mail that came between the listing and this selection is announced by nobody
        if self._next > self._looked.get(self._settings.folder, self._next):
            return True
        while not line.news() and not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if line.idles:
                line.idle_until(min(deadline, time.monotonic() + IDLE_LIMIT), stop)
            elif not stop.wait(left):
                line.client.noop()
        return line.news()


def _demand(line: Line, folder: str, meant: int) -> None:
    if line.told("UIDVALIDITY") != meant:
        raise Down(f"Le dossier « {folder} » a été recréé par un autre logiciel", folder=folder)


def _move(line: Line, uid: int, into: str) -> tuple[str, bytes]:
    client: Any = line.client
    client.untagged_responses.pop("COPYUID", None)
    tag = client._command("UID", "MOVE", str(uid), wire(into))
    hit("K05")
    kind, data = client._command_complete("UID", tag)
    hit("K06")
    return kind, data[0] or b""


def _copied(codes: list[Any] | None) -> tuple[int, int] | None:
    """(UIDVALIDITY, UID) of the copy, from COPYUID (RFC 4315); None without it."""
    read = re.fullmatch(rb"(\d{1,10}) \d{1,10} (\d{1,10})", codes[-1].strip()) if codes else None
    return (int(read[1]), int(read[2])) if read else None
