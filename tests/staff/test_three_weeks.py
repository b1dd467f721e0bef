"""Three weeks of one desk walked minute by minute on a virtual clock: every letter by hand leaves once, at its minute, and no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from room import Room, configured, mail, room
from sink import Sink, Taken
from sqlmodel import col, func, select

from mailbot import rules, workdays
from mailbot.config import Config, Person
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store import apply, questions
from mailbot.store.tables import Letter
from staff import talk
from staff import three_weeks as weeks
from staff.talk import kind_of
from staff.three_weeks import Event, instant

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAMES = {"bo": "Bo Martin", "zoe": "Zoé Roux", "ann": "Ann Leroy", "dir": "Line Direction", "dan": "Dan Petit"}
ROLES: dict[str, tuple[str, ...]] = {"ann": ("quality",), "dir": ("direction",), "dan": ("admin",)}
# « One reminder after 3 » stands in the complainant's column as progress does; a new cycle is handed over, not told anew.
# Where there is no address, the acknowledgement comes back to be printed.
SAME_TABLE = {"waiting-reminder": "progress", "handed-over": "assignment", "to-print": "ack"}
CLOCK = ("chase", "progress", "late", "survey", "digest", "reopened")
QUARTER = timedelta(minutes=15)
UP, DOWN, START, END = (instant(when).astimezone(UTC) for when in (weeks.UP, weeks.DOWN, weeks.START, weeks.END))

Row = tuple[str, str, str, str]  # (minute, kind, to, file)


def people() -> tuple[Person, ...]:
    return tuple(
        Person(
            name=NAMES[key],
            addresses=(address,),
            roles=ROLES.get(key, ("staff",)),  # type: ignore[arg-type]
            substitute=weeks.STAFF.get(weeks.SUBSTITUTE.get(key, ""), ""),
        )
        for key, address in weeks.STAFF.items()
    )


def settings() -> dict[str, Any]:
    return {
        "staff": people(),
        "assignment": {"default": weeks.STAFF["bo"], "rules": ({"to": weeks.STAFF["zoe"], "words": ("facture",)},)},
        "calendar": {"closures": tuple({"first": a, "last": b, "label": label} for a, b, label in weeks.CLOSURES)},
        "intake": {"public_domains": ("courriel.example",)},
    }


def address(who: str) -> str:
    return weeks.STAFF.get(who, f"{who}@courriel.example")


@dataclass
class Walk:
    """What happened: the numbers of the files, and each letter as it came in."""

    numbers: dict[str, str] = field(default_factory=dict)  # number → file
    came: list[Row] = field(default_factory=list)
    causes: list[Row] = field(default_factory=list)  # chases whose only step is the missing cause: weeks.LEFT_OUT
    waiting: list[Event] = field(default_factory=list)  # mails in a mailbox that nobody reads

    def written(self, event: Event, desk: Room) -> bytes:
        numbers = {file: number for number, file in self.numbers.items()}
        at = event.at.astimezone(UTC)
        if event.act == "mail":
            subject, text = weeks.MAILS[event.file]
            return mail(subject, text, sender=address(event.who), name=event.who.capitalize(), at=at)
        if event.is_command:
            subject = event.subject.format(number=numbers.get(event.file, ""))
            return mail(subject, event.body, sender=address(event.who), name=NAMES[event.who], at=at)
        answered = _last_letter(desk, address(event.who))
        headers: tuple[tuple[str, str], ...] = (
            ("In-Reply-To", answered.message_id),
            ("References", answered.message_id),
        )
        if event.act == "out-of-office":
            subject, text = weeks.OUT_OF_OFFICE
            headers = (*headers, ("Auto-Submitted", "auto-replied"))
        else:
            subject, text = f"Re: {answered.subject}", weeks.FOLLOW_UPS[event.file]
        return mail(subject, text, sender=address(event.who), name=event.who.capitalize(), at=at, headers=headers)


def _last_letter(desk: Room, to: str) -> Letter:
    found = [
        letter for letter in desk.rows(Letter, Letter.to_addr == to, Letter.state == "sent") if letter.complaint_id
    ]
    return max(found, key=lambda letter: letter.id or 0)


def instants(desk: Room) -> Iterator[datetime]:
    """Each quarter of an hour of the sending hours, each event, and whenever a text's ten minutes are over."""
    first, last = (time.fromisoformat(hour) for hour in weeks.SENDING_HOURS)
    quarters = []
    for n in range((weeks.LAST - weeks.FIRST).days + 1):
        at = datetime.combine(weeks.FIRST + timedelta(days=n), first, tzinfo=weeks.PARIS)
        while at.time() <= last:
            quarters.append(at.astimezone(UTC))
            at += QUARTER
    planned = sorted({START, *quarters, *(e.at.astimezone(UTC) for e in weeks.EVENTS)})
    while planned:
        now = planned.pop(0)
        if now > END:
            return
        yield now
        text = _next_text(desk)
        if text and text > now and text not in planned:
            planned = sorted({*planned, text})


