"""What the register is asked about a mail before it is decided: names and numbers drawn from what it says."""

from __future__ import annotations

from typing import Any

from mailbot import rules
from mailbot.config import Config
from mailbot.identity import author
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.reading.form import plain_dashes
from mailbot.rules.actions import rank_in
from mailbot.rules.causes import labelled
from mailbot.rules.commands import command_of
from mailbot.rules.commands.entering import entry
from mailbot.store import desks
from mailbot.verdict import same_company

ABOUT_ACTIONS = ("action", "fait", "efficace", "inefficace")


def query_of(message: Message, said: Reading, config: Config, *, staff: str = "") -> desks.Query:
    """What the register is asked about this mail."""
    writer = author(message, config)
    me = staff or (writer.person.addresses[0].lower() if writer.person else "")
    who = rules.complainant(message, said, writer, config).addr
    if writer.person and (tag := command_of(message, said, config).tag) and tag.name == "saisie":
        who = entry(said).addr  # the history is that of the person entered
    colleague = writer.person is not None or writer.own_domain
    subject = plain_dashes(message.subject.upper())
    return desks.Query(
        message_id=message.message_id,
        fingerprint=message.fingerprint,
        thread=(*message.in_reply_to, *message.references),
        marker=said.marker,
        cited=tuple(r for r in said.references if r in subject),
        author=writer.addr,
        complainant=who,
        domain=same_company(who, frozenset(config.intake.public_domains)) if who else "",
        training=said.training,
        session=said.session,
        recipients=tuple(
            a.addr.lower()
            for a in (*message.to, *message.cc)
            if colleague and a.addr.lower() not in config.own_addresses
        ),
        reports=message.reports,
        **_command_query(message, said, config, me),
    )


def _command_query(message: Message, said: Reading, config: Config, me: str) -> dict[str, Any]:
    """What a command makes the register look up; of a stranger's mail (`me` is "") only one that holds a code counts."""
    command = command_of(message, said, config)
    reference = command.references[0] if command.references else None
    if not me and not (reference and reference.code):
        return {}
    words = command.argument.split()
    name = command.tag.name if command.tag else ""
    return {
        "staff": me,
        "named": tuple(r.number for r in command.references if r.number),
        "code_about": (reference.number or f"m-{reference.inbound_id}") if reference else "",
        "code": reference.code if reference else "",
        "target": words[0].strip("[]().,;").upper() if words and name in ("doublon", "lier") else "",
        "pending": int(words[0]) if name == "confirmer" and words and words[0].isdigit() and len(words[0]) < 10 else 0,
        "meeting": name in ("réunion", "bulletin"),
        "bulletin": name == "bulletin",
        "waiting_mail": reference.inbound_id if reference else 0,
        "action": (rank_in(command.argument) or _replaced(said)) if name in ABOUT_ACTIONS else 0,
    }


def _replaced(said: Reading) -> int:
    """The 7 of the line « Remplace : A-7 » below an `#action`."""
    return rank_in(labelled(said.new_text, ("remplace",)).get("remplace", ""))
