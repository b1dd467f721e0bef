"""Every letter of three weeks, to whomever and however it came about, names its cause, down to a mail, an hour or a person
(reliability T76, promise P18)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from room import mail, room
from sink import Sink

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store import questions
from mailbot.store.tables import Inbound, Letter

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def told(cause: dict[str, Any], mails: set[str]) -> str:
    """What a cause is; "" for one that leads nowhere."""
    if cause["kind"] == "delivery":
        return f"delivery of {cause['letter']}, {told(cause['caused_by'], mails)}" if cause["message_id"] else ""
    if cause["kind"] == "mail":
        return "mail" if cause["message_id"] in mails else ""
    return f"{cause['kind']} {cause.get('due') or cause.get('words')}" if cause.get("due") or cause.get("words") else ""


@pytest.mark.long
async def test_t76_any_letter_says_why_it_was_written(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            desk.register.run(desk.dues.first_digest)
            for n in range(6):
                await desk.take(mail(f"Plainte {n}", sender=f"c{n}@courriel.example"))
            sink.on("RCPT", "", "", "550 5.1.1 inconnu", "")
            await desk.send()
            await desk.take(mail("[REC-2026-0001] #prendre", "\n", sender=cast.BO, name="Bo Martin"))
            await desk.take(mail("[REC-2026-0003] #note", "Vu avec le formateur.\n", sender=cast.BO, name="Bo Martin"))
            await desk.take(mail("[REC-2026-0004] Encore moi", "Toujours rien ?\n", sender="c3@courriel.example"))
            for _ in range(2 * 21):
                await desk.tick(hours=12)
                await desk.send()
            mails = {row.message_id for row in desk.rows(Inbound)}
            letters = desk.rows(Letter)
            causes = {
                letter.name: told(desk.register.ask(lambda tx, c=letter.cause: questions.cause(tx, c)), mails)
                for letter in letters
            }
            assert len(letters) >= 100
            assert [name for name, cause in causes.items() if not cause] == []
            assert {c.split()[0] for c in causes.values()} >= {"mail", "tick", "delivery"}
            shown = [letter["name"] for file in desk.files() for letter in desk.story(file.number)["letters"]]
            of_no_file = Counter(letter.kind for letter in letters if letter.name not in shown)
            assert set(of_no_file) <= {"digest", "alarm", "recovered", "chase"}, "why tells of all others"
