"""Scenes that leave unasked: every client's answer, its line deleted or spoiled, its header words in another language."""

from __future__ import annotations

from functools import partial
from typing import Any

from staff.leaks import shapes, words
from staff.leaks.record import Given, Leak
from staff.notices import LINE, relined, without_line


def quoted(id: str, style: str, tag: str, text: str, **more: Any) -> Leak:
    """A sure answer above the notice, in one client's style; `write` takes what is not a field of `Leak`."""
    names = more.get("files_leave", ())
    how = {key: more.pop(key) for key in ("change", "extra") if key in more}
    subject = {"butoir": " #butoir {until}"}.get(tag, f" #{tag}")
    write = partial(shapes.answered, style=style, tag=subject, body=text, names=names, **how)
    given: dict[str, Any] = {"tail": shapes.tail(style), "write": write} | more
    return Leak(id=id, tag=tag, sure=True, leaves=text, **given)


# What every client does when nobody touches anything: words on top, line and notice below.
CLIENTS = (
    quoted("top-outlook-classic", "outlook-classic", "résolu", words.TRAVEL, files_leave=("attestation.pdf",)),
    quoted("top-outlook-exchange", "outlook-exchange", "partielle", words.PARTIAL),
    quoted("top-outlook-classic-en", "outlook-classic-en", "infondée", words.REFUSED),
    quoted("top-outlook-new", "outlook-new", "réponse", words.NEWS_CALLED),
    quoted("top-outlook-ios", "outlook-ios", "précisions", words.ASK_DATE),
    quoted("top-outlook-android", "outlook-android", "butoir", words.WAIT_REPORT),
    quoted("top-gmail-web", "gmail-web", "résolu", words.PLATFORM),
    quoted("top-gmail-web-en", "gmail-web-en", "information", words.INFORM_DATES),
    quoted("top-gmail-android", "gmail-android", "réponse", words.NEWS_SHORT),
    quoted(
        "top-apple-mail",
        "apple-mail",
        "résolu",
        words.CERTIFICATE,
        files_leave=("Convocation du 25 novembre – Lyon.pdf", "plan d’accès.png"),
    ),
    quoted("top-apple-mail-en", "apple-mail-en", "précisions", words.ASK_RECEIPT),
    quoted("top-ios-mail", "ios-mail", "réponse", words.NEWS_PAID),
    quoted("top-thunderbird-plain", "thunderbird-plain", "infondée", words.DISPUTE),
    quoted("top-thunderbird-flowed", "thunderbird-flowed", "résolu", words.INVOICE),
    quoted("top-thunderbird-html", "thunderbird-html", "partielle", words.CONTENT, files_leave=("planning.csv",)),
    quoted("top-zimbra", "zimbra", "hors-périmètre", words.OUTSIDE),
    quoted("top-orange", "orange", "difficulté", words.DIFFICULTY),
    quoted("top-orange-old", "orange-old", "aléa", words.HAZARD),
)

# Bo deleted our line; the client's own mark over the quotation is whole.
DELETED = (
    quoted("deleted-gmail-web", "gmail-web", "résolu", words.LEVEL, change=without_line),
    quoted("deleted-outlook-exchange", "outlook-exchange", "résolu", words.MEALS, change=without_line),
    quoted("deleted-apple-mail", "apple-mail", "butoir", words.WAIT_TRAINER, change=without_line),
    quoted("deleted-thunderbird-plain", "thunderbird-plain", "précisions", words.ASK_CHOICE, change=without_line),
    quoted("deleted-zimbra", "zimbra", "résolu", words.TRAINER, change=without_line),
    quoted("deleted-ios-mail", "ios-mail", "réponse", words.NEWS_ACCESS, change=without_line),
)

REWRAPPED = partial(relined, line="---- Répondre au-dessus de cette\nligne ----")
NO_BREAKS = partial(
    relined,
    line=LINE.replace(" ", "\u00a0"),
    line_html="----&nbsp;R&eacute;pondre&nbsp;au-dessus&nbsp;de&nbsp;cette&nbsp;ligne&nbsp;----",
)
LONG_DASHES = partial(relined, line="—— Répondre au-dessus de cette ligne ——")
TRANSLATED = partial(relined, line="---- Please answer over this line ----")
STARRED = partial(
    relined,
    line="*---- Répondre au\u2011dessus de cette ligne ----*",
    line_html="<b>---- Répondre au&#8209;dessus de cette ligne ----</b>",
)
IN_SPANS = partial(
    relined,
    line="RÉPONDRE AU-DESSUS DE CETTE LIGNE",
    line_html='<span style="text-transform:uppercase">R&#233;pondre <span>au</span>-<span>dessus</span>\n de</span>'
    "<span> cette ligne</span>",
)


