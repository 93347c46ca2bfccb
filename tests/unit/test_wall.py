"""What the wall clock showed at a moment: a table of steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from electiontui.wall import Wall

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def noted(*notes: tuple[float, float]) -> Wall:
    """A wall clock from ``(moment, how far ahead it was)``."""
    wall = Wall()
    for at, ahead in notes:
        wall.note(START + seconds(at), START + seconds(at + ahead))
    return wall


@pytest.mark.parametrize(
    ("notes", "shown"),
    [
        ([], {0: 0, 50: 50}),
        ([(0, 0)], {-5: -5, 0: 0, 50: 50}),
        ([(0, 0), (1, 0.001), (2, -0.4)], {0: 0, 50: 50}),
        ([(0, 0), (10, 3600)], {9: 9, 10: 3610, 20: 3620}),
        ([(0, 0), (10, -60), (20, 0)], {9: 9, 15: -45, 20: 20}),
        ([(0, 0), *((n, 0.1 * n) for n in range(1, 7))], {4: 4, 5: 5.5, 9: 9.5}),
        ([(5, 7)], {0: 7}),
    ],
)
def test_a_moment_is_shown_as_it_was_on_the_wall(notes: list[tuple[float, float]], shown: dict[float, float]) -> None:
    wall = noted(*notes)
    for at, expected in shown.items():
        local = wall.local(START + seconds(at))
        assert local == START + seconds(expected)
        assert local.tzinfo is not None


def test_a_hundred_steps_are_remembered_and_older_moments_are_shown_by_the_oldest() -> None:
    wall = noted(*((n, 10.0 * n) for n in range(250)))
    assert len(wall._since) == len(wall._offsets) == 100
    assert wall.local(START) == START + seconds(1500)
    assert wall.local(START + seconds(249)) == START + seconds(249 + 2490)
