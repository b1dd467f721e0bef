"""The second half of the story: a colleague handles the files from a telephone, over two weeks of the demo's own clock."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date, time, timedelta

from mailbot import message, workdays
from mailbot.demo import enclosures, phone, story, witness
from mailbot.demo.send import hand_in
from mailbot.demo.show import Broken, Show
from mailbot.demo.story import BO, CARL, DAN, MARC, OPALE, Character, Written
from mailbot.demo.witness import PARIS
from mailbot.letters.dates import in_words

CALENDAR = workdays.Calendar()
UNDO = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
TEN = time(10)

SCORES = ("Gravité : 3", "Complexité : 2", "Répercussions : 2", "Action immédiate : oui, Bo appelle Carl ce matin")
LIGHT = ("Gravité : 1", "Complexité : 1", "Répercussions : 2", "Action immédiate : non, rien ne presse")
TO_OPALE = (
    "Bonjour,\n\nVous nous demandiez le certificat de réalisation du dossier 4471-B. Nous avons vérifié : il était signé le "
    "jour de la fin de la formation, mais envoyé à une adresse que vous n’utilisez plus. Le voici, en pièce jointe. Votre "
    "nouvelle adresse est notée pour la suite ; dites-nous si une autre pièce manque.\n\nBo Martin\n"
)
TO_MARC = (
    "Hello Marc,\n\nYou told us about the late starts and the lunch box. We asked the trainer and the caterer: both mornings "
    "began late because the room was locked, and your order was misread. We are sorry for it. A one-hour catch-up session "
    "online is booked for you; the lunch is refunded. We can't repeat the two days as a whole.\n\nBo Martin\n"
)
QUESTION = "Bonjour Carl,\n\nAvec quel moyen de transport êtes-vous venu, et avez-vous gardé un justificatif ?"
CARL_ANSWERS = "Bonjour,\n\nEn voiture, 160 km aller et retour. J’ai gardé le ticket de péage, 6,40 €.\n\nCarl"
REASON = "Le formateur nous rend son rapport la semaine prochaine, et le service comptable a besoin de deux jours.\n"
TO_CARL = (
    "Bonjour Carl,\n\nVous demandiez le remboursement de vos frais de route et une nouvelle date. Le formateur avait été "
    "prévenu d’un report, vous non : c’est notre erreur, et nous vous prions de nous en excuser. Vos 160 km et le péage vous "
    "sont remboursés cette semaine, et une place vous est gardée à la prochaine session. Désormais, chaque report est "
    "confirmé par téléphone la veille.\n\nBo Martin\n"
)
MARKS = ("Prise en compte : 5", "Action : 4", "Suite de la relation : 5")


class Days:
    """The clock of this half: working days counted from that of Carl's acknowledgement."""

    def __init__(self, show: Show, acknowledged: date) -> None:
        self._show = show
        self._from = acknowledged

    def on(self, n: int) -> date:
        return workdays.add(self._from, n, CALENDAR)

    def leap(self, n: int) -> str:
        """Ten o'clock of the n-th working day; said in words."""
        self._show.clock.leap_to(workdays.at(self.on(n), TEN, CALENDAR))
        return f"{in_words(self.on(n), 'fr')}, {self.hour()}"

    def later(self, span: timedelta) -> None:
        self._show.clock.leap_to(self._show.clock() + span)

    def hour(self) -> str:
        now = self._show.clock().astimezone(PARIS)
        return f"{now.hour} h {now.minute:02d}"


