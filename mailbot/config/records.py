"""The settings as frozen records, one per table of config.example.toml, and the defaults that depend on other keys."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr

from mailbot import workdays
from mailbot.colours import ACCENT

Security = Literal["tls", "starttls", "none"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Role = Literal["staff", "quality", "direction", "admin"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Section(BaseModel):
    """A table of the configuration: unknown keys are mistakes, values never change, errors never quote a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


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
    port: int = Field(default=993, ge=1, le=65535)
    security: Security = "tls"
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
    port: int = Field(default=587, ge=1, le=65535)
    security: Security = "starttls"
    user: str = ""  # default: mailbox.address; "-" = no authentication
    password: SecretStr = SecretStr("")
    ca_file: Path | None = None
    from_name: str = ""  # default: organisation.name


class OAuth(Section):
    """Opens the mailbox and its sending account by tokens instead of a password."""

    provider: Literal["", "microsoft", "google"] = ""  # "" = by password
    flow: Literal["person", "application"] = "person"
    tenant: str = ""  # Microsoft's name of the organisation
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    service_account: Path | None = None  # Google's key file, with flow = "application"


class Closure(Section):
    first: date
    last: date
    label: str = ""


class Calendar(Section):
    timezone: str = "Europe/Paris"
    territory: str = "metropole"  # see workdays.TERRITORIES
    working_days: tuple[Weekday, ...] = WEEK[:5]
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
    roles: tuple[Role, ...] = ("staff",)
    substitute: str = ""  # an address of another person
    active: bool = True

    @property
    def first_name(self) -> str:
        """How letters greet them."""
        return (self.name.split() or [self.name])[0]


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
    letters: int = Field(
        default=10, ge=0
    )  # AR and receipts to one address in 24 hours: two machines that answer each other


class Intake(Section):
    prefix: str = Field(default="REC", pattern=r"^[A-Z]{2,8}$")
    forms: tuple[str, ...] = ()  # sender addresses of the organisation's own web forms
    flood: Flood = Flood()
    max_mb: int = Field(default=150, ge=1, le=150)
    funders: tuple[str, ...] = ()  # more domains of financeurs, beside the built-in list
    public_domains: tuple[str, ...] = ()  # more public mail providers, beside the built-in list


class Mediator(Section):
    """The consumer mediator that an argued reply names (Code de la consommation L616-1)."""

    name: str = ""
    address: str = ""
    site: str = ""


class Answers(Section):
    undo_minutes: int = Field(default=10, ge=0, le=120)
    minimum: int = Field(default=200, ge=0, le=5000)  # characters of own text in an argued reply
    commitment_days: int = Field(default=30, ge=1, le=365)
    reopen_days: int = Field(default=30, ge=0, le=365)
    resolution_words: tuple[str, ...] = ()  # more spellings of #résolu


class Quality(Section):
    """What must be looked into beyond the answer, and when an action is judged (spec §8)."""

    analysis_priorities: tuple[Literal["P1", "P2", "P3", "P4"], ...] = ("P1", "P2")
    analysis_gravity: int = Field(default=3, ge=1, le=5)  # 5: never by gravity
    analysis_repeats: int = Field(default=3, ge=2, le=100)  # of the same category and training
    analysis_days: int = Field(default=90, ge=1, le=366)
    check_days: int = Field(default=90, ge=1, le=730)  # from « done » to the check of its effect
    thanks: bool = True  # « ce qui a changé grâce à vous », with the words of #efficace


class Referents(Section):
    disability: str = ""
    data_protection: str = ""


class AlarmRoad(Section):
    """The second road: used when the first is the broken one (spec §10)."""

    webhook: str = Field(default="", repr=False)  # whoever knows it can write there: as good as a password
    smtp: Smtp | None = None
    from_address: str = ""  # default: alarm.smtp.user


class Digest(Section):
    names: bool = False


class Meeting(Section):
    """The quality meeting: when its pack is made, and what the figures cannot know by themselves."""

    every_months: Literal[0, 1, 2, 3, 4, 6, 12] = 3  # 0 = on #réunion only
    bulletin_days: int = Field(default=5, ge=1, le=60)  # working days from the meeting to its bulletin
    trainees: int = Field(default=0, ge=0)  # welcomed in a year; 0 = unknown


class Texts(Section):
    folder: Path | None = None  # one's own templates, each replacing the one of the same name
    signature: str = ""  # default: organisation.service
    accent: str = ACCENT  # the one colour of the letters, #rrggbb
    logo: Path | None = None  # travels in the letters to complainants


class Database(Section):
    url: str = Field(default="", repr=False)  # default: SQLite file mailbot.db in data_dir; may hold a password


