"""Scenes that must be asked: « voici le texte tel qu’il partirait » to Bo, and nothing to the complainant."""

from __future__ import annotations

import re
from functools import partial
from html import escape
from typing import Any

from staff.leaks import shapes, words
from staff.leaks.record import GAP, Given, Leak, Write
from staff.notices import LINE, without_line


def asked(id: str, tag: str, leaves: str, write: Write, why: str, **more: Any) -> Leak:
    return Leak(id=id, tag=tag, sure=False, leaves=leaves, write=write, why=why, **more)


# ---- words under or inside the quotation -----------------------------------------------------------------------------

FIRST = """Bonjour Monsieur Petit, je reprends vos deux demandes dans l’ordre. Pour vos frais : le message d’annulation est \
parti à 19 h 40, trop tard pour que vous puissiez vous faire rembourser, et nous prenons donc à notre charge 187,40 €."""
SECOND = """Pour la nouvelle date : une place vous est réservée le 8 décembre à Nîmes, sans démarche de votre part. Nous \
vous présentons nos excuses pour ce désagrément."""
PIECES = f"{FIRST}\n{GAP}\n{SECOND}"


def halves(given: Given) -> tuple[str, str]:
    """The quoted notice cut in two at the end of the complainant's message."""
    before, _, after = shapes.notice_for(given).text.partition("Antécédents")
    return before.rstrip(), f"Antécédents{after}".rstrip()


def interleaved(given: Given) -> bytes:
    """Gmail, plain text alone: an answer after each half of the quotation."""
    one, two = (shapes.marked(half, "> ") for half in halves(given))
    plain = f"{shapes.QUOTED_LINE}\n\n{one}\n\n{FIRST}\n\n{two}\n\n{SECOND}\n"
    return shapes.octets(shapes.composed(given, "#résolu", plain=plain))


def interleaved_html(given: Given) -> bytes:
    """The editor closed the quotation, and opened another after the answer; the text part follows."""
    one, two = halves(given)
    cite = '<blockquote type="cite">{}</blockquote>'
    inner = [cite.format("<br>".join(escape(line) for line in half.split("\n"))) for half in (one, two)]
    over = f'<div class="moz-cite-prefix">{escape(shapes.QUOTED_LINE)}</div>'
    html = shapes.page(over, inner[0], f"<p>{escape(FIRST)}</p>", inner[1], f"<p>{escape(SECOND)}</p>")
    plain = f"{shapes.QUOTED_LINE}\n{shapes.marked(one, '> ')}\n\n{FIRST}\n\n{shapes.marked(two, '> ')}\n\n{SECOND}\n"
    return shapes.octets(shapes.composed(given, "#résolu", plain=plain, html=html))


def around(given: Given) -> bytes:
    """A part of the answer above the quotation, the rest below."""
    quotation = shapes.marked(shapes.notice_for(given).text, "> ")
    return shapes.octets(
        shapes.composed(given, "#résolu", plain=f"{FIRST}\n\n{shapes.QUOTED_LINE}\n\n{quotation}\n\n{SECOND}\n")
    )


def below_html(given: Given) -> bytes:
    """Typed under an intact quotation, in both parts."""
    notice = shapes.notice_for(given)
    over = f"<div>{escape(shapes.QUOTED_LINE)}</div>"
    cite = f'<blockquote type="cite">{shapes.inside(notice.html)}</blockquote>'
    html = shapes.page("<div><br></div>", over, cite, shapes.divs(words.MEALS))
    plain = f"\n{shapes.QUOTED_LINE}\n\n{shapes.marked(notice.text, '> ')}\n\n{words.MEALS}\n"
    return shapes.octets(shapes.composed(given, "#résolu", plain=plain, html=html))


