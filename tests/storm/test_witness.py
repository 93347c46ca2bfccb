"""Whether a recording that lacks something, or has it otherwise, is noticed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from election_core import Candidate, MonitorInput, Replica, Transition
from election_core.core.model import KeyDeleted, KeyPut
from electiontui.recording import Header, Mark, RawWriter

from .witness import compared

BEGAN = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
KEY = b"election/storm/7b"


def inputs() -> list[MonitorInput]:
    """Somebody leads at each even revision, and nobody at each odd one."""
    found = [MonitorInput(0, "read", BEGAN, 1)]
    for number in range(2, 12):
        put = KeyPut(Candidate(KEY, b"c0.1.%d" % number, 0x7B, number, number))
        event = KeyDeleted(KEY) if number % 2 else put
        found.append(
            MonitorInput(0, "revision", BEGAN + timedelta(seconds=number, microseconds=7), number, events=(event,))
        )
    return found


def told(given: list[MonitorInput]) -> list[Transition]:
    replica = Replica(["election/"])
    return [transition for each in given for transition in replica.take(each)]


@pytest.mark.parametrize("lacks", [None, 5])
def test_what_is_missing_in_a_recording_is_noticed(tmp_path: Path, lacks: int | None) -> None:
    writer = RawWriter(tmp_path / "storm.raw", Header(("election/",), BEGAN), size=1 << 20)
    writer.put(Mark("begin", BEGAN))
    for number, each in enumerate(inputs()):
        if number != lacks:
            writer.put(each)
    writer.close()
    found = compared(tmp_path / "storm.raw", told(inputs()))
    assert (found.live, found.monitors, found.inputs) == (10, 1, 11 - (lacks is not None))
    assert (found.differs is None) == (lacks is None)


def test_the_end_that_only_one_of_them_has_is_noticed(tmp_path: Path) -> None:
    writer = RawWriter(tmp_path / "storm.raw", Header(("election/",), BEGAN), size=1 << 20)
    writer.put(Mark("begin", BEGAN))
    for each in inputs():
        writer.put(each)
    writer.close()
    live = told(inputs())
    assert "only replayed" in str(compared(tmp_path / "storm.raw", live[:-1]).differs)
    assert "only live" in str(compared(tmp_path / "storm.raw", [*live, live[0]]).differs)
