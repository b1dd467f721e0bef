"""Every letter in every language and every fate that changes what it shows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from test_letters_each import ENTROPY, HOUSE, NOW, letter
from test_letters_look import png
from test_letters_samples import FACTS, RENDERED, ROW, TO_COMPLAINANTS, WAITING

from mailbot.letters import House, Logo, Sealed, seal
from mailbot.letters.buttons import ASKED

NATURES = ("doublon", "hors-périmètre", "difficulté", "aléa", "retrait", "sans-suite")
STAGES = ("registered", "assigned", "assessed", "waiting", "committed", "closing")
LONG = "Intitulé-interminable-sans-aucun-espace-" * 4
EMPTY = {name: [] for name in ("late", "today", "risk", "changed", "new", "to_decide", "open", "no_ack", "alarms")}
NOTHING = {"received": 0, "explained": 0, "by_verdict": {}, "vanished": [], "before_start": 0}
ADORNED = replace(HOUSE, accent="#7a1f5c", logo=Logo(octets=png(240, 60), subtype="png"))


@dataclass(frozen=True, kw_only=True)
class Fate:
    """One letter to draw. `plain`: the sample itself, whose picture is approved."""

    name: str
    kind: str
    language: str = "fr"
    facts: dict[str, Any] = field(default_factory=dict)
    house: House = HOUSE
    plain: bool = False

    def sealed(self) -> Sealed:
        return seal(letter(self.kind, self.language, **self.facts), self.house, now=NOW, entropy=ENTROPY)


def every() -> list[Fate]:
    """All of them, the samples first."""
    samples = [Fate(name=f"{kind}-{language}", kind=kind, language=language, plain=True) for kind, language in RENDERED]
    return [*samples, *_digests(), *_outside(), *_inside()]


def few() -> list[Fate]:
    """The ones that `make test` draws."""
    wanted = ("ack-fr", "reply-en", "assignment-fr", "chase-fr", "digest-200")
    return [fate for fate in every() if fate.name in wanted]


def _fate(kind: str, what: str, language: str = "fr", house: House = HOUSE, **facts: Any) -> Fate:
    return Fate(name=f"{kind}-{what}-{language}", kind=kind, language=language, facts=facts, house=house)


def _outside() -> list[Fate]:
    fates = []
    for language in ("fr", "en"):
        bare = {"files": [], "rejected": [], "closures": [], "late": False, "oversize": False}
        fates += [
            _fate("ack", "ordinary", language, **bare),
            _fate("ack", "unproven", language, authenticated=False),
            _fate("ack", "no-wish", language, wish="", wish_state="non exprimée"),
            _fate("ack", "doubtful-wish", language, wish_state="à confirmer"),
            _fate("ack", "many-files", language, files=[f"{n} {LONG}.pdf" for n in range(9)], name=LONG),
            _fate("ack", "adorned", language, ADORNED, **bare),
            *(_fate("progress", stage, language, stage_sentence=stage) for stage in STAGES),
            _fate("progress", "promised", language, committed_on="2026-05-29"),
            *(_fate("nature", nature, language, nature=nature, kept_number="REC-2026-0031") for nature in NATURES),
            _fate("reply", "consumer", language, consumer="oui", outcome="fondée"),
            _fate("reply", "perhaps-consumer", language, consumer="inconnu"),
            _fate("reply", "company", language, consumer="non"),
            _fate("question", "greets", language, text="Bonjour Carl,\n\nquelle session ?"),
        ]
    return fates


def _inside() -> list[Fate]:
    long = {"name": LONG, "size": 3, "attached": False, "reason": LONG}
    return [
        *(_fate("chase", asks, asks=asks) for asks in ASKED),
        _fate("chase", "sensitive", shown=False),
        _fate("chase", "late", days_left=-3, asks="answer-overdue"),
        _fate("assignment", "sensitive", sensitive=True),
        _fate("assignment", "long", subject=LONG, text=LONG * 20, files=[long], training=LONG, hints=[LONG]),
        _fate("assignment", "bare", text="", files=[], history=[], hints=[], cc=[], phone="", on_behalf=""),
        _fate("refusal", "unknown", nearest="silence", outline=False),
        _fate("confirm", "inside", leaves_text="", files=[], leaves_at=None, undo_until=None),
        _fate("followup-notice", "registered", registered=True, files=[]),
        _fate("staff-question", "no-code", code=""),
        _fate("forward-question", "no-code", code=""),
        _fate("list", "empty", rows=[]),
    ]


def _digests() -> list[Fate]:
    return [Fate(name=f"digest-{count}", kind="digest", facts=_digest(count), plain=True) for count in (0, 20, 200)]


def _digest(count: int) -> dict[str, Any]:
    """A morning with that many open files: a tenth late, a tenth due today, a tenth at risk."""
    rows = [_row(n) for n in range(1, count + 1)]
    tenth = count // 10
    late = [{**row, "due_on": "2026-05-07"} for row in rows[:tenth]]
    today = [{**row, "due_on": "2026-05-12"} for row in rows[tenth : 2 * tenth]]
    risk = [{**row, "due_on": "2026-05-13"} for row in rows[2 * tenth : 3 * tenth]]
    other = rows[3 * tenth :]
    waiting = [{**WAITING, "inbound_id": n} for n in range(1, min(tenth, 6) + 1)]
    counts = {
        "received": 37 if count else 0,
        "explained": 37 if count else 0,
        "by_verdict": {"réclamation": 19, "suite d’un dossier": 9, "réponse automatique": 6, "liste": 3}
        if count
        else {},
        "vanished": [],
        "before_start": 0,
    }
    return {
        **EMPTY,
        "counts": counts,
        "late": late,
        "today": today,
        "risk": risk,
        "new": other[:tenth],
        "open": [*late, *today, *risk, *other],
        "to_decide": waiting,
        "codes": {str(row["inbound_id"]): "K7QX3M" for row in waiting},
        "essai": False,
    }


def _row(n: int) -> dict[str, Any]:
    kinds = ("stagiaire", "financeur", "autre")
    people = ("Bo Martin", "Ann Leroy", "Line Direction")
    return {
        **ROW,
        "number": f"REC-2026-{n:04d}",
        "priority": ("P3", "P1", "P2", "P4", "")[n % 5],
        "type": kinds[n % 3],
        "assignee": people[n % 3],
        "due_on": f"2026-05-{14 + n % 5}",
        "name": f"Réclamant {n}",
        "subject": "Session reportée deux fois sans explication",
    }


def outsiders() -> list[Fate]:
    """The letters that complainants read."""
    return [fate for fate in every() if fate.kind in TO_COMPLAINANTS]


assert set(FACTS) <= {fate.kind for fate in every()}
