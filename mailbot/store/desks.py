"""desk_for(mail): everything the register knows about the mail in hand, frozen for one decision."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam
from sqlalchemy import case as when
from sqlalchemy import select as columns
from sqlmodel import AutoString, Session, col, func, or_, select

from mailbot.desk import Case, Desk, Incoming, Number, Past, Reported
from mailbot.message import DeliveryReport
from mailbot.store import direct
from mailbot.store.brought import IMPORTED
from mailbot.store.cases import PREFIXES, as_case, case_of, kept_of, numbered
from mailbot.store.staff import code_owner, window
from mailbot.store.staff import for_staff as _for_staff
from mailbot.store.tables import Complaint, Counter, Due, Inbound, Letter, LetterKey

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
BOUNCE_WINDOW = timedelta(days=7)  # spec §10
COUNTED = ("complaint", "follow-up", "held", "quarantined")  # verdicts that count towards a flood
WILD = re.compile(r"[%_/]")  # what LIKE obeys, and the sign that takes its force
GREETINGS = ("ack", "ack-group", "receipt")
LAST = select(Counter.n).where(Counter.series == bindparam("series"), Counter.year == bindparam("year"))
KEYS = select(LetterKey.key).where(LetterKey.letter_id == bindparam("letter"))
OWN = select(Letter.id).where(Letter.message_id == bindparam("message_id"))
SAME = (
    select(Inbound.id)
    .where(
        Inbound.fingerprint == bindparam("fingerprint"),
        Inbound.id != bindparam("this"),
        Inbound.state != "kept",
        Inbound.verdict != "duplicate",
        or_(col(Inbound.verdict) != "spam-suspect", col(Inbound.waiting).is_(False)),
        or_(  # what was imported as history was never answered
            col(Inbound.account) != IMPORTED,
            col(Inbound.verdict) != "before-start",
            bindparam("account", type_=AutoString) == IMPORTED,
        ),
    )
    .order_by(col(Inbound.id))
)
WROTE = select(Complaint.id).where(Complaint.complainant_addr == bindparam("addr")).limit(1)
IN_THE_HOUR = (
    Inbound.received_at > bindparam("after"),
    Inbound.received_at <= bindparam("until"),
    Inbound.id != bindparam("this"),
    col(Inbound.verdict).in_(direct.each(COUNTED)),
)
FROM_SENDER = select(func.count()).select_from(Inbound).where(Inbound.from_addr == bindparam("addr"), *IN_THE_HOUR)
# The newest first, and no more than make a flood: an hour may hold thousands.
UNPROVEN = select(func.count()).select_from(
    select(Inbound.id)
    .where(col(Inbound.proof).not_like("pass%"), *IN_THE_HOUR)
    .order_by(col(Inbound.received_at).desc())
    .limit(bindparam("most"))
    .subquery()
)
GREETED = (
    select(func.count(when((col(Letter.created_at) > bindparam("hour"), 1))), func.count())
    .select_from(Letter)
    .where(
        Letter.to_addr == bindparam("addr"),
        Letter.created_at > bindparam("day"),
        col(Letter.kind).in_(direct.each(GREETINGS)),
    )
)
GREETED_LIVE = GREETED.where(Letter.envelope_to == bindparam("addr"))
GROUP = select(Due.key).where(
    col(Due.key).like(bindparam("mine"), escape="/"), Due.kind == "group", col(Due.done_at).is_(None)
)
# Two trainings may begin on one day: a session is that of its training.
LINKS: tuple[tuple[str, Any], ...] = (
    ("même personne", col(Complaint.complainant_addr) == bindparam("complainant")),
    ("même entreprise", col(Complaint.complainant_domain) == bindparam("domain")),
    (
        "même session",
        and_(col(Complaint.session) == bindparam("session"), col(Complaint.training) == bindparam("training")),
    ),
    ("même formation", col(Complaint.training) == bindparam("training")),
)
SHOWN = columns(
    col(Complaint.number),
    col(Complaint.received_at),
    col(Complaint.subject),
    col(Complaint.stage),
    col(Complaint.sensitive),
    col(Complaint.staff_named),
)
PAST = {
    link: SHOWN.where(where, col(Complaint.series) == bindparam("series")).order_by(col(Complaint.id).desc()).limit(10)
    for link, where in LINKS
}


@dataclass(frozen=True, kw_only=True)
class Query:
    """What of a mail the register is asked about; drawn from Message and Reading by the shell."""

    message_id: str
    fingerprint: str
    thread: tuple[str, ...]  # In-Reply-To and References
    marker: str
    cited: tuple[str, ...]  # numbers in the subject
    author: str
    complainant: str
    domain: str  # the complainant's company domain, "" for a public provider's
    training: str
    recipients: tuple[str, ...]  # To and Cc of a colleague's mail, else ()
    reports: tuple[DeliveryReport, ...]
    named: tuple[str, ...] = ()  # numbers of the command, whoever writes
    code_about: str = ""  # "REC-2026-0042" or "m-17"
    code: str = ""
    staff: str = ""  # first address of the colleague who writes, or who confirms it, "" for others
    target: str = ""  # the number that the command's argument names
    meeting: bool = False  # whether the command is about a quality meeting
    bulletin: bool = False
    pending: int = 0  # what `#confirmer 17` names
    waiting_mail: int = 0
    action: int = 0  # the rank that #fait, #efficace, #inefficace or #action names
    session: str = ""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What of the configuration and clock the desk depends on."""

    now: datetime
    mode: str
    start: datetime
    timezone: str
    prefix: str
    unproven: int = 0  # from how many mails of unproven senders in an hour on one more is held; 0: nobody asks


