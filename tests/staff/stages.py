"""Every stage crossed with every command and event, and who may give which command: labels written by hand from spec §1, §5, §6.

Nothing here was taken from the program. Where the spec is silent the label is what a user would expect, and DECIDED says so.
"""

from __future__ import annotations

from dataclasses import dataclass

STAGES = (
    "received",  # numbered; the AR is owed, or impossible. Also the first moment of a reopened file's next cycle
    "acknowledged",
    "assessed",
    "treatment",
    "waiting",
    "committed",
    "closing",
    "closed",
    "withdrawn",
    "duplicate",
    "out-of-scope",
    "no-answer",
)

COMMANDS = tuple(
    """résolu partielle infondée répondu réponse précisions butoir évaluer note prendre affecter doublon lier scinder
    hors-périmètre difficulté aléa information retrait réclamation rouvrir sans-suite silence cause action fait efficace inefficace
    pièces fiche remis annuler""".split()
)

EVENTS = (
    "annuler-late",  # `#annuler` once the text has left
    "ack-accepted",
    "window-ended",
    "mail-from-complainant",  # a follow-up that says more than bare thanks, within 30 days of closing
    "mail-from-complainant-late",  # the same, more than 30 days after closing
    "reply-bounced",  # the argued reply came back
    "one-working-day-undecided",  # nobody decided the proposal to reopen
)

REASONS = {
    "window": "a reply waits for its ten minutes: a second command is refused (spec §5), the refusal says until when",
    "closed": "the file is over; the refusal offers #rouvrir",
    "kept-file": "this number is a duplicate: everything goes on under the kept number, which the refusal names",
    "already": "it is so already; nothing to do",
    "open": "#rouvrir of a file that is not closed",
    "nothing": "nothing waits that could be undone",
    "too-late": "« trop tard »: it has left; after a closing the refusal offers #rouvrir (spec §5)",
}

# Cells: a stage (first letters), "=" the stage stays, "<" the stage that the undone command had left, "!x" refused:
# w window, c closed, k kept-file, a already, o open, n nothing, l too-late.
# Every cell speaks of a well-formed command by somebody who may give it (MAY), with the text that it needs.
GRID = """
                            rec ack ass tre wai com clg cld wdr dup oos noa
résolu                      clg clg clg clg clg clg !w  !c  !c  !k  !c  !c
partielle                   clg clg clg clg clg clg !w  !c  !c  !k  !c  !c
infondée                    clg clg clg clg clg clg !w  !c  !c  !k  !c  !c
répondu                     cld cld cld cld cld cld !w  !c  !c  !k  !c  !c
réponse                     tre tre tre =   =   =   !w  =   =   !k  =   =
précisions                  wai wai wai wai =   wai !w  !c  !c  !k  !c  !c
butoir                      com com com com com =   !w  !c  !c  !k  !c  !c
évaluer                     ass ass =   =   =   =   !w  =   =   !k  =   =
note                        =   =   =   =   =   =   =   =   =   =   =   =
prendre                     =   =   =   =   =   =   !w  =   =   !k  =   =
affecter                    =   =   =   =   =   =   !w  =   =   !k  =   =
doublon                     dup dup dup dup dup dup !w  !c  !c  !a  !c  !c
lier                        =   =   =   =   =   =   !w  =   =   !k  =   =
scinder                     =   =   =   =   =   =   !w  =   =   !k  =   =
hors-périmètre              oos oos oos oos oos oos !w  !c  !c  !k  !a  !c
difficulté                  oos oos oos oos oos oos !w  !c  !c  !k  =   !c
aléa                        oos oos oos oos oos oos !w  !c  !c  !k  =   !c
information                 oos oos oos oos oos oos !w  !c  !c  !k  =   !c
retrait                     wdr wdr wdr wdr wdr wdr !w  !c  !a  !k  !c  !c
réclamation                 !a  !a  !a  !a  !a  !a  !w  !c  rec rec rec !c
rouvrir                     !o  !o  !o  !o  !o  !o  !w  rec rec !k  rec rec
sans-suite                  noa noa noa noa noa noa !w  !c  !c  !k  !c  !a
silence                     =   =   =   =   =   =   !w  =   =   !k  =   =
cause                       =   =   =   =   =   =   !w  =   =   !k  =   =
action                      =   =   =   =   =   =   !w  =   =   !k  =   =
fait                        =   =   =   =   =   =   !w  =   =   !k  =   =
efficace                    =   =   =   =   =   =   !w  =   =   !k  =   =
inefficace                  =   =   =   =   =   =   !w  =   =   !k  =   =
pièces                      =   =   =   =   =   =   =   =   =   =   =   =
fiche                       =   =   =   =   =   =   =   =   =   =   =   =
remis                       ack =   =   =   =   =   !w  =   =   !k  =   =
annuler                     !n  !n  !n  <   <   <   <   !l  <   <   <   <
annuler-late                !n  !n  !n  !l  !l  !l  !l  !l  !l  !l  !l  !l
ack-accepted                ack =   =   =   =   =   =   =   =   =   =   =
window-ended                =   =   =   =   =   =   cld =   =   =   =   =
mail-from-complainant       =   =   =   =   tre =   tre =   =   =   =   =
mail-from-complainant-late  =   =   =   =   tre =   tre =   =   =   =   =
reply-bounced               =   =   =   =   =   =   =   tre =   =   =   =
one-working-day-undecided   =   =   =   =   =   =   =   rec rec =   rec rec
"""

