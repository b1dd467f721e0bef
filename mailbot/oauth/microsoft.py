"""Microsoft 365, by msal: the application's own credentials, or a person's permission by device code (RFC 8628).

Scopes: learn.microsoft.com, « Authenticate an IMAP, POP or SMTP connection using OAuth ».
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msal
import msal.exceptions
import requests

from mailbot.oauth.no_token import SIGN_IN, Access, NoToken, refused, unreachable

if TYPE_CHECKING:
    from mailbot.oauth import Sources

NAME = "Microsoft 365"
# No answer, a 5xx, or a settings page that is none (a ValueError of msal).
_BROKEN = (requests.RequestException, msal.exceptions.MsalServiceError, ValueError)
APPLICATION_SCOPES = ["https://outlook.office365.com/.default"]
PERSON_SCOPES = ["https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"]


def renew(sources: Sources, now: datetime) -> Access:
    """A new token. Raises NoToken."""
    try:
        return _as_application(sources, now) if _is_application(sources) else _as_person(sources, now)
    except _BROKEN as error:
        raise unreachable(NAME, error) from None


def sign_in(sources: Sources, say: Callable[[str], None], _ask: Callable[[str], str]) -> None:
    """Shows the code, waits until it was typed in a browser, keeps the permission. Raises NoToken."""
    cache = msal.SerializableTokenCache()
    try:
        app = msal.PublicClientApplication(token_cache=cache, **_common(sources))
        flow = app.initiate_device_flow(PERSON_SCOPES)
        if "user_code" not in flow:
            raise refused(NAME, str(flow.get("error", "")), application=True)
        say(f"Ouvrez {flow['verification_uri']} et tapez ce code : {flow['user_code']}")
        say(f"Connectez-vous avec le compte {sources.user}. mailbot attend…")
        _judged(app.acquire_token_by_device_flow(flow), application=False)
    except _BROKEN as error:
        raise unreachable(NAME, error) from None
    sources.vault.write(cache.serialize())


def _as_application(sources: Sources, now: datetime) -> Access:
    secret = sources.config.oauth.client_secret.get_secret_value()
    app = msal.ConfidentialClientApplication(client_credential=secret, **_common(sources))
    return _access(app.acquire_token_for_client(APPLICATION_SCOPES), now, application=True)


def _as_person(sources: Sources, now: datetime) -> Access:
    cache = msal.SerializableTokenCache()
    cache.deserialize(sources.vault.read() or None)
    app = msal.PublicClientApplication(token_cache=cache, **_common(sources))
    accounts = app.get_accounts()
    if not accounts:
        raise NoToken("mailbot n’a pas encore la permission d’ouvrir la boîte", SIGN_IN, permanent=True)
    try:
        found = app.acquire_token_silent_with_error(PERSON_SCOPES, account=accounts[0], force_refresh=True)
    finally:
        if cache.has_state_changed:
            sources.vault.write(cache.serialize())
    return _access(found or {"error": "interaction_required"}, now, application=False)


def _access(found: dict[str, Any], now: datetime, *, application: bool) -> Access:
    _judged(found, application=application)
    return Access(found["access_token"], now + timedelta(seconds=int(found.get("expires_in", 0))))


def _judged(found: dict[str, Any], *, application: bool) -> None:
    if "access_token" not in found:
        raise refused(NAME, str(found.get("error", "")), application=application)


def _is_application(sources: Sources) -> bool:
    return sources.config.oauth.flow == "application"


def _common(sources: Sources) -> dict[str, Any]:
    oauth = sources.config.oauth
    return {
        "client_id": oauth.client_id,
        "authority": f"https://login.microsoftonline.com/{oauth.tenant}",
        "instance_discovery": False,  # one call less, and the address is Microsoft's own
        "http_client": sources.http,
    }
