"""What one desk, a hundred and ten thousand need: arithmetic on measured figures, and a day of mail played through a queue. Pure.

`make bench WHAT=simulate` ; `ARGS="--desks 1 100 10000"`. Nothing is measured here: MEASURED holds what the other benchmarks found (their
conditions in docs/scale.md), ASSUMED what a training organisation receives; both are there to be replaced by one's own. The test is
tests/test_scale.py.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

DAYS = 250  # working days of a year
DAY = ((8, 1), (9, 2), (10, 2), (11, 1), (12, 0.5), (13, 0.5), (14, 1), (15, 1), (16, 1), (17, 1))  # hour, how busy
MACHINE = 64 * 1024  # MiB of memory, of which three quarters are given out
CONNECTIONS = 500  # that one PostgreSQL server takes without a pool before it
GIB = 2**20  # in KiB


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """One desk in a year. Mails and letters a file: those of benchmarks/growth.py, of which the bytes below were measured."""

    files: int = 200
    mails_a_file: int = 5
    letters_a_file: int = 5
    other_mails: int = 5_000  # lists, spam, receipts: kept and judged like any other, answered to nobody
    one_in: int = 5  # mails of a file that bring a file with them
    file_kib: int = 500
    years: int = 5  # kept before retention empties them


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the benchmarks found; docs/scale.md says when and at which load."""

    mail_kib: float = 11.0  # in the register, its share of letters, journal and indexes included (growth.py)
    mail_cpu: float = 0.034  # seconds: a mail, its reading in the child, its two letters (backlog.py)
    idle_cpu: float = 0.0012  # of a core, a desk with nothing to do, of ten in one process (idle.py)
    first_mib: float = 140.0  # the process that holds the desks, with one of them that has worked (memory.py)
    next_mib: float = 10.0  # each further desk in it: 2 at rest (idle.py), and room for its work
    reader_mib: float = 50.0  # the guarded child of each desk
    letters_a_second: float = 106.0  # one desk, a relay that takes 30 ms for each letter (relay.py --slow)
    connections: int = 5  # of a desk to PostgreSQL: four in its pool, one that holds the lead (store/engine.py)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What so many desks need together."""

    desks: int
    mails_a_day: float
    letters_a_day: float
    busiest_hour: float  # mails
    register_gib: float  # after the years that are kept
    cores: float  # busy in the busiest hour, idling included
    memory_gib: float
    machines: int  # by memory and cores, whichever asks for more
    imap: int  # connections that sit in IDLE
    relay_busy: float  # share of the busiest hour in which a road to a relay is in use, all letters over one road
    postgres: int  # servers, if each desk has its database there


def need(desks: int, a: Assumed, m: Measured, cores_a_machine: int = 8) -> Need:
    """Each desk by itself: nothing is shared but machines."""
    mails = desks * (a.files * a.mails_a_file + a.other_mails) / DAYS
    letters = desks * a.files * a.letters_a_file / DAYS
    most = max(busy for _, busy in DAY) / sum(busy for _, busy in DAY)
    attached = a.files * a.mails_a_file / a.one_in * a.file_kib
    year = (a.files * a.mails_a_file + a.other_mails) * m.mail_kib + attached
    cores = mails * most * m.mail_cpu / 3600 + desks * m.idle_cpu
    memory = processes(desks) * (m.first_mib - m.next_mib) + desks * (m.next_mib + m.reader_mib)
    return Need(
        desks=desks,
        mails_a_day=mails,
        letters_a_day=letters,
        busiest_hour=mails * most,
        register_gib=desks * year * a.years / GIB,
        cores=cores,
        memory_gib=memory / 1024,
        machines=max(math.ceil(memory / (MACHINE * 3 / 4)), math.ceil(cores / (cores_a_machine * 3 / 4))),
        imap=desks,
        relay_busy=letters * most / 3600 / m.letters_a_second,
        postgres=math.ceil(desks * m.connections / CONNECTIONS),
    )


def processes(desks: int, most: int = 100) -> int:
    """A hundred desks a process: they share one interpreter, which decides one mail at a time."""
    return math.ceil(desks / most)


def arrivals(mails: float, chance: random.Random) -> list[float]:
    """Seconds of the day at which mails come, oldest first: by chance within each hour, more of them in the morning."""
    whole, found = sum(busy for _, busy in DAY), []
    for hour, busy in DAY:
        rate = mails * busy / whole / 3600
        at = hour * 3600.0
        while rate and (at := at + chance.expovariate(rate)) < (hour + 1) * 3600:
            found.append(at)
    return found


def waits(at: Sequence[float], seconds: float, workers: int) -> list[float]:
    """How long each mail waits until it is decided, its own decision included: one line, whoever is free takes the first."""
    free = [0.0] * workers
    found = []
    for came in at:
        began = max(came, heapq.heappop(free))
        heapq.heappush(free, began + seconds)
        found.append(began + seconds - came)
    return found


def worst(found: Sequence[float], share: float = 0.95) -> float:
    return sorted(found)[math.ceil(share * len(found)) - 1] if found else 0.0


def line(n: Need, a: Assumed, m: Measured) -> list[str]:
    """One column of the table. The queue is that of one process and its hundred desks at most: they do not wait for others'."""
    crowd = min(n.desks, 100) / n.desks
    day = waits(arrivals(n.mails_a_day * crowd, random.Random(9)), m.mail_cpu, 1)  # noqa: S311
    flood = waits([0.0] * int(60 * crowd * n.desks), m.mail_cpu, 1)
    return [
        f"{n.desks}",
        f"{n.mails_a_day:.0f}",
        f"{n.letters_a_day:.0f}",
        f"{n.busiest_hour:.0f}",
        f"{n.register_gib:.1f}",
        f"{n.cores:.2f}",
        f"{n.memory_gib:.1f}",
        f"{processes(n.desks)}",
        f"{n.machines}",
        f"{n.imap}",
        f"{n.relay_busy * 100:.2f} %",
        f"{n.postgres}",
        f"{worst(day) * 1000:.0f} ms",
        f"{worst(flood):.1f} s",
    ]


TITLES = (
    "bureaux",
    "messages par jour ouvré",
    "lettres par jour ouvré",
    "messages dans l’heure la plus chargée",
    "registres après cinq ans, en Gio",
    "cœurs occupés à cette heure",
    "mémoire, en Gio",
    "processus (cent bureaux chacun)",
    "machines de 8 cœurs et 64 Gio",
    "connexions IMAP en attente",
    "envoi occupé, à cette heure, s’il était unique",
    "serveurs PostgreSQL (500 connexions), si tous y sont",
    "attente jusqu’à la décision, 95e centile d’un jour joué",
    "la même si chaque bureau reçoit 60 messages d’un coup",
)


def table(sizes: Sequence[int], a: Assumed, m: Measured) -> str:
    columns = [line(need(size, a, m), a, m) for size in sizes]
    rows = [f"| {title} | " + " | ".join(c[n] for c in columns) + " |" for n, title in enumerate(TITLES)]
    return "\n".join([rows[0], "|---" * (len(sizes) + 1) + "|", *rows[1:]])


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--desks", type=int, nargs="+", default=[1, 100, 10_000])
    print(table(choice.parse_args().desks, Assumed(), Measured()))
