"""`mailbot inspect` over ten thousand mails that nobody sends: it never crashes, and none reaches a limit of the guard."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import mutations
import pytest
from inspecting import inspected, troubles

SEED = 20261123


@pytest.mark.long
def test_ten_thousand_mutated_mails_are_read_without_a_crash_and_within_the_limits(tmp_path: Path) -> None:
    told = inspected(tmp_path, mutations.mails(10_000, SEED))
    print(len(told), Counter(each["verdict"] for each in told))  # shown by pytest -rP
    assert len(told) == 10_000
    assert troubles(told) == []
