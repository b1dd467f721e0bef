"""The pages of the zip: plain HTML that asks for nothing outside, in which whatever people wrote is text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

HEAD = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>
body{{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:70em;margin:0 auto;padding:1.5em}}
h1{{font-size:1.7em;color:#1f4e8c;line-height:1.2}} h2{{font-size:1.2em;color:#1f4e8c;margin-top:1.8em}}
a{{color:#1f4e8c}} nav{{font-size:.9em}}
table{{border-collapse:collapse;width:100%;font-size:.92em}}
td,th{{text-align:left;vertical-align:top;padding:.35em .8em .35em 0;border-bottom:1px solid #ccc;overflow-wrap:anywhere}}
th{{color:#555;font-weight:600}} .wide{{overflow-x:auto}}
.wide td,.wide th{{overflow-wrap:break-word}} .wide td:first-child,.wide th{{white-space:nowrap}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f6fa;padding:1em;font:15px/1.5 system-ui,sans-serif}}
.note{{color:#555;font-size:.9em}} .bad{{color:#8c1f1f;font-weight:600}}
@media print{{body{{max-width:none;padding:0}} nav{{display:none}}}}
</style></head><body>
"""


class Html(str):
    """Markup of ours; any other text is escaped."""

    __slots__ = ()


def shown(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value))


def link(target: str, words: str) -> Html:
    return Html(f'<a href="{escape(target)}">{escape(words)}</a>') if target else Html(escape(words))


def joined(parts: Iterable[object]) -> Html:
    return Html(", ".join(shown(part) for part in parts))


def page(title: str, *blocks: str, back: Sequence[tuple[str, str]] = ()) -> str:
    """A whole page; `back`: (target, words) of what it belongs to."""
    way = f"<nav>{' › '.join(link(target, words) for target, words in back)}</nav>\n" if back else ""
    body = "\n".join(shown(block) for block in blocks)
    return f"{HEAD.format(title=escape(title))}{way}<main><h1>{escape(title)}</h1>\n{body}\n</main></body></html>\n"


def part(title: str) -> Html:
    return Html(f"<h2>{escape(title)}</h2>")


def text(words: str, *, small: bool = False) -> Html:
    return Html(f'<p class="note">{escape(words)}</p>' if small else f"<p>{escape(words)}</p>")


def bad(words: str) -> Html:
    return Html(f'<p class="bad">{escape(words)}</p>')


def verbatim(words: str) -> Html:
    return Html(f"<pre>{escape(words)}</pre>")


def facts(rows: Iterable[tuple[str, object]]) -> Html:
    """Two columns: what it is, and its value; without those that are empty."""
    told = "".join(
        f"<tr><th scope=row>{escape(name)}<td>{shown(value)}" for name, value in rows if value not in ("", None)
    )
    return Html(f"<table>{told}</table>")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    body = "".join(f"<tr>{''.join(f'<td>{shown(cell)}' for cell in row)}" for row in rows)
    top = "".join(f"<th scope=col>{escape(head)}" for head in heads)
    return (
        Html(f'<div class="wide" tabindex="0"><table><thead><tr>{top}<tbody>{body}</table></div>')
        if body
        else text("Rien.", small=True)
    )
