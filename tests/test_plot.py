"""The plotext adapter, on whichever major is installed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from election_core.core.model import Candidate, Transition
from election_core.core.term_log import TermLog
from electiontui.pictures import plot
from electiontui.text import width

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A = Candidate(b"e/a/1", b"node-a", 1, 1, 1)
WIDE = Candidate(b"e/a/2", "宽字\x1b".encode(), 2, 2, 2)


@pytest.fixture
def log() -> TermLog:
    """Ten terms of 30 s that take turns, ending now."""
    log = TermLog("job", A, NOW - timedelta(seconds=300))
    before, after = A, WIDE
    for step in range(1, 10):
        log.record(Transition("job", step, before, after, False, NOW - timedelta(seconds=300 - 30 * step)))
        before, after = after, before
    return log


@pytest.mark.parametrize("columns", [40, 100, 300])
def test_a_timeline_has_the_width_asked_for_whatever_the_terminal_is(log: TermLog, columns: int) -> None:
    lines = plot.timeline(log, [WIDE, A], NOW, timedelta(minutes=5), width=columns).splitlines()
    assert len(lines) == 3 + 3
    assert {width(line) for line in lines[:-1]} == {columns}
    assert "\x1b" not in "".join(lines)


def test_lanes_of_a_timeline_take_turns(log: TermLog) -> None:
    lines = plot.timeline(log, [WIDE, A], NOW, timedelta(minutes=5), width=60).splitlines()
    lanes = {line.split("┤")[0].strip(): line.split("┤")[1].rstrip("│") for line in lines[1:4]}
    assert set(lanes) == {"node-a", r"★ 宽字\x1b", "vacant"}
    assert lanes["vacant"].strip() == ""
    first, second = lanes["node-a"], lanes[r"★ 宽字\x1b"]
    assert "██" in first
    assert not any(one == other == "█" for one, other in zip(first, second, strict=True))


def test_charts_count_every_change_and_every_finished_term(log: TermLog) -> None:
    changes = plot.changes_per_minute(log, NOW, width=80, height=12).splitlines()
    assert "leader changes per minute" in changes[0]
    assert changes[2].startswith("  2┤")
    assert changes[2].count("█") == 4
    held = plot.hold_times(log, width=80, height=12).splitlines()
    assert held[2].startswith("  8┤")
    assert "█" in held[2]
    assert len(changes) == len(held) == 12


def test_an_empty_log_still_gives_axes() -> None:
    empty = TermLog("job", None, NOW)
    for chart in (
        plot.changes_per_minute(empty, NOW, width=50, height=10),
        plot.hold_times(empty, width=50, height=10),
    ):
        assert "█" not in chart
        assert "  0┤" in chart


def test_colour_is_only_there_when_asked_for(log: TermLog) -> None:
    assert "38;2;86;180;233" in plot.hold_times(log, width=50, height=10, colour=(86, 180, 233))
    assert "\x1b" not in plot.hold_times(log, width=50, height=10)
