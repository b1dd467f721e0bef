"""The demo's page: whatever a mail holds, the page runs nothing, fetches nothing and shows it as text."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from mailbot.demo import page, story

CARL = story.carl(datetime(2026, 11, 23, 9, 30, tzinfo=UTC)).raw
HOSTILE = b"""From: "<script>alert(1)</script>" <m@evil.example>\r
To: "><img src=x onerror=alert(1)>" <desk@ief.example>\r
Subject: </summary><script>alert(2)</script>\r
Date: Mon, 23 Nov 2026 01:22:18 +0000\r
Message-ID: <a@evil.example>\r
Authentication-Results: "><script>alert(3)</script>\r
Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
Content-Type: text/html\r
\r
"></iframe><script>alert(4)</script><LINK rel=preconnect href="http://far.example"><meta http-equiv=refresh content="0;url=//far.example">
<base href="//far.example/"><img src="http://far.example/p.png"><p onclick=alert(5)>Salut</p>\r
--x\r
Content-Type: image/svg+xml\r
Content-Disposition: attachment; filename="a'><script>alert(6).svg"\r
\r
<svg onload=alert(7)/>\r
--x--\r
"""


class Tags(HTMLParser):
    """Every element of a page, with its attributes, and the policies and frames in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


def hostile_page() -> Tags:
    box = page.Box(
        addr="<b>@evil.example", name="<script>", part="&", kind="outside", mails=(("mailboxes/x/001.eml", HOSTILE),)
    )
    return Tags(page.render([box], ["<i>"], [["<script>"]], intro="<script>", legend="</p><script>"))


def test_nothing_of_a_mail_becomes_an_element_of_the_page() -> None:
    tags = hostile_page()
    names = {name for name, _ in tags.found}
    assert not names & {"script", "link", "base", "object", "embed", "svg", "form", "i", "b@evil.example"}
    assert not [a for _, attrs in tags.found for a in attrs if a.startswith("on")]
    assert [a["href"] for a in tags.all("a")] == ["mailboxes/x/001.eml"]
    assert tags.all("img") == []  # an SVG is no picture


def test_the_page_forbids_everything_but_its_own_style_and_pictures() -> None:
    policies = [m["content"] for m in hostile_page().all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_the_html_of_a_mail_stands_in_a_frame_that_may_nothing() -> None:
    (frame,) = hostile_page().all("iframe")
    assert frame["sandbox"] == ""
    assert frame["srcdoc"].startswith('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'')
    inside = {name for name, _ in Tags(frame["srcdoc"]).found}
    assert not inside & {"script", "link", "base"}
    assert "Salut" in frame["srcdoc"]


def test_a_picture_is_shown_from_the_page_itself() -> None:
    box = page.Box(addr="a@b.example", name="A", part="", kind="desk", mails=(("m/001.eml", CARL),))
    (picture,) = Tags(page.render([box], [], [], intro="", legend="")).all("img")
    assert picture["src"].startswith("data:image/png;base64,")


def test_any_bytes_can_be_shown() -> None:
    bomb = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n\r\n" * 3000
    mails = tuple((f"m/{n}.eml", raw) for n, raw in enumerate((b"", b"\0\xff\xfe", b"Subject: =?x?b?\r\n", bomb)))
    box = page.Box(addr="a@b.example", name="A", part="", kind="desk", mails=mails)
    assert len(Tags(page.render([box], [], [], intro="", legend="")).all("details")) == len(mails)
