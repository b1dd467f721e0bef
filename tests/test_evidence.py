"""The evidence for an auditor: whole, readable without a network, every link inside, nothing that acts, told in the journal (spec §9)."""

from __future__ import annotations

import asyncio
import hashlib
import re
import subprocess
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin

import cast
import pytest
import pytest_asyncio
from conftest import need
from rendering import browser
from room import mail
from staff.talk import ARGUED, FIRST, SCORES, SECOND, Talk, talk

from mailbot.corridor.bench import words
from mailbot.evidence import archive, pack
from mailbot.fence import CODE
from mailbot.guard import Guard
from mailbot.reports.counted import Period
from mailbot.store.tables import Code, Journal, JournalText, Letter, Raw

at_work = pytest.mark.asyncio(loop_scope="module")
MANIFEST = archive.MANIFEST
PERIOD = Period(first=date(2026, 11, 1), last=date(2026, 12, 31))
SCRIPT = "<script>fetch('http://evil.example/')</script><img src='http://evil.example/x.png'>"
PAGE = b"<html><script>location='http://evil.example/'</script></html>"
FILES = (
    ("photo été.jpg", "image/jpeg", b"\xff\xd8\xff\xe0 salle"),
    ("../../etc/passwd", "text/plain", b"root"),
    ("devis.html", "text/html", PAGE),
    ("facture.pdf.exe", "application/octet-stream", b"MZ\x90\x00"),
)


class Links(HTMLParser):
    """Everything that a page asks for or leads to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.targets += [value or "" for name, value in attrs if name in ("href", "src", "action", "data", "srcset")]
        assert not [name for name, _ in attrs if name.startswith("on")]


@dataclass(frozen=True)
class Pack:
    """One evidence file, and what the register said when it was made."""

    path: Path
    made: pack.Made
    raws: list[bytes]
    letters: list[Letter]
    codes_before: int
    codes_after: int
    lines: list[tuple[Journal, str]]
    folder: Path

    def read(self, name: str) -> bytes:
        with zipfile.ZipFile(self.path) as zip_:
            return zip_.read(name)

    def text(self, name: str) -> str:
        return self.read(name).decode()

    @property
    def names(self) -> list[str]:
        with zipfile.ZipFile(self.path) as zip_:
            return zip_.namelist()


async def story(desk: Talk) -> None:
    """Two complaints, one with hostile words and files, answered; the other open; a pack is drawn; Bo's command carries his code."""
    await desk.desk.take(
        mail(f"Salle {SCRIPT}", f"Bonjour,\nla salle était fermée. {SCRIPT}\nCarl\n", files=FILES, name=SCRIPT)
    )
    await desk.post()
    await desk.staff("évaluer", SCORES)
    [code] = [c.code for c in desk.desk.rows(Code) if c.about == FIRST and c.person == cast.BO][:1]
    await desk.written(f"[{FIRST}-{code}] #résolu", ARGUED, cast.BO, "Bo Martin")
    await desk.post(minutes=11)
    await desk.carl("Bonjour,\nma facture est fausse.\nOpale\n", sender=cast.OPALE, name="Opale", subject="Facture")
    await desk.post()
    await desk.staff("réunion", who=cast.ANN, name="Ann Leroy", number="")
    await desk.post(minutes=1)


