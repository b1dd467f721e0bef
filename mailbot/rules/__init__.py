"""The decisions: on_message, on_choice, on_undecided, on_settled, on_due → list of effects. Where a rule of the spec lives.

`intake` opens files, `joining` adds mails to them, `acknowledge` the AR and its date, `waiting` what a human is asked and what
happens when nobody says, `delivery` what a settled letter means for its file.
"""

from __future__ import annotations

from dataclasses import replace

from mailbot.config import Config
from mailbot.desk import Desk
from mailbot.effects import Attach, Effect, Judge, Note
from mailbot.identity import Author, author
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.rules import actions, commands, intake, joining, practice, returning, waiting
from mailbot.rules.acknowledge import group, reprint
from mailbot.rules.clock import done_of, look_again, on_look
from mailbot.rules.delivery import alarm_letters, bounced, matters, mute_letters, on_ack_overdue, on_settled
from mailbot.rules.intake import Complainant, complainant, files_to_send
from mailbot.rules.returning import reopened
from mailbot.rules.takeover import leave, split_file, take_over
from mailbot.rules.waiting import Refused, on_choice, on_undecided
from mailbot.verdict import Verdict, judge

__all__ = [
    "Complainant",
    "Refused",
    "actions",
    "alarm_letters",
    "commands",
    "complainant",
    "done_of",
    "files_to_send",
    "group",
    "leave",
    "look_again",
    "matters",
    "mute_letters",
    "on_ack_overdue",
    "on_choice",
    "on_look",
    "on_message",
    "on_settled",
    "on_undecided",
    "practice",
    "reopened",
    "reprint",
    "split_file",
    "take_over",
]


def on_message(message: Message, reading: Reading, desk: Desk, config: Config) -> list[Effect]:
    """The decision about one mail: its verdict, and all that follows."""
    writer = author(message, config)
    if desk.incoming.unreadable:
        return _unreadable(message, reading, desk, writer, config)
    command = commands.meeting.meant(commands.command_of(message, reading, config), desk, writer, config)
    commanded = commands.is_command(command, desk)
    verdict = judge(message, reading, desk, writer, config, commanded=commanded)
    if verdict.question == "code":
        return commands.on_borrowed_code(message, reading, desk, writer, config)
    if verdict.kind == "staff-command":
        return commands.on_command(command, message, reading, desk, writer, config)
    return _decide(verdict, message, reading, desk, writer, config)


def _decide(
    verdict: Verdict, message: Message, reading: Reading, desk: Desk, writer: Author, config: Config
) -> list[Effect]:
    if verdict.kind == "survey-answer" and not returning.marks_of(reading):  # words alone are a mail like any other
        verdict = replace(verdict, kind="follow-up", reason=f"{verdict.reason}, sans note")
    if verdict.waiting:
        return waiting.ask(verdict, message, reading, desk, writer, config)
    if verdict.kind == "complaint":
        return intake.open_file(message, reading, desk, writer, config, verdict="complaint", reason=verdict.reason)
    if verdict.kind == "bounce":
        return bounced(desk, config, reason=verdict.reason, case=verdict.case)
    if verdict.case is None:
        return _no_file(verdict, writer)
    if verdict.kind == "auto-reply":
        return [*_filed_silently(verdict, writer), *returning.away(message, desk, writer, config, case=verdict.case)]
    if verdict.kind == "survey-answer":
        return returning.survey_answer(message, reading, desk, writer, config, case=verdict.case, reason=verdict.reason)
    if verdict.kind == "follow-up" and returning.too_late(verdict.case, desk, config):
        return intake.open_file(
            message,
            reading,
            desk,
            writer,
            config,
            verdict="complaint",
            reason=f"suite tardive de {verdict.case.number}, close",
            linked_to=verdict.case.number,
        )
    if verdict.kind == "follow-up":
        return joining.follow_up(
            message,
            reading,
            desk,
            writer,
            config,
            case=verdict.case,
            registered=verdict.from_registered,
            reason=verdict.reason,
        )
    if verdict.kind == "staff-note":
        return joining.staff_note(message, reading, desk, writer, config, case=verdict.case, reason=verdict.reason)
    if verdict.kind == "direct-answer":
        return joining.direct_answer(message, reading, desk, writer, config, case=verdict.case, reason=verdict.reason)
    return _filed_silently(verdict, writer)


def _no_file(verdict: Verdict, writer: Author) -> list[Effect]:
    """Own, before-start, duplicate, auto-reply, list: recorded, answered to nobody."""
    return [
        Judge(verdict=verdict.kind, reason=verdict.reason),
        Note(number=None, event=verdict.kind, actor=writer.addr or "inconnu", text=verdict.reason),
    ]


def _filed_silently(verdict: Verdict, writer: Author) -> list[Effect]:
    """An out-of-office on a file is kept with it; it opens, answers and closes nothing."""
    number = verdict.case.number if verdict.case else ""
    return [
        Attach(number=number),
        Judge(verdict=verdict.kind, reason=verdict.reason, number=number),
        Note(number=number, event=verdict.kind, actor=writer.addr or "inconnu", text=verdict.reason),
    ]


def _unreadable(message: Message, reading: Reading, desk: Desk, writer: Author, config: Config) -> list[Effect]:
    """Judged on its readable headers like any mail; where that says complaint, or machine, it is quarantined (spec §2)."""
    why = desk.incoming.unreadable
    verdict = judge(message, reading, desk, writer, config)
    if verdict.kind == "complaint":
        return intake.open_file(
            message, reading, desk, writer, config, verdict="quarantined", reason=f"illisible : {why}"
        )
    if verdict.kind in ("auto-reply", "list", "bounce", "spam-suspect"):
        reason = f"illisible ({why}) et d’apparence automatique ou suspecte : aucun dossier ouvert"
        return [
            Judge(verdict="quarantined", reason=reason, decided=False),
            Note(number=None, event="quarantined", actor="mailbot", text=reason),
        ]
    return _decide(verdict, message, reading, desk, writer, config)
