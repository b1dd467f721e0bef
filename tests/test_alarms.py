"""The second road: the admin hears of it when mail itself is the broken thing (spec §10)."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import cast
import pytest
from room import Webhook, configured
from sink import Sink

from mailbot import alarms
from mailbot.config import AlarmRoad, Config, Person, Smtp

TEXT = "Aucun courrier ne peut partir : le serveur est à terre.\n.\nVérifiez smtp.host."
SECRET = "geheim-und-lang"


def config(folder: Path, **road: Any) -> Config:
    return configured(folder, alarm=AlarmRoad(**road))


def second(port: int, **changes: Any) -> dict[str, Any]:
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "user": "alarme@autre.example",
        "password": SECRET,
    }
    return {"smtp": Smtp.model_validate(settings | changes)}


async def test_the_webhook_gets_title_and_text_as_json(tmp_path: Path) -> None:
    with Webhook() as hook:
        assert await alarms.tell(config(tmp_path, webhook=hook.url), "alarme", TEXT) == "webhook"
    assert hook.told == [{"title": "alarme", "text": TEXT, "source": "mailbot"}]
    assert hook.asked[0].startswith("POST /alarme ")


ANSWERS = {
    "an error": b"HTTP/1.0 500 Ouch\r\n\r\n",
    "nonsense": b"SSH-2.0-OpenSSH_9.2\r\n",
    "silence": b"",
    "a detour": b"HTTP/1.0 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
async def test_a_webhook_that_did_not_take_it_is_not_believed_and_the_second_account_is_tried(
    tmp_path: Path, answer: bytes
) -> None:
    async with Sink() as sink:
        with Webhook(answer) as hook:
            told = await alarms.tell(config(tmp_path, webhook=hook.url, **second(sink.port)), "alarme", TEXT)
        assert told == "second SMTP"
        assert [taken.to for taken in sink.taken] == [(cast.DAN,)]
        assert len(hook.asked) == 1


async def test_a_webhook_that_is_down_says_so_by_its_silence(tmp_path: Path) -> None:
    with Webhook() as hook:
        pass
    assert await alarms.tell(config(tmp_path, webhook=hook.url), "alarme", TEXT) == ""


async def test_the_second_account_writes_a_plain_mail_in_ascii_to_every_admin(tmp_path: Path) -> None:
    async with Sink("AUTH PLAIN") as sink:
        both = (*cast.config().staff, Person(name="Eva", addresses=("eva@ief.example",), roles=("admin",)))
        settings = configured(tmp_path, staff=both, alarm=AlarmRoad(**second(sink.port)))
        assert await alarms.tell(settings, "panne d’envoi", TEXT) == "second SMTP"
        assert [(taken.sender, taken.to) for taken in sink.taken] == [
            ("alarme@autre.example", (cast.DAN,)),
            ("alarme@autre.example", ("eva@ief.example",)),
        ]
        raw = sink.taken[0].raw
        assert raw.isascii()
        read = message_from_bytes(raw, policy=policy.default)
        assert read["Subject"] == "[mailbot] panne d’envoi"
        assert read["Auto-Submitted"] == "auto-generated"
        assert read.get_content().replace("\r\n", "\n").strip() == TEXT


async def test_one_admin_who_is_refused_does_not_silence_the_others(tmp_path: Path) -> None:
    async with Sink() as sink:
        sink.on("RCPT", "550 5.1.1 no such user", "")
        both = (*cast.config().staff, Person(name="Eva", addresses=("eva@ief.example",), roles=("admin",)))
        settings = configured(tmp_path, staff=both, alarm=AlarmRoad(**second(sink.port)))
        assert await alarms.tell(settings, "alarme", TEXT) == "second SMTP"
        assert [taken.to for taken in sink.taken] == [("eva@ief.example",)]


async def test_a_second_account_without_login_has_a_sender_of_its_own(tmp_path: Path) -> None:
    async with Sink() as sink:
        road = config(tmp_path, from_address="alarme@ief.example", **second(sink.port, user="-"))
        assert await alarms.tell(road, "alarme", TEXT) == "second SMTP"
        assert sink.taken[0].sender == "alarme@ief.example"
        assert not any(line.startswith("AUTH") for line in sink.lines)


@pytest.mark.parametrize("verb", ["535 5.7.8 no", "454 later"])
async def test_a_second_account_that_fails_too_tells_nobody_and_raises_nothing(tmp_path: Path, verb: str) -> None:
    async with Sink() as sink:
        sink.on("AUTH", verb)
        assert await alarms.tell(config(tmp_path, **second(sink.port)), "alarme", TEXT) == ""
        assert sink.taken == []


def test_without_any_second_road_there_is_none(tmp_path: Path) -> None:
    assert not alarms.there_is_one(configured(tmp_path))
    assert alarms.there_is_one(config(tmp_path, webhook="https://alarme.example/x"))
    assert alarms.there_is_one(config(tmp_path, **second(25)))
