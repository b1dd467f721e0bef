"""The relation around a file: does it grow louder, is it lasting, what was granted against what was wished (spec §5, domain R2.5, R3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mailbot import complaint
from mailbot.desk import Alike, Case, Past
from mailbot.effects import Change, Effect, Note
from mailbot.reading import Reading, fold
from mailbot.rules.causes import labelled

LOUD = {"juridique": "avocat ou autorité", "presse": "presse ou avis public"}
SAME_SESSION_DAYS = 30
MOST_SIGNS = 50
REMEDIES = ("totale", "partielle", "autre", "aucune")
LABELS = ("solution accordee", "geste", "geste (€)", "geste commercial", "suite de la relation")
AMOUNT = re.compile(r"(\d{1,3}(?:[ \u00a0\u202f.]\d{3})+|\d{1,7})(?:,(\d{1,2}))?", re.ASCII)

Sign = tuple[str, str]  # (what grows, words)


def signs(reading: Reading, case: Case) -> list[Sign]:
    """What a further mail of an unanswered file says of amplification: that it came at all, and whom it threatens with."""
    if case.stage not in (*complaint.OPEN, "closing") or reading.thanks_only:
        return []
    found = [] if case.stage == "waiting" else [("relance", "nouveau message avant notre réponse")]
    if any(family == "repetition" for family, _ in reading.alerts):
        words = ", ".join(f"« {word} »" for family, word in reading.alerts if family == "repetition")
        found = [("relance", f"il le dit lui-même : {words}")]
    for family, name in LOUD.items():
        words = ", ".join(f"« {word} »" for known, word in reading.alerts if known == family)
        if words:
            found.append((family, f"{name} : {words}"))
    return found


def amplified(found: list[Sign], case: Case, now: datetime) -> list[Effect]:
    """Into the file and its journal; nothing when there is no sign."""
    if not found:
        return []
    kept = [*case.amplified, *((now.isoformat(), kind, words) for kind, words in found)][-MOST_SIGNS:]
    text = " ; ".join(f"{kind} ({words})" for kind, words in found)
    return [
        Change(number=case.number, fields={"amplified": [list(sign) for sign in kept]}),
        Note(number=case.number, event="amplified", actor="mailbot", text=text),
    ]


def same_session(alike: Iterable[Alike], session: str, received_on: date) -> list[str]:
    """Numbers of the other complaints about one session within thirty days (domain §5.2)."""
    since = received_on - timedelta(days=SAME_SESSION_DAYS)
    return [a.number for a in alike if session and a.session == session and a.received_on >= since]


def lasting(history: Iterable[Past], alerts: Iterable[tuple[str, str]]) -> list[str]:
    """What speaks for lasting dissatisfaction; whoever assesses decides."""
    before = [past.number for past in history if past.link in ("même personne", "même entreprise")]
    words = [word for family, word in alerts if family == "repetition"]
    found = (
        [f"{len(before)} dossier{'s' if len(before) > 1 else ''} avant celui-ci ({', '.join(before)})"]
        if before
        else []
    )
    return [*found, *([f"ses mots : {', '.join(f'« {w} »' for w in words)}"] if words else [])]


@dataclass(frozen=True, kw_only=True)
class Granted:
    """The lines below a reply that stay inside: what was granted, and how the relation goes on."""

    remedy: str = ""  # one of REMEDIES
    what: str = ""
    cents: int = 0
    next_step: str = ""

    @property
    def fields(self) -> dict[str, object]:
        """Columns of the file; nothing that was not said."""
        said = {
            "remedy": self.remedy,
            "remedy_what": self.what,
            "remedy_cents": self.cents,
            "next_step": self.next_step,
        }
        return {name: value for name, value in said.items() if value}


def granted(text: str) -> Granted:
    """« Solution accordée : partielle, une nouvelle date », « Geste (€) : 120,50 », « Suite de la relation : … »."""
    found = labelled(text, LABELS)
    said = found.get("solution accordee", "")
    first = fold(said).replace(",", " ").replace(":", " ").split()[:1]
    remedy = next((r for r in REMEDIES if first and first[0] in (r, r + "s", r.rstrip("e"))), "")
    rest = said[len(first[0]) :].strip(" ,:;.–-") if remedy else ""
    money = next((found[name] for name in LABELS[1:4] if found.get(name)), "")
    return Granted(remedy=remedy, what=rest, cents=_cents(money), next_step=found.get("suite de la relation", ""))


def told(found: Granted, case: Case) -> list[str]:
    """For the confirmation: what was granted against what was wished, and what is not said yet."""
    wished = f"souhaitée : « {case.wish} »" if case.wish else "souhaitée : non exprimée"
    if not found.remedy:
        asked = f"« Solution accordée : {', '.join(REMEDIES[:-1])} ou {REMEDIES[-1]} »"
        return [f"solution accordée non dite ({wished}) : une note avec la ligne {asked} la complète"]
    lines = [f"solution accordée : {found.remedy}{f', {found.what}' if found.what else ''} ({wished})"]
    if found.cents:
        lines.append(f"geste : {found.cents // 100},{found.cents % 100:02d} €")
    return [*lines, *([f"suite de la relation : {found.next_step}"] if found.next_step else [])]


def _cents(text: str) -> int:
    found = AMOUNT.search(text[:60])
    if not found:
        return 0
    euros = int("".join(c for c in found[1] if c.isdigit()))
    return euros * 100 + int((found[2] or "0").ljust(2, "0"))
