"""Each parser holds for any bytes: random ones, and heaps of the words it listens to."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS
from fuzz.words import WORDS

EXAMPLES = {"parser": 60, "report": 60, "page": 60}  # the dear ones; 200 of the others


@pytest.mark.parametrize("name", list(TARGETS))
def test_any_bytes_are_read(name: str) -> None:
    tried = []
    heap = st.lists(st.sampled_from(WORDS[name]), max_size=40).map(b"".join)

    @settings(
        max_examples=EXAMPLES.get(name, 200), deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.one_of(heap, st.binary(max_size=300), st.tuples(heap, st.binary(max_size=30), heap).map(b"".join)))
    def holds(data: bytes) -> None:
        TARGETS[name](data)
        tried.append(len(data))

    holds()
    assert max(tried) > 0, "each target judges for itself; here only that it was given something"
