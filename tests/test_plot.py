"""The plotext adapter, on whichever major is installed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from election_core.core.model import Candidate, Transition
from election_core.core.term_log import TermLog
from electiontui.pictures import plot

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


def test_charts_count_every_change_and_every_finished_term(log: TermLog) -> None:
    changes = plot.changes_per_minute(log, NOW, width=80, height=12).splitlines()
    assert "leader changes per minute" in changes[0]
    assert changes[2].startswith("  2┤")
    assert "  1┤" in "\n".join(changes)
    # The history is five minutes long, so ten are shown, seven columns each with one between them.
    assert changes[2].count("█") == 4 * 6
    held = plot.hold_times(log, width=80, height=12).splitlines()
    assert held[3].startswith("  8┤")
    assert "█" in held[3]
    assert " 8 " in held[2]
    assert len(changes) == len(held) == 12


@pytest.mark.parametrize("width", [30, 80, 200])
@pytest.mark.parametrize("height", [6, 12, 40])
def test_charts_have_the_size_asked_for_whatever_the_terminal_is(log: TermLog, width: int, height: int) -> None:
    charts = (
        plot.changes_per_minute(log, NOW, width=width, height=height),
        plot.hold_times(log, width=width, height=height),
        plot.vacancy_times(log, width=width, height=height),
    )
    for chart in charts:
        assert len(chart.splitlines()) == height
        assert max(map(len, chart.splitlines())) <= width


def test_counts_are_whole_numbers() -> None:
    log = TermLog("job", A, NOW - timedelta(seconds=50))
    for step in range(7):
        log.record(Transition("job", step, A, WIDE, False, NOW - timedelta(seconds=40 - step)))
    chart = plot.changes_per_minute(log, NOW, width=60, height=14)
    ticks = [line.partition("┤")[0] for line in chart.splitlines() if "┤" in line]
    assert ticks == ["  7", "  0"]


def test_a_minute_without_a_watch_is_no_minute_without_a_change(log: TermLog) -> None:
    lost = [(NOW - timedelta(seconds=200), NOW - timedelta(seconds=100))]
    quiet = TermLog("job", A, NOW - timedelta(seconds=600))
    marked = plot.changes_per_minute(quiet, NOW, lost, width=80, height=12)
    # Of eleven minutes, six columns each, one was not watched for the most part.
    assert marked.count("╱") == 6
    assert "╱" not in plot.changes_per_minute(quiet, NOW, width=80, height=12)


def test_vacancies_by_their_duration_without_those_that_nobody_saw_begin_or_end() -> None:
    log = TermLog("job", None, NOW - timedelta(seconds=300))
    steps = [(290, A), (200, None), (180, A), (100, None), (98, A), (50, None)]
    for revision, (ago, after) in enumerate(steps, 1):
        log.record(Transition("job", revision, log.current.leader, after, False, NOW - timedelta(seconds=ago)))
    chart = plot.vacancy_times(log, width=60, height=12)
    assert "vacancies by duration" in chart
    assert [line.split() for line in chart.splitlines()][-1] == ["3s", "10s", "30s", "1m"]
    assert chart.splitlines()[2].split() == ["│", "1", "1", "│"]


def test_an_empty_log_still_gives_axes() -> None:
    empty = TermLog("job", None, NOW)
    for chart in (
        plot.changes_per_minute(empty, NOW, width=50, height=10),
        plot.hold_times(empty, width=50, height=10),
        plot.vacancy_times(empty, width=50, height=10),
    ):
        assert "█" not in chart
        assert "  0┤" in chart


def test_colour_is_only_there_when_asked_for(log: TermLog) -> None:
    assert "38;2;86;180;233" in plot.hold_times(log, width=50, height=10, colour=(86, 180, 233))
    assert "\x1b" not in plot.hold_times(log, width=50, height=10)
