"""The eighty leak scenes are sound: they parse, they hold the secrets they name, their labels say what may leave."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart

import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st

from staff.clients import STYLES
from staff.leaks import (
    FILES,
    GAP,
    LEAKS,
    LETTERS,
    Given,
    Leak,
    carried_by,
    everything,
    kinds_in,
    normalised,
    same_text,
    shown_in,
)
from staff.notices import KINDS, LINE, Secrets, assignment, chase, drawn, filed, relined, without_line

SECRETS = drawn(random.Random(42), code="K7QX3M")
GIVEN = Given(
    secrets=SECRETS,
    notice_id="<0f3b.notice@ief.example>",
    message_id="<reply-1@ief.example>",
    headers=(("Authentication-Results", "mx.ief.example; dmarc=pass header.from=ief.example"),),
)
CLOSING = {tag for tag, letter in LETTERS.items() if letter == "reply"}
IDS = [scene.id for scene in LEAKS]
# The marks, and what may stand before them in the same mark, without white space and capitals
MARKS = (
    r"au.dessusdecetteligne|aécrit:|wrote:|_{20,}|-{3,}(?:message|original|ursprüngliche|forwarded|mailoriginal)"
    r"|\bvon:|\bde:\*?réclamations|from:|envoyé:"
)
LEAD = r"(?:\*|-*répondre|(?:le|on|de:|à:)\S{1,100}|messagedu\S{1,200}répondre)?"
every = pytest.mark.parametrize("scene", LEAKS, ids=IDS)
sure = pytest.mark.parametrize("scene", [s for s in LEAKS if s.sure], ids=[s.id for s in LEAKS if s.sure])
asked = pytest.mark.parametrize("scene", [s for s in LEAKS if not s.sure], ids=[s.id for s in LEAKS if not s.sure])


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def texts(raw: bytes) -> list[str]:
    """The text and HTML of the mail itself (no attachment), without tags, quotation marks and runs of white space."""
    mail, found = parsed(raw), []
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        if part is not None and part.get_content().strip():
            bare = re.sub(
                r"<(?!mailto|[^<>@\s]+@)[^<>]*>" if kind == "html" else r"^[>|]+ ?", " ", part.get_content(), flags=re.M
            )
            found.append(normalised(bare.replace("&nbsp;", " ").replace("&gt;", ">").replace("&lt;", "<")))
    return found


def leaves(part: MIMEPart) -> Iterator[MIMEPart]:
    """The parts that hold something; a nested message is one of them, and is not opened."""
    if not part.is_multipart() or part.get_content_type() == "message/rfc822":
        yield part
        return
    for inner in part.iter_parts():
        yield from leaves(inner)


def attached(raw: bytes) -> dict[str, bytes]:
    """The files of the mail by name (a nested message as its own bytes), Apple's inside the HTML branch too."""
    found = {}
    for part in leaves(parsed(raw)):
        if part.get_content_disposition() == "attachment":
            inner = next(part.iter_parts(), None)
            octets = part.get_payload(decode=True) if inner is None else inner.as_bytes()
            found[str(part.get_filename())] = bytes(octets)  # type: ignore[arg-type]
    return found


def tight(text: str) -> str:
    """Without any white space: HTML puts some where text has none."""
    return re.sub(r"\s", "", text)


def test_there_are_eighty_scenes_and_at_least_sixty_four_leave_unasked() -> None:
    assert len(LEAKS) == len(set(IDS)) == 80
    assert sum(scene.sure for scene in LEAKS) >= 64


@every
def test_the_mail_parses_and_is_the_same_at_each_writing(scene: Leak) -> None:
    raw = scene.write(GIVEN)
    assert raw == scene.write(GIVEN)
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    mail = parsed(raw)
    assert [d for part in mail.walk() for d in part.defects if scene.id != "attached-base64-message"] == []
    assert mail["Message-ID"] == GIVEN.message_id
    assert raw.startswith(b"Authentication-Results: mx.ief.example; dmarc=pass")
    assert [address.addr_spec for address in mail["From"].addresses] == ["bo@ief.example"]
    assert [address.addr_spec for address in mail["To"].addresses] == ["reclamations@ief.example"]


