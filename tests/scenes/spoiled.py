"""Evidence made false in one point each, and the check of the audit that must notice: the audit is tested too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from audit import Accepted, Evidence

from scenes.post import File


def without_a_letter(e: Evidence) -> Evidence:
    return replace(e, accepted=e.accepted[1:])


def with_a_second_copy(e: Evidence) -> Evidence:
    return replace(e, accepted=[*e.accepted, e.accepted[0]])


def with_other_bytes(e: Evidence) -> Evidence:
    first, *rest = e.accepted
    return replace(e, accepted=[Accepted(to=first.to, raw=first.raw.replace(b"\r\n\r\n", b"\r\n\r\n ")), *rest])


def sent_to_a_stranger(e: Evidence) -> Evidence:
    return replace(e, accepted=[*e.accepted[1:], Accepted(to="inconnu@ailleurs.example", raw=e.accepted[0].raw)])


def with_a_mail_gone(e: Evidence) -> Evidence:
    folder = next(name for name, messages in e.folders.items() if messages)
    return replace(e, folders={**e.folders, folder: dict(list(e.folders[folder].items())[1:])})


def with_another_verdict(e: Evidence) -> Evidence:
    wrong = next(n for n, m in enumerate(e.sent) if m.verdict == "list" and m.trace not in e.taken_away)
    return replace(e, sent=[*e.sent[:wrong], replace(e.sent[wrong], verdict="bounce"), *e.sent[wrong + 1 :]])  # type: ignore[type-var]


def with_another_file(e: Evidence) -> Evidence:
    wrong = next(n for n, m in enumerate(e.sent) if m.files)
    other = replace(e.sent[wrong], files=(File(name="x.pdf", sha256="0" * 64),))  # type: ignore[type-var]
    return replace(e, sent=[*e.sent[:wrong], other, *e.sent[wrong + 1 :]])


def with_a_traceback(e: Evidence) -> Evidence:
    return replace(e, log=e.log + "Traceback (most recent call last)")


SPOILED: tuple[tuple[Callable[[Evidence], Evidence], str], ...] = (
    (without_a_letter, "A3"),
    (with_a_second_copy, "A3"),
    (with_other_bytes, "A3"),
    (sent_to_a_stranger, "A4"),
    (with_a_mail_gone, "A5"),
    (with_another_verdict, "A1"),
    (with_another_file, "A6"),
    (with_a_traceback, "A8"),
)
