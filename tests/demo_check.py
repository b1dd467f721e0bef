"""The outsider's check of a running demo: the story's mailboxes, then one mail more. Imports nothing of mailbot.

Of the story: who got which letter and when, counted by hand; only the colleague's own words and files left; the register agrees.
Of the new mail: its number, AR, hash and due date.

Run by `mailbot demo --once` before its end, or by hand: `.venv/bin/python -I tests/demo_check.py demo-out/demo.json`.
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
import urllib.parse
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import zstandard

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


def working_day(after: date, n: int) -> date:
    """The n-th working day after a day."""
    day, counted = after, 0
    while counted < n:
        day += timedelta(days=1)
        counted += day.weekday() < 5 and not is_holiday(day)
    return day


def sixth_working_day(acknowledged: date) -> date:
    """The day of the AR does not count; the sixth working day after it is the last one."""
    return working_day(acknowledged, 6)


def now(demo: dict) -> datetime:
    """What the demo's clock says: this machine's time, and the seconds that it leapt over."""
    try:
        ahead = float(Path(demo["clock"]).read_text(encoding="ascii"))
    except (KeyError, FileNotFoundError):
        ahead = 0.0
    return datetime.now(UTC) + timedelta(seconds=ahead)


def in_words(day: date) -> str:
    return f"{DAYS[day.weekday()]} {'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


# -- one mail more --------------------------------------------------------------------------------------------------------


def write(at: datetime) -> tuple[EmailMessage, str, bytes]:
    """A complaint whose sender, subject and attachment are drawn at random: (mail, sender, attachment)."""
    mark = secrets.token_hex(4)
    sender = f"visiteur-{mark}@passant-{mark}.example"
    data = secrets.token_bytes(20_000 + secrets.randbelow(40_000))
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f"Visite {mark} <{sender}>"
    mail["Subject"] = f"Stage {secrets.token_hex(3)} interrompu sans explication"
    mail["Date"] = format_datetime(at)
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
    year = now(demo).astimezone(PARIS).year
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
    if abs(acknowledged - now(demo).astimezone(PARIS).date()) > timedelta(days=1):
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
    if files_of(email.message_from_bytes(zstandard.decompress(rows[0][4]), policy=email.policy.default)) != [data]:
        raise Wrong("le courrier gardé au registre n’a pas la pièce telle qu’elle est partie")


def files_of(mail: EmailMessage) -> list[bytes]:
    return [part.get_payload(decode=True) for part in mail.iter_attachments()]


# -- the story ------------------------------------------------------------------------------------------------------------

COURSE = ["ack", "question", "receipt", "commitment", "progress", "reply", "survey"]
CODE = re.compile(r"REC-[0-9]{4}-[0-9]{4,6}-[A-Z0-9]{6}", re.ASCII)
OUR_LINE = "Répondre au-dessus de cette ligne"


def kind(mail: EmailMessage) -> str:
    return str(mail["X-Mailbot"] or "")


def moment(mail: EmailMessage) -> datetime:
    return parsedate_to_datetime(str(mail["Date"])).astimezone(PARIS)


def text_of(mail: EmailMessage) -> str:
    """Its plain text, white space drawn together."""
    return " ".join(mail.get_body(("plain",)).get_content().split())


def expect_ten(what: str, mail: EmailMessage, after: EmailMessage, days: int) -> None:
    """The clock's letters leave at ten o'clock of the n-th working day after another letter."""
    day = working_day(moment(after).date(), days)
    if (moment(mail).date(), moment(mail).hour) != (day, 10):
        raise Wrong(f"{what} est parti le {moment(mail):%d/%m/%Y à %H:%M} au lieu du {day:%d/%m/%Y à 10:00}")


def check_course(letters: list[EmailMessage], chases: list[EmailMessage]) -> str:
    """What the complainant got, in order and each at its time, and the two chases; returns the file's number."""
    if [kind(mail) for mail in letters] != COURSE:
        raise Wrong(f"le réclamant a reçu {[kind(mail) for mail in letters]} au lieu de {COURSE}")
    numbers = {m[0] for mail in letters for m in NUMBER.finditer(f"{mail['Subject']} {text_of(mail)}")}
    if len(numbers) != 1:
        raise Wrong(f"les lettres au réclamant parlent de {sorted(numbers)}")
    (number,) = numbers
    ack, _, _, commitment, progress, reply, survey = letters
    about = [mail for mail in chases if number in str(mail["Subject"])]
    if len(about) != 2:
        raise Wrong(f"{len(about)} relances au lieu de deux")
    expect_ten("la relance", about[0], ack, 1)
    expect_ten("la relance sur la cause", about[1], reply, 3)
    expect_ten("le point d’étape", progress, commitment, 3)
    expect_ten("l’enquête", survey, reply, 3)
    ahead = (moment(reply).date() + timedelta(days=n) for n in range(31))
    if not any(in_words(day) in text_of(commitment) for day in ahead):
        raise Wrong("la réponse est partie après la date promise")
    return number


