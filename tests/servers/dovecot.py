"""Dovecot: IMAP, LMTP and the passwords of Postfix. Any address is a mailbox whose password is "secret"."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

from servers import HOST, PASSWORD, await_ports, free_ports, new_folder, program

MAIL_UID = 65534  # nobody: mail is never delivered as root

_CONF = """\
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/dovecot.log
protocols = imap lmtp
listen = {host}
mail_location = maildir:~/Maildir
first_valid_uid = 1
auth_mechanisms = plain login{token_mechanisms}
auth_failure_delay = 0 secs
auth_username_format = %Lu
auth_username_chars =
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
mail_max_userip_connections = 0
default_process_limit = 1000
default_client_limit = 4000
default_vsz_limit = 1G
{users}
{token_passdb}passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%Lu allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
  mailbox Drafts {{
    auto = create
    special_use = \\Drafts
  }}
  mailbox Traités {{
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {host}
    port = {lmtp_port}
  }}
}}
service auth {{
  inet_listener {{
    address = {host}
    port = {auth_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


_TOKEN_PASSDB = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf
}}
"""
_INTROSPECTION = """\
introspection_mode = post
introspection_url = {url}
username_attribute = email
active_attribute = active
active_value = true
"""


class Dovecot:
    """One Dovecot in its own folder. The ports stay the same from one start to the next."""

    def __init__(self, introspection: str = "") -> None:
        """`introspection`: the address that says whether a token is good (RFC 7662); with it, XOAUTH2 is offered."""
        self._program = program("dovecot", "dovecot-imapd dovecot-lmtpd")
        program("lmtp", "dovecot-lmtpd")
        program("openssl", "openssl")
        self.root = new_folder("dovecot")
        self.imap_port, self.imaps_port, self.lmtp_port, self.auth_port = free_ports(4)
        self.ca_file = make_certificates(self.root)
        self._uid, self._gid = (MAIL_UID, MAIL_UID) if os.geteuid() == 0 else (os.getuid(), os.getgid())
        self._write(introspection)
        self._process: subprocess.Popen[bytes] | None = None

    def _write(self, introspection: str) -> None:
        mail = self.root / "mail"
        mail.mkdir()
        if os.geteuid() == 0:
            os.chown(mail, self._uid, self._gid)
        ports = {name: getattr(self, name) for name in ("imap_port", "imaps_port", "lmtp_port", "auth_port")}
        conf = _CONF.format(
            root=self.root, host=HOST, password=PASSWORD, uid=self._uid, gid=self._gid, users=_users(), **ports,
            token_mechanisms=" xoauth2 oauthbearer" if introspection else "",
            token_passdb=_TOKEN_PASSDB.format(root=self.root) if introspection else "",
        )  # fmt: skip
        (self.root / "oauth2.conf").write_text(_INTROSPECTION.format(url=introspection))
        (self.root / "dovecot.conf").write_text(conf)

    def start(self) -> None:
        """Returns when the ports answer. Raises RuntimeError."""
        command = [str(self._program), "-F", "-c", str(self.root / "dovecot.conf")]
        self._process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        await_ports([self.imap_port, self.imaps_port, self.lmtp_port, self.auth_port], self.root / "dovecot.log")

    def signal(self, number: int) -> None:
        """Sends a signal to Dovecot and all its children: SIGSTOP for a silent server, SIGCONT to wake it."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def kick(self, user: str) -> None:
        """Ends the connections of a user, as a provider does whose token is over."""
        command = [str(program("doveadm", "dovecot-core")), "-c", str(self.root / "dovecot.conf"), "kick", user]
        subprocess.run(command, check=True, capture_output=True)

    def kill(self) -> None:
        """SIGKILL: no goodbye to anybody. `start` brings the same mailboxes back."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """An orderly end: connected clients are told BYE."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        os.killpg(self._process.pid, number)
        self._process.wait(timeout=10)
        self._await_children(self._process.pid)
        self._process = None

    @staticmethod
    def _await_children(group: int) -> None:
        # a new master refuses to start while children of the old one still hold the ports
        for _ in range(500):
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                return
            time.sleep(0.01)
        os.killpg(group, signal.SIGKILL)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


def _users() -> str:
    if os.geteuid() == 0:
        return "default_internal_user = dovecot\ndefault_login_user = dovenull"
    me, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    return f"default_internal_user = {me}\ndefault_login_user = {me}\ndefault_internal_group = {group}"


def make_certificates(folder: Path, *, days: int = 30) -> Path:
    """Writes ca.pem, and cert.pem with key.pem for localhost signed by it. Returns the path of ca.pem."""
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-x509"]
    ca, key = folder / "ca.pem", folder / "ca-key.pem"
    usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    _run([*new, "-subj", "/CN=Autorité d'essai", "-utf8", "-days", "30", *usage, "-keyout", key, "-out", ca])
    signed = ["-CA", ca, "-CAkey", key, "-days", days, "-addext", "basicConstraints=critical,CA:FALSE"]
    signed += ["-addext", names, "-addext", "keyUsage=critical,digitalSignature"]
    _run([*new, "-subj", "/CN=localhost", *signed, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"])
    return ca


def _run(command: list[object]) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
