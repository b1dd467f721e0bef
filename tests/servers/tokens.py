"""A token endpoint that answers as Microsoft's and Google's do, and an HTTP session that finds it in their place."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import HTTPAdapter

from servers import HOST

MICROSOFT, GOOGLE = "https://login.microsoftonline.com", "https://oauth2.googleapis.com"


@dataclass
class Endpoint:
    """What it knows and what it was asked. Every token it gave is `alive` until withdrawn; permissions rotate."""

    user: str = ""
    lives: int = 3600  # seconds, as it says itself
    alive: set[str] = field(default_factory=set)
    permission: str = "permission-0"  # the refresh token that works at the moment
    rotates: bool = True
    fails: str = ""  # an error code of RFC 6749 for every demand, or "500"
    pending: int = 0  # how many polls of the device code are answered « authorization_pending »
    asked: list[dict[str, str]] = field(default_factory=list)
    port: int = 0
    given: int = 0

    @property
    def introspection(self) -> str:
        return f"http://{HOST}:{self.port}/introspect"

    def session(self) -> requests.Session:
        """For the program: the providers' hosts lead here."""
        session = requests.Session()
        session.trust_env = False
        for host in (MICROSOFT, GOOGLE):
            session.mount(host, _Detour(self.port))
        return session

    def withdraw(self) -> None:
        """No token given so far opens anything any more."""
        self.alive.clear()

    # -- answers ---------------------------------------------------------------------------------------------------

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        if self.fails == "500":
            return 500, {"error": "server_error"}
        if self.fails:
            return 400, {"error": self.fails, "error_description": "secret words of the provider"}
        grant = form.get("grant_type", "")
        if grant == "refresh_token" and form.get("refresh_token") != self.permission:
            return 400, {"error": "invalid_grant"}
        if grant.endswith("device_code") and self.pending:
            self.pending -= 1
            return 400, {"error": "authorization_pending"}
        return 200, self._granted(grant)

    def _granted(self, grant: str) -> dict[str, Any]:
        self.given += 1
        token = f"access-{self.given}"
        self.alive.add(token)
        found: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": self.lives}
        if grant == "refresh_token" and self.rotates:
            self.permission = f"permission-{self.given}"
        if grant != "client_credentials" and "jwt-bearer" not in grant:
            found |= {"refresh_token": self.permission, "scope": "mail", "id_token": self._id_token()}
            found["client_info"] = _b64({"uid": "u-1", "utid": "t-1"})
        return found

    def _id_token(self) -> str:
        claims = {"aud": "mailbot-client", "iss": f"{MICROSOFT}/t/v2.0", "sub": "u-1", "oid": "u-1", "tid": "t-1",
                  "preferred_username": self.user, "exp": 4102444800, "iat": 1}  # fmt: skip
        return f"{_b64({'alg': 'none'})}.{_b64(claims)}."

    def page(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path.startswith("/introspect"):
            token = form.get("token", "")
            return 200, {"active": token in self.alive} | ({"email": self.user} if token in self.alive else {})
        if path.endswith("/openid-configuration"):
            tenant = path.split("/")[2]
            base = f"{MICROSOFT}/{tenant}/oauth2/v2.0"
            return 200, {
                "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
                "device_authorization_endpoint": f"{base}/devicecode", "issuer": f"{MICROSOFT}/{tenant}/v2.0",
            }  # fmt: skip
        if path.endswith("/devicecode"):
            return 200, {"user_code": "ABCD-EFGH", "device_code": "device-1", "expires_in": 900, "interval": 1,
                         "verification_uri": "https://microsoft.com/devicelogin", "message": "-"}  # fmt: skip
        return self.token(form)


@contextmanager
def token_endpoint(user: str) -> Iterator[Endpoint]:
    """Runs one on a free port of loopback."""
    endpoint = Endpoint(user=user)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            form = {name: values[0] for name, values in parse_qs(body or urlsplit(self.path).query).items()}
            status, said = endpoint.page(urlsplit(self.path).path, form)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    endpoint.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Detour(HTTPAdapter):
    """Sends what is meant for a provider to the endpoint of this machine; the provider's host becomes the first folder."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def send(self, request: requests.PreparedRequest, *args: Any, **how: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        query = f"?{url.query}" if url.query else ""
        request.url = f"http://{HOST}:{self._port}/{url.netloc}{url.path}{query}"
        return super().send(request, *args, **how)


def _b64(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
