"""Peak memory: a backlog of two sizes, one mail with a 50 MB file, and where that mail's peak comes from.

`make bench WHAT=memory` ; `ARGS="--mails 100 400 --file 50"`. `mailbot run --once` and its reader are watched through /proc, each peak by
itself. Then the same large mail goes through its rooms one by one in this process, whose peak is set back before each
(/proc/self/clear_refs): what each room needs above what is held already.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import random
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from at_work import BOX, ROOT, AtWork, conditions, peak, relay, settings
from backlog import fill, mixed
from servers import HOST
from servers.dovecot import Dovecot

from mailbot.config import load
from mailbot.corridor import large
from mailbot.corridor.bench import Bench, words
from mailbot.guard import Guard
from mailbot.mailbox import Mailbox
from mailbot.store import keep
from mailbot.store.ledger import Ledger
from mailbot.store.slabs import Spool

LIMIT = 150  # MiB, whatever the mailbox holds
EVERY = 0.02  # seconds between two looks at a process; its peak is kept by the system


def heavy(megabytes: int) -> bytes:
    """One complaint with a file of that size."""
    data = base64.encodebytes(random.Random(9).randbytes(megabytes * 10**6)).replace(b"\n", b"\r\n")  # noqa: S311
    head = (
        f"From: Carl <carl@courriel.example>\r\nTo: {BOX}\r\nSubject: Formation annulée\r\nMessage-ID: <gros@courriel.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
        "La formation a été annulée, je souhaite être remboursé.\r\n--b\r\n"
        'Content-Type: application/pdf; name="preuve.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    return head.encode() + data + b"--b--\r\n"


def watched(config: Path) -> tuple[float, float]:
    """`mailbot run --once` to its end: the peaks of the daemon and of its reader."""
    daemon = subprocess.Popen(
        [sys.executable, "-m", "mailbot", "run", "--once", "--config", str(config)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    one, peaks = AtWork(pid=daemon.pid, ready_after=0), [0.0, 0.0]
    while daemon.poll() is None:
        try:
            for n, pid in enumerate(one.pids()):
                peaks[min(n, 1)] = max(peaks[min(n, 1)], peak(pid))
        except (OSError, StopIteration):  # it ended meanwhile
            pass
        time.sleep(EVERY)
    assert daemon.returncode == 0, f"mailbot run --once : {daemon.returncode}"
    return peaks[0], peaks[1]


@contextmanager
def filled(raws: Iterator[bytes] | None, count: int = 0) -> Iterator[Dovecot]:
    dovecot = Dovecot()
    dovecot.start()
    try:
        if raws is None:
            fill(dovecot, count)
        else:
            with smtplib.LMTP(HOST, dovecot.lmtp_port) as line:
                for raw in raws:
                    line.sendmail("carl@courriel.example", [BOX], raw)
        yield dovecot
    finally:
        dovecot.stop()
        dovecot.remove()


def tell(title: str, dovecot: Dovecot) -> None:
    with tempfile.TemporaryDirectory() as folder, relay() as sending:
        daemon, reader = watched(settings(Path(folder), dovecot.imap_port, sending.port))
    print(f"  {title} : bureau {daemon:.0f} Mio, lecteur {reader:.0f} Mio (cible {LIMIT})", flush=True)


# -- room by room ------------------------------------------------------------------------------------------------------------


@contextmanager
def room(name: str) -> Iterator[None]:
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    yield
    print(f"    {name} : + {peak() - before:.0f} Mio au-dessus de {before:.0f}", flush=True)


async def by_room(dovecot: Dovecot) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = load(settings(Path(folder), dovecot.imap_port, 9), environ={})
        register, box = Ledger(config.database_url), Mailbox(config.mailbox)
        register.upgrade()
        box.connect()
        box.select("INBOX")
        [listed] = box.listing("INBOX")
        print(f"  chambre par chambre, un message de {listed.size / 2**20:.0f} Mio :")
        spot, now = keep.Spot(account=BOX, folder="INBOX", uidvalidity=1, uid=1), datetime.now(UTC)
        with Spool(config.data_dir) as spool:
            with room("relever (mailbox.pour : tranche par tranche, empreinte, zstd, sur le disque)"):
                box.pour("INBOX", listed.uid, listed.size, spool.add)
            with room("garder (store.keep)"):
                mail = keep.spooled(spool)
                kept = register.run(lambda tx: keep.keep(tx, spot, mail, kind="inbox", received_at=now, now=now))
        async with Guard(words(config).to_json()) as guard:
            bench = Bench(config, register, guard, lambda: now)
            with room("reprendre au registre et confier au lecteur (keep.to_read, guard.read)"):
                where, _ = register.ask(lambda tx: keep.to_read(tx, kept.inbound_id))
                message, _ = await guard.read(large.of(bench, where))
            print(f"    lecteur, à lui seul : {peak(guard.pid or 0):.0f} Mio de pointe")
            with room("dire où y est la pièce (guard.pieces, 10 Mo au plus en voyagent)"):
                await guard.pieces(large.of(bench, where), [a.path for a in message.attachments if a.size < 10**7], 1)
            print(f"    lecteur, à lui seul : {peak(guard.pid or 0):.0f} Mio de pointe")
            bench.close()
        box.close()
        register.close()


def main(sizes: list[int], file: int) -> None:
    print(conditions(), flush=True)
    for size in sizes:
        with filled(None, size) as dovecot:
            tell(f"{size} messages, {sum(map(len, mixed(size))) / 2**20:.0f} Mio", dovecot)
    with filled(iter([heavy(file)])) as dovecot:
        tell(f"un message, une pièce de {file} Mo", dovecot)
        asyncio.run(by_room(dovecot))


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--mails", type=int, nargs="*", default=[100, 400])
    choice.add_argument("--file", type=int, default=50)
    given = choice.parse_args()
    main(given.mails, given.file)
