"""Eighty replies of Bo's through the whole corridor: what leaves is exactly what is labelled, and no secret is ever in it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import cast
import pytest
import pytest_asyncio
import registers
from room import Room, mail, room
from sink import Sink

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store.tables import Code
from staff.leaks import FILES, LEAKS, Given, Leak, carried_by, everything, kinds_in, normalised, same_text, shown_in
from staff.leaks.shapes import tapped
from staff.notices import LINE, MORNING, drawn

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBER = "REC-2026-0001"
UNDO = timedelta(minutes=10)
SURE = [scene for scene in LEAKS if scene.sure]
ASKED = [scene for scene in LEAKS if not scene.sure]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A register in which Carl's file is Bo's, his AR and the assignment have left; and what a scene is written with."""

    register: Path
    given: Given


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("prepared")
    async with Sink() as sink:
        with room(folder, guard, port=sink.port, now=MORNING) as desk:
            await desk.take(mail(at=MORNING))
            await desk.send()
            notice = desk.letter("assignment")
            [code] = [row.code for row in desk.rows(Code, Code.about == NUMBER, Code.person == cast.BO)]
            assert (notice.state, notice.to_addr, desk.file(NUMBER).assignee) == ("sent", cast.BO, cast.BO)
    given = Given(
        secrets=drawn(random.Random(20261123), code=code),
        notice_id=notice.message_id,
        message_id="<answer-1@ief.example>",
        number=NUMBER,
        headers=(("Authentication-Results", f"{cast.PROVIDER}; dmarc=pass header.from=ief.example"),),
    )
    return Prepared(register=folder, given=given)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What Bo's mails caused, once the undo window is over: the desk, and what Carl got, by the wire."""

    desk: Room
    to_carl: tuple[bytes, ...]
    early: int  # how many letters Carl had before the end of the window


class Post:
    """A desk whose register is, each time, a copy of the prepared one, and the server that its letters leave by."""

    def __init__(self, prepared: Prepared, desk: Room, sink: Sink) -> None:
        self.given, self.prepared, self.desk, self.sink = prepared.given, prepared, desk, sink

    async def told(self, *mails: Callable[[], bytes]) -> Told:
        """Bo's mails, one after the other; then the window passes."""
        self._begin_again()
        for write in mails:
            await self.desk.take(write())
            await self.desk.send()
        early = len(self._to_carl())
        self.desk.clock.advance(seconds=UNDO.total_seconds())
        await self.desk.send()
        return Told(desk=self.desk, to_carl=self._to_carl(), early=early)

    def _begin_again(self) -> None:
        folder = self.desk.config.data_dir
        self.desk.register.close()  # it is replaced under it; what it knows of its statements is kept, the slow part
        registers.copy(self.prepared.register, folder)
        self.desk.clock.now = self.given.date
        self.sink.taken.clear()

    def _to_carl(self) -> tuple[bytes, ...]:
        return tuple(taken.raw for taken in self.sink.taken if cast.CARL in taken.to)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def post(prepared: Prepared, guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Post]:
    async with Sink() as sink:
        with room(tmp_path_factory.mktemp("post"), guard, port=sink.port) as desk:
            yield Post(prepared, desk, sink)


def part(raw: bytes, kind: str) -> str:
    body = message_from_bytes(raw, policy=policy.default).get_body((kind,))
    assert body is not None
    return str(body.get_content())


def files_of(raw: bytes) -> dict[str, bytes]:
    """Every file by its name, decoded: also what a client would show as a picture or a text."""
    parts = message_from_bytes(raw, policy=policy.default).iter_attachments()
    return {str(file.get_filename()): bytes(file.get_payload(decode=True)) for file in parts}


def named(scenes: list[Leak]) -> list[object]:
    return [pytest.param(scene, id=scene.id) for scene in scenes]


# -- the eighty ----------------------------------------------------------------------------------------------------


async def test_there_are_sixty_four_sure_scenes_and_sixteen_to_ask_about() -> None:
    assert (len(SURE), len(ASKED)) == (64, 16)


