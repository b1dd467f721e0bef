"""Gathers the evidence: the files asked for, the register, the journal, the meetings, and whether the whole record verifies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from mailbot import complaint, proof, workdays
from mailbot.corridor.bench import Bench
from mailbot.evidence import pages
from mailbot.evidence.archive import MANIFEST, Archive
from mailbot.evidence.files import JOURNAL, Folder, journal_row
from mailbot.reports import export, said
from mailbot.reports.counted import Period
from mailbot.reports.digest import VERDICTS
from mailbot.reports.said import Speaker
from mailbot.store import record
from mailbot.store.ledger import Session
from mailbot.store.meetings import Meeting
from mailbot.store.record import Held, Line

CHAIN = (
    "id",
    "instant_utc",
    "numero",
    "evenement",
    "acteur",
    "cause",
    "texte",
    "empreinte_texte",
    "empreinte_acteur",
    "tete",
)
MAILS = ("recu_le", "conserve_le", "verdict", "raison", "numero", "sha256")
CHECKING = (
    "Chaque ligne du journal porte la tête de la chaîne : SHA-256 de la tête d’avant, de ses champs et de leurs empreintes. La tête du "
    "jour est imprimée dans chaque relevé quotidien, que les administrateurs ont dans leur messagerie : retirer ou récrire une ligne "
    "change toutes les têtes qui suivent, et se voit en la comparant avec un relevé plus ancien que ce dossier."
)
OPENING = (
    "Tout se lit sans connexion. Les fichiers .eml sont les messages à l’octet près : ils s’ouvrent dans un logiciel de messagerie, qui "
    "peut, lui, chercher des images sur Internet. Une pièce qui pourrait agir est renommée en .txt."
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for: files by their numbers, or the days of a period."""

    numbers: tuple[str, ...]
    period: Period | None = None

    @property
    def title(self) -> str:
        if self.period is None:
            return f"Dossier de preuve {', '.join(self.numbers)}"
        return f"Dossier de preuve du {self.period.first:%d/%m/%Y} au {self.period.last:%d/%m/%Y}"


@dataclass(kw_only=True)
class Made:
    files: int = 0
    manifest: str = ""  # its SHA-256
    codes: int = 0  # personal codes that were replaced
    troubles: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # what does not verify


def instants(period: Period, bench: Bench) -> tuple[datetime, datetime]:
    """The first instant of a period and the first one after it."""
    calendar = bench.config.workdays
    return workdays.at(period.first, time.min, calendar), workdays.at(
        period.last + timedelta(days=1), time.min, calendar
    )


async def of_period(bench: Bench, period: Period) -> Wanted:
    """The files received or closed in these days."""
    first, after = instants(period, bench)
    return Wanted(numbers=tuple(await bench.ask(lambda tx: record.numbers(tx, first, after))), period=period)


async def write(
    bench: Bench,
    wanted: Wanted,
    out: Path,
    *,
    who: str,
    checked: Callable[[], None] = lambda: None,
    written: Callable[[], None] = lambda: None,
) -> Made:
    """Writes the zip; then says so in the journal, and makes the codes that stand in it nobody's. `checked`: called once a mail
    verified, `written` once a file. Raises OSError."""
    now, say = bench.clock(), Speaker(config=bench.config)
    found = await proof.examine(bench.ledger, bench.guard, step=checked)
    made = Made(faults=list(found.faults))
    with Archive(out, say.local(now)) as archive:
        rows: list[list[object]] = []
        lines: list[Line] = list(await bench.ask(lambda tx: _desk_lines(tx, wanted, bench)))
        meetings: dict[int, Meeting] = {}
        for number in wanted.numbers:
            held = await bench.ask(lambda tx, n=number: record.of(tx, n))  # type: ignore[misc]
            if held is None:
                continue
            folder = Folder(bench, archive, held)
            await folder.write()
            made.files, made.troubles = made.files + 1, made.troubles + folder.troubles
            lines += held.lines
            rows.append(_row(held, say))
            meetings |= {m.id or 0: m for m in await bench.ask(lambda tx, h=held: _looked_at(tx, h))}  # type: ignore[misc]
            written()
        if wanted.period:
            period = wanted.period
            meetings |= {
                m.id or 0: m for m in await bench.ask(lambda tx: record.meetings(tx, period.first, period.last))
            }
            archive.add("messages-recus.csv", await bench.ask(lambda tx: _received(tx, wanted, bench)))
        await _register(bench, archive, wanted, now)
        _journal(archive, sorted(lines, key=lambda line: line.id), say)
        _verified(archive, found, say.moment(now))
        held_meetings = [_meeting(archive, meeting, say) for _, meeting in sorted(meetings.items())]
        archive.add("index.html", _index(wanted, rows, held_meetings, made, bench, say.moment(now)))
        made.manifest = archive.seal()
    made.codes = await bench.db(lambda tx: _handed_over(tx, wanted, made, bench, who))
    return made


