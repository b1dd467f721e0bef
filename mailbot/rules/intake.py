"""Opening a numbered file: the complainant's one address, the register's fields, AR, assignment with history and files (spec §3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from mailbot import complaint, workdays
from mailbot.config import Config, Person
from mailbot.desk import Desk, Past
from mailbot.effects import Alarm, Attach, Due, Effect, Judge, Letter, Note, Open
from mailbot.identity import Author
from mailbot.letters import sendable
from mailbot.message import Attachment, Message, kinds
from mailbot.reading import Reading
from mailbot.rules import relation
from mailbot.rules.acknowledge import LATE, acknowledge, due_from_reception, printed
from mailbot.verdict import is_no_reply, same_company

ATTACH_LIMIT = 10 * 2**20  # bytes that travel with an assignment (spec §6)
LONG_WAIT = 15  # calendar days
HINTS = {
    "harcelement": "harcèlement",
    "sante": "santé",
    "donnees": "données",
    "repetition": "répétition",
    "echeance": "échéance",
}  # the families' names as a reader writes them


@dataclass(frozen=True, kw_only=True)
class Complainant:
    """To whom the desk answers, and whether that address is really the author's."""

    addr: str
    name: str
    authenticated: bool
    no_ack: str = ""  # why no AR can leave, in French


def complainant(message: Message, reading: Reading, author: Author, config: Config) -> Complainant:
    """The one registered address of a file: Reply-To only of who authenticates or of a declared form (spec §3)."""
    if message.forwarded and (author.person or author.own_domain):
        sender = message.forwarded.sender
        found = Complainant(
            addr=sender.addr.lower() if sender else "", name=sender.name if sender else "", authenticated=False
        )
        return answerable(found, config)
    if author.addr in {a.lower() for a in config.intake.forms}:
        return answerable(_from_form(message, reading), config)
    rewritten = message.from_ is not None and message.from_.addr.lower() != author.addr
    proven = not rewritten and (author.proof.passed or authenticated(message, config))
    other = [
        a for a in message.reply_to if a.addr.lower() not in config.own_addresses and config.person(a.addr) is None
    ]
    if proven and other and other[0].addr.lower() != author.addr:
        return answerable(
            Complainant(addr=other[0].addr.lower(), name=other[0].name or author.name, authenticated=True), config
        )
    name = author.name or _signed(dict(reading.fields))
    return answerable(Complainant(addr=author.addr, name=name, authenticated=proven), config)


def authenticated(message: Message, config: Config) -> bool:
    """Whether our provider vouches for the From domain."""
    from mailbot.identity import prove

    return prove(message, config.mailbox.authserv_id).passed


def _from_form(message: Message, reading: Reading) -> Complainant:
    """Whoever filled in the site's form may have typed any address: never the full form of the AR."""
    fields = dict(reading.fields)
    typed = next(
        (fields[k] for k in ("email", "e-mail", "mail", "courriel", "adresse e-mail") if "@" in fields.get(k, "")), ""
    )
    addr = message.reply_to[0].addr if message.reply_to else typed.strip()
    return Complainant(addr=addr.lower() if " " not in addr else "", name=_signed(fields), authenticated=False)


def _signed(fields: dict[str, str]) -> str:
    """The name that a form's lines give, on one line; "" when they give none."""
    parts = (fields.get("prenom", ""), fields.get("nom", ""))
    return " ".join((fields.get("nom et prenom", "") or " ".join(parts)).split())


def answerable(found: Complainant, config: Config) -> Complainant:
    """With the reason why no AR can go to that address, if there is one."""
    if not found.addr:
        return replace(found, no_ack="aucune adresse lisible : réclamation anonyme, enregistrée comme exception")
    if found.addr in config.own_addresses:
        return replace(found, no_ack="l’adresse lue est la nôtre : répondre ferait une boucle")
    if not sendable(found.addr):
        return replace(
            found, no_ack="l’adresse lue ne peut pas recevoir de lettre de notre part (caractères non pris en charge)"
        )
    if is_no_reply(found.addr):
        return replace(found, no_ack="l’adresse de l’expéditeur ne reçoit pas de réponse (« ne pas répondre »)")
    return found