ABBREVIATED = dict(zip("rec ack ass tre wai com clg cld wdr dup oos noa".split(), STAGES, strict=True))
LETTERS = {r[0]: r for r in REASONS} | {"l": "too-late"}


def _said(cell: str) -> str:
    if cell.startswith("!"):
        return f"refused:{LETTERS[cell[1:]]}"
    return {"=": "same", "<": "before"}.get(cell) or ABBREVIATED[cell]


def _read(grid: str) -> dict[tuple[str, str], str]:
    head, *rows = grid.strip("\n").splitlines()
    columns = [ABBREVIATED[word] for word in head.split()]
    cells = {}
    for name, *row in map(str.split, rows):
        for stage, cell in zip(columns, row, strict=True):
            if (stage, name) in cells:
                raise ValueError(f"{name} is written twice")
            cells[stage, name] = _said(cell)
    return cells


# (stage, command or event) → the stage after, "same", "before" (see "<") or "refused:<reason word>"
TABLE = _read(GRID)

# The stage stays, yet something is proposed: receipt to the complainant, reopen-proposal to assignee and quality manager.
PROPOSES_REOPENING = {
    (stage, "mail-from-complainant") for stage in ("closed", "withdrawn", "out-of-scope", "no-answer")
}
# The stage stays and the mail opens a new file linked to this one (spec §3). Without a closing no 30 days run: an open file
# takes the mail as any other. A duplicate's mail joins the kept file, whose own state then decides.
OPENS_A_LINKED_FILE = {
    (stage, "mail-from-complainant-late") for stage in ("closed", "withdrawn", "out-of-scope", "no-answer")
}

