"""Every limit of the reading of a mail, in one place, and the one error that a mail over them raises."""

from __future__ import annotations

HEADER_BLOCK = 100_000  # bytes of a header block that are looked at (Postfix header_size_limit: 102,400)
HEADER_FIELD = 65_536  # bytes of one field
HEADER_COUNT = 2_000  # fields of one block
PARTS = 1_000  # MIME parts of the whole mail, nested mails included; more is a bomb
DEPTH = 20  # containers inside one another; deeper ones stay closed, as one opaque file
NESTED_MESSAGES = 5  # mails inside mails that are opened: each level reads its bytes once more
PARAMETERS = 100  # parameters, and pieces of RFC 2231 continuations, of one field
ENCODED_WORDS = 1_000  # RFC 2047 words decoded in one field
ADDRESSES = 500  # of one field
ADDRESS = 254  # characters of an addr-spec (RFC 5321 §4.5.3.1.3)
IDS = 100  # message ids of References: the last ones
MESSAGE_ID = 250  # characters
SUBJECT = 998  # characters
NAME = 200  # characters of a display name
FILE_NAME = 200  # characters of an attachment's name, extension kept
EVIDENCE_VALUE = 4_000  # characters of an Authentication-Results value or of a reason
DIAGNOSTIC = 300  # characters
TEXT = 524_288  # bytes of text decoded, and characters of the whole text
HTML = 524_288  # the same for HTML
HTML_LAYOUT = 8_000  # table cells and line breaks; laying out more takes more than linear time
HTML_TAGS = 4_000  # tags that the second tool is given: it takes more than linear time on unclosed ones
TARGET = 2_000  # characters of the target of a link
LETTER_OF_OURS = 1 << 20  # bytes of a file in which a letter of ours is looked for
PDF_STREAMS = 2_000  # of one PDF that are opened to look for a letter of ours
PDF_INFLATED = 4_000_000  # bytes of them, inflated, together
PDF_FONTS = 20  # tables of letters that are tried
PDF_TABLE = 5_000  # letters of one table
PDF_GLYPHS = 1_000_000  # that are read by such tables
UU_FILES = 100  # uuencoded files inside one text
BASE64_PIECES = 1_000_000  # separately padded pieces of one base64 body
ARCHIVE_NAMES = 1_000  # names looked at in the headers of one archive
SIGNED_BYTES = 64_000_000  # of an S/MIME signature that is opened
SIGNED_HEAD = 2_000  # of its bytes before the content
CALENDAR = 100_000  # bytes of an invitation that are looked at
TNEF_BYTES = 64_000_000  # of a winmail.dat that is opened
TNEF_ITEMS = 20_000  # attributes and properties read in one winmail.dat
REPORTS = 100  # recipients of one delivery report
RECEIVED = 100  # Received fields above which the mail is in a loop (RFC 5321 §6.3)
PROBLEMS = 50
DECORATION = 50_000  # bytes below which an image shown by the HTML is decoration; a pasted screenshot is larger
SMALL_IMAGE = 20_000  # bytes below which an image named like a logo is decoration


class Unreadable(Exception):
    """The mail breaks a limit that only a bomb breaks; `reason` says which, in French."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
