"""How long the tokens still last, where the account is opened with one instead of a password."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbot.doctor.finding import Finding, green, orange, red

SOON = timedelta(days=7)


def look(expiries: Sequence[tuple[str, datetime | None]], now: datetime) -> Finding:
    """`expiries`: which account, and when its permission to be renewed ends (None: not known to end)."""
    if not expiries:
        return green("jetons", "aucun : les comptes s’ouvrent par mot de passe")
    for account, end in expiries:
        if end is not None and end <= now:
            return red("jetons", f"{account} : expiré le {end:%d/%m/%Y}", "relancez « mailbot login »")
    soon = [(account, end) for account, end in expiries if end is not None and end - now < SOON]
    if soon:
        account, end = soon[0]
        return orange("jetons", f"{account} : expire le {end:%d/%m/%Y}", "relancez « mailbot login » avant cette date")
    return green("jetons", ", ".join(account for account, _ in expiries))
