"""Five thousand hostile texts in every borrowed field: our header names exactly, one recipient, as the standard library reads them back.

Seeded, so that a failure comes back; a short run each time, the whole of it in the long tier.
"""

from __future__ import annotations

import base64
import email
import email.policy
import random
from collections import Counter
from dataclasses import replace
from email.quoprimime import header_encode
from itertools import islice

import pytest
from test_letters_each import ENTROPY, HOUSE, NAMES, NOW
from test_letters_hostile import one_of_each

from mailbot.letters import seal

BAIT = "v@mallory.example"
BREAKS = (
    "\r\n",
    "\n",
    "\r",
    "\v",
    "\f",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
    "\0",
    "\r\n ",
    "\n\t",
    "\r\n\r\n",
    "",
)
FIELDS = ("Bcc", "To", "Cc", "From", "Reply-To", "Subject", "Content-Type", "X-Mailbot", "Auto-Submitted", "Message-ID")
PIECES = (
    *(f'Eve" <{BAIT}>, "', f"<{BAIT}>", f", {BAIT}", f"a@b.example>, <{BAIT}", "=?", "?=", "=?utf-8?q?", "\u202e", "\ue200"),
    *("\ud800", "Z\u0300\u0301", "[REC-2026-0001-K7QX3M]", "#résolu", "«é»", "日本語", "{{ house }}", "%0d%0a", "\\r\\n", "=0D=0A"),
    *("--=_", "boundary=x", '"; x="', "<script>", "https://mallory.example", "-- ", ".", "\r\n.\r\nQUIT\r\n", "x" * 1200),
)  # fmt: skip


def hostile(rank: int) -> str:
    """A text that would write a header, plain or in encoded words up to three deep, among other odd things."""
    chance = random.Random(f"58:{rank}")
    line = f"{chance.choice(BREAKS)}{chance.choice(FIELDS)}: {BAIT}{chance.choice(BREAKS)}"
    for _ in range(chance.randrange(4)):
        line = _encoded(chance, line)
    odd = [chance.choice(PIECES) for _ in range(chance.randrange(4))]
    place = chance.randrange(len(odd) + 1)
    return "".join([*odd[:place], line, *odd[place:]])


def _encoded(chance: random.Random, text: str) -> str:
    octets = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.5:
        return f"=?utf-8?b?{base64.b64encode(octets).decode()}?="
    word = header_encode(octets, "utf-8")
    return word if chance.random() < 0.7 else word.replace("_", " ")


def assert_ours(rank: int) -> None:
    text = hostile(rank)
    each = one_of_each(text)
    letter = replace(each[rank % len(each)], in_reply_to=text, references=(text, "<ok@b.example>"))
    raw = seal(letter, HOUSE, now=NOW, entropy=ENTROPY, files=((text, text, b"x"),)).raw
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    for message in (
        email.message_from_bytes(raw, policy=email.policy.compat32),
        email.message_from_bytes(head, policy=email.policy.default),
    ):
        assert Counter(map(str.lower, message.keys())) == Counter(n for n in NAMES if n != "in-reply-to"), text
        assert message.get_all("To") == ["carl@boite.example"], text
        assert BAIT not in str(message["From"]), text


def test_hostile_texts_differ_and_carry_their_bait() -> None:
    texts = [hostile(rank) for rank in range(300)]
    assert len(set(texts)) > 290
    assert sum(BAIT in text for text in texts) > 50
    assert sum("=?utf-8?" in text for text in texts) > 150


@pytest.mark.parametrize("start", range(5))
def test_t58_no_text_writes_a_header(start: int) -> None:
    for rank in islice(range(start, 5_000, 5), 40):
        assert_ours(rank)


@pytest.mark.long
@pytest.mark.parametrize("start", range(0, 5_000, 500))
def test_t58_five_thousand_texts_write_no_header(start: int) -> None:
    for rank in range(start, start + 500):
        assert_ours(rank)