def _desk_lines(tx: Session, wanted: Wanted, bench: Bench) -> list[Line]:
    """Of a period also what the journal says of the desk itself: copies, meetings, bulletins."""
    if wanted.period is None:
        return []
    first, after = instants(wanted.period, bench)
    return list(record.desk_lines(tx, first, after))


def _looked_at(tx: Session, held: Held) -> list[Meeting]:
    ended = held.file.closed_at
    meeting = record.meeting_after(tx, ended) if ended else None
    return [meeting] if meeting else []


def _row(held: Held, say: Speaker) -> list[object]:
    row = held.file
    name = export.HIDDEN if row.sensitive else row.complainant_name or row.complainant_addr
    return [
        pages.link(f"dossiers/{row.number}/index.html", row.number),
        name,
        row.nature,
        say.moment(row.received_at),
        say.moment(row.ack_at) or said.ACKS.get(row.ack_state, row.ack_state),
        say.day(row.committed_on or row.due_on),
        say.day(row.answered_at),
        f"{complaint.STAGE_NAMES.get(row.stage, row.stage)} {say.day(row.closed_at)}".strip(),
        pages.link(f"dossiers/{row.number}/fiche.pdf", "fiche"),
    ]


async def _register(bench: Bench, archive: Archive, wanted: Wanted, now: datetime) -> None:
    table = await bench.ask(lambda tx: export.table(tx, bench.config, numbers=wanted.numbers))
    for form in export.FORMATS:
        archive.add(f"registre.{form}", export.write(table, form, made_at=now))


def _journal(archive: Archive, lines: list[Line], say: Speaker) -> None:
    rows = [
        (
            line.id, f"{line.at:%Y-%m-%dT%H:%M:%S.%f}", line.number, line.event, line.actor, said.uncoded(line.cause),
            "effacé" if line.text is None else said.uncoded(line.text), line.digest, line.who, line.head,
        )
        for line in lines
    ]  # fmt: skip
    archive.add("journal.csv", export.as_csv(CHAIN, rows))
    shown = [[line.number, *journal_row(line, say)] for line in lines]
    back = (("index.html", "Sommaire"),)
    archive.add("journal.html", pages.page("Journal", pages.table(("Dossier", *JOURNAL), shown), back=back))


def _received(tx: Session, wanted: Wanted, bench: Bench) -> bytes:
    """Every mail that reached the mailbox in the period, and what became of it: nobody's name but the file's number."""
    assert wanted.period is not None
    say = Speaker(config=bench.config)
    rows = [
        (
            say.moment(mail.received_at), say.moment(mail.kept_at), VERDICTS.get(mail.verdict, mail.verdict), mail.reason, number,
            sha256,
        )
        for mail, number, sha256 in record.received(tx, *instants(wanted.period, bench))
    ]  # fmt: skip
    return export.as_csv(MAILS, rows)


def _verified(archive: Archive, found: proof.Proof, at: str) -> None:
    words = [pages.bad(fault) for fault in found.faults] or [pages.text("Aucun défaut.")]
    counted = "\n".join(proof.lines(found)[len(found.faults) :])
    body = (
        pages.text(f"Registre entier vérifié le {at}."),
        *words,
        pages.verbatim(counted),
        pages.text(CHECKING, small=True),
    )
    archive.add("verification.html", pages.page("Vérification", *body, back=(("index.html", "Sommaire"),)))


