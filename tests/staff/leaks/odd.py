"""Scenes that leave unasked although the mail is odd: HTML alone, parts that differ in form, forwards, files, cards."""

from __future__ import annotations

from email.message import EmailMessage
from functools import partial
from html import escape

from staff.clients import Notice
from staff.leaks import shapes, words
from staff.leaks.intact import by_hand, quoted
from staff.leaks.record import Given
from staff.notices import filed

# ---- HTML alone ------------------------------------------------------------------------------------------------------


def html_of(given: Given, style: str, tag: str, body: str) -> bytes:
    """The HTML part of a client's answer, sent without its text part."""
    html = shapes.parts(shapes.answered(given, style=style, tag="", body=body), "html")
    return shapes.octets(shapes.composed(given, tag, plain=None, html=html))


def wrapped(given: Given, before: str, after: str, tag: str, body: str) -> bytes:
    """HTML alone; the notice between two tags that say nothing, its line whole."""
    html = shapes.page(shapes.divs(body), before, shapes.inside(shapes.notice_for(given).html), after)
    return shapes.octets(shapes.composed(given, tag, plain=None, html=html, cte="base64"))


TABLE = ('<table border="0" width="100%"><tr><td style="padding-left:12px">', "</td></tr></table>")
HTML_ONLY = (
    by_hand(
        "html-cite",
        "résolu",
        words.TRAVEL,
        partial(html_of, style="apple-mail", tag="#résolu", body=words.TRAVEL),
    ),
    by_hand(
        "html-gmail-quote",
        "réponse",
        words.NEWS_CALLED,
        partial(html_of, style="gmail-web", tag="#réponse", body=words.NEWS_CALLED),
    ),
    by_hand(
        "html-word-block",
        "partielle",
        words.CONTENT,
        partial(html_of, style="outlook-classic", tag="#partielle", body=words.CONTENT),
        tail=shapes.tail("outlook-classic"),
    ),
    by_hand(
        "html-table-with-line",
        "résolu",
        words.LEVEL,
        partial(wrapped, before=TABLE[0], after=TABLE[1], tag="#résolu", body=words.LEVEL),
    ),
    by_hand(
        "html-div-with-line",
        "précisions",
        words.ASK_CHOICE,
        partial(wrapped, before="<div>", after="</div>", tag="#précisions", body=words.ASK_CHOICE),
    ),
)

# ---- two parts, two forms, the same words ----------------------------------------------------------------------------


def empty_text(given: Given) -> bytes:
    html = shapes.parts(shapes.answered(given, style="thunderbird-html", tag="", body=words.DISPUTE), "html")
    return shapes.octets(shapes.composed(given, "#infondée", plain=" \n\n", html=html))


def bare_text(given: Given) -> bytes:
    """The text part lost every mark of quotation; the HTML part has them."""
    html = shapes.parts(shapes.answered(given, style="apple-mail", tag="", body=words.MEALS), "html")
    plain = f"{words.MEALS}\n\n{shapes.notice_for(given).text}"
    return shapes.octets(shapes.composed(given, "#résolu", plain=plain, html=html))


TWO_FORMS = (
    by_hand("parts-empty-text", "infondée", words.DISPUTE, empty_text, tail=shapes.tail("thunderbird-html")),
    by_hand("parts-text-without-marks", "résolu", words.MEALS, bare_text),
)

# ---- the notice forwarded, or attached -------------------------------------------------------------------------------


def forwarded(given: Given, tag: str, body: str, head: tuple[str, ...]) -> bytes:
    """A forward inside the text: no mark of quotation, the line whole."""
    notice = shapes.notice_for(given)
    lines = [line.format(sender=notice.sender, subject=notice.subject, to=notice.to) for line in head]
    html = shapes.page(shapes.divs(body), "<br>".join(escape(line) for line in lines), shapes.inside(notice.html))
    mail = shapes.composed(given, tag, plain="\n".join([body, "", *lines, "", notice.text]), html=html)
    mail.replace_header("Subject", f"Fwd: {notice.subject} {tag}")
    return shapes.octets(mail)


def as_eml(given: Given) -> tuple[str, str, bytes]:
    return "Réclamation à traiter.eml", "application/octet-stream", shapes.octets(shapes.notice_mail(given))


def as_message(given: Given) -> tuple[str, str, bytes]:
    """As `message/rfc822` in base64, which RFC 2046 §5.2.1 forbids and clients send."""
    return "Réclamation à traiter.eml", "message/rfc822", shapes.octets(shapes.notice_mail(given))


def as_txt(given: Given) -> tuple[str, str, bytes]:
    return "sauvegarde.txt", "text/plain", shapes.notice_for(given).text.encode()