# Spec silent, or to be read in two ways: what was chosen, and for which commands. A harness may report these apart.
DECIDED = {
    "réponse": "News mean that people are at work: treatment. They answer neither a question nor a commitment, so these stages "
    "stay. After the end a human may still write (a promised document); nothing reopens. A direct answer counts the same.",
    "précisions": "From committed too: the stage says what is awaited, the commitment's date stays the tracked one.",
    "butoir": "From waiting: the later human word names the stage; the question stays open in the journal.",
    "évaluer": "Never leads back. Allowed after the end, because a missing assessment is chased « until given » (§7). Refused "
    "in the window, as §5 says of any second command.",
    "note": "Verdict staff-note, not a command (§2): filed at every moment, also in the window and after the end.",
    "pièces": "A request for something, like #liste and #aide: moves and sends nothing outside, so never refused.",
    "fiche": "As #pièces.",
    "remis": "Says that a printed AR reached its reader: true at every stage. Only of a file whose AR no mail "
    "carried; where one did, or is on its way, it is refused whatever the stage.",
    "prendre": "Says who, not how far: the stage stays. After the end a file can still change hands (a missing cause is chased).",
    "affecter": "As #prendre.",
    "répondu": "Nothing leaves, so there is no window and no stage closing; « trop tard » for #annuler, #rouvrir mends it.",
    "lier": "A link is a fact; it holds for closed files too.",
    "scinder": "The stage of the file itself stays; the new files have their own. A second complaint may be found after the end.",
    "difficulté": "Not a complaint, so the side exit « out of scope »; the nature says which. Another nature corrects the "
    "first, the same nature again is refused as `already` (the row out-of-scope stands for a file made so by #hors-périmètre).",
    "aléa": "As #difficulté.",
    "information": "As #difficulté.",
    "réclamation": "It is one: refused. From a nature that ended the file it opens the next cycle, because the complainant "
    "was told that it was over: new AR, new six days. A file closed or without answer is still a complaint: #rouvrir.",
    "rouvrir": "New AR owed: received, then acknowledged when it is accepted. A duplicate is not reopened beside its kept file.",
    "sans-suite": "From any open stage (a skipped stage is allowed, §5), also where no question was ever asked.",
    "cause": "Analysis and actions belong to another time scale than the answer: at every stage, after the end most of all; never "
    "a move. In the window refused like any second command (§5).",
    "action": "As #cause.",
    "fait": "As #cause; whoever carries the action may say it, on whosever file.",
    "efficace": "As #cause. Its text goes to complainants of closed files only.",
    "inefficace": "As #cause.",
    "silence": "May be said after the end, to stop the survey.",
    "retrait": "At gravité 4 only direction's own command moves the file: see EXCEPTIONS.",
    "annuler": "Undoes the command that led to this stage while its text waits. Letters of the side exits wait like any human "
    "text, default ones too: the first button of a notice leads there in one tap. Stages reached without text: nothing waits.",
    "one-working-day-undecided": "Side exits reopen like a closing, as their letters promise; a duplicate's mail went elsewhere.",
    "mail-from-complainant": "In waiting it is taken for the answer. At the side exits it proposes reopening, as at closed.",
    "reply-bounced": "Only the reply that closed the file puts it back; the bounce of an older cycle's reply changes nothing.",
}

# Final: nothing is owed to the complainant any more. Each can be left by a human's command or the complainant's mail.
FINAL = ("closed", "withdrawn", "duplicate", "out-of-scope", "no-answer")
OPEN = ("received", "acknowledged", "assessed", "treatment", "waiting", "committed")

# How each stage is reached: from → by; "new" is the file's creation. `before` (#annuler) is not repeated here.
REACHED = {
    "received": {
        "new": "a mail, a forward, #saisie",
        "closed": "rouvrir one-working-day-undecided",
        "withdrawn": "rouvrir réclamation one-working-day-undecided",
        "duplicate": "réclamation",
        "out-of-scope": "rouvrir réclamation one-working-day-undecided",
        "no-answer": "rouvrir one-working-day-undecided",
    },
    "acknowledged": {"received": "ack-accepted remis"},
    "assessed": {"received": "évaluer", "acknowledged": "évaluer"},
    "treatment": {
        "received": "réponse",
        "acknowledged": "réponse",
        "assessed": "réponse",
        "waiting": "mail-from-complainant mail-from-complainant-late",
        "closing": "mail-from-complainant mail-from-complainant-late",
        "closed": "reply-bounced",
    },
    "waiting": {
        "received": "précisions",
        "acknowledged": "précisions",
        "assessed": "précisions",
        "treatment": "précisions",
        "committed": "précisions",
    },
    "committed": {
        "received": "butoir",
        "acknowledged": "butoir",
        "assessed": "butoir",
        "treatment": "butoir",
        "waiting": "butoir",
    },
    "closing": dict.fromkeys(OPEN, "résolu partielle infondée"),
    "closed": dict.fromkeys(OPEN, "répondu") | {"closing": "window-ended"},
    "withdrawn": dict.fromkeys(OPEN, "retrait"),
    "duplicate": dict.fromkeys(OPEN, "doublon"),
    "out-of-scope": dict.fromkeys(OPEN, "hors-périmètre difficulté aléa information"),
    "no-answer": dict.fromkeys(OPEN, "sans-suite"),
}

