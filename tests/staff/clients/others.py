"""What Thunderbird, Zimbra and the Orange webmails do to an answer: their quotation and their footer."""

from __future__ import annotations

from email.utils import parseaddr
from html import escape

from staff.clients.habits import (
    DAYS,
    MONTHS,
    NBSP,
    Notice,
    Page,
    body_of,
    joined,
    local,
    paragraphs,
    prefixed,
    shown,
    wrapped,
)


def _thunderbird_line(notice: Notice) -> str:
    at, (name, addr) = local(notice.date), parseaddr(notice.sender)
    return f"Le {at:%d/%m/%Y} à {at:%H:%M}, {name or addr} a écrit{NBSP}:"


def thunderbird_plain(page: Page, *, flowed: bool = False, below: bool = False) -> str:
    """`below`: the answer under the quotation, which is how Thunderbird comes out of its box."""
    typed = wrapped(page.body, 72, " " if flowed else "")
    footer = f"-- \n{page.footer}" if page.footer else ""
    if page.notice is None:
        return joined(typed, footer) + "\n"
    quoted = f"{_thunderbird_line(page.notice)}\n{prefixed(page.notice.text)}"
    return joined(*((quoted, typed, footer) if below else (typed, footer, quoted))) + "\n"


def thunderbird_html(page: Page) -> str:
    typed = "".join(
        "<p>" + "<br>\n".join(escape(line, quote=False) for line in part.split("\n")) + "</p>\n"
        for part in page.body.split("\n\n")
    )
    footer = f'<pre class="moz-signature" cols="72">-- \n{escape(page.footer, quote=False)}</pre>\n'
    footer = footer if page.footer else ""
    quoted = ""
    if page.notice:
        quoted = (
            f'<div class="moz-cite-prefix">{_thunderbird_line(page.notice)}<br></div>\n<blockquote type="cite" '
            f'cite="mid:{escape(page.notice.message_id.strip("<>"))}">\n{body_of(page.notice.html)}\n</blockquote>\n'
        )
    return (
        '<!DOCTYPE html>\n<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">\n</head>\n'
        f"<body>\n{typed}{footer}{quoted}</body>\n</html>\n"
    )


def _zimbra_head(notice: Notice) -> list[tuple[str, str]]:
    at = local(notice.date)
    when = f"{DAYS[at.weekday()].title()} {at.day} {MONTHS[at.month - 1].title()} {at.year} {at:%H:%M:%S}"
    return [
        ("De:", shown(notice.sender)),
        ("À:", shown(notice.to)),
        ("Envoyé:", when),
        ("Objet:", notice.subject),
    ]


def zimbra_plain(page: Page) -> str:
    if page.notice is None:
        return joined(page.body, page.footer) + "\n"
    head = "\n".join(f"{name} {value}" for name, value in _zimbra_head(page.notice))
    return joined(page.body, page.footer, f"----- Mail original -----\n{head}", page.notice.text) + "\n"


def zimbra_html(page: Page) -> str:
    typed = paragraphs(page.body, "<div>{}</div>", "<div><br></div>")
    footer = f'<div data-marker="__SIG_PRE__">{paragraphs(page.footer, "<p>{}</p>", "")}</div>' if page.footer else ""
    quoted = ""
    if page.notice:
        head = "<br>".join(f"<b>{name} </b>{escape(value, quote=False)}" for name, value in _zimbra_head(page.notice))
        quoted = (
            f'<div><br></div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">{head}<br></div>'
            f'<div><br></div><div data-marker="__QUOTED_TEXT__">{body_of(page.notice.html)}</div>'
        )
    return (
        '<html><body><div style="font-family: arial, helvetica, sans-serif; font-size: 12pt; color: #000000">'
        f"{typed}<div><br></div>{footer}{quoted}</div></body></html>\n"
    )


def _orange_head(notice: Notice) -> list[str]:
    at = local(notice.date)
    return [
        f"envoyé : {at.day} {MONTHS[at.month - 1]} {at.year} à {at:%H:%M}",
        f"de : {shown(notice.sender)}",
        f"à : {shown(notice.to)}",
        f"objet : {notice.subject}",
    ]


def orange_plain(page: Page) -> str:
    if page.notice is None:
        return joined(page.body, page.footer) + "\n"
    return joined(page.body, page.footer, "\n".join(_orange_head(page.notice)), page.notice.text) + "\n"


def orange_html(page: Page) -> str:
    typed = paragraphs(joined(page.body, page.footer), "<p>{}</p>", "<p>&nbsp;</p>")
    quoted = ""
    if page.notice:
        head = "<br>".join(escape(line, quote=False) for line in _orange_head(page.notice))
        quoted = f'<hr><blockquote style="margin-left:0"><p>{head}</p>{body_of(page.notice.html)}</blockquote>'
    return f"<html><body>{typed}{quoted}</body></html>\n"


def orange_old_plain(page: Page) -> str:
    """The former Orange webmail: plain text only, the header block itself is quoted."""
    if page.notice is None:
        return joined(page.body, page.footer) + "\n"
    at, notice = local(page.notice.date), page.notice
    head = (
        f"Message du {at:%d/%m/%y %H:%M}\nDe : {shown(notice.sender)}\nA : {shown(notice.to)}\nCopie à : \n"
        f"Objet : {notice.subject}\n"
    )
    return joined(page.body, page.footer, prefixed(f"{head}\n{notice.text}")) + "\n"