def check_discretion(letters: list[EmailMessage]) -> None:
    """Nothing of the staff's side: no code, no tag, not our line, in any part, links opened."""
    for mail in letters:
        parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        shown = urllib.parse.unquote(" ".join([str(mail["Subject"]), *parts]))
        found = [m[0] for m in CODE.finditer(shown)] + [OUR_LINE] * (OUR_LINE in shown)
        found += re.findall(r"#(?:résolu|partielle|précisions|butoir|évaluer|prendre)", shown)
        if found:
            raise Wrong(f"une lettre au réclamant ({kind(mail)}) laisse voir {found[0]}")


def check_own_words(reply: EmailMessage, command: EmailMessage) -> None:
    """The argued reply holds what the colleague wrote above the button's line, and exactly his files."""
    typed = command.get_body(("plain",)).get_content().partition("----")[0]
    if not typed.strip() or " ".join(typed.split()) not in text_of(reply):
        raise Wrong("la réponse n’est pas le texte du collègue")
    if files_of(reply) != files_of(command):
        raise Wrong("la réponse n’a pas les fichiers du collègue")


def check_story(demo: dict) -> str:
    """Every mailbox of the story, read with an ordinary client. Raises Wrong."""
    first, others = demo["complainants"][0], demo["complainants"][1:]
    letters, staff, desk = (mails_of(demo, a) for a in (first, demo["assignee"], demo["desk"]))
    number = check_course(letters, [mail for mail in staff if kind(mail) == "chase"])
    boxes = {address: mails_of(demo, address) for address in others}
    for address, box in boxes.items():
        if [kind(mail) for mail in box] != ["ack", "reply", "survey"]:
            raise Wrong(f"{address} a reçu {[kind(mail) for mail in box]}")
    for box in (letters, *boxes.values()):
        check_discretion(box)
        reply = next(mail for mail in box if kind(mail) == "reply")
        closing = [m for m in desk if demo["assignee"] in str(m["From"]) and answers_with(m, reply)]
        if len(closing) != 1:
            raise Wrong(f"{len(closing)} messages du collègue ferment ce dossier")
        check_own_words(reply, closing[0])
    commands = [str(mail["Message-ID"]) for mail in desk if demo["assignee"] in str(mail["From"])]
    confirmed = [str(mail["In-Reply-To"]) for mail in staff if kind(mail) == "confirm"]
    if sorted(commands) != sorted(confirmed):
        raise Wrong(f"{len(commands)} commandes, {len(confirmed)} confirmations")
    if not any(kind(mail) == "digest" for mail in mails_of(demo, demo["admin"])):
        raise Wrong("l’administrateur n’a reçu aucun digest")
    told = ask(demo, "SELECT stage, outcome, marks FROM complaint WHERE number = ?", number)
    if told != [("closed", "fondée", "5 4 5")]:
        raise Wrong(f"le registre dit {told} du dossier {number}")
    return (
        f"{number} : {len(letters)} lettres au réclamant, deux relances, {len(commands)} commandes confirmées une fois chacune, "
        "le texte et les fichiers du collègue et rien d’autre, dates recomptées"
    )


def answers_with(command: EmailMessage, reply: EmailMessage) -> bool:
    """Whether this command closes the file of that reply."""
    subject = str(command["Subject"])
    numbers = {m[0] for m in NUMBER.finditer(str(reply["Subject"]))}
    return any(n in subject for n in numbers) and subject.endswith(("#résolu", "#partielle", "#infondée"))


def check(demo: dict) -> str:
    """Runs the whole check; returns what was seen, in one French sentence. Raises Wrong."""
    expected = next_number(demo)
    mail, sender, data = write(now(demo))
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
        print(check_story(demo))
        print(check(demo))
    except (Wrong, OSError, imaplib.IMAP4.error, smtplib.SMTPException, sqlite3.Error) as error:
        print(f"{type(error).__name__} : {error}" if not isinstance(error, Wrong) else f"{error}")
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage : python -I tests/demo_check.py demo-out/demo.json")
    sys.exit(main(sys.argv[1]))
