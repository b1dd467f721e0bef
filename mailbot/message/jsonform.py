"""A Message as JSON and back, without loss: how it crosses from the child process that read it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from mailbot.message.records import Message


def to_json(message: Message) -> dict[str, Any]:
    """Plain dicts, lists, strings, numbers; the date as ISO 8601."""
    plain: dict[str, Any] = _plain(message)
    plain["date"] = message.date.isoformat() if message.date else None
    return plain


def _plain(value: Any) -> Any:
    """As dataclasses.asdict, without its copies of what can't change."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def from_json(plain: dict[str, Any]) -> Message:
    """The Message again. KeyError or TypeError when `plain` does not come from `to_json`."""
    return _built(Message, plain)  # type: ignore[no-any-return]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _built(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(**{each.name: _built(hints[each.name], value[each.name]) for each in fields(kind)})  # type: ignore[operator]
    if get_origin(kind) in (Union, UnionType):
        return None if value is None else _built(next(arg for arg in get_args(kind) if arg is not type(None)), value)
    if get_origin(kind) is tuple:
        return tuple(_built(get_args(kind)[0], item) for item in value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    return value
