"""What each mail client does to an answer: its prefix, its quotation, its footer; a table and one function per family."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from html import escape
from zoneinfo import ZoneInfo

from staff.clients.wire import Wire

PARIS = ZoneInfo("Europe/Paris")
DAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
SHORT = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()
NBSP = "\u00a0"
RULE = "_" * 32


@dataclass(frozen=True, kw_only=True)
class Notice:
    """The letter being answered: its texts have LF line ends, `sender` and `to` are `Name <addr>` or a bare address."""

    message_id: str
    subject: str
    text: str
    html: str
    sender: str
    to: str
    date: datetime


@dataclass(frozen=True, kw_only=True)
class Page:
    """One answer to be laid out: what was typed, the footer, and what is quoted under it (None: nothing)."""

    body: str
    footer: str
    cid: str
    notice: Notice | None
    hidden: str = ""  # stands in the HTML part only, where no reader sees it


Lay = Callable[[Page], str]


@dataclass(frozen=True, kw_only=True)
class Habit:
    """One client as installed at the organisation."""

    prefix: str
    wire: Wire
    plain: Lay
    html: Lay | None = None
    footer: str = ""  # `{name}` is the author's
    mailer: tuple[tuple[str, str], ...] = ()
    flowed: bool = False
    logo: bool = False
    utc: bool = False  # the Date header is written in UTC


def local(moment: datetime) -> datetime:
    """In the time zone of everybody here."""
    return moment.astimezone(PARIS)


def body_of(html: str) -> str:
    """What stands between <body> and </body>, the whole when there is none."""
    found = re.search(r"<body[^>]*>(.*)</body>", html, re.DOTALL | re.IGNORECASE)
    return found.group(1) if found else html


def renamed(html: str) -> str:
    """Outlook on the web renames the classes and ids of what it quotes."""
    return re.sub(r'\b(class|id)="', r'\1="x_', html)


def bare(html: str) -> str:
    """Gmail takes classes, ids and style sheets off what it quotes."""
    return re.sub(r' (class|id)="[^"]*"', "", re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))


def prefixed(lines: str, mark: str = "> ") -> str:
    return "\n".join(f"{mark}{line}" if line else mark.rstrip() for line in lines.split("\n"))


def wrapped(text: str, width: int, end: str = "") -> str:
    """Hard line breaks at `width` columns; `end` is a space for format=flowed (RFC 3676). Quoted lines are kept."""
    out: list[str] = []
    for line in text.split("\n"):
        if line.startswith(">") or len(line) <= width:
            out.append(line)
            continue
        cut = textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
        out.extend([f"{part}{end}" for part in cut[:-1]] + cut[-1:])
    return "\n".join(out)


def paragraphs(body: str, line: str, blank: str) -> str:
    """Each typed line in the client's own mark-up; `line` holds {}."""
    return "\n".join(line.format(escape(text, quote=False)) if text else blank for text in body.split("\n"))


def shown(mailbox: str) -> str:
    name, addr = parseaddr(mailbox)
    return f"{name} <{addr}>" if name else addr


def linked(mailbox: str) -> str:
    name, addr = parseaddr(mailbox)
    anchor = f'<a href="mailto:{addr}">{addr}</a>'
    return f"{escape(name)} &lt;{anchor}&gt;" if name else anchor


def joined(*pieces: str) -> str:
    return "\n\n".join(piece for piece in pieces if piece)


# ---- Outlook ------------------------------------------------------------------------------------------------------


def _outlook_date(moment: datetime, english: bool) -> str:
    at = local(moment)
    if english:
        return f"{at:%A, %B} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M %p}"
    return f"{DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]} {at.year} {at:%H:%M}"


def _outlook_head(notice: Notice, english: bool) -> list[tuple[str, str]]:
    names = ("From:", "Sent:", "To:", "Subject:") if english else ("De", "Envoyé", "À", "Objet")
    values = (shown(notice.sender), _outlook_date(notice.date, english), shown(notice.to), notice.subject)
    return [(name if english else f"{name}{NBSP}:", value) for name, value in zip(names, values, strict=True)]