def desk_for(tx: Session, inbound: Inbound, query: Query, setting: Setting, *, unreadable: str = "") -> Desk:
    """The desk for a mail; call it inside the decision's transaction."""
    series = "essai" if setting.mode == "essai" else "real"
    threaded = _threaded(tx, query, series)
    joined = case_of(tx, threaded.complaint_id) if threaded else None
    cited, same_thread = _cited(tx, query, series), _same_thread(tx, query, series)
    if not query.staff:  # a colleague's command still means the duplicate itself
        joined, same_thread = (kept_of(tx, c) if c else None for c in (joined, same_thread))
        cited = tuple({c.number: c for c in (kept_of(tx, c) for c in cited)}.values())
    colleague = query.staff or code_owner(tx, query, setting)
    staff = (
        _for_staff(tx, replace(query, staff=colleague), setting, threaded)
        if colleague
        else {"window": window(tx, joined or (cited[0] if cited else None))}
    )
    in_an_hour, in_a_day = _letters_to(tx, query.complainant, setting)
    return Desk(
        now=setting.now,
        mode=setting.mode,
        start=setting.start,
        incoming=_incoming(tx, inbound, unreadable),
        next_number=next_number(tx, series, inbound.received_at, setting),
        own=_own(tx, query),
        duplicate_of=_duplicate_of(tx, inbound, query),
        threaded=joined,
        threaded_to=threaded.to_addr if threaded else "",
        threaded_kind=threaded.kind if threaded else "",
        same_thread=same_thread,
        cited=cited,
        addressed=_addressed(tx, query, series),
        earlier_complainant=_wrote_before(tx, query.author),
        history=_history(tx, query, series, setting),
        from_sender=_from_sender(tx, inbound, query.author),
        unproven=_unproven(tx, inbound, setting.unproven),
        letters_to_sender=in_an_hour,
        letters_in_a_day=in_a_day,
        group_key=_group_key(tx, query.complainant) if in_a_day else "",  # grouped is who had some already
        reported=_reported(tx, query, setting.now),
        **staff,
    )


def _incoming(tx: Session, inbound: Inbound, unreadable: str) -> Incoming:
    assert inbound.id is not None
    case = tx.get(Complaint, inbound.complaint_id) if inbound.complaint_id else None
    return Incoming(
        id=inbound.id,
        folder=inbound.folder,
        received_at=inbound.received_at,
        truncated=inbound.truncated,
        unreadable=unreadable,
        verdict=inbound.verdict,
        number=case.number if case else "",
    )


