"""How mails would be read and judged: stores nothing, needs no configuration."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Self

from mailbot import identity, reading, rules, verdict
from mailbot.config import Config, Mailbox, Organisation, Person, Smtp
from mailbot.desk import Desk, Incoming, Number
from mailbot.guard import Guard, NotStarted, Unreadable
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.reports.digest import VERDICTS
from mailbot.reports.tables import clean

BEGINNING = 512 * 2**10  # bytes given to the salvage of a mail that the reader could not read
_NOBODY = Config(
    organisation=Organisation(name="-"),
    mailbox=Mailbox(address="reclamations@desk.invalid", host="-"),
    smtp=Smtp(host="-"),
    staff=(Person(name="-", addresses=("staff@desk.invalid",)),),
)


class Inspector:
    """Reads mails in the guard and judges them as a desk that has no file yet. Use as `with Inspector() as inspector`.

    `config`: whose staff, addresses and words count; without it nobody is staff. Raises guard.NotStarted.
    """

    def __init__(self, config: Config | None = None, words: reading.Words = reading.EMPTY_WORDS) -> None:
        self.config = config or _NOBODY
        self.known = config is not None
        self._guard = Guard(words.to_json())
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._runner.run(self._guard.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._guard.__aexit__())
        self._runner.close()

    def inspect(self, raw: bytes) -> dict[str, Any]:
        """What `mailbot inspect --json` prints of one mail. Never raises for any bytes: a fault of ours is told, as the desk
        does when it sets a mail aside."""
        try:
            return self._runner.run(self._inspect(raw))
        except NotStarted:
            raise
        except Exception as error:
            return unread(f"erreur interne en jugeant : {type(error).__name__}")

    async def _inspect(self, raw: bytes) -> dict[str, Any]:
        try:
            message, said = await self._guard.read(raw)
            return self._told(message, said, "")
        except Unreadable as error:
            why = error.reason
        try:
            message, said = await self._guard.read_headers(raw[:BEGINNING])
            return self._told(message, said, why)
        except Unreadable:
            return unread(f"illisible : {why}")

    def _told(self, message: Message, said: Reading, unreadable: str) -> dict[str, Any]:
        judged = self._judge(message, said, unreadable)
        return {
            "verdict": judged.kind,
            "reason": judged.reason,
            "waiting": judged.waiting,
            **_who(message),
            "proof": self._proof(message),
            **_written(message, said),
            "attachments": [_file(each) for each in message.attachments],
            **_suggested(said),
            **_signs(message),
            "problems": [*([unreadable] if unreadable else []), *message.problems],
        }

    def _judge(self, message: Message, said: Reading, unreadable: str) -> verdict.Verdict:
        """The verdict of a desk that knows no file."""
        moment = datetime(2000, 1, 1, tzinfo=UTC)
        desk = Desk(
            now=moment,
            mode="live",
            start=moment,
            incoming=Incoming(id=0, folder="inbox", received_at=moment),
            next_number=Number(series="real", year=2000, rank=1, text="REC-2000-0001"),
        )
        author = identity.author(message, self.config)
        commanded = rules.commands.is_command(rules.commands.command_of(message, said, self.config), desk)
        judged = verdict.judge(message, said, desk, author, self.config, commanded=commanded)
        if unreadable and judged.kind == "complaint":
            return verdict.Verdict(kind="quarantined", reason=f"illisible : {unreadable}")
        return judged

    def _proof(self, message: Message) -> dict[str, str]:
        """What the provider says of the sender: ours where it is known, else whoever wrote the topmost header."""
        server = self.config.mailbox.authserv_id
        if not self.known and message.authentication:
            server = identity.read_results(message.authentication[0])[0]
        proof = identity.prove(message, server) if server else None
        if proof is None:
            why = "mailbox.authserv_id n’est pas réglé" if self.known else "aucun en-tête Authentication-Results"
            return {"status": "unknown", "evidence": why, "server": ""}
        return {"status": proof.status, "evidence": proof.evidence, "server": server}


def of(inspector: Inspector, read: Callable[[], bytes]) -> dict[str, Any]:
    """One mail of many: a file that can't be read is told like a mail that can't, and the others follow."""
    try:
        return inspector.inspect(read())
    except OSError as error:
        return unread(f"le fichier ne se lit pas : {error.strerror}")


def unread(why: str) -> dict[str, Any]:
    """What is told of a mail that nothing can be read of."""
    nothing = dict.fromkeys(("from", "subject", "message_id", "text", "new_text", "language"), "")
    known = {"date": None, "attachments": [], "references": [], "tags": [], "problems": [why]}
    return {"verdict": "quarantined", "reason": why, **nothing, **known}


def _who(message: Message) -> dict[str, Any]:
    return {
        "from": message.from_.addr if message.from_ else "",
        "from_name": message.from_.name if message.from_ else "",
        "strict_from": message.strict_from,
        "reply_to": [each.addr for each in message.reply_to],
        "subject": message.subject,
        "message_id": message.message_id,
        "date": message.date.isoformat() if message.date else None,
        "references": [*message.in_reply_to, *(r for r in message.references if r not in message.in_reply_to)],
        "authentication": list(message.authentication),
    }


def _written(message: Message, said: Reading) -> dict[str, Any]:
    forwarded = message.forwarded
    return {
        "text": message.text,
        "new_text": said.new_text,
        "cut_sure": said.cut_sure,
        "quoted_text": said.quoted_text,
        "forwarded": {
            "from": forwarded.sender.addr if forwarded.sender else "",
            "subject": forwarded.subject,
            "how": forwarded.how,
        }
        if forwarded
        else None,
    }


def _file(file: Any) -> dict[str, Any]:
    return {
        "name": file.name,
        "type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "evidence": file.evidence,
        "danger": file.danger,
        "problem": file.problem,
    }


def _suggested(said: Reading) -> dict[str, Any]:
    return {
        "language": said.language,
        "numbers": list(said.references),
        "tags": list(said.tags),
        "wish": said.wish,
        "wish_state": said.wish_state,
        "complainant_type": said.complainant_type,
        "subtype": said.subtype,
        "training": said.training,
        "alerts": [list(a) for a in said.alerts],
        "deadline": said.deadline_text,
        "phone": said.phone,
        "thanks_only": said.thanks_only,
    }


def _signs(message: Message) -> dict[str, Any]:
    return {
        "automatic": list(message.automatic),
        "listed": list(message.listed),
        "spam": list(message.spam),
        "reports": [
            {"recipient": r.recipient, "action": r.action, "status": r.status, "about": r.original_id}
            for r in message.reports
        ],
    }


# -- for a reader --------------------------------------------------------------------------------------------------


def lines(told: dict[str, Any]) -> list[str]:
    """One mail explained: the verdict first, what was repaired last. Nothing of the mail reaches a terminal raw."""
    kind = told["verdict"]
    return [
        f"Verdict : {kind} — {VERDICTS.get(kind, kind)} : {clean(told['reason'])}",
        *_rows(told),
        *_text(told),
        *_list("pièces", map(_file_line, told["attachments"])),
        *_list("avis de remise", (f"{r['recipient']} : {r['action']} {r['status']}" for r in told.get("reports", ()))),
        *_list("signes d’une machine", told.get("automatic", ())),
        *_list("signes d’une liste", told.get("listed", ())),
        *_list("signes d’un filtre", told.get("spam", ())),
        *_list("mots d’alerte", (f"{family} : {word}" for family, word in told.get("alerts", ()))),
        *_list("réparé ou abandonné en lisant", told["problems"]),
    ]


def _rows(told: dict[str, Any]) -> list[str]:
    proof, forwarded = told.get("proof") or {}, told.get("forwarded") or {}
    by = f" (selon {proof['server']})" if proof.get("server") else ""
    strict = "" if told.get("strict_from", True) else "   (auteur ambigu : aucune autorité)"
    values = {
        "de": f"{told.get('from_name', '')} <{told['from']}>{strict}",
        "objet": told["subject"],
        "date": told["date"] or "",
        "authentification": f"{proof.get('status', '')} — {proof.get('evidence', '')}{by}" if proof else "",
        "répond à": " ".join(told["references"][:3]),
        "transféré de": f"{forwarded['from'] or '?'} ({forwarded['how']})" if forwarded else "",
        "langue": told["language"],
        "solution souhaitée": f"{told.get('wish', '')} ({told.get('wish_state', '')})" if told.get("wish") else "",
        "réclamant": " ".join(filter(None, (told.get("complainant_type"), told.get("subtype")))),
        "formation": told.get("training", ""),
        "téléphone": told.get("phone", ""),
        "références": " ".join((*told.get("numbers", ()), *told["tags"])),
    }
    return [f"{name} : {clean(value.strip())}" for name, value in values.items() if value.strip()]


def _text(told: dict[str, Any]) -> list[str]:
    quoted = str(told.get("quoted_text", "")).count("\n") + 1 if told.get("quoted_text") else 0
    sure = "sûre" if told.get("cut_sure", True) else "incertaine : rien ne partirait sans être montré"
    return [
        f"coupe : {sure} ; {quoted} ligne{'s' if quoted > 1 else ''} de citation",
        "texte nouveau :",
        *(f"  {clean(row)}" for row in str(told["new_text"]).split("\n") if row.strip()),
    ]


def _file_line(file: dict[str, Any]) -> str:
    notes = [
        "" if file["evidence"] else "décor ou enveloppe",
        f"À RISQUE : {file['danger']}" if file["danger"] else "",
        file["problem"],
    ]
    told = " ; ".join(filter(None, notes))
    name = file["name"] or "(sans nom)"
    return f"{name} — {file['type']}, {file['size']} octets, sha256 {file['sha256'][:12]}" + (
        f" — {told}" if told else ""
    )


def _list(title: str, items: Iterable[str]) -> list[str]:
    shown = [f"  - {clean(item)}" for item in items]
    return [f"{title} :", *shown] if shown else []


def row(name: str, told: dict[str, Any]) -> str:
    """One mail of many, on one line."""
    cells = (told["verdict"].ljust(13), clean(told["from"])[:30].ljust(30), clean(told["subject"])[:40].ljust(40))
    return " ".join((*cells, clean(name))).rstrip()


def summary(verdicts: Counter[str]) -> str:
    """How many of each verdict, the most frequent first."""
    total = sum(verdicts.values())
    counted = ", ".join(f"{VERDICTS.get(kind, kind)} {many}" for kind, many in verdicts.most_common())
    return f"{total} message{'s' if total > 1 else ''} : {counted}."
