"""What delivery means for a file: an accepted AR starts the clock, a refused or bounced one sends somebody to the telephone (spec §4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from mailbot import workdays
from mailbot.config import Config
from mailbot.desk import Case, Desk
from mailbot.effects import (
    CLOCKED,
    HUMAN,
    Alarm,
    Attach,
    Bounced,
    Change,
    ChangeAction,
    Effect,
    Judge,
    Letter,
    Note,
    Settle,
)
from mailbot.rules.acknowledge import LATE
from mailbot.rules.linked import offered

ACKS = ("ack", "ack-group", "reopened")
TO_COMPLAINANT = (*HUMAN, *CLOCKED, "receipt")


def matters(kind: str, outcome: str) -> bool:
    """Whether a file may change by this end of a letter: one that reached a colleague changes nothing."""
    return outcome not in ("sent", "uncertain") or kind in (*ACKS, *TO_COMPLAINANT)


def on_settled(
    *,
    kind: str,
    name: str,
    to_addr: str,
    outcome: str,
    answer: str,
    at: datetime,
    facts: dict[str, Any],
    cases: tuple[Case, ...],
    config: Config,
    linked: tuple[Case, ...] = (),
) -> list[Effect]:
    """Effects of a letter's end: `outcome` is sent | uncertain | refused | given_up; `at` the instant of that attempt.

    `linked`: of a reply, the open files about the same matter.
    """
    if outcome in ("sent", "uncertain"):
        if kind not in ACKS:  # an assignment prints a due date too, and acknowledges nothing
            told = [e for c in cases for e in _told(c, kind, to_addr, at)]
            told += [ChangeAction(**facts["action"], told=c.number) for c in cases if kind == "thanks"]
            return [*told, *(letter for c in cases for letter in offered(c, facts, linked, config, name=name))]
        begun = datetime.fromisoformat(facts["reopened_at"]) if "reopened_at" in facts else None
        return [e for c in cases for e in _acknowledged(c, outcome, answer, at, _printed(facts, c.number), begun)]
    return [e for c in cases or (None,) for e in _lost(kind, name, to_addr, outcome, answer, c, config)]


def _told(case: Case, kind: str, to_addr: str, at: datetime) -> list[Effect]:
    """A letter to the complainant arrived: news for the clock, and a closing reply closes (spec §5, punctual = accepted in time)."""
    if kind not in TO_COMPLAINANT or to_addr != case.complainant_addr:
        return []
    fields: dict[str, Any] = {"told_at": at}
    if kind in HUMAN:
        fields["human_told_at"] = at
    if kind == "reply" and case.stage == "closing":
        fields |= {"stage": "closed", "answered_at": at, "closed_at": at}
    note = [Note(number=case.number, event=f"told-{kind}", actor="mailbot", text=_punctual(case, kind, at))]
    return [Change(number=case.number, fields=fields), *note]


def _punctual(case: Case, kind: str, at: datetime) -> str:
    if kind != "reply":
        return ""
    return f"réponse acceptée le {at.isoformat(timespec='minutes')} ; échéance {case.committed_on or case.due_on}"


def _printed(facts: dict[str, Any], number: str) -> tuple[str, str]:
    """(due date, calendar) that the letter printed for this file."""
    for item in facts.get("items", (facts,)):
        if item.get("number") == number and item.get("due_on") and item.get("what") != "receipt":
            return item["due_on"], item.get("calendar", "")
    return "", ""


def _acknowledged(
    case: Case, outcome: str, answer: str, at: datetime, printed: tuple[str, str], begun: datetime | None
) -> list[Effect]:
    """`begun`: when a file was reopened; until then it was a human's decision that was awaited, not the AR."""
    if case.ack_state in ("accepted", "uncertain") or not printed[0]:
        return []
    delay = at - (case.cycle_started_at or case.received_at)
    late = delay > LATE
    due_on = date.fromisoformat(printed[0])
    effects: list[Effect] = [
        Change(
            number=case.number,
            fields={
                "stage": "acknowledged" if case.stage == "received" else case.stage,
                "ack_state": "accepted" if outcome == "sent" else "uncertain",
                "ack_at": at,
                "ack_late": late,
                "due_on": due_on,
                "provisional": False,
                "calendar": printed[1],
            },
        ),
        Note(
            number=case.number,
            event="acknowledged",
            actor="mailbot",
            text=f"AR {_how(outcome)}, {int(delay.total_seconds())} s après la réception ; échéance {due_on} ; {answer}",
        ),
        Settle(key=f"ack-late:{case.number}"),
    ]
    if late and at - (begun or case.received_at) > LATE:
        text = f"AR tardif : le dossier {case.number} a été accusé {_hours(delay.total_seconds())} après sa réception"
        effects.append(Alarm(key=f"ack-late:{case.number}", text=text, number=case.number))
    return effects


