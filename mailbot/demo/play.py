"""Plays the demo: the real daemon, a short story, told in the terminal as it happens and kept in one page."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import mailbot
from mailbot import message
from mailbot.demo import story, treatment, witness
from mailbot.demo.send import hand_in, send_one_more
from mailbot.demo.show import HEAD, Broken, Say, Show, due, in_seconds
from mailbot.demo.stage import Folder, Occupied
from mailbot.demo.story import Written
from mailbot.demo.witness import PARIS, Entry, Seen

__all__ = ["play", "send_one_more"]

PATIENCE = 90.0  # seconds for the whole story, the outside check included: three times what a quiet machine takes
CHECK = Path(mailbot.__file__).parents[1] / "tests" / "demo_check.py"


async def play(*, once: bool, out: Path, say: Say) -> int:
    """`mailbot demo`: 0 when the story came out as told. `once`: ends by itself; else stays until Ctrl-C."""
    folder = Folder(out)
    try:
        folder.open()
    except (Occupied, OSError) as error:
        say(str(error))
        return 1
    show = Show(folder, say)
    with _stops(show.stop):
        return await _played(show, once=once)


async def _played(show: Show, *, once: bool) -> int:
    """The demo from the opening of its servers to their end; None stands for « stopped by somebody »."""
    async with show.open():
        good = await _in_time(show, once=once)
        show.good = bool(good)
        show.write_page()
        if good is not None:
            _tell_places(show)
            if not once:
                good = await _stay(show) and good
                show.write_page()
    if good is None or not once:
        show.say("Démonstration arrêtée.")
    else:
        show.say(show.green("Tout s’est passé comme annoncé.") if good else show.red("Tout ne s’est pas passé ainsi."))
    return 0 if good or (good is None and not once) else 1


async def _in_time(show: Show, *, once: bool) -> bool | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await show.or_stopped(_story(show, once=once))
    except TimeoutError:
        show.say(show.red(f"La démonstration n’a pas abouti en {PATIENCE:.0f} s : elle attendait {show.awaited}."))
    except (Broken, OSError) as error:
        show.say(show.red(str(error)))
    show.say(f"Journal du bureau : {show.folder.log}")
    return False


@contextlib.contextmanager
def _stops(event: asyncio.Event) -> Iterator[None]:
    """Ctrl-C, a polite kill or a closed terminal end the demo in good order."""
    loop = asyncio.get_running_loop()
    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    elsewhere = contextlib.suppress(NotImplementedError, RuntimeError)  # Windows, or not the main thread
    with elsewhere:
        for number in wanted:
            loop.add_signal_handler(number, event.set)
    try:
        yield
    finally:
        with elsewhere:
            for number in wanted:
                loop.remove_signal_handler(number)


# -- the story ------------------------------------------------------------------------------------------------------------


async def _story(show: Show, *, once: bool) -> bool:
    """Plays it all and tells it; True when all came out as told."""
    show.say(show.bold("mailbot, la démonstration") + " – tout se passe sur cette machine, rien ne part sur Internet.")
    show.say(f"Le vrai bureau lit {story.DESK} ; les serveurs de courrier et leurs boîtes sont à l’essai.\n")
    await show.until("l’ouverture du registre", show.register.ready)
    files = "deux fichiers (convocation, photo de la porte)"
    good = await _complaint(show, f"1. Carl Petit, stagiaire, écrit avec {files}", story.carl)
    good &= await _complaint(show, "2. Opale, OPCO, réclame un certificat ; rien ne prouve son adresse", story.opale)
    good &= await _complaint(show, "3. Marc O'Leary écrit en anglais, avec un fichier", story.marc)
    _, opale, marc = show.seen
    good &= await _machine(
        show, "4. Le répondeur d’absence de Marc répond à l’accusé", story.out_of_office, "auto-reply", marc
    )
    good &= await _machine(
        show, "5. Un avis d’échec revient : chez Opale, une collègue est partie", story.bounce, "bounce", opale
    )
    good &= await treatment.play(show)
    _summary(show)
    return good & await _outside_check(show) if once else good


async def _complaint(show: Show, title: str, write: Callable[[datetime], Written]) -> bool:
    """One mail of the story, its AR and its assignment, as they happen."""
    written = write(show.clock())
    who = written.by.name
    show.step(title)
    year, rank = show.clock().astimezone(PARIS).year, show.register.last_rank() + 1
    begun = time.monotonic()
    await hand_in(written, host=show.town.host, port=show.town.smtp_port)
    entry = await show.until(f"que le message de {who} soit lu", lambda: show.register.entry(written.message_id))
    if not entry.number:
        raise Broken(f"   ✗ le message de {who} n’a pas ouvert de dossier : {entry.verdict} ({entry.reason})")
    ack = await show.until(
        f"l’accusé de réception de {who}", lambda: witness.answer_to(written, show.mails(written.by))
    )
    seconds = time.monotonic() - begun
    entry = await show.until(f"la fin de l’envoi à {who}", lambda: _acknowledged(show, written))
    await show.until(
        f"le dossier {entry.number} chez {story.BO.name}",
        lambda: witness.handed_over(entry.number, written, show.mails(story.BO)),
    )
    boxes = {written.by.addr: show.mails(written.by)}
    trouble = witness.judge_complaint(written, entry, boxes, expected=f"REC-{year}-{rank:04d}")
    show.seen.append(Seen(written=written, entry=entry, acknowledgement=ack, seconds=seconds, trouble=tuple(trouble)))
    _tell_complaint(show, show.seen[-1])
    return not trouble


def _acknowledged(show: Show, written: Written) -> Entry | None:
    entry = show.register.entry(written.message_id)
    return entry if entry and entry.ack_state in witness.SETTLED else None


def _tell_complaint(show: Show, seen: Seen) -> None:
    many = len(seen.written.files)
    form = "" if seen.written.by.proven else " (forme brève, sans nom ni fichier cité)"
    show.fact(f"accusé de réception {seen.entry.number} en {in_seconds(seen.seconds)}{form}")
    show.fact(f"réponse due au plus tard le {due(seen.entry)}")
    same = "ses fichiers, identiques à l’octet près" if many > 1 else "son fichier, identique à l’octet près"
    show.fact(f"{story.BO.name} reçoit le dossier et {same}")
    _tell_trouble(show, seen.trouble)


def _tell_trouble(show: Show, trouble: tuple[str, ...] | list[str]) -> None:
    for line in trouble:
        show.say(show.red(f"   ✗ {line}"))


async def _machine(
    show: Show, title: str, write: Callable[[bytes, datetime], Written], verdict: str, about: Seen
) -> bool:
    """A machine's mail: judged, and nothing opened, answered or closed."""
    written = write(about.acknowledgement, show.clock())
    show.step(title)
    await hand_in(written, host=show.town.host, port=show.town.smtp_port)
    what = f"que « {verdict} » soit reconnu"
    entry = await show.until(what, lambda: show.register.entry(written.message_id))
    after = show.register.entry(about.written.message_id)
    trouble = witness.judge_machine(entry, verdict, before=about.entry.stage, after=after.stage if after else "")
    if not trouble:
        show.fact("rien n’est ouvert, personne ne reçoit de réponse, rien n’est clos")
    _tell_trouble(show, trouble)
    return not trouble


