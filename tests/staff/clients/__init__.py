"""How real mail clients write: `reply` and `fresh` give the bytes that a colleague's client would send, CRLF throughout.

Written after the observable habits of each client; addresses and names are ours. Nothing here reads mailbot.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import partial
from html import escape

from staff.clients import wire
from staff.clients.habits import (
    NBSP,
    Habit,
    Notice,
    Page,
    apple_html,
    apple_plain,
    gmail_html,
    gmail_plain,
    ios_html,
    ios_plain,
    local,
    outlook_mobile_html,
    outlook_plain,
    owa_html,
    word_html,
)
from staff.clients.others import (
    orange_html,
    orange_old_plain,
    orange_plain,
    thunderbird_html,
    thunderbird_plain,
    zimbra_html,
    zimbra_plain,
)
from staff.clients.wire import Wire

__all__ = ["STYLES", "Notice", "footer", "fresh", "prefixed", "reply"]

CARD = "{name}\nInstitut Exemple Formation\n06 39 98 10 20"
LATIN = ("iso-8859-1", "windows-1252", "utf-8")
EXCHANGE = Wire(charsets=LATIN, file_names="rfc2047", fold_ids=True, boundary="_000_PAXPR08MB{0}PAXPR08MB1020eurp_")
EXCHANGE_UTF8 = Wire(word="B", body="base64", file_names="rfc2047", fold_ids=True, boundary="_000_{0}_")
GMAIL = Wire(charsets=("UTF-8",), file_names="rfc2047", boundary="000000000000{0}")
APPLE = Wire(nested=True, boundary="Apple-Mail=_{0}")
IOS = Wire(boundary="Apple-Mail-{0}")
MOZILLA = Wire(charsets=("UTF-8",), word="B", whole=False, body="8bit", boundary="------------{0}")
ZIMBRA = Wire(boundary="----=_Part_{0}")
ORANGE_OLD = Wire(charsets=("iso-8859-1", "UTF-8"), body="8bit", file_names="rfc2047")

_FRENCH = (("Accept-Language", "fr-FR, en-US"), ("Content-Language", "fr-FR"))
_THUNDERBIRD = (("User-Agent", "Mozilla Thunderbird"), ("Content-Language", "fr"))
HABITS: dict[str, Habit] = {
    # Outlook for Windows, Word as its editor: a grey line, then the header block
    "outlook-classic": Habit(
        prefix=f"RE{NBSP}: ",
        wire=EXCHANGE,
        plain=outlook_plain,
        html=word_html,
        footer=CARD,
        logo=True,
        utc=True,
        mailer=_FRENCH,
    ),
    # the same through Exchange with « divRplyFwdMsg »
    "outlook-exchange": Habit(
        prefix="RE : ",
        wire=EXCHANGE,
        plain=partial(outlook_plain, rule=True),
        html=partial(word_html, rply=True),
        footer=CARD,
        logo=True,
        utc=True,
        mailer=_FRENCH,
    ),
    "outlook-classic-en": Habit(
        prefix="RE: ",
        wire=EXCHANGE,
        plain=partial(outlook_plain, english=True),
        html=partial(word_html, english=True),
        footer=CARD,
        logo=True,
        utc=True,
        mailer=(("Accept-Language", "en-GB, fr-FR"), ("Content-Language", "en-GB")),
    ),
    "outlook-new": Habit(
        prefix="RE: ",
        wire=EXCHANGE_UTF8,
        plain=partial(outlook_plain, rule=True),
        html=owa_html,
        footer=CARD,
        utc=True,
        mailer=_FRENCH,
    ),
    "outlook-ios": Habit(
        prefix="Re : ",
        wire=EXCHANGE_UTF8,
        plain=partial(outlook_plain, rule=True),
        html=outlook_mobile_html,
        footer="Envoyé à partir d’Outlook pour iOS",
        utc=True,
        mailer=_FRENCH,
    ),
    "outlook-android": Habit(
        prefix="RE : ",
        wire=EXCHANGE_UTF8,
        plain=partial(outlook_plain, rule=True),
        html=outlook_mobile_html,
        footer="Télécharger Outlook pour Android",
        utc=True,
        mailer=_FRENCH,
    ),
    "gmail-web": Habit(prefix="Re: ", wire=GMAIL, plain=gmail_plain, html=gmail_html),
    "gmail-web-en": Habit(
        prefix="Re: ",
        wire=GMAIL,
        plain=partial(gmail_plain, english=True),
        html=partial(gmail_html, english=True),
    ),
    "gmail-android": Habit(prefix="Re: ", wire=GMAIL, plain=gmail_plain, html=partial(gmail_html, direction="auto")),
    "apple-mail": Habit(
        prefix="Re: ",
        wire=APPLE,
        plain=apple_plain,
        html=apple_html,
        mailer=(("X-Mailer", "Apple Mail (2.3826.200.121)"),),
    ),
    "apple-mail-en": Habit(
        prefix="Re: ",
        wire=APPLE,
        plain=partial(apple_plain, english=True),
        html=partial(apple_html, english=True),
        mailer=(("X-Mailer", "Apple Mail (2.3826.200.121)"),),
    ),
    "ios-mail": Habit(
        prefix=f"Re{NBSP}: ",
        wire=IOS,
        plain=ios_plain,
        html=ios_html,
        footer="Envoyé de mon iPhone",
        mailer=(("X-Mailer", "iPhone Mail (23B85)"),),
    ),
    "thunderbird-plain": Habit(prefix="Re: ", wire=MOZILLA, plain=thunderbird_plain, footer=CARD, mailer=_THUNDERBIRD),
    "thunderbird-flowed": Habit(
        prefix="Re: ",
        wire=MOZILLA,
        plain=partial(thunderbird_plain, flowed=True),
        flowed=True,
        footer=CARD,
        mailer=_THUNDERBIRD,
    ),
    # as it comes out of the box: the answer under the quotation
    "thunderbird-below": Habit(
        prefix="Re: ",
        wire=MOZILLA,
        plain=partial(thunderbird_plain, flowed=True, below=True),
        flowed=True,
        mailer=_THUNDERBIRD,
    ),
    "thunderbird-html": Habit(
        prefix="Re: ",
        wire=MOZILLA,
        plain=thunderbird_plain,
        html=thunderbird_html,
        footer=CARD,
        mailer=_THUNDERBIRD,
    ),
    "zimbra": Habit(
        prefix="Re: ",
        wire=ZIMBRA,
        plain=zimbra_plain,
        html=zimbra_html,
        footer=CARD,
        mailer=(("X-Mailer", "Zimbra 8.8.15_GA_4717 (ZimbraWebClient - FF144 (Win)/8.8.15_GA_4717)"),),
    ),
    "orange": Habit(
        prefix="RE: ",
        wire=ZIMBRA,
        plain=orange_plain,
        html=orange_html,
        mailer=(("X-Mailer", "Open-Xchange Mailer v8.43.79"),),
    ),
    "orange-old": Habit(prefix="re: ", wire=ORANGE_OLD, plain=orange_old_plain),
}
STYLES: tuple[str, ...] = tuple(HABITS)

_PREFIXES = re.compile(r"(?:re|tr|fwd?|r[ée]p)[ \u00a0]?: ?", re.IGNORECASE)


def prefixed(style: str, subject: str) -> str:
    """The subject that this client writes over an answer; a prefix that is already there is replaced, never doubled."""
    return (
        HABITS[style].prefix + _PREFIXES.sub("", subject, count=1)
        if _PREFIXES.match(subject)
        else (HABITS[style].prefix + subject)
    )


def footer(style: str, author_name: str) -> str:
    """The lines that this client adds under the text by itself, "" when none."""
    return HABITS[style].footer.format(name=author_name)


def reply(
    style: str,
    notice: Notice,
    *,
    author: str,
    author_name: str,
    body: str,
    subject: str | None = None,
    to: str | None = None,
    cc: tuple[str, ...] = (),
    attachments: tuple[tuple[str, str, bytes], ...] = (),
    quote: bool = True,
    headers: tuple[tuple[str, str], ...] = (),
    hidden: str = "",
    message_id: str,
    date: datetime,
) -> bytes:
    """An answer to `notice`.

    `subject` None: the client's prefix before the notice's subject. `to` None: the notice's sender. `attachments` are
    (name, content type, bytes). `headers` are (name, value in ASCII) and stand on top, as what a provider adds does;
    a name that the client writes too is then written by `headers` alone. `quote` False: nothing is quoted.
    `hidden` stands in the HTML part only, displayed to nobody.
    """
    threads = (
        ("In-Reply-To", wire.identifier("In-Reply-To", notice.message_id, HABITS[style].wire)),
        ("References", wire.identifier("References", notice.message_id, HABITS[style].wire)),
    )
    return _mail(
        style,
        Page(
            body=body,
            footer=footer(style, author_name),
            cid=f"image001.png@{notice.message_id.strip('<>')[:8]}",
            notice=notice if quote else None,
            hidden=hidden,
        ),
        author=(author_name, author),
        to=(notice.sender if to is None else to),
        cc=cc,
        subject=prefixed(style, notice.subject) if subject is None else subject,
        threads=threads,
        attachments=attachments,
        headers=headers,
        message_id=message_id,
        date=date,
    )


def fresh(
    style: str,
    *,
    author: str,
    author_name: str,
    to: str,
    subject: str,
    body: str,
    cc: tuple[str, ...] = (),
    attachments: tuple[tuple[str, str, bytes], ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
    hidden: str = "",
    message_id: str,
    date: datetime,
) -> bytes:
    """A new mail, as after a tap on a `mailto:` button: no thread, no quotation. Arguments as for `reply`."""
    page = Page(body=body, footer=footer(style, author_name), cid="image001.png@01DC5C9A", notice=None, hidden=hidden)
    return _mail(
        style,
        page,
        author=(author_name, author),
        to=to,
        cc=cc,
        subject=subject,
        threads=(),
        attachments=attachments,
        headers=headers,
        message_id=message_id,
        date=date,
    )


def _mail(
    style: str,
    page: Page,
    *,
    author: tuple[str, str],
    to: str,
    cc: tuple[str, ...],
    subject: str,
    threads: tuple[tuple[str, str], ...],
    attachments: tuple[tuple[str, str, bytes], ...],
    headers: tuple[tuple[str, str], ...],
    message_id: str,
    date: datetime,
) -> bytes:
    habit, own = HABITS[style], {name.lower() for name, _ in headers}
    content = wire.together(_shape(habit, page, attachments), habit.wire, message_id)
    written = [
        ("From", wire.mailbox(*author, habit.wire)),
        ("To", _mailboxes((to,), habit.wire)),
        *([("Cc", _mailboxes(cc, habit.wire))] if cc else []),
        ("Subject", wire.header("Subject", subject, habit.wire)),
        ("Date", format_datetime(date.astimezone(UTC) if habit.utc else local(date))),
        ("Message-ID", message_id),
        *threads,
        *habit.mailer,
        ("MIME-Version", "1.0"),
    ]
    kept = tuple(pair for pair in written if pair[0].lower() not in own)
    return wire.Entity(headers=(*headers, *kept, *content.headers), content=content.content).octets()


def _mailboxes(written: tuple[str, ...], how: Wire) -> str:
    return ",\r\n ".join(wire.mailbox(*parseaddr(one), how) for one in written)


def _shape(habit: Habit, page: Page, files: tuple[tuple[str, str, bytes], ...]) -> wire.Shape:
    how = habit.wire
    return wire.Shape(
        plain=wire.words("plain", habit.plain(page), how, flowed=habit.flowed),
        html=wire.words("html", _with_hidden(habit.html(page), page.hidden), how) if habit.html else None,
        logo=wire.logo(page.cid) if habit.html and habit.logo else None,
        files=tuple(wire.attachment(*one, how) for one in files),
    )


def _with_hidden(html: str, hidden: str) -> str:
    """Text that a sender puts first in the HTML and that no reader sees."""
    block = f'<div style="display:none;font-size:0;max-height:0">{escape(hidden)}</div>' if hidden else ""
    return re.sub(r"(<body[^>]*>|^(?!.*<body))", lambda found: found[0] + block, html, count=1, flags=re.DOTALL)
