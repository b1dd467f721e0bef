"""What a complainant's mail does to a file that waits, is closing, or is closed: back to work, or a reopening proposed (spec §5)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from mailbot import complaint, workdays
from mailbot.config import Config, Person
from mailbot.desk import Case, Desk
from mailbot.effects import Attach, Away, Cancel, Change, Due, Effect, Judge, Letter, Note, Settle
from mailbot.identity import Author
from mailbot.message import Message
from mailbot.reading import Reading, fold
from mailbot.rules.intake import files_to_send
from mailbot.rules.waiting import deciders, until

MARKS = re.compile(r"\b([1-5])\b", re.A)
UNHAPPY = 2
WEEK = timedelta(days=7)
GRAVE = 4
WITHDRAWING = (  # folded; « je ne retire pas », « je ne souhaite pas retirer » hold none of them
    "je retire ma reclamation",
    "je retire ma plainte",
    "je souhaite retirer ma ",
    "je veux retirer ma ",
    "je voudrais retirer ma ",
    "j'annule ma reclamation",
    "j'annule ma plainte",
    "je renonce a ma reclamation",
    "je ne souhaite plus donner suite",
    "je ne donne pas suite a ma reclamation",
    "withdraw my complaint",
    "withdraw this complaint",
)


def proposes(reading: Reading, case: Case, *, registered: bool) -> bool:
    """Any mail of the complainant after the end but bare thanks (spec §5)."""
    return registered and case.stage in complaint.ENDED and not reading.thanks_only


def moved(
    message: Message, reading: Reading, desk: Desk, config: Config, *, case: Case, registered: bool
) -> list[Effect]:
    """The effects on the file; none while it is simply open."""
    if case.stage == "waiting" and registered:
        stage = "committed" if case.committed_on else "treatment"
        return [Change(number=case.number, fields={"stage": stage, "waiting_since": None})]
    if case.stage == "closing" and desk.window and desk.window.kind == "reply":
        return _held_back(desk, config, case)
    if proposes(reading, case, registered=registered):
        return _proposed(message, reading, desk, config, case)
    return []


def _held_back(desk: Desk, config: Config, case: Case) -> list[Effect]:
    """The reply is kept as a draft with a send button; the file is back in treatment."""
    assert desk.window is not None
    person = config.person(case.assignee)
    facts = {
        "number": case.number,
        "first_name": person.first_name if person else "",
        "why": "le réclamant vient d’écrire : votre réponse a été retenue avant de partir",
        "text": desk.window.text,
        "files": [],
        "tag": "résolu",
    }
    fields = {"stage": "treatment", "reply_key": "", "outcome": "", "draft": desk.window.text[:60_000]}
    return [
        Cancel(key=desk.window.key),
        Change(number=case.number, fields=fields),
        Letter(
            kind="fence",
            keys=(f"draft:{case.number}:{desk.incoming.id}",),
            to=case.assignee,
            language="fr",
            facts=facts,
            number=case.number,
        ),
        Note(
            number=case.number,
            event="reply-held",
            actor="mailbot",
            text="le réclamant a écrit avant le départ de la réponse",
        ),
    ]


def withdraws(reading: Reading, case: Case) -> bool:
    """Words that say so plainly, in a file still open; whether they are meant so, staff decides."""
    text = fold(reading.new_text[:4000])
    return case.stage in complaint.OPEN and any(words in text for words in WITHDRAWING)


def withdrawal(message: Message, reading: Reading, desk: Desk, config: Config, *, case: Case) -> list[Effect]:
    """Proposed to the assignee, at gravité 4 to direction too, which decides; the mail itself is told with it (spec §5)."""
    people = [config.person(case.assignee), *(config.people_with("direction") if case.gravity == GRAVE else ())]
    unique = {p.addresses[0].lower(): p for p in people if p and (not _named(p, case) or p is people[0])}
    return [_withdrawal(p, message, reading, case, desk) for p in unique.values()]


def _withdrawal(person: Person, message: Message, reading: Reading, case: Case, desk: Desk) -> Letter:
    to = person.addresses[0].lower()
    shown = not case.sensitive or to == case.assignee
    facts = {
        "number": case.number,
        "first_name": person.first_name,
        "why": "son message le dit",
        "text": reading.new_text if shown else "",
        "shown": shown,
    }
    keys = (f"withdrawal-proposal:{desk.incoming.id}:{to}",)
    return Letter(
        kind="withdrawal-proposal",
        keys=keys,
        to=to,
        language="fr",
        facts=facts,
        number=case.number,
        attach=files_to_send(message, desk.incoming.id) if to == case.assignee else (),
    )


def too_late(case: Case, desk: Desk, config: Config) -> bool:
    """A reply to a file closed longer than the reopening window is a new complaint, linked (spec §3)."""
    ended = case.closed_at
    return (
        case.stage in complaint.ENDED
        and ended is not None
        and desk.now - ended > timedelta(days=config.answers.reopen_days)
    )


def _proposed(message: Message, reading: Reading, desk: Desk, config: Config, case: Case) -> list[Effect]:
    """Proposed to assignee and quality manager; undecided after one working day it reopens itself."""
    people = {p.addresses[0].lower(): p for p in (config.person(case.assignee), *deciders(config)) if p}
    limit, asked = until(desk.now, config), case.reopen_asked_at or desk.now
    letters: list[Effect] = [
        _proposal(p, message, reading, case, desk, limit)
        for a, p in people.items()
        if a == case.assignee or not _named(p, case)
    ]
    return [
        Change(number=case.number, fields={"reopen_asked_at": asked}),
        Due(
            key=reopen_key(case.number, asked),
            kind="reopen",
            at=limit,
            number=case.number,
            inbound_id=desk.incoming.id,
        ),
        *letters,
    ]


def reopen_key(number: str, asked: datetime) -> str:
    """Of the due row at which an undecided file reopens itself; one for each time it is asked, however many mails ask."""
    return f"reopen:{number}:{asked.isoformat(timespec='seconds')}"


def _named(person: Person, case: Case) -> bool:
    """Named in the complaint, or its author."""
    return bool({a.lower() for a in person.addresses} & {*case.staff_named, case.complainant_addr})


def _proposal(person: Person, message: Message, reading: Reading, case: Case, desk: Desk, limit: datetime) -> Letter:
    """To the assignee it is the notice of the mail too, with its files."""
    to = person.addresses[0].lower()
    shown = not case.sensitive or to == case.assignee
    facts = {
        "number": case.number,
        "first_name": person.first_name,
        "text": reading.new_text if shown else "",
        "shown": shown,
        "why": f"son message est arrivé après la fin ({complaint.STAGE_NAMES.get(case.stage, case.stage)})",
        "until": limit.isoformat(),
    }
    return Letter(
        kind="reopen-proposal",
        keys=(f"reopen-proposal:{desk.incoming.id}:{to}",),
        to=to,
        language="fr",
        facts=facts,
        number=case.number,
        attach=files_to_send(message, desk.incoming.id) if to == case.assignee else (),
    )


def survey_answer(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, *, case: Case, reason: str
) -> list[Effect]:
    """Marks of 1 to 5, in order; a mark of 2 or less alerts, with a reopen button (spec §5)."""
    marks = marks_of(reading)
    text = " ".join(str(m) for m in marks)
    effects: list[Effect] = [
        Attach(number=case.number),
        Judge(verdict="survey-answer", reason=reason, number=case.number),
        Change(number=case.number, fields={"marks": text}),
        Note(number=case.number, event="survey-answered", actor=author.addr, text=text),
    ]
    if marks and min(marks) <= UNHAPPY:
        effects += [_alert(p, marks, reading, case, desk) for p in deciders(config) if not _named(p, case)]
    return effects


def marks_of(reading: Reading) -> tuple[int, ...]:
    """The first mark of each of at most six lines."""
    found = [MARKS.findall(line.rpartition(":")[2] or line) for line in reading.new_text.splitlines()[:20]]
    return tuple(int(marks[0]) for marks in found if marks)[:6]


def _alert(person: Person, marks: tuple[int, ...], reading: Reading, case: Case, desk: Desk) -> Letter:
    to = person.addresses[0].lower()
    facts = {
        "number": case.number,
        "first_name": person.first_name,
        "marks": [str(m) for m in marks],
        "text": reading.new_text,
    }
    keys = (f"survey-alert:{desk.incoming.id}:{to}",)
    return Letter(kind="survey-alert", keys=keys, to=to, language="fr", facts=facts, number=case.number)


def reopened(case: Case, now: datetime, config: Config, *, who: str) -> list[Effect]:
    """New AR, new six days, same number, next cycle; lateness is measured from the complainant's mail (spec §5)."""
    due = workdays.due(now, config.workdays)
    cycle = case.cycle + 1
    fields = {
        "stage": "received",
        "nature": "réclamation",
        "cycle": cycle,
        "due_on": due.on,
        "provisional": True,
        "ack_state": "owed",
        "closed_at": None,
        "answered_at": None,
        "outcome": "",
        "reply_key": "",
        "committed_on": None,
        "waiting_since": None,
        "reopen_asked_at": None,
        "assessed_at": None,
        "priority": "",
        "cycle_started_at": case.reopen_asked_at or now,
    }
    effects: list[Effect] = [
        Change(number=case.number, fields=fields),
        *([Settle(key=reopen_key(case.number, case.reopen_asked_at))] if case.reopen_asked_at else []),
        Note(number=case.number, event="reopened", actor=who, text=f"cycle {cycle}"),
    ]
    if case.complainant_addr and not case.no_ack:
        effects.append(_ack_again(case, cycle, due, now, config))
    return effects + _handed_again(case, cycle, due, config, who=who)


