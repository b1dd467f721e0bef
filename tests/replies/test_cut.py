"""What people wrote in their replies, against labels of others: nine of ten word for word, and never a line of a quoted notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from replies.measure import Reply, exact, folders, leaked, ours, replies

SETS = folders()
ALL = [(folder, reply) for folder in SETS for reply in replies(folder)]
LEAST = 0.90


def test_there_are_replies_to_read_in_every_language() -> None:
    assert len(ALL) >= 80
    assert {reply.name[:2] for _, reply in ALL} >= {"fr", "en", "de", "es", "it", "pt", "nl", "pl"}


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_nine_of_ten_are_cut_word_for_word(folder: Path) -> None:
    labelled = list(replies(folder))
    missed = [reply.name for reply in labelled if not exact(reply, ours(reply).new_text)]
    assert len(missed) <= (1 - LEAST) * len(labelled), missed


@pytest.mark.parametrize(
    "reply", [pytest.param(r, id=f"{folder.name}-{r.name}") for folder, r in ALL if r.quotes_notice]
)
def test_no_line_of_a_quoted_notice_is_taken_for_the_persons(reply: Reply) -> None:
    assert leaked(reply, ours(reply).new_text) == []


def test_a_wrong_cut_that_calls_itself_sure_is_rare() -> None:
    wrong = [reply.name for _, reply in ALL if (read := ours(reply)).cut_sure and not exact(reply, read.new_text)]
    assert len(wrong) <= 0.05 * len(ALL), wrong
