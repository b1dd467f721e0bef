"""`#saisie`: a complaint received by telephone, by letter or in person, entered by a colleague; `#remis`: its printed AR was handed over
(spec §3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from mailbot import complaint, tags, workdays
from mailbot.effects import Change, Effect, Letter, Note, Open, Settle
from mailbot.letters import sendable
from mailbot.reading import Reading, fold
from mailbot.rules import intake
from mailbot.rules.acknowledge import printed
from mailbot.rules.commands import proving, telling
from mailbot.rules.commands.order import Order

MAIL_KEYS = ("courriel", "email", "e-mail", "mail", "adresse e-mail", "adresse mail")
TEXT_KEYS = ("message", "faits", "reclamation", "description", "details", "texte")
DAY_KEYS = ("recue le", "recu le", "date", "date de reception")
MODEL = "Nom : Mme Vidal / Reçue le : 23/03/2026 / Canal : téléphone / Courriel : (s’il y en a un) / Message : ce qui est reproché"
MISSING = ("none", "refused", "bounced")  # an AR that no mail carried to its reader
NO_ADDRESS = "saisie sans adresse électronique : l’accusé de réception est à imprimer et à remettre"
LONGEST_SUBJECT = 80


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the form lines of a `#saisie` say; "" for what they leave out."""

    name: str
    addr: str
    phone: str
    postal: str
    day: str
    channel: str
    subject: str
    wish: str
    text: str


def entry(reading: Reading) -> Entry:
    """The form as it was filled in."""
    filled = dict(reversed(reading.fields))

    def first(*keys: str) -> str:
        return next((filled[key].strip() for key in keys if filled.get(key, "").strip()), "")

    name = first("nom et prenom") or " ".join(part for part in (first("prenom"), first("nom")) if part)
    return Entry(
        name=name,
        addr=first(*MAIL_KEYS).strip("<>").lower(),
        phone=first("telephone", "tel", "mobile"),
        postal=first("adresse", "adresse postale"),
        day=first(*DAY_KEYS),
        channel=first("canal", "recue par", "moyen"),
        subject=first("objet", "sujet"),
        wish=first("solution souhaitee", "solution", "souhait"),
        text=first(*TEXT_KEYS),
    )


def _enter(order: Order) -> list[Effect]:
    said = entry(order.reading)
    today = workdays.local_date(order.desk.now, order.config.workdays)
    day = tags.read_date(said.day, today, past=True) if said.day else today
    said = replace(said, text=_unsigned(said.text, order.person.name))
    why = _unfit(said, day, today)
    if why or day is None:
        return telling.refuse(order, f"{why}. Rien n’est enregistré. Écrivez par exemple : {MODEL}")
    return _entered(order, said, _moment(order, day, today))


def _unsigned(text: str, name: str) -> str:
    """The last field runs to the end of the mail, and with it the signature of who entered it."""
    lines = text.splitlines()
    ends = [n for n, line in enumerate(lines) if line.strip() == "--" or fold(line).strip(" ,.") == fold(name)]
    return "\n".join(lines[: ends[0]] if ends else lines).strip()


def _unfit(said: Entry, day: date | None, today: date) -> str:
    """What is missing or wrong, in French; "" when the entry can be made."""
    missing = [
        label for label, value in (("Nom", said.name), ("Canal", said.channel), ("Message", said.text)) if not value
    ]
    if missing:
        return "il manque : " + ", ".join(f"« {label} : »" for label in missing)
    if day is None or day > today:
        return f"« Reçue le : {said.day[:40]} » n’est pas une date passée"
    return f"« {said.addr[:60]} » n’est pas une adresse où écrire" if said.addr and not sendable(said.addr) else ""


def _moment(order: Order, day: date, today: date) -> datetime:
    """Today's is the mail's own instant; of an earlier day only the date is known: noon."""
    received = order.desk.incoming.received_at
    return received if day == today else workdays.at(day, time(12), order.config.workdays)


