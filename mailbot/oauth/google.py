"""Google, by google-auth: a service account that the domain delegates to, or a person's permission from a browser.

Scope and addresses: developers.google.com, « OAuth 2.0 Mechanism » for Gmail and « OAuth 2.0 for desktop apps ».
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import google.auth.exceptions
import requests
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount

from mailbot.oauth.no_token import SETTINGS, SIGN_IN, Access, NoToken, refused, unreachable

if TYPE_CHECKING:
    from mailbot.oauth import Sources

NAME = "Google"
SCOPES = ["https://mail.google.com/"]
CONSENT = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105
# Nobody listens there: the browser shows a page that does not open, and its address holds the code.
BACK = "http://127.0.0.1:8087/"
SECONDS = 60.0  # for Google's answer while a person waits


def renew(sources: Sources, now: datetime) -> Access:
    """A new token. Raises NoToken."""
    application = sources.config.oauth.flow == "application"
    credentials = _service_account(sources) if application else _person(sources)
    before = getattr(credentials, "refresh_token", None)
    try:
        credentials.refresh(Request(sources.http))
    except google.auth.exceptions.RefreshError as error:
        raise _refused(error, application=application) from None
    except google.auth.exceptions.GoogleAuthError as error:
        raise unreachable(NAME, error) from None
    if not application and credentials.refresh_token != before:
        _keep(sources, credentials.refresh_token)
    ends = credentials.expiry.replace(tzinfo=UTC) if credentials.expiry else now + timedelta(minutes=30)
    return Access(credentials.token, ends)


def sign_in(sources: Sources, say: Callable[[str], None], ask: Callable[[str], str]) -> None:
    """Shows where to consent, takes the address that the browser ends on, keeps the permission. Raises NoToken."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    say("Ouvrez cette adresse, connectez-vous avec le compte de la boîte et acceptez :")
    say(f"  {CONSENT}?{urlencode(_consent(sources, verifier, state))}")
    say("À la fin, le navigateur affiche une page qui ne s’ouvre pas : c’est normal.")
    code = _code(ask("Collez ici l’adresse de cette page"), state)
    oauth = sources.config.oauth
    form = {
        "grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": BACK,
        "client_id": oauth.client_id, "client_secret": oauth.client_secret.get_secret_value(),
    }  # fmt: skip
    try:
        answer = sources.http.post(TOKEN, data=form, timeout=SECONDS)
        if answer.status_code >= 500:
            answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise unreachable(NAME, error) from None
    if not found.get("refresh_token"):
        raise refused(NAME, str(found.get("error", "")), application=False)
    _keep(sources, found["refresh_token"])


def _consent(sources: Sources, verifier: str, state: str) -> dict[str, str]:
    """RFC 8252, with the proof key of RFC 7636."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return {
        "client_id": sources.config.oauth.client_id, "redirect_uri": BACK, "response_type": "code",
        "scope": " ".join(SCOPES), "access_type": "offline", "prompt": "consent", "login_hint": sources.user,
        "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip


def _code(pasted: str, state: str) -> str:
    fields = parse_qs(urlsplit(pasted.strip()).query)
    if fields.get("state") != [state] or not fields.get("code"):
        raise NoToken("cette adresse n’est pas celle de la dernière page", SIGN_IN, permanent=True)
    return fields["code"][0]


def _keep(sources: Sources, refresh_token: str) -> None:
    sources.vault.write(json.dumps({"refresh_token": refresh_token}))


def _person(sources: Sources) -> Credentials:
    try:
        kept = json.loads(sources.vault.read() or "{}")["refresh_token"]
    except (ValueError, KeyError, TypeError):
        raise NoToken("mailbot n’a pas encore la permission d’ouvrir la boîte", SIGN_IN, permanent=True) from None
    oauth = sources.config.oauth
    secret = oauth.client_secret.get_secret_value()
    return Credentials(  # type: ignore[no-untyped-call]
        None, refresh_token=kept, token_uri=TOKEN, client_id=oauth.client_id, client_secret=secret, scopes=SCOPES
    )


def _service_account(sources: Sources) -> Any:
    file = sources.config.oauth.service_account
    assert file is not None  # the configuration was checked
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
        return ServiceAccount.from_service_account_info(info, scopes=SCOPES, subject=sources.user)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, google.auth.exceptions.GoogleAuthError) as error:
        reason = f"la clé du compte de service ne se lit pas ({type(error).__name__})"
        raise NoToken(
            reason, "Remettez le fichier JSON de Google à la place dite par oauth.service_account.", permanent=True
        ) from None


def _refused(error: google.auth.exceptions.RefreshError, *, application: bool) -> NoToken:
    """google-auth hands on the provider's answer as its last argument, when there was one."""
    answer = next((arg for arg in error.args if isinstance(arg, dict)), {})
    if error.retryable or not answer:
        return unreachable(NAME, error)
    found = refused(NAME, str(answer.get("error", "")), application=application)
    if application and answer.get("error") == "unauthorized_client":
        found.advice = f"{SETTINGS} Le domaine doit déléguer {SCOPES[0]} à ce compte de service."
    return found