def next_number(tx: Session, series: str, received_at: datetime, setting: Setting) -> Number:
    """The next number of the year of reception in the desk's time zone (spec §2, §3)."""
    year = received_at.astimezone(ZoneInfo(setting.timezone)).year
    rank = (direct.ask(tx, LAST, series=series, year=year).scalar() or 0) + 1
    prefix = PREFIXES.get(series, setting.prefix)
    return Number(series=series, year=year, rank=rank, text=f"{prefix}-{year}-{rank:04d}")


def with_party(tx: Session, case: Case | None) -> Case | None:
    """The same with the addresses that were copied on its mails or wrote in it."""
    if case is None:
        return None
    row = tx.exec(select(Complaint).where(Complaint.number == case.number)).one()
    writers = tx.exec(select(Inbound.from_addr).where(Inbound.complaint_id == row.id).distinct().limit(50))
    party = {*row.copied, *(w for w in writers if w)} - {case.complainant_addr}
    return replace(case, party=tuple(sorted(party)))


def _own(tx: Session, query: Query) -> bool:
    if not query.message_id:
        return False
    return direct.ask(tx, OWN, message_id=query.message_id).first() is not None


def _duplicate_of(tx: Session, inbound: Inbound, query: Query) -> int | None:
    if not query.fingerprint:
        return None
    return direct.ask(tx, SAME, fingerprint=query.fingerprint, this=inbound.id, account=inbound.account).scalar()


def _threaded(tx: Session, query: Query, series: str) -> Letter | None:
    """The letter of ours that this mail answers; the newest when it names several."""
    if not query.thread and not query.marker:
        return None
    found = or_(col(Letter.message_id).in_(query.thread or ("",)), Letter.marker == (query.marker or "-"))
    return tx.exec(
        select(Letter)
        .join(Complaint, col(Complaint.id) == col(Letter.complaint_id))
        .where(found, *_living(series))
        .order_by(col(Letter.id).desc())
    ).first()


def _living(series: str) -> tuple[Any, ...]:
    """Files of the series at work, and exercises: what an essai left behind, or was pseudonymised, joins nothing any more."""
    working = col(Complaint.series).in_((series, "practice"))
    return working, Complaint.stage != "taken-over", col(Complaint.erased_at).is_(None)


def _same_thread(tx: Session, query: Query, series: str) -> Case | None:
    if not query.thread:
        return None
    found = tx.exec(
        select(Inbound.complaint_id)
        .join(Complaint, col(Complaint.id) == col(Inbound.complaint_id))
        .where(col(Inbound.message_id).in_(query.thread), *_living(series))
        .order_by(col(Inbound.id).desc())
    ).first()
    return with_party(tx, case_of(tx, found))


def _cases(tx: Session, *where: Any) -> tuple[Case, ...]:
    rows = tx.exec(select(Complaint).where(*where).order_by(col(Complaint.id).desc()).limit(20))
    return tuple(as_case(r) for r in rows)


def _cited(tx: Session, query: Query, series: str) -> tuple[Case, ...]:
    found = _cases(tx, col(Complaint.number).in_(query.cited), *_living(series)) if query.cited else ()
    return tuple(c for f in found if (c := with_party(tx, f)))


def _addressed(tx: Session, query: Query, series: str) -> tuple[Case, ...]:
    if not query.recipients:
        return ()
    return _cases(tx, col(Complaint.complainant_addr).in_(query.recipients), *_living(series))


def _wrote_before(tx: Session, addr: str) -> bool:
    if not addr:
        return False
    return direct.ask(tx, WROTE, addr=addr).first() is not None


def _history(tx: Session, query: Query, series: str, setting: Setting) -> tuple[Past, ...]:
    """Earlier files of the same person, company, session or training (spec §3), the closest link first, each file once."""
    asked: tuple[tuple[str, dict[str, str]], ...] = (
        ("même personne", {"complainant": query.complainant}),
        ("même entreprise", {"domain": query.domain}),
        ("même session", {"session": query.session, "training": query.training}),
        ("même formation", {"training": query.training}),
    )
    seen: dict[str, Past] = {}
    for link, values in asked:
        if all(values.values()):
            for past in _past(tx, link, values, series, setting):
                seen.setdefault(past.number, past)
    return tuple(seen.values())[:10]


