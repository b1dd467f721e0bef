"""Whether a token can be had, where the account is opened with one instead of a password."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from mailbot.doctor.finding import Finding, green, orange, red
from mailbot.oauth import NoToken, Tokens


def look(tokens: Tokens | None, zone: ZoneInfo) -> Finding:
    """Asks the provider for one, as the desk would. Blocks."""
    if tokens is None:
        return green("jetons", "aucun : les comptes s’ouvrent par mot de passe")
    try:
        tokens.access()
    except NoToken as error:
        return (red if error.permanent else orange)("jetons", str(error), error.advice)
    assert tokens.ends_at is not None
    end = tokens.ends_at.astimezone(zone)
    return green("jetons", f"le jeton vaut jusqu’à {end:%H:%M} le {end:%d/%m/%Y} et se renouvelle de lui-même")
