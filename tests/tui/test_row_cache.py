"""Rows are made when they are looked at, and stand still once all are made."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from election_core.core.state import ElectionState
from election_core.core.term_log import TermLog
from electiontui.rows import ElectionRow, row_of
from electiontui.sources.row_cache import RowCache

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Maker:
    """Makes rows of vacant elections and notes which."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, name: str) -> ElectionRow:
        self.made.append(name)
        return row_of(ElectionState(name), TermLog(name, None, NOW), None, NOW)


def test_a_row_is_made_once_when_it_is_read_and_again_after_a_change() -> None:
    maker = Maker()
    rows = RowCache(maker)
    rows.outdate(["a", "b"])
    assert (list(rows), len(rows), "a" in rows, "c" in rows) == (["a", "b"], 2, True, False)
    assert maker.made == []
    assert rows["a"] is rows["a"]
    assert maker.made == ["a"]
    rows.outdate(["a"])
    assert rows.made() == []
    assert rows["a"].name == "a"
    assert maker.made == ["a", "a"]
    with pytest.raises(KeyError):
        rows["c"]


def test_complete_rows_stand_still_until_the_next_change() -> None:
    maker = Maker()
    rows = RowCache(maker)
    rows.outdate(["a", "b"])
    before = rows.complete()
    assert [rows["a"], rows["b"]] == before == rows.complete()
    assert maker.made == ["a", "b"]
    rows.drop(["a", "nobody"])
    assert list(rows) == ["b"]