PLACED = (
    asked(
        "below-thunderbird",
        "résolu",
        words.INVOICE,
        partial(shapes.answered, style="thunderbird-below", tag=" #résolu", body=words.INVOICE),
        "La réponse est sous la citation, donc sous la ligne : rien au-dessus, et ce qui suit n’est pas promis nouveau.",
        tail=shapes.tail("thunderbird-below"),
    ),
    asked(
        "below-both-parts",
        "résolu",
        words.MEALS,
        below_html,
        "La réponse est sous la citation dans les deux parties ; au-dessus de la ligne il n’y a rien.",
    ),
    asked(
        "interleaved-plain",
        "résolu",
        PIECES,
        interleaved,
        "La réponse est entre les lignes citées : sans elles le texte n’est pas celui que l’auteur a composé.",
    ),
    asked(
        "interleaved-html",
        "résolu",
        PIECES,
        interleaved_html,
        "La citation est ouverte deux fois, la réponse au milieu et à la fin : la coupe n’est pas unique.",
    ),
    asked(
        "above-and-below",
        "résolu",
        PIECES,
        around,
        "Une partie de la réponse est au-dessus de la ligne, le reste sous la citation : couper là perdrait la fin.",
    ),
)

# ---- something of ours inside the author's own words -----------------------------------------------------------------


def holding(given: Given, style: str, tag: str, body: str) -> bytes:
    """An answer, in a client's style, whose own words hold `{code}`, `{number}`, `{link}` or our line."""
    first_link = re.findall(r"mailto:\S+", shapes.notice_for(given).text)[0]
    filled = body.format(code=given.secrets.code, number=given.number, link=first_link, line=LINE)
    return shapes.answered(given, style=style, tag=f" #{tag}", body=filled)


def pasted(id: str, style: str, tag: str, body: str, why: str) -> Leak:
    """`leaves` is the text with a gap where something of ours is taken out."""
    leaves = re.sub(r"\[?\{number\}-\{code\}\]?|\{(?:code|link|line)\}", GAP, body)
    write = partial(holding, style=style, tag=tag, body=body)
    return asked(id, tag, leaves, write, why, tail=shapes.tail(style))


def hidden_link(given: Given) -> bytes:
    """The link stands behind two words of the HTML part; the text part shows the words alone."""
    notice = shapes.notice_for(given)
    address = re.findall(r"mailto:\S+", notice.text)[0]
    linked = f'Pour choisir, <a href="{escape(address)}">cliquez ici</a>'
    html = shapes.page(
        shapes.divs(words.ASK_CHOICE),
        f"<div>{linked}.</div>",
        f'<div class="gmail_quote"><div class="gmail_attr">{escape(shapes.QUOTED_LINE)}</div>',
        f'<blockquote class="gmail_quote">{shapes.inside(notice.html)}</blockquote></div>',
    )
    quotation = f"{shapes.QUOTED_LINE}\n\n{shapes.marked(notice.text, '> ')}"
    plain = f"{words.ASK_CHOICE}\nPour choisir, cliquez ici.\n\n{quotation}\n"
    return shapes.octets(shapes.composed(given, "#précisions", plain=plain, html=html))


CODE_IN_BRACKETS = words.TRAVEL.replace(
    "Bien cordialement,", "Pour toute question, rappelez la référence [{number}-{code}].\n\nBien cordialement,"
)
CODE_ALONE = f"{words.NEWS_PAID}\n\nLe code de votre dossier est {{code}}, gardez-le sous la main."
LINK_PASTED = f"{words.ASK_RECEIPT}\n\nVous pouvez aussi utiliser ce lien :\n{{link}}\n\nÀ bientôt."
LINE_PASTED = f"""{words.NEWS_CALLED}

PS : pour que votre message me parvienne, gardez la mention « {{line}} » et écrivez au-dessus."""
BLOCK_PASTED = """Bonjour Monsieur Petit,

Voici ce que le formateur nous a répondu :

De : Hugo Lemaire <h.lemaire@formateurs.example>
Envoyé : vendredi 20 novembre 2026 17:05
À : Bo Martin <bo@ief.example>
Objet : session du 16 novembre

J’étais souffrant depuis le matin et j’ai prévenu le secrétariat à midi.

L’annulation aurait donc dû vous parvenir l’après-midi même. Nous vous remboursons le train et l’hôtel, et une place vous \
est réservée le 8 décembre."""

