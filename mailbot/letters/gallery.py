"""Every letter with sample facts, as pages to look at: an index, and for each letter its text and its HTML side by side."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from mailbot.effects import TO_COMPLAINANTS
from mailbot.letters import own
from mailbot.letters.dress import KINDS, Unwritable
from mailbot.letters.house import House

STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:1.5rem;color:#1c2733}
h1{font-size:1.3rem}table{border-collapse:collapse}td,th{padding:.3rem .8rem;text-align:left;border-bottom:1px solid #d5dbe2}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem}
iframe{width:100%;height:80vh;border:1px solid #d5dbe2;background:#fff}
pre{white-space:pre-wrap;border:1px solid #d5dbe2;padding:1rem;margin:0;height:80vh;overflow:auto;box-sizing:border-box}
.wrong{color:#a31515}"""


MANY = len(KINDS) + len(set(KINDS) & set(TO_COMPLAINANTS))


def pages(house: House, step: Callable[[], object] = lambda: None) -> dict[str, str]:
    """File name → its content; `index.html` leads to all of them. A text that cannot be written is a page that says why.
    `step` is called after each of the MANY letters."""
    made: dict[str, str] = {}
    rows: list[str] = []
    faults = own.faults(house)
    for kind in KINDS:
        for language in ("fr", "en") if kind in TO_COMPLAINANTS else ("fr",):
            name = f"{language}-{kind}.html"
            wrong = [f for f in faults if f.file == f"{language}/{kind}.txt"]
            try:
                dressed = own.render(kind, language, house)
                subject = dressed.subject
                made[name] = _letter(kind, language, subject, dressed.text, dressed.html, wrong)
            except (Unwritable, KeyError, ValueError) as error:
                subject = str(error)
                made[name] = _letter(kind, language, "ne peut pas être écrite", str(error), "", wrong)
            reader = "réclamant" if kind in TO_COMPLAINANTS else "équipe"
            flag = f' <span class="wrong">{len(wrong)} faute(s)</span>' if wrong else ""
            link = f'<a href="{name}">{escape(kind)}</a>'
            step()
            rows.append(f"<tr><td>{link}{flag}</td><td>{language}</td><td>{reader}</td><td>{escape(subject)}</td></tr>")
    made["index.html"] = _index(house, rows, faults)
    return made


def _letter(kind: str, language: str, subject: str, text: str, html: str, wrong: list[own.Fault]) -> str:
    faults = "".join(f'<p class="wrong">{escape(str(f))}</p>' for f in wrong)
    return _page(
        f"{kind} ({language})",
        f'<p><a href="index.html">Toutes les lettres</a></p><h1>{escape(subject)}</h1>{faults}'
        f'<div class="pair"><pre>{escape(text)}</pre>'
        f'<iframe sandbox title="version HTML" srcdoc="{escape(html, quote=True)}"></iframe></div>',
    )


def _index(house: House, rows: list[str], faults: list[own.Fault]) -> str:
    said = "".join(f'<p class="wrong">{escape(str(f))}</p>' for f in faults)
    return _page(
        "Lettres",
        f"<h1>Lettres de {escape(house.organisation)}, avec des exemples</h1>{said}"
        "<table><tr><th>lettre</th><th>langue</th><th>pour</th><th>objet</th></tr>" + "".join(rows) + "</table>",
    )


def _page(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="fr"><head>{head}<style>{STYLE}</style></head><body>{body}</body></html>\n'