async def packed(folder: Path) -> Pack:
    async with Guard(words(cast.config()).to_json()) as guard, talk(folder, guard) as desk:
        await story(desk)
        room, out = desk.desk, folder / "preuve.zip"
        before = len(room.rows(Code))
        wanted = await pack.of_period(room.bench, PERIOD)
        made = await pack.write(room.bench, wanted, out, who="Ann")
        texts = {t.journal_id: t.text for t in room.rows(JournalText)}
        unpacked = folder / "decompresse"
        with zipfile.ZipFile(out) as zip_:
            zip_.extractall(unpacked)
        return Pack(
            path=out, made=made, raws=[r.data for r in room.rows(Raw)], letters=room.rows(Letter), codes_before=before,
            codes_after=len(room.rows(Code)), lines=[(j, texts[j.id or 0]) for j in room.rows(Journal)], folder=unpacked,
        )  # fmt: skip


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return asyncio.run(packed(tmp_path_factory.mktemp("evidence")))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def test_everything_stands_in_it(evidence: Pack) -> None:
    assert (evidence.made.files, evidence.made.faults, evidence.made.troubles) == (2, [], [])
    folder = f"dossiers/{FIRST}"
    wanted = {
        "index.html", "registre.csv", "registre.xlsx", "registre.json", "journal.csv", "journal.html", "verification.html",
        "messages-recus.csv", MANIFEST, f"{folder}/fiche.pdf", f"{folder}/index.html", f"dossiers/{SECOND}/fiche.pdf",
    }  # fmt: skip
    assert wanted <= set(evidence.names)
    assert [n for n in evidence.names if n.startswith("reunions/")] == [
        "reunions/2026-11-23-1.pdf",
        "reunions/2026-11-23-1.xlsx",
    ]
    mails = [evidence.read(n) for n in evidence.names if re.fullmatch(r"dossiers/.*/messages/.*\.eml", n)]
    assert all(raw in evidence.raws for raw in mails)
    assert len(mails) == 4  # two complaints, two commands; the one about the meeting belongs to no file
    letters = [evidence.read(n) for n in evidence.names if re.fullmatch(r"dossiers/.*/lettres/.*\.eml", n)]
    assert sorted(letters) == sorted(x.raw for x in evidence.letters if x.complaint_id)
    assert len(evidence.text("messages-recus.csv").splitlines()) == 1 + len(
        evidence.raws
    )  # all, whatever their verdict


def test_the_proof_of_delivery_is_told(evidence: Pack) -> None:
    [ack] = [x for x in evidence.letters if x.kind == "ack" and x.name.startswith(f"ack:{FIRST}")]
    [name] = [n for n in evidence.names if n.startswith(f"dossiers/{FIRST}/lettres/") and n.endswith("-ack.html")]
    page = evidence.text(name)
    for proof in (ack.answer, ack.queue_id, ack.message_id.strip("<>"), "acceptée"):
        assert proof
        assert proof in page, proof


def test_the_manifest_holds_every_file_as_the_common_tool_reads_it(evidence: Pack) -> None:
    rows = dict(reversed(line.split("  ", 1)) for line in evidence.text(MANIFEST).splitlines())  # type: ignore[arg-type]
    assert set(rows) == set(evidence.names) - {MANIFEST}
    assert rows == {name: hashlib.sha256(evidence.read(name)).hexdigest() for name in rows}
    assert hashlib.sha256(evidence.read(MANIFEST)).hexdigest() == evidence.made.manifest
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", MANIFEST], cwd=evidence.folder, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_every_link_leads_to_a_file_of_the_zip_and_every_page_is_led_to(evidence: Pack) -> None:
    seen, todo = set(), ["index.html"]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        assert name in evidence.names, name
        if name.endswith(".html") and "/pieces/" not in name:
            todo += [unquote(urljoin(name, target)) for target in Links(evidence.text(name)).targets]
    assert set(evidence.names) - seen == set()


def test_no_page_holds_anything_that_acts_or_asks(evidence: Pack) -> None:
    for name in evidence.names:
        if name.endswith(".html"):
            html = evidence.text(name)
            assert not Links(html).tags & {
                "script",
                "img",
                "iframe",
                "object",
                "embed",
                "form",
                "link",
                "base",
                "svg",
                "video",
            }, name
            assert "default-src 'none'" in html
            assert not [t for t in Links(html).targets if ":" in t], name


def test_a_file_that_could_act_has_become_a_text(evidence: Pack) -> None:
    pieces = {n.rpartition("/")[2]: evidence.read(n) for n in evidence.names if "/pieces/" in n}
    assert pieces == {
        "001-1-photo_ete.jpg": FILES[0][2],
        "001-2-etc_passwd.txt": b"root",
        "001-3-devis.html.txt": PAGE,
        "001-4-facture.pdf.exe.txt": FILES[3][2],
    }


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("été.pdf", "ete.pdf"), ("", "fichier.txt"), ("..", "fichier.txt"), ("a/b\\c.png", "a_b_c.png"), ("CON", "CON.txt"),
        ("a.svg", "a.svg.txt"), ("x" * 300 + ".pdf", "x" * 60 + ".pdf"), ("漢字", "fichier.txt"), ("a\u202egpj.exe", "agpj.exe.txt"),
        ("a b.PDF", "a_b.PDF"), ("a.docm", "a.docm.txt"),
    ],
)  # fmt: skip
def test_a_strangers_name_becomes_a_plain_one(name: str, safe: str) -> None:
    assert archive.safe_name(name) == safe
    assert archive.safe_name("a.pdf", danger=True) == "a.pdf.txt"


