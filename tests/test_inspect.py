"""`mailbot inspect`: one mail explained, many listed; nothing of a mail reaches a screen, a log or a page raw."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import any_mail
import mutations
import pytest
from inspecting import inspected, troubles
from test_demo_page import Tags
from typer.testing import CliRunner, Result

from mailbot import message as messages
from mailbot.cli import app
from mailbot.demo import page
from mailbot.guard import Guard
from mailbot.log import log_to
from mailbot.reports import inspection

SEED = 4
DISPLAYED = [name for name in any_mail.NAMES if name.partition("/")[0] in ("hostile", "header", "name", "danger")]
MAIL = any_mail.raw_of("thread/references-only")
BOX = b"".join(
    b"From carl@courriel.example Mon Nov 23 11:58:03 2026\n" + MAIL.replace(b"\r\n", b"\n") + b"\n" for _ in range(3)
)


def call(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["inspect", *map(str, arguments)], color=True)


def harmless(shown: str) -> bool:
    return all(char in "\n\u00a0\u202f" or char.isprintable() for char in shown)


# -- what it reads -----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two mails, a mailbox file of three, a Maildir of one, and what is no mail."""
    (tmp_path / "a.eml").write_bytes(MAIL)
    (tmp_path / "b.EML").write_bytes(any_mail.raw_of("bounce/qmail"))
    (tmp_path / "boite.mbox").write_bytes(BOX)
    (tmp_path / "notes.json").write_text("{}")
    (tmp_path / "Maildir" / "cur").mkdir(parents=True)
    (tmp_path / "Maildir" / "cur" / "1764000000.M1P2.hote:2,S").write_bytes(MAIL)
    return tmp_path


def test_a_folder_gives_one_line_of_json_for_each_mail(folder: Path) -> None:
    told = [json.loads(line) for line in call("--json", folder).stdout.splitlines()]
    names = ["Maildir/cur/1764000000.M1P2.hote:2,S", "a.eml", "b.EML", *(f"boite.mbox#{n}" for n in (1, 2, 3))]
    assert [each["file"] for each in told] == names
    assert [each["verdict"] for each in told] == ["complaint", "complaint", "bounce", *["complaint"] * 3]
    assert {each["subject"] for each in told} == {"Re: Ma réclamation", "failure notice"}


def test_a_folder_gives_a_reader_one_line_for_each_mail_and_the_count(folder: Path) -> None:
    result = call(folder)
    assert len(result.stdout.splitlines()) == 7
    assert result.stdout.splitlines()[-1] == "6 messages : réclamation 5, avis de remise 1."
    assert result.stderr == ""  # no bar where nobody looks


def test_a_mailbox_file_of_one_mail_is_explained_like_a_mail(tmp_path: Path) -> None:
    (tmp_path / "un.mbox").write_bytes(b"From x Mon Nov 23 11:58:03 2026\n" + MAIL)
    assert call(tmp_path / "un.mbox").stdout.startswith("Verdict : complaint — ")


def test_a_folder_without_mails_says_what_it_looks_for(tmp_path: Path) -> None:
    result = call(tmp_path)
    assert (result.exit_code, ".eml" in result.stderr) == (1, True)


def test_a_file_that_cannot_be_read_is_told_and_the_others_follow(folder: Path) -> None:
    (folder / "a.eml").unlink()
    (folder / "a.eml").symlink_to(folder)  # a folder under the name of a mail is none
    (folder / "c.eml").write_bytes(MAIL)

    def vanished() -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    assert len(call("--json", folder).stdout.splitlines()) == 6
    with inspection.Inspector() as inspector:
        told = inspection.of(inspector, vanished)
    assert (told["verdict"], told["reason"]) == ("quarantined", "le fichier ne se lit pas : No such file or directory")


def test_a_bar_shows_how_far_it_is_on_a_terminal_only(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / f"{number}.eml").write_bytes(MAIL)
    here, there = pty.openpty()
    command = [sys.executable, "-m", "mailbot", "inspect", "--json", str(tmp_path)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=there, check=True, env={**os.environ, "TERM": "xterm"}
    )
    assert b"Lecture" in os.read(here, 65_536)
    os.close(there)
    os.close(here)
    assert len(done.stdout.splitlines()) == 25