def _next_text(desk: Room) -> datetime | None:
    owed = select(func.min(Letter.next_try_at)).where(Letter.state == "owed", col(Letter.settled_at).is_(None))
    found = desk.register.ask(lambda tx: tx.exec(owed).one())
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


async def walked(desk: Room, sink: Sink) -> Walk:
    walk, seen = Walk(), 0
    desk.register.run(desk.dues.first_digest)
    events = [*weeks.EVENTS]
    for now in instants(desk):
        desk.clock.now = now
        while events and events[0].at <= now:
            walk.waiting.append(events.pop(0))
        if DOWN <= now < UP:
            continue
        await _read(walk, desk)
        await desk.dues.tick()
        await desk.dues.tick()  # a doubled tick changes nothing
        desk.register.run(lambda tx: _alarms(tx, desk))
        await desk.send()
        minute = f"{now.astimezone(weeks.PARIS):%m-%d %H:%M}"
        for taken in sink.taken[seen:]:
            row = (minute, *_named(walk, taken.to[0], kind_of(taken), taken.raw))
            (walk.causes if for_a_cause(taken) else walk.came).append(row)
        seen = len(sink.taken)
    return walk


async def _read(walk: Walk, desk: Room) -> None:
    while walk.waiting:
        event = walk.waiting.pop(0)
        if event.file == "-" or not event.file:
            continue
        known = {f.number for f in desk.files()}
        taken = await desk.take(walk.written(event, desk), at=event.at.astimezone(UTC))
        assert taken.state == "decided", taken.reason
        for number in {f.number for f in desk.files()} - known:
            walk.numbers[number] = event.file


def _alarms(tx: Any, desk: Room) -> None:
    """As the daemon does at each tick: alarms not yet told become letters to the admin."""
    new, over = questions.untold_alarms(tx)
    if new or over:
        now = desk.clock()
        told = tuple((a.text, a.number) for a in new)
        apply.apply(
            tx,
            rules.alarm_letters(told, tuple(a.recovered_text for a in over), now, desk.config),
            desk.bench.act(tx, "tick:alarms"),
        )
        apply.told(tx, new, over, now, by="mail")


def for_a_cause(taken: Taken) -> bool:
    """Whether a letter asks for the cause of a closed file, and for nothing else."""
    return kind_of(taken) == "chase" and "est clos, mais il manque : l’analyse des causes." in talk.words(taken)


def _named(walk: Walk, to: str, kind: str, raw: bytes) -> tuple[str, str, str]:
    """(kind, to, file) in the words of the table."""
    staff = {addr: key for key, addr in weeks.STAFF.items()}
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    number = next((n for n in walk.numbers if n in head), "")
    return SAME_TABLE.get(kind, kind), staff.get(to, to.partition("@")[0]), walk.numbers.get(number, "")


def config(folder: Path) -> Config:
    return configured(folder, **settings())


@dataclass(frozen=True)
class Weeks:
    walk: Walk
    desk: Room


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Weeks]:
    folder = tmp_path_factory.mktemp("weeks")
    async with Guard(words(config(folder)).to_json()) as guard, Sink() as sink:
        with room(folder, guard, port=sink.port, now=START, **settings()) as desk:
            yield Weeks(walk=await walked(desk, sink), desk=desk)


