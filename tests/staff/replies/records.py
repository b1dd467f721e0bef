"""What a staff reply is made of and what it must cause: the records, the cast, and the facts that hold before it.

Written from the desk's rules alone, before the commands existed. Assumptions, for every case:

- it is Monday 2026-11-23, 10:00 in Paris; the undo window is 10 minutes; an argued reply has at least 200 characters;
- REC-2026-0042 is Carl's, handled by Bo; its acknowledgement was accepted on Friday 2026-11-20, so it is due on
  2026-11-30; REC-2026-0041 (`twin`) and REC-2026-0043 (`other`) exist where `given` says so;
- the desk is live, its calendar is that of metropolitan France, without closures; Zoé, Dan and the direction are staff;
- a chase, progress mail, survey or digest that the clock starts later is never in `letters`: only what this mail causes,
  at once ("now") or when the undo window is over ("after-window"); what an earlier mail caused is in `pending`;
- what only answers its author is its own confirmation: the card of `#aide`, the files of `#pièces`, the list of `#liste`;
- a mail that waits for its author's confirmation (identity loop) is `held`; a command of a proven colleague that is
  refused, or shown first (fence), is a `staff-command` whose tag is not obeyed;
- a note, said (`#note`) or not, is told by one mail.

`a|b` in a verdict, stage, letter kind or moment: the rules do not choose, either is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CAST: dict[str, tuple[str, str]] = {  # key → (name, address)
    "carl": ("Carl Bonnet", "carl@courriel.example"),
    "opale": ("OPCO Opale", "gestion@opco-opale.example"),
    "bo": ("Bo Martin", "bo@ief.example"),
    "bo2": ("Bo Martin", "bo.perso@courriel.example"),  # Bo's second address, on the staff list
    "ann": ("Ann Leroy", "ann@ief.example"),  # quality manager
    "dir": ("Line Direction", "dir@ief.example"),
    "dan": ("Dan Petit", "dan@ief.example"),  # admin and nothing else
    "zoe": ("Zoé Blanchet", "zoe@ief.example"),  # staff, not the assignee
    "yann": ("Yann Le Goff", "yann@ief.example"),  # on the staff list, `active = false`
    "mallory": ("Mallory Grey", "mallory@evil.example"),
}
DESK = "reclamations@ief.example"
NUMBER, TWIN, OTHER = "REC-2026-0042", "REC-2026-0041", "REC-2026-0043"

GIVEN: dict[str, str] = {  # what else holds before the mail comes
    "twin": "REC-2026-0041: Carl's too, in treatment, Bo's, due 2026-11-27",
    "other": "REC-2026-0043: OPCO Opale's, in treatment, Bo's, due 2026-12-01",
    "closing-pending": "at 09:55 Bo sent #résolu from treatment: stage closing, the reply leaves at 10:05",
    "news-pending": "at 09:55 Bo sent #réponse: the news leave at 10:05, stage treatment",
    "news-sent": "at 09:30 Bo sent #réponse: the news left at 09:40, stage treatment",
    "closed-friday": "Bo closed the file by #résolu on Friday 2026-11-20 at 16:00; the reply left at 16:10",
    "closed-40-days": "the file is older: acknowledged 2026-10-05, closed by #résolu on 2026-10-14, 40 days ago",
    "out-of-scope-friday": "Ann said #hors-périmètre on Friday 2026-11-20 at 16:00; the letter left",
    "no-answer-friday": "Ann said #sans-suite on Friday 2026-11-20 at 16:00; the letter left",
    "information-friday": "Bo said #information on Friday 2026-11-20 at 16:00; the letter left, stage as that leaves it",
    "gravity-4": "assessed G4 C3 R3, P1",
    "five-wrong-codes": "five mails with a wrong code have cited this file today",
    "three-pending": "three commands of this author wait for confirmation; he was told today",
    "seen": "the very same mail (Message-ID, From, Date, body) was taken in and obeyed a minute ago",
    "own-group": "`mailbox.addresses` names the group reclamations@ief.example",
}


@dataclass(frozen=True, kw_only=True)
class Expect:
    """What the mail must cause. Persons are keys of CAST, dates ISO strings."""

    verdict: str
    tag: str = ""  # the command obeyed, canonical; "" none
    stage: str  # of the file when the undo window is over
    window: str = ""  # of the file during the undo window; "" not said
    # after it, what changed: outcome, assignee, taken, due_on, priority, gravity, complexity, repercussions, immediate,
    # nature, linked_to, silenced, cycle, absent_from, absent_to, substitute, answered_on, new_files (how many files this
    # mail opens), code_replaced, nearest (the tag that a refusal proposes). What is not named stays as it was.
    fields: Mapping[str, object] = field(default_factory=dict)
    letters: tuple[tuple[str, str, str], ...] = ()  # (kind, to, "now" | "after-window"): all of them, in any order
    may: tuple[tuple[str, str, str], ...] = ()  # besides: the rules neither ask for them nor forbid them
    # The text that must reach the complainant, word for word (white space aside), nothing else of the mail but what
    # `clients.footer` adds; None: no word of the mail may reach the complainant.
    leaves: str | None = None
    files_leave: tuple[str, ...] = ()  # names of the files that reach the complainant, all of them
    pending: str = ""  # what becomes of the letter that waited before (`given`): leaves | stopped; "" none waited


@dataclass(frozen=True, kw_only=True)
class Case:
    """One mail of the cast to the desk.

    In `subject`, `body`, `headers` and `answered_*`: {number} the file, {code} this author's valid code for it,
    {othercode} the code of the person named by `code_of`, {subject} (in `subject` only) what the client writes by itself
    over this answer. `subject` None: nothing but that.
    """

    id: str
    why: str
    stage: str = "treatment"  # of the file before
    style: str
    how: str  # reply | fresh
    answers: str = ""  # assignment | chase | followup-notice | ack | carl-mail | colleague-mail | unknown-mail | ""
    # of a carl-mail or a colleague-mail (Ann's or the author's own; both kinds are in the register), or of an unknown one
    answered_subject: str = ""
    answered_text: str = ""
    author: str = "bo"
    from_header: str = ""  # the whole From value, given to the client as a header; "" the author's
    headers: tuple[tuple[str, str], ...] = ()  # below the provider's own Authentication-Results
    proof: str = "pass"  # the provider's topmost Authentication-Results: dmarc=pass, dmarc=fail; "none" no such header
    subject: str | None = None
    body: str = ""
    quote: bool = True
    hidden: str = ""  # in the HTML part only, displayed to nobody
    files: tuple[tuple[str, str, bytes], ...] = ()
    to: str = ""  # "" the desk
    cc: tuple[str, ...] = ()
    code_of: str = "ann"
    given: tuple[str, ...] = ()
    expect: Expect


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The text with its placeholders replaced; braces that are none of ours stay."""
    for name, value in facts.items():
        text = text.replace("{" + name + "}", value)
    return text
