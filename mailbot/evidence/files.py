"""One complaint in the zip: its fiche, every mail and letter as it was and as a page, the pieces, its part of the journal."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

from mailbot import complaint
from mailbot.corridor import fiches
from mailbot.corridor.bench import Bench
from mailbot.evidence import pages
from mailbot.evidence.archive import Archive, safe_name
from mailbot.guard import Unreadable
from mailbot.message import Message
from mailbot.reports import said
from mailbot.reports.digest import VERDICTS
from mailbot.reports.said import Speaker
from mailbot.store import keep, whole
from mailbot.store.record import Held, Line, Mail, Sent

ERASED = "effacé avec la personne : il en reste l’empreinte"
JOURNAL = ("Le", "Qui", "Étape", "Précisions", "Cause", "Tête")


class Folder:
    """Writes one file's part of the archive."""

    def __init__(self, bench: Bench, archive: Archive, held: Held) -> None:
        self.bench, self.archive, self.held = bench, archive, held
        self.say = Speaker(config=bench.config)
        self.number = held.file.number
        self.root = f"dossiers/{self.number}"
        self.troubles: list[str] = []

    async def write(self) -> None:
        self.archive.add(f"{self.root}/fiche.pdf", await fiches.of(self.bench, self.held))
        mails = [await self._mail(n, mail) for n, mail in enumerate(self.held.mails, 1)]
        letters = [await self._letter(n, letter) for n, letter in enumerate(self.held.letters, 1)]
        self.archive.add(f"{self.root}/index.html", self._index(mails, letters))

    # -- mails -----------------------------------------------------------------------------------------------------------

    async def _mail(self, n: int, mail: Mail) -> list[object]:
        row, name = mail.row, f"{n:03}-message"
        kind = VERDICTS.get(row.verdict, row.verdict)
        told = [self.say.moment(row.received_at), self.say.name(row.from_addr), kind]
        if mail.erased:
            return [*told, ERASED, "", mail.sha256[:16]]
        raw = await self.bench.ask(lambda tx: keep.raw_of(tx, row.id or 0))
        self.archive.add(f"{self.root}/messages/{name}.eml", raw)
        try:
            message, _ = await self.bench.guard.read(raw, truncated=row.truncated)
            words, pieces = message.text, await self._pieces(n, raw, message)
        except Unreadable as error:
            words, pieces = f"(illisible : {error})", []
            self.troubles.append(f"{self.number}, message {n} : {error}")
        self.archive.add(f"{self.root}/messages/{name}.html", self._mail_page(n, mail, kind, words, pieces))
        near = [pages.link(f"pieces/{file}", shown) for shown, file, _ in pieces if file]
        subject = said.uncoded(row.subject) or "(sans objet)"
        return [*told, pages.link(f"messages/{name}.html", subject), pages.joined(near), mail.sha256[:16]]

    async def _pieces(self, n: int, raw: bytes, message: Message) -> list[tuple[str, str, str]]:
        """(name as it was, name in the zip, its hash) of each file that came with the mail; "" where it was not taken."""
        wanted = [a for a in message.attachments if not a.problem]
        cut = await self.bench.guard.cut_out(raw, [a.path for a in wanted]) if wanted else {}
        found: list[tuple[str, str, str]] = []
        for k, a in enumerate(message.attachments, 1):
            shown = a.name or f"fichier sans nom ({a.content_type})"
            if a.path not in cut:
                found.append((f"{shown} : {a.problem or 'introuvable'}", "", a.sha256))
                continue
            file = f"{n:03}-{k}-{safe_name(a.name, danger=bool(a.danger))}"
            self.archive.add(f"{self.root}/pieces/{file}", cut[a.path])
            found.append((shown, file, a.sha256))
        return found

    def _mail_page(self, n: int, mail: Mail, kind: str, words: str, pieces: list[tuple[str, str, str]]) -> str:
        row = mail.row
        facts: list[tuple[str, Any]] = [
            ("De", f"{row.from_name} <{row.from_addr}>"),
            ("Objet", said.uncoded(row.subject)),
            ("Écrit le", self.say.moment(row.date_header)),
            ("Reçu le", self.say.moment(row.received_at)),
            ("Conservé le", self.say.moment(row.kept_at)),
            ("Verdict", f"{kind} : {row.reason}"),
            ("Auteur", row.proof),
            ("Message-ID", row.message_id),
            ("Octets, SHA-256", f"{mail.size}, {mail.sha256}"),
            ("Tel que reçu", pages.link(f"{n:03}-message.eml", f"{n:03}-message.eml")),
        ]
        rows = [(pages.link(f"../pieces/{file}" if file else "", shown), digest) for shown, file, digest in pieces]
        files = [pages.part("Pièces"), pages.table(("Nom", "SHA-256"), rows)] if rows else []
        title = f"{self.number} : message {n}"
        return pages.page(title, pages.facts(facts), pages.verbatim(said.uncoded(words)), *files, back=self._back())

    def _back(self) -> tuple[tuple[str, str], ...]:
        return (("../../../index.html", "Sommaire"), ("../index.html", self.number))

    # -- letters ---------------------------------------------------------------------------------------------------------

    async def _letter(self, n: int, letter: Sent) -> list[object]:
        name = f"{n:03}-{letter.kind}"
        when = letter.settled_at or letter.created_at
        told = [self.say.moment(when), said.letter(letter.kind), self.say.name(letter.to)]
        proof = " ; ".join(
            p for p in (said.STATES.get(letter.state, letter.state), letter.answer, letter.queue_id) if p
        )
        if letter.erased:
            return [*told, f"{proof} ; {ERASED} {letter.erased}", ""]
        raw = await self.bench.ask(lambda tx: whole.remains(tx, letter.id))
        self.archive.add(f"{self.root}/lettres/{name}.eml", raw)
        self.archive.add(f"{self.root}/lettres/{name}.html", self._letter_page(name, letter, raw))
        return [*told, proof, pages.link(f"lettres/{name}.html", "lire")]

    def _letter_page(self, name: str, letter: Sent, raw: bytes) -> str:
        to = letter.to if letter.to == letter.envelope_to else f"{letter.to}, remise à {letter.envelope_to}"
        facts = [
            ("À", to),
            ("Objet", said.uncoded(letter.subject)),
            ("Décidée le", self.say.moment(letter.created_at)),
            ("Transmise à partir de", self.say.moment(letter.data_begun_at)),
            ("Réponse du serveur le", self.say.moment(letter.settled_at)),
            ("État", said.STATES.get(letter.state, letter.state)),
            ("Réponse du serveur", letter.answer),
            ("Identifiant de file", letter.queue_id),
            ("Revenue le", self.say.moment(letter.bounced_at)),
            ("Tentatives", str(letter.attempts)),
            ("Message-ID", letter.message_id),
            ("Date limite imprimée", self.say.day(letter.due_on)),
            ("Telle qu’envoyée", pages.link(f"{name}.eml", f"{name}.eml")),
        ]
        title = f"{self.number} : {said.letter(letter.kind)}"
        words = said.uncoded(plain(raw))
        return pages.page(title, pages.facts(facts), pages.verbatim(words), back=self._back())

    # -- the page of the file --------------------------------------------------------------------------------------------

    def _index(self, mails: list[list[object]], letters: list[list[object]]) -> str:
        row, say = self.held.file, self.say
        facts = [
            ("Fiche", pages.link("fiche.pdf", "fiche.pdf")),
            ("Nature", row.nature),
            ("Étape", complaint.STAGE_NAMES.get(row.stage, row.stage)),
            ("Reçue le", say.moment(row.received_at)),
            ("Accusé de réception", f"{say.moment(row.ack_at)} {said.ACKS.get(row.ack_state, row.ack_state)}".strip()),
            ("Pourquoi pas d’accusé", row.no_ack),
            ("Échéance", f"{say.day(row.due_on)}{' (provisoire)' if row.provisional else ''} : {row.calendar}"),
            ("Engagement", say.day(row.committed_on)),
            ("Répondu le", say.moment(row.answered_at)),
            ("Close le", say.moment(row.closed_at)),
            ("Fondement", row.outcome),
        ]
        return pages.page(
            f"Réclamation {self.number}",
            pages.facts(facts),
            pages.part("Messages reçus"),
            pages.table(("Reçu le", "De", "Ce que c’est", "Message", "Pièces", "SHA-256"), mails),
            pages.part("Lettres, et preuve de leur remise"),
            pages.table(("Le", "Lettre", "À", "Remise", "Texte"), letters),
            pages.part("Journal"),
            pages.table(JOURNAL, [journal_row(line, say) for line in self.held.lines]),
            back=(("../../index.html", "Sommaire"),),
        )


def journal_row(line: Line, say: Speaker) -> list[object]:
    told = "effacé" if line.text is None else said.uncoded(line.text)
    return [
        say.moment(line.at),
        say.name(line.actor),
        said.step(line.event),
        told,
        said.uncoded(line.cause),
        line.head[:16],
    ]


def plain(raw: bytes) -> str:
    """The text of a letter of our own."""
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))  # type: ignore[attr-defined]
    return str(body.get_content()) if body else ""