class Backup(Section):
    """The daily copy of an SQLite register."""

    folder: Path | None = None  # None: no copy is made
    keep: int = Field(default=14, ge=1, le=3650)  # days
    at: time = time(3, 0)


class Privacy(Section):
    """When a file may go by age; 0 = never by itself."""

    years: int = Field(default=5, ge=0, le=30)  # after closing: the file is pseudonymised
    spam_months: int = Field(default=6, ge=0, le=120)  # suspects, and files out of scope


class Health(Section):
    """How a monitor sees the desk."""

    metrics_port: int = Field(default=0, ge=0, le=65535)  # on 127.0.0.1; 0: nothing listens
    heartbeat_url: str = Field(default="", repr=False)  # whoever knows it can ping it


class Instance(Section):
    """Which desk this is (spec §2); stands among the secrets, so that a copied register is known for a copy."""

    id: SecretStr = SecretStr("")  # "" = not compared


class Config(Section):
    """Everything that can be set. What the properties return is lower-cased where it is compared."""

    mode: Literal["essai", "live"] = "live"
    data_dir: Path = Path("/var/lib/mailbot")
    organisation: Organisation
    mailbox: Mailbox
    smtp: Smtp
    oauth: OAuth = OAuth()
    database: Database = Database()
    calendar: Calendar = Calendar()
    staff: tuple[Person, ...]
    assignment: Assignment = Assignment()
    trainings: tuple[Training, ...] = ()
    words: dict[str, tuple[str, ...]] = {}  # alert family → more words
    intake: Intake = Intake()
    answers: Answers = Answers()
    quality: Quality = Quality()
    mediator: Mediator = Mediator()
    referents: Referents = Referents()
    digest: Digest = Digest()
    meeting: Meeting = Meeting()
    alarm: AlarmRoad = AlarmRoad()
    texts: Texts = Texts()
    backup: Backup = Backup()
    privacy: Privacy = Privacy()
    health: Health = Health()
    instance: Instance = Instance()
    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path | None:
        """Where it was read from; None when it was made in memory."""
        return self._file

    @property
    def instance_id(self) -> str:
        """The id among the secrets; "" where there is none."""
        return self.instance.id.get_secret_value()

    @property
    def imap_user(self) -> str:
        return self.mailbox.user or self.mailbox.address

    @property
    def smtp_user(self) -> str:
        """The account that sends; "" when the server asks for none."""
        return "" if self.smtp.user == "-" else self.smtp.user or self.mailbox.address

    @property
    def smtp_by_token(self) -> bool:
        """Whether the sending account is the mailbox's own, opened by a token too."""
        return bool(self.oauth.provider and self.smtp_user) and self.smtp_user.lower() == self.imap_user.lower()

    @property
    def from_name(self) -> str:
        return self.smtp.from_name or self.organisation.name

    @property
    def signature(self) -> str:
        return self.texts.signature or self.organisation.service

    @property
    def alarm_from(self) -> str:
        """The From of an alarm that takes the second road; "" without `alarm.smtp`."""
        return self.alarm.from_address or (self.alarm.smtp.user if self.alarm.smtp else "")

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data_dir / 'mailbot.db'}"

    @cached_property
    def workdays(self) -> workdays.Calendar:
        """The part of `calendar` that counts days, as workdays wants it. Raises ValueError for an unknown territory."""
        c = self.calendar
        return workdays.Calendar(
            timezone=c.timezone,
            territory=workdays.resolve_territory(c.territory),
            working_days=frozenset(WEEK.index(d) for d in c.working_days),
            good_friday=c.good_friday,
            worked_holidays=frozenset(c.worked_holidays),
            extra_holidays=frozenset(c.extra_holidays),
            closures=tuple(workdays.Closure(x.first, x.last, x.label) for x in c.closures),
            days=c.days,
        )

    @cached_property
    def own_addresses(self) -> frozenset[str]:
        """Where complainants write: the mailbox and every address or group that ends up in it."""
        return frozenset(a.lower() for a in (self.mailbox.address, *self.mailbox.addresses))

    @property
    def own_domains(self) -> frozenset[str]:
        """What `organisation.domains` says, no more: at a public provider the mailbox has strangers for neighbours."""
        return frozenset(d.lower() for d in self.organisation.domains)

    @cached_property
    def _by_address(self) -> dict[str, Person]:
        return {address.lower(): person for person in self.staff for address in person.addresses}

    def person(self, address: str) -> Person | None:
        """Whose address it is, active or not; the whole address is compared without case."""
        return self._by_address.get(address.lower())

    def people_with(self, role: str) -> tuple[Person, ...]:
        """The active people with that role, in the order of the file."""
        return tuple(p for p in self.staff if p.active and role in p.roles)
