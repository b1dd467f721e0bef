"""A row of a stranger's register → a line in our words, or every mistake in it with its column and how to mend."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from email.message import EmailMessage
from email.policy import SMTP

from mailbot import tags, workdays
from mailbot.config import Config
from mailbot.importing.mapping import CHOICES, Mapping, Mistake
from mailbot.importing.sheets import CELL, Row, Value
from mailbot.letters import sendable
from mailbot.message import clean
from mailbot.reading import fold
from mailbot.rules.causes import CATEGORIES
from mailbot.rules.imported import STATES, Line

NOON = time(12)
OLDEST = date(1990, 1, 1)
SUBJECT, SHORT, NAME = 80, 80, 200
_CLOCK = re.compile(r"[T ]+(\d{1,2})[:h](\d\d)(?::\d\d)?$", re.ASCII)
_STAMPS = (
    ("ack_on", "accusé de réception"),
    ("answered_on", "réponse"),
    ("closed_on", "clôture"),
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A row read: its line, or the mistakes that keep it from being one. `notes`: what to know all the same."""

    row: int
    line: Line | None
    text: str  # the complainant's words
    mistakes: tuple[Mistake, ...] = ()
    notes: tuple[Mistake, ...] = ()


class _Reader:
    """One row at work."""

    def __init__(self, row: Row, mapping: Mapping, config: Config, today: date) -> None:
        self.row, self.mapping, self.config, self.today = row, mapping, config, today
        self.mistakes: list[Mistake] = []
        self.notes: list[Mistake] = []

    def head(self, name: str) -> str:
        head = self.mapping.columns.get(name, "")
        return f"colonne « {head} »" if head else f"[otherwise] {name}"

    def wrong(self, name: str, what: str, mend: str) -> None:
        self.mistakes.append(Mistake(where=self.head(name), what=what, mend=mend, rows=(self.row.number,)))

    def raw(self, name: str) -> Value:
        held = self.row.cells.get(self.mapping.columns.get(name, ""), "")
        return held or self.mapping.otherwise.get(name, "")

    def text(self, name: str, most: int) -> str:
        held = self.raw(name)
        said = f"{held:%d/%m/%Y}" if isinstance(held, date) else held
        said = self.mapping.values.get(name, {}).get(fold(said), said)
        return clean.line(said, most)

    def day(self, name: str, *, ahead: bool = False) -> datetime | None:
        """The local day and hour, noon without an hour; None when the cell is empty or wrong."""
        held = self.raw(name)
        if not held:
            return None
        found = held if isinstance(held, date) else self._written(held)
        moment = found if isinstance(found, datetime) else datetime.combine(found, NOON) if found else None
        if moment is not None and moment.time() == time(0):
            moment = moment.replace(hour=NOON.hour)
        if moment is None:
            self.wrong(
                name,
                f"« {clean.line(str(held), 40)} » n’est pas une date",
                "corrigez-la, ou donnez son format dans file.dates",
            )
        elif not moment.date() >= OLDEST or (moment.date() > self.today and not ahead):
            self.wrong(name, f"« {_shown(held)[:40]} » n’est pas une date passée plausible", "corrigez la date")
        else:
            return moment
        return None

    def _written(self, text: str) -> datetime | date | None:
        clock = _CLOCK.search(text)
        day = text[: clock.start()] if clock else text
        for form in self.mapping.formats:
            try:
                found = datetime.strptime(day.strip(), form).date()  # noqa: DTZ007  (a date; its zone comes later)
            except ValueError:
                continue
            hour = (int(clock[1]), int(clock[2])) if clock else (NOON.hour, 0)
            return datetime.combine(found, time(*hour)) if hour[0] < 24 and hour[1] < 60 else None
        said = tags.read_date(day, self.today, past=True)  # « 3 mars 2025 »
        return said if said and re.search(r"[a-z]{3,9} +\d{4} *$", fold(day)) else None

    def choice(self, name: str) -> str:
        """One of our values; "" when the cell is empty or wrong."""
        said = self.text(name, SHORT)
        known = CHOICES[name]
        found = next((ours for ours, other in known.items() if fold(said) in (fold(ours), *other)), "")
        if said and not found:
            mend = f'écrivez sous [values.{name}] : "{said}" = « {" », « ".join(known)} »'
            self.wrong(name, f"« {said} » n’est pas connu", mend)
        return found

    def person(self, name: str) -> str:
        said = self.text(name, NAME)
        if not said:
            return ""
        exact = [p for p in self.config.staff if fold(said) in (fold(p.name), *(a.lower() for a in p.addresses))]
        first = [p for p in self.config.staff if fold(said) == fold(p.first_name)]
        people = exact or (first if len(first) == 1 else [])
        if people:
            return people[0].addresses[0].lower()
        mend = "le dossier suit les règles d’affectation ; [values.assignee] peut traduire ce nom"
        self.notes.append(
            Mistake(where=self.head(name), what=f"« {said} » n’est pas de l’équipe", mend=mend, rows=(self.row.number,))
        )
        return ""

    def address(self) -> str:
        said = self.text("address", 254).strip("<>").removeprefix("mailto:").lower()
        if said and not sendable(said):
            self.wrong("address", f"« {said[:60]} » n’est pas une adresse", "corrigez-la, ou videz la cellule")
            return ""
        return said


