"""The acknowledgement and the clock it starts: which date it prints, in which form it leaves, when it waits (spec §4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from mailbot import workdays
from mailbot.config import Config
from mailbot.desk import Desk
from mailbot.effects import Due, Effect, Letter

GROUP_FROM = 5  # letters to one address in an hour; the sixth waits (spec §2)
GROUP_WAIT = timedelta(minutes=15)
LATE = timedelta(hours=1)


def due_from_reception(received_at: datetime, config: Config) -> workdays.Due:
    """The provisional due date: six working days from reception."""
    return workdays.due(received_at, config.workdays)


def printed(now: datetime, received_at: datetime, config: Config, *, from_reception: bool) -> workdays.Due:
    """The due date an AR leaving now prints. Released mails keep the date from reception while it is still to come (spec §4)."""
    if from_reception:
        early = due_from_reception(received_at, config)
        if early.on >= workdays.local_date(now, config.workdays):
            return early
    return workdays.due(now, config.workdays)


def ack_key(number: str, cycle: int) -> str:
    return f"ack:{number}:{cycle}"


def acknowledge(
    facts: dict[str, Any], *, to: str, language: str, desk: Desk, config: Config, reply_to_id: str
) -> list[Effect]:
    """The AR of a new file: at once, or gathered with others when this address already got five letters in the hour."""
    number = facts["number"]
    key = ack_key(number, 1)
    if _must_wait(desk):
        return _gather(key, {**facts, "what": "ack"}, to=to, language=language, desk=desk, number=number)
    letter = Letter(
        kind="ack",
        keys=(key,),
        to=to,
        language=language,
        facts=facts,
        number=number,
        in_reply_to=reply_to_id,
        references=(reply_to_id,) if reply_to_id else (),
    )
    return [reprint(letter, desk.now, config)]


def receipt(
    facts: dict[str, Any], *, inbound_id: int, to: str, language: str, desk: Desk, config: Config, reply_to_id: str
) -> list[Effect]:
    """The short receipt of a follow-up; starts no clock."""
    key = f"receipt:{inbound_id}"
    if _must_wait(desk):
        return _gather(key, {**facts, "what": "receipt"}, to=to, language=language, desk=desk, number=facts["number"])
    return [
        Letter(
            kind="receipt",
            keys=(key,),
            to=to,
            language=language,
            facts=facts,
            number=facts["number"],
            in_reply_to=reply_to_id,
            references=(reply_to_id,) if reply_to_id else (),
        )
    ]


def _must_wait(desk: Desk) -> bool:
    return bool(desk.group_key) or desk.letters_to_sender >= GROUP_FROM


def _gather(key: str, facts: dict[str, Any], *, to: str, language: str, desk: Desk, number: str) -> list[Effect]:
    item = Due(
        key=f"item:{to}:{key}",
        kind="item",
        at=desk.now + GROUP_WAIT,
        number=number,
        inbound_id=desk.incoming.id,
        facts={**facts, "key": key, "to": to, "language": language},
    )
    if desk.group_key:
        return [item]
    gather = Due(key=f"group:{to}:{key}", kind="group", at=desk.now + GROUP_WAIT, facts={"to": to})
    return [gather, item]


def group(items: list[dict[str, Any]], now: datetime, config: Config) -> Letter:
    """One letter for all that was gathered for one address; it holds the key of each."""
    letter = Letter(
        kind="ack-group",
        keys=tuple(i["key"] for i in items),
        to=items[0]["to"],
        language=items[0]["language"],
        facts={"items": [_item(i) for i in items], "number": items[0]["number"]},
        number=items[0]["number"],
    )
    return reprint(letter, now, config)


def _item(facts: dict[str, Any]) -> dict[str, Any]:
    kept = ("number", "received_at", "due_on", "what", "from_reception")
    return {name: facts[name] for name in kept if name in facts}


def reprint(letter: Letter, now: datetime, config: Config) -> Letter:
    """The same letter with the dates of today: an AR that slipped past midnight would print a false one (design invariant 4)."""
    today = workdays.local_date(now, config.workdays)
    if letter.kind != "ack-group":
        facts = _dated(letter.facts, now, config)
        return _with(letter, facts, today)
    items = [_dated(i, now, config) if i["what"] == "ack" else i for i in letter.facts["items"]]
    return _with(letter, {**letter.facts, "items": items}, today)


def _with(letter: Letter, facts: dict[str, Any], today: date) -> Letter:
    from dataclasses import replace

    due_on = date.fromisoformat(facts["due_on"]) if facts.get("due_on") else None
    return replace(letter, facts=facts, due_on=due_on, printed_on=today)


def _dated(facts: dict[str, Any], now: datetime, config: Config) -> dict[str, Any]:
    received_at = datetime.fromisoformat(facts["received_at"] if "received_at" in facts else facts["reopened_at"])
    due = printed(now, received_at, config, from_reception=bool(facts.get("from_reception")))
    closures = [{"first": c.first.isoformat(), "last": c.last.isoformat(), "label": c.label} for c in due.closures]
    return {
        **facts,
        "due_on": due.on.isoformat(),
        "days": config.calendar.days,
        "closures": closures,
        "late": now - received_at > LATE,
        "calendar": workdays.explain(due),
    }
