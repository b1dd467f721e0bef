"""What lies on the disk: the room left, who may read it, and the texts of one's own."""

from __future__ import annotations

from mailbot.config import Config
from mailbot.doctor.finding import Finding, green, red
from mailbot.health import FREE_MB
from mailbot.letters import House, leak, own
from mailbot.store.ledger import Ledger, Trouble


def disk(free: int) -> Finding:
    if free < FREE_MB:
        return red("disque", f"{free} Mo libres", "faites de la place sur le disque de data_dir")
    return green("disque", f"{free} Mo libres")


def watched(config: Config) -> dict[str, str]:
    """The files of the desk that no other account may read: what → path."""
    try:
        path = Ledger(config.database_url).path
    except (Trouble, OSError, RuntimeError):
        path = None
    if path is None or not path.exists() or not path.parent.stat().st_mode & 0o001:
        return {}  # what lies in a closed folder is closed
    return {"registre": str(path)}


def texts(house: House) -> Finding:
    """One's own templates: what is wrong in them, each with its file and line."""
    if house.texts_folder is None:
        return green("textes", "ceux de mailbot")
    faults = own.faults(house)
    if faults:
        text = " ; ".join(str(f) for f in faults[:5]) + (f" ; et {len(faults) - 5} autre(s)" if len(faults) > 5 else "")
        return red(
            "textes", text, "corrigez ces lignes, puis « mailbot preview » pour les voir ; d’ici là, nos textes partent"
        )
    return green("textes", f"{len(own.files(house.texts_folder))} à vous, sans faute")


def canary(house: House) -> Finding:
    """Whether a stranger's text stays text in our letters, on this machine, with this Python (reliability T75)."""
    leaking = leak(house)
    if leaking:
        mend = "mettez Python à jour, puis « make setup » ; « mailbot run » refuse de démarrer jusque-là"
        return red("textes d’inconnus", f"ils changeraient nos lettres : {leaking}", mend)
    return green("textes d’inconnus", "ils ne changent ni en-tête ni destinataire de nos lettres")
