"""A practice file for one colleague: everything works as on a real one, nothing counts, and nothing leaves the house (spec §2).

Its letters to the complainant, who does not exist, come to the file's assignee (corridor/bench); the clock owes nothing on it.
"""

from __future__ import annotations

from datetime import datetime

from mailbot import workdays
from mailbot.config import Config, Person
from mailbot.desk import Number
from mailbot.effects import Effect, Letter, Note, Open

SERIES = "practice"
ADDRESS = "camille.exemple@exercice.invalid"  # RFC 2606: a mail to it can reach nobody
NAME = "Camille Exemple"
SUBJECT = "Convocation arrivée trop tard"
TEXT = (
    "Bonjour,\n\nMa convocation pour la session de mardi est arrivée la veille, et je n’ai pas pu poser ma journée. "
    "Je souhaite être inscrite à la session suivante.\n\nCamille Exemple"
)
WISH = "Je souhaite être inscrite à la session suivante."


def begin(person: Person, number: Number, now: datetime, config: Config, who: str) -> list[Effect]:
    """Opens the file and writes the welcome, with every button of a real one."""
    due = workdays.due(now, config.workdays)
    to = person.addresses[0].lower()
    fields = {
        "stage": "acknowledged",
        "received_at": now,
        "complainant_addr": ADDRESS,
        "complainant_name": NAME,
        "complainant_type": "stagiaire",
        "authenticated": True,
        "subject": SUBJECT,
        "wish": WISH,
        "wish_state": "exprimée",
        "assignee": to,
        "due_on": due.on,
        "provisional": False,
        "calendar": workdays.explain(due),
        "ack_state": "accepted",
        "ack_at": now,
    }
    facts = {
        "number": number.text,
        "first_name": person.first_name,
        "complainant": NAME,
        "subject": SUBJECT,
        "text": TEXT,
        "due_on": due.on.isoformat(),
        "roles": list(person.roles),
    }
    letter = Letter(
        kind="welcome", keys=(f"welcome:{number.text}",), to=to, language="fr", facts=facts, number=number.text
    )
    return [
        Open(number=number.text, series=SERIES, year=number.year, rank=number.rank, fields=fields),
        Note(number=number.text, event="practice", actor=who, text=f"exercice pour {person.name}"),
        letter,
    ]