def open_file(
    message: Message,
    reading: Reading,
    desk: Desk,
    author: Author,
    config: Config,
    *,
    verdict: str,
    reason: str,
    ack: bool = True,
    from_reception: bool = False,
    who: Complainant | None = None,
    linked_to: str = "",
) -> list[Effect]:
    """Opens the numbered file of a mail: register, AR, assignment, and the hour after which a missing AR is alarmed."""
    who = who or complainant(message, reading, author, config)
    no_ack = who.no_ack or (
        "" if ack else "pas d’AR : la décision attendue n’est pas venue, l’échéance court de la réception"
    )
    chosen = complaint.assign(reading, who.addr, message.subject, config)
    due = due_from_reception(desk.incoming.received_at, config)
    number = desk.next_number
    fields = _fields(message, reading, desk, who, config) | {
        "assignee": chosen.person.addresses[0].lower(),
        "conflict": chosen.conflict,
        "due_on": due.on,
        "calendar": workdays.explain(due),
        "no_ack": no_ack,
        "ack_state": "none" if no_ack else "owed",
        "linked_to": linked_to or next((c.number for c in desk.cited), ""),
    }
    effects: list[Effect] = [
        Open(number=number.text, series=number.series, year=number.year, rank=number.rank, fields=fields),
        Attach(number=number.text),
        Judge(verdict=verdict, reason=reason, number=number.text),
        Note(number=number.text, event="opened", actor="mailbot", text=_opening(reason, fields)),
    ]
    if not no_ack:
        effects += _acknowledged(message, reading, desk, who, config, from_reception=from_reception)
        late_at = max(desk.incoming.received_at + LATE, desk.now + timedelta(minutes=1))
        effects.append(Due(key=f"ack-late:{number.text}", kind="ack-late", at=late_at, number=number.text))
        effects += _long_wait(due)
    effects += assignment(message, reading, desk, who, chosen, config, no_ack=no_ack, from_reception=from_reception)
    effects += _alerted(reading, number.text, due, chosen.person, desk, config)
    return effects + _referents(reading, number.text, due, chosen.person, config)


def _alerted(
    reading: Reading, number: str, due: workdays.Due, assignee: Person, desk: Desk, config: Config
) -> list[Effect]:
    """A P1 hint alerts at any hour: whoever leads, beside the assignee, without name nor text (spec §7)."""
    if not reading.urgent:
        return []
    named = {*reading.staff_named}
    leaders = config.people_with("quality") or config.people_with("direction")
    families = ", ".join(dict.fromkeys(family for family, _ in reading.alerts))
    facts = {
        "title": f"réclamation à regarder tout de suite ({families})",
        "text": f"Confiée à {assignee.name} ; échéance provisoire le {due.on:%d/%m/%Y}.",
        "what_to_do": "Voyez avec cette personne ce qui doit être fait dès maintenant.",
        "number": number,
        "at": desk.now.isoformat(),
    }
    told = [p for p in leaders if p != assignee and not {a.lower() for a in p.addresses} & named]
    return [
        Letter(kind="alarm", keys=(f"alert:{number}:{to}",), to=to, language="fr", facts=facts, number=number)
        for to in (p.addresses[0].lower() for p in told)
    ]


def _long_wait(due: workdays.Due) -> list[Effect]:
    """Over fifteen calendar days the admin is warned, once a date: closures may be wrong (spec §4)."""
    if due.calendar_days <= LONG_WAIT:
        return []
    text = f"l’échéance du {due.on:%d/%m/%Y} est à {due.calendar_days} jours : {workdays.explain(due)} Vérifiez calendar.closures."
    return [Alarm(key=f"long-wait:{due.on}", text=text)]


