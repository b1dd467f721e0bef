"""What waits for a human: who is asked, until when, and what the desk does when nobody says (spec §2 and §3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

from mailbot import workdays
from mailbot.config import Config, Person
from mailbot.desk import Desk
from mailbot.effects import Alarm, Due, Effect, Judge, Letter, Note, Settle
from mailbot.identity import Author, author
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.rules import intake, joining
from mailbot.rules.intake import named, words_of
from mailbot.verdict import Verdict, is_no_reply, joined

DAY_ENDS = time(18, 0)
CHOICES = ("complaint", "note", "ignore")


class Refused(ValueError):
    """A choice that makes no sense for this mail; the text tells why, in French."""


def until(now: datetime, config: Config) -> datetime:
    """18:00 local of the next working day (spec §2, §6)."""
    day = workdays.next_open(workdays.local_date(now, config.workdays), config.workdays)
    return workdays.at(day, DAY_ENDS, config.workdays)


def ask(
    verdict: Verdict, message: Message, reading: Reading, desk: Desk, writer: Author, config: Config
) -> list[Effect]:
    """Records the verdict as waiting and asks whoever can say."""
    effects: list[Effect] = [
        Judge(verdict=verdict.kind, reason=verdict.reason, decided=False),
        Note(number=None, event=f"waiting-{verdict.question}", actor=writer.addr or "inconnu", text=verdict.reason),
    ]
    if verdict.question in (
        "spam",
        "ambiguous",
        "loop",
    ):  # waits in the digest, for ever if need be: never a complaint by itself
        return effects
    limit = until(desk.now, config)
    effects.append(Due(key=f"undecided:{desk.incoming.id}", kind="undecided", at=limit, inbound_id=desk.incoming.id))
    if verdict.question == "flood":
        text = (
            f"afflux : {verdict.reason} ; les messages suivants attendent (mailbot list --waiting, puis mailbot decide)"
        )
        return [*effects, Alarm(key=f"flood:{writer.addr or '?'}", text=text)]
    if verdict.question == "forward":
        return effects + _ask_about_forward(message, reading, desk, writer, limit, config)
    if is_no_reply(writer.addr):
        return effects  # a machine of the house: nobody there would answer the question
    return [*effects, _ask_colleague(message, reading, desk, writer, limit)]


def deciders(config: Config, concerned: tuple[str, ...] = ()) -> tuple[Person, ...]:
    """Who decides what waits: quality managers, else direction, else admins; nobody whom the mail names (spec §3)."""
    for role in ("quality", "direction", "admin"):
        free = tuple(p for p in config.people_with(role) if not named(p, concerned))  # type: ignore[arg-type]
        if free:
            return free
    return ()


def _ask_about_forward(
    message: Message, reading: Reading, desk: Desk, writer: Author, limit: datetime, config: Config
) -> list[Effect]:
    forwarded = message.forwarded
    facts = {
        "inbound_id": desk.incoming.id,
        "forwarder": writer.addr,
        "sender": forwarded.sender.addr if forwarded and forwarded.sender else "",
        "subject": message.subject,
        "text": forwarded.text if forwarded else reading.new_text,
        "until": limit.isoformat(),
    }
    return [
        Letter(
            kind="forward-question",
            keys=(f"forward-question:{desk.incoming.id}:{person.addresses[0].lower()}",),
            to=person.addresses[0].lower(),
            language="fr",
            facts=facts,
        )
        for person in deciders(config, reading.staff_named)
    ]


def _ask_colleague(message: Message, reading: Reading, desk: Desk, writer: Author, limit: datetime) -> Letter:
    facts = {
        "inbound_id": desk.incoming.id,
        "subject": message.subject,
        "text": words_of(message, reading),
        "until": limit.isoformat(),
    }
    return Letter(
        kind="staff-question",
        keys=(f"confirm:{desk.incoming.id}",),
        to=writer.addr,
        language="fr",
        facts=facts,
        in_reply_to=message.message_id,
        references=(message.message_id,) if message.message_id else (),
    )


def on_undecided(message: Message, reading: Reading, desk: Desk, config: Config) -> list[Effect]:
    """Nobody said in time: a flood or a colleague's mail is a complaint; a forward is a file without AR, told to direction."""
    settle = Settle(key=f"undecided:{desk.incoming.id}")
    writer = author(message, config)
    joins = joined(desk, writer)
    if joins:
        return [settle, *_joined(joins, message, reading, desk, writer, config, "personne n’a tranché avant le terme")]
    forwarded = message.forwarded is not None and (writer.person is not None or writer.own_domain)
    effects = intake.open_file(
        message,
        reading,
        desk,
        writer,
        config,
        verdict="complaint",
        reason="personne n’a tranché avant le terme",
        ack=not forwarded,
        from_reception=True,
    )
    if forwarded:
        effects += _told_to_direction(desk, message, reading, config)
    return [settle, *effects]