def _meeting(archive: Archive, meeting: Meeting, say: Speaker) -> list[object]:
    """Its pack as it was sent, what was decided, the bulletin; the row of the first page."""
    name = f"reunions/{meeting.last:%Y-%m-%d}-{meeting.id}"
    drawn = [
        pages.link(archive.add(f"{name}.{ending}", content), what)
        for ending, what, content in (("pdf", "dossier", meeting.pdf), ("xlsx", "tableur", meeting.sheet))
        if content  # a pack that named somebody who was erased is gone, what was decided stays
    ]
    page = ""
    if meeting.decisions or meeting.bulletin:
        held, told = say.day(meeting.held_on), say.moment(meeting.bulletin_at)
        blocks: list[str] = [pages.part(f"Décisions du {held}"), pages.verbatim(meeting.decisions)]
        if meeting.bulletin:
            blocks += [
                pages.part(f"Bulletin du {told}, à {meeting.bulletin_to} personnes"),
                pages.verbatim(meeting.bulletin),
            ]
        title = f"Réunion qualité {held}".strip()
        page = archive.add(f"{name}.html", pages.page(title, *blocks, back=(("../index.html", "Sommaire"),)))
    return [
        f"du {say.day(meeting.first)} au {say.day(meeting.last)}",
        say.day(meeting.held_on) or "pas encore",
        say.day(meeting.bulletin_at) or "pas encore",
        pages.joined(
            [
                *drawn,
                *([pages.link(page, "décisions et bulletin")] if page else []),
            ]
        ),
    ]


FILES = ("Dossier", "Réclamant", "Nature", "Reçue le", "Accusé le", "Échéance", "Répondu le", "Étape", "Fiche")


def _index(
    wanted: Wanted, rows: list[list[object]], meetings: list[list[object]], made: Made, bench: Bench, at: str
) -> str:
    state = "le registre entier se vérifie" if not made.faults else f"{len(made.faults)} défaut(s) : voir la page"
    received = (
        [("Messages reçus", pages.link("messages-recus.csv", "chacun avec son verdict (CSV)"))] if wanted.period else []
    )
    also = [
        ("Registre", pages.joined(pages.link(f"registre.{f}", f.upper()) for f in export.FORMATS)),
        *received,
        (
            "Journal",
            pages.joined([pages.link("journal.html", "page"), pages.link("journal.csv", "CSV, avec la chaîne")]),
        ),
        ("Vérification", pages.link("verification.html", state)),
        (
            "Manifeste",
            pages.joined([pages.link(MANIFEST, MANIFEST), f"à contrôler par : sha256sum --check {MANIFEST}"]),
        ),
    ]
    return pages.page(
        wanted.title,
        pages.text(f"{bench.config.organisation.name}, établi le {at}. {len(rows)} dossier(s)."),
        *(pages.bad(f"Illisible : {trouble}") for trouble in made.troubles),
        pages.part("Dossiers"),
        pages.table(FILES, rows),
        pages.part("Réunions qualité et bulletins"),
        pages.table(("Période", "Tenue le", "Bulletin", "Documents"), meetings),
        pages.part("Autour"),
        pages.facts(also),
        pages.text(OPENING, small=True),
    )


def _handed_over(tx: Session, wanted: Wanted, made: Made, bench: Bench, who: str) -> int:
    """The journal says who was given what; codes that stand in these mails are somebody else's knowledge now."""
    for number in wanted.numbers:
        text = f"{wanted.title} ; manifeste {made.manifest}"
        record.note_evidence(tx, number, text, at=bench.clock(), who=who, salt=bench.chance(16).hex())
    return record.drop_codes(tx, wanted.numbers)


def file_name(wanted: Wanted) -> str:
    if wanted.period is None:
        return f"preuve-{'-'.join(wanted.numbers[:3])}.zip"
    return f"preuve-{wanted.period.first}-{wanted.period.last}.zip"


def whole_days(first: date | None, last: date | None, today: date) -> Period:
    """From the first of January, to today, where nothing else is said."""
    last = last or today
    return Period(first=first or date(last.year, 1, 1), last=last)