def _handed_again(case: Case, cycle: int, due: workdays.Due, config: Config, *, who: str) -> list[Effect]:
    """The assignee hears of the new cycle, with somebody else suggested; who reopened it knows already."""
    person = config.person(case.assignee)
    if person is None or who == case.assignee:
        return []
    other = next((p for p in config.staff if _could_handle(p, case)), None)
    advice = f"Une autre personne verra mieux ce qui n’a pas convenu : #affecter {other.first_name}." if other else ""
    by = config.person(who)
    facts = {
        "number": case.number,
        "first_name": person.first_name,
        "by": by.name if by else "le bureau des réclamations",
        "complainant": f"{case.complainant_name} ({case.complainant_addr})".strip(),
        "subject": case.subject,
        "due_on": due.on.isoformat(),
        "stage": f"rouvert, cycle {cycle}",
        "text": advice,
    }
    key = f"assignment:{case.number}:{cycle}"
    return [Letter(kind="handed-over", keys=(key,), to=case.assignee, language="fr", facts=facts, number=case.number)]


def _could_handle(person: Person, case: Case) -> bool:
    mine = case.assignee in {a.lower() for a in person.addresses}
    return person.active and not mine and set(person.roles) != {"admin"} and not _named(person, case)


def _ack_again(case: Case, cycle: int, due: workdays.Due, now: datetime, config: Config) -> Letter:
    closures = [{"first": c.first.isoformat(), "last": c.last.isoformat(), "label": c.label} for c in due.closures]
    facts = {
        "number": case.number,
        "name": case.complainant_name if case.authenticated else "",
        "authenticated": case.authenticated,
        "written_at": case.reopen_asked_at.isoformat() if case.reopen_asked_at else None,
        "reopened_at": now.isoformat(),
        "due_on": due.on.isoformat(),
        "days": config.calendar.days,
        "closures": closures,
        "calendar": workdays.explain(due),
    }
    return Letter(
        kind="reopened",
        keys=(f"ack:{case.number}:{cycle}",),
        to=case.complainant_addr,
        language=case.language,
        facts=facts,
        number=case.number,
        due_on=due.on,
        printed_on=workdays.local_date(now, config.workdays),
    )


