"""Two daemons against one, on PostgreSQL: four mailboxes shared out between them, and one mailbox that both work for.

`make bench WHAT=daemons` ; `ARGS="--mails 60 --rounds 2"` (mails a mailbox). Four mailboxes are four desks, each with its
register (one database of one server), so nothing makes two daemons wait for each other but the machine. Of one register one
daemon reads the mailbox, and decisions come one after the other (`engine.DECISION_LOCK`): a second daemon can only do what
lies outside of them, reading ahead in its guard and talking to the sending server. From the first process started to the last
AR accepted; `cores busy` counts desks, readers and database, of which the machine has so many; `in the queue` is how many
sessions waited for the decision lock, on average. Shown, not asserted.
"""

from __future__ import annotations

import argparse
import os
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import psycopg  # noqa: E402
from at_work import MAIL, SETTINGS  # noqa: E402
from backlog import FLOOD_OFF, sink  # noqa: E402
from servers import HOST  # noqa: E402
from servers.dovecot import Dovecot  # noqa: E402
from servers.postgres import Postgres  # noqa: E402

LONGEST = 900.0  # seconds that one run may take
BOXES = 4
TICK = os.sysconf("SC_CLK_TCK")
QUEUED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'"
SENT = "SELECT count(*) FROM letter WHERE kind = 'ack' AND state = 'sent'"


@dataclass(frozen=True)
class Run:
    """One arrangement."""

    seconds: float
    busy: float  # cores
    queued: float  # sessions


class Place:
    """The servers, and the settings of desks on them."""

    def __init__(self, dovecot: Dovecot, postgres: Postgres, smtp_port: int, folder: Path) -> None:
        self.dovecot, self.postgres, self.smtp_port, self.folder = dovecot, postgres, smtp_port, folder

    def fill(self, box: str, count: int) -> None:
        with smtplib.LMTP(HOST, self.dovecot.lmtp_port) as line:
            for n in range(count):
                who = f"carl{n}@courriel.example"
                line.sendmail(who, [box], MAIL.format(who, f"{n}.{box}").encode())

    def desk(self, name: str, box: str, database: str) -> Path:
        """Its settings."""
        home = self.folder / name
        home.mkdir()
        text = SETTINGS.format(folder=home, imap=self.dovecot.imap_port, smtp=self.smtp_port)
        text = text.replace("reclamations@ief.example", box) + FLOOD_OFF
        file = home / "mailbot.toml"
        file.write_text(text + f'[database]\nurl = "{self.postgres.url(database)}"\n')
        file.chmod(0o600)
        return file

    def once(self, shares: list[list[Path]], databases: list[str], count: int) -> Run:
        """A daemon for each share of the settings, until `count` ARs were accepted."""
        before, begun, queued = _cpu(), time.monotonic(), []
        with _daemons(shares, self.folder / "log"), closing(self._line("postgres")) as line:
            lines = [self._line(name) for name in databases]
            while sum(_one(one, SENT) for one in lines) < count:
                queued.append(_one(line, QUEUED))
                assert time.monotonic() - begun < LONGEST, (self.folder / "log").read_text()[-3000:]
                time.sleep(0.1)
            seconds = time.monotonic() - begun
            busy = (_cpu() - before) / seconds
            for one in lines:
                one.close()
        return Run(seconds=seconds, busy=busy, queued=sum(queued) / max(1, len(queued)))

    def _line(self, database: str) -> psycopg.Connection:
        where = f"host={HOST} port={self.postgres.port} user=mailbot dbname={database}"
        return psycopg.connect(where, autocommit=True)


def _one(line: psycopg.Connection, query: str) -> int:
    try:
        [found] = line.execute(query).fetchone() or (0,)
    except psycopg.errors.UndefinedTable:
        return 0
    return int(found)


@contextmanager
def _daemons(shares: list[list[Path]], log: Path) -> Iterator[None]:
    started = []
    with log.open("ab") as out:
        for files in shares:
            words = [word for file in files for word in ("--config", str(file))]
            command = [sys.executable, "-m", "mailbot", "run", *words]
            started.append(subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out))
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def _cpu() -> float:
    """Seconds used so far by our descendants: desks, their readers, the database; also the mail servers, which do little."""
    family, used = {os.getpid()}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = file.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        used[int(file.parent.name)] = int(words[1]), sum(map(int, words[11:15])) / TICK
    grown = True
    while grown:
        kin = {pid for pid, (parent, _) in used.items() if parent in family}
        grown, family = not kin <= family, family | kin
    return sum(seconds for pid, (_, seconds) in used.items() if pid in family)


def arrangements(place: Place, count: int, turn: int) -> dict[str, Run]:
    found = {}
    for name, daemons, boxes in (
        ("quatre boîtes, un service", 1, BOXES),
        ("quatre boîtes, deux services", 2, BOXES),
        ("une boîte, un service", 1, 1),
        ("une boîte, deux services", 2, 1),
    ):
        key = f"{turn}-{daemons}-{boxes}"
        total = count * BOXES
        databases = [place.postgres.new_database() for _ in range(boxes)]
        names = [f"box{n}.{key}@ief.example" for n in range(boxes)]
        for box in names:
            place.fill(box, total // boxes)
        if boxes == 1:
            shares = [[place.desk(f"{key}-{d}", names[0], databases[0])] for d in range(daemons)]
        else:
            files = [place.desk(f"{key}-{n}", box, databases[n]) for n, box in enumerate(names)]
            shares = [files[d::daemons] for d in range(daemons)]
        found[name] = run = place.once(shares, databases, total)
        rate = total / run.seconds
        words = f"{run.busy:.1f} cœurs occupés, {run.queued:.1f} session(s) dans la file des décisions"
        print(f"  {name} : {rate:.1f}/s, {words}", flush=True)
        for database in databases:
            place.postgres.drop_database(database)
    return found


def main(count: int, rounds: int) -> None:
    load = os.getloadavg()[0]
    print(f"{count} messages par boîte, {rounds} tours, {os.cpu_count()} cœurs, charge au début {load:.1f}", flush=True)
    dovecot, postgres, ratios = Dovecot(), Postgres(), []
    try:
        dovecot.start()
        postgres.start()
        with sink() as smtp_port, tempfile.TemporaryDirectory() as folder:
            place = Place(dovecot, postgres, smtp_port, Path(folder))
            for turn in range(rounds):
                print(f"tour {turn + 1}, charge {os.getloadavg()[0]:.1f}", flush=True)
                four, shared, alone, both = arrangements(place, count, turn).values()
                ratios.append((four.seconds / shared.seconds, alone.seconds / both.seconds))
    finally:
        postgres.remove()
        dovecot.stop()
        dovecot.remove()
    apart, together = (median(column) for column in zip(*ratios, strict=True))
    print(f"deux services font {apart:.2f} fois un seul sur quatre boîtes, {together:.2f} fois sur une boîte")


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--mails", type=int, default=60)
    choice.add_argument("--rounds", type=int, default=2)
    given = choice.parse_args()
    main(given.mails, given.rounds)
