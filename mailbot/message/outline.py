"""The structure of an HTML mail that tells who wrote what: quotations, signature, coloured words, marked for whoever reads the text.

Every mail program has its own way to wrap what it quotes. The marks are taken out of the page first, so that only
we can write them. One walk, no region inside another: linear.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the desk asks for the marks alone; pages are read beside it
    import lxml.html

# Word dividers of scripts that nobody has written for three thousand years: harmless to show, and no loss.
QUOTE, SIGNATURE, COLOUR = ("\U00010100", "\U00010101"), ("\U00010102", "\U00012470"), ("\U00012471", "\U00012472")
MARKS = dict.fromkeys(map(ord, "".join((*QUOTE, *SIGNATURE, *COLOUR))))  # for str.translate: takes them out

# Words of class, id, name and data-marker, lower case. A whole quotation, or one in which the author answers.
_QUOTES = re.compile(
    r"(?:^|[\s_-])(?:quoted?(?:[_-]?(?:text|content|mail|message|body|header))?|yahoo_quoted(?:_\d+)?|ydp\w*yahoo_quoted|replybody"
    r"|reply-?header|__quoted_text__|__headers__|moz-forward-container|moz-cite-prefix|gmail_attr|ms-outlook-mobile-reference-message"
    r"|mail-editor-reference-message-container|replied-?message|original-?message|originalmessage|mailquote|mail_quote|reply-?quote"
    r"|samsung_quote|protonmail_quote|tutanota_quote|iphone_quote|wmquote|hmmessage_quote|bloop_original_html|cite|citation"
    r"|reply_quote|message-?cite|email-?quote)(?:$|[\s])",
    re.ASCII,
)
_MIXED = ("gmail_quote", "protonmail_quote", "gmail_extra", "tutanota_quote", "zmail_extra", "quote")
# From here to the end of the mail everything is quoted.
_FROM_HERE = re.compile(
    r"(?:^|\s)(?:divrplyfwdmsg|appendonsend|outlookmessageheader|zwchr|__divider__)(?:$|\s)", re.ASCII
)
_SIGNATURES = re.compile(
    r"(?:^|[\s])(?:[\w-]*signature(?:_block|_prefix|-block|-user)?|_rc_sig|__sig_(?:pre|post)__|io-ox-signature|pre-signature"
    r"|applemailsignature|dab4fad8-2dd7-40bb-a1b8-4e2aa1f9fdf2|mailspring-signature|wisestamp\w*)(?:$|\s)",
    re.ASCII,
)
_NOT_SIGNATURES = ("linebreakatbeginningofsignature",)
_BORDER = re.compile(r"border-left(?:-[a-z]+)?:[^;]*(?:solid|[1-9])")
_COLOUR = re.compile(r"(?:^|;)color:\s{0,4}([^;]{1,40})")
_GREYS = re.compile(
    r"#?(?:([0-9a-f])\1\1|([0-9a-f]{2})\2\2|black|gr[ae]y|white|windowtext|inherit|initial|auto|currentcolor|0)"
    r"|rgb\((\d{1,3}),\3,\3\)"
)
_WITHOUT_COLOUR = frozenset({"a"})
_LONGEST = 400  # characters of an attribute


def mark(document: lxml.html.HtmlElement) -> None:
    """Writes the marks of `reading.cut` around what the page's own structure says to be quoted, signed or coloured."""
    _clear(document)
    ahead: list[lxml.html.HtmlElement] = [document]
    quoting = False  # everything from here on is quoted, but for coloured answers
    while ahead:
        element = ahead.pop()
        if not isinstance(element.tag, str):
            continue
        if _is_coloured(element):
            _around(element, COLOUR)
            continue
        names = "" if quoting else _names(element)
        if names and _FROM_HERE.search(names) and element.getparent() is not None:
            quoting = True
            _before(element, QUOTE[0])
        elif not quoting and _is_quotation(element, names):
            _around(element, QUOTE)
            continue
        elif _is_signature(names):
            _around(element, SIGNATURE)
            continue
        ahead.extend(reversed(element))


def _clear(document: lxml.html.HtmlElement) -> None:
    """Takes the marks out that a stranger wrote, as characters or as `&#65792;`."""
    for element in document.iter("*"):
        if element.text and not element.text.isascii():
            element.text = element.text.translate(MARKS)
        if element.tail and not element.tail.isascii():
            element.tail = element.tail.translate(MARKS)


def _names(element: lxml.html.HtmlElement) -> str:
    given = (element.get(name) for name in ("class", "id", "name", "data-marker"))
    return " ".join(value[:_LONGEST] for value in given if value).lower()


def _is_quotation(element: lxml.html.HtmlElement, names: str) -> bool:
    if element.tag in ("html", "body", "a", "meta", "input"):
        return False
    if element.tag == "blockquote":
        cited = (element.get("type") or "").lower() == "cite" or element.get("cite") is not None
        return cited or bool(names and _QUOTES.search(names)) or "gmail_quote" in names or _is_bordered(element)
    if not names:
        return False
    mixed = any(name in names.split() for name in _MIXED)
    if mixed and element.find(".//blockquote") is not None and not _is_forward(element):
        return False  # the author may answer between the quotations in it
    return mixed or bool(_QUOTES.search(names))


def _is_forward(element: lxml.html.HtmlElement) -> bool:
    """« ---------- Forwarded message --------- » at its head: everything in it is the other's, quotations of quotations too."""
    first = next((child for child in element if isinstance(child.tag, str)), None)
    return first is not None and "gmail_attr" in _names(first) and (first.text or "").lstrip().startswith("---")


def _is_bordered(element: lxml.html.HtmlElement) -> bool:
    return bool(_BORDER.search("".join((element.get("style") or "")[:_LONGEST].lower().split())))


def _is_signature(names: str) -> bool:
    return bool(names and _SIGNATURES.search(names)) and not any(name in names for name in _NOT_SIGNATURES)


def _is_coloured(element: lxml.html.HtmlElement) -> bool:
    style = "".join((element.get("style") or "")[:_LONGEST].lower().split())
    found = _COLOUR.search(style)
    colour = found[1] if found else (element.get("color") or "").lower()[:40]
    return (
        bool(colour) and element.tag not in _WITHOUT_COLOUR and not _GREYS.fullmatch(colour.removesuffix("!important"))
    )


def _around(element: lxml.html.HtmlElement, marks: tuple[str, str]) -> None:
    """A mark on a line of its own before and after what the element holds."""
    opening, closing = _line(marks[0]), _line(marks[1])
    opening.tail, element.text = element.text, None
    element.insert(0, opening)
    element.append(closing)


def _before(element: lxml.html.HtmlElement, sign: str) -> None:
    element.addprevious(_line(sign))


def _line(sign: str) -> lxml.html.HtmlElement:
    from lxml import etree

    line = etree.Element("div")
    line.text = sign
    return line