_EXITS = "résolu partielle infondée répondu doublon hors-périmètre difficulté aléa information retrait sans-suite "
# How each stage is left: by which commands and events (`annuler`: to the stage before).
LEFT = {
    "received": _EXITS + "réponse précisions butoir évaluer remis ack-accepted",
    "acknowledged": _EXITS + "réponse précisions butoir évaluer",
    "assessed": _EXITS + "réponse précisions butoir",
    "treatment": _EXITS + "précisions butoir annuler",
    "waiting": _EXITS + "butoir annuler mail-from-complainant mail-from-complainant-late",
    "committed": _EXITS + "précisions annuler",
    "closing": "window-ended annuler mail-from-complainant mail-from-complainant-late",
    "closed": "rouvrir reply-bounced one-working-day-undecided",
    "withdrawn": "rouvrir réclamation one-working-day-undecided annuler",
    "duplicate": "réclamation annuler",
    "out-of-scope": "rouvrir réclamation one-working-day-undecided annuler",
    "no-answer": "rouvrir one-working-day-undecided annuler",
}


@dataclass(frozen=True, kw_only=True)
class Exceptional:
    """A circumstance that gives another answer than the table."""

    given: str
    stage: str
    command: str
    after: str  # as in TABLE; reason words beyond REASONS are explained in `why`
    why: str


EXCEPTIONS = (
    Exceptional(
        given="a commitment is in force", stage="waiting", command="mail-from-complainant", after="committed",
        why="the commitment binds on; treatment would hide it",
    ),
    Exceptional(
        given="the mail says bare thanks", stage="closed", command="mail-from-complainant", after="same",
        why="bare thanks never reopen: no proposal (§5)",
    ),
    Exceptional(
        given="the mail says bare thanks", stage="closing", command="mail-from-complainant", after="treatment",
        why="§5 says « a mail from the complainant in the window », without exception; a human looks, one tap sends",
    ),
    Exceptional(
        given="undo window set to 0", stage="treatment", command="résolu", after="closed",
        why="0 is allowed (§5): the text leaves at once",
    ),
    Exceptional(
        given="under 200 characters of own text", stage="treatment", command="résolu", after="refused:short",
        why="closing needs an argued reply; the outline comes back (§5)",
    ),
    Exceptional(
        given="empty body", stage="treatment", command="réponse", after="refused:empty", why="nothing is done (§6)",
    ),
    Exceptional(
        given="gravité 4, given by the assignee", stage="assessed", command="retrait", after="same",
        why="direction decides (§5): withdrawal-proposal to direction",
    ),
    Exceptional(
        given="gravité 4, given by the quality manager", stage="assessed", command="retrait", after="same",
        why="direction decides, not quality (§5)",
    ),
    Exceptional(
        given="gravité 4, given by direction", stage="assessed", command="retrait", after="withdrawn", why="§5",
    ),
    Exceptional(
        given="the date is past", stage="treatment", command="butoir", after="refused:date", why="future (§5)",
    ),
    Exceptional(
        given="the date is today", stage="treatment", command="butoir", after="refused:date",
        why="today is not the future (§5)",
    ),
    Exceptional(
        given="the date is a Sunday, a holiday or a closure", stage="treatment", command="butoir", after="refused:date",
        why="working day (§5)",
    ),
    Exceptional(
        given="the date is 31 days ahead", stage="treatment", command="butoir", after="refused:date",
        why="within 30 days (§5); the thirtieth itself is accepted",
    ),
    Exceptional(
        given="the due date has passed", stage="treatment", command="butoir", after="committed",
        why="later: accepted, counted as late (§5)",
    ),
    Exceptional(
        given="the date of the answer is in the future", stage="treatment", command="répondu", after="refused:date",
        why="nobody was answered tomorrow",
    ),
    Exceptional(
        given="the kept file is another complainant's", stage="acknowledged", command="doublon",
        after="refused:other-complainant", why="same complainant only (§5); the refusal offers #lier",
    ),
    Exceptional(
        given="the kept file is the file itself", stage="acknowledged", command="doublon", after="refused:itself",
        why="a file is no duplicate of itself",
    ),
    Exceptional(
        given="the kept file is itself a duplicate", stage="acknowledged", command="doublon", after="refused:kept-file",
        why="no chains: the refusal names the file that is kept",
    ),
    Exceptional(
        given="no number after the tag", stage="acknowledged", command="doublon", after="refused:number",
        why="nothing is done (§6)",
    ),
)  # fmt: skip

# -- who may ---------------------------------------------------------------------------------------

