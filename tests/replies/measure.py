"""How a cut compares with its label: the same words, the share of them, and lines that should have stayed behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailbot import message, reading

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One labelled mail."""

    name: str
    raw: bytes
    new: str
    signature: str
    quotes_notice: bool
    unsure: bool


def replies(folder: Path) -> Iterator[Reply]:
    """The labelled mails of a folder, in their order."""
    for path in sorted(folder.glob("*.json")):
        label = json.loads(path.read_text(encoding="utf-8"))
        yield Reply(
            name=label["id"],
            raw=path.with_suffix(".eml").read_bytes(),
            **{key: label[key] for key in ("new", "signature", "quotes_notice", "unsure")},
        )


def folders() -> list[Path]:
    """The sets that are there, each a folder beside this page."""
    return sorted({path.parent for path in HERE.glob("*/*.json")})


def words(text: str) -> list[str]:
    return text.split()


def exact(reply: Reply, cut: str) -> bool:
    """The same words; the marked signature may stand at the end or not."""
    found, new, signature = words(cut), words(reply.new), words(reply.signature)
    return found == new or (bool(signature) and [w for w in found if w != "--"] in (new + signature, signature + new))


def f1(reply: Reply, cut: str) -> float:
    """The share of words in common, the signature aside (token F1)."""
    found, new = Counter(words(cut)), Counter(words(reply.new))
    found -= Counter(words(reply.signature)) - new
    common = sum((found & new).values())
    return 2 * common / (sum(found.values()) + sum(new.values())) if common else 0.0


def leaked(reply: Reply, cut: str) -> list[str]:
    """The lines of the cut that are not the person's: neither in the label nor in the signature."""
    own = " ".join(words(f"{reply.new}\n{reply.signature}"))
    lines = (" ".join(words(line)) for line in cut.splitlines())
    return [line for line in lines if len(line.strip("-_=> ")) > 2 and line not in own]


def ours(reply: Reply) -> reading.Reading:
    """What the desk reads."""
    return reading.read(message.read(reply.raw), reading.EMPTY_WORDS)