@every
def test_the_reference_and_one_tag_stand_in_the_subject_or_on_the_first_line(scene: Leak) -> None:
    raw = scene.write(GIVEN)
    subject = str(parsed(raw)["Subject"])
    assert f"[{GIVEN.number}" in subject
    place = texts(raw)[0][:40] if scene.id == "tag-on-first-line" else subject
    assert re.findall(r"#(\S+)", place) == [scene.tag]
    assert scene.tag in LETTERS
    assert (GIVEN.until in subject) == (scene.tag == "butoir")


@every
def test_the_mail_holds_exactly_the_secrets_that_the_label_names(scene: Leak) -> None:
    assert kinds_in(scene.write(GIVEN), SECRETS) == scene.kinds


@every
def test_no_label_lets_a_secret_or_the_line_leave(scene: Leak) -> None:
    label = f"{scene.leaves}\n{scene.tail}".casefold()
    assert [kind for kind in KINDS if SECRETS.word(kind).casefold() in label] == []
    assert "cette ligne" not in label
    assert "mailto:" not in label
    assert [word for word in scene.stays if word.casefold() in label] == []


@every
def test_the_author_typed_what_the_label_lets_leave(scene: Leak) -> None:
    for text in texts(scene.write(GIVEN)):
        rest = tight(text)
        for piece in filter(None, map(tight, scene.leaves.split(GAP))):
            before, found, rest = rest.partition(piece)
            assert found, f"{piece!r} not in {before[:400]!r}"


@sure
def test_above_the_mark_stands_nothing_but_the_label(scene: Leak) -> None:
    """The text before the first mark is the label, its tail and, once, the line with the tag."""
    for text in texts(scene.write(GIVEN)):
        start = text.find(normalised(scene.leaves)[:12])
        assert text[:start].strip() in {"", "#réponse"}


@sure
def test_between_the_label_and_the_mark_stands_only_the_tail(scene: Leak) -> None:
    """A whole line or a client's mark follows, or nothing of the notice is quoted at all."""
    for text in texts(scene.write(GIVEN)):
        below = tight(text).partition(tight(scene.leaves))[2].removeprefix(tight(scene.tail)).casefold()
        mark = re.search(MARKS, below)
        if mark is None:
            assert below == ""
        else:
            assert re.fullmatch(LEAD, below[: mark.start()]), below[: mark.start()]


@every
def test_a_text_that_closes_is_argued(scene: Leak) -> None:
    own = scene.leaves.replace(GAP, "")
    assert len(own) >= (200 if scene.tag in CLOSING else 60)


@every
def test_files_are_in_the_mail_and_only_those_that_stay_hold_a_notice(scene: Leak) -> None:
    files = attached(scene.write(GIVEN))
    assert set(files) == {*scene.files_leave, *scene.files_stay}
    assert all(files[name] == FILES[name][1] for name in scene.files_leave)
    for name in scene.files_stay:
        alone = b"Content-Type: application/octet-stream; name=x.eml\r\n\r\n" + files[name]
        nested = kinds_in(files[name], SECRETS) or kinds_in(alone, SECRETS)
        assert set(nested) == set(KINDS) or scene.id == "attached-base64-message"


@asked
def test_what_must_be_asked_says_why(scene: Leak) -> None:
    assert len(scene.why) > 40


@sure
def test_what_leaves_unasked_needs_no_reason_and_has_no_gap(scene: Leak) -> None:
    assert scene.why == ""
    assert GAP not in scene.leaves


def test_every_client_and_most_tags_have_their_scene() -> None:
    assert {f"top-{style}" for style in STYLES if style != "thunderbird-below"} <= set(IDS)
    assert {scene.tag for scene in LEAKS} == set(LETTERS)
    assert {scene.tag for scene in LEAKS if not scene.sure} >= {"résolu", "réponse", "précisions"}


