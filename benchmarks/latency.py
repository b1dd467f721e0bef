"""From arrival in real Dovecot to the AR accepted by real Postfix, in the daemon's normal mode: median and worst of 50.

`.venv/bin/python benchmarks/latency.py` ; the servers are those of the tests. Shown, not asserted: the machine decides.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from servers.mail import MailServer  # noqa: E402

COUNT = 50
MAIL = (
    "From: Carl <{0}>\r\nTo: reclamations@ief.example\r\nSubject: Formation annulée {1}\r\nMessage-ID: <{1}@courriel.example>\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nLa formation a été annulée, je souhaite être remboursé.\r\n"
)
SETTINGS = """mode = "live"
data_dir = "{folder}/data"
[organisation]
name = "Institut Exemple Formation"
[mailbox]
address = "reclamations@ief.example"
host = "127.0.0.1"
port = {imap}
security = "none"
password = "secret"
since = 2020-01-01T00:00:00Z
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
user = "-"
[[staff]]
name = "Bo Martin"
addresses = ["bo@ief.example"]
roles = ["staff", "quality", "direction", "admin"]
"""


def main() -> None:
    server = MailServer()
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            waits = measure(server, Path(folder))
    finally:
        server.stop()
        server.remove()
    print(f"arrivée → AR accepté : médiane {median(waits):.2f} s, pire {max(waits):.2f} s, sur {len(waits)} messages")


def measure(server: MailServer, folder: Path) -> list[float]:
    config = folder / "mailbot.toml"
    config.write_text(SETTINGS.format(folder=folder, imap=server.imap_port, smtp=server.smtp_port))
    config.chmod(0o600)
    daemon = subprocess.Popen(
        [sys.executable, "-m", "mailbot", "run", "--config", str(config)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    try:
        register = folder / "data" / "mailbot.db"
        arrive(server, 0)
        accepted(register, 0)  # the first one waits for the daemon to start: not counted
        return [wait_for(server, register, n) for n in range(1, COUNT + 1)]
    finally:
        daemon.terminate()
        daemon.wait(20)


def wait_for(server: MailServer, register: Path, n: int) -> float:
    arrived = arrive(server, n)
    time.sleep(0.7)  # the next one finds the daemon idle again
    return (accepted(register, n) - arrived).total_seconds()


def arrive(server: MailServer, n: int) -> datetime:
    addr = f"carl{n}@courriel.example"
    server.deliver(MAIL.format(addr, n).encode(), "reclamations@ief.example", sender=addr)
    return datetime.now(UTC)


def accepted(register: Path, n: int) -> datetime:
    question = "SELECT settled_at FROM letter WHERE kind = 'ack' AND state = 'sent' AND to_addr = ?"
    for _ in range(600):
        if register.exists():
            with sqlite3.connect(f"file:{register}?mode=ro", uri=True) as reading:
                try:
                    row = reading.execute(question, (f"carl{n}@courriel.example",)).fetchone()
                except sqlite3.OperationalError:
                    row = None  # the schema is being made
            if row:
                return datetime.fromisoformat(row[0]).replace(tzinfo=UTC)
        time.sleep(0.05)
    raise SystemExit(f"pas d’AR pour le message {n} en trente secondes")


if __name__ == "__main__":
    main()
