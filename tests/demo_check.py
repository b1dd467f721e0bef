"""The outsider's check of a running demo: one mail more, then its number, AR, hash and due date. Imports nothing of mailbot.

Run by `mailbot demo --once` before its end, or by hand: `python -I tests/demo_check.py demo-out/demo.json`.
Exit 0 when all came out, 1 with what did not.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import imaplib
import json
import re
import secrets
import smtplib
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parsedate_to_datetime
from zoneinfo import ZoneInfo

PATIENCE = 30.0  # seconds
PARIS = ZoneInfo("Europe/Paris")
DAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
NUMBER = re.compile(r"\bREC-([0-9]{4})-([0-9]{4,6})\b", re.ASCII)


class Wrong(Exception):
    """Something did not come out; str() says what, in French."""


# -- the calendar, counted here by hand -----------------------------------------------------------------------------------


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Butcher's computus, 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def is_holiday(day: date) -> bool:
    """The eleven public holidays of metropolitan France (Code du travail, L3133-1)."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    movable = {easter(day.year) + timedelta(days=n) for n in (1, 39, 50)}
    return (day.month, day.day) in fixed or day in movable


def sixth_working_day(acknowledged: date) -> date:
    """The day of the AR does not count; the sixth working day after it is the last one."""
    day, counted = acknowledged, 0
    while counted < 6:
        day += timedelta(days=1)
        counted += day.weekday() < 5 and not is_holiday(day)
    return day


def in_words(day: date) -> str:
    return f"{DAYS[day.weekday()]} {'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


# -- one mail more --------------------------------------------------------------------------------------------------------


def write() -> tuple[EmailMessage, str, bytes]:
    """A complaint whose sender, subject and attachment are drawn at random: (mail, sender, attachment)."""
    mark = secrets.token_hex(4)
    sender = f"visiteur-{mark}@passant-{mark}.example"
    data = secrets.token_bytes(20_000 + secrets.randbelow(40_000))
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f"Visite {mark} <{sender}>"
    mail["Subject"] = f"Stage {secrets.token_hex(3)} interrompu sans explication"
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=sender.partition("@")[2])
    mail.set_content(f"Bonjour,\n\nLe stage {mark} s’est arrêté au deuxième jour. Je demande une nouvelle session.\n")
    mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=f"piece-{mark}.bin")
    return mail, sender, data


def send(demo: dict, mail: EmailMessage, sender: str) -> None:
    mail["To"] = demo["desk"]
    with smtplib.SMTP(demo["smtp"]["host"], demo["smtp"]["port"], timeout=10) as server:
        server.send_message(mail, sender, [demo["desk"]])


def mails_of(demo: dict, address: str) -> list[EmailMessage]:
    """Every mail of a mailbox, read with an ordinary IMAP client."""
    server = imaplib.IMAP4(demo["imap"]["host"], demo["imap"]["port"], timeout=10)
    try:
        server.login(address, demo["password"])
        server.select("INBOX", readonly=True)
        found = server.search(None, "ALL")[1][0].split()
        raws = [server.fetch(n, "(BODY.PEEK[])")[1][0][1] for n in found]
    finally:
        server.logout()
    return [email.message_from_bytes(raw, policy=email.policy.default) for raw in raws]


