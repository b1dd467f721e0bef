"""Health: what is down since when, what is running short, and by which road an admin hears of it and of its end (spec §10)."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from mailbot import alarms, backups, rules, status
from mailbot.corridor.bench import Bench
from mailbot.store import apply, erase, instance, pulse, questions
from mailbot.store.ledger import Session, Unavailable

TELL_DOWN_AFTER = timedelta(minutes=10)
UNEXPLAINED_AFTER = timedelta(hours=1)
NOTHING_LEFT_AFTER = timedelta(minutes=30)  # letters owed, none accepted: the server says « later » to all of them
FREE_MB = 500
OVER = {
    "imap": "la boîte est de nouveau relevée",
    "smtp": "le courrier part de nouveau",
    "disk": "il y a de nouveau de la place sur le disque du registre",
    "unexplained": "plus aucun message n’attend depuis plus d’une heure d’être traité",
    "erasure": "l’effacement d’une personne est fini partout où il devait l’être",
    "backup": "une sauvegarde du registre a de nouveau été faite",
    "fetch": "la boîte est de nouveau relevée jusqu’au bout",
    "late": "plus aucune échéance n’est en retard d’être regardée",
}
log = structlog.get_logger()


class Health:
    """How one desk is. `down_since` names the servers that do not work, « imap » and « smtp »; `up` those known to work."""

    def __init__(self, bench: Bench, seconds: Callable[[], float] = time.monotonic) -> None:
        self.bench = bench
        self.config = bench.config
        self.up: set[str] = set()
        self.down_since: dict[str, datetime] = {}
        self._words: dict[str, str] = {}
        self._seconds = seconds
        self._read_at = seconds()

    async def look(self) -> None:
        """Raises and ends the alarms that time alone brings."""
        now = self.bench.clock()
        stuck = await self.bench.ask(lambda tx: self._stuck(tx, now))
        if stuck and "smtp" not in self.down_since:
            self._note_down("smtp", _put_off(now - stuck[0], stuck[1]), since=stuck[0])
        down = {what: self._words[what] for what, since in self.down_since.items() if now - since > TELL_DOWN_AFTER}
        await self.bench.db(lambda tx: self._judge(tx, down, now))

    async def fetched(self, token_ends_at: datetime | None = None) -> None:
        """The mailbox was read to its end: the sign of life that counts (promise P6)."""
        now, self._read_at = self.bench.clock(), self._seconds()

        def write(tx: Session) -> None:
            pulse.note(tx, pulse.FETCHED, now)
            if token_ends_at:
                pulse.note(tx, pulse.TOKEN, token_ends_at)

        await self.bench.db(write)

    async def fault(self, where: str, error: Exception) -> None:
        """A fault of this program in one of its loops: told once a day, never in the way of the next turn. A database server
        that is out of reach is none, and can't be told by itself: `mailbot status` says it, and the other daemons go on."""
        if isinstance(error, Unavailable) and not self.bench.ledger.sqlite:
            log.warning("register out of reach", where=where, why=type(error.orig).__name__)
            return
        log.error("fault", where=where, exc_info=error)
        now, text = self.bench.clock(), f"erreur interne du bureau ({where}, {type(error).__name__}) : voir son journal"
        with contextlib.suppress(Exception):
            await self.bench.db(lambda tx: self._raise(tx, f"fault:{where}", text, now))

    def not_ours(self, what: str) -> None:
        """Another daemon looks after that server, and tells of it."""
        self.up.discard(what)
        self.down_since.pop(what, None)
        self._read_at = self._seconds()

    def _unread(self) -> bool:
        """Whether the mailbox has not been read to its end for too long, though its server answers. Counted by a clock that no
        jump of the hour moves, and that stands still while the machine sleeps."""
        limit = status.unfetched_after(self.config.mailbox.poll_seconds)
        return self._seconds() - self._read_at > limit.total_seconds()

    def _stuck(self, tx: Session, now: datetime) -> tuple[datetime, str] | None:
        return None if self._mute(tx) else questions.stuck_letter(tx, now, NOTHING_LEFT_AFTER)

    def _mute(self, tx: Session) -> str:
        return instance.mute(tx, self.config.instance_id)

    def _judge(self, tx: Session, down: dict[str, str], now: datetime) -> None:
        lasting = pulse.open_keys(tx)
        oldest = questions.oldest_unexplained(tx)
        text = "un message attend depuis plus d’une heure d’être traité (mailbot list --waiting)"
        self._shortage(tx, "unexplained", oldest is not None and now - oldest > UNEXPLAINED_AFTER, text, now, lasting)
        free = free_mb(self.config.data_dir)
        text = f"il ne reste que {free} Mo sur le disque du registre : faites de la place"
        self._shortage(tx, "disk", free < FREE_MB, text, now, lasting)
        if "imap" not in self.down_since:  # that has its own alarm
            text = "la boîte répond, mais n’est plus relevée jusqu’au bout depuis plus d’une demi-heure : voir le journal du service"
            self._shortage(tx, "fetch", self._unread(), text, now, lasting)
        late = pulse.late_since(tx, now)
        text = "une échéance attend depuis plus d’une heure d’être regardée : voir le journal du service"
        self._shortage(tx, "late", late is not None and now - late > UNEXPLAINED_AFTER, text, now, lasting)
        if now - (pulse.moment(tx, pulse.TICKED) or now - pulse.EVERY) >= pulse.EVERY:
            pulse.note(tx, pulse.TICKED, now)
        text = backups.trouble(tx, self.config, now)
        self._shortage(tx, "backup", bool(text), text, now, lasting)
        left = erase.unfinished(tx)
        text = "l’effacement d’une personne n’est pas fini (boîte ou fichier de la base) : refaites mailbot person pseudonymise"
        self._shortage(tx, "erasure", bool(left) and now - left[0].at > UNEXPLAINED_AFTER, text, now, lasting)
        for what, words in down.items():
            self._raise(tx, what, words, now)

    def _shortage(self, tx: Session, key: str, bad: bool, text: str, now: datetime, lasting: frozenset[str]) -> None:
        if bad:
            self._raise(tx, key, text, now)
        elif key in lasting:
            apply.recover(tx, key, OVER[key], now)

    def _raise(self, tx: Session, key: str, text: str, now: datetime) -> None:
        apply.raise_alarm(tx, key, text, now, cause=f"tick:health:{key}")

    # -- servers ----------------------------------------------------------------------------------------------------------

    async def went_down(self, what: str, text: str, advice: str, *, ours: bool) -> None:
        """Said once in the log; alarmed after ten minutes, at once when waiting won't mend it."""
        words = f"{text}. {advice}".strip()
        now = self.bench.clock()
        self._note_down(what, words, since=now)
        if ours:
            with contextlib.suppress(Unavailable):
                await self.bench.db(lambda tx: self._raise(tx, what, words, now))

    def _note_down(self, what: str, words: str, *, since: datetime) -> None:
        self.up.discard(what)
        if what not in self.down_since:
            self.down_since[what] = since
            log.warning("down", what=what, why=words)
        self._words[what] = words

    async def came_up(self, what: str) -> None:
        """The server works: whoever was told of the trouble is told that it is over."""
        if what in self.up:
            return
        self.up.add(what)
        self.down_since.pop(what, None)
        now = self.bench.clock()
        await self.bench.db(lambda tx: apply.recover(tx, what, OVER[what], now))

    # -- telling ----------------------------------------------------------------------------------------------------------

    async def tell(self) -> None:
        """Alarms leave by mail; when mail is the broken thing, by the second road. A mute desk has but one to tell."""
        why, some = await self.bench.ask(lambda tx: (self._mute(tx), questions.any_untold(tx)))
        if why:
            await self.tell_mute()
        if why or not some:
            return
        new, over = await self.bench.ask(questions.untold_alarms)
        if not new and not over:
            return
        if "smtp" in self.down_since and alarms.there_is_one(self.config):
            text = "\n".join([*(a.text for a in new), *(f"Rétabli : {a.recovered_text}" for a in over)])
            if await alarms.tell(self.config, "alarme du bureau des réclamations", text):
                await self.bench.db(lambda tx: apply.told(tx, new, over, self.bench.clock(), by="second road"))
            return
        await self.bench.db(self._write_alarms)

    async def tell_mute(self) -> bool:
        """Whether the desk is mute; today's word of it is written once."""
        why = await self.bench.ask(self._mute)
        if why:
            await self.bench.db(lambda tx: self._write_mute(tx, why))
        return bool(why)

    def _write_mute(self, tx: Session, why: str) -> None:
        effects = rules.mute_letters(why, sum(instance.held(tx).values()), self.bench.clock(), self.config)
        apply.apply(tx, effects, self.bench.act(tx, "tick:mute"))

    def _write_alarms(self, tx: Session) -> None:
        now = self.bench.clock()
        new, over = questions.untold_alarms(tx)
        effects = rules.alarm_letters(
            tuple((a.text, a.number) for a in new), tuple(a.recovered_text for a in over), now, self.config
        )
        apply.apply(tx, effects, self.bench.act(tx, "tick:alarms"))
        apply.told(tx, new, over, now, by="mail")


def _put_off(span: timedelta, answer: str) -> str:
    """Of the server's words the code only: they may quote a complainant's address."""
    minutes = int(span.total_seconds()) // 60
    since = f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} heures"
    code = f" (réponse {answer[:3]})" if answer[:3].isdigit() else ""
    return (
        f"aucun courrier n’est accepté depuis {since}, le serveur d’envoi remet chaque lettre à plus tard{code}. "
        "Vérifiez le compte d’envoi, son quota et sa réputation ; « mailbot check » essaie la connexion."
    )


def free_mb(folder: Path) -> int:
    """Megabytes free where the register lives."""
    stat = os.statvfs(folder if folder.exists() else folder.anchor)
    return int(stat.f_bavail * stat.f_frsize // 2**20)