def as_html(given: Given) -> tuple[str, str, bytes]:
    return "Réclamation à traiter.html", "text/html", shapes.notice_for(given).html.encode()


def attached(given: Given, inner: EmailMessage) -> bytes:
    """A mail begun by a button, nothing quoted, with a message as `message/rfc822` (in clear) and a file."""
    mail = shapes.composed(given, "#résolu", plain=words.HOTEL)
    mail.replace_header("Subject", shapes.tagged(given, "#résolu"))
    del mail["In-Reply-To"], mail["References"]
    mail.add_attachment(inner, filename="notice.eml")
    kind, content = shapes.FILES["attestation.pdf"]
    maintype, _, subtype = kind.partition("/")
    mail.add_attachment(content, maintype=maintype, subtype=subtype, filename="attestation.pdf")
    return shapes.octets(mail)


def with_notice(given: Given) -> bytes:
    return attached(given, shapes.notice_mail(given))


def with_answer(given: Given) -> bytes:
    """The attached mail is a colleague's answer that quotes the notice and carries it once more."""
    outer = EmailMessage(policy=shapes.policy.SMTP)
    outer["From"], outer["To"], outer["Subject"] = "Ann Leroy <ann@ief.example>", "bo@ief.example", "TR: pour vous"
    outer["Message-ID"] = "<colleague-1@ief.example>"
    outer.set_content("Bo, à vous de jouer.\n\n" + shapes.marked(shapes.notice_for(given).text, "> "))
    outer.add_attachment(shapes.notice_mail(given), filename="premier envoi.eml")
    return attached(given, outer)


GMAIL_FORWARD = (
    "---------- Forwarded message ---------",
    "De : {sender}",
    "Date: lun. 23 nov. 2026 à 09:12",
    "Subject: {subject}",
    "To: {to}",
)
MOZILLA_FORWARD = (
    "-------- Message transféré --------",
    "Sujet : {subject}",
    "Date : Mon, 23 Nov 2026 09:12:00 +0100",
    "De : {sender}",
    "Pour : {to}",
)
BESIDE = (
    by_hand(
        "attached-message",
        "résolu",
        words.HOTEL,
        with_notice,
        files_leave=("attestation.pdf",),
        files_stay=("notice.eml",),
    ),
    by_hand(
        "attached-message-in-message",
        "résolu",
        words.HOTEL,
        with_answer,
        files_leave=("attestation.pdf",),
        files_stay=("notice.eml",),
        stays=("à vous de jouer",),
    ),
    quoted(
        "attached-eml",
        "gmail-web",
        "précisions",
        words.ASK_DATE,
        extra=(as_eml,),
        files_stay=("Réclamation à traiter.eml",),
    ),
    quoted(
        "attached-base64-message",
        "outlook-new",
        "résolu",
        words.CERTIFICATE,
        write=partial(
            shapes.tapped,
            style="outlook-new",
            tag="#résolu",
            body=words.CERTIFICATE,
            names=("Convocation du 25 novembre – Lyon.pdf",),
            extra=(as_message,),
        ),
        files_leave=("Convocation du 25 novembre – Lyon.pdf",),
        files_stay=("Réclamation à traiter.eml",),
    ),
    quoted(
        "attached-text-copy",
        "thunderbird-plain",
        "réponse",
        words.NEWS_SHORT,
        extra=(as_txt,),
        files_leave=("planning.csv",),
        files_stay=("sauvegarde.txt",),
    ),
    quoted(
        "attached-page-copy",
        "apple-mail",
        "butoir",
        words.WAIT_REPORT,
        extra=(as_html,),
        files_leave=("plan d’accès.png",),
        files_stay=("Réclamation à traiter.html",),
    ),
    by_hand(
        "forwarded-gmail",
        "information",
        words.INFORM_DATES,
        partial(forwarded, tag="#information", body=words.INFORM_DATES, head=GMAIL_FORWARD),
    ),
    by_hand(
        "forwarded-thunderbird",
        "réponse",
        words.NEWS_ACCESS,
        partial(forwarded, tag="#réponse", body=words.NEWS_ACCESS, head=MOZILLA_FORWARD),
    ),
)

# ---- double quotation ------------------------------------------------------------------------------------------------

EARLIER = "Bonjour, je note seulement que le formateur a rappelé ; rien à envoyer pour l’instant."


def twice(given: Given, style: str, tag: str, body: str) -> bytes:
    """An answer to « votre note est rangée », a letter of the desk that quotes Bo's mail, which quotes a notice."""

    def instead(_: Notice) -> Notice:
        return filed(given.secrets, EARLIER, message_id=given.notice_id, number=given.number, date=given.notice_date)

    return shapes.answered(given, style=style, tag=tag, body=body, change=instead)


