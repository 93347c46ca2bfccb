"""The night that docs/history.md tells of."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from election_core import Candidate, Transition
from electiontui.history.eras import decide, look
from electiontui.history.writer import Begin, Change, Message, Seen, Writer

__all__ = ["write_night"]

_MINUTE = 60
_NIGHT: dict[str, list[tuple[float, str]]] = {
    "orders": [(0, "host-a"), (180, ""), (180.2, "host-b"), (300, ""), (319, "host-a"), (320, ""), (320.1, "host-b")],
    "billing": [(0, "host-b"), (300, ""), (300.05, "host-c")],
    "reports/monthly": [(60, "host-c"), (75, "")],
}
"""Who led from which minute on."""
_WATCHED = ((0, 200), (210, 420))
"""Minutes in which a recorder ran."""


def write_night(file: Path, now: datetime) -> None:
    """Seven hours of three elections, which ended an hour before ``now``."""
    began = now - timedelta(hours=8)

    def at(minute: float) -> datetime:
        return began + timedelta(minutes=minute)

    changes: list[tuple[float, str, str]] = sorted(
        (minute, name, value) for name, steps in _NIGHT.items() for minute, value in steps
    )
    messages: list[Message] = [Begin(decide(file, look(file, [], ["127.0.0.1:2379"], now), 7, 1, over=0))]
    leaders: dict[str, Candidate | None] = {}
    for revision, (minute, name, value) in enumerate(changes, 1):
        path = f"election/{name}".encode()
        after = Candidate(path + b"/%x" % revision, value.encode(), revision, revision, revision) if value else None
        change = Transition(name, revision, leaders.get(name), after, False, at(minute))
        leaders[name] = after
        messages.append(Change(path, change))
    messages += [Seen(b"election/", at(since), at(until), len(changes)) for since, until in _WATCHED]
    writer = Writer(file, None)
    for message in messages:
        assert writer.put(message)
    writer.start()
    assert writer.close(30), writer.trouble