ROLES = ("assignee", "staff", "quality", "direction", "admin", "named")
# staff: on the list, not the assignee. admin: that role alone. named: named in the complaint, whatever the role, while
# somebody else is left to handle it; where nobody is left the file is theirs all the same (« juge et partie », §3) and
# the columns of their role count. One person with several roles may do what any of them may.
RIGHTS = """
                assignee staff quality direction admin named
résolu          yes      no    yes     yes       no    no
partielle       yes      no    yes     yes       no    no
infondée        yes      no    yes     yes       no    no
répondu         yes      no    yes     yes       no    no
réponse         yes      no    yes     yes       no    no
précisions      yes      no    yes     yes       no    no
butoir          yes      no    yes     yes       no    no
évaluer         yes      no    yes     yes       no    no
note            yes      yes   yes     yes       no    yes
prendre         yes      yes   yes     yes       no    no
affecter        yes      no    yes     yes       no    no
doublon         yes      no    yes     yes       no    no
lier            yes      no    yes     yes       no    no
scinder         yes      no    yes     yes       no    no
hors-périmètre  yes      no    yes     yes       no    no
difficulté      yes      no    yes     yes       no    no
aléa            yes      no    yes     yes       no    no
information     yes      no    yes     yes       no    no
retrait         yes      no    yes     yes       no    no
réclamation     yes      no    yes     yes       no    no
rouvrir         yes      no    yes     yes       no    no
sans-suite      yes      no    yes     yes       no    no
silence         yes      no    yes     yes       no    no
cause           yes      no    yes     yes       no    no
action          yes      no    yes     yes       no    no
fait            yes      no    yes     yes       no    no
efficace        yes      no    yes     yes       no    no
inefficace      yes      no    yes     yes       no    no
pièces          yes      no    yes     yes       no    no
fiche           yes      no    yes     yes       no    no
remis           yes      no    yes     yes       no    no
annuler         yes      no    yes     yes       no    no
absent          yes      yes   yes     yes       no    yes
liste           yes      yes   yes     yes       no    yes
aide            yes      yes   yes     yes       yes   yes
saisie          yes      yes   yes     yes       no    yes
réunion         no       no    yes     no        no    no
bulletin        no       no    yes     no        no    no
"""

# The rows that §1 does not settle by itself.
RIGHTS_DECIDED = {
    ("note", "named"): "whoever is named may tell their side; the confirmation quotes nothing of the file",
    ("note", "admin"): "« the machine only »",
    ("pièces", "staff"): "the files of a complaint are the assignee's; staff may note, take, enter, forward",
    ("fiche", "staff"): "as #pièces; whoever is named in the complaint is given no #fiche of it (§3)",
    ("prendre", "staff"): "also when somebody else had it: the former assignee is told",
    ("prendre", "named"): "not assigned to it (§3), so not by oneself either",
    ("annuler", "staff"): "what waits is never theirs: they may send nothing outside",
    ("absent", "staff"): "says something about oneself, not about a file; likewise for whoever is named",
    ("absent", "admin"): "no file falls due to somebody who only keeps the machine",
    ("liste", "staff"): "one's own open files",
    ("liste", "named"): "leaves out the file in which they are named (§3)",
    ("liste", "admin"): "handles no file",
    ("aide", "admin"): "the card tells nothing of any file",
    ("réunion", "direction"): "« quality manager » (§6); direction's where nobody has that role",
    ("réunion", "named"): "about no file, so the column does not apply; likewise #bulletin",
    ("saisie", "staff"): "« enter » (§1); a new file, so the column named does not apply to it",
}


def _rights(grid: str) -> dict[tuple[str, str], bool]:
    head, *rows = grid.strip("\n").splitlines()
    may = {}
    for name, *row in map(str.split, rows):
        for role, word in zip(head.split(), row, strict=True):
            may[name, role] = {"yes": True, "no": False}[word]
    return may


# (command, role) → allowed on that file
MAY = _rights(RIGHTS)

# `#retrait` at gravité 4 (spec §5): who gives it → what comes of it.
WITHDRAWAL_AT_GRAVITY_4 = {
    "assignee": "asks direction",
    "staff": "refused",
    "quality": "asks direction",
    "direction": "withdrawn",
    "admin": "refused",
    "named": "refused",
}