class Handling:
    """What was awaited of each mailbox so far; letters are awaited one by one, by kind."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.awaited: dict[str, list[str]] = {c.addr: [] for c in story.CAST}
        self._taken: Counter[tuple[str, str, str]] = Counter()
        for seen in show.seen:
            self.awaited[seen.written.by.addr].append("ack")
            self.awaited[BO.addr].append("assignment")

    async def comes(self, who: Character, kind: str, number: str = "") -> bytes:
        """The next letter of that kind in that mailbox."""
        rank = self._taken[who.addr, kind, number]
        self._taken[who.addr, kind, number] += 1
        if kind != "assignment":
            self.awaited[who.addr].append(kind)

        def look() -> bytes | None:
            return next(iter(witness.of_kind(kind, number, self.show.mails(who))[rank:]), None)

        return await self.show.until(f"« {kind} » chez {who.name}", look)

    async def writes(self, written: Written, verdict: str) -> None:
        """A mail is handed in, and judged as it should be."""
        await hand_in(written, host=self.show.town.host, port=self.show.town.smtp_port)
        what = f"que le message de {written.by.name} soit lu"
        entry = await self.show.until(what, lambda: self.show.register.entry(written.message_id))
        if entry.verdict != verdict:
            raise Broken(f"   ✗ message de {written.by.name} jugé « {entry.verdict} » au lieu de « {verdict} »")

    async def commands(self, written: Written, number: str) -> bytes:
        """Bo's command, and its confirmation."""
        await self.writes(written, "staff-command")
        return await self.comes(BO, "confirm", number)

    def judge(self) -> list[str]:
        """Every mailbox holds the letters told of, and no other."""
        return [
            line
            for who in (*story.COMPLAINANTS, *story.STAFF)
            for line in witness.judge_box(who, self.awaited[who.addr], self.show.mails(who))
        ]


async def play(show: Show) -> bool:
    """Plays it and tells it; True when every mailbox holds what was told, and nothing else."""
    carl, opale, marc = (seen.entry for seen in show.seen)
    assert carl.ack_at is not None
    handling, days = Handling(show), Days(show, carl.ack_at.astimezone(PARIS).date())
    show.say("\n" + show.bold("La suite, depuis le téléphone de Bo, sur une horloge que la démonstration avance"))
    try:
        await _two_others(handling, days, opale.number, marc.number)
        await _chased(handling, days, carl.number)
        await _asked(handling, days, carl.number)
        await _committed(handling, days, carl.number)
        await _informed(handling, days, carl.number)
        await _closed(handling, days, carl.number)
        await _surveyed(handling, days, carl.number)
    except LookupError as error:  # a letter without its button
        raise Broken(f"   ✗ {error}") from None
    trouble = handling.judge()
    for line in trouble:
        show.say(show.red(f"   ✗ {line}"))
    return not trouble


async def _two_others(handling: Handling, days: Days, opale: str, marc: str) -> None:
    show = handling.show
    show.step("6. Bo prend Carl, puis répond aux deux autres : un bouton, son texte, envoyer")
    carl_notice = await handling.comes(BO, "assignment", show.seen[0].entry.number)
    await handling.commands(_tapped(show, carl_notice, "#prendre"), show.seen[0].entry.number)
    certificate = enclosures.pdf("CERTIFICAT DE RÉALISATION", "Dossier 4471-B", "Institut Exemple Formation")
    files = (("certificat 4471-B.pdf", "application/pdf", certificate),)
    for who, number, tag, text, joined in (
        (OPALE, opale, "#résolu", TO_OPALE, files),
        (MARC, marc, "#partielle", TO_MARC, ()),
    ):
        notice = await handling.comes(BO, "assignment", number)
        scored = phone.tap(BO, phone.button(notice, "#évaluer"), show.clock(), filled=LIGHT)
        await handling.commands(scored, number)
        answer = phone.tap(BO, phone.button(notice, tag), show.clock(), text=text, files=joined)
        await handling.commands(answer, number)
        show.fact(f"évalué, répondu à {who.name} : Bo a dix minutes pour annuler")
    days.later(UNDO)
    reply = await handling.comes(OPALE, "reply", opale)
    await handling.comes(MARC, "reply", marc)
    if {a.sha256 for a in message.read(reply).attachments} != _hashes(files):
        raise Broken("   ✗ la réponse à Opale n’a pas le certificat de Bo")
    show.fact(f"{days.hour()} : les deux réponses partent, le certificat avec celle d’Opale ; deux dossiers clos")


async def _chased(handling: Handling, days: Days, number: str) -> None:
    show = handling.show
    show.step(f"7. {days.leap(1)} : personne n’a évalué le dossier de Carl")
    await handling.comes(BO, "chase", number)
    await handling.comes(DAN, "digest")
    show.fact("une relance, à Bo seul ; le digest du matin à l’administrateur")


