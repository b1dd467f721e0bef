"""Is the author who the From says? A pass of our provider, or a code, or the answer to a notice; else the confirmation loop (spec §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

from mailbot import workdays
from mailbot.config import Config
from mailbot.desk import Waiting
from mailbot.effects import Attach, Effect, EndPending, Judge, Letter, Note, Pend, WrongCode
from mailbot.rules.commands import telling
from mailbot.rules.commands.order import Order

MAX_PENDING = 3
MAX_WRONG_CODES = 5
CONFIRM_UNTIL = time(18, 0)


def evidence(order: Order) -> str:
    """What proved the author, for the journal."""
    desk, proof = order.desk, order.author.proof
    if order.confirmed:
        return "confirmée depuis l’adresse enregistrée"
    ways = [proof.evidence if proof.passed else "", "code personnel" if _own_code(order) else ""]
    ways.append("répond à un avis envoyé à cette adresse" if desk.notice_to_author else "")
    return ", ".join(w for w in ways if w) or f"non prouvée ({proof.evidence})"


def _own_code(order: Order) -> bool:
    return order.desk.code_owner == order.me


def proven(order: Order) -> bool:
    """A pass; or this person's code or the answer to this person's notice, when the provider does not say fail."""
    if order.confirmed or order.author.proof.passed:
        return True
    if order.author.proof.status == "fail" or not order.message.strict_from or not _reply_to_agrees(order):
        return False
    if order.desk.wrong_codes >= MAX_WRONG_CODES and not _was_asked(order):
        return False
    return _own_code(order) or order.desk.notice_to_author


def _was_asked(order: Order) -> bool:
    """It confirms what the registered address was asked about: its code came with that question."""
    return order.desk.pending is not None and order.desk.pending.person == order.me


def _reply_to_agrees(order: Order) -> bool:
    return all(a.addr.lower() == order.author.addr for a in order.message.reply_to)


def unproven(order: Order) -> list[Effect] | None:
    """None when the author is proven; else the effects of asking the registered address."""
    if proven(order):
        return None
    case = order.case
    effects: list[Effect] = []
    if order.desk.code_given and not order.desk.code_owner and case:
        effects.append(WrongCode(number=case.number))
    number = case.number if case else None
    if number:
        effects.append(Attach(number=number))
    # Nobody is asked whether an answer to our question is his: the question still stands.
    asks = "#confirmer" not in order.command.words
    reason = f"commande sans preuve ({evidence(order)})" + (f" : confirmation demandée à {order.me}" if asks else "")
    effects += [
        Judge(verdict="held", reason=reason, number=number),
        Note(number=number, event="command-unproven", actor=order.author.addr, text=reason),
    ]
    return effects + (_ask(order, number) if asks else [])


def strayed(order: Order) -> list[Effect]:
    """A living code that somebody else used is replaced (spec §6)."""
    owner = order.desk.code_owner
    if not owner or order.case is None or (owner == order.me and order.at_home):
        return []
    return [WrongCode(number=order.case.number, replace_of=owner)]


def _ask(order: Order, number: str | None) -> list[Effect]:
    """The whole command and text to the registered address, at most three waiting per person."""
    if order.desk.pendings >= MAX_PENDING:
        return [_too_many(order)]
    limit = until(order.desk.now, order.config)
    facts = {
        "number": number,
        "first_name": order.person.first_name,
        "command": f"{' '.join(order.command.words)} {order.command.argument}".strip(),
        "text": order.answer.text,
        "until": limit.isoformat(),
        "inbound_id": order.desk.incoming.id,
        "pending_id": order.desk.incoming.id,
    }
    letter = Letter(
        kind="identity",
        keys=(f"identity:{order.desk.incoming.id}",),
        to=order.me,
        language="fr",
        facts=facts,
        number=number,
    )
    return [Pend(person=order.me, number=number or "", until=limit), letter]


def _too_many(order: Order) -> Letter:
    """Told to the registered address, once a day; the mail itself stays in the register."""
    why = f"{MAX_PENDING} commandes arrivées sans preuve à votre nom attendent déjà votre confirmation : celle-ci est laissée de côté"
    today = workdays.local_date(order.desk.now, order.config.workdays)
    return replace(telling.refusal(order, why), keys=(f"pending:{order.me}:{today}",), in_reply_to="", references=())


def until(now: datetime, config: Config) -> datetime:
    """18:00 of the next working day."""
    day = workdays.next_open(workdays.local_date(now, config.workdays), config.workdays)
    return workdays.at(day, CONFIRM_UNTIL, config.workdays)


def _confirmer(order: Order) -> list[Effect]:
    """`#confirmer 17` from the registered address; what it confirms is carried out by the shell in the same decision."""
    pending = order.desk.pending
    if pending is None or pending.person != order.me:
        return telling.refuse(
            order, "il n’y a plus rien à confirmer : la commande a déjà été confirmée, ou son délai est passé"
        )
    return [EndPending(pending_id=pending.id, how="confirmed")]


def expired(waiting: Waiting) -> list[Effect]:
    """Nobody confirmed in time: nothing is done, and the journal says so."""
    text = f"commande du message {waiting.inbound_id} non confirmée par {waiting.person} : rien n’a été fait"
    return [
        EndPending(pending_id=waiting.id, how="expired"),
        Note(number=waiting.number or None, event="command-expired", actor="mailbot", text=text),
    ]


FAMILY = {"confirmer": _confirmer}
