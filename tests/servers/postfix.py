"""Postfix: takes mail for every domain and hands it to Dovecot by LMTP. bad@… is refused, grey@… put off, gone@… bounces."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from servers import HOST, START_SECONDS, await_ports, free_ports, last_words, new_folder, program, sudo

_MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = {commands}
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = {host}
inet_protocols = ipv4
myhostname = courrier.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
default_transport = lmtp:inet:[{host}]:{lmtp_port}
transport_maps = regexp:{root}/transports
smtpd_reject_unlisted_recipient = no
relay_transport = lmtp:inet:[{host}]:{lmtp_port}
local_header_rewrite_clients =
smtpd_recipient_restrictions =
  check_recipient_access regexp:{root}/recipients, permit_mynetworks, permit_sasl_authenticated, reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificates}/cert.pem
smtpd_tls_key_file = {certificates}/key.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{host}:{auth_port}
smtpd_tls_auth_only = no
smtputf8_enable = yes
message_size_limit = 209715200
mailbox_size_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
in_flow_delay = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
"""
_RECIPIENTS = """\
/^bad@/  550 5.1.1 no such user here
/^grey@/ 450 4.2.0 greylisted, come back later
"""
_TRANSPORTS = """\
/^gone@/ error:5.1.1 the mailbox is no more
"""
_MASTER = """\
{host}:{smtp_port} inet n - n - 100 smtpd
{host}:{smtps_port} inet n - n - 100 smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_QUEUES = "active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace".split()
_WAITING = ("incoming", "deferred", "active", "deferred", "active")  # twice: mail goes to and fro while one looks


class Postfix:
    """One Postfix in its own folder. Only root may run it: a normal user starts it through sudo."""

    def __init__(self, *, lmtp_port: int, auth_port: int, certificates: Path) -> None:
        self._master = program("master", "postfix")
        self._sudo = sudo()
        self.root = new_folder("postfix")
        self.smtp_port, self.smtps_port = free_ports(2)
        self._group: int | None = None
        self._write(lmtp_port=lmtp_port, auth_port=auth_port, certificates=certificates)

    def _write(self, **facts: object) -> None:
        facts |= {"root": self.root, "host": HOST, "smtp_port": self.smtp_port, "smtps_port": self.smtps_port}
        facts |= {"daemons": self._master.parent, "commands": program("postfix", "postfix").parent}
        (self.root / "main.cf").write_text(_MAIN.format(**facts))
        (self.root / "master.cf").write_text(_MASTER.format(**facts))
        (self.root / "recipients").write_text(_RECIPIENTS)
        (self.root / "transports").write_text(_TRANSPORTS)
        # made here, because Postfix's own checks before starting take longer than everything else
        queue = self.root / "queue"
        self._as_root("install", "-d", "-m", "755", queue, queue / "pid")
        self._as_root("install", "-d", "-o", "postfix", "-m", "700", self.root / "data", *(queue / q for q in _QUEUES))

    def _as_root(self, *command: object) -> str:
        words = [*self._sudo, *(str(word) for word in command)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stderr}")
        return done.stdout

    def start(self) -> None:
        """Returns when the ports answer. Raises RuntimeError."""
        begin = [*self._sudo, str(self._master), "-c", str(self.root), "-w"]
        if subprocess.run(begin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
            raise RuntimeError(f"Postfix does not start:\n{last_words(self.root / 'mail.log')}")
        self._group = int(self._as_root("cat", self.root / "queue/pid/master.pid"))
        await_ports([self.smtp_port, self.smtps_port], self.root / "mail.log")

    def signal(self, name: str) -> None:
        """Sends a signal ("KILL", "STOP", "CONT", "TERM") to Postfix and all its children."""
        assert self._group is not None
        self._as_root("kill", f"-{name}", "--", f"-{self._group}")

    def kill(self) -> None:
        """SIGKILL: what was accepted stays in the queue, and `start` goes on with it."""
        self._end("KILL")

    def stop(self) -> None:
        self._end("TERM")

    def _end(self, name: str) -> None:
        if self._group is None:
            return
        self.signal(name)
        group, self._group = self._group, None
        for _ in range(1000):
            if not self._alive(group):
                return
            time.sleep(0.01)
        raise RuntimeError(f"Postfix {group} does not end")

    def _alive(self, group: int) -> bool:
        asked = [*self._sudo, "kill", "-0", "--", f"-{group}"]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def queue_empty(self) -> bool:
        """Whether everything accepted has been handed on. A file that may not be run was never accepted: its writer died."""
        folders = [self.root / "queue" / name for name in _WAITING]
        return not self._as_root("find", *folders, "-ignore_readdir_race", "-type", "f", "-perm", "-100").strip()

    def await_empty(self, seconds: float = START_SECONDS) -> None:
        """Returns when the queue is empty. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not self.queue_empty():
            if time.monotonic() > deadline:
                raise TimeoutError(last_words(self.root / "mail.log"))
            time.sleep(0.02)

    def remove(self) -> None:
        self.stop()
        self._as_root("rm", "-rf", "--", self.root)