async def _asked(handling: Handling, days: Days, number: str) -> None:
    show = handling.show
    chase = witness.of_kind("chase", number, show.mails(BO))[0]
    show.step("8. Bo évalue, avec le formulaire du bouton, et pose une question à Carl")
    scored = phone.tap(BO, phone.button(chase, "#évaluer"), show.clock(), filled=SCORES)
    await handling.commands(scored, number)
    notice = witness.of_kind("assignment", number, show.mails(BO))[0]
    asked = phone.answer(BO, notice, f"#précisions\n\n{QUESTION}", show.clock())
    await handling.commands(asked, number)
    days.later(UNDO)
    question = await handling.comes(CARL, "question", number)
    show.fact("évaluation confirmée, priorité calculée ; dix minutes plus tard, la question arrive chez Carl")
    days.later(30 * MINUTE)
    show.step(f"9. {days.hour()} : Carl répond, depuis son téléphone")
    await handling.writes(phone.answer(CARL, question, CARL_ANSWERS, show.clock()), "follow-up")
    await handling.comes(CARL, "receipt", number)
    await handling.comes(BO, "followup-notice", number)
    show.fact("Carl reçoit un mot de réception ; Bo reçoit sa réponse, au dossier")


async def _committed(handling: Handling, days: Days, number: str) -> None:
    show = handling.show
    promised = days.on(8)
    show.step(f"10. Bo ne pourra pas conclure à temps : il s’engage pour le {in_words(promised, 'fr')}")
    notice = witness.of_kind("followup-notice", number, show.mails(BO))[0]
    draft = phone.button(notice, "#butoir")
    typed = ("JJ/MM/AAAA", f"{promised:%d/%m/%Y}")
    await handling.commands(phone.tap(BO, draft, show.clock(), text=REASON, typed=typed), number)
    days.later(UNDO)
    letter = await handling.comes(CARL, "commitment", number)
    if in_words(promised, "fr") not in " ".join(message.read(letter).text.split()):
        raise Broken("   ✗ la lettre d’engagement ne dit pas la date promise")
    show.fact("Carl reçoit la date et sa raison ; c’est elle que le bureau suit désormais")


async def _informed(handling: Handling, days: Days, number: str) -> None:
    show = handling.show
    show.step(f"11. {days.leap(4)} : trois jours ouvrés sans un mot pour Carl")
    await handling.comes(CARL, "progress", number)
    for who, seen in ((OPALE, show.seen[1]), (MARC, show.seen[2])):
        await handling.comes(who, "survey", seen.entry.number)
    await handling.comes(DAN, "digest")
    show.fact("le bureau lui écrit où en est son dossier ; Opale et Marc sont invités à donner leur avis")


async def _closed(handling: Handling, days: Days, number: str) -> None:
    show = handling.show
    days.later(30 * MINUTE)
    show.step(f"12. {days.hour()} : Bo répond sur le fond, par le bouton « Répondre et clore »")
    notice = witness.of_kind("followup-notice", number, show.mails(BO))[0]
    answer = phone.tap(BO, phone.button(notice, "#résolu"), show.clock(), text=TO_CARL)
    await handling.commands(answer, number)
    days.later(UNDO)
    await handling.comes(CARL, "reply", number)
    await show.until("la clôture au registre", lambda: _stage(show) == "closed")
    show.fact("dix minutes plus tard, Carl a sa réponse ; le dossier est clos, avant la date promise")


async def _surveyed(handling: Handling, days: Days, number: str) -> None:
    show = handling.show
    show.step(f"13. {days.leap(7)} : trois jours ouvrés après la clôture")
    survey = await handling.comes(CARL, "survey", number)
    await handling.comes(BO, "chase", number)
    await handling.comes(DAN, "digest")
    show.fact(
        "l’avis de Carl lui est demandé : un bouton, trois notes ; la cause manque encore : une relance, à Bo seul"
    )
    rated = phone.tap(CARL, phone.button(survey, "avis"), show.clock(), filled=MARKS)
    await handling.writes(rated, "survey-answer")
    show.fact("il donne 5, 4 et 5 : rien ne se rouvre, la note est au registre")


def _tapped(show: Show, notice: bytes, words: str) -> Written:
    return phone.tap(BO, phone.button(notice, words), show.clock())


def _stage(show: Show) -> str:
    entry = show.register.entry(show.seen[0].written.message_id)
    return entry.stage if entry else ""


def _hashes(files: tuple[tuple[str, str, bytes], ...]) -> set[str]:
    return {hashlib.sha256(data).hexdigest() for _, _, data in files}
