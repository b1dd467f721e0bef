"""T70: whatever the post office, the clock, the staff and the power supply do in whatever order, the audit is clean.

A Hypothesis state machine delivers, redelivers, commands, closes servers, kills the desk at its named points and moves the
clock; the desk is the real one, only its mailbox and its road are held in memory, where they can be made to misbehave.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

import audit
import cast
import pytest
import registers
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from room import LOG, Clock, configured
from sqlmodel import select

from mailbot import failpoints
from mailbot.app import Daemon
from mailbot.config import Mailbox
from mailbot.corridor.bench import words
from mailbot.corridor.mails import ATTEMPTS
from mailbot.guard import Guard
from mailbot.log import log_to
from mailbot.mailbox import Down
from mailbot.outbox import RoadClosed
from mailbot.store.ledger import Ledger
from mailbot.store.tables import Letter
from promises.office import FILED, INBOX, MOVED, Drawer, Killed, Line, Reaper, Sent, Standing, numbered

POINTS = (
    *("K01", "K02", "K03", "K04", "before the move", "K05", "K07", "K09", "K10", "K11", "K13"),
    *("S01", "S02", "S03", "S05", "S06", "S07", "S08", "S09", "S10", "D01", "D02", "D03"),
)
ROADS = ("open", "open", "open", "later", "mute", "closed")
JUMPS = tuple(timedelta(minutes=m) for m in (1, 20, 90, 6 * 60, 30 * 60, -30))
GRAVEYARD: list[Any] = []
# Of what the register holds, drawn without asking what that is: how far a desk came that was killed depends on its threads, and a
# history must be the same whenever Hypothesis plays it.
WHICH = st.integers(0, 59)


def _given_up_after_five_days(letter: Letter) -> bool:
    ended = letter.settled_at
    return letter.state == "given_up" and ended is not None and ended - letter.created_at > timedelta(days=5)


LONG_ANSWER = (
    "Bonjour,\n\nNous avons relu votre dossier avec le formateur et le service financier. La séance annulée n’a pas été "
    "remplacée, vous avez raison sur ce point. Nous vous remboursons la journée entière sous dix jours, par virement, "
    "et la séance est reprogrammée. Nous avons aussi changé notre façon de prévenir les stagiaires.\n\nBo Martin\n"
)


class PostOffice(RuleBasedStateMachine):
    """One desk, and all that happens around it."""

    runner: asyncio.Runner
    guard: Any
    lived: ClassVar[Counter[str]] = Counter()  # over all histories: letters taken, deaths

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="mailbot-office-")
        self.clock = Clock()
        self.reaper = Reaper()
        self.box, self.line = Drawer(self.reaper), Line(self.reaper)
        self.traces = numbered()
        self.sent: list[Sent] = []
        self.daemon: Daemon | None = None
        self.opened: Any = None
        self.deaths = 0
        failpoints.hit = self.reaper.hit
        LOG.seek(0)
        LOG.truncate()

    @initialize(filing=st.booleans())
    def begins(self, filing: bool) -> None:
        box = Mailbox(
            address=cast.BOX, host="127.0.0.1", authserv_id=cast.PROVIDER, since=cast.NOON - timedelta(days=1),
            file_into=FILED if filing else "",
        )  # fmt: skip
        flood = {"per_sender": 0, "unproven": 0, "letters": 0}
        self.config = configured(Path(self.folder.name), mailbox=box, intake={"flood": flood})
        registers.furnish(Path(self.folder.name))
        self._starts()

    def teardown(self) -> None:
        try:
            if self.daemon:
                self._comes_to_rest()
                self._dies()
        finally:
            self.folder.cleanup()

    # -- the desk --------------------------------------------------------------------------------------------------------

    def _starts(self) -> None:
        self.reaper.revive()
        daemon = Daemon(self.config, self.clock)
        daemon.guard = daemon.bench.guard = Standing(self.guard)
        daemon.mailbox = daemon.watch.mailbox = self.box
        daemon.road = daemon.post.road = self.line
        self.daemon, self.opened = daemon, daemon.open()
        self.runner.run(self.opened.__aenter__())

    def _dies(self) -> None:
        """As a process does: what was not committed is gone, nothing is said to anybody."""
        assert self.daemon
        self.daemon.bench.close()
        self.daemon.ledger.close()
        self.daemon._imap.shutdown()
        self.daemon.lead.close()
        GRAVEYARD.append(self.opened)  # the end of its « with » must never run
        self.daemon = self.opened = None

    def _works(self) -> None:
        """All that waits, or up to its death; whoever died is started again."""
        assert self.daemon
        ledger, run, ask = self.daemon.ledger, self.daemon.ledger.run, self.daemon.ledger.ask
        ledger.run = lambda act: self._living(run, act)
        ledger.ask = lambda question: self._living(ask, question)
        try:
            self.runner.run(self._one_round(self.daemon))
        except (Down, RoadClosed):
            pass
        except Killed:
            self.lived["deaths"] += 1
            self.deaths += 1
            self._dies()
            self._counts_what_nobody_heard()
            self._starts()
            return
        self.reaper.revive()
        ledger.run, ledger.ask = run, ask

    async def _one_round(self, daemon: Daemon) -> None:
        """The clock comes by as it does each minute; without it an ended lease of a daemon that shares the register stays."""
        await daemon.tick()
        await daemon.once()

    def _counts_what_nobody_heard(self) -> None:
        """Letters that the server has, and of which the dead desk had written no end: each may leave once more."""
        begun = "SELECT message_id FROM letter WHERE state = 'claimed' AND data_attempt = attempts"
        for row in self._rows(begun):
            places = [n for n, a in enumerate(self.line.accepted) if a.message_id == row["message_id"]]
            self.line.unheard.update(places[-1:])

    def _living(self, act: Any, argument: Any) -> Any:
        """A dead process writes and reads nothing more."""
        if self.reaper.dead:
            raise Killed
        return act(argument)

    # -- what happens ----------------------------------------------------------------------------------------------------

    def _put(self, mail: EmailMessage, *, key: str, verdict: str) -> None:
        self._deliver(mail.as_bytes(), key=key, verdict=verdict, author=str(mail["From"]))

    def _deliver(self, written: bytes, *, key: str, verdict: str, author: str) -> None:
        trace = next(self.traces)
        author = author.rpartition("<")[2].rstrip(">")
        domain = author.rpartition("@")[2]
        top = (
            f"Received: from relay.example by {cast.PROVIDER} with ESMTPS id {trace}; {format_datetime(self.clock())}\n"
            f"Authentication-Results: {cast.PROVIDER}; dmarc=pass header.from={domain}\n"
        )
        raw = (top.encode() + written).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self.box.put(raw, self.clock())
        self.sent.append(Sent(key=key, trace=trace, verdict=verdict, raw=written, author=author))

    def _write(self, author: str, subject: str, text: str, **headers: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = author, cast.BOX, subject
        mail["Date"] = format_datetime(self.clock())
        mail["Message-ID"] = f"<{len(self.sent)}.{next(self.traces)}@courriel.example>"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        return mail

    def _rows(self, query: str) -> list[dict[str, Any]]:
        return audit.rows(registers.where(Path(self.folder.name)), query)

    @rule(lines=st.integers(1, 3))
    def somebody_complains(self, lines: int) -> None:
        n = len(self.sent)
        who = f"Personne {n} <p{n}@courrier{n}.example>"
        text = "Bonjour,\n" + f"la formation {n} a été annulée, je souhaite être remboursé.\n" * lines
        self._put(self._write(who, f"Formation {n} annulée", text), key=f"complaint {n}", verdict="complaint")

    @rule()
    def a_machine_answers(self) -> None:
        mail = self._write(
            "absent@loin.example", "Absence du bureau", "Je suis absent.\n", Auto_Submitted="auto-replied"
        )
        self._put(mail, key=f"machine {len(self.sent)}", verdict="auto-reply")

    @precondition(lambda self: any(m.verdict == "complaint" for m in self.sent))
    @rule(data=st.data())
    def a_relay_delivers_again(self, data: st.DataObject) -> None:
        again = data.draw(st.sampled_from([m for m in self.sent if m.verdict == "complaint"]))
        self._deliver(again.raw, key=f"{again.key} again", verdict="duplicate", author=again.author)

    @precondition(lambda self: any(m.verdict == "complaint" for m in self.sent))
    @rule(
        which=WHICH,
        order=st.sampled_from(
            ["#prendre", "#évaluer G2 C1 R1 immédiat:non", "#butoir 20/12/2026", "#résolu", "#annuler"]
        ),
    )
    def a_colleague_commands(self, which: int, order: str) -> None:
        numbers = [r["number"] for r in self._rows("SELECT number FROM complaint ORDER BY id")]
        if not numbers:
            return
        number = numbers[which % len(numbers)]
        text = LONG_ANSWER if order == "#résolu" else "Le formateur est absent, nous vérifions les dates.\n"
        mail = self._write(f"Bo Martin <{cast.BO}>", f"[{number}] {order}", text)
        self._put(mail, key=f"{order} {number}", verdict="staff-command")

    @rule()
    def the_server_renumbers_its_mails(self) -> None:
        self.box.renumber()

    @rule(which=WHICH)
    def somebody_files_a_known_mail_away(self, which: int) -> None:
        validity = self.box.validity[INBOX]
        known = {
            r["uid"] for r in self._rows(f"SELECT uid FROM place WHERE folder = '{INBOX}' AND uidvalidity = {validity}")
        }
        uids = sorted(known & set(self.box.folders_[INBOX]))
        if uids:
            self.box.move(uids[which % len(uids)], MOVED)

    @rule(span=st.sampled_from(JUMPS))
    def the_clock_jumps(self, span: timedelta) -> None:
        self.clock.now += span

    @rule(up=st.sampled_from([True, True, True, False]), road=st.sampled_from(ROADS))
    def the_desk_works(self, up: bool, road: str) -> None:
        self.box.up, self.line.state = up, road
        self._works()

    @rule(point=st.sampled_from(POINTS), passage=st.integers(1, 2), road=st.sampled_from(ROADS))
    def the_desk_is_killed_at_its_work(self, point: str, passage: int, road: str) -> None:
        self.box.up, self.line.state = True, road
        self.reaper.arm(point, passage)
        self._works()

    # -- what must hold ----------------------------------------------------------------------------------------------------

    @invariant()
    def nobody_got_a_letter_that_the_register_does_not_know(self) -> None:
        if self.daemon:
            assert audit.nothing_unknown(self._evidence()) == []

    @invariant()
    def nobody_outside_got_a_letter_who_did_not_complain(self) -> None:
        complained = {m.author for m in self.sent if m.verdict == "complaint"}
        assert {a.to for a in self.line.accepted if not a.to.endswith("@ief.example")} <= complained

    @invariant()
    def the_numbers_have_no_gap(self) -> None:
        if self.daemon:
            ranks = [r["rank"] for r in self._rows('SELECT "rank" FROM complaint ORDER BY "rank"')]
            assert ranks == list(range(1, len(ranks) + 1))

    def _evidence(self) -> audit.Evidence:
        return audit.Evidence(
            data_dir=Path(self.folder.name), url=registers.setting(Path(self.folder.name)), sent=self._as_first_seen(),
            folders=self.box.contents(), accepted=self.line.accepted,
            log=LOG.getvalue(), house="ief.example", extra_copies=len(self.line.unheard),
        )  # fmt: skip

    def _as_first_seen(self) -> list[Sent]:
        """Of a mail that was delivered twice, whichever copy is read first is the complaint: a clock that was set back, or
        somebody who moved one, may turn their order round. A suspect is shown to the admin."""
        judged = self._rows("SELECT r.data, i.verdict FROM inbound i JOIN raw r ON r.id = i.raw_id")
        first = {m.trace for m in self.sent for row in judged
                 if row["verdict"] == "complaint" and audit.carries(row["data"], m.trace)}  # fmt: skip
        turned = {m.raw for m in self.sent if m.trace in first and m.verdict == "duplicate"}
        seen = [
            replace(m, verdict="complaint" if m.trace in first else "duplicate") if m.raw in turned else m
            for m in self.sent
        ]
        suspects = self._suspects()
        return [replace(m, verdict="quarantined") if m.trace in suspects else m for m in seen]

    def _suspects(self) -> set[str]:
        """Mails that were in hand at three deaths: the desk cannot know that they were not at fault (design invariant 7)."""
        query = f"SELECT r.data FROM inbound i JOIN raw r ON r.id = i.raw_id WHERE i.attempts > {ATTEMPTS}"
        held = [row["data"] for row in self._rows(query)]
        assert self.deaths >= ATTEMPTS or not held
        return {m.trace for m in self.sent if any(audit.carries(data, m.trace) for data in held)}

    def _files_owed(self) -> tuple[Counter[str], Counter[str]]:
        """To each complainant, at least and at most: a complaint is one, a suspect too (spec §2); whether a suspect is the copy of
        another mail cannot always be told from its headers."""
        complained = {m.raw: m.author for m in self.sent if m.verdict in ("complaint", "duplicate")}
        copies = Counter(m.raw for m in self.sent)
        suspects = self._suspects()
        more = Counter(m.author for m in self.sent if m.trace in suspects and m.raw in complained and copies[m.raw] > 1)
        least = Counter(complained.values())
        return least, least + more

    def _comes_to_rest(self) -> None:
        """The servers are well, somebody complains once more, the clock goes on by a few hours: nothing is lost, nothing is left,
        nothing is said twice."""
        self.somebody_complains(lines=1)
        self.box.up, self.line.state = True, "open"
        self.clock.now = max(self.clock.now, cast.NOON)
        for _ in range(5):
            self._works()
            self.clock.advance(minutes=61)
        self._works()
        evidence = self._evidence()
        self.lived["letters"] += len(self.line.accepted)
        checks = (
            audit.mails, audit.copies_of_letters, audit.nothing_unknown, audit.places, audit.database,
            audit.quiet,
        )  # fmt: skip
        excused = [f"letter {name} is left" for name in self._waiting_or_given_up()]
        problems = [p for check in checks for p in check(evidence) if not p.startswith(tuple(excused) or ("\0",))]
        assert problems == []
        self.the_numbers_have_no_gap()
        self._each_complaint_was_acknowledged_once()

    def _waiting_or_given_up(self) -> list[str]:
        """Owed for later (an undo window, a working day), or tried for five days in vain (RFC 5321 §4.5.4.1)."""
        book = Ledger(self.config.database_url)
        letters = book.ask(lambda tx: list(tx.exec(select(Letter))))
        book.close()
        return [x.name for x in letters if x.state == "cancelled" or self._later(x) or _given_up_after_five_days(x)]

    def _later(self, letter: Letter) -> bool:
        return letter.state == "owed" and letter.next_try_at > self.clock()

    def _each_complaint_was_acknowledged_once(self) -> None:
        excused = set(self._waiting_or_given_up())
        acks = self._rows("SELECT name, to_addr, state FROM letter WHERE kind = 'ack'")
        least, most = self._files_owed()
        assert least <= Counter(a["to_addr"] for a in acks) <= most
        assert least.total() <= len(self._rows("SELECT 1 FROM complaint")) <= most.total()
        assert {a["state"] for a in acks if a["name"] not in excused} <= {"sent", "uncertain"}


@pytest.fixture
def office() -> Iterator[type[PostOffice]]:
    """The machine, with one reader for all its desks."""
    before, log = failpoints.hit, log_to
    log(LOG)
    with asyncio.Runner() as runner:
        guard = Guard(words(cast.config()).to_json())
        runner.run(guard.__aenter__())
        PostOffice.runner, PostOffice.guard = runner, guard
        PostOffice.lived.clear()
        try:
            yield PostOffice
        finally:
            failpoints.hit = before
            runner.run(guard.__aexit__(None, None, None))


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, print_blob=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def test_t70_whatever_happens_in_a_few_orders_the_audit_is_clean(office: type[PostOffice]) -> None:
    run_state_machine_as_test(office, settings=_settings(6, 20))
    assert office.lived["letters"] > 0, "histories in which no letter leaves prove nothing"


@pytest.mark.long
def test_t70_whatever_happens_in_many_orders_the_audit_is_clean(office: type[PostOffice]) -> None:
    run_state_machine_as_test(office, settings=_settings(180, 40))
    assert min(office.lived["letters"], office.lived["deaths"]) > 120