def by_hand() -> Counter[Row]:
    return Counter(
        (f"{x.at:%m-%d %H:%M}", x.kind, x.to, x.file)
        for x in weeks.LETTERS
        if not set(x.why.split()) & set(weeks.LEFT_OUT)
    )


def missing(walk: Walk) -> Counter[Row]:
    return by_hand() - Counter(walk.came)


def surplus(walk: Walk) -> Counter[Row]:
    return Counter(walk.came) - by_hand()


async def test_every_letter_of_the_three_weeks_leaves_at_its_minute(three: Weeks) -> None:
    assert sorted(missing(three.walk)) == []
    assert len(three.walk.came) > 200


async def test_no_other_letter_leaves(three: Weeks) -> None:
    assert sorted(surplus(three.walk)) == []


async def test_the_causes_of_closed_files_are_asked_for_until_given(three: Weeks) -> None:
    """Of the closed files only these two are P1 or P2; every third working day from the closing (spec §7, §8)."""
    asked: dict[str, list[str]] = {}
    for minute, kind, to, file in three.walk.causes:
        assert (minute[6:], kind, to) == ("10:00", "chase", "bo")
        asked.setdefault(file, []).append(minute[:5])
    assert set(asked) == {"awa", "basile"}
    assert asked["awa"] == ["03-30", "04-02", "04-09"]  # closed on Friday 27 March


async def test_no_letter_leaves_twice(three: Weeks) -> None:
    assert [row for row, n in Counter(three.walk.came).items() if n > 1] == []


async def test_none_of_the_tempting_letters_leaves(three: Weeks) -> None:
    came = {(minute[:5], *rest) for minute, *rest in three.walk.came}
    for day, kind, to, file, why in weeks.FORBIDDEN:
        row = (f"{day:%m-%d}", kind, file if to == "@" else to, "" if file == "-" else file)
        assert row not in came, why


async def test_the_clock_starts_nothing_outside_sending_hours(three: Weeks) -> None:
    first, last = weeks.SENDING_HOURS
    calendar = three.desk.config.workdays
    for row in three.walk.came:
        minute, kind, *_ = row
        if kind in CLOCK:
            day = date.fromisoformat(f"{weeks.YEAR}-{minute[:5]}")
            assert workdays.is_open(day, calendar), row
            assert first <= minute[6:] < last, row


async def test_a_reply_in_the_evening_of_the_due_day_is_sent_at_once_and_punctual(three: Weeks) -> None:
    assert ("03-31 21:50", "reply", "omar", "omar") in three.walk.came
    [number] = [n for n, file in three.walk.numbers.items() if file == "omar"]
    row = three.desk.file(number)
    assert row.answered_at is not None
    assert row.answered_at.astimezone(weeks.PARIS).date() == row.due_on == date(2026, 3, 31)
    told = [s["text"] for s in three.desk.story(number)["steps"] if s["event"] == "told-reply"]
    assert told
    assert "échéance 2026-03-31" in told[0]
    assert not any(kind == "late" and file == "omar" for _, kind, _, file in three.walk.came)


async def test_due_dates_and_priorities_are_those_written_by_hand(three: Weeks) -> None:
    rows = {file: three.desk.file(number) for number, file in three.walk.numbers.items()}
    assert set(rows) == set(weeks.FILES)
    for file, row in rows.items():
        due = weeks.REOPENED[file][1] if file in weeks.REOPENED else weeks.DUE[file]
        assert f"{row.due_on:%m-%d}" == due, file
        assert row.priority == weeks.PRIORITY.get(file, ""), file
        assert (f"{row.committed_on:%m-%d}" if row.committed_on else None) == weeks.COMMITTED.get(file), file


async def test_nothing_is_alarmed_and_every_letter_was_accepted(three: Weeks) -> None:
    assert three.desk.alarms() == {}
    assert {letter.state for letter in three.desk.rows(Letter)} == {"sent"}
    assert cast.BOX not in {letter.to_addr for letter in three.desk.rows(Letter)}