def _joined(
    found: Verdict, message: Message, reading: Reading, desk: Desk, writer: Author, config: Config, why: str
) -> list[Effect]:
    """A held follow-up of a file joins it, as it would have at once."""
    assert found.case is not None
    reason = f"{found.reason} ; {why}"
    return joining.follow_up(
        message, reading, desk, writer, config, case=found.case, registered=found.from_registered, reason=reason
    )


def _told_to_direction(desk: Desk, message: Message, reading: Reading, config: Config) -> list[Effect]:
    number = desk.next_number.text
    due = workdays.due(desk.incoming.received_at, config.workdays)
    facts = {
        "number": number,
        "inbound_id": desk.incoming.id,
        "subject": "" if reading.sensitive else message.subject,
        "due_on": due.on.isoformat(),
    }
    direction = tuple(p for p in config.people_with("direction") if not named(p, reading.staff_named))
    people = direction or deciders(config, reading.staff_named)
    return [
        Letter(
            kind="undecided",
            keys=(f"undecided-notice:{number}:{person.addresses[0].lower()}",),
            to=person.addresses[0].lower(),
            language="fr",
            facts=facts,
            number=number,
        )
        for person in people
    ]


def on_choice(choice: str, message: Message, reading: Reading, desk: Desk, config: Config, *, who: str) -> list[Effect]:
    """What `mailbot decide ID complaint|note|ignore` does. Raises Refused."""
    if choice not in CHOICES:
        raise Refused(f"choix inconnu : {choice} (complaint, note ou ignore)")
    if desk.incoming.number:
        raise Refused(f"ce message est déjà au dossier {desk.incoming.number}, qui garde son numéro")
    if desk.incoming.verdict in ("own", "duplicate"):
        raise Refused(f"ce message est « {desk.incoming.verdict} » : il n’y a rien à décider")
    settle = Settle(key=f"undecided:{desk.incoming.id}")
    writer = author(message, config)
    joins = joined(desk, writer)
    if choice == "complaint" and joins:
        return [settle, *_joined(joins, message, reading, desk, writer, config, f"décidé par {who}")]
    if choice == "complaint":
        opened = intake.open_file(
            message, reading, desk, writer, config, verdict="complaint", reason=f"décidé par {who}", from_reception=True
        )
        return [settle, *opened]
    inside = writer.person is not None or writer.own_domain
    verdict = "staff-note" if choice == "note" or inside else "spam-suspect"
    words = "classé comme note" if choice == "note" else "écarté"
    return [
        settle,
        Judge(verdict=verdict, reason=f"{words} par {who}"),
        Note(number=None, event=f"decided-{choice}", actor=who, text=f"message {desk.incoming.id} {words}"),
    ]


def readable(desk: Desk) -> Desk:
    """The same desk for a mail whose first reading failed and which a human now takes."""
    return replace(desk, incoming=replace(desk.incoming, unreadable=""))