def _past(tx: Session, link: str, values: dict[str, str], series: str, setting: Setting) -> Iterable[Past]:
    for row in direct.ask(tx, PAST[link], series=series, **values):
        yield Past(
            number=row.number,
            received_on=row.received_at.astimezone(ZoneInfo(setting.timezone)).date(),
            subject=row.subject,
            stage=row.stage,
            link=link,
            sensitive=row.sensitive,
            staff_named=tuple(row.staff_named.split()),
        )


def _from_sender(tx: Session, inbound: Inbound, addr: str) -> int:
    if not addr:
        return 0
    return int(direct.ask(tx, FROM_SENDER, addr=addr, **_hour_before(inbound)).scalar_one())


def _unproven(tx: Session, inbound: Inbound, most: int) -> int:
    """Counted up to `most`."""
    return int(direct.ask(tx, UNPROVEN, most=most, **_hour_before(inbound)).scalar_one()) if most else 0


def _hour_before(inbound: Inbound) -> dict[str, Any]:
    return {"after": inbound.received_at - HOUR, "until": inbound.received_at, "this": inbound.id}


def _letters_to(tx: Session, addr: str, setting: Setting) -> tuple[int, int]:
    """AR and receipts of the last hour and day; once live, those of an essai, which went to the admin, do not count."""
    if not addr:
        return 0, 0
    question = GREETED if setting.mode == "essai" else GREETED_LIVE
    hour, day = list(direct.ask(tx, question, addr=addr, hour=setting.now - HOUR, day=setting.now - DAY).one())
    return hour, day


def _group_key(tx: Session, addr: str) -> str:
    if not addr:
        return ""
    mine = WILD.sub(r"/\g<0>", f"group:{addr}:") + "%"
    return direct.ask(tx, GROUP, mine=mine).scalar() or ""


def _reported(tx: Session, query: Query, now: datetime) -> tuple[Reported, ...]:
    """Letters of the last seven days whose stored id a report quotes, to that very recipient (spec §10)."""
    found: list[Reported] = []
    for report in query.reports:
        letter = tx.exec(
            select(Letter).where(Letter.message_id == report.original_id, Letter.created_at > now - BOUNCE_WINDOW)
        ).first()
        if letter and report.original_id and report.recipient.lower() in ("", letter.envelope_to):
            found += _one_per_case(tx, letter, report)
    return tuple(found)


def _one_per_case(tx: Session, letter: Letter, report: DeliveryReport) -> Iterable[Reported]:
    assert letter.id is not None
    for case in cases_of_letter(tx, letter.id, letter.complaint_id) or (None,):
        yield Reported(
            letter_id=letter.id,
            kind=kind_of(tx, letter.id, letter.kind),
            name=letter.name,
            to_addr=letter.to_addr,
            case=case,
            action=report.action,
            status=report.status,
            diagnostic=report.diagnostic,
        )


def cases_of_letter(tx: Session, letter_id: int, complaint_id: int | None) -> tuple[Case, ...]:
    """The files a letter speaks of: a grouped AR holds the `ack:` key of each."""
    numbers = [k.split(":")[1] for k in _keys(tx, letter_id) if k.startswith("ack:")]
    if numbers:
        return numbered(tx, numbers)
    case = case_of(tx, complaint_id)
    return (case,) if case else ()


def kind_of(tx: Session, letter_id: int, kind: str) -> str:
    """A gathered letter that holds no `ack:` key is a receipt, whatever its template is called."""
    if kind != "ack-group":
        return kind
    return "ack-group" if any(k.startswith("ack:") for k in _keys(tx, letter_id)) else "receipt"


def _keys(tx: Session, letter_id: int) -> Sequence[str]:
    return direct.ask(tx, KEYS, letter=letter_id).scalars()
