"""What the settings alone show: the people, the calendar, the words. Pure: the moment is given."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailbot import workdays
from mailbot.config import Config
from mailbot.doctor.finding import Finding, green, orange, red

LONG_PERIOD = 15  # calendar days above which the admin is warned (spec §4)
CLOCK_SLACK = timedelta(minutes=5)
BUILT = datetime.fromisoformat("2026-11-01T00:00:00+00:00")  # no clock that runs shows an earlier moment
UNFILLED = re.compile(
    r"à remplir|à compléter|\bXX+\b|\bTODO\b|\blorem ipsum\b|\[(?:nom|adresse|téléphone|organisme|date|votre)\b|<(?:nom|adresse|votre)\b",
    re.IGNORECASE,
)
HIDDEN = ("password", "webhook", "url")


def look(config: Config, now: datetime) -> list[Finding]:
    """Every line that needs nothing but the settings."""
    return [
        zone(config, now),
        holidays(config, now),
        closures(config, now),
        period(config, now),
        roles(config),
        substitutes(config),
        mediator(config),
        second_road(config),
        words(config),
    ]


def clock(now: datetime, *, last_written: datetime | None = None, server: datetime | None = None) -> Finding:
    """The machine's clock, against what the register and the mail server saw."""
    mend = "réglez l’heure de la machine : « timedatectl set-ntp true »"
    if now < BUILT:
        return red("horloge", f"elle dit {now:%d/%m/%Y}, avant la sortie de ce programme", mend)
    if last_written and last_written > now + CLOCK_SLACK:
        return red("horloge", f"elle a reculé : le journal s’arrête au {last_written:%d/%m/%Y %H:%M} (UTC)", mend)
    if server and abs(server - now) > CLOCK_SLACK:
        minutes = int(abs(server - now).total_seconds() // 60)
        return red("horloge", f"elle s’écarte de {minutes} minutes de celle du serveur de courrier", mend)
    seen = "" if server else " ; non comparée à celle du serveur"
    return green("horloge", f"{now:%d/%m/%Y %H:%M} (UTC){seen}")


def zone(config: Config, now: datetime) -> Finding:
    name = config.calendar.timezone
    local = now.astimezone(ZoneInfo(name))
    told = f"{name}, il y est {local:%H:%M}"
    overseas = workdays.TERRITORIES[config.workdays.territory].subdivision not in ("", "6AE", "57")
    if overseas and name == "Europe/Paris":
        mend = "réglez calendar.timezone sur l’heure du lieu, par exemple Indian/Reunion"
        return orange("fuseau", f"{told}, pour un territoire d’outre-mer", mend)
    return green("fuseau", told)


def holidays(config: Config, now: datetime) -> Finding:
    today = workdays.local_date(now, config.workdays)
    coming = workdays.upcoming_holidays(today, 12, config.workdays)
    as_by_law = config.calendar.model_copy(update={"worked_holidays": ()})
    lawful = config.model_copy(update={"calendar": as_by_law})
    lawful.__dict__.pop("workdays", None)  # the copy carries the calendar already made
    feasts = {day for day, _ in workdays.upcoming_holidays(today, 12, lawful.workdays)}
    odd = [d for d in config.calendar.worked_holidays if d >= today and d not in feasts]
    if odd:
        days = ", ".join(f"{d:%d/%m/%Y}" for d in odd)
        return orange(
            "jours fériés", f"{days} : travaillé(s) selon vous, mais non férié(s)", "corrigez worked_holidays"
        )
    next_ones = ", ".join(f"{name.replace(chr(39), '’')} le {day:%d/%m/%Y}" for day, name in coming[:3])
    return green("jours fériés", f"{len(coming)} d’ici douze mois ; les premiers : {next_ones}")


def closures(config: Config, now: datetime) -> Finding:
    today = workdays.local_date(now, config.workdays)
    declared = config.calendar.closures
    ahead = [c for c in declared if c.last >= today]
    if declared and not ahead:
        mend = "ajoutez celles à venir dans [[calendar.closures]], ou retirez les anciennes"
        return orange("fermetures", "toutes celles qui sont déclarées sont passées", mend)
    told = ", ".join(f"{c.label or 'fermeture'} du {c.first:%d/%m/%Y} au {c.last:%d/%m/%Y}" for c in ahead[:3])
    return green("fermetures", told or "aucune annoncée")


def period(config: Config, now: datetime) -> Finding:
    due = workdays.due(now, config.workdays)
    text = f"un AR d’aujourd’hui donnerait le {due.on:%d/%m/%Y} ; {workdays.explain(due)}"
    if due.calendar_days > LONG_PERIOD:
        return orange("échéances", text, "plus de quinze jours : vérifiez les fermetures")
    return green("échéances", text)


def roles(config: Config) -> Finding:
    missing = [r for r in ("quality", "direction") if not config.people_with(r)]
    if missing:
        return orange("personnel", f"personne n’a le rôle {', '.join(missing)}", "ajoutez-le dans [[staff]]")
    return green("personnel", f"{len(config.staff)} personne(s)")


def substitutes(config: Config) -> Finding:
    """Who treats files and has nobody to step in; of one person alone none can be asked."""
    active = [p for p in config.staff if p.active]
    treating = [p for p in active if set(p.roles) & {"staff", "quality"}]
    alone = [p.name for p in treating if not p.substitute]
    if len(active) == 1:
        return green("remplaçants", "une seule personne : aucun remplaçant possible")
    if alone:
        mend = "donnez substitute dans [[staff]] : en cas d’absence, les relances iraient à la personne absente"
        return orange("remplaçants", f"personne ne remplace {', '.join(alone)}", mend)
    gone = [p.name for p in treating if not getattr(config.person(p.substitute), "active", False)]
    if gone:
        mend = "choisissez une personne active"
        return orange("remplaçants", f"le remplaçant de {', '.join(gone)} n’est plus actif", mend)
    return green("remplaçants", "chacun a le sien")


def mediator(config: Config) -> Finding:
    if not config.mediator.name:
        mend = "remplissez [mediator] si des particuliers vous paient (Code de la consommation, L616-1)"
        return orange("médiateur", "aucun : les réponses aux consommateurs n’en nomment pas", mend)
    if not (config.mediator.site or config.mediator.address):
        mend = "ajoutez mediator.site ou mediator.address"
        return orange("médiateur", f"{config.mediator.name}, sans moyen de le saisir", mend)
    return green("médiateur", config.mediator.name)


def second_road(config: Config) -> Finding:
    if not (config.alarm.webhook or config.alarm.smtp):
        mend = "remplissez [alarm] : une adresse web ou un second compte d’envoi, chez un autre fournisseur"
        return orange("seconde route", "aucune : une panne d’envoi ne pourrait pas vous être dite", mend)
    same = config.alarm.smtp and config.alarm.smtp.host.lower() == config.smtp.host.lower() and not config.alarm.webhook
    if same:
        mend = "choisissez un autre fournisseur pour [alarm.smtp]"
        return orange("seconde route", "elle passe par le même serveur que la première", mend)
    return green("seconde route", "réglée")


def words(config: Config) -> Finding:
    """Values that were left as somebody's model wrote them."""
    found = [key for key, value in _texts(config.model_dump(mode="json")) if UNFILLED.search(value)]
    if found:
        return red(
            "valeurs", f"encore à remplir : {', '.join(found)}", "écrivez-y les vôtres : les lettres les montrent"
        )
    return green("valeurs", "remplies")


def _texts(value: object, at: str = "") -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [] if at.rpartition(".")[2] in HIDDEN else [(at, value)]
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in _texts(inner, f"{at}.{key}".lstrip("."))]
    if isinstance(value, list):
        return [pair for n, inner in enumerate(value, 1) for pair in _texts(inner, f"{at}[{n}]")]
    return []


def secrets(config: Config, environ: Mapping[str, str], names: Mapping[str, str]) -> Finding:
    """Files that hold secrets, or what complainants wrote, must be closed to other accounts. `names`: what → path."""
    watched = {
        **{name: path for name, path in environ.items() if name.startswith("MAILBOT_") and name.endswith("_FILE")},
        **names,
    }
    open_ = [what for what, path in watched.items() if _others_may_read(path)]
    if open_:
        mend = "; ".join(f"chmod o-rwx {watched[what]}" for what in open_)
        return red("secrets", f"lisible par tous les comptes de la machine : {', '.join(open_)}", mend)
    return green("secrets", "fermés aux autres comptes")


def _others_may_read(path: str) -> bool:
    try:
        return bool(os.stat(path).st_mode & 0o007)
    except OSError:
        return False
