"""A headless Chromium of Debian, driven by Playwright: pages of ours, no network, nothing kept."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page, sync_playwright

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --font-render-hinting=none"
).split()
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
WIDTHS = (360, 600, 1200)


def chromium() -> str:
    """The browser's path, "" when it is not installed."""
    return shutil.which("chromium") or ""


class Window:
    """One window, in which letters are opened one after the other; it is offline, and asks for nothing."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def show(self, html: str, width: int, *, dark: bool = False) -> None:
        self.page.set_content(html)
        self.turn(width, dark=dark)

    def turn(self, width: int, *, dark: bool = False) -> None:
        """The same letter at another width, by day or in the dark."""
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(color_scheme="dark" if dark else "light")

    def words(self) -> str:
        return self.page.inner_text("body")

    def overflow(self) -> list[str]:
        """What sticks out of the window to the right."""
        return self.page.evaluate(
            """() => [...document.body.querySelectorAll('*')]
              .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
              .map(e => e.tagName + ': ' + e.textContent.slice(0, 40)).slice(0, 3)
              .concat(document.documentElement.scrollWidth > document.documentElement.clientWidth ? ['scrolls'] : [])"""
        )

    def violations(self) -> list[str]:
        """What axe-core finds, all of its rules on."""
        if self.page.evaluate("() => typeof axe") == "undefined":
            self.page.evaluate(AXE)
        found: dict[str, Any] = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found["violations"]]

    def low_buttons(self) -> list[str]:
        """Buttons that a thumb would miss (44 px, WCAG 2.2, 2.5.5)."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('a')]
              .filter(e => e.getBoundingClientRect().height < 44 || e.getBoundingClientRect().width < 44)
              .map(e => e.textContent)"""
        )

    def picture(self) -> bytes:
        return self.page.screenshot(full_page=True)


@contextmanager
def window() -> Iterator[Window]:
    os.environ.setdefault("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield Window(found.new_context(offline=True).new_page())
        finally:
            found.close()


def remote(html: str) -> list[str]:
    """Addresses that a mail program would fetch."""
    return re.findall(r"""(?:src|background|poster|srcset)=["'](?!cid:)[^"']*|url\([^)]*\)|@import[^;]*""", html)