TWICE = tuple(
    quoted(
        f"twice-{style}", style, tag, text, write=partial(twice, style=style, tag=f" #{tag}", body=text), stays=stays
    )
    for style, tag, text, stays in (
        ("gmail-web", "réponse", words.NEWS_PAID, (EARLIER,)),
        ("outlook-classic", "résolu", words.TRAINER, (EARLIER,)),
        ("orange-old", "précisions", words.ASK_RECEIPT, (EARLIER,)),
    )
)

# ---- clients that quote without any mark -----------------------------------------------------------------------------

PHONE = "Envoyé depuis mon téléphone Galaxy"


def unmarked(given: Given, tag: str, body: str, over: str) -> bytes:
    """Plain text and HTML; the notice follows the answer with its line whole, nothing in front of its lines."""
    notice = shapes.notice_for(given)
    over = over.format(sender=notice.sender, to=notice.to, subject=notice.subject)
    html = shapes.page(shapes.divs(body), shapes.divs(over), f"<div>{shapes.inside(notice.html)}</div>")
    return shapes.octets(shapes.composed(given, tag, plain=f"{body}\n\n{over}\n\n{notice.text}", html=html))


SAMSUNG = (
    f"{PHONE}\n\n-------- Message d'origine --------\nDe : {{sender}}\nDate : 23/11/2026 09:12 (GMT+01:00)\n"
    "À : {to}\nObjet : {subject}"
)
MOBILE = tuple(
    by_hand(id, tag, text, partial(unmarked, tag=f"#{tag}", body=text, over=over), tail=tail)
    for id, tag, text, over, tail in (
        ("mobile-original-message", "résolu", words.QUOTA, SAMSUNG, PHONE),
        ("mobile-attribution", "réponse", words.NEWS_SHORT, f"{PHONE}\n\n{shapes.QUOTED_LINE}", PHONE),
        ("mobile-line-alone", "résolu", words.ROOM, "", ""),
    )
)

# ---- cards, prose that looks like a mark, the tag in the text --------------------------------------------------------

CARD = """Bo Martin
Chargé de la relation stagiaires
Institut Exemple Formation – 12 rue des Lilas, 28000 Chartres
Tél. : 06 39 98 10 20 – www.ief.example"""
MENTION = """Ce message et ses pièces jointes sont confidentiels et destinés exclusivement à leurs destinataires. \
Si vous l’avez reçu par erreur, merci de le détruire et d’en avertir l’expéditeur.
Pensez à l’environnement avant d’imprimer ce message."""
CALENDAR = """Bonjour Monsieur Petit,

Le 12 novembre, vous nous avez écrit :
« Je souhaite être remboursé de mes frais. »
C’est chose faite ce matin : 187,40 € vous ont été versés, train et hôtel compris. L’annulation tardive venait de nous, \
et la nouvelle règle impose désormais quarante-huit heures de préavis pour toute session.

Votre place du 8 décembre est confirmée."""
HOURS = """Bonjour,

Votre rattrapage du module 3 est fixé au mardi 8 décembre.
De : 9 h 00 à 12 h 30, salle 03. Merci d’apporter une pièce d’identité ; l’émargement se fait à l’entrée."""

PLAIN_WORDS = (
    quoted(
        "card-and-mention",
        "apple-mail",
        "résolu",
        words.PLATFORM,
        tail=f"{CARD}\n\n{MENTION}",
        write=partial(
            shapes.answered, style="apple-mail", tag=" #résolu", body=f"{words.PLATFORM}\n\n{CARD}\n\n{MENTION}"
        ),
    ),
    quoted(
        "card-after-dashes",
        "gmail-android",
        "réponse",
        words.NEWS_CALLED,
        tail=f"-- \n{CARD}",
        write=partial(
            shapes.answered, style="gmail-android", tag=" #réponse", body=f"{words.NEWS_CALLED}\n\n-- \n{CARD}"
        ),
    ),
    quoted(
        "tag-on-first-line",
        "gmail-web",
        "réponse",
        words.NEWS_PAID,
        write=partial(shapes.answered, style="gmail-web", tag="", body=f"#réponse\n\n{words.NEWS_PAID}"),
    ),
    quoted("prose-you-wrote", "zimbra", "résolu", CALENDAR),
    quoted("prose-from-nine", "outlook-new", "réponse", HOURS),
)

ODD = (*HTML_ONLY, *TWO_FORMS, *BESIDE, *TWICE, *MOBILE, *PLAIN_WORDS)