HOLDING = (
    pasted(
        "code-in-brackets",
        "gmail-web",
        "résolu",
        CODE_IN_BRACKETS,
        "Le texte contient un code personnel, tapé à la main avec la référence.",
    ),
    pasted(
        "code-alone",
        "ios-mail",
        "réponse",
        CODE_ALONE,
        "Le texte contient le code personnel seul, sans crochets ni référence : qui le lit peut s’en servir.",
    ),
    pasted(
        "link-pasted",
        "thunderbird-plain",
        "précisions",
        LINK_PASTED,
        "Le texte contient l’adresse d’un de nos boutons, avec le code dedans.",
    ),
    asked(
        "link-behind-words",
        "précisions",
        f"{words.ASK_CHOICE}\nPour choisir, {GAP}",
        hidden_link,
        "Un de nos boutons est collé derrière « cliquez ici » : on ne le voit que dans la partie HTML.",
    ),
    pasted(
        "line-in-prose",
        "apple-mail",
        "réponse",
        LINE_PASTED,
        "Le texte contient notre ligne au milieu d’une phrase : couper là perdrait la fin, la garder l’enverrait.",
    ),
    asked(
        "block-in-own-words",
        "résolu",
        BLOCK_PASTED,
        partial(shapes.answered, style="outlook-exchange", tag=" #résolu", body=BLOCK_PASTED),
        "Un bloc De/Envoyé collé par l’auteur dans son texte : couper au premier bloc perdrait la décision.",
        tail=shapes.tail("outlook-exchange"),
    ),
)

# ---- nothing left that says where the quotation begins ---------------------------------------------------------------


def residue(given: Given, tag: str, body: str, start: str) -> bytes:
    """Plain text: Bo deleted the line and the client's mark, the notice goes on from `start`, unmarked."""
    notice = shapes.notice_for(given).text
    return shapes.octets(shapes.composed(given, f"#{tag}", plain=f"{body}\n\n{notice[notice.index(start) :]}"))


def bare_html(given: Given, tag: str, body: str, before: str, after: str) -> bytes:
    """HTML alone, the notice without its line between two tags that say nothing."""
    inner = shapes.inside(shapes.notice_for(given, without_line).html)
    html = shapes.page(shapes.divs(body), before, inner, after)
    return shapes.octets(shapes.composed(given, f"#{tag}", plain=None, html=html))


def disagreeing(given: Given) -> bytes:
    """An automatic draft in the text part, the corrected sum in the HTML part; line and marks whole in both."""
    raw = shapes.answered(given, style="gmail-web", tag="", body=words.TRAVEL)
    plain, html = shapes.parts(raw, "plain").replace("\r\n", "\n"), shapes.parts(raw, "html")
    plain = plain.replace("187,40 €", "87,40 €")
    return shapes.octets(shapes.composed(given, "#résolu", plain=plain, html=html))


UNMARKED = (
    asked(
        "residue-whole-notice",
        "réponse",
        words.NEWS_PAID,
        partial(residue, tag="réponse", body=words.NEWS_PAID, start="Bonjour Bo"),
        "La ligne et la marque du client sont effacées, la notice suit sans signe : rien ne dit où couper.",
    ),
    asked(
        "residue-end-of-notice",
        "résolu",
        words.PLATFORM,
        partial(residue, tag="résolu", body=words.PLATFORM, start="Notes internes"),
        "Bo a effacé le haut de la citation, ligne comprise ; les notes internes et nos boutons restent sous son texte.",
        kinds=("code", "link", "note", "marker", "person"),
    ),
    asked(
        "html-div-without-line",
        "précisions",
        words.ASK_DATE,
        partial(bare_html, tag="précisions", body=words.ASK_DATE, before="<div>", after="</div>"),
        "HTML seul : la notice suit dans un simple bloc, sans ligne, sans en-tête ni marque de citation.",
    ),
    asked(
        "html-table-without-line",
        "résolu",
        words.LEVEL,
        partial(
            bare_html,
            tag="résolu",
            body=words.LEVEL,
            before='<table width="100%"><tr><td style="padding-left:12px">',
            after="</td></tr></table>",
        ),
        "HTML seul : la notice est dans un tableau comme la réponse pourrait l’être, et la ligne est effacée.",
    ),
    asked(
        "parts-disagree",
        "résolu",
        words.TRAVEL.replace("187,40 €", GAP),
        disagreeing,
        "Le texte et le HTML n’annoncent pas la même somme : on ne sait pas lequel l’auteur a relu.",
    ),
)

ASKED: tuple[Leak, ...] = (*PLACED, *HOLDING, *UNMARKED)