def _opening(reason: str, fields: dict[str, Any]) -> str:
    return f"{reason} ; confié à {fields['assignee']} ; échéance provisoire {fields['due_on']} ({fields['calendar']})"


def _fields(message: Message, reading: Reading, desk: Desk, who: Complainant, config: Config) -> dict[str, Any]:
    cited = next((r for r in reading.references), "")
    return {
        "received_at": desk.incoming.received_at,
        "complainant_addr": who.addr,
        "complainant_domain": same_company(who.addr, frozenset(config.intake.public_domains)),
        "complainant_name": who.name[:200],
        "complainant_type": reading.complainant_type,
        "subtype": reading.subtype,
        "authenticated": who.authenticated,
        "language": reading.language,
        "subject": message.subject[:500],
        "training": reading.training[:200],
        "session": reading.session[:80],
        "wish": reading.wish[:300],
        "wish_state": reading.wish_state,
        "phone": reading.phone,
        "deadline": reading.deadline,
        "alerts": [list(a) for a in reading.alerts],
        "copied": _copied(message, who, config),
        "sensitive": reading.sensitive,
        "urgent": reading.urgent,
        "on_behalf": reading.on_behalf,
        "staff_named": " ".join(reading.staff_named),
        "unverified_reference": cited,
    }


def _copied(message: Message, who: Complainant, config: Config) -> list[str]:
    """CC'd people are listed and never written to (spec §3)."""
    everybody = {a.addr.lower() for a in (*message.to, *message.cc)}
    return sorted(a for a in everybody if a != who.addr and a not in config.own_addresses)[:50]


def _acknowledged(
    message: Message, reading: Reading, desk: Desk, who: Complainant, config: Config, *, from_reception: bool
) -> list[Effect]:
    files = [a for a in message.attachments if a.evidence]
    facts = {
        "number": desk.next_number.text,
        "received_at": desk.incoming.received_at.isoformat(),
        "authenticated": who.authenticated,
        "name": who.name,
        "files": [shown(a) for a in files if not a.problem],
        "rejected": [{"name": shown(a), "problem": a.problem} for a in files if a.problem],
        "wish": reading.wish,
        "wish_state": reading.wish_state,
        "oversize": message.truncated,
        "from_reception": from_reception,
    }
    reply_to_id = "" if message.forwarded and who.addr != _addr(message) else message.message_id
    return acknowledge(facts, to=who.addr, language=reading.language, desk=desk, config=config, reply_to_id=reply_to_id)


def _addr(message: Message) -> str:
    return message.from_.addr.lower() if message.from_ else ""


def shown(attachment: Attachment) -> str:
    return attachment.name or f"fichier sans nom ({attachment.content_type})"


def assignment(
    message: Message,
    reading: Reading,
    desk: Desk,
    who: Complainant,
    chosen: complaint.Assigned,
    config: Config,
    *,
    no_ack: str,
    from_reception: bool,
) -> list[Effect]:
    """The letter that hands the file over, with history and files."""
    number = desk.next_number.text
    received_at = desk.incoming.received_at
    due = (
        due_from_reception(received_at, config)
        if no_ack
        else printed(desk.now, received_at, config, from_reception=from_reception)
    )
    travelling, files = file_list(message, desk.incoming.id)
    letter = Letter(
        kind="assignment",
        keys=(f"assignment:{number}:1",),
        to=chosen.person.addresses[0].lower(),
        language="fr",
        number=number,
        facts={
            "number": number,
            "first_name": chosen.person.first_name,
            "complainant": {
                "name": who.name,
                "addr": who.addr,
                "type": reading.complainant_type,
                "subtype": reading.subtype,
                "authenticated": who.authenticated,
            },
            "subject": message.subject,
            "text": words_of(message, reading),
            "received_at": desk.incoming.received_at.isoformat(),
            "due_on": due.on.isoformat(),
            "provisional": True,
            "files": files,
            "history": [_history(p, chosen.person) for p in desk.history],
            "lasting": relation.lasting(desk.history, reading.alerts),
            "hints": [f"{HINTS.get(family, family)} : « {word} »" for family, word in reading.alerts],
            "wish": reading.wish,
            "wish_state": reading.wish_state,
            "training": reading.training,
            "deadline_text": reading.deadline_text,
            "phone": reading.phone,
            "on_behalf": reading.on_behalf,
            "conflict": chosen.conflict,
            "sensitive": reading.sensitive,
            "unverified_reference": next(iter(reading.references), ""),
            "cc": _copied(message, who, config),
            "no_ack": no_ack,
            "essai": desk.mode == "essai",
        },
        attach=travelling,
    )
    return [letter, Note(number=number, event="assigned", actor="mailbot", text=chosen.why)]