def outlook_plain(page: Page, *, english: bool = False, rule: bool = False) -> str:
    """The header block stands right under the answer, the quotation carries no mark at all."""
    if page.notice is None:
        return joined(page.body, page.footer)
    head = "\n".join(f"{name} {value}" for name, value in _outlook_head(page.notice, english))
    block = f"{RULE}\n{head}" if rule else head
    return joined(page.body, page.footer, block, page.notice.text)


def _block(notice: Notice, english: bool) -> str:
    lines = (f"<b>{escape(n)}</b> {escape(v, quote=False)}" for n, v in _outlook_head(notice, english))
    return "<br>\n".join(lines).replace(NBSP, "&nbsp;")


def _rply(notice: Notice, english: bool = False) -> str:
    return (
        '<hr style="display:inline-block;width:98%" tabindex="-1">\n<div id="divRplyFwdMsg" dir="ltr">'
        f'<font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">{_block(notice, english)}</font>\n'
        "<div>&nbsp;</div>\n</div>\n"
    )


def word_html(page: Page, *, english: bool = False, rply: bool = False) -> str:
    """What Word makes of a mail: MsoNormal paragraphs, then a grey line (or divRplyFwdMsg, through Exchange)."""
    typed = paragraphs(
        page.body, '<p class="MsoNormal">{}<o:p></o:p></p>', '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
    )
    footer = paragraphs(page.footer, '<p class="MsoNormal"><span style="color:#1F497D">{}<o:p></o:p></span></p>', "")
    image = f'<p class="MsoNormal"><img width="1" height="1" id="Image_x0020_1" src="cid:{page.cid}" alt="logo"></p>'
    quoted = ""
    if page.notice and rply:
        quoted = _rply(page.notice, english) + f"<div>{renamed(body_of(page.notice.html))}</div>"
    elif page.notice:
        quoted = (
            '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">\n'
            f'<p class="MsoNormal">{_block(page.notice, english)}<o:p></o:p></p></div></div>\n'
            f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n{body_of(page.notice.html)}'
        )
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word" '
        'xmlns="http://www.w3.org/TR/REC-html40">\n<head>\n<meta name="Generator" content="Microsoft Word 15 '
        '(filtered medium)">\n<style><!--\np.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",'
        'sans-serif;}\n--></style>\n</head>\n<body lang="FR" link="#0563C1" vlink="#954F72" '
        f'style="word-wrap:break-word">\n<div class="WordSection1">\n{typed}\n<p class="MsoNormal"><o:p>&nbsp;</o:p>'
        f"</p>\n{footer}\n{image}\n{quoted}\n</div>\n</body>\n</html>\n"
    )


def owa_html(page: Page) -> str:
    """New Outlook and Outlook on the web."""
    style = 'class="elementToProof" style="font-family: Aptos, Calibri, sans-serif; font-size: 12pt"'
    typed = paragraphs(page.body, f"<div {style}>{{}}</div>", f"<div {style}><br>\n</div>")
    footer = f'<div id="Signature">{paragraphs(page.footer, "<div>{}</div>", "")}</div>' if page.footer else ""
    quoted = f'<div id="appendonsend"></div>\n{_rply(page.notice)}' if page.notice else ""
    quoted += f"<div>{renamed(body_of(page.notice.html))}</div>" if page.notice else ""
    return f'<html>\n<head>\n</head>\n<body dir="ltr">\n{typed}\n{footer}\n{quoted}\n</body>\n</html>\n'


def outlook_mobile_html(page: Page) -> str:
    """Outlook for iOS and Android."""
    typed = paragraphs(page.body, '<div dir="ltr">{}</div>', '<div dir="ltr"><br></div>')
    footer = f'<div id="ms-outlook-mobile-signature" dir="ltr"><div><br></div>{escape(page.footer, quote=False)}</div>'
    quoted = ""
    if page.notice:
        inner = _rply(page.notice) + renamed(body_of(page.notice.html))
        quoted = f'<div id="mail-editor-reference-message-container">{inner}</div>'
    return (
        '<html>\n<head>\n</head>\n<body>\n<div id="ms-outlook-mobile-body-separator-line" data-applydefaultfontstyles='
        f'"true"><div><br></div></div>\n{typed}\n{footer if page.footer else ""}\n{quoted}\n</body>\n</html>\n'
    )


