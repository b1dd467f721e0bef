"""config.example.toml in code: a frozen Config, or one list of every mistake (key, line, how to mend)."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Section(BaseModel):
    """A table of the configuration: unknown keys are mistakes, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Organisation(Section):
    name: str
    service: str = "Service réclamations"
    phone: str = ""
    postal_address: str = ""
    domains: tuple[str, ...] = ()  # the organisation's own mail domains
    privacy_contact: str = ""
    privacy_url: str = ""
    retention: str = "cinq ans après la clôture"
    retention_en: str = "five years after closing"


class Mailbox(Section):
    address: str  # where complainants write; the From of every letter
    addresses: tuple[str, ...] = ()  # other addresses and groups that end up here
    host: str
    port: int = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""  # default: address
    password: SecretStr = SecretStr("")
    ca_file: Path | None = None
    folder: str = "INBOX"
    junk: str = ""  # "" = found by its special-use flag or usual names
    sent: str = ""
    file_into: str = ""  # "" = mail stays in the folder
    since: datetime | None = None
    authserv_id: str = ""
    poll_seconds: int = Field(default=60, ge=5, le=1740)


class Smtp(Section):
    host: str
    port: int = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: str = ""  # default: mailbox.address; "-" = no authentication
    password: SecretStr = SecretStr("")
    ca_file: Path | None = None
    from_name: str = ""  # default: organisation.name


class Closure(Section):
    first: date
    last: date
    label: str = ""


class Calendar(Section):
    timezone: str = "Europe/Paris"
    territory: str = "metropole"  # see workdays.TERRITORIES
    working_days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    good_friday: bool = True  # Alsace-Moselle only
    worked_holidays: tuple[date, ...] = ()
    extra_holidays: tuple[date, ...] = ()
    closures: tuple[Closure, ...] = ()
    days: int = Field(default=6, ge=1, le=60)
    send_from: time = time(8, 0)
    send_until: time = time(18, 30)
    digest_at: time = time(8, 0)


class Person(Section):
    name: str
    addresses: tuple[str, ...]  # the first receives the letters
    roles: tuple[Literal["staff", "quality", "direction", "admin"], ...] = ("staff",)
    substitute: str = ""  # an address of another person
    active: bool = True


class AssignmentRule(Section):
    to: str  # an address of a staff member
    complainant_types: tuple[Literal["stagiaire", "financeur", "autre"], ...] = ()
    trainings: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Assignment(Section):
    default: str = ""  # an address; default: the first active quality manager, else the first active staff member
    rules: tuple[AssignmentRule, ...] = ()


class Training(Section):
    name: str
    words: tuple[str, ...] = ()


class Flood(Section):
    per_sender: int = Field(default=20, ge=0)  # an hour; 0 = off
    unproven: int = Field(default=60, ge=0)


class Intake(Section):
    prefix: str = Field(default="REC", pattern=r"^[A-Z]{2,8}$")
    forms: tuple[str, ...] = ()  # sender addresses of the organisation's own web forms
    flood: Flood = Flood()
    max_mb: int = Field(default=150, ge=1, le=150)
    funders: tuple[str, ...] = ()  # more domains of financeurs, beside the built-in list
    public_domains: tuple[str, ...] = ()  # more public mail providers, beside the built-in list


class Referents(Section):
    disability: str = ""
    data_protection: str = ""


class AlarmRoad(Section):
    """The second road: used when the first is the broken one (spec §10)."""

    webhook: str = ""
    smtp: Smtp | None = None
    from_address: str = ""  # default: alarm.smtp.user


class Digest(Section):
    names: bool = False


class Texts(Section):
    folder: Path | None = None  # one's own templates, each replacing the one of the same name
    signature: str = ""  # default: organisation.service


class Database(Section):
    url: str = ""  # default: SQLite file mailbot.db in data_dir


class Config(Section):
    mode: Literal["essai", "live"] = "live"
    data_dir: Path = Path("/var/lib/mailbot")
    organisation: Organisation
    mailbox: Mailbox
    smtp: Smtp
    database: Database = Database()
    calendar: Calendar = Calendar()
    staff: tuple[Person, ...]
    assignment: Assignment = Assignment()
    trainings: tuple[Training, ...] = ()
    words: dict[str, tuple[str, ...]] = {}  # alert family → more words
    intake: Intake = Intake()
    referents: Referents = Referents()
    digest: Digest = Digest()
    alarm: AlarmRoad = AlarmRoad()
    texts: Texts = Texts()
