"""Eighty replies of Bo's whose text is meant to leave, quoting notices in every way; what may leave is labelled by hand.

Written from spec.md §6 « Only new text leaves » alone:
- what stands above our line, or above the client's own mark over a quotation, is new, and leaves unasked;
- words under that line or inside the quotation, parts that disagree, no line and no mark, or our line, a code, one of
  our links, a De/Envoyé block among the author's words: the author is asked, with what is ours already taken out;
- a file that holds a notice stays, whatever its name and type; the other files leave, and the text is not in doubt;
- the line counts as whole when its words are, whatever dashes, white space, marks or capitals stand around them;
- texts are compared but for white space (`normalised`, `same_text`).
"""

from __future__ import annotations

from staff.leaks.asked import ASKED
from staff.leaks.intact import INTACT
from staff.leaks.odd import ODD
from staff.leaks.record import GAP, LETTERS, Given, Leak, carried_by, normalised, same_text, shown_in
from staff.leaks.search import everything, kinds_in
from staff.leaks.shapes import FILES

__all__ = [
    "FILES",
    "GAP",
    "LEAKS",
    "LETTERS",
    "Given",
    "Leak",
    "carried_by",
    "everything",
    "kinds_in",
    "normalised",
    "same_text",
    "shown_in",
]

LEAKS: tuple[Leak, ...] = (*INTACT, *ODD, *ASKED)