def test_the_two_parts_that_disagree_differ_in_the_sum_alone() -> None:
    (scene,) = (one for one in LEAKS if one.id == "parts-disagree")
    plain, html = texts(scene.write(GIVEN))
    assert "soit 87,40 €" in plain
    assert "soit 187,40 €" in html
    assert "187,40" not in plain


# ---- notices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [assignment, chase], ids=["assignment", "chase"])
def test_a_notice_holds_every_secret_in_text_and_in_html(build: object) -> None:
    notice = build(SECRETS, message_id="<n@ief.example>")  # type: ignore[operator]
    for body in (notice.text, notice.html):
        assert [kind for kind in KINDS if SECRETS.word(kind) not in body] == []
        assert body.count(LINE) == 1
        assert f"mailto:reclamations@ief.example?subject=%5BREC-2026-0042-{SECRETS.code}%5D%20%23r%C3%A9solu" in body
        assert f"Réf. mb-{SECRETS.marker}" in body
    assert notice.text.startswith(LINE)
    assert "#" not in notice.subject
    assert SECRETS.code not in notice.subject


def test_a_letter_that_quotes_a_quotation_shows_the_line_twice() -> None:
    notice = filed(SECRETS, "Bonjour.", message_id="<n@ief.example>")
    assert notice.text.count(LINE) == notice.html.count(LINE) == 2
    assert f"> > {LINE}" in notice.text
    assert [kind for kind in KINDS if SECRETS.word(kind) not in notice.text] == []


def test_the_line_can_be_spoiled_or_taken_off_without_touching_the_rest() -> None:
    notice = assignment(SECRETS, message_id="<n@ief.example>")
    assert LINE not in without_line(notice).text + without_line(notice).html
    spoiled = relined(notice, "un < deux", None)
    assert spoiled.text.replace("un < deux", LINE) == notice.text
    assert spoiled.html.replace("un &lt; deux", LINE) == notice.html


@holds_for(st.integers(min_value=0, max_value=10**6))
def test_drawn_words_are_unique_findable_and_repeatable(seed: int) -> None:
    one = drawn(random.Random(seed))
    assert one == drawn(random.Random(seed))
    words = [one.word(kind) for kind in KINDS]
    assert len(set(words)) == len(KINDS) == 9
    assert re.fullmatch(r"[A-Z2-9]{6}", one.code)
    assert all(re.fullmatch(r"[A-Za-z]{10}", word) for word in words if word != one.code)


# ---- comparison ------------------------------------------------------------------------------------------------------


def test_texts_are_compared_but_for_white_space_and_the_card() -> None:
    scene = Leak(id="x", tag="réponse", sure=True, leaves="Un\n\ndeux trois", tail="Bo", write=lambda _: b"")
    assert same_text("Un deux\u00a0trois", scene)
    assert same_text("\ufeffUn deux\r\ntrois\n\nBo", scene)
    assert not same_text("Un deux", scene)
    assert not same_text("Un deux trois quatre", scene)
    assert carried_by("Bonjour, Un deux\ntrois, merci", scene)
    assert not carried_by("Un trois deux", scene)


def test_a_gap_may_hold_anything_but_the_order_counts() -> None:
    scene = Leak(id="x", tag="réponse", sure=False, leaves=f"avant {GAP} après {GAP}", write=lambda _: b"", why="w")
    assert shown_in("… avant après …", scene)
    assert shown_in("avant [code retiré] après", scene)
    assert not shown_in("après avant", scene)


def test_a_secret_is_found_in_headers_links_files_and_nested_messages() -> None:
    secrets = Secrets(
        code="K7QX3M",
        link="a1",
        hint="b2",
        history="c3",
        note="d4",
        marker="e5",
        other_file="f6",
        complaint="g7",
        person="h8",
    )
    raw = b"Subject: =?utf-8?q?un_=62=32?=\r\nContent-Type: text/html\r\n\r\n<a href='x?%61%31'>c&#51;</a>"
    assert kinds_in(raw, secrets) == ("link", "hint", "history")
    assert "un b2" in everything(raw)