# -- what it explains --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("danger/exe-named-pdf", "  - facture.pdf — application/pdf, 168 octets"),
        ("danger/exe-named-pdf", "À RISQUE : programme"),
        ("thread/marker-in-the-body", "coupe : sûre ; 4 lignes de citation"),
        ("thread/in-reply-to", "répond à : <ack42@ief.example>"),
        ("thread/number-from-the-complainant", "références : REC-2026-0042"),
        ("header/address-alone", "authentification : pass — dmarc=pass header.from=courriel.example (selon mx.ief.example)"),
        ("header/two-froms", "auteur ambigu : aucune autorité"),
        ("auto-reply/gmail", "signes d’une machine :"),
        ("list/sympa", "signes d’une liste :"),
        ("spam/ovh-vade", "  - X-Vr-Spamstate: SPAM"),
        ("bounce/postfix-unknown-user", "  - carl@courriel.example : failed 5.1.1"),
        ("forward/outlook-fr", "transféré de : zoe@boite.example (inline)"),
        ("inline/logo-of-a-signature", "décor ou enveloppe"),
        ("encoding/unknown-encoding", "réparé ou abandonné en lisant :"),
        ("examples/18", "mots d’alerte :"),
    ],
)  # fmt: skip
def test_one_mail_is_explained(name: str, line: str) -> None:
    assert line in "\n".join(explained(name))


READER: list[inspection.Inspector] = []


@pytest.fixture(scope="module", autouse=True)
def _reader() -> object:
    with inspection.Inspector() as inspector:
        READER.append(inspector)
        yield inspector
        READER.clear()


def explained(name: str) -> list[str]:
    return inspection.lines(READER[0].inspect(any_mail.raw_of(name)))


def test_with_a_configuration_its_staff_counts(tmp_path: Path) -> None:
    raw = any_mail.raw_of("staff/tag-proven")
    assert READER[0].inspect(raw)["verdict"] == "complaint"
    with inspection.Inspector(any_mail.organisation(tmp_path)) as inspector:
        assert inspector.inspect(raw)["verdict"] == "staff-command"


def test_a_bomb_is_told_with_what_its_headers_say() -> None:
    told = READER[0].inspect(
        b"From: Carl <carl@x.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 2_000
    )
    assert (told["verdict"], told["from"]) == ("quarantined", "carl@x.example")
    assert "1000 parties" in inspection.lines(told)[0]


def test_a_fault_of_ours_is_told_and_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(inspection.Inspector, "_judge", broken)
    assert READER[0].inspect(MAIL)["reason"] == "erreur interne en jugeant : RuntimeError"


# -- hostile display -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DISPLAYED)
def test_nothing_of_a_mail_steers_a_terminal(name: str) -> None:
    told = READER[0].inspect(any_mail.raw_of(name))
    assert harmless("\n".join(inspection.lines(told)))
    assert harmless(inspection.row(name, told))
    assert "\n" not in inspection.row(name, told)


def test_nothing_of_a_mail_becomes_a_line_of_the_log_of_its_own() -> None:
    import structlog

    out = io.StringIO()
    log_to(out)
    for name in DISPLAYED:
        read = messages.read(any_mail.raw_of(name))
        structlog.get_logger().info(
            "mail", subject=read.subject, name=read.from_.name if read.from_ else "", text=read.text
        )
    assert len(out.getvalue().splitlines()) == len(DISPLAYED)
    assert harmless(out.getvalue())


def test_nothing_of_a_mail_becomes_an_element_of_the_demo_page() -> None:
    mails = tuple((f"m/{n}.eml", any_mail.raw_of(name)) for n, name in enumerate(DISPLAYED))
    box = page.Box(addr="a@b.example", name="A", part="", kind="desk", mails=mails)
    tags = Tags(page.render([box], [], [], intro="", legend=""))
    assert not {name for name, _ in tags.found} & {"script", "link", "base", "object", "embed", "svg", "form"}
    assert not [key for _, attributes in tags.found for key in attributes if key.startswith("on")]
    assert sum((each.get("class") or "") == "mail" for each in tags.all("details")) == len(DISPLAYED)


# -- the guard -----------------------------------------------------------------------------------------------------------


async def test_a_mail_is_the_same_through_the_guard() -> None:
    async with Guard() as guard:
        for name in any_mail.NAMES[::12]:
            raw = any_mail.raw_of(name)
            assert (await guard.read(raw))[0] == messages.read(raw), name


async def test_fifty_megabytes_are_read_and_cut_out_within_the_limits() -> None:
    """Spec §3: whole up to 150 MB. The mail is made here, not kept."""
    data = bytes(range(256)) * (37 * 2**20 // 256)
    line = b"A" * 76 + b"\r\n"
    raw = (
        b"From: Carl <carl@courriel.example>\r\nSubject: Film\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\nVoici le film, je souhaite un avoir.\r\n--b\r\nContent-Type: video/mp4; name=film.mp4\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + line * (len(data) * 4 // 3 // 76) + b"\r\n--b--\r\n"
    )
    assert len(raw) > 50_000_000
    async with Guard() as guard:
        read, said = await guard.read(raw)
    assert said.new_text == "Voici le film, je souhaite un avoir."
    assert [(a.name, a.size > 37_000_000, a.problem) for a in read.attachments] == [("film.mp4", True, "")]


def test_three_hundred_mutated_mails_are_read_without_a_crash_and_within_the_limits(tmp_path: Path) -> None:
    told = inspected(tmp_path, mutations.mails(300, SEED))
    assert len(told) == 300
    assert troubles(told) == []