def soft_broken(given: Given) -> bytes:
    """Plain text, no mark but the line, and quoted-printable breaks inside its words."""
    mail = shapes.composed(given, "#résolu", plain=f"{words.ROOM}\n\n{shapes.notice_for(given).text}")
    spoiled = shapes.octets(mail).replace(b"pondre au-dessus", b"pondre au-des=\r\nsus")
    return spoiled.replace(b"cette ligne ----", b"cette=\r\n ligne =2D---")


def barred(given: Given, mark: str, over: str, tag: str, body: str) -> bytes:
    """Plain text only, each quoted line behind a mark."""
    plain = f"{body}\n\n{over}{shapes.marked(shapes.notice_for(given).text, mark)}\n"
    return shapes.octets(shapes.composed(given, tag, plain=plain))


def by_hand(id: str, tag: str, text: str, write: Any, **more: Any) -> Leak:
    return Leak(id=id, tag=tag, sure=True, leaves=text, write=write, **more)


# The line came back spoiled; its words or the client's mark are whole.
MANGLED = (
    quoted("mangled-rewrapped", "gmail-web", "résolu", words.HOTEL, change=REWRAPPED),
    quoted("mangled-no-break-spaces", "outlook-ios", "résolu", words.QUOTA, change=NO_BREAKS),
    quoted("mangled-long-dashes", "thunderbird-plain", "réponse", words.NEWS_PAID, change=LONG_DASHES),
    by_hand("mangled-soft-breaks", "résolu", words.ROOM, soft_broken),
    by_hand(
        "mangled-bars",
        "précisions",
        words.ASK_RECEIPT,
        partial(
            barred,
            mark="| ",
            over=f"{shapes.QUOTED_LINE}\n",
            tag="#précisions",
            body=words.ASK_RECEIPT,
        ),
    ),
    by_hand(
        "mangled-tight-quotes",
        "réponse",
        words.NEWS_CALLED,
        partial(barred, mark=">>", over="", tag="#réponse", body=words.NEWS_CALLED),
    ),
    quoted("mangled-translated", "gmail-web-en", "butoir", words.WAIT_TRAINER, change=TRANSLATED),
    quoted("mangled-bold-hyphen", "thunderbird-flowed", "infondée", words.REFUSED, change=STARRED),
    quoted("mangled-spans", "outlook-classic", "partielle", words.PARTIAL, change=IN_SPANS),
)

GERMAN = ("Von:", "Gesendet:", "An:", "Betreff:")
ENGLISH = ("From:", "Sent:", "To:", "Subject:")
FRENCH = ("De :", "Envoyé :", "À :", "Objet :")
MAC = ("De :", "Date :", "À :", "Objet :")


def block(id: str, tag: str, text: str, **how: Any) -> Leak:
    return by_hand(id, tag, text, partial(shapes.headed, tag=f"#{tag}", body=text, **how))


# Header blocks in the words of other installations.
HEADERS = (
    block("header-german", "résolu", words.INVOICE, names=GERMAN, when="Montag, 23. November 2026 09:12"),
    block(
        "header-german-original",
        "réponse",
        words.NEWS_ACCESS,
        names=GERMAN,
        when="Montag, 23. November 2026 09:12",
        before="-----Ursprüngliche Nachricht-----",
        change=without_line,
    ),
    block(
        "header-english-original",
        "résolu",
        words.PLATFORM,
        names=ENGLISH,
        when="Monday, November 23, 2026 9:12 AM",
        before="-----Original Message-----",
        change=without_line,
    ),
    block(
        "header-french-original",
        "information",
        words.INFORM_PAPER,
        names=FRENCH,
        when="lundi 23 novembre 2026 09:12",
        before="-----Message d'origine-----",
        change=without_line,
    ),
    block("header-mac-bold", "précisions", words.ASK_DATE, names=MAC, when="lundi 23 novembre 2026 à 09:12", bold=True),
)

INTACT: tuple[Leak, ...] = (*CLIENTS, *DELETED, *MANGLED, *HEADERS)
