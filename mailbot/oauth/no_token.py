"""An access token, or why there is none, in French. Never a token, a code or a secret in the words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

SIGN_IN = "Lancez « mailbot login » sur cette machine, avec le compte de la boîte."
SETTINGS = "Vérifiez [oauth] : tenant, client_id, client_secret, et les autorisations données à l’application."
# RFC 6749 §5.2, RFC 8628 §3.5: what a new permission mends, and what only other settings mend.
_SIGN_IN_AGAIN = {"invalid_grant", "interaction_required", "consent_required", "login_required", "expired_token"}
_BUSY = {"temporarily_unavailable", "server_error", "slow_down"}


@dataclass(frozen=True)
class Access:
    """An access token and its end (UTC)."""

    token: str = field(repr=False)
    ends_at: datetime


class NoToken(Exception):
    """str() says why, `advice` what to do. `permanent`: somebody must do something first."""

    def __init__(self, reason: str, advice: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.advice = advice
        self.permanent = permanent


def refused(provider: str, error: str, *, application: bool) -> NoToken:
    """The provider's answer to a demand, by its error code."""
    code = "".join(c for c in error[:60] if c.isascii() and (c.isalnum() or c in "_-")) or "sans code"
    if code in _BUSY:
        return unreachable(provider, code)
    if code in _SIGN_IN_AGAIN and not application:
        return NoToken(f"{provider} ne reconnaît plus la permission donnée à mailbot ({code})", SIGN_IN, permanent=True)
    return NoToken(f"{provider} refuse de donner un jeton ({code})", SETTINGS, permanent=True)


def unreachable(provider: str, why: object) -> NoToken:
    answer = getattr(why, "response", None)  # of a requests.HTTPError
    words = type(why).__name__ if isinstance(why, Exception) else str(why)
    if answer is not None:
        words = f"réponse {answer.status_code}"
    reason = f"{provider} ne donne pas de jeton pour le moment ({words})"
    return NoToken(reason, "Rien à faire si cela passe : un nouvel essai a lieu de lui-même.", permanent=False)
