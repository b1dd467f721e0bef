"""How one mail would be read and judged: stores nothing, needs no configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mailbot import reading, verdict
from mailbot.config import Config, Mailbox, Organisation, Person, Smtp
from mailbot.desk import Desk, Incoming, Number
from mailbot.guard import Unreadable, read_once
from mailbot.identity import author
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.reports.tables import clean
from mailbot.reports.tables import told as as_lines


def inspect(raw: bytes) -> dict[str, Any]:
    """What `mailbot inspect --json` prints. Never raises for any bytes."""
    try:
        message, said = read_once(raw, reading.EMPTY_WORDS.to_json())
    except Unreadable as error:
        return {"verdict": "quarantined", "reason": str(error), "problems": [str(error)], **_nothing()}
    judged = _judge(message, said)
    return {
        "verdict": judged.kind,
        "reason": judged.reason,
        "from": message.from_.addr if message.from_ else "",
        "from_name": message.from_.name if message.from_ else "",
        "strict_from": message.strict_from,
        "subject": message.subject,
        "message_id": message.message_id,
        "date": message.date.isoformat() if message.date else None,
        "text": message.text,
        "new_text": said.new_text,
        "cut_sure": said.cut_sure,
        "language": said.language,
        "attachments": [
            {"name": a.name, "type": a.content_type, "size": a.size, "sha256": a.sha256, "evidence": a.evidence}
            for a in message.attachments
        ],
        "references": [*message.in_reply_to, *(r for r in message.references if r not in message.in_reply_to)],
        "numbers": list(said.references),
        "tags": list(said.tags),
        "wish": said.wish,
        "wish_state": said.wish_state,
        "complainant_type": said.complainant_type,
        "subtype": said.subtype,
        "training": said.training,
        "alerts": [list(a) for a in said.alerts],
        "phone": said.phone,
        "automatic": list(message.automatic),
        "listed": list(message.listed),
        "spam": list(message.spam),
        "authentication": list(message.authentication),
        "problems": list(message.problems),
    }


def _nothing() -> dict[str, Any]:
    texts = dict.fromkeys(("from", "subject", "message_id", "text", "new_text", "language"), "")
    return {**texts, "date": None, "attachments": [], "references": [], "tags": []}


def _judge(message: Message, said: Reading) -> verdict.Verdict:
    """The verdict of a desk that knows nothing: no file, no staff."""
    config = Config(
        organisation=Organisation(name="-"),
        mailbox=Mailbox(address="reclamations@desk.invalid", host="-"),
        smtp=Smtp(host="-"),
        staff=(Person(name="-", addresses=("staff@desk.invalid",)),),
    )
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    desk = Desk(
        now=moment,
        mode="live",
        start=moment,
        incoming=Incoming(id=0, folder="inbox", received_at=moment),
        next_number=Number(series="real", year=2000, rank=1, text="REC-2000-0001"),
    )
    return verdict.judge(message, said, desk, author(message, config), config)


def lines(told: dict[str, Any]) -> list[str]:
    """The same for a reader: the verdict first, the text last."""
    texts = {k: told[k] for k in ("new_text",) if told.get(k)}
    rest = {k: v for k, v in told.items() if k not in ("verdict", "reason", "text", "new_text")}
    body = [f"  {clean(line)}" for line in str(texts.get("new_text", "")).splitlines()]
    return [f"Verdict : {told['verdict']} — {clean(told['reason'])}", *as_lines(rest), "texte nouveau :", *body]
