"""After `person pseudonymise`: no byte of name or address is left, no figure moved, nothing comes back, the chain verifies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from servers.mail import MailServer

from mailbot import audit, proof, rules
from mailbot.guard import Guard
from mailbot.privacy import erasing
from mailbot.privacy.again import Again
from mailbot.store import erase, meetings
from mailbot.store.minutes import Meeting
from mailbot.store.packed import packed
from mailbot.store.tables import Inbound, Journal, Letter, Raw
from person import scene as scenes
from person.scene import Scene, coats, lived, scene
from person.searching import ADDRESS, files_that_hold, files_with, found_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
DRAW = "0123456789ab"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard() as opened:
        yield opened


def planned(at: Scene, address: str = ADDRESS) -> erase.Plan:
    return at.desk.register.ask(lambda tx: erasing.plan(tx, address, at.config, draw=lambda: DRAW))


def erased(at: Scene, plan: erase.Plan | None = None) -> erasing.Done:
    now = at.desk.clock()
    told = erasing.pseudonymise(at.desk.register, plan or planned(at), at.config, now, who="dan", cause="command:test")
    return erasing.follow(at.desk.register, at.config, at.mailbox(), at.desk.clock, told)


def frames_that_hold(at: Scene) -> list[bytes]:
    """Of each mail and letter that names her, what lies in the register for it: a packed part of its middle."""
    told = [r.data for r in at.desk.rows(Raw)] + [r.raw for r in at.desk.rows(Letter)]
    stored = [packed(data) for data in told if found_in(data)]
    return [frame[len(frame) // 2 :][:24] for frame in stored]


def a_meeting_that_names_her(at: Scene) -> Meeting:
    now = at.desk.clock()
    words = f"Rappeler {ADDRESS} lundi."
    return Meeting(first=now.date(), last=now.date(), made_at=now, pdf=b"", sheet=b"", decisions=words, bulletin=words)


@pytest.mark.sqlite("every byte of the file and its log; a database: test_the_same_on_postgresql")
async def test_no_byte_is_left_no_figure_moved_and_nothing_comes_back(
    mail_server: MailServer, tmp_path: Path, guard: Guard
) -> None:
    with scene(mail_server, tmp_path, guard) as at:
        await lived(at)
        at.desk.register.run(lambda tx: meetings.add(tx, a_meeting_that_names_her(at)))
        assert files_that_hold([tmp_path]), "she was there"
        assert len(files_that_hold([at.maildir])) > 5
        assert [f.complainant_addr for f in at.desk.files()].count(ADDRESS) == 3
        assert {r.verdict for r in at.desk.rows(Inbound)} >= {
            "complaint",
            "staff-command",
            "direct-answer",
            "spam-suspect",
        }
        assert at.desk.letter("commitment").state == "sent"
        assert any(found_in(r.raw) for r in at.desk.letters("digest")), "a digest names her"
        moved = at.put(coats()[0], "Trait&AOk-s")
        before, mails = at.figures(), len(at.desk.rows(Inbound))
        frames = frames_that_hold(at)
        assert len(frames) > 5
        head = at.desk.rows(Journal)[-1].head
        faults = (await audit.examine(at.config, at.desk.register, guard, at.desk.clock())).faults

        told = erased(at)

        assert told.whole
        assert told.mailbox is not None
        assert told.mailbox.left == []
        assert moved
        assert files_that_hold([tmp_path]) == {}
        assert files_with(frames, [tmp_path]) == [], "no packed byte of them either"
        assert [n for n, d in files_that_hold([at.maildir]).items()] == []
        assert at.figures() == before
        found = await proof.examine(at.desk.register, guard, head=head)
        assert found.faults == []
        assert found.erased_mails > 5
        assert "effacés" in "\n".join(proof.lines(found))
        after = (await audit.examine(at.config, at.desk.register, guard, at.desk.clock())).faults
        assert [f for f in after if f not in faults] == [], "mailbot check --audit finds nothing new"
        assert at.desk.register.ask(erase.unfinished) == []
        assert {f.complainant_name for f in at.desk.files() if f.erased_at} == {
            f"Réclamant {f.number}" for f in at.desk.files() if f.erased_at
        }

        suspect = next(row.id for row in at.desk.rows(Inbound) if row.verdict == "spam-suspect")
        with pytest.raises(rules.Refused, match="effacé"):
            await at.desk.mails.choose(suspect, "complaint", "dan")

        for raw in coats():
            at.put(raw)
        await at.sync()
        at.put(coats()[1].replace(b"From:", b"X-Relay: neuf\r\nFrom:", 1))
        await at.sync()
        assert at.figures() == before
        assert len(at.desk.rows(Inbound)) == mails + 1
        again = erasing.follow(at.desk.register, at.config, at.mailbox(), at.desk.clock, erasing.Done())
        assert again.whole
        assert files_that_hold([tmp_path, at.maildir]) == {}
        assert files_with(frames, [tmp_path]) == []


async def test_a_desk_at_work_takes_up_what_a_command_left(
    mail_server: MailServer, tmp_path: Path, guard: Guard
) -> None:
    with scene(mail_server, tmp_path, guard) as at:
        await scenes.wrote_and_was_answered(at)
        erasing.pseudonymise(at.desk.register, planned(at), at.config, at.desk.clock(), who="dan", cause="command:test")
        daemon = Again(at.desk.bench, at.mailbox)

        async def pass_by(**span: float) -> int:
            at.desk.clock.advance(**span)
            await daemon.tick()
            await daemon.wait()
            return len(at.desk.register.ask(erase.unfinished))

        assert await pass_by(minutes=1) == 1, "whoever typed the command may still be at it"
        assert await pass_by(minutes=10) == 0
        assert mail_server.mails(at.user) == []
        assert files_that_hold([tmp_path, at.maildir]) == {}
