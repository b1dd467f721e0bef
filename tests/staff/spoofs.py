"""Sixteen ways to write a From × seven Authentication-Results, and the few cells that may command: by hand from spec §6 (T49).

The person imitated is Bo, assignee of the file. Staff is who: exactly one From address, on the staff list, From = Reply-To if
there is one, and a pass in the topmost Authentication-Results of our provider, or Bo's code of that file (or In-Reply-To of
a notice sent to that very address) when the provider does not say fail. Everything else: the file is untouched.

For whoever plays it: a fresh register (or file) for each cell, because a code seen from anyone else is replaced, five wrong
codes leave only the loop, and at most three confirmations wait per person. Where a server refuses the bytes (NUL, raw UTF-8),
hand them to the register as fetched.
"""

from __future__ import annotations

from dataclasses import dataclass

BO = "bo@ief.example"
EVIL = "mallory@evil.example"
BOX = "reclamations@ief.example"
OURS = "mx.ief.example"  # the authserv-id of our provider


@dataclass(frozen=True, kw_only=True)
class Sender:
    """One way to write who sends. `headers`: raw lines without the last line end; `domain`: what the provider judges."""

    kind: str
    headers: bytes
    domain: str  # for an ambiguous From the worst case: the provider judged the domain that Mallory wishes
    envelope: str = EVIL
    is_bo: bool = False  # exactly one strict address, and it is on the staff list
    why: str