def _history(past: Past, reader: Person) -> dict[str, str]:
    """An earlier file as its reader may see it: not the subject of one that is sensitive, or names the reader."""
    hidden = past.sensitive or named(reader, past.staff_named)
    return {
        "number": past.number,
        "received_on": past.received_on.isoformat(),
        "subject": "" if hidden else past.subject,
        "stage": complaint.STAGE_NAMES.get(past.stage, past.stage),
        "link": past.link,
    }


def words_of(message: Message, reading: Reading) -> str:
    """What the author wrote now, and what he passed on under it."""
    own = reading.new_text or message.text
    passed_on = message.forwarded.text.strip() if message.forwarded else ""
    return f"{own}\n\n— message transmis —\n\n{passed_on}" if passed_on and passed_on not in own else own


def files_to_send(message: Message, inbound_id: int) -> tuple[tuple[int, str], ...]:
    """The files that a notice about this mail carries: evidence, no dangerous type, 10 MB in all (spec §6)."""
    return file_list(message, inbound_id)[0]


def file_list(message: Message, inbound_id: int) -> tuple[tuple[tuple[int, str], ...], list[dict[str, Any]]]:
    """Which files travel with the assignment, and all of them as a list with the reason for those that don't (spec §6)."""
    travelling: list[tuple[int, str]] = []
    told: list[dict[str, Any]] = []
    room = ATTACH_LIMIT
    for file in (a for a in message.attachments if a.evidence):
        why = file.problem or _left_behind(file, room)
        if not why:
            room -= file.size
            travelling.append((inbound_id, file.path))
        told.append({"name": shown(file), "size": file.size, "attached": not why, "reason": why or file.danger})
    return tuple(travelling), told


def _left_behind(file: Attachment, room: int) -> str:
    if kinds.holds_back(file.danger):
        return f"type de fichier à risque ({file.danger}) : gardé au registre, non joint"
    if file.size > room:
        return "au-delà de 10 Mo en tout : gardé au registre, non joint"
    return ""


def named(person: Person, concerned: tuple[str, ...]) -> bool:
    """Whether a complaint names this colleague, who is then told nothing of it (spec §3)."""
    return bool({a.lower() for a in person.addresses} & set(concerned))


def _referents(reading: Reading, number: str, due: workdays.Due, assignee: Person, config: Config) -> list[Effect]:
    """The disability and data protection referents are told by rule, without name nor text (spec §3)."""
    families = {family for family, _ in reading.alerts}
    told: list[Effect] = []
    for family, addr in (("handicap", config.referents.disability), ("donnees", config.referents.data_protection)):
        person = config.person(addr) if addr and family in families else None
        if person and person != assignee and not named(person, reading.staff_named):
            facts = {
                "number": number,
                "first_name": person.first_name,
                "family": "handicap" if family == "handicap" else "données personnelles",
                "assignee": assignee.name,
                "due_on": due.on.isoformat(),
            }
            key = f"referent:{number}:{family}"
            told.append(
                Letter(
                    kind="referent",
                    keys=(key,),
                    to=person.addresses[0].lower(),
                    language="fr",
                    facts=facts,
                    number=number,
                )
            )
    return told