def _how(outcome: str) -> str:
    return (
        "accepté par le serveur"
        if outcome == "sent"
        else "sans réponse du serveur après l’envoi : compté comme accepté"
    )


def _hours(seconds: float) -> str:
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours} h {minutes:02d}"


def _lost(
    kind: str, name: str, to_addr: str, outcome: str, answer: str, case: Case | None, config: Config
) -> list[Effect]:
    why = answer if outcome == "refused" else f"cinq jours d’essais sans succès ({answer})"
    effects = came_back(name, kind, to_addr, why, case, config)
    if case is None:
        return effects
    note = Note(number=case.number, event=f"letter-{outcome}", actor="mailbot", text=f"{kind} à {to_addr} : {why}")
    state = [Change(number=case.number, fields={"ack_state": "refused"})] if kind in ACKS else []
    return [note, *effects, *state]


def on_ack_overdue(case: Case) -> list[Effect]:
    """One hour after reception and no accepted AR: alarm (spec §4)."""
    settle = Settle(key=f"ack-late:{case.number}")
    if case.ack_state in ("accepted", "uncertain", "none", "handed"):
        return [settle]
    text = f"AR tardif : plus d’une heure après la réception, l’AR du dossier {case.number} n’est pas parti"
    return [
        settle,
        Alarm(key=f"ack-late:{case.number}", text=text, number=case.number),
        Note(number=case.number, event="ack-late", actor="mailbot", text=text),
    ]


def alarm_letters(
    new: tuple[tuple[str, str], ...], over: tuple[str, ...], now: datetime, config: Config
) -> list[Effect]:
    """One letter for all alarms not yet told, one for all recoveries, to each admin. `new`: (text, file number)."""
    stamp = now.isoformat(timespec="microseconds")
    effects: list[Effect] = []
    for person in config.people_with("admin"):
        to = person.addresses[0].lower()
        if new:
            effects.append(_alarm(to, new, stamp))
        if over:
            facts = {
                "title": over[0][:100] if len(over) == 1 else f"{len(over)} pannes terminées",
                "text": "\n".join(over),
                "at": stamp,
            }
            effects.append(
                Letter(kind="recovered", keys=(f"recovered:{stamp}:{to}",), to=to, language="fr", facts=facts)
            )
    return effects


def mute_letters(why: str, held: int, now: datetime, config: Config) -> list[Effect]:
    """The one thing that a mute desk says, once a day to each admin (spec §2)."""
    today = workdays.local_date(now, config.workdays)
    facts = {
        "title": "le bureau est muet",
        "text": f"{why[:1].upper()}{why[1:]}. Le courrier est relevé et les dossiers avancent, mais aucune lettre ne part ; "
        f"{held} attend{'ent' if held > 1 else ''}.",
        "what_to_do": "Si ce bureau est bien celui qui doit écrire, et qu’aucun autre n’écrit à sa place : « mailbot unmute ». "
        "Sinon, arrêtez-le.",
        "at": now.isoformat(),
        "number": None,
    }
    admins = [person.addresses[0].lower() for person in config.people_with("admin")]
    return [
        Letter(kind="alarm", keys=(f"mute:{today.isoformat()}:{to}",), to=to, language="fr", facts=facts)
        for to in admins
    ]


def _alarm(to: str, new: tuple[tuple[str, str], ...], stamp: str) -> Letter:
    numbers = sorted({number for _, number in new if number})
    facts = {
        "title": new[0][0][:100] if len(new) == 1 else f"{len(new)} alarmes",
        "text": "\n".join(text for text, _ in new),
        "what_to_do": "« mailbot check » dit ce qui ne va pas, « mailbot why NUMÉRO » raconte un dossier.",
        "number": numbers[0] if len(numbers) == 1 else None,
        "at": stamp,
    }
    return Letter(kind="alarm", keys=(f"alarm:{stamp}:{to}",), to=to, language="fr", facts=facts)


