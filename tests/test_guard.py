"""The reading happens at arm's length: whatever a mail does to its reader, the desk goes on with the next one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailbot import frugal, guard, message, reading
from mailbot.guard import Guard

GOOD = b"From: Carl <carl@x.example>\r\nSubject: Ma plainte\r\n\r\nBonjour, je me plains.\r\n"
BOMB = GOOD.replace(b"\r\n\r\n", b"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n") + b"--b\r\n\r\n" * 2_000
FILES = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC/w==\r\n"
    b"--b\r\nContent-Disposition: attachment; filename=b.txt\r\n\r\ndeux\r\n--b--\r\n"
)


@pytest.fixture
async def reader() -> AsyncIterator[Guard]:
    async with Guard() as opened:
        yield opened


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[-1].startswith("Z")
    except OSError:
        return True


def pid_of(opened: Guard) -> int:
    assert opened.pid is not None
    return opened.pid


async def test_a_mail_is_read_as_message_and_reading_would(reader: Guard) -> None:
    read, said = await reader.read(GOOD)
    assert read == message.read(GOOD)
    assert said == reading.read(read, reading.EMPTY_WORDS)


async def test_the_salvage_gives_the_headers(reader: Guard) -> None:
    read, _ = await reader.read_headers(BOMB)
    assert read == message.read_headers(BOMB)
    assert (read.from_, read.subject) == (message.Address(name="Carl", addr="carl@x.example"), "Ma plainte")


async def test_truncation_is_passed_on(reader: Guard) -> None:
    read, _ = await reader.read(GOOD, truncated=True)
    assert read.truncated


async def test_files_come_back_byte_for_byte_and_absent_ones_do_not(reader: Guard) -> None:
    assert await reader.cut_out(FILES, ["1", "2", "9"]) == {"1": b"\0\1\2\xff", "2": b"deux"}


async def test_a_large_file_crosses_the_pipe(reader: Guard) -> None:
    data = os.urandom(5_000_000).replace(b"\n", b"")
    raw = b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + data
    assert await reader.cut_out(raw, ["1"]) == {"1": data}


async def test_the_files_of_the_mail_just_read_are_cut_out_of_what_the_child_has(reader: Guard) -> None:
    await reader.read(FILES)
    assert await reader.cut_out(FILES, ["1"]) == {"1": b"\0\1\2\xff"}
    assert await reader.cut_out(FILES, ["2"]) == {"2": b"deux"}


async def test_another_mail_read_meanwhile_is_not_taken_for_it(reader: Guard) -> None:
    await reader.read(FILES)
    await reader.read(GOOD)
    assert await reader.cut_out(FILES, ["1"]) == {"1": b"\0\1\2\xff"}


async def test_a_new_child_is_sent_the_mail_again(reader: Guard) -> None:
    await reader.read(FILES)
    os.kill(pid_of(reader), signal.SIGKILL)
    with contextlib.suppress(guard.Unreadable):  # it may be gone already when the call comes
        await reader.cut_out(FILES, ["2"])
    assert await reader.cut_out(FILES, ["1"]) == {"1": b"\0\1\2\xff"}


async def test_of_a_file_that_lies_in_the_mail_as_a_letter_would_write_it_only_the_place_crosses_the_pipe(
    reader: Guard,
) -> None:
    data = os.urandom(20_000)
    written = base64.encodebytes(data).replace(b"\n", b"\r\n")
    head = b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = b"MIME-Version: 1.0\r\n" + head + written
    assert await reader.pieces(FILES, ["1", "2", "9"], 7) == {"1": b"\0\1\2\xff", "2": b"deux"}
    found = (await reader.pieces(raw, ["1"], 7))["1"]
    assert isinstance(found, message.Lying)
    assert (found.inbound_id, bytes(found.written)) == (7, written)


SAID = [{"lying": {"1": place}} for place in ([5, 4], [-1, 4], [0, 10**9], ["a", "b"], [1], 3, None)]


@pytest.mark.parametrize("said", [*SAID, {"lying": 3}, {}])
async def test_a_reader_that_a_mail_took_over_can_name_no_place_outside_of_it(
    reader: Guard, monkeypatch: pytest.MonkeyPatch, said: dict[str, object]
) -> None:
    async def answered(*_: object) -> object:
        return {"paths": [], **said}, []

    monkeypatch.setattr(reader, "_ask", answered)
    with pytest.raises(guard.Unreadable, match="incompréhensible"):
        await reader.pieces(FILES, ["1"], 7)


async def test_a_place_that_nobody_asked_for_is_not_listened_to(reader: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answered(*_: object) -> object:
        return {"paths": [], "lying": {"9": [0, 4]}}, []

    monkeypatch.setattr(reader, "_ask", answered)
    assert await reader.pieces(FILES, ["1"], 7) == {}


async def test_one_child_serves_many_mails(reader: Guard) -> None:
    first = pid_of(reader)
    for _ in range(5):
        await reader.read(GOOD)
    assert reader.pid == first


async def test_a_bomb_is_unreadable_with_its_reason_and_the_next_mail_is_read(reader: Guard) -> None:
    with pytest.raises(guard.Unreadable, match="1000 parties"):
        await reader.read(BOMB)
    assert (await reader.read(GOOD))[0].subject == "Ma plainte"


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGSEGV, signal.SIGXCPU])
async def test_a_child_that_dies_is_replaced(reader: Guard, deadly: signal.Signals) -> None:
    first = pid_of(reader)
    os.kill(first, signal.SIGSTOP)  # so that it dies in the middle of the mail
    asked = asyncio.create_task(reader.read(GOOD))
    await asyncio.sleep(0)
    os.kill(first, deadly)
    with contextlib.suppress(ProcessLookupError):  # SIGKILL needs no waking: it may be gone already
        os.kill(first, signal.SIGCONT)
    with pytest.raises(guard.Unreadable, match="lecteur s'est arrêté"):
        await asked
    assert (await reader.read(GOOD))[0].subject == "Ma plainte"
    assert reader.pid != first
    assert is_gone(first)


async def test_a_child_that_died_between_two_mails_costs_no_mail(reader: Guard) -> None:
    child = reader._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()
    assert (await reader.read(GOOD))[0].subject == "Ma plainte"


async def test_a_child_that_hangs_is_killed_and_replaced() -> None:
    async with Guard(wall_seconds=0.2) as reader:
        first = pid_of(reader)
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(guard.Unreadable, match="lecture arrêtée"):
            await reader.read(GOOD)
        assert is_gone(first)
        reader.wall_seconds = 10.0
        assert (await reader.read(GOOD))[0].subject == "Ma plainte"


async def test_a_mail_too_large_for_the_memory_is_unreadable_and_its_headers_still_are_not() -> None:
    async with Guard(memory_mb=300) as reader:
        huge = GOOD + b"x" * 330_000_000
        with pytest.raises(guard.Unreadable):
            await reader.read(huge)
        del huge
        assert (await reader.read_headers(GOOD))[0].subject == "Ma plainte"


async def test_garbage_on_the_pipe_is_unreadable(reader: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys; sys.stdin.buffer.read(4); sys.stdout.buffer.write(b'\\0\\0\\0\\4junk' * 100)"
    garbage = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    await reader._close()
    reader._child = garbage
    with pytest.raises(guard.Unreadable):
        await reader.read(GOOD)
    assert (await reader.read(GOOD))[0].subject == "Ma plainte"


async def test_a_cancelled_call_leaves_no_answer_for_the_next(reader: Guard) -> None:
    first = pid_of(reader)
    os.kill(first, signal.SIGSTOP)
    asked = asyncio.create_task(reader.read(GOOD))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asked
    other = GOOD.replace(b"Ma plainte", b"Une autre")
    assert (await reader.read(other))[0].subject == "Une autre"
    assert is_gone(first)


async def test_calls_at_once_each_get_their_own_answer(reader: Guard) -> None:
    mails = [GOOD.replace(b"Ma plainte", b"Plainte %d" % n) for n in range(8)]
    answers = await asyncio.gather(*(reader.read(raw) for raw in mails))
    assert [read.subject for read, _ in answers] == [f"Plainte {n}" for n in range(8)]


async def test_no_child_is_left_after_closing() -> None:
    async with Guard() as reader:
        await reader.read(GOOD)
        pid = pid_of(reader)
    assert is_gone(pid)
    assert reader.pid is None


async def test_the_child_ignores_the_signals_meant_for_the_daemon(reader: Guard) -> None:
    first = pid_of(reader)
    os.kill(first, signal.SIGTERM)
    os.kill(first, signal.SIGINT)
    assert (await reader.read(GOOD))[0].subject == "Ma plainte"
    assert reader.pid == first


async def test_the_child_gets_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILBOT_SECRET", "hidden")
    async with Guard() as reader:
        assert b"hidden" not in Path(f"/proc/{pid_of(reader)}/environ").read_bytes()


async def test_the_child_dies_with_its_parent() -> None:
    script = (
        "import asyncio, os, signal\nfrom mailbot.guard import Guard\n"
        "async def go():\n    async with Guard() as g:\n        print(g.pid, flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\nasyncio.run(go())\n"
    )
    root = str(Path(guard.__file__).parent.parent)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, cwd=root, check=False, timeout=60
    )
    pid = int(done.stdout)
    async with asyncio.timeout(10):
        while not is_gone(pid):
            await asyncio.sleep(0.01)
    assert is_gone(pid)


def test_a_child_whose_parent_is_gone_ends_without_a_word() -> None:
    """Killed between two frames, the parent leaves a pipe that nobody reads: that is no fault to be logged."""
    root = str(Path(guard.__file__).parent.parent)
    child = subprocess.Popen(
        [sys.executable, "-m", "mailbot.guarded", "1024", str(os.getpid())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root,
    )  # fmt: skip
    assert child.stdin
    assert child.stdout
    assert child.stderr
    child.stdout.close()
    head = json.dumps({"do": "start", "words": None, "blobs": [0]}).encode()
    with child.stdin:
        child.stdin.write(len(head).to_bytes(4, "big") + head)
    with child.stderr:
        assert child.stderr.read() == b""
    assert child.wait(60) == 0


async def test_a_reader_that_loads_beforehand_is_the_one_that_reads_and_ends_with_whoever_began_it() -> None:
    reader = Guard(reading.EMPTY_WORDS.to_json())
    async with reader.beforehand():
        async with reader:
            pid = reader.pid
            assert (await reader.read(GOOD))[0] == message.read(GOOD)
            assert reader.pid == pid
        async with reader:
            assert reader.pid != pid
            pid = reader.pid
    assert reader.pid is None
    assert pid is not None
    assert is_gone(pid)


@pytest.mark.skipif(len(frugal.CORES) < 2, reason="une machine d’un seul cœur")
async def test_a_reader_that_is_started_from_one_core_has_all_of_them() -> None:
    core = frugal.OneCore([0])
    core.turn()
    try:
        async with Guard() as reader:
            assert reader.pid
            assert len(os.sched_getaffinity(0)) == 1
            assert os.sched_getaffinity(reader.pid) == frugal.CORES
    finally:
        core.let_go()


async def test_a_reader_that_does_not_start_beforehand_is_told_to_who_needs_it() -> None:
    reader = Guard({"no such word": 1})
    async with reader.beforehand():
        with pytest.raises(guard.NotStarted):
            await reader.__aenter__()


async def test_a_machine_that_cannot_start_a_child_blames_no_mail() -> None:
    with pytest.raises(guard.NotStarted):
        await Guard({"no such word": 1}).__aenter__()


async def test_the_words_of_the_configuration_reach_the_child() -> None:
    words = reading.EMPTY_WORDS.to_json()
    async with Guard(words) as reader:
        assert (await reader.read(GOOD))[1] == reading.read(message.read(GOOD), reading.EMPTY_WORDS)


def test_the_command_line_reads_one_mail() -> None:
    read, said = guard.read_once(GOOD)
    assert read.subject == "Ma plainte"
    assert said.new_text.startswith("Bonjour")