# ---- Gmail --------------------------------------------------------------------------------------------------------


def _gmail_line(notice: Notice, english: bool, who: str) -> str:
    at = local(notice.date)
    if english:
        return f"On {at:%a, %b} {at.day}, {at.year} at {at.hour % 12 or 12}:{at:%M %p} {who} wrote:"
    return f"Le {DAYS[at.weekday()][:3]}. {at.day} {SHORT[at.month - 1]} {at.year} à {at:%H:%M}, {who} a écrit{NBSP}:"


def gmail_plain(page: Page, *, english: bool = False) -> str:
    """Lines are broken at 78 columns, also inside « a écrit »."""
    typed = wrapped(joined(page.body, page.footer), 78)
    if page.notice is None:
        return f"{typed}\n"
    line = textwrap.fill(_gmail_line(page.notice, english, shown(page.notice.sender)), 78, break_long_words=False)
    return f"{typed}\n\n{line}\n\n{prefixed(page.notice.text)}\n"


def gmail_html(page: Page, *, english: bool = False, direction: str = "ltr") -> str:
    typed = paragraphs(joined(page.body, page.footer), "<div>{}</div>", "<div><br></div>")
    quoted = ""
    if page.notice:
        line = _gmail_line(page.notice, english, linked(page.notice.sender)).replace(NBSP, "&nbsp;")
        quoted = (
            f'<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{line}<br></div>'
            '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);'
            f'padding-left:1ex">{bare(body_of(page.notice.html))}</blockquote></div>'
        )
    return f'<div dir="{direction}">{typed}</div>{quoted}\n'


# ---- Apple --------------------------------------------------------------------------------------------------------


def _apple_line(notice: Notice, english: bool, who: str) -> str:
    at = local(notice.date)
    if english:
        return f"On {at.day} {at:%b} {at.year}, at {at:%H:%M}, {who} wrote:"
    return f"Le {at.day} {SHORT[at.month - 1]} {at.year} à {at:%H:%M}, {who} a écrit{NBSP}:"


def apple_plain(page: Page, *, english: bool = False) -> str:
    typed = joined(page.body, page.footer)
    if page.notice is None:
        return f"{typed}\n"
    line = _apple_line(page.notice, english, shown(page.notice.sender))
    return f"{typed}\n\n> {line}\n> \n{prefixed(page.notice.text)}\n"


def apple_html(page: Page, *, english: bool = False) -> str:
    typed = paragraphs(joined(page.body, page.footer), "<div>{}</div>", "<div><br></div>")
    quoted = ""
    if page.notice:
        line = _apple_line(page.notice, english, linked(page.notice.sender))
        quoted = (
            '<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>'
            f'{line}</div><br class="Apple-interchange-newline"><div>{body_of(page.notice.html)}</div></blockquote></div>'
        )
    return (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body style='
        '"overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">'
        f"{typed}{quoted}<br></body></html>"
    )


def ios_plain(page: Page) -> str:
    """The footer stands between the answer and a quoted attribution line; the quotation opens with U+FEFF."""
    typed = joined(page.body, page.footer)
    if page.notice is None:
        return typed
    line = _apple_line(page.notice, False, shown(page.notice.sender))
    return f"{typed}\n\n> {line}\n> \n{prefixed(chr(0xFEFF) + page.notice.text)}\n"


def ios_html(page: Page) -> str:
    typed = paragraphs(page.body, "<div>{}</div>", "<div><br></div>")
    footer = f'<div><br></div><div dir="ltr">{escape(page.footer, quote=False)}</div>' if page.footer else ""
    quoted = ""
    if page.notice:
        line = _apple_line(page.notice, False, linked(page.notice.sender))
        quoted = (
            f'<div dir="ltr"><br><blockquote type="cite">{line}<br><br></blockquote></div><blockquote type="cite">'
            f'<div dir="ltr">\ufeff{body_of(page.notice.html)}</div></blockquote>'
        )
    return (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        f'<body dir="auto">{typed}{footer}{quoted}</body></html>'
    )