def told(row: Row, mapping: Mapping, config: Config, today: date, source: str) -> Told:
    """Every cell is looked at, so that one run tells every mistake."""
    read = _Reader(row, mapping, config, today)
    for head in row.long:
        if head in mapping.columns.values():
            mend = "raccourcissez-la"
            what = f"plus de {CELL} caractères dans une cellule"
            read.mistakes.append(Mistake(where=f"colonne « {head} »", what=what, mend=mend, rows=(row.number,)))
    received = read.day("received_on")
    if received is None and not read.mistakes:
        read.wrong("received_on", "la cellule est vide", "donnez le jour de réception, ou effacez la ligne")
    text = str(read.raw("text"))[:CELL]
    subject = read.text("subject", 500) or clean.line(text, SUBJECT)
    if not subject:
        name = "subject" if "subject" in mapping.columns else "text"
        read.wrong(name, "ni objet ni texte", "dites en quelques mots de quoi il s’agit")
    line = Line(
        origin=f"registre {source}, ligne {row.number}",
        received_at=_utc(received, config) or _utc(datetime.combine(today, NOON), config),  # type: ignore[arg-type]
        number=read.text("number", SHORT),
        name=_name(read),
        addr=read.address(),
        phone=read.text("phone", 40),
        kind=read.choice("type"),
        training=read.text("training", NAME),
        session=_session(read),
        subject=subject,
        wish=read.text("wish", 300),
        category=_category(read.text("category", SHORT)),
        character=read.choice("character"),
        assignee=read.person("assignee"),
        outcome=read.choice("outcome"),
    )
    line = _fate(line, read, received)
    return Told(
        row=row.number,
        line=None if read.mistakes else line,
        text=text,
        mistakes=tuple(read.mistakes),
        notes=tuple(read.notes),
    )


def _utc(moment: datetime | None, config: Config) -> datetime | None:
    return workdays.at(moment.date(), moment.time(), config.workdays) if moment else None


def _name(read: _Reader) -> str:
    """« Léa Martin (Opale) »."""
    name, company = read.text("name", NAME), read.text("company", NAME)
    return f"{name} ({company})"[:NAME] if name and company else name or company


def _session(read: _Reader) -> str:
    """As mails name it: its first day as an ISO date, else its own words."""
    held = read.raw("session")
    return f"{held:%Y-%m-%d}" if isinstance(held, date) else read.text("session", SHORT)


def _category(said: str) -> str:
    """The code of one of ours; other words stay as they are."""
    return next((code for code, name in CATEGORIES.items() if fold(said) in (fold(code), fold(name))), said)


def _fate(line: Line, read: _Reader, received: datetime | None) -> Line:
    """Its dates, in the order in which they may stand, and where it ended."""
    days = {name: read.day(name) for name, _ in _STAMPS}
    due = read.day("due_on", ahead=True)
    for name, what in _STAMPS:
        day = days[name]
        if day and received and day.date() < received.date():
            read.wrong(
                name,
                f"{what} du {day:%d/%m/%Y}, avant la réception ({received:%d/%m/%Y})",
                "corrigez l’une des deux dates",
            )
    answered, closed = days["answered_on"], days["closed_on"]
    state = read.choice("state") or ("close" if answered or closed else "ouverte")
    if state in STATES and not (closed or answered):
        mend = "donnez le jour de clôture ou de réponse, ou dites sous [otherwise] ce que vaut une cellule vide de closed_on"
        read.wrong(
            "closed_on" if "closed_on" in read.mapping.columns else "state", f"« {state} » sans date de fin", mend
        )
    closed = (closed or answered) if state in STATES else None
    return replace(
        line,
        state=state,
        ack_at=_after(days["ack_on"], received, read.config),
        due_on=due.date() if due else None,
        answered_at=_after(answered, received, read.config),
        closed_at=_after(closed, received, read.config),
        outcome=line.outcome if state == "close" else "",
    )


def _after(moment: datetime | None, received: datetime | None, config: Config) -> datetime | None:
    """Of two days without an hour both are noon; on the day of reception nothing comes before it."""
    if moment is None:
        return None
    if received and moment < received and moment.date() == received.date():
        moment = received
    return _utc(moment, config)


# -- as mails ------------------------------------------------------------------------------------------------------------------


def as_mail(row: Row, again: int) -> bytes:
    """What is kept of a row: all its cells under their heads. The same cells give the same bytes, wherever the row stands;
    `again`: how many rows above it are the same."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Registre repris <registre@repris.invalid>"
    mail["To"] = "registre@repris.invalid"
    mail["Subject"] = "Ligne d’un registre repris" + (f" ({again + 1})" if again else "")
    said = "\n".join(f"{head} : {_shown(value)}" for head, value in row.cells.items())
    mail.set_content(said + "\n", cte="base64")
    return mail.as_bytes()


def as_written(line: Line, text: str) -> bytes:
    """The complainant's words as a mail of theirs, to be read for what they say; it is never kept."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = line.addr or "inconnu@repris.invalid"
    mail["To"] = "registre@repris.invalid"
    mail["Subject"] = line.subject[:200]
    mail.set_content((text or line.subject) + "\n", cte="base64")
    return mail.as_bytes()


def _shown(value: Value) -> str:
    if isinstance(value, datetime) and value.time() != time(0):
        return f"{value:%d/%m/%Y %H:%M}"
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else value
