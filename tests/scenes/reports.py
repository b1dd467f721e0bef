"""What machines write back: delivery reports as Postfix, Exchange and Gmail word them, and absences of seven programs."""

from __future__ import annotations

from dataclasses import dataclass
from email.header import Header

from scenes import texts
from scenes.post import Mail, Post


@dataclass(frozen=True, kw_only=True)
class About:
    """The letter a report speaks of."""

    recipient: str
    message_id: str
    subject: str
    action: str = "failed"
    status: str = "5.1.1"
    words: str = "550 5.1.1 User unknown"


def _report(headers: list[str], human: str, kind: str, about: About, fields: list[str], original: str) -> bytes:
    lines = [
        *headers,
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="=_avis"',
        "",
        "This is a MIME-encapsulated message.",
        "",
        "--=_avis",
        f"Content-Type: {kind}; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        human,
        "",
        "--=_avis",
        "Content-Description: Delivery report",
        "Content-Type: message/delivery-status",
        "",
        *fields,
        "",
        f"Final-Recipient: rfc822; {about.recipient}",
        f"Action: {about.action}",
        f"Status: {about.status}",
        f"Diagnostic-Code: smtp; {about.words}",
        "",
        "--=_avis",
        f"Content-Type: {original}",
        "",
        f"Message-ID: {about.message_id}",
        f"To: {about.recipient}",
        f"Subject: {Header(about.subject, 'utf-8').encode()}",
        "",
        "--=_avis--",
        "",
    ]
    return "\r\n".join(lines).encode()


def postfix(post: Post, about: About) -> tuple[bytes, str]:
    """(bytes, Message-ID) of a report by Postfix."""
    identifier = post.identifier("mx.relais.example")
    headers = [
        "From: MAILER-DAEMON@mx.relais.example (Mail Delivery System)",
        "Subject: Undelivered Mail Returned to Sender",
        f"To: {post.desk}",
        "Auto-Submitted: auto-replied",
        f"Message-ID: {identifier}",
    ]
    human = f"This is the mail system at host mx.relais.example.\n\n<{about.recipient}>: host said: {about.words}"
    fields = ["Reporting-MTA: dns; mx.relais.example", "X-Postfix-Queue-ID: 4FqXbT1Zk7z9", "Arrival-Date: now"]
    return _report(headers, human, "text/plain", about, fields, "text/rfc822-headers"), identifier


def exchange(post: Post, about: About) -> tuple[bytes, str]:
    """(bytes, Message-ID) of a report by Exchange, in French."""
    domain = about.recipient.partition("@")[2]
    identifier = post.identifier(f"eur.prod.{domain}")
    headers = [
        f"From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{domain}>",
        f"To: <{post.desk}>",
        f"Subject: {Header(f'Non remis : {about.subject}', 'utf-8').encode()}",
        f"Message-ID: {identifier}",
        f"In-Reply-To: {about.message_id}",
        f"References: {about.message_id}",
        "Auto-Submitted: auto-generated",
        "X-MS-Exchange-Message-Is-Ndr: true",
        "Content-Language: fr-FR",
    ]
    human = f"<html><body><p>Votre message à <b>{about.recipient}</b> n’a pas pu être remis.</p></body></html>"
    fields = [f"Reporting-MTA: dns;PR3P191MB1234.eur.prod.{domain}", "Received-From-MTA: dns;AS8P191.eur.prod.example"]
    return _report(headers, human, "text/html", about, fields, "message/rfc822"), identifier


def gmail(post: Post, about: About) -> tuple[bytes, str]:
    """(bytes, Message-ID) of a report by Gmail."""
    identifier = post.identifier("mx.googlemail.example")
    headers = [
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        f"To: {post.desk}",
        "Auto-Submitted: auto-replied",
        "Subject: Delivery Status Notification (Failure)",
        f"References: {about.message_id}",
        f"In-Reply-To: {about.message_id}",
        f"X-Failed-Recipients: {about.recipient}",
        f"Message-ID: {identifier}",
    ]
    human = f"** Address not found **\n\nYour message wasn't delivered to {about.recipient}.\n{about.words}"
    fields = [
        "Reporting-MTA: dns; googlemail.example",
        "Arrival-Date: now",
        f"X-Original-Message-ID: {about.message_id}",
    ]
    return _report(headers, human, "text/plain", about, fields, "message/rfc822"), identifier


STYLES = (postfix, exchange, gmail)

# (words before the subject, headers, with the null return path, language)
ABSENCES: tuple[tuple[str, tuple[tuple[str, str], ...], bool, str], ...] = (
    ("Réponse automatique : ", (("Auto-Submitted", "auto-replied"),), True, "fr"),  # RFC 3834
    (
        "Réponse automatique : ",
        (
            ("X-Auto-Response-Suppress", "All"),
            ("Auto-Submitted", "auto-generated"),
            ("X-MS-Exchange-Inbox-Rules-Loop", "absent"),
        ),
        True,
        "fr",
    ),  # Exchange
    (
        "Absence du bureau Re: ",
        (("Auto-Submitted", "auto-replied"), ("Precedence", "bulk"), ("X-Autoreply", "yes")),
        False,
        "fr",
    ),  # Gmail
    ("Auto: ", (("Auto-Submitted", "auto-replied (vacation)"), ("Precedence", "bulk")), True, "en"),  # Dovecot, Sieve
    ("En vacances : ", (("Auto-Submitted", "auto-replied (zimbra; vacation)"), ("Precedence", "bulk")), False, "fr"),
    ("Automatic reply: ", (("X-Auto-Response-Suppress", "DR, OOF, AutoReply"), ("X-Autoreply", "yes")), False, "en"),
    ("Absent : ", (("X-Autorespond", "absence"), ("Precedence", "auto_reply")), False, "fr"),  # older responders
)


def absence(post: Post, style: int, *, key: str, name: str, author: str, subject: str, answers: str = "") -> Mail:
    """An absence in the style of one program; `answers` is the Message-ID it replies to, where it tells."""
    before, headers, null, language = ABSENCES[style % len(ABSENCES)]
    extra = [*headers, *((("In-Reply-To", answers), ("References", answers)) if answers else ())]
    text = texts.ABSENCE_FR if language == "fr" else texts.ABSENCE_EN
    letter = post.write(name=name, author=author, subject=before + subject, text=f"{text}{name}\n", extra=extra)
    return post.send(letter, key=key, verdict="auto-reply", author=author, null=null)


def report(post: Post, style: int, about: About, *, key: str) -> Mail:
    """A delivery report, delivered with the null return path."""
    raw, identifier = STYLES[style % len(STYLES)](post, about)
    author = "mailer-daemon@relais.example"
    return post.send(raw, key=key, verdict="bounce", author=author, message_id=identifier, proof="", null=True)