@pytest.mark.parametrize("scene", named(SURE))
async def test_a_sure_text_leaves_unasked_as_typed_with_its_files_and_without_a_secret(scene: Leak, post: Post) -> None:
    told = await post.told(lambda: scene.write(post.given))
    [raw] = told.to_carl
    letter = told.desk.letter(scene.letter)
    assert (letter.raw, letter.state, told.early) == (raw, "sent", 0)
    assert same_text(letter.facts["reason" if scene.letter == "commitment" else "text"], scene)
    assert carried_by(part(raw, "plain"), scene)
    assert files_of(raw) == {name: FILES[name][1] for name in scene.files_leave}
    assert kinds_in(raw, post.given.secrets) == ()
    assert [word for word in (LINE, *scene.stays, *scene.files_stay) if word in everything(raw)] == []
    assert told.desk.letters("fence") == []
    confirmed = normalised(part(told.desk.letter("confirm").raw, "plain").replace("\n>", "\n"))
    assert normalised(scene.leaves) in confirmed
    assert [name for name in (*scene.files_leave, *scene.files_stay) if name not in confirmed] == []


@pytest.mark.parametrize("scene", named(ASKED))
async def test_a_doubtful_text_is_shown_to_its_author_and_nothing_leaves(scene: Leak, post: Post) -> None:
    told = await post.told(lambda: scene.write(post.given))
    assert told.to_carl == ()
    fence = told.desk.letter("fence")
    assert (fence.to_addr, fence.state, told.desk.file(NUMBER).stage) == (cast.BO, "sent", "acknowledged")
    shown = normalised(part(fence.raw, "plain").replace("\n>", "\n"))
    assert shown_in(shown, scene)
    assert fence.facts["why"] in shown
    assert "Envoyer ce texte" in shown
    text, secrets = normalised(fence.facts["text"]).casefold(), post.given.secrets
    taken_out = (secrets.code, secrets.link, "mailto:", "au-dessus de cette ligne")
    assert [word for word in taken_out if word.casefold() in text] == []


# -- « Envoyer ce texte » ------------------------------------------------------------------------------------------

SHOWN = [s for s in ASKED if s.id in ("block-in-own-words", "interleaved-plain", "parts-disagree", "code-in-brackets")]
CARD = "-- \nBo Martin\nInstitut Exemple Formation"


def tap(post: Post, scene: Leak, style: str, added: str) -> bytes:
    """The button of the fence, with something more under its text."""
    given = replace(post.given, message_id="<tap@ief.example>")
    body = f"{post.desk.letter('fence').facts['text']}{added}"
    return tapped(given, style=style, tag=f"#{scene.tag}", body=body)


@pytest.mark.parametrize("under", ["", "\n\nEnvoyé de mon iPhone", f"\n\n{CARD}"], ids=["bare", "phone", "card"])
@pytest.mark.parametrize("scene", named(SHOWN))
async def test_a_text_that_was_shown_leaves_with_the_button(scene: Leak, under: str, post: Post) -> None:
    told = await post.told(lambda: scene.write(post.given), lambda: tap(post, scene, "thunderbird-plain", under))
    [raw] = told.to_carl
    fence = told.desk.letter("fence")
    assert normalised(fence.facts["text"]) in normalised(part(raw, "plain"))
    assert [kind for kind in kinds_in(raw, post.given.secrets) if kind in ("code", "link")] == []


@pytest.mark.parametrize(
    "added", ["{code}", "[{number}-{code}]", LINE, "De : Hugo\nEnvoyé : hier\nÀ : Bo\nObjet : salle", "> cité"]
)
async def test_the_button_does_not_carry_what_was_added_to_the_text_shown(added: str, post: Post) -> None:
    scene = next(s for s in ASKED if s.id == "parts-disagree")
    more = "\n\n" + added.format(code=post.given.secrets.code, number=NUMBER)
    told = await post.told(lambda: scene.write(post.given), lambda: tap(post, scene, "gmail-web", more))
    assert told.to_carl == ()
    assert len(told.desk.letters("fence")) == 2
