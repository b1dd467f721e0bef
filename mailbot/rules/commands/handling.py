"""Commands about the work on a file: note, take, hand over, absence, silence, pieces, fiche, list, card, undo."""

from __future__ import annotations

from datetime import date
from typing import Any

from mailbot import complaint, tags, workdays
from mailbot.config import Person
from mailbot.desk import Case, Window
from mailbot.effects import Away, Cancel, Change, Effect, Letter, Settle
from mailbot.reading import fold
from mailbot.rules import relation
from mailbot.rules.commands import telling
from mailbot.rules.commands.order import Order
from mailbot.rules.returning import reopen_key

FICHE = (0, "fiche")  # where the corridor lays the drawn PDF, among the files that may travel


def _note(order: Order) -> list[Effect]:
    if _leaves_closed(order):
        return _left_closed(order)
    done = ["votre note est au dossier ; rien n’est parti chez le réclamant"]
    found = relation.granted(order.answer.text)
    recorded: list[Effect] = [Change(number=order.file.number, fields=dict(found.fields))] if found.fields else []
    done += relation.told(found, order.file) if found.fields else []
    return [*recorded, telling.confirm(order, f"note au dossier {order.file.number}", done, leaves_text="")]


def _leaves_closed(order: Order) -> bool:
    """The other button of a proposal to reopen, tapped by whoever may decide."""
    case = order.file
    decides = case.assignee == order.me or order.leads
    asked = case.reopen_asked_at is not None and case.stage in complaint.ENDED
    return asked and decides and fold(order.answer.text).startswith("laisser clos")


def _left_closed(order: Order) -> list[Effect]:
    case = order.file
    assert case.reopen_asked_at is not None
    return [
        Change(number=case.number, fields={"reopen_asked_at": None}),
        Settle(key=reopen_key(case.number, case.reopen_asked_at)),
        telling.confirm(order, f"laisser clos le dossier {case.number}", ["il ne se rouvrira pas de lui-même"]),
    ]


def _take(order: Order) -> list[Effect]:
    case = order.file
    if order.me in case.staff_named and not case.conflict:
        return telling.refuse(order, "vous êtes nommé(e) dans cette réclamation : quelqu’un d’autre la traite")
    stage, _ = complaint.after(case.stage, "prendre")
    change = Change(number=case.number, fields={"assignee": order.me, "stage": stage})
    return [change, telling.confirm(order, f"vous prenez le dossier {case.number}", ["il est à votre nom"])]


def find(name: str, people: tuple[Person, ...]) -> list[Person]:
    """Whom a first name, a name or an address means."""
    wanted = fold(name).strip(" .,;")
    if not wanted:
        return []
    exact = [p for p in people if wanted in (fold(p.name), *(a.lower() for a in p.addresses))]
    return exact or [p for p in people if wanted in fold(p.name).split()]


def _hand_over(order: Order) -> list[Effect]:
    active = tuple(p for p in order.config.staff if p.active)
    found = find(order.command.argument, active)
    if len(found) != 1:
        known = ", ".join(p.name for p in (found or active))
        return telling.refuse(
            order, f"à qui ? « {order.command.argument[:40]} » ne désigne pas une seule personne : {known}"
        )
    to, case = found[0], order.file
    if {a.lower() for a in to.addresses} & set(case.staff_named):
        return telling.refuse(order, f"{to.name} est nommé(e) dans cette réclamation et ne peut pas la traiter")
    addr = to.addresses[0].lower()
    facts = handed(order, to)
    return [
        Change(number=case.number, fields={"assignee": addr}),
        Letter(
            kind="handed-over",
            keys=(f"assignment:{case.number}:{order.desk.incoming.id}",),
            to=addr,
            language="fr",
            number=case.number,
            facts=facts,
        ),
        telling.confirm(order, f"confier le dossier {case.number} à {to.name}", [f"{to.name} est prévenu(e)"]),
    ]


def handed(order: Order, to: Person) -> dict[str, Any]:
    """What the next assignee is told: who hands it over, since when it runs, until when, and the words that go with it."""
    case = order.file
    due_on = case.committed_on or case.due_on
    return {
        "number": case.number,
        "first_name": to.first_name,
        "by": order.person.name,
        "complainant": f"{case.complainant_name} ({case.complainant_addr})".strip(),
        "subject": case.subject,
        "due_on": due_on.isoformat() if due_on else None,
        "stage": complaint.STAGE_NAMES.get(case.stage, case.stage),
        "text": order.answer.text,
    }