def _entered(order: Order, said: Entry, received_at: datetime) -> list[Effect]:
    desk = replace(order.desk, incoming=replace(order.desk.incoming, received_at=received_at), cited=())
    found = intake.Complainant(addr=said.addr, name=said.name, authenticated=False)
    who = intake.answerable(found, order.config) if said.addr else replace(found, no_ack=NO_ADDRESS)
    subject = said.subject or " ".join(said.text.split())[:LONGEST_SUBJECT]
    message = replace(order.message, subject=subject, message_id="", to=(), cc=(), forwarded=None)
    effects = intake.open_file(
        message,
        _as_read(order, said),
        desk,
        order.author,
        order.config,
        verdict="staff-command",
        reason=f"saisie de {order.person.name} ({said.channel[:40]})",
        who=who,
    )
    number = desk.next_number.text
    evidence = f"#saisie ; {proving.evidence(order)}"
    if not said.addr:
        effects.append(_to_print(order, said, received_at, number))
    told = _told(order, said, number, effects)
    return [
        *effects,
        Note(number=number, event="command-saisie", actor=order.author.addr, text=evidence),
        told,
    ]


def _as_read(order: Order, said: Entry) -> Reading:
    """The complaint's own words: a colleague counts as named in it only if they name him."""
    words = fold(said.text)
    people = [p for a in order.reading.staff_named if (p := order.config.person(a))]
    named = [p for p in people if any(len(part) > 2 and part in words.split() for part in fold(p.name).split())]
    return replace(
        order.reading,
        new_text=said.text,
        phone=said.phone,
        wish=said.wish,
        wish_state="exprimée" if said.wish else "non exprimée",
        staff_named=tuple(p.addresses[0].lower() for p in named),
        references=(),
        on_behalf="",
    )


def _to_print(order: Order, said: Entry, received_at: datetime, number: str) -> Letter:
    due = printed(order.desk.now, received_at, order.config, from_reception=True)
    facts = {
        "number": number,
        "first_name": order.person.first_name,
        "name": said.name,
        "channel": said.channel,
        "postal_address": said.postal,
        "text": said.text,
        "wish": said.wish,
        "received_at": received_at.isoformat(),
        "due_on": due.on.isoformat(),
    }
    return Letter(
        kind="to-print", keys=(f"to-print:{number}:1",), to=order.me, language="fr", number=number, facts=facts
    )


def _told(order: Order, said: Entry, number: str, effects: list[Effect]) -> Letter:
    opened = next(e for e in effects if isinstance(e, Open))
    done = [f"le dossier {number} est ouvert, confié à {opened.fields['assignee']}"]
    done.append(
        f"l’accusé de réception part à {said.addr}"
        if said.addr
        else "l’accusé de réception vous arrive, prêt à imprimer"
    )
    letter = telling.confirm(order, f"saisir une réclamation reçue par {said.channel[:40]}", done)
    due_on = opened.fields["due_on"].isoformat()
    return replace(letter, number=number, facts={**letter.facts, "number": number, "due_on": due_on})


def _handed(order: Order) -> list[Effect]:
    """The printed AR reached its reader by hand or by post: from then on the date it announces binds (spec §3, §4)."""
    case, calendar = order.file, order.config.workdays
    if case.ack_state not in MISSING:
        return telling.refuse(order, complaint.REFUSALS["!arrived"])
    today = workdays.local_date(order.desk.now, calendar)
    day = tags.read_date(order.command.argument, today, past=True) if order.command.argument else today
    first = workdays.local_date(case.cycle_started_at or case.received_at, calendar)
    if day is None or not first <= day <= today:
        known = f"entre la réception ({first:%d/%m/%Y}) et aujourd’hui : #remis {today:%d/%m/%Y}"
        return telling.refuse(order, f"« {order.command.argument[:40]} » n’est pas un jour {known}")
    stage, _ = complaint.after(case.stage, "remis")
    at = max(_moment(order, day, today), case.cycle_started_at or case.received_at)
    counted = {} if case.ack_state == "bounced" else {"ack_at": at}  # one that came back started the clock all the same
    fields = {"stage": stage, "ack_state": "handed", "provisional": False, **counted}
    done = [f"l’accusé de réception compte comme remis le {day:%d/%m/%Y}", "rien n’est parti chez le réclamant"]
    done += [f"la date qu’il annonce, {case.due_on:%d/%m/%Y}, engage"] if case.due_on else []
    return [
        Change(number=case.number, fields=fields),
        Settle(key=f"ack-late:{case.number}"),
        telling.confirm(order, f"{case.number} : accusé de réception remis", done),
    ]


FAMILY = {"saisie": _enter, "remis": _handed}
__all__ = ["FAMILY", "Entry", "entry"]