def _summary(show: Show) -> None:
    kept, explained = show.register.explained()
    show.say("\n" + show.bold("Ce que vous avez vu"))
    lines = (HEAD, *show.rows())
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        show.say("  " + (show.dim(line) if cells is HEAD else line))
    show.say(f"  {kept} messages reçus, {explained} expliqués.")


async def _outside_check(show: Show) -> bool:
    """A program that knows nothing of mailbot writes one mail more, and counts the date by itself."""
    if not CHECK.exists():
        show.say(show.dim("  (Contre-épreuve absente : ce mailbot est installé sans ses tests.)"))
        return True
    show.awaited = "la contre-épreuve (tests/demo_check.py)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(CHECK), str(show.folder.facts)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told = (await process.communicate())[0].decode("utf-8", "replace").strip()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        show.say(show.red(f"  ✗ contre-épreuve : {told}"))
    else:
        show.say("  Contre-épreuve, par un programme étranger à mailbot :")
        for line in told.splitlines():
            show.say("  " + show.green(line))
    return process.returncode == 0


# -- afterwards -----------------------------------------------------------------------------------------------------------


def _tell_places(show: Show) -> None:
    folder = show.folder
    show.say(f"\nÀ lire     {show.bold(str(folder.page))}")
    show.say(f"Courriers  {folder.mailboxes}")
    show.say(f"Registre   {folder.register}")


async def _stay(show: Show) -> bool:
    """Stays up for an ordinary mail client, and tells each mail that passes. False when the daemon ended by itself."""
    town = show.town
    ahead = show.clock.ahead().days
    show.say(
        f"\nLa démonstration reste ouverte ; son horloge a {ahead} jours d’avance sur la vôtre. Avec un logiciel de courrier,"
    )
    show.say(f"sans chiffrement, serveur {town.host} :")
    show.say(f"  IMAP port {town.imap_port}, SMTP port {town.smtp_port}, mot de passe « {story.PASSWORD} » pour tous :")
    for some in (story.COMPLAINANTS, story.STAFF):
        show.say("  " + ", ".join(c.addr for c in some))
    where = "" if show.folder.path == Path("demo-out").absolute() else f" --out {show.folder.path}"
    show.say(f"Une réclamation de plus, dans un autre terminal : {_command()} demo send{where} ; pour finir : Ctrl-C.")
    told = len(town.passages)
    while not show.stop.is_set() and show.daemon.ended is None:
        await show.or_stopped(asyncio.sleep(0.3))
        for sender, to, raw in town.passages[told:]:
            line = f"{show.clock().astimezone(PARIS):%d/%m %H:%M:%S}  {sender or '<>'} → {to} : {message.read_headers(raw).subject[:80]}"
            show.say("  " + "".join(c if c.isprintable() else "?" for c in line))
        if len(town.passages) > told:
            told = len(town.passages)
            show.write_page()
    if show.daemon.ended is None:
        return True
    show.say(show.red(f"Le bureau s’est arrêté (code {show.daemon.ended}) : {show.folder.log}"))
    return False


def _command() -> str:
    """How mailbot was called, so that the line can be copied."""
    called = sys.argv[0]
    return called if Path(called).name == "mailbot" else f"{sys.executable} -m mailbot"
