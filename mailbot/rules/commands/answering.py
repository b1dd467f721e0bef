"""Commands whose text goes to the complainant, or closes: #résolu, #partielle, #infondée, #répondu, #réponse, #précisions, #butoir."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from mailbot import complaint, tags, workdays
from mailbot.effects import Change, Effect, Letter
from mailbot.fence import Fenced
from mailbot.message import Attachment
from mailbot.rules import relation
from mailbot.rules.commands import telling
from mailbot.rules.commands.order import Order

OUTCOMES = {"résolu": "fondée", "partielle": "partielle", "infondée": "non fondée"}
KINDS = {"réponse": "news", "précisions": "question"}


def leaves_at(order: Order) -> datetime:
    """The end of the undo window: it ends early rather than pass the due instant (spec §5)."""
    now = order.desk.now
    end = now + timedelta(minutes=order.config.answers.undo_minutes)
    due_on = order.file.committed_on or order.file.due_on
    if due_on is None:
        return end
    last = workdays.at(due_on + timedelta(days=1), datetime.min.time(), order.config.workdays) - timedelta(minutes=2)
    return max(now, min(end, last)) if now <= last else end


def stopped(order: Order, *, minimum: int = 1) -> list[Effect] | None:
    """Why the text does not leave now; None when it may."""
    answer = order.answer
    case = order.file
    if not case.complainant_addr or case.no_ack:
        return telling.refuse(order, "ce réclamant n’a pas d’adresse où écrire : répondez autrement, puis #répondu")
    if len(" ".join(answer.text.split())) < minimum:
        words = (
            "votre réponse est vide"
            if not answer.text.strip()
            else f"une réponse qui clôt compte au moins {minimum} caractères"
        )
        return telling.refuse(order, words, outline=minimum > 1)
    return None if answer.sure else ask(order, answer)


def ask(order: Order, answer: Fenced) -> list[Effect]:
    """The author gets the text as it would leave, and a button (spec §6)."""
    from mailbot.effects import Attach, Judge, Note

    number = order.file.number
    facts = {
        "number": number,
        "first_name": order.person.first_name,
        "why": answer.why,
        "text": answer.text,
        "files": [a.name for a in answer.files],
        "tag": f"{order.tag.name} {order.command.argument}".strip(),
    }
    return [
        Attach(number=number),
        Judge(verdict="staff-command", reason=f"rien n’est parti : {answer.why}", number=number),
        Note(number=number, event="fenced", actor=order.author.addr, text=answer.why),
        telling.to_author(order, "fence", facts),
    ]


def to_complainant(order: Order, kind: str, facts: dict, *, undo: dict) -> Letter:  # type: ignore[type-arg]
    """A human text on its way, in its undo window; files attached leave with it."""
    case = order.file
    return Letter(
        kind=kind,
        keys=(f"reply:{case.number}:{order.desk.incoming.id}",),
        to=case.complainant_addr,
        language=case.language,
        number=case.number,
        facts={"number": case.number, "signer": order.person.name, **facts},
        attach=tuple((order.desk.incoming.id, a.path) for a in order.answer.files),
        not_before=leaves_at(order),
        undo=undo,
    )


def names(files: tuple[Attachment, ...]) -> list[str]:
    return [a.name or "fichier" for a in files]


def before(order: Order) -> dict:  # type: ignore[type-arg]
    """The columns that an undo puts back."""
    case = order.file
    return {
        "stage": case.stage,
        "reply_key": "",
        "outcome": case.outcome,
        "committed_on": case.committed_on.isoformat() if case.committed_on else None,
        "waiting_since": case.waiting_since.isoformat() if case.waiting_since else None,
        "nature": case.nature,
        "linked_to": case.linked_to,
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "human_told_at": case.human_told_at.isoformat() if case.human_told_at else None,
        **{name: getattr(case, name) for name in ("remedy", "remedy_what", "remedy_cents", "next_step")},
    }


def _close(order: Order) -> list[Effect]:
    halt = stopped(order, minimum=order.config.answers.minimum)
    if halt is not None:
        return halt
    case, answer = order.file, order.answer
    outcome = OUTCOMES[order.tag.name]
    mediator = order.config.mediator
    facts = {
        "text": answer.text,
        "outcome": outcome,
        "received_at": case.received_at.isoformat(),
        "consumer": "inconnu",
        "mediator": mediator.model_dump() if mediator.name else None,
        "mediation_until": _a_year_after(case.received_at.date()).isoformat(),
        "reopen_days": order.config.answers.reopen_days,
        "files": names(answer.files),
    }
    letter = to_complainant(order, "reply", facts, undo=before(order))
    assert letter.not_before is not None
    found = relation.granted(order.message.text)
    done = [f"la réponse part à {case.complainant_addr}, puis le dossier est clos ({outcome})"]
    done += relation.told(found, case)
    fields = {"stage": "closing", "outcome": outcome, "reply_key": letter.keys[0], **found.fields}
    return [
        Change(number=case.number, fields=fields),
        letter,
        telling.confirm(
            order,
            f"clore le dossier {case.number} : réclamation {outcome}",
            done,
            leaves_text=answer.text,
            files=names(answer.files),
            to=case.complainant_addr,
            leaves_at=letter.not_before,
        ),
    ]


def _a_year_after(day: date) -> date:
    """A consumer may go to the mediator within a year of the written complaint (Code de la consommation L612-2)."""
    return day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else date(day.year + 1, 2, 28)


def _answered_elsewhere(order: Order) -> list[Effect]:
    """Closes without sending: the body records the answer given by telephone, portal, letter or own mail."""
    if not order.answer.text.strip():
        return telling.refuse(order, "dites en quelques mots ce que vous avez répondu, et comment")
    today = workdays.local_date(order.desk.now, order.config.workdays)
    day = tags.read_date(order.command.argument, today, past=True) if order.command.argument else today
    if day is None or day > today:
        return telling.refuse(
            order, f"« {order.command.argument[:40]} » n’est pas une date passée : #répondu 20/11/2026"
        )
    at = (
        order.desk.now
        if day == today
        else workdays.at(day, datetime.min.time().replace(hour=12), order.config.workdays)
    )
    case = order.file
    fields = {
        "stage": "closed",
        "answered_at": at,
        "closed_at": order.desk.now,
        "human_told_at": at,
        **relation.granted(order.answer.text).fields,
    }
    done = [
        f"le dossier est clos, répondu le {day:%d/%m/%Y} autrement que par ce bureau",
        "rien n’est parti chez le réclamant",
        *relation.told(relation.granted(order.answer.text), case),
    ]
    return [Change(number=case.number, fields=fields), telling.confirm(order, f"{case.number} : déjà répondu", done)]


def _inform(order: Order) -> list[Effect]:
    """#réponse and #précisions: the body goes to the complainant; neither meets the due date."""
    halt = stopped(order)
    if halt is not None:
        return halt
    case, answer = order.file, order.answer
    stage, _ = complaint.after(case.stage, order.tag.name)
    due_on = case.committed_on or case.due_on
    facts = {"text": answer.text, "due_on": due_on.isoformat() if due_on else None, "files": names(answer.files)}
    letter = to_complainant(order, KINDS[order.tag.name], facts, undo=before(order))
    fields: dict = {"stage": stage, "human_told_at": order.desk.now}  # type: ignore[type-arg]
    if order.tag.name == "précisions":
        fields["waiting_since"] = order.desk.now
    what = "poser une question" if order.tag.name == "précisions" else "donner des nouvelles"
    done = [f"votre texte part à {case.complainant_addr}", "l’échéance ne change pas"]
    confirmation = telling.confirm(
        order,
        f"{case.number} : {what} au réclamant",
        done,
        leaves_text=answer.text,
        files=names(answer.files),
        to=case.complainant_addr,
        leaves_at=letter.not_before,
    )
    return [Change(number=case.number, fields=fields), letter, confirmation]