def _absent(order: Order) -> list[Effect]:
    today = workdays.local_date(order.desk.now, order.config.workdays)
    words = order.command.argument
    words = words.replace("—", "–").replace(" au ", "–")
    if "–" not in words and "/" in words:  # 21/12-24/12; the hyphens of 2026-12-21 are no « to »
        words = words.replace("-", "–", 1)
    first_text, _, rest = words.partition("–")
    first, last = tags.read_date(first_text, today), tags.read_date(rest, today)
    name = rest.split()[-1] if rest.split() and not rest.split()[-1][0].isdigit() else ""
    found = [p for p in find(name, tuple(p for p in order.config.staff if p.active)) if p is not order.person]
    if first is None or last is None or last < first or len(found) != 1:
        return telling.refuse(order, "écrivez par exemple : #absent 20/12–24/12 Ann")
    away = Away(person=order.me, first=first, last=last, substitute=found[0].addresses[0].lower())
    done = [
        f"du {first:%d/%m} au {last:%d/%m}, les relances vont à {found[0].name}",
        "vos dossiers ne changent de main qu’à l’échéance",
    ]
    return [away, telling.confirm(order, "votre absence", done)]


def _silence(order: Order) -> list[Effect]:
    done = ["plus aucun message automatique ne part chez le réclamant", "les relances à l’équipe continuent"]
    return [
        Change(number=order.file.number, fields={"silenced": True}),
        telling.confirm(order, f"silence sur le dossier {order.file.number}", done),
    ]


def _pieces(order: Order) -> list[Effect]:
    sizes = order.desk.evidence
    facts = {
        "number": order.file.number,
        "first_name": order.person.first_name,
        "files": [{"name": name or "fichier sans nom", "size": size} for _, _, name, size in sizes],
    }
    attach = tuple((inbound, path) for inbound, path, _, _ in sizes)
    return [telling.to_author(order, "files", facts, attach=attach)]


def _fiche(order: Order) -> list[Effect]:
    facts = {"number": order.file.number, "first_name": order.person.first_name}
    return [telling.to_author(order, "fiche", facts, attach=(FICHE,))]


def _list(order: Order) -> list[Effect]:
    rows = [
        {
            "number": c.number,
            "due_on": due.isoformat() if (due := c.committed_on or c.due_on) else None,
            "priority": c.priority,
            "stage": complaint.STAGE_NAMES.get(c.stage, c.stage),
            "subject": "" if c.sensitive and c.assignee != order.me else c.subject,
        }
        for c in order.desk.mine
    ]
    return [telling.to_author(order, "list", {"first_name": order.person.first_name, "rows": rows, "number": None})]


def _card(order: Order) -> list[Effect]:
    rows = [{"tag": f"#{t.name}", "does": t.does} for t in tags.CARD]
    return [telling.to_author(order, "card", {"first_name": order.person.first_name, "rows": rows, "number": None})]


def _undo(order: Order) -> list[Effect]:
    window = order.desk.window
    if window is None:
        return telling.refuse(order, complaint.REFUSALS["!too-late"], nearest="rouvrir")
    kept = window.undo.get("kept", {})  # of a duplicate: the file whose due date it had brought forward
    overtaken = _overtaken(window, order.file.stage)
    if overtaken and order.file.stage in complaint.ENDED:
        done = ["la lettre ne partira pas", "le dossier reste clos, comme vous l’avez dit depuis (#rouvrir le rouvre)"]
        what = f"annuler la lettre du dossier {order.file.number} qui attendait de partir"
        return [Cancel(key=window.key), telling.confirm(order, what, done)]
    fields = {k: _back(k, v) for k, v in window.undo.items() if k != "kept" and not (overtaken and k == "stage")}
    fields |= {"stage": _by_now(str(fields["stage"]), order.file)} if "stage" in fields else {}
    dates = [Change(number=n, fields={"due_on": _back("due_on", day)}) for n, day in dict(kept).items()]  # type: ignore[call-overload]
    done = ["la lettre ne partira pas", "le dossier est revenu à l’état d’avant"]
    return [
        Cancel(key=window.key),
        Change(number=order.file.number, fields=fields),
        *dates,
        telling.confirm(order, f"annuler la dernière commande du dossier {order.file.number}", done),
    ]


def _overtaken(window: Window, stage: str) -> bool:
    """Whether another command has moved the file since: that one was not taken back."""
    tag = {"news": "réponse", "question": "précisions", "commitment": "butoir"}.get(window.kind)
    return tag is not None and complaint.after(str(window.undo["stage"]), tag)[0] != stage


def _by_now(stage: str, case: Case) -> str:
    """The stage before, as it would be by now: an AR that left meanwhile, and an assessment, are not undone."""
    if stage in ("received", "acknowledged") and case.assessed_at:
        return "assessed"
    return "acknowledged" if stage == "received" and case.ack_state in ("accepted", "uncertain", "handed") else stage


def _back(name: str, value: Any) -> Any:
    """Dates went through JSON as text."""
    from datetime import datetime

    if not isinstance(value, str) or not value:
        return value
    if name.endswith("_on"):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if name.endswith(("_at", "_since")) else value


FAMILY = {
    "note": _note,
    "prendre": _take,
    "affecter": _hand_over,
    "absent": _absent,
    "silence": _silence,
    "pièces": _pieces,
    "fiche": _fiche,
    "liste": _list,
    "aide": _card,
    "annuler": _undo,
}
