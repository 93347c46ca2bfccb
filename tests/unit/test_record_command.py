"""How long and how much: what is given of it for a history."""

from __future__ import annotations

import click
import pytest

from electiontui.commands.record_command import days, size


@pytest.mark.parametrize(("text", "seconds"), [("90d", 7_776_000), ("1d12h", 129_600), ("1s", 1), ("36500d", 3.1536e9)])
def test_durations(text: str, seconds: float) -> None:
    assert days(text) == seconds


@pytest.mark.parametrize("text", ["0d", "500ms", "36501d", "9999999999999d", "9" * 400 + "h", "d", "1w"])
def test_no_duration_of_a_history(text: str) -> None:
    with pytest.raises(click.BadParameter):
        days(text)


def test_sizes() -> None:
    assert [size("1MB"), size("2GiB"), size("1000TB")] == [1_000_000, 2 << 30, 10**15]


@pytest.mark.parametrize("text", ["999kB", "1001TB", "9" * 400 + "TB", "-1GB", "1 PB"])
def test_no_size_of_a_history(text: str) -> None:
    with pytest.raises(click.BadParameter):
        size(text)