def _commit(order: Order) -> list[Effect]:
    """#butoir DATE: a promise, set by a human only; future, working day, within thirty days (spec §5)."""
    case, config = order.file, order.config
    today = workdays.local_date(order.desk.now, config.workdays)
    day = tags.read_date(order.command.argument, today)
    why = _bad_date(order, day, today)
    if why or day is None:
        return telling.refuse(order, why)
    halt = stopped(order)
    if halt is not None:
        return halt
    late = case.due_on is not None and today > case.due_on
    facts = {"reason": order.answer.text, "committed_on": day.isoformat(), "files": names(order.answer.files)}
    letter = to_complainant(order, "commitment", facts, undo=before(order))
    done = [f"le réclamant apprend que nous répondrons le {day:%d/%m/%Y} au plus tard"]
    if late:
        done.append("la date annoncée était passée : ce dossier compte comme en retard")
    fields = {
        "stage": "committed",
        "committed_on": day,
        "commitment_reason": order.answer.text[:1000],
        "waiting_since": None,
        "human_told_at": order.desk.now,
    }
    confirmation = telling.confirm(
        order,
        f"{case.number} : s’engager sur le {day:%d/%m/%Y}",
        done,
        leaves_text=order.answer.text,
        files=names(order.answer.files),
        to=case.complainant_addr,
        leaves_at=letter.not_before,
        due_on=day.isoformat(),
    )
    return [Change(number=case.number, fields=fields), letter, confirmation]


def _bad_date(order: Order, day: date | None, today: date) -> str:
    limit = today + timedelta(days=order.config.answers.commitment_days)
    if day is None:
        return "il manque la date : #butoir 15/12/2026"
    if day <= today:
        return f"le {day:%d/%m/%Y} n’est pas dans le futur"
    if not workdays.is_open(day, order.config.workdays):
        return f"le {day:%d/%m/%Y} n’est pas un jour ouvré"
    if day > limit:
        return f"le {day:%d/%m/%Y} est trop loin : au plus tard le {limit:%d/%m/%Y}"
    return ""


FAMILY = {
    "résolu": _close,
    "partielle": _close,
    "infondée": _close,
    "répondu": _answered_elsewhere,
    "réponse": _inform,
    "précisions": _inform,
    "butoir": _commit,
}
__all__ = ["FAMILY", "ask", "before", "leaves_at", "names", "stopped", "to_complainant"]
