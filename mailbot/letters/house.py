"""What every letter says of the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mailbot.colours import ACCENT


@dataclass(frozen=True, kw_only=True)
class Logo:
    """A picture that travels inside the letters to complainants; without it they say the same."""

    octets: bytes
    subtype: str  # "png" | "jpeg"
    cid: str = "logo"


@dataclass(frozen=True, kw_only=True)
class House:
    """The organisation's own facts. `days`: working days of the commitment; `timezone`: an IANA name.

    `mediator_…`: the consumer mediator that an argued reply names when its own fact does not say; "" for none.
    """

    organisation: str
    service: str
    signature: str
    phone: str
    postal_address: str
    mailbox_address: str
    from_name: str
    privacy_contact: str
    privacy_url: str
    retention: str
    retention_en: str
    timezone: str
    texts_folder: Path | None
    days: int
    mediator_name: str = ""
    mediator_address: str = ""
    mediator_site: str = ""
    accent: str = ACCENT
    logo: Logo | None = None
