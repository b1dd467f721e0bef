"""How the mails of the scenes are written: a client of tests/staff/clients, or by hand where a client spoils things."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from staff import clients
from staff.clients import Notice
from staff.leaks.record import Given
from staff.notices import assignment

FILES: dict[str, tuple[str, bytes]] = {
    "attestation.pdf": ("application/pdf", b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\n%attestation\n%%EOF\n"),
    "Convocation du 25 novembre – Lyon.pdf": ("application/pdf", b"%PDF-1.4\n%convocation\n%%EOF\n"),
    "planning.csv": ("text/csv", "date;salle\r\n08/12/2026;Nîmes 03\r\n".encode()),
    "plan d’accès.png": ("image/png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00plan"),
}
Change = Callable[[Notice], Notice]
Extra = Callable[[Given], tuple[str, str, bytes]]
QUOTED_LINE = "Le lun. 23 nov. 2026 à 09:12, Réclamations IEF <reclamations@ief.example> a écrit :"


def same(notice: Notice) -> Notice:
    """The notice as it was sent."""
    return notice


def notice_for(given: Given, change: Change = same) -> Notice:
    """The assignment notice of the scene, after what its reader or the client did to it."""
    return change(
        assignment(given.secrets, message_id=given.notice_id, number=given.number, date=given.notice_date),
    )


def tagged(given: Given, tag: str) -> str:
    """The subject of a button: reference with the author's code, then the tag."""
    return f"[{given.number}-{given.secrets.code}] {tag.format(until=given.until)}"


def tail(style: str, author_name: str = "Bo Martin") -> str:
    """What the client adds under the words, Thunderbird's « -- » included."""
    words = clients.footer(style, author_name)
    return f"-- \n{words}" if words and style.startswith("thunderbird") else words


def files(names: tuple[str, ...]) -> tuple[tuple[str, str, bytes], ...]:
    return tuple((name, *FILES[name]) for name in names)


def answered(
    given: Given,
    *,
    style: str,
    tag: str,
    body: str,
    change: Change = same,
    names: tuple[str, ...] = (),
    extra: tuple[Extra, ...] = (),
) -> bytes:
    """An answer to the notice in one client's style; the tag (with a leading space; "" none) ends the subject."""
    notice = notice_for(given, change)
    subject = clients.prefixed(style, notice.subject) + tag.format(until=given.until)
    return clients.reply(
        style,
        notice,
        author=given.author,
        author_name=given.author_name,
        body=body,
        subject=subject,
        to=given.mailbox,
        attachments=(*files(names), *(one(given) for one in extra)),
        headers=given.headers,
        message_id=given.message_id,
        date=given.date,
    )


def tapped(
    given: Given, *, style: str, tag: str, body: str, names: tuple[str, ...] = (), extra: tuple[Extra, ...] = ()
) -> bytes:
    """A mail begun by a tap on a button: code in the subject, nothing quoted."""
    return clients.fresh(
        style,
        author=given.author,
        author_name=given.author_name,
        to=given.mailbox,
        subject=tagged(given, tag),
        body=body,
        attachments=(*files(names), *(one(given) for one in extra)),
        headers=given.headers,
        message_id=given.message_id,
        date=given.date,
    )


def composed(
    given: Given, tag: str, *, plain: str | None, html: str | None = None, cte: str = "quoted-printable"
) -> EmailMessage:
    """An answer to the notice whose parts are given whole. `plain` None: HTML only."""
    mail = EmailMessage(policy=policy.SMTP)
    for name, value in given.headers:
        mail[name] = value
    mail["From"] = f"{given.author_name} <{given.author}>"
    mail["To"] = given.mailbox
    mail["Subject"] = f"Re: {notice_for(given).subject} {tag.format(until=given.until)}"
    mail["Date"] = format_datetime(given.date)
    mail["Message-ID"] = given.message_id
    mail["In-Reply-To"] = mail["References"] = given.notice_id
    if plain is None:
        mail.set_content(html or "", subtype="html", cte=cte)
        return mail
    mail.set_content(plain, cte=cte)
    if html is not None:
        mail.add_alternative(html, subtype="html", cte=cte)
    return mail


def octets(mail: EmailMessage) -> bytes:
    """The bytes of a mail, with boundaries that are the same at each call."""
    for rank, part in enumerate(mail.walk()):
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            part.set_boundary(f"=_scene_part_{rank}")
    return mail.as_bytes()


def parts(raw: bytes, kind: str) -> str:
    """The text of the first part of that subtype (plain, html)."""
    mail = message_from_bytes(raw, policy=policy.default)
    return next(str(part.get_content()) for part in mail.walk() if part.get_content_type() == f"text/{kind}")


def page(*blocks: str) -> str:
    return f'<html><head><meta charset="utf-8"></head><body>{"".join(blocks)}</body></html>'


def divs(text: str) -> str:
    """Typed lines as most editors mark them up."""
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


def inside(html: str) -> str:
    """What stands in the body of a notice."""
    return html.partition("<body")[2].partition(">")[2].rpartition("</body>")[0]


def marked(text: str, mark: str) -> str:
    return "\n".join(mark + line for line in text.split("\n"))


def block(given: Given, names: tuple[str, str, str, str], when: str) -> list[tuple[str, str]]:
    """A client's header block over what it quotes: (name, value) in the order written."""
    notice = notice_for(given)
    return list(zip(names, (notice.sender, when, notice.to, notice.subject), strict=True))


def headed(
    given: Given,
    *,
    tag: str,
    body: str,
    names: tuple[str, str, str, str],
    when: str,
    before: str = "",
    bold: bool = False,
    change: Change = same,
) -> bytes:
    """An answer over a header block written by hand; `before` stands over the block, `bold` is *so* in plain text."""
    head, notice = block(given, names, when), notice_for(given, change)
    lines = [f"*{name}* {value}" if bold else f"{name} {value}" for name, value in head]
    plain = "\n".join([body, "", *([before] if before else []), *lines, "", notice.text])
    rows = "<br>".join(f"<b>{escape(name)}</b> {escape(value)}" for name, value in head)
    grey = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
    rule = f"<p>{escape(before)}</p>" if before else ""
    html = page(divs(body), rule, f'<div style="{grey}"><p class="MsoNormal">{rows}</p></div>', inside(notice.html))
    return octets(composed(given, tag, plain=plain, html=html))


def notice_mail(given: Given) -> EmailMessage:
    """The notice itself as the mail that Bo received."""
    notice = notice_for(given)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = notice.sender, notice.to, notice.subject
    mail["Date"], mail["Message-ID"] = format_datetime(notice.date), notice.message_id
    mail.set_content(notice.text, cte="quoted-printable")
    mail.add_alternative(notice.html, subtype="html", cte="quoted-printable")
    return mail
