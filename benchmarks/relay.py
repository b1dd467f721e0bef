"""A relay that answers 30 ms late: letters a second over one connection and four, and what mailbot makes of it.

`make bench WHAT=relay` ; `ARGS="--mails 100 --rounds 3 --wait 30"`. Far away, each of its answers is late; slow, only the one to a
letter (`--slow`). The floor sends the very letters that mailbot owes, by smtplib,
a thread a connection, and writes nothing down; mailbot sends them as `run` does, from a register that already holds them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from at_work import BOX, FLOOD_OFF, SETTINGS  # noqa: E402
from decide import NOW, take_in  # noqa: E402
from servers import HOST  # noqa: E402
from sqlmodel import select  # noqa: E402

from mailbot.config import Config, load  # noqa: E402
from mailbot.corridor.bench import Bench, words  # noqa: E402
from mailbot.corridor.mails import Mails  # noqa: E402
from mailbot.corridor.post import MOST_ROADS, Post  # noqa: E402
from mailbot.guard import Guard  # noqa: E402
from mailbot.log import log_to  # noqa: E402
from mailbot.outbox import Road  # noqa: E402
from mailbot.store.ledger import Ledger  # noqa: E402
from mailbot.store.tables import Letter  # noqa: E402

Letters = list[tuple[str, bytes]]


# -- the relay, a process of its own ----------------------------------------------------------------------------------------


async def serve(wait: float, *, slow: bool) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(words: bytes, *, taken: bool = False) -> None:
            await asyncio.sleep(wait if taken or not slow else 0)
            writer.write(words + b"\r\n")

        await say(b"220 relay.example ESMTP")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                await say(b"354 go ahead")
                await reader.readuntil(b"\r\n.\r\n")
            usual = {b"EHLO": b"250-relay.example\r\n250 8BITMIME", b"QUIT": b"221 bye"}.get(verb, b"250 ok")
            await say(usual, taken=verb == b"DATA")
            if verb == b"QUIT":
                break
        writer.close()

    server = await asyncio.start_server(meet, HOST, 0, limit=2**26)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# -- floor and mailbot --------------------------------------------------------------------------------------------------------


def floor(port: int, letters: Letters, connections: int) -> float:
    """Letters a second."""
    left = list(reversed(letters))
    lines = [smtplib.SMTP(HOST, port) for _ in range(connections)]
    for line in lines:
        line.ehlo()

    def send(line: smtplib.SMTP) -> None:
        while left:
            to, raw = left.pop()
            line.sendmail(BOX, [to], raw)

    threads = [threading.Thread(target=send, args=(line,)) for line in lines]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(letters) / (time.monotonic() - begun)
    for line in lines:
        line.quit()
    return rate


async def owe(config: Config, register: Ledger, mails: int) -> Letters:
    """Has so many complaints decided; the letters that wait then."""
    async with Guard(words(config).to_json()) as guard:
        bench = Bench(config, register, guard, lambda: NOW)
        take_in(register, 0, mails)
        await Mails(bench).decide_waiting()
        bench.close()
    return register.ask(lambda tx: [(one.envelope_to, one.raw) for one in tx.exec(select(Letter))])


async def ours(config: Config, register: Ledger) -> float:
    """Letters a second."""
    bench = Bench(config, register, Guard(), lambda: NOW)
    road = Road(config.smtp, user="", sender=BOX)
    post = Post(bench, road, most=MOST_ROADS)
    begun = time.monotonic()
    while await post.once():
        pass
    rate = post.accepted / (time.monotonic() - begun)
    await road.quit()
    bench.close()
    return rate


def one(port: int, mails: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mailbot.toml"
        file.write_text(SETTINGS.format(folder=folder, imap=9, smtp=port) + FLOOD_OFF)
        file.chmod(0o600)
        config = load(file, environ={})
        register = Ledger(config.database_url)
        register.upgrade()
        letters = asyncio.run(owe(config, register, mails))
        single, four = floor(port, letters[: len(letters) // 4], 1), floor(port, letters, 4)
        mine = asyncio.run(ours(config, register))
        left = register.ask(lambda tx: len(tx.exec(select(Letter.id).where(Letter.state != "sent")).all()))
        register.close()
    assert left == 0, f"{left} lettres restent"
    print(
        f"  {len(letters)} lettres : une connexion {single:.0f}/s, quatre {four:.0f}/s, mailbot {mine:.0f}/s ; "
        f"{mine / four:.2f} du plancher à quatre",
        flush=True,
    )
    return single, four, mine


def main(mails: int, rounds: int, wait: int, *, slow: bool) -> None:
    log_to(open(os.devnull, "w"))  # noqa: SIM115
    print(
        f"relais {'lent' if slow else 'lointain'} de {wait} ms, {os.cpu_count()} cœurs, charge {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    relay = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(wait), *(["--slow"] if slow else [])],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert relay.stdout
        port = int(relay.stdout.readline())
        found = [one(port, mails) for _ in range(rounds)]
    finally:
        relay.kill()
        relay.wait()
    print(f"médiane : {median(mine / four for _, four, mine in found):.2f} du plancher à quatre connexions")


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--mails", type=int, default=100)
    choice.add_argument("--rounds", type=int, default=3)
    choice.add_argument("--wait", type=int, default=30, help="millisecondes")
    choice.add_argument("--slow", action="store_true", help="en retard à la fin d’une lettre seulement")
    choice.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = choice.parse_args()
    if given.serve is not None:
        asyncio.run(serve(given.serve / 1000, slow=given.slow))
    else:
        main(given.mails, given.rounds, given.wait, slow=given.slow)