def bounced(desk: Desk, config: Config, *, reason: str, case: Case | None) -> list[Effect]:
    """A delivery report: only a permanent failure of one of our recent letters changes anything (spec §10)."""
    number = case.number if case else None
    effects: list[Effect] = [Judge(verdict="bounce", reason=reason, number=number)]
    if number:
        effects.append(Attach(number=number))
    for report in desk.reported:
        text = f"{report.kind} à {report.to_addr} : {report.action} {report.status} {report.diagnostic}".strip()
        where = report.case.number if report.case else None
        effects.append(Note(number=where, event="delivery-report", actor="mailbot", text=text))
        if report.action == "failed" and not report.status.startswith("4"):
            effects.append(Bounced(letter_id=report.letter_id, text=text))
            effects += came_back(report.name, report.kind, report.to_addr, text, report.case, config)
    return effects


LETTERS = {  # kinds in words, for alarms
    "assignment": "l’affectation",
    "followup-notice": "l’avis d’un nouveau message",
    "receipt": "le reçu",
    "digest": "le digest",
    "alarm": "une alarme",
    "recovered": "une fin d’alarme",
}


def came_back(name: str, kind: str, to_addr: str, why: str, case: Case | None, config: Config) -> list[Effect]:
    """What a refused or bounced letter sets off: an AR keeps its due date and the assignee is asked to call (spec §4).

    Alarms name the file, never the complainant's address (digest.names); one a day for each colleague who can't be reached,
    so that an alarm which does not arrive causes no other.
    """
    number = case.number if case else None
    if config.person(to_addr):
        text = f"les courriels du bureau n’arrivent pas à {to_addr} ({LETTERS.get(kind, 'une lettre interne')})"
        return [Alarm(key=f"unreachable:{to_addr}", text=text)]
    if kind in HUMAN and case is not None:
        return _answer_lost(name, kind, to_addr, why, case, config)
    if kind not in ACKS or case is None:
        what = LETTERS.get(kind, "une lettre")
        text = f"{what} du dossier {number} n’est pas arrivé au réclamant" if number else f"{what} n’est pas arrivé"
        return [Alarm(key=f"bounced:{name}", text=text, number=number)]
    person = config.person(case.assignee)
    facts = {
        "number": case.number,
        "first_name": person.first_name if person else "",
        "addr": to_addr,
        "why": why,
        "phone": case.phone,
        "due_on": case.due_on.isoformat() if case.due_on else None,
    }
    return [
        Change(number=case.number, fields={"ack_state": "bounced"}),
        Alarm(
            key=f"ack-bounced:{case.number}",
            text=f"l’AR du dossier {case.number} n’est pas arrivé : le responsable est prié d’appeler",
            number=case.number,
        ),
        Letter(
            kind="ack-bounced",
            keys=(f"ack-bounced:{case.number}:{case.cycle}",),
            to=case.assignee,
            language="fr",
            facts=facts,
            number=case.number,
        ),
    ]


def _answer_lost(name: str, kind: str, to_addr: str, why: str, case: Case, config: Config) -> list[Effect]:
    """What a colleague wrote did not arrive: an argued reply puts the file back in treatment, and alarms (spec §5)."""
    person = config.person(case.assignee)
    facts = {"to_addr": to_addr, "subject": case.subject, "why": why, "number": case.number}
    text = f"la réponse du dossier {case.number} n’est pas arrivée au réclamant"
    effects: list[Effect] = [
        Alarm(key=f"bounced:{name}", text=text, number=case.number),
        Letter(
            kind="bounced-letter",
            keys=(f"bounced-letter:{name}",),
            to=person.addresses[0].lower() if person else case.assignee,
            language="fr",
            facts=facts,
            number=case.number,
        ),
    ]
    if case.stage in ("closing", "closed") and name == case.reply_key:  # not that of an earlier cycle
        fields = {"stage": "treatment", "answered_at": None, "closed_at": None, "reply_key": "", "outcome": ""}
        effects.append(Change(number=case.number, fields=fields))
    return effects
