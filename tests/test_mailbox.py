"""The mailbox against a real Dovecot: nothing is marked, nothing is expunged, nothing hangs, every failure is a plain Down."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imap_tools import FolderInfo
from servers import PASSWORD, free_ports
from servers.between import Between
from servers.mail import MailServer

from mailbot.config import Mailbox as Settings
from mailbot.mailbox import Down, Folders, Listed, Mailbox
from mailbot.mailbox.answers import excerpt, listed, section, sort_folders

RAW = (
    b"From: Carl <carl@stage.example>\r\nMessage-ID: <salle-1@stage.example>\r\nSubject: Salle\r\n\r\nTrop froide.\r\n"
)
NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
Open = Callable[..., Mailbox]


@pytest.fixture
def user(mail_server: MailServer) -> str:
    return f"plaintes@{mail_server.domain()}"


@pytest.fixture
def settings(mail_server: MailServer, user: str) -> Callable[..., Settings]:
    def make(**changes: Any) -> Settings:
        plain = {"host": "127.0.0.1", "port": mail_server.imap_port, "security": "none"}
        return Settings.model_validate({"address": user, "password": PASSWORD} | plain | changes)

    return make


@pytest.fixture
def opened(settings: Callable[..., Settings]) -> Iterator[Open]:
    with contextlib.ExitStack() as stack:

        def make(*, timeout: float = 20.0, limit: int = 150 * 2**20, **changes: Any) -> Mailbox:
            box = Mailbox(settings(**changes), timeout=timeout, limit=limit)
            stack.callback(box.close)
            box.connect()
            return box

        yield make


def down(act: Callable[..., object], *arguments: Any) -> Down:
    with pytest.raises(Down) as caught:
        act(*arguments)
    return caught.value


# -- reading ------------------------------------------------------------------------------------------------------------


def test_a_mail_is_listed_and_fetched_byte_by_byte(mail_server: MailServer, user: str, opened: Open) -> None:
    uid = mail_server.put(RAW, user, received_at=NOW)
    box = opened()
    box.select("INBOX")
    assert box.listing("INBOX") == [Listed(uid, len(RAW), NOW)]
    fetched = box.fetch("INBOX", uid, len(RAW))
    assert fetched is not None
    assert (fetched.raw, fetched.truncated) == (RAW, False)
    assert box.headers("INBOX", uid) == RAW.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert box.message_id("INBOX", uid) == "<salle-1@stage.example>"


def test_reading_leaves_no_trace(mail_server: MailServer, user: str, opened: Open) -> None:
    uid = mail_server.put(RAW, user)
    box = opened()
    box.select("INBOX")
    box.listing("INBOX")
    box.headers("INBOX", uid)
    box.fetch("INBOX", uid, len(RAW))
    with mail_server.imap(user) as other:
        other.select("INBOX")
        assert b"\\Recent" in other.uid("FETCH", str(uid), "(FLAGS)")[1][0]
        assert other.uid("SEARCH", "SEEN")[1] == [b""]


def test_a_listing_from_n_never_holds_the_last_mail_below_n(mail_server: MailServer, user: str, opened: Open) -> None:
    uids = [mail_server.put(RAW, user) for _ in range(3)]
    box = opened()
    validity, uidnext = box.select("INBOX")
    assert validity > 0
    assert uidnext == uids[-1] + 1
    assert [mail.uid for mail in box.listing("INBOX", uids[1])] == uids[1:]
    assert box.listing("INBOX", uidnext) == []


def test_an_empty_folder_lists_nothing(opened: Open) -> None:
    box = opened()
    box.select("INBOX")
    assert box.listing("INBOX") == []
    assert box.find("INBOX", date(2026, 1, 1)) == []


def test_a_listing_holds_what_came_since_the_folder_was_selected(
    mail_server: MailServer, user: str, opened: Open
) -> None:
    box = opened()
    box.select("INBOX")
    uid = mail_server.put(RAW, user)
    assert [mail.uid for mail in box.listing("INBOX")] == [uid]


@pytest.mark.parametrize("size", [4 * 2**20, 9 * 2**20 + 17])
def test_a_large_mail_comes_in_ranges_and_is_byte_identical(
    mail_server: MailServer, user: str, opened: Open, size: int
) -> None:
    line = bytes(range(33, 107)) + b"\r\n"
    raw = (RAW + line * (size // len(line) + 1))[:size]
    uid = mail_server.put(raw, user)
    with Between(mail_server.imap_port) as relay:
        box = opened(port=relay.port)
        box.select("INBOX")
        fetched = box.fetch("INBOX", uid, size)
    assert fetched is not None
    assert fetched.raw == raw
    assert (b"BODY.PEEK[]<4194304.4194304>" in relay.said) == (size > 4 * 2**20)


def test_a_large_mail_that_is_gone_gives_no_piece(mail_server: MailServer, user: str, opened: Open) -> None:
    mail_server.put(RAW, user)
    box = opened()
    box.select("INBOX")
    given: list[bytes] = []
    assert not box.pour("INBOX", 99, 9 * 2**20, given.append)
    assert given == []


@pytest.mark.parametrize(("size", "ranges"), [(4 * 2**20, False), (4 * 2**20 + 1, True), (1 << 40, False)])
def test_what_is_taken_whole_and_larger_than_a_piece_comes_in_ranges(opened: Open, size: int, *, ranges: bool) -> None:
    assert opened().in_ranges(size) is ranges


@pytest.mark.parametrize("told", [6 * 2**20, 12 * 2**20])
def test_a_server_that_lies_about_the_size_cuts_nothing_off(
    mail_server: MailServer, user: str, opened: Open, told: int
) -> None:
    raw = RAW + b"0123456789abcde\r\n" * (9 * 2**20 // 17)
    uid = mail_server.put(raw, user)
    box = opened()
    box.select("INBOX")
    fetched = box.fetch("INBOX", uid, told)
    assert fetched is not None
    assert fetched.raw == raw


MULTIPART = (
    b'From: Carl <carl@stage.example>\r\nContent-Type: multipart/mixed;\r\n boundary="coupe"\r\n\r\navant\r\n'
    + b"--coupe\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nMa plainte.\r\n"
    + b"--coupe\r\nContent-Type: video/mp4\r\n\r\n"
    + b"x" * 70
    + b"\r\n--coupe--\r\n"
)


@pytest.mark.parametrize(
    ("raw", "kept", "left_out"), [(MULTIPART, b"Ma plainte.", b"xxx"), (RAW, b"Trop froide.", b"?")]
)
def test_above_the_limit_the_header_and_the_first_part_are_taken(
    mail_server: MailServer, user: str, opened: Open, raw: bytes, kept: bytes, left_out: bytes
) -> None:
    uid = mail_server.put(raw, user)
    box = opened(limit=10)
    box.select("INBOX")
    fetched = box.fetch("INBOX", uid, len(raw))
    assert fetched is not None
    assert fetched.truncated
    assert fetched.raw.startswith(raw.partition(b"\r\n\r\n")[0])
    assert kept in fetched.raw
    assert left_out not in fetched.raw


def test_what_a_human_moved_is_found_by_date(mail_server: MailServer, user: str, opened: Open) -> None:
    old = mail_server.put(RAW, user, "Trait&AOk-s", received_at=NOW - timedelta(days=30))
    new = mail_server.put(RAW, user, "Trait&AOk-s", received_at=NOW)
    box = opened()
    box.select("Traités")
    assert [mail.uid for mail in box.find("Traités", NOW.date())] == [new]
    assert [mail.uid for mail in box.find("Traités", date(2026, 1, 1))] == [old, new]


def test_uids_mean_nothing_before_the_folder_was_selected(opened: Open) -> None:
    box = opened()
    with pytest.raises(ValueError, match="select"):
        box.fetch("INBOX", 1, 10)


# -- folders ------------------------------------------------------------------------------------------------------------


def test_folders_are_told_apart_by_their_special_use(opened: Open) -> None:
    assert opened().folders() == Folders(inbox="INBOX", junk="Junk", sent="Sent", others=("Trash", "Traités"))


def test_odd_folder_names_go_out_and_come_back(mail_server: MailServer, user: str, opened: Open) -> None:
    box = opened()
    uid = mail_server.put(RAW, user)
    for name in ("Réglées & closes", 'R&D "x"', "日本", "Clos/2026"):
        box.select("INBOX")
        place = box.file_away("INBOX", uid, name)
        assert place is not None
        assert name in box.folders().others
        assert box.select(name)[0] == place[0]
        assert [mail.uid for mail in box.listing(name)] == [place[1]]
        uid = mail_server.put(RAW, user)


def names(*rows: tuple[str, str]) -> list[FolderInfo]:
    return [FolderInfo(name, "/", tuple(flags.split())) for name, flags in rows]


FOLDERS = {
    "french names": (
        names(
            ("INBOX", ""), ("Courrier indésirable", ""), ("Éléments envoyés", ""), ("Brouillons", ""), ("Clients", "")
        ),
        ("Courrier indésirable", "Éléments envoyés", ("Clients",)),
    ),
    "gmail": (
        names(
            ("INBOX", ""),
            ("[Gmail]", "\\Noselect"),
            ("[Gmail]/Spam", "\\Junk"),
            ("[Gmail]/Messages envoyés", "\\Sent"),
            ("[Gmail]/Tous les messages", "\\All"),
            ("[Gmail]/Important", "\\Important"),
            ("[Gmail]/Corbeille", "\\Trash"),
        ),
        ("[Gmail]/Spam", "[Gmail]/Messages envoyés", ("[Gmail]/Corbeille",)),
    ),
    "below the inbox": (names(("INBOX/Spam", ""), ("INBOX/Sent", "")), ("INBOX/Spam", "INBOX/Sent", ())),
    "an archive of spam is not the spam": (names(("Archives/2024/Spam", "")), (None, None, ("Archives/2024/Spam",))),
    "a flag beats a name": (names(("Spam", ""), ("Poubelle", "\\Junk")), ("Poubelle", None, ("Spam",))),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_junk_and_sent_have_usual_names(case: str, settings: Callable[..., Settings]) -> None:
    found, (junk, sent, others) = FOLDERS[case]
    assert sort_folders(found, settings()) == Folders(inbox="INBOX", junk=junk, sent=sent, others=others)


def test_the_settings_have_the_last_word_on_folders(settings: Callable[..., Settings]) -> None:
    found = names(("inbox", ""), ("Junk", "\\Junk"), ("Douteux", ""), ("Partis", ""))
    sorted_ = sort_folders(found, settings(junk="Douteux", sent="Partis"))
    assert sorted_ == Folders(inbox="INBOX", junk="Douteux", sent="Partis", others=("Junk",))


def test_a_folder_that_does_not_exist_is_named(opened: Open) -> None:
    error = down(opened().select, "Clients perdus")
    assert error.permanent
    assert error.folder == "Clients perdus"
    assert "« Clients perdus »" in str(error)


def test_a_folder_recreated_between_two_looks_is_noticed(mail_server: MailServer, user: str, opened: Open) -> None:
    box = opened()
    uid = mail_server.put(RAW, user)
    box.select("INBOX")
    box.file_away("INBOX", uid, "Clos")
    before, _ = box.select("Clos")
    box.select("INBOX")
    _recreate(mail_server, user, "Clos")
    error = down(box.fetch, "Clos", 1, len(RAW))
    assert error.folder == "Clos"
    box.connect()
    assert box.select("Clos")[0] != before


def test_a_folder_recreated_under_our_eyes_ends_the_connection(
    mail_server: MailServer, user: str, opened: Open
) -> None:
    box = opened()
    mail_server.put(RAW, user, "Junk")
    before, _ = box.select("Junk")
    _recreate(mail_server, user, "Junk")
    mail_server.put(RAW, user, "Junk")
    assert not down(box.listing, "Junk").permanent
    box.connect()
    assert box.select("Junk")[0] != before


def _recreate(mail_server: MailServer, user: str, folder: str) -> None:
    with mail_server.imap(user) as other:
        other.delete(folder)
        other.create(folder)


# -- others at work -----------------------------------------------------------------------------------------------------


def test_a_mail_that_a_colleague_expunged_has_vanished(mail_server: MailServer, user: str, opened: Open) -> None:
    uids = [mail_server.put(RAW, user) for _ in range(2)]
    box = opened()
    box.select("INBOX")
    assert len(box.listing("INBOX")) == 2
    with mail_server.imap(user) as other:
        other.select("INBOX")
        other.uid("STORE", str(uids[0]), "+FLAGS", "(\\Deleted)")
        other.expunge()
    assert box.fetch("INBOX", uids[0], len(RAW)) is None or box.listing("INBOX")[0].uid == uids[1]
    assert [mail.uid for mail in box.listing("INBOX")] == [uids[1]]
    assert box.fetch("INBOX", uids[0], len(RAW)) is None
    assert box.headers("INBOX", uids[0]) is None
    assert box.message_id("INBOX", uids[0]) is None
    assert box.file_away("INBOX", uids[0], "Traités") is None


def test_flags_that_others_change_do_not_disturb(mail_server: MailServer, user: str, opened: Open) -> None:
    uids = [mail_server.put(RAW + b"%d\r\n" % n, user) for n in range(5)]
    box = opened()
    box.select("INBOX")
    with mail_server.imap(user) as other:
        other.select("INBOX")
        for n, uid in enumerate(uids):
            other.uid("STORE", "1:*", "+FLAGS", f"(\\Seen $Note{n})")
            fetched = box.fetch("INBOX", uid, len(RAW) + 3)
            assert fetched is not None
            assert fetched.raw == RAW + b"%d\r\n" % n
            assert [mail.uid for mail in box.listing("INBOX")] == uids


def test_filing_away_spares_what_others_marked_deleted(mail_server: MailServer, user: str, opened: Open) -> None:
    kept, filed = (mail_server.put(RAW, user) for _ in range(2))
    with mail_server.imap(user) as other:
        other.select("INBOX")
        other.uid("STORE", str(kept), "+FLAGS", "(\\Deleted)")
    box = opened()
    box.select("INBOX")
    place = box.file_away("INBOX", filed, "Traités")
    assert place == (box.select("Traités")[0], 1)
    assert [mail.uid for mail in box.listing("INBOX")] == [kept]
    assert mail_server.mails(user, "Trait&AOk-s") == [RAW]


def test_a_folder_to_file_into_is_made(mail_server: MailServer, user: str, opened: Open) -> None:
    uid = mail_server.put(RAW, user)
    box = opened()
    box.select("INBOX")
    assert box.file_away("INBOX", uid, "Déjà lus") is not None
    assert mail_server.mails(user) == []
    with mail_server.imap(user) as other:
        assert b"D&AOk-j&AOA- lus" in b"".join(other.lsub()[1])


def test_no_command_that_destroys_is_ever_sent(mail_server: MailServer, user: str, opened: Open) -> None:
    uid = mail_server.put(RAW, user)
    with Between(mail_server.imap_port) as relay:
        box = opened(port=relay.port)
        box.folders()
        box.select("INBOX")
        box.listing("INBOX")
        box.fetch("INBOX", uid, len(RAW))
        box.file_away("INBOX", uid, "Traités")
        box.wait(0.01, threading.Event())
        box.close()
    assert b"UID MOVE" in relay.said
    for word in (b"EXPUNGE", b"STORE", b"CLOSE", b"DELETE", b" BODY["):
        assert word not in relay.said


# -- servers that know less, or say odd things --------------------------------------------------------------------------


def without(*words: bytes) -> Callable[[bytes], bytes]:
    def edit(piece: bytes) -> bytes:
        for word in words:
            piece = piece.replace(b" " + word, b"") if b"CAPABILITY" in piece else piece
        return piece

    return edit


def test_without_move_the_mail_stays_where_it_is(mail_server: MailServer, user: str, opened: Open) -> None:
    uid = mail_server.put(RAW, user)
    with Between(mail_server.imap_port, without(b"MOVE", b"UIDPLUS")) as relay:
        box = opened(port=relay.port)
        box.select("INBOX")
        assert box.file_away("INBOX", uid, "Traités") is None
        assert [mail.uid for mail in box.listing("INBOX")] == [uid]


def test_without_copyuid_the_new_place_is_unknown(mail_server: MailServer, user: str, opened: Open) -> None:
    uid = mail_server.put(RAW, user)
    with Between(mail_server.imap_port, lambda piece: piece.replace(b"[COPYUID", b"[COPIED")) as relay:
        box = opened(port=relay.port)
        box.select("INBOX")
        assert box.file_away("INBOX", uid, "Traités") is None
    assert mail_server.mails(user, "Trait&AOk-s") == [RAW]


def test_without_idle_the_end_of_the_pause_tells_the_news(mail_server: MailServer, user: str, opened: Open) -> None:
    with Between(mail_server.imap_port, without(b"IDLE")) as relay:
        box = opened(port=relay.port)
        box.select("INBOX")
        box.listing("INBOX")
        assert not box.wait(0.01, threading.Event())
        mail_server.put(RAW, user)
        assert box.wait(0.01, threading.Event())
    assert b"IDLE" not in relay.said


NOISE = {
    "flags of other mails": b"* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 99 FLAGS ($X))\r\n",
    "a storm of EXISTS": b"* 7 EXISTS\r\n* 8 EXISTS\r\n" * 500,
    "a megabyte of remarks": b"* OK encore un instant\r\n" * 45000,
    "flags that are not ASCII": b"* 1 FETCH (UID 99 FLAGS (R\xe9gl\xe9))\r\n",
    "an alert": b"* OK [ALERT] quota bient\xf4t atteint\r\n",
}


@pytest.mark.parametrize("case", NOISE)
def test_noise_between_the_answers_changes_nothing(mail_server: MailServer, user: str, opened: Open, case: str) -> None:
    uid = mail_server.put(RAW, user, received_at=NOW)

    def edit(piece: bytes) -> bytes:
        return NOISE[case] + piece if piece.startswith(b"* 1 FETCH") else piece

    with Between(mail_server.imap_port, edit) as relay:
        box = opened(port=relay.port)
        box.select("INBOX")
        assert box.listing("INBOX") == [Listed(uid, len(RAW), NOW)]
        fetched = box.fetch("INBOX", uid, len(RAW))
        assert fetched is not None
        assert fetched.raw == RAW


NONSENSE = {
    "a line that is no IMAP": b"bonjour !\r\n",
    "the answer to somebody else": b"ZZZZ9 OK done\r\n",
    "half a line, then nothing": b"* 1 FET",
    "another UIDVALIDITY": b"* OK [UIDVALIDITY 7] recreated\r\n",
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_ends_the_connection_and_the_next_one_works(
    mail_server: MailServer, user: str, opened: Open, case: str
) -> None:
    uid = mail_server.put(RAW, user)
    broken = [True]

    def edit(piece: bytes) -> bytes:
        return NONSENSE[case] + piece if broken[0] and piece.startswith(b"* 1 FETCH") else piece

    with Between(mail_server.imap_port, edit) as relay:
        box = opened(port=relay.port, timeout=2.0)
        box.select("INBOX")
        assert not down(box.fetch, "INBOX", uid, len(RAW)).permanent
        assert "pas connectée" in str(down(box.noop))
        broken[0] = False
        box.connect()
        box.select("INBOX")
        assert box.fetch("INBOX", uid, len(RAW)) is not None


def test_a_mail_that_the_server_cannot_give_is_named(mail_server: MailServer, user: str, opened: Open) -> None:
    uid = mail_server.put(RAW, user)

    def edit(piece: bytes) -> bytes:
        return piece.replace(b" OK Fetch completed", b" NO [SERVERBUG] cannot render it")

    with Between(mail_server.imap_port, edit) as relay:
        box = opened(port=relay.port)
        box.select("INBOX")
        error = down(box.fetch, "INBOX", uid, len(RAW))
    assert (error.folder, error.uid) == ("INBOX", uid)


SECTIONS = {
    "UID before the mail": ([(b"1 (UID 5 BODY[] {3}", b"abc"), b")"], b"abc"),
    "UID after the mail": ([(b"1 (BODY[] {3}", b"abc"), b" UID 5)"], b"abc"),
    "flags come along": ([b"1 (UID 5 FLAGS (x))", (b"1 (UID 5 BODY[] {3}", b"abc"), b" FLAGS (y))"], b"abc"),
    "another mail comes first": (
        [(b"1 (UID 4 BODY[] {3}", b"zzz"), b")", (b"2 (UID 5 BODY[] {3}", b"abc"), b")"],
        b"abc",
    ),
    "a range": ([(b"1 (UID 5 BODY[]<0> {3}", b"abc"), b")"], b"abc"),
    "quoted": ([b'1 (UID 5 BODY[] "a\\"c")'], b'a"c'),
    "an empty literal": ([(b"1 (UID 5 BODY[] {0}", b""), b")"], b""),
    "NIL": ([b"1 (UID 5 BODY[] NIL)"], b""),
    "a UID inside the mail proves nothing": ([(b"1 (UID 4 BODY[] {6}", b"UID 5 "), b")"], None),
    "only flags": ([b"1 (UID 5 FLAGS (\\Seen))"], None),
    "nothing": ([None], None),
}


@pytest.mark.parametrize("case", SECTIONS)
def test_the_mail_is_read_however_the_server_words_it(case: str) -> None:
    data, expected = SECTIONS[case]
    assert section(data, 5) == expected


DATES = {
    '" 2-Mar-2026 09:30:00 +0100"': NOW,
    '"02-MAR-2026 08:30:00 +0000"': NOW,
    '"01-Mar-2026 22:30:00 -1000"': NOW,
    '"31-Feb-2026 08:30:00 +0000"': None,
    '"02-Foo-2026 08:30:00 +0000"': None,
    '"02-Mar-2026 08:30:00 +9900"': None,
    "NIL": None,
}


@pytest.mark.parametrize("written", DATES)
def test_internaldate_is_read_and_nonsense_counts_as_now(written: str) -> None:
    now = NOW + timedelta(days=9)
    rows = listed([f"1 (UID 5 INTERNALDATE {written} RFC822.SIZE 12)".encode()], now)
    assert rows == {5: Listed(5, 12, DATES[written] or now)}


def test_an_excerpt_of_a_header_cut_in_the_middle_is_still_a_mail() -> None:
    assert excerpt(b"Subject: x\r\nX-Long: aaa", b"", b"texte") == b"Subject: x\r\nX-Long: aaa\r\n\r\ntexte"


# -- waiting ------------------------------------------------------------------------------------------------------------


class Waiting:
    """A thread that waits for the mailbox, as the desk does."""

    def __init__(self, box: Mailbox, seconds: float = 20.0) -> None:
        self.stop = threading.Event()
        self.answer: bool | Down | None = None
        self._box, self._seconds = box, seconds
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._box.wait(self._seconds, self.stop)
        except Down as error:
            self.answer = error

    def result(self) -> bool | Down | None:
        self._thread.join(timeout=10)
        assert not self._thread.is_alive(), "still waiting"
        return self.answer


@contextlib.contextmanager
def idling(mail_server: MailServer, opened: Open, **changes: Any) -> Iterator[tuple[Mailbox, Waiting]]:
    """A mailbox whose server has said that it idles."""
    ready = threading.Event()

    def edit(piece: bytes) -> bytes:
        if b"+ idling" in piece:
            ready.set()
        return piece

    with Between(mail_server.imap_port, edit) as relay:
        box = opened(port=relay.port, **changes)
        box.select("INBOX")
        box.listing("INBOX")
        waiting = Waiting(box)
        assert ready.wait(10)
        yield box, waiting
        waiting.stop.set()
        box.interrupt()
        waiting.result()


def test_a_delivery_wakes_the_wait(mail_server: MailServer, user: str, opened: Open) -> None:
    with idling(mail_server, opened) as (box, waiting):
        mail_server.deliver(RAW, user)
        assert waiting.result() is True
        assert len(box.listing("INBOX")) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_delivery_wakes_the_wait_over_tls(mail_server: MailServer, user: str, opened: Open, security: str) -> None:
    port = mail_server.imaps_port if security == "tls" else mail_server.imap_port
    box = opened(port=port, security=security, host="localhost", ca_file=mail_server.ca_file)
    box.select("INBOX")
    box.listing("INBOX")
    waiting = Waiting(box)
    mail_server.deliver(RAW, user)
    assert waiting.result() is True


def test_nothing_new_is_false_after_the_time_asked_for(opened: Open) -> None:
    box = opened()
    assert box.wait(0.05, threading.Event()) is False
    box.noop()


def test_mail_that_came_before_the_wait_is_news(mail_server: MailServer, user: str, opened: Open) -> None:
    box = opened()
    box.select("INBOX")
    box.listing("INBOX")
    box.select("Junk")
    mail_server.put(RAW, user)
    assert box.wait(20, threading.Event()) is True
    box.select("INBOX")
    box.listing("INBOX")
    assert box.wait(0.05, threading.Event()) is False


SEGMENTS = {
    "news in the same segment": lambda piece: piece.replace(b"+ idling\r\n", b"+ idling\r\n* 9 EXISTS\r\n"),
    "news before the go-ahead": lambda piece: piece.replace(b"+ idling\r\n", b"* 9 EXISTS\r\n+ idling\r\n"),
}


@pytest.mark.parametrize("case", SEGMENTS)
def test_news_that_come_with_the_go_ahead_are_heard(mail_server: MailServer, opened: Open, case: str) -> None:
    with Between(mail_server.imap_port, SEGMENTS[case]) as relay:
        assert opened(port=relay.port).wait(20, threading.Event()) is True


def test_lines_that_come_byte_by_byte_are_whole_lines(mail_server: MailServer, user: str, opened: Open) -> None:
    with Between(mail_server.imap_port, bytewise=True) as relay:
        box = opened(port=relay.port)
        box.select("INBOX")
        box.listing("INBOX")
        waiting = Waiting(box)
        mail_server.deliver(RAW, user)
        assert waiting.result() is True
        assert len(box.listing("INBOX")) == 1


def test_idle_refused_is_a_pause(mail_server: MailServer, user: str, opened: Open) -> None:
    with Between(mail_server.imap_port, ask=lambda piece: piece.replace(b" IDLE\r\n", b" IDOL\r\n")) as relay:
        box = opened(port=relay.port)
        assert box.wait(0.05, threading.Event()) is False
        mail_server.put(RAW, user)
        assert box.wait(0.05, threading.Event()) is True
    assert relay.said.count(b" IDLE\r\n") == 1


def test_stop_ends_the_wait_without_a_fuss(mail_server: MailServer, opened: Open) -> None:
    with idling(mail_server, opened) as (box, waiting):
        waiting.stop.set()
        box.interrupt()
        assert waiting.result() is False


def test_an_interruption_is_a_down(mail_server: MailServer, opened: Open) -> None:
    with idling(mail_server, opened) as (box, waiting):
        box.interrupt()
        assert isinstance(waiting.result(), Down)


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_server_that_dies_while_we_wait_is_noticed_at_once(mail_server: MailServer, opened: Open, end: str) -> None:
    with idling(mail_server, opened) as (box, waiting):
        try:
            getattr(mail_server.dovecot, end)()
            error = waiting.result()
            assert isinstance(error, Down)
            assert not error.permanent
            assert "coupée" in str(error)
            assert "pas connectée" in str(down(box.noop))
        finally:
            mail_server.dovecot.start()


def test_a_silent_server_is_noticed_after_the_time_limit(mail_server: MailServer, opened: Open) -> None:
    box = opened(timeout=1.0)
    box.select("INBOX")
    mail_server.dovecot.signal(signal.SIGSTOP)
    try:
        error = down(box.wait, 0.1, threading.Event())
        assert "ne répond pas" in str(error) or "coupée" in str(error)
        assert "pas connectée" in str(down(box.listing, "INBOX"))
        assert "ne répond pas" in str(down(box.connect))
    finally:
        mail_server.dovecot.signal(signal.SIGCONT)
    box.connect()
    assert box.select("INBOX")[0] > 0


def test_a_connection_that_was_cut_is_a_down(mail_server: MailServer, opened: Open) -> None:
    with Between(mail_server.imap_port) as relay:
        box = opened(port=relay.port)
        box.select("INBOX")
        relay.cut()
        assert not down(box.listing, "INBOX").permanent
        box.close()
        box.interrupt()


# -- logging in ---------------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_permanent_and_never_repeated(settings: Callable[..., Settings]) -> None:
    error = down(Mailbox(settings(password="motdepasse-faux")).connect)
    assert error.permanent
    assert "mot de passe" in str(error)
    assert "motdepasse-faux" not in str(error) + error.advice + repr(error)
    assert error.__cause__ is None


@pytest.mark.parametrize("password", ["pässword", "tab\there", 'guille"mets\\'])
def test_odd_passwords_are_sent_as_they_are(settings: Callable[..., Settings], password: str) -> None:
    assert "refuse le nom d’utilisateur ou le mot de passe" in str(down(Mailbox(settings(password=password)).connect))


def test_a_server_too_busy_to_log_in_is_not_a_wrong_password(
    mail_server: MailServer, settings: Callable[..., Settings]
) -> None:
    def edit(piece: bytes) -> bytes:
        return piece.replace(b"[AUTHENTICATIONFAILED]", b"[UNAVAILABLE]")

    with Between(mail_server.imap_port, edit) as relay:
        error = down(Mailbox(settings(port=relay.port, password="faux")).connect)
    assert not error.permanent


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_self_signed_certificate_is_refused_without_its_authority_and_accepted_with_it(
    mail_server: MailServer, settings: Callable[..., Settings], security: str
) -> None:
    port = mail_server.imaps_port if security == "tls" else mail_server.imap_port
    error = down(Mailbox(settings(port=port, security=security)).connect)
    assert error.permanent
    assert "autorité inconnue" in str(error)
    assert "mailbox.ca_file" in error.advice
    box = Mailbox(settings(port=port, security=security, ca_file=mail_server.ca_file))
    box.connect()
    assert box.select("INBOX")[0] > 0
    box.close()


def test_another_servers_certificate_is_refused(mail_server: MailServer, settings: Callable[..., Settings]) -> None:
    # 127.0.0.2 is the same machine under a name that its certificate does not hold
    with Between(mail_server.imap_port, host="127.0.0.2") as relay:
        other = settings(host="127.0.0.2", port=relay.port, security="starttls", ca_file=mail_server.ca_file)
        error = down(Mailbox(other).connect)
    assert error.permanent
    assert "n’est pas celui du serveur" in str(error)


def test_an_expired_certificate_says_so(
    tmp_path: Path, mail_server: MailServer, settings: Callable[..., Settings]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_expired(tmp_path, mail_server.dovecot.root))
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=_shake_hands, args=(door, context))
        thread.start()
        port = door.getsockname()[1]
        error = down(Mailbox(settings(port=port, security="tls", ca_file=mail_server.ca_file)).connect)
        thread.join()
    assert error.permanent
    assert "expiré" in str(error)
    assert "renouveler" in error.advice


def _shake_hands(door: socket.socket, context: ssl.SSLContext) -> None:
    with door.accept()[0] as client, contextlib.suppress(OSError), context.wrap_socket(client, server_side=True):
        pass


def _expired(folder: Path, authority: Path) -> tuple[Path, Path]:
    """(certificate, key) for 127.0.0.1, signed by that authority for January 2020."""
    (folder / "conf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", "key", "-out", "asked"]
    sign = ["openssl", "ca", "-batch", "-config", "conf", "-extensions", "e", "-in", "asked", "-out", "cert", "-notext"]
    sign += ["-cert", str(authority / "ca.pem"), "-keyfile", str(authority / "ca-key.pem")]
    sign += ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
    for command in (new, sign):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "cert", folder / "key"


def test_tls_on_a_plain_port_says_what_to_choose(settings: Callable[..., Settings]) -> None:
    error = down(Mailbox(settings(security="tls")).connect)
    assert error.permanent
    assert "starttls" in error.advice


def test_starttls_is_never_optional(mail_server: MailServer, settings: Callable[..., Settings]) -> None:
    with Between(mail_server.imap_port, without(b"STARTTLS")) as relay:
        error = down(Mailbox(settings(port=relay.port, security="starttls", ca_file=mail_server.ca_file)).connect)
    assert error.permanent
    assert "STARTTLS" in str(error)
    assert b"LOGIN" not in relay.said


def test_a_password_is_not_sent_in_clear_to_a_server_that_forbids_it(
    mail_server: MailServer, settings: Callable[..., Settings]
) -> None:
    with Between(mail_server.imap_port, lambda piece: piece.replace(b"IDLE", b"LOGINDISABLED")) as relay:
        error = down(Mailbox(settings(port=relay.port)).connect)
    assert error.permanent
    assert PASSWORD.encode() not in relay.said


@pytest.mark.parametrize("content", [None, "ceci n'est pas un certificat"])
def test_an_unreadable_authority_is_named(
    tmp_path: Path, settings: Callable[..., Settings], content: str | None
) -> None:
    path = tmp_path / "autorite.pem"
    if content:
        path.write_text(content)
    error = down(Mailbox(settings(security="tls", ca_file=path)).connect)
    assert error.permanent
    assert str(path) in str(error)


def test_a_name_that_nobody_knows_is_not_a_crash(settings: Callable[..., Settings]) -> None:
    error = down(Mailbox(settings(host="nulle-part.invalid")).connect)
    assert "nulle-part.invalid" in str(error)


def test_a_closed_port_says_refused(settings: Callable[..., Settings]) -> None:
    error = down(Mailbox(settings(port=free_ports(1)[0])).connect)
    assert "refuse la connexion" in str(error)
    assert not error.permanent


def test_a_server_that_never_greets_is_given_up(settings: Callable[..., Settings]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        error = down(Mailbox(settings(port=mute.getsockname()[1]), timeout=0.2).connect)
    assert "ne répond pas" in str(error)


# -- killed in the middle -------------------------------------------------------------------------------------------------

FILING = """
import sys
from mailbot.config import Mailbox as Settings
from mailbot.mailbox import Mailbox
port, user, uid = sys.argv[1:]
box = Mailbox(Settings(host="127.0.0.1", port=int(port), security="none", address=user, password="secret"))
box.connect()
box.select("INBOX")
box.file_away("INBOX", int(uid), "Traités")
print("survived")
"""


@pytest.mark.parametrize(("point", "code"), [("K05", -9), ("K06", -9), ("K06:2", 0), ("", 0)])
def test_killed_around_the_move_the_mail_is_in_one_folder(
    mail_server: MailServer, user: str, point: str, code: int
) -> None:
    uid = mail_server.put(RAW, user)
    run = [sys.executable, "-c", FILING, str(mail_server.imap_port), user, str(uid)]
    done = subprocess.run(run, env={**os.environ, "MAILBOT_FAILPOINT": point}, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    assert mail_server.mails(user) + mail_server.mails(user, "Trait&AOk-s") == [RAW]
