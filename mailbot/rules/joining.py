"""Mails that join a file: a complainant's follow-up, a colleague's note, a direct answer (spec §3 and §6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailbot import complaint, workdays
from mailbot.config import Config
from mailbot.desk import Case, Desk
from mailbot.effects import Attach, Change, Effect, Judge, Letter, Note
from mailbot.identity import Author
from mailbot.letters import sendable
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.rules import relation, returning
from mailbot.rules.acknowledge import receipt
from mailbot.rules.intake import authenticated, file_list, named, shown, words_of
from mailbot.verdict import is_no_reply


def follow_up(
    message: Message,
    reading: Reading,
    desk: Desk,
    author: Author,
    config: Config,
    *,
    case: Case,
    registered: bool,
    reason: str,
) -> list[Effect]:
    """Joins a complainant's further mail: receipt to the registered address, notice to the assignee at once (spec §3)."""
    effects: list[Effect] = [
        Attach(number=case.number),
        Judge(verdict="follow-up", reason=reason, number=case.number),
        Note(number=case.number, event="follow-up", actor=author.addr or "inconnu", text=reason),
        *returning.moved(message, reading, desk, config, case=case, registered=registered),
    ]
    grows = relation.signs(reading, case) if registered and not returning.withdraws(reading, case) else []
    effects += relation.amplified(grows, case, desk.now)
    if registered and sendable(case.complainant_addr) and not is_no_reply(case.complainant_addr):
        effects += _received(message, reading, desk, author, case, config)
    asks = not registered and author.addr not in case.asked_other_address.split()
    if asks and author.addr:
        asked = f"{case.asked_other_address} {author.addr}".strip()
        effects.append(Change(number=case.number, fields={"asked_other_address": asked}))
    if returning.proposes(reading, case, registered=registered):
        return effects  # the proposal to reopen tells the assignee
    if registered and returning.withdraws(reading, case):
        return effects + returning.withdrawal(message, reading, desk, config, case=case)
    case, moved = _kept_from_named(reading, case, config)
    return [*effects, *moved, *_to_assignee(message, reading, desk, author, case, config, asks_who=asks, grows=grows)]


def _kept_from_named(reading: Reading, case: Case, config: Config) -> tuple[Case, list[Effect]]:
    """A further mail that names the assignee takes the file away from that assignee, before the text is shown (spec §3)."""
    concerned = tuple(sorted({*case.staff_named, *reading.staff_named}))
    fields: dict[str, Any] = {}
    if concerned != tuple(sorted(case.staff_named)):
        fields["staff_named"] = " ".join(concerned)
    if reading.sensitive and not case.sensitive:
        fields["sensitive"] = True
    holder = config.person(case.assignee)
    if holder and named(holder, concerned) and not named(holder, case.staff_named):
        other = complaint.past(concerned, case.complainant_addr, config)
        if other:
            fields["assignee"] = other.addresses[0].lower()
            case = replace(case, assignee=fields["assignee"])
    if not fields:
        return case, []
    words = (
        "nouveau responsable, le message nomme l’ancien"
        if "assignee" in fields
        else "collègue nommé ou contenu sensible"
    )
    return case, [
        Change(number=case.number, fields=fields),
        Note(number=case.number, event="concerned", actor="mailbot", text=words),
    ]


def _to_come(case: Case, desk: Desk, config: Config) -> str | None:
    """The date to remember; a past one is not repeated."""
    today = workdays.local_date(desk.now, config.workdays)
    return case.due_on.isoformat() if case.due_on and case.due_on >= today else None


def _received(
    message: Message, reading: Reading, desk: Desk, author: Author, case: Case, config: Config
) -> list[Effect]:
    facts = {
        "number": case.number,
        "received_at": desk.incoming.received_at.isoformat(),
        "due_on": _to_come(case, desk, config),
        "authenticated": authenticated(message, config),
        "files": [shown(a) for a in message.attachments if a.evidence and not a.problem],
    }
    return receipt(
        facts,
        inbound_id=desk.incoming.id,
        to=case.complainant_addr,
        language=case.language,
        desk=desk,
        config=config,
        reply_to_id=message.message_id,
    )


def _to_assignee(
    message: Message,
    reading: Reading,
    desk: Desk,
    author: Author,
    case: Case,
    config: Config,
    *,
    asks_who: bool,
    grows: list[relation.Sign],
) -> list[Effect]:
    """`asks_who`: it came from an address about which nobody was asked yet (spec §3, once)."""
    person = config.person(case.assignee)
    travelling, files = file_list(message, desk.incoming.id)
    facts = {
        "number": case.number,
        "first_name": person.first_name if person else "",
        "from_addr": author.addr or "adresse illisible",
        "asks_who": asks_who,
        "grows": [words for _, words in grows],
        "text": words_of(message, reading),
        "files": files,
        "received_at": desk.incoming.received_at.isoformat(),
        "due_on": case.due_on.isoformat() if case.due_on else None,
    }
    key = f"followup-notice:{desk.incoming.id}"
    return [
        Letter(
            kind="followup-notice",
            keys=(key,),
            to=case.assignee,
            language="fr",
            facts=facts,
            number=case.number,
            attach=travelling,
        )
    ]


def staff_note(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, *, case: Case, reason: str
) -> list[Effect]:
    """A colleague's words about a file: kept inside; who wrote is told that nothing left (nothing leaves without a tag)."""
    facts = {"number": case.number, "subject": message.subject, "text": words_of(message, reading)}
    effects: list[Effect] = [
        Attach(number=case.number),
        Judge(verdict="staff-note", reason=reason, number=case.number),
        Note(number=case.number, event="note", actor=author.addr, text=f"{reason} ; {author.proof.evidence}"),
    ]
    if author.person is None:
        return effects  # who is not on the list is told nothing of a file
    told = Letter(
        kind="nothing-left",
        keys=(f"confirm:{desk.incoming.id}",),
        to=author.addr,
        language="fr",
        facts=facts,
        number=case.number,
        in_reply_to=message.message_id,
        references=(message.message_id,) if message.message_id else (),
    )
    return [*effects, told]


def direct_answer(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, *, case: Case, reason: str
) -> list[Effect]:
    """A colleague answered from an ordinary client: recorded, nothing is sent a second time (spec §6)."""
    person = config.person(case.assignee)
    facts = {
        "number": case.number,
        "first_name": person.first_name if person else "",
        "author": author.addr,
        "to_addr": case.complainant_addr,
        "text": words_of(message, reading),
        "at": desk.incoming.received_at.isoformat(),
    }
    return [
        Attach(number=case.number),
        Judge(verdict="direct-answer", reason=reason, number=case.number),
        Note(
            number=case.number, event="answered-directly", actor=author.addr, text=f"{reason} ; {author.proof.evidence}"
        ),
        *_counts_as_news(desk, author, case),
        Letter(
            kind="direct-answer",
            keys=(f"direct:{desk.incoming.id}",),
            to=case.assignee,
            language="fr",
            facts=facts,
            number=case.number,
        ),
    ]


def _counts_as_news(desk: Desk, author: Author, case: Case) -> list[Effect]:
    """Recorded as `#réponse`; a From that nobody vouches for moves nothing, our own sent folder vouches for itself."""
    if not (author.proof.passed or desk.incoming.folder == "sent"):
        return []
    at = desk.incoming.received_at
    fields: dict[str, Any] = {name: at for name in ("told_at", "human_told_at") if (getattr(case, name) or at) <= at}
    stage, refused = complaint.after(case.stage, "réponse")
    if not refused and stage != case.stage:
        fields["stage"] = stage
    return [Change(number=case.number, fields=fields)] if fields else []
