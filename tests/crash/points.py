"""The named points of T01: where each lies, and what must be seen from outside once the process is dead there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crash.desk import Desk
from crash.sink import DOT, HALF


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a death left: mails, filed mails, decisions, letters in the register, and what the server had accepted."""

    kept: int
    tried: int  # mails that wait, of which a reading was begun
    filed: int
    decided: int
    accepted: int
    sent: int
    claimed: int
    begun: int  # of those claimed, handed over or about to be
    owed: int
    ticked: int  # due rows and files that the clock has settled
    children: int  # readers that outlived their parent


def look(desk: Desk, pid: int, accepted: int) -> Seen:
    mails = desk.rows("SELECT state, attempts FROM inbound")
    letters = desk.rows("SELECT state, attempts, data_attempt FROM letter")
    claimed = [x for x in letters if x["state"] == "claimed"]
    return Seen(
        kept=len(mails),
        tried=sum(x["state"] == "kept" and x["attempts"] == 1 for x in mails),
        filed=len(desk.rows("SELECT uid FROM place WHERE folder = 'Traités'")),
        decided=sum(x["state"] == "decided" for x in mails),
        accepted=accepted,
        sent=sum(x["state"] == "sent" for x in letters),
        claimed=len(claimed),
        begun=sum(x["data_attempt"] == x["attempts"] for x in claimed),
        owed=sum(x["state"] == "owed" for x in letters),
        ticked=len(desk.rows("SELECT DISTINCT cause FROM letter WHERE cause LIKE 'tick:%'")),
        children=desk.children_of(pid),
    )


Rule = Callable[[Seen, int], bool]  # what was seen after the n-th passage is what the point says
MAILS = 4  # of the scene, taken in one pass


def _between(seen: Seen, n: int) -> bool:
    """n letters are with the server, and the register knows of one less: it only knows that it had begun."""
    return (seen.accepted, seen.sent, seen.begun) == (n, n - 1, 1)


def _before_data(seen: Seen, n: int) -> bool:
    return (seen.accepted, seen.sent, seen.begun) == (n - 1, n - 1, 0) and seen.claimed > 0


def _in_hand(seen: Seen, n: int) -> bool:
    """The n-th attempt that was counted by itself: of two mails that share a commit only the first one's is."""
    return seen.decided in (n - 1, n) and seen.tried == 1


def _being_decided(seen: Seen, n: int) -> bool:
    """The n-th decision is not there, nor the one before where they share a commit: the mail in hand is tried, and that alone."""
    return seen.decided in (n - 2, n - 1) and seen.decided >= 0 and seen.tried == 1


WHERE: dict[str, tuple[str, Rule]] = {
    "K01": ("before SELECT", lambda s, n: s.kept == (0 if n == 1 else MAILS)),
    "K02": ("bytes fetched, before keep", lambda s, n: s.kept == n - 1),
    "K03": ("in keep, after INSERT", lambda s, n: s.kept == 0),
    "K04": ("keep committed, before filing", lambda s, n: (s.kept, s.filed) == (n, n - 1)),
    "K05": ("UID MOVE sent, no answer", lambda s, n: (s.kept, s.filed) == (MAILS, n - 1)),
    "K06": ("MOVE answered, not noted", lambda s, n: (s.kept, s.filed) == (MAILS, n - 1)),
    "K07": ("attempt committed, before reading", _in_hand),
    "K08": ("the child is reading", lambda s, n: s.decided < n and s.tried == 1 and s.children == 0),
    "K09": ("effects computed, nothing written", _being_decided),
    "K10": ("in the decision, after an effect", lambda s, n: s.decided == 0 and s.tried == 1),
    "K11": ("before COMMIT of the decision", _being_decided),
    "K13": ("committed, outbox not woken", lambda s, n: s.decided == n and s.owed > 0),
    "S01": ("in the claim, before COMMIT", lambda s, n: s.claimed == 0 and s.owed >= n),
    "S02": ("claimed, before connecting", lambda s, n: s.claimed > 0 and s.begun == 0 and s.accepted == s.sent),
    "S03": ("after AUTH", _before_data),
    "S04": ("after MAIL FROM", _before_data),
    "S05": ("after RCPT", _before_data),
    "S06": ("half of DATA", lambda s, n: (s.accepted, s.sent, s.begun) == (n - 1, n - 1, 1)),
    "S07": ("dot sent, 250 not read", _between),
    "S08": ("250 read, before settle", _between),
    "S09": ("in settle, before COMMIT", _between),
    "S10": ("settled, before QUIT", lambda s, n: (s.accepted, s.sent, s.begun) == (n, n, 0)),
    "D01": ("due row chosen", lambda s, n: s.ticked == n - 1),
    "D02": ("in the transaction of a due row", lambda s, n: s.ticked == n - 1),
    "D03": ("committed, before the next row", lambda s, n: s.ticked == n),
}
OUTSIDE = {"S06": HALF, "S07": DOT}  # our own server holds the line, and the test kills; else the program kills itself
TWICE = ("S07", "S08", "S09")  # where one letter may leave twice, identical (RFC 5321 §4.5.3.2.6)
DUE = ("D01", "D02", "D03")  # the clock is set to the next working day
BEFORE = {"K10": 2}  # a new register's first digest and first meeting pass there before any mail does
GATHERED = ("K02", "K04", "K13")  # all that waits is fetched and kept in one set, and wakes the outbox once
FILED = ("K04", "K05", "K06")  # filing is only there with file_into
