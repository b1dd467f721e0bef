"""What every letter says of the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
