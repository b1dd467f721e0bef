"""Handing a mail in to the demo's servers, as anybody's mail client does; and `mailbot demo send`."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import random
import smtplib
import time
from pathlib import Path
from typing import Any

from mailbot import message
from mailbot.demo import story, witness
from mailbot.demo.clock import Clock
from mailbot.demo.stage import read_facts
from mailbot.demo.story import Written

PATIENCE = 20.0  # seconds


async def hand_in(written: Written, *, host: str, port: int) -> None:
    """By SMTP, through the author's account if the author is to be vouched for. Raises OSError, SMTPException."""
    await asyncio.to_thread(_hand_in, written, host, port)


def _hand_in(written: Written, host: str, port: int) -> None:
    sender = written.by.addr if written.envelope_from is None else written.envelope_from
    with smtplib.SMTP(host, port, timeout=10) as server:
        if written.by.proven and sender:
            server.login(written.by.addr, story.PASSWORD)
        server.sendmail(sender, [story.DESK], written.raw)


async def send_one_more(out: Path) -> int:
    """`mailbot demo send`: one more complaint to the demo running with that output folder; 0 when its AR came back."""
    facts = read_facts(out)
    if facts is None:
        print(f"Pas de démonstration dans {out} : lancez d’abord « mailbot demo » dans un autre terminal.")
        return 1
    written = story.one_more(Clock(Path(facts["clock"]))(), random.SystemRandom())
    try:
        await hand_in(written, host=facts["smtp"]["host"], port=facts["smtp"]["port"])
    except (OSError, smtplib.SMTPException):
        print(f"La démonstration de {out} ne tourne plus : relancez « mailbot demo », puis recommencez.")
        return 1
    print(f"{written.by.name} <{written.by.addr}> écrit au bureau, avec un fichier ({written.files[0][0]}).")
    return await asyncio.to_thread(_await_answer, facts, written)


def _await_answer(facts: dict[str, Any], written: Written) -> int:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            if answer := witness.answer_to(written, _mailbox(facts, written.by.addr)):
                print(f"Accusé de réception : {message.read_headers(answer).subject}")
                return 0
        time.sleep(0.3)
    print(f"Pas d’accusé de réception en {PATIENCE:.0f} s : voyez le journal {facts['log']}.")
    return 1


def _mailbox(facts: dict[str, Any], address: str) -> list[bytes]:
    server = imaplib.IMAP4(facts["imap"]["host"], facts["imap"]["port"], timeout=10)
    try:
        server.login(address, facts["password"])
        server.select("INBOX", readonly=True)
        numbers = server.search(None, "ALL")[1][0].split()
        return [server.fetch(n.decode(), "(BODY.PEEK[])")[1][0][1] for n in numbers]  # type: ignore[index,misc]
    finally:
        server.logout()