def wait_for(what: str, look):
    """The first true thing that `look` returns. Raises Wrong when patience is over."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise Wrong(f"{what} n’est pas arrivé en {PATIENCE:.0f} s")


def ask(demo: dict, sql: str, *values: object) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{demo['register']}?mode=ro", uri=True, timeout=5)) as register:
        return register.execute(sql, values).fetchall()


def next_number(demo: dict) -> str:
    """The number after the last one handed out this year."""
    year = datetime.now(PARIS).year
    known = [NUMBER.fullmatch(row[0]) for row in ask(demo, "SELECT number FROM complaint")]
    ranks = [int(m[2]) for m in known if m and int(m[1]) == year]
    return f"REC-{year}-{max(ranks, default=0) + 1:04d}"


# -- what must have come of it --------------------------------------------------------------------------------------------


def check_ack(ack: EmailMessage, demo: dict, mail: EmailMessage, sender: str, expected: str) -> date:
    """The acknowledgement says the next number and the date that we count; returns that date."""
    subject, text = str(ack["Subject"]), " ".join(ack.get_body(("plain",)).get_content().split())
    numbers = {m[0] for m in NUMBER.finditer(f"{subject} {text}")}
    if numbers != {expected}:
        raise Wrong(f"l’AR parle de {', '.join(sorted(numbers)) or 'aucun numéro'} ; le suivant est {expected}")
    if demo["desk"] not in str(ack["From"]) or sender not in str(ack["To"]):
        raise Wrong(f"l’AR va de {ack['From']} à {ack['To']}")
    if str(mail["Message-ID"]) not in str(ack["In-Reply-To"]):
        raise Wrong("l’AR ne répond pas à notre message")
    acknowledged = parsedate_to_datetime(str(ack["Date"])).astimezone(PARIS).date()
    if abs(acknowledged - datetime.now(PARIS).date()) > timedelta(days=1):
        raise Wrong(f"l’AR est daté du {acknowledged}")
    due = sixth_working_day(acknowledged)
    if in_words(due) not in text:
        raise Wrong(f"l’AR ne dit pas « {in_words(due)} »")
    return due


def check_register(demo: dict, mail: EmailMessage, data: bytes, expected: str, due: date) -> None:
    """The register has the mail under that number, with the due date, the file's hash, and the file itself."""
    rows = ask(
        demo,
        "SELECT c.number, c.due_on, a.sha256, a.size, r.data FROM inbound i JOIN complaint c ON c.id = i.complaint_id"
        " JOIN attachment a ON a.inbound_id = i.id JOIN raw r ON r.id = i.raw_id WHERE i.message_id = ?",
        str(mail["Message-ID"]),
    )
    wanted = (expected, due.isoformat(), hashlib.sha256(data).hexdigest(), len(data))
    if [row[:4] for row in rows] != [wanted]:
        raise Wrong(f"le registre dit {[row[:4] for row in rows]} au lieu de {wanted}")
    if files_of(email.message_from_bytes(rows[0][4], policy=email.policy.default)) != [data]:
        raise Wrong("le courrier gardé au registre n’a pas la pièce telle qu’elle est partie")


def files_of(mail: EmailMessage) -> list[bytes]:
    return [part.get_payload(decode=True) for part in mail.iter_attachments()]


def check(demo: dict) -> str:
    """Runs the whole check; returns what was seen, in one French sentence. Raises Wrong."""
    expected = next_number(demo)
    mail, sender, data = write()
    send(demo, mail, sender)
    acks = wait_for("l’accusé de réception", lambda: mails_of(demo, sender))
    due = check_ack(acks[0], demo, mail, sender, expected)
    settled = "SELECT 1 FROM complaint WHERE number = ? AND ack_state = 'accepted'"
    wait_for("l’accord du serveur au registre", lambda: ask(demo, settled, expected))
    check_register(demo, mail, data, expected, due)
    bo = demo["assignee"]
    wait_for(
        f"le dossier chez {bo}",
        lambda: [m for m in mails_of(demo, bo) if expected in str(m["Subject"]) and data in files_of(m)],
    )
    if len(mails_of(demo, sender)) != 1:
        raise Wrong("l’AR est arrivé plus d’une fois")
    sha = hashlib.sha256(data).hexdigest()
    return f"{expected}, AR reçu une fois, échéance recomptée {in_words(due)}, pièce intacte (SHA-256 {sha[:12]}…)"


def main(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        demo = json.load(file)
    try:
        print(check(demo))
    except (Wrong, OSError, imaplib.IMAP4.error, smtplib.SMTPException, sqlite3.Error) as error:
        print(f"{type(error).__name__} : {error}" if not isinstance(error, Wrong) else f"{error}")
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage : python -I tests/demo_check.py demo-out/demo.json")
    sys.exit(main(sys.argv[1]))
