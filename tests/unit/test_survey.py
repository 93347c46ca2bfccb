"""Which ranges a survey of keys finds, and how little it keeps."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from election_core.core.model import Candidate
from election_core.core.survey import Occupied, Survey


def keys(*names: str) -> list[Candidate]:
    """Those that end with a number are on that lease."""
    suffixes = ((name, name.rpartition("/")[2]) for name in names)
    return [Candidate(name.encode(), b"", int(end, 16) if end.isdigit() else 0, 1, 1) for name, end in suffixes]


def ranges(found: Iterable[Candidate]) -> list[tuple[str, str]]:
    survey = Survey(Occupied())
    survey.show(sorted(found))
    return [(start.decode(), end.decode()) for start, end in survey.ranges()]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), []),
        (("a/x", "b/y"), []),
        (("a/1", "b/2", "c/3"), [("a/", "c0")]),
        (("a/1", "b/2", "bb", "bc/x", "c/3"), [("a/", "b0"), ("c/", "c0")]),
        (("a/0x", "a/1", "a/x", "b/2"), [("a/", "b0")]),
        (("a/1", "a/b/c/2", "a/b/x", "b/3"), [("a/", "a0"), ("b/", "b0")]),
        (("a/b/1", "a/b/x", "a/c/x", "a/d/2", "a/e"), [("a/b/", "a/b0"), ("a/d/", "a/d0")]),
        (("a/b/1", "a/c/x", "a/z", "a/2"), [("a/", "a0")]),
    ],
)
def test_ranges_hold_every_line_and_no_other_key(names: tuple[str, ...], found: list[tuple[str, str]]) -> None:
    """H60: candidates side by side are read at once, and what stands between two of them is left out."""
    assert ranges(keys(*names)) == found


def test_a_million_other_keys_leave_a_bounded_trace() -> None:
    """H60"""
    occupied = Occupied(limit=1_000)
    survey = Survey(occupied)
    for page in range(100):
        survey.show(keys(*(f"svc/{page}-{i}/x/y" for i in range(100))))
    assert survey.seen == 10_000
    assert occupied._paths is None
    assert b"never/seen" in occupied, "a path too many costs a read, one too few a stray that is not seen"
    assert not survey.ranges()


def test_where_other_keys_may_be_is_known_for_every_path_above_them() -> None:
    occupied = Occupied()
    occupied.add(b"a/b/c")
    assert b"a/b/c" in occupied
    assert b"a" in occupied
    assert b"a/b/d" not in occupied