def test_codes_that_stand_in_it_are_nobodys_any_more_and_no_page_shows_one(evidence: Pack) -> None:
    assert evidence.made.codes >= 1
    assert evidence.codes_after == evidence.codes_before - evidence.made.codes
    for name in evidence.names:
        if name.endswith((".html", ".csv", ".json")):
            assert CODE.search(evidence.text(name)) is None, name


def test_the_journal_says_who_was_handed_what(evidence: Pack) -> None:
    told = [(line.number, line.actor, text) for line, text in evidence.lines if line.event == "evidence"]
    text = f"Dossier de preuve du 01/11/2026 au 31/12/2026 ; manifeste {evidence.made.manifest}"
    assert told == [(FIRST, "Ann", text), (SECOND, "Ann", text)]


def test_the_chain_can_be_followed_in_the_table(evidence: Pack) -> None:
    rows = evidence.text("journal.csv").splitlines()
    heads = {row.rpartition(";")[2] for row in rows[1:]}
    assert heads == {line.head for line, _ in evidence.lines if line.event != "evidence"}
    assert "Aucun défaut" in evidence.text("verification.html")


# == in a browser ==========================================================================================================


def test_it_opens_in_a_browser_without_a_network_and_asks_for_nothing(evidence: Pack) -> None:
    need("chromium", "chromium")
    with browser.window() as window:
        page = window.page
        asked: list[str] = []
        loud: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: loud.append(message.text))
        page.on("dialog", lambda dialog: loud.append(dialog.message))
        pages = [n for n in evidence.names if n.endswith(".html")]
        for name in pages:
            page.goto((evidence.folder / name).as_uri())
            assert page.title()
            window.turn(360)
            assert "scrolls" not in window.overflow(), name  # a wide table scrolls by itself
        assert len(pages) > 15
        assert [url for url in asked if not url.startswith("file://")] == []
        assert loud == []
        page.goto((evidence.folder / "index.html").as_uri())
        assert window.violations() == []
        page.get_by_role("link", name=FIRST).click()
        page.get_by_role("link", name="Salle <script>").click()
        assert SCRIPT in page.inner_text("pre")


# == one file, and troubles ================================================================================================


@at_work
async def test_one_complaint_holds_nothing_of_another(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as desk:
        await story(desk)
        out = tmp_path / "un.zip"
        made = await pack.write(desk.desk.bench, pack.Wanted(numbers=(SECOND,)), out, who="Ann")
        assert made.files == 1
        with zipfile.ZipFile(out) as zip_:
            assert not [n for n in zip_.namelist() if FIRST in n]
            whole = b"".join(zip_.read(n) for n in zip_.namelist() if not n.endswith((".pdf", ".xlsx")))
        assert b"Carl" not in whole
        assert FIRST.encode() not in whole


@at_work
async def test_what_does_not_verify_is_told_and_a_failure_leaves_nothing(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talk(tmp_path, guard) as desk:
        await story(desk)
        room, out = desk.desk, tmp_path / "faux.zip"
        room.register.run(lambda tx: setattr(tx.get_one(JournalText, 1), "text", "rien"))
        made = await pack.write(room.bench, pack.Wanted(numbers=(FIRST,)), out, who="Ann")
        assert len(made.faults) == 1
        with zipfile.ZipFile(out) as zip_:
            assert "ne correspond pas" in zip_.read("verification.html").decode()
        out.unlink()

        def full(*_: object) -> str:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(archive.Archive, "seal", full)
        lines = len(room.rows(Journal))
        with pytest.raises(OSError, match="No space"):
            await pack.write(room.bench, pack.Wanted(numbers=(FIRST,)), out, who="Ann")
        assert [p.name for p in tmp_path.iterdir() if "faux" in p.name] == []
        assert len(room.rows(Journal)) == lines
