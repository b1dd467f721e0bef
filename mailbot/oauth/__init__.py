"""Tokens that open the mailbox and the sending account instead of a password: Microsoft 365 and Google (RFC 6749).

`microsoft` and `google` speak with each provider through its own library; `keep` holds the permission on the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailbot.config import Config
from mailbot.oauth.keep import Vault
from mailbot.oauth.no_token import Access, NoToken

if TYPE_CHECKING:
    import requests

__all__ = ["Access", "NoToken", "Sources", "Tokens", "of", "sign_in", "vault"]

AHEAD = timedelta(minutes=5)  # a token is renewed so long before its end: a sending begun with it must not outlive it
LAST_MOMENT = timedelta(seconds=30)  # up to here an old token still serves while its provider does not answer
FILE = "oauth.json"


@dataclass(frozen=True)
class Sources:
    """What a provider's side needs: whose account, where its permission lies, and by which road to ask."""

    config: Config
    vault: Vault
    http: requests.Session

    @property
    def user(self) -> str:
        return self.config.imap_user


class Tokens:
    """The access token of one account, renewed ahead of its end. May be asked from several threads; blocks."""

    def __init__(self, renew: Callable[[], Access], clock: Callable[[], datetime]) -> None:
        self._renew = renew
        self._clock = clock
        self._access: Access | None = None
        self._lock = threading.Lock()

    def access(self, refused: str = "") -> str:
        """A token that is good for the next minutes. `refused`: one that the server no longer takes. Raises NoToken."""
        with self._lock:
            kept = self._access if self._access and self._access.token != refused else None
            if kept and kept.ends_at - self._clock() > AHEAD:
                return kept.token
            try:
                self._access = self._renew()
            except NoToken as error:
                if kept and not error.permanent and kept.ends_at - self._clock() > LAST_MOMENT:
                    return kept.token
                raise
            return self._access.token

    @property
    def ends_at(self) -> datetime | None:
        """When the token in hand ends; None before the first."""
        return self._access.ends_at if self._access else None


def of(config: Config, clock: Callable[[], datetime], http: requests.Session | None = None) -> Tokens | None:
    """The tokens of the organisation's account; None when it is opened by a password."""
    if not config.oauth.provider:
        return None
    sources = _sources(config, http)
    return Tokens(lambda: _side(config).renew(sources, clock()), clock)


def sign_in(
    config: Config, say: Callable[[str], None], ask: Callable[[str], str], http: requests.Session | None = None
) -> None:
    """`mailbot login`: a person gives the permission once, in a browser; it is kept in data_dir. Raises NoToken."""
    _side(config).sign_in(_sources(config, http), say, ask)


def vault(config: Config) -> Vault:
    """Where the permission that a person gave lies."""
    return Vault(config.data_dir / FILE)


def _side(config: Config) -> Any:
    """The providers' libraries are slow to load, and most desks need none."""
    if config.oauth.provider == "microsoft":
        from mailbot.oauth import microsoft

        return microsoft
    from mailbot.oauth import google

    return google


def _sources(config: Config, http: requests.Session | None) -> Sources:
    import requests

    return Sources(config, vault(config), http or requests.Session())