SENDERS = (
    Sender(
        kind="display-name",
        headers=b"From: \"Bo Martin bo@ief.example\" <mallory@evil.example>",
        domain="evil.example",
        why="the address is Mallory's",
    ),
    Sender(
        kind="envelope-evil",
        headers=b"From: Bo Martin <bo@ief.example>",
        domain="ief.example",
        is_bo=True,
        why="a strict From of Bo's; the envelope proves nothing either way, a forwarder changes it too",
    ),
    Sender(
        kind="two-from-fields",
        headers=b"From: Bo Martin <bo@ief.example>\r\nFrom: Mallory <mallory@evil.example>",
        domain="ief.example",
        why="not exactly one From",
    ),
    Sender(
        kind="two-addresses",
        headers=b"From: Bo Martin <bo@ief.example>, Mallory <mallory@evil.example>",
        domain="ief.example",
        why="not exactly one address",
    ),
    Sender(
        kind="group",
        headers=b"From: Equipe: Bo Martin <bo@ief.example>;",
        domain="ief.example",
        why="a group is not an address, also with one member",
    ),
    Sender(
        kind="comment",
        headers=b"From: (Bo Martin <bo@ief.example>) mallory@evil.example (bo@ief.example)",
        domain="evil.example",
        why="comments say nothing; the address is Mallory's",
    ),
    Sender(
        kind="bracketed-local",
        headers=b"From: <bo@ief.example>@evil.example",
        domain="ief.example",
        why="two readings: what stands in brackets, or the domain at the end",
    ),
    Sender(
        kind="encoded-name",
        headers=b"From: =?utf-8?q?Bo_Martin_=3Cbo=40ief=2Eexample=3E=2C?= <mallory@evil.example>",
        domain="evil.example",
        why="a decoded name is never read as an address",
    ),
    Sender(
        kind="sender-reply-to",
        headers=b"From: Mallory <mallory@evil.example>\r\nSender: Bo Martin <bo@ief.example>\r\n"
        b"Reply-To: Bo Martin <bo@ief.example>",
        domain="evil.example",
        why="only From says who; a Reply-To that differs is one more reason",
    ),
    Sender(
        kind="punycode",
        headers=b"From: Bo Martin <bo@xn--ef-gpa.example>",  # dotless i
        domain="xn--ef-gpa.example",
        why="another domain that looks like ours",
    ),
    Sender(
        kind="homoglyph",
        headers="From: Bo Martin <bo@іef.example>".encode(),  # Cyrillic і
        domain="xn--ef-goc.example",
        why="another domain that looks like ours, in raw UTF-8",
    ),
    Sender(
        kind="sub-domain",
        headers=b"From: Bo Martin <bo@stagiaires.ief.example>",
        domain="stagiaires.ief.example",
        why="only listed addresses are staff",
    ),
    Sender(
        kind="plus-tag",
        headers=b"From: Bo Martin <bo+x@ief.example>",
        domain="ief.example",
        why="only listed addresses are staff; not every provider gives bo+x to Bo",
    ),
    Sender(
        kind="upper-case",
        headers=b"From: Bo Martin <BO@IEF.EXAMPLE>",
        domain="ief.example",
        is_bo=True,
        why="case never tells two people apart: it is Bo's address",
    ),
    Sender(
        kind="quoted-local",
        headers=b"From: Bo Martin <\"bo@ief.example\"@evil.example>",
        domain="evil.example",
        why="the domain is Mallory's; our address is only a quoted word",
    ),
    Sender(
        kind="nul",
        headers=b"From: Bo Martin <bo@ief.example\x00.evil.example>",
        domain="ief.example",
        why="a reader that stops at NUL sees Bo: not strict",
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Results:
    """What stands above the message, topmost first. `{domain}`: the sender's, `{other}`: another one."""

    kind: str
    lines: tuple[str, ...]
    says: str  # of {domain}, to who reads rightly: pass | fail | unknown
    why: str


RESULTS = (
    Results(kind="none", lines=(), says="unknown", why="no header is unknown, never a pass"),
    Results(
        kind="foreign",
        lines=("Authentication-Results: mx.evil.example; dkim=pass header.d={domain}; dmarc=pass header.from={domain}",),
        says="unknown",
        why="somebody else's server",
    ),
    Results(
        kind="forged-below",
        lines=(
            "Authentication-Results: mx.ief.example; spf=none smtp.mailfrom=evil.example; dkim=none; dmarc=none",
            "Authentication-Results: mx.ief.example; dkim=pass header.d={domain}; dmarc=pass header.from={domain}",
        ),
        says="unknown",
        why="ours says nothing; what stands below may have come with the mail",
    ),
    Results(
        kind="two",
        lines=(
            "Authentication-Results: mx.ief.example; spf=pass smtp.mailfrom={domain}; dmarc=pass header.from={domain}",
            "Authentication-Results: relay.evil.example; dkim=fail header.d={domain}; dmarc=fail header.from={domain}",
        ),
        says="pass",
        why="the topmost is ours and passes; the one below does not count, neither for nor against",
    ),
    Results(
        kind="fail",
        lines=("Authentication-Results: mx.ief.example; spf=fail smtp.mailfrom=evil.example; dkim=none; "
               "dmarc=fail header.from={domain}",),
        says="fail",
        why="the provider says fail: no code helps",
    ),
    Results(
        kind="other-domain",
        lines=("Authentication-Results: mx.ief.example; dkim=pass header.d={other}; dmarc=pass header.from={other}",),
        says="unknown",
        why="a pass, but of another domain; of this one nothing is said",
    ),
    Results(
        kind="in-comment",
        lines=("Authentication-Results: mx.ief.example (it said (; dmarc=pass header.from={domain};)); spf=none "
               "(dkim=pass header.d={domain})",),
        says="unknown",
        why="a comment is no result",
    ),
)  # fmt: skip

CELLS = frozenset((sender.kind, results.kind) for sender in SENDERS for results in RESULTS)

# -- what may command ------------------------------------------------------------------------------

RUNS = ("bare", "code", "notice", "code-and-notice")
# bare: `[{number}] …`, no In-Reply-To · code: Bo's valid code in the subject · notice: In-Reply-To of a notice that went to
# bo@ief.example · both. An In-Reply-To of a notice that went to Ann, or to Bo's other address, is as bare.

PASSED = frozenset({("envelope-evil", "two"), ("upper-case", "two")})

PASSED_OR_NOT_FAILED = frozenset({
    ("envelope-evil", "none"),
    ("envelope-evil", "foreign"),
    ("envelope-evil", "forged-below"),
    ("envelope-evil", "two"),
    ("envelope-evil", "other-domain"),  # unknown is not fail
    ("envelope-evil", "in-comment"),
    ("upper-case", "none"),
    ("upper-case", "foreign"),
    ("upper-case", "forged-below"),
    ("upper-case", "two"),
    ("upper-case", "other-domain"),
    ("upper-case", "in-comment"),
})  # fmt: skip

ALLOWED = {
    "bare": PASSED,
    "code": PASSED_OR_NOT_FAILED,
    "notice": PASSED_OR_NOT_FAILED,
    "code-and-notice": PASSED_OR_NOT_FAILED,
}
COUNTS = {"bare": 2, "code": 12, "notice": 12, "code-and-notice": 12}  # of 112 each

# Cells that must end in the confirmation loop: the whole command to bo@ief.example with a button, nothing done. Bare and
# notice: Bo's own address, unproven. With a code every cell that may not command: « a valid code from an unlisted
# address is never a complaint: confirmed at the registered address ». The cells in neither list are a stranger's mail
# (a complaint, spam…): never a command, the cited file untouched, nothing of it disclosed; no more is said here.
LOOP = {
    "bare": frozenset({
        ("envelope-evil", "none"),
        ("envelope-evil", "foreign"),
        ("envelope-evil", "forged-below"),
        ("envelope-evil", "fail"),
        ("envelope-evil", "other-domain"),
        ("envelope-evil", "in-comment"),
        ("upper-case", "none"),
        ("upper-case", "foreign"),
        ("upper-case", "forged-below"),
        ("upper-case", "fail"),
        ("upper-case", "other-domain"),
        ("upper-case", "in-comment"),
    }),
    "code": CELLS - PASSED_OR_NOT_FAILED,
    "notice": frozenset({("envelope-evil", "fail"), ("upper-case", "fail")}),
    "code-and-notice": CELLS - PASSED_OR_NOT_FAILED,
}  # fmt: skip
LOOP_COUNTS = {"bare": 12, "code": 100, "notice": 2, "code-and-notice": 100}

# -- beside the 112: a harness that refuses all, or obeys all, is seen at once -----------------------

_PLAIN = Results(
    kind="plain",
    lines=("Authentication-Results: mx.ief.example; dkim=pass header.d={domain}; dmarc=pass header.from={domain}",),
    says="pass",
    why="what our provider writes of a colleague's mail",
)
_DKIM = Results(
    kind="dkim",
    lines=("Authentication-Results: mx.ief.example; dkim=pass header.d={domain}",),
    says="pass",
    why="an aligned dkim is a pass of its own",
)
_HONEST = Sender(
    kind="honest",
    headers=b"From: Bo Martin <bo@ief.example>",
    domain="ief.example",
    envelope=BO,
    is_bo=True,
    why="Bo from his desk",
)
_ELSEWHERE = Sender(
    kind="reply-to-elsewhere",
    headers=b"From: Bo Martin <bo@ief.example>\r\nReply-To: Bo <mallory@evil.example>",
    domain="ief.example",
    envelope=BO,
    why="From = Reply-To if there is one (§6)",
)
# (sender, results, run, what comes of it: "obeyed" or "loop")
CONTROLS = (
    (_HONEST, _PLAIN, "bare", "obeyed"),
    (_HONEST, _DKIM, "bare", "obeyed"),
    (_HONEST, RESULTS[0], "code", "obeyed"),
    (_HONEST, RESULTS[0], "notice", "obeyed"),
    (_HONEST, RESULTS[0], "bare", "loop"),
    (_ELSEWHERE, _PLAIN, "code", "loop"),
)

# -- bytes -----------------------------------------------------------------------------------------

# The command, ASCII so that no encoding is in the way: obeyed, it closes the file (stage closing) and a reply is owed.
SUBJECTS = {"bare": "[{number}] #resolu", "code": "[{number}-{code}] #resolu"}
SUBJECTS |= {"notice": SUBJECTS["bare"], "code-and-notice": SUBJECTS["code"]}
BODY = (
    "Bonjour,\r\n\r\n"
    "Vous nous avez dit que la salle ne correspondait pas a celle de la convocation. Nous avons relu la convocation,\r\n"
    "le planning et le mot du formateur : la salle a ete changee la veille et vous n'en avez pas ete averti. Une seconde\r\n"
    "convocation part desormais a chaque changement, et la votre est corrigee. Nous restons a votre disposition.\r\n"
)


def results_block(results: Results, domain: str) -> bytes:
    """The Authentication-Results fields, topmost first, each line with its end. The other domain is the more tempting one."""
    other = "ief.example" if domain == "evil.example" else "evil.example"
    return b"".join(line.format(domain=domain, other=other).encode("ascii") + b"\r\n" for line in results.lines)


def mail(
    sender: Sender,
    results: Results,
    *,
    subject: str,
    message_id: str,
    in_reply_to: str = "",
    date: str,
    body: str = BODY,
) -> bytes:
    """One mail as our provider would store it. `subject` with number and code filled in; `date` as RFC 5322 writes it."""
    rest = [f"To: {BOX}", f"Subject: {subject}", f"Date: {date}", f"Message-ID: {message_id}"]
    rest += [f"In-Reply-To: {in_reply_to}"] if in_reply_to else []
    rest += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii"]
    head = results_block(results, sender.domain) + sender.headers + b"\r\n" + "\r\n".join(rest).encode("ascii")
    return head + b"\r\n\r\n" + body.encode("ascii")
