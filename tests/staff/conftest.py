"""One reader of mails for all stories."""

from __future__ import annotations

from collections.abc import AsyncIterator

import cast
import pytest_asyncio

from mailbot.corridor.bench import words
from mailbot.guard import Guard


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader
