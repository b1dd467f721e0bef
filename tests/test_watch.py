"""The watch over a real Dovecot: every mail is taken in once, whatever a human, a restart or the server does meanwhile."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
from room import Clock, configured, mail, room
from servers import PASSWORD
from servers.between import Between
from servers.mail import MailServer
from sqlmodel import col, select
from structlog.testing import capture_logs

from mailbot.config import Mailbox as Settings
from mailbot.guard import Guard
from mailbot.mailbox import Down, Listed, Mailbox
from mailbot.store import ledger, questions, slabs
from mailbot.store.keep import raw_of
from mailbot.store.lead import Lost
from mailbot.store.ledger import Ledger, Session
from mailbot.store.tables import Alarm, Complaint, Inbound, Place, Raw
from mailbot.watch import Watch, in_sets

DONE = "Traités"
DONE_WIRE = "Trait&AOk-s"
NOON = cast.NOON - timedelta(days=70)  # a Monday too; Dovecot takes no INTERNALDATE of the future
YESTERDAY = NOON - timedelta(days=1)


class Watched:
    """A mailbox of its own, watched by a daemon that a test may stop and start again."""

    def __init__(self, server: MailServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.user = f"plaintes@{server.domain()}"
        self.clock = Clock(NOON)
        config = configured(folder)
        self.register = Ledger(config.database_url)
        self.register.upgrade()
        self._open: Mailbox | None = None

    def start(self, *, limit: int = 150 * 2**20, port: int = 0, **settings: Any) -> Watch:
        """A daemon that just logged in; the one before is dead."""
        self.stop()
        fixed = {"address": self.user, "host": "127.0.0.1", "port": port or self.server.imap_port, "security": "none"}
        config = configured(self.folder, mailbox=Settings.model_validate(fixed | {"password": PASSWORD} | settings))
        self._open = Mailbox(config.mailbox, timeout=10.0, limit=limit)
        watch = Watch(config, self.register, self._open, self.clock)
        self.login(watch)
        return watch

    def login(self, watch: Watch) -> None:
        watch.mailbox.connect()
        watch.connected()

    def stop(self) -> None:
        if self._open:
            self._open.close()

    def put(self, raw: bytes, folder: str = "INBOX", at: datetime | None = None) -> int:
        return self.server.put(raw, self.user, folder, at or self.clock())

    @contextlib.contextmanager
    def telephone(self, folder: str = "INBOX") -> Iterator[Any]:
        """A colleague on the same mailbox."""
        with self.server.imap(self.user) as client:
            client.select(f'"{folder}"')
            yield client

    def rows(self, table: Any, *where: Any) -> list[Any]:
        return self.register.ask(lambda tx: list(tx.exec(select(table).where(*where).order_by(col(table.id)))))

    def kept(self) -> list[bytes]:
        return [raw.data for raw in self.rows(Raw)]

    def places(self, **state: Any) -> list[tuple[str, int]]:
        return [(p.folder, p.uid) for p in self.rows(Place, *(getattr(Place, k) == v for k, v in state.items()))]


@pytest.fixture
def watched(mail_server: MailServer, tmp_path: Path) -> Iterator[Watched]:
    made = Watched(mail_server, tmp_path)
    yield made
    made.stop()
    made.register.close()


# -- first contact -------------------------------------------------------------------------------------------------------


def test_the_start_is_the_first_login_fixed_before_anything_is_read(watched: Watched) -> None:
    watched.put(mail())
    watched.start()
    assert watched.register.ask(lambda tx: ledger.recall(tx, "start")) == NOON.isoformat()
    assert watched.kept() == []


def test_a_login_that_fails_fixes_no_start(watched: Watched) -> None:
    with pytest.raises(Down):
        watched.start(password="falsch")
    assert watched.register.ask(lambda tx: ledger.recall(tx, "start")) == ""


def test_a_long_look_tells_how_far_it_is(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbot.watch.STRIDE", 2)
    watch = watched.start()
    for _ in range(5):
        watched.put(mail())
    with capture_logs() as said:
        assert watch.pass_once() == 5
    assert [(line["folder"], line["done"], line["of"]) for line in said if line["event"] == "reading"] == [
        ("INBOX", 2, 5), ("INBOX", 4, 5),
    ]  # fmt: skip


def test_mailbox_since_is_the_start_and_a_later_login_moves_nothing(watched: Watched) -> None:
    watched.start(since=YESTERDAY)
    watched.clock.advance(days=1)
    watched.start()
    assert watched.register.ask(lambda tx: ledger.recall(tx, "start")) == YESTERDAY.isoformat()


async def test_older_mail_is_before_start_and_answered_to_nobody(watched: Watched) -> None:
    watched.put(mail("Vieux"), at=YESTERDAY)
    watched.start().pass_once()
    watched.put(mail("Neuf"), at=watched.clock.advance(minutes=1))
    watched.start().pass_once()
    async with Guard() as guard:
        with room(watched.folder, guard, now=watched.clock()) as desk:
            await desk.mails.decide_waiting()
            verdicts = {i.subject: i.verdict for i in desk.rows(Inbound)}
            assert verdicts == {"Vieux": "before-start", "Neuf": "complaint"}
            assert [letter.to_addr for letter in desk.letters("ack")] == [cast.CARL]


def test_an_old_mailbox_does_not_delay_todays_complaint(watched: Watched) -> None:
    watched.start(since=NOON)
    for days in (9, 3, 5):
        watched.put(mail(f"Il y a {days} jours"), at=NOON - timedelta(days=days))
    new = mail("Aujourd’hui")
    watched.put(new, at=NOON + timedelta(minutes=1))
    watched.start().pass_once()
    assert watched.kept()[0] == new
    assert len(watched.kept()) == 4


# -- what is ours --------------------------------------------------------------------------------------------------------


def test_an_unknown_place_is_taken_whatever_flag_it_has_and_no_flag_is_changed(watched: Watched) -> None:
    uids = [watched.put(mail(f"n° {n}")) for n in range(3)]
    with watched.telephone() as client:
        client.uid("STORE", str(uids[0]), "+FLAGS", r"(\Seen \Flagged)")
        client.uid("STORE", str(uids[1]), "+FLAGS", r"(\Deleted)")
    assert watched.start().pass_once() == 3
    with watched.telephone() as client:
        flags = {int(re.search(rb"UID (\d+)", row)[1]): row for row in client.uid("FETCH", "1:*", "(FLAGS)")[1]}
    assert rb"\Seen \Flagged" in flags[uids[0]].replace(rb"\Flagged \Seen", rb"\Seen \Flagged")
    assert rb"\Deleted" in flags[uids[1]]
    assert rb"\Seen" not in flags[uids[2]]


def test_a_mail_is_taken_once_however_often_we_look_or_start(watched: Watched) -> None:
    raw = mail()
    watched.put(raw)
    watch = watched.start()
    assert [watch.pass_once(), watch.pass_once(), watched.start().pass_once()] == [1, 0, 0]
    assert watched.kept() == [raw]


def test_between_two_whole_looks_only_the_inbox_is_looked_at(watched: Watched) -> None:
    watch = watched.start()
    watch.pass_once()
    watched.put(mail("un"))
    watched.put(mail("deux"), "Junk")
    assert (watch.pass_once(only_inbox=True), watch.pass_once()) == (1, 1)


def test_what_lies_in_junk_is_taken_and_known_to_come_from_there(watched: Watched) -> None:
    watched.put(mail(), "Junk")
    watched.start().pass_once()
    [row] = watched.rows(Inbound)
    assert (row.folder, row.state) == ("junk", "kept")


def test_a_mail_that_a_human_took_out_of_junk_is_the_same_mail(watched: Watched) -> None:
    uid = watched.put(mail(), "Junk")
    watch = watched.start()
    watch.pass_once()
    with watched.telephone("Junk") as client:
        client.uid("MOVE", str(uid), "INBOX")
    assert watch.pass_once() == 0
    assert len(watched.rows(Inbound)) == 1
    assert len(watched.rows(Place)) == 2


def carl_has_a_file(watched: Watched) -> None:
    file = Complaint(
        number="REC-2026-0001", series="real", year=2026, rank=1, received_at=NOON, opened_at=NOON,
        complainant_addr=cast.CARL, assignee=cast.BO,
    )  # fmt: skip
    watched.register.run(lambda tx: tx.add(file))


def test_of_the_sent_folder_only_what_concerns_a_file_is_kept(watched: Watched) -> None:
    carl_has_a_file(watched)
    answer = mail("Votre réclamation", sender=watched.user, to=cast.CARL)
    watched.put(answer, "Sent", NOON + timedelta(minutes=1))
    private = watched.put(mail("Déjeuner", sender=watched.user, to="amie@courriel.example"), "Sent", NOON)
    old = watched.put(mail("Avant", sender=watched.user, to=cast.CARL), "Sent", YESTERDAY)
    watch = watched.start()
    assert watch.pass_once() == 1
    assert watched.kept() == [answer]
    assert [row.folder for row in watched.rows(Inbound)] == ["sent"]
    assert set(watched.places(state="passed")) == {("Sent", private), ("Sent", old)}
    assert watched.start().pass_once() == 0


# -- what humans and servers do ------------------------------------------------------------------------------------------


def test_a_mail_that_vanished_before_it_was_read_is_named(watched: Watched) -> None:
    watch = watched.start()
    watched.put(mail("un"))
    watch.pass_once()
    gone, stays = watched.put(mail("deux")), watched.put(mail("trois"))
    with watched.telephone() as client:
        client.uid("STORE", str(gone), "+FLAGS", r"(\Deleted)")
        client.expunge()
    assert watch.pass_once() == 1
    assert watched.places(state="vanished") == [("INBOX", gone)]
    assert ("INBOX", stays) in watched.places(state="known")
    counted = watched.register.ask(lambda tx: questions.reconcile(tx, YESTERDAY))
    assert counted.vanished == [f"INBOX, n° {gone}"]


def test_a_mail_that_vanished_during_downtime_is_named_after_the_restart(watched: Watched) -> None:
    watched.put(mail("un"))
    watched.start().pass_once()
    gone = watched.put(mail("deux"))
    with watched.telephone() as client:
        client.uid("STORE", str(gone), "+FLAGS", r"(\Deleted)")
        client.expunge()
    watched.start().pass_once()
    assert watched.places(state="vanished") == [("INBOX", gone)]


def test_a_mail_that_was_removed_after_we_had_it_stays_ours_and_is_not_missed(watched: Watched) -> None:
    uid = watched.put(mail())
    watched.start().pass_once()
    with watched.telephone() as client:
        client.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
        client.expunge()
    watched.clock.advance(hours=2)
    watched.start().pass_once()
    assert watched.places(state="vanished") == []
    [place] = watched.rows(Place)
    assert place.gone_at == watched.clock()
    assert len(watched.kept()) == 1


def test_what_a_human_moved_before_we_saw_it_is_found_by_the_daily_search(watched: Watched) -> None:
    watch = watched.start()
    watch.pass_once()
    raw = mail()
    watched.clock.advance(hours=1)
    uid = watched.put(raw)
    with watched.telephone() as client:
        client.uid("MOVE", str(uid), f'"{DONE_WIRE}"')
    assert watch.pass_once() == 0, "not searched before a day is over"
    watched.clock.advance(hours=23, minutes=1)
    assert watch.pass_once() == 1
    assert watched.kept() == [raw]
    assert [row.folder for row in watched.rows(Inbound)] == ["other"]


def test_after_a_long_silence_the_search_goes_back_to_a_day_before_the_last_one(watched: Watched) -> None:
    watched.start(since=NOON - timedelta(days=20)).pass_once()
    watched.clock.advance(days=14)
    watched.put(mail("avant"), DONE_WIRE, NOON - timedelta(days=1, minutes=1))
    moved = mail("pendant l’arrêt")
    watched.put(moved, DONE_WIRE, NOON + timedelta(hours=1))
    watched.start().pass_once()
    assert watched.kept() == [moved]


def test_a_search_that_is_on_time_still_goes_three_days_back(watched: Watched) -> None:
    watched.start(since=NOON - timedelta(days=20)).pass_once()
    watched.clock.advance(days=1, minutes=1)
    watched.put(mail("trop vieux"), DONE_WIRE, watched.clock() - timedelta(days=3, minutes=1))
    late = mail("il y a trois jours")
    watched.put(late, DONE_WIRE, watched.clock() - timedelta(days=3, minutes=-1))
    watched.start().pass_once()
    assert watched.kept() == [late]


def test_the_first_search_goes_three_days_back(watched: Watched) -> None:
    watched.put(mail("trop vieux"), DONE_WIRE, NOON - timedelta(days=3, minutes=1))
    late = mail("hier")
    watched.put(late, DONE_WIRE, YESTERDAY)
    watched.start(since=NOON - timedelta(days=20)).pass_once()
    assert watched.kept() == [late]


def test_no_search_goes_before_the_start(watched: Watched) -> None:
    watched.put(mail("avant"), DONE_WIRE, NOON - timedelta(minutes=1))
    watched.start().pass_once()
    watched.clock.advance(days=9)
    watched.start().pass_once()
    assert watched.kept() == []


def test_what_is_kept_is_filed_away_and_known_at_its_new_place(watched: Watched) -> None:
    raw = mail()
    uid = watched.put(raw)
    watch = watched.start(file_into=DONE)
    assert watch.pass_once() == 1
    assert watched.server.mails(watched.user) == []
    assert watched.server.mails(watched.user, DONE_WIRE) == [raw]
    old, new = watched.rows(Place)
    assert ((old.uid, old.moved_to, old.gone_at), new.folder) == ((uid, DONE, NOON), DONE)
    watched.clock.advance(days=2)
    assert watched.start(file_into=DONE).pass_once() == 0
    assert len(watched.rows(Inbound)) == 1


def test_a_mail_kept_before_a_restart_is_filed_away_after_it(watched: Watched) -> None:
    watched.put(mail())
    watched.start().pass_once()
    assert len(watched.server.mails(watched.user)) == 1
    assert watched.start(file_into=DONE).pass_once() == 0
    assert len(watched.server.mails(watched.user, DONE_WIRE)) == 1
    assert len(watched.rows(Inbound)) == 1


def test_a_move_that_was_not_noted_makes_no_second_mail(watched: Watched) -> None:
    uid = watched.put(mail())
    watched.start().pass_once()
    with watched.telephone() as client:
        client.uid("MOVE", str(uid), f'"{DONE_WIRE}"')
    watched.clock.advance(days=1, minutes=1)
    assert watched.start(file_into=DONE).pass_once() == 0
    assert len(watched.rows(Inbound)) == 1
    assert {p.folder for p in watched.rows(Place)} == {"INBOX", DONE}


def test_a_folder_that_was_made_anew_makes_no_mail_new(watched: Watched) -> None:
    with watched.telephone() as client:
        client.create("Plaintes")
    raws = [mail(f"n° {n}") for n in range(3)]
    for raw in raws:
        watched.put(raw, "Plaintes")
    watch = watched.start(folder="Plaintes")
    assert watch.pass_once() == 3
    with watched.telephone() as client:
        client.delete("Plaintes")
        client.create("Plaintes")
    for raw in reversed(raws):
        watched.put(raw, "Plaintes")
    watched.put(mail("nouveau"), "Plaintes")
    assert watched.start(folder="Plaintes").pass_once() == 1
    assert len(watched.rows(Inbound)) == 4
    assert len({p.uidvalidity for p in watched.rows(Place)}) == 2
    assert watched.places(state="vanished") == []


def test_above_the_limit_headers_and_text_are_kept_and_the_mail_stays_where_it_is(watched: Watched) -> None:
    raw = mail("Grosse pièce", files=(("photo.jpg", "image/jpeg", b"x" * 60_000),))
    watched.put(raw)
    watched.start(limit=20_000, file_into=DONE).pass_once()
    [row] = watched.rows(Inbound)
    assert row.truncated
    [kept] = watched.kept()
    assert b"Subject: Grosse" in kept
    assert len(kept) < 20_000
    assert watched.server.mails(watched.user) == [raw], "left in place: the whole mail is nowhere else"


# -- lines that break ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def breaking(watched: Watched, *words: bytes) -> Iterator[Between]:
    """A line that breaks whenever one of these is asked."""
    relay: Between

    def cut(piece: bytes) -> bytes:
        if any(each in piece for each in words):
            relay.cut()
        return piece

    with Between(watched.server.imap_port, ask=cut) as relay:
        yield relay


@pytest.mark.parametrize(("at", "first", "then"), [(b"UID FETCH 3 (", 0, 2), (b"UID FETCH 1,2,3,4 (", 0, 4)])
def test_a_line_that_breaks_in_the_middle_loses_and_doubles_nothing(
    watched: Watched, at: bytes, first: int, then: int
) -> None:
    """A set that breaks is asked for again one by one: what lies before the mail at fault is ours at the second try."""
    raws = [mail(f"n° {n}") for n in range(4)]
    for raw in raws:
        watched.put(raw)
    with breaking(watched, at, b"UID FETCH 1,2,3,4 (") as relay:
        watch = watched.start(port=relay.port)
        with pytest.raises(Down):
            watch.pass_once()
        assert len(watched.kept()) == first
        watched.login(watch)
        with pytest.raises(Down) if then < 4 else contextlib.nullcontext():
            watch.pass_once()
        assert len(watched.kept()) == then
    watched.start().pass_once()
    assert sorted(watched.kept()) == sorted(raws)


def test_a_large_mail_comes_piece_by_piece_and_a_line_that_breaks_within_leaves_nothing(watched: Watched) -> None:
    raw = mail(files=(("film.mp4", "video/mp4", bytes(range(256)) * 28_000),))
    watched.put(raw)
    with breaking(watched, b"BODY.PEEK[]<8388608.") as relay:
        watch = watched.start(port=relay.port)
        with pytest.raises(Down):
            watch.pass_once()
        assert watched.rows(Place) == []
    assert watched.start().pass_once() == 1
    [kept] = watched.rows(Inbound)
    assert watched.register.ask(lambda tx: raw_of(tx, kept.id or 0)) == raw
    assert [at for at, _ in watched.register.ask(lambda tx: slabs.large(tx, 1)).slabs] == [0, 4 * 2**20, 8 * 2**20]


def test_mails_are_fetched_and_committed_in_sets_and_whoever_decides_is_told_after_each(watched: Watched) -> None:
    raws = [mail(f"n° {n}") for n in range(19)]
    for raw in raws:
        watched.put(raw)
    asked: list[bytes] = []
    ours: list[int] = []

    def listen(piece: bytes) -> bytes:
        asked.extend(re.findall(rb"UID FETCH ([\d,]+) \(UID BODY", piece))
        return piece

    with Between(watched.server.imap_port, ask=listen) as relay:
        watch = watched.start(port=relay.port)
        watch.on_kept = lambda: ours.append(len(watched.kept()))
        assert watch.pass_once() == 19
    assert asked == [b"1,2,3,4,5,6,7,8", b"9,10,11,12,13,14,15,16", b"17,18,19"]
    assert ours == [8, 16, 19]
    assert watched.kept() == raws


def test_a_reader_that_lost_the_mailbox_between_two_sets_takes_no_other(watched: Watched) -> None:
    for n in range(10):
        watched.put(mail(f"n° {n}"))
    watch = watched.start()
    lost: list[bool] = []

    def check(_: Session) -> None:
        if lost:
            raise Lost

    watch.ledger, watch.on_kept = watched.register.fenced(check), lambda: lost.append(True)
    with pytest.raises(Lost):
        watch.pass_once()
    assert len(watched.kept()) == 8


SETS = [
    ([], []),
    ([1], [[1]]),
    ([1] * 9, [[1] * 8, [1]]),
    ([3 * 2**20, 2**20, 1], [[3 * 2**20, 2**20], [1]]),
    ([1, 50 * 2**20, 1], [[1], [50 * 2**20], [1]]),
]


@pytest.mark.parametrize(("sizes", "sets"), SETS)
def test_a_set_holds_at_most_eight_mails_and_four_megabytes_and_a_large_mail_goes_alone(
    sizes: list[int], sets: list[list[int]]
) -> None:
    listed = [Listed(uid, size, NOON) for uid, size in enumerate(sizes, start=1)]
    assert [[m.size for m in some] for some in in_sets(listed, 8)] == sets


def refusing(uid: int) -> Callable[[bytes], bytes]:
    """Whoever asks for that mail, alone or among others, hears NO."""
    asked = re.compile(rb"UID FETCH (?:\d+,)*%d(?:,\d+)* \(UID BODY\.PEEK\[\]\)" % uid)
    return lambda piece: asked.sub(b"UID COPY %d nirgendwo" % uid, piece)


def test_a_mail_that_the_server_never_gives_is_alarmed_and_the_line_moves(watched: Watched) -> None:
    bad = watched.put(mail("donné à personne"))
    good = mail("le suivant")
    watched.put(good, at=NOON + timedelta(minutes=1))
    with Between(watched.server.imap_port, ask=refusing(bad)) as relay:
        watch = watched.start(port=relay.port)
        for _ in range(3):
            with pytest.raises(Down) as down:
                watch.pass_once()
            assert down.value.uid == bad
            watched.login(watch)
        assert watch.pass_once() == 1
    assert watched.kept() == [good]
    assert watched.places(state="refused") == [("INBOX", bad)]
    [alarm] = watched.register.ask(lambda tx: list(tx.exec(select(Alarm))))
    assert f"n° {bad}" in alarm.text