def away(message: Message, desk: Desk, author: Author, config: Config, *, case: Case) -> list[Effect]:
    """An assignee's out-of-office routes the next chase to the substitute, else to the quality manager (spec §7).

    For a week: an automatic answer is sent once in seven days to the same sender (RFC 5230 §4.1), so that hearing no other
    says nothing sooner. What the person said with `#absent` comes first.
    """
    person = author.person
    if person is None or desk.threaded_to not in {a.lower() for a in person.addresses} or not _absence(message):
        return []
    chosen = config.person(person.substitute) if person.substitute else None
    stand_in = chosen or next((p for p in deciders(config) if p != person), None)
    if case.assignee not in {a.lower() for a in person.addresses} or stand_in is None:
        return []
    today = workdays.local_date(desk.now, config.workdays)
    to = stand_in.addresses[0].lower()
    text = f"réponse d’absence de {person.name} : les relances vont à {stand_in.name} jusqu’au {today + WEEK:%d/%m}"
    return [
        Away(person=case.assignee, first=today, last=today + WEEK, substitute=to, guessed=True),
        Note(number=case.number, event="away", actor="mailbot", text=text),
    ]


def _absence(message: Message) -> bool:
    """Not a receipt nor an answer to an invitation, which say by their content type that a machine wrote them."""
    return bool(message.automatic) and not any(why.startswith("Content-Type") for why in message.automatic)
