"""An audit that finds nothing changes nothing, and tells nobody; one that finds something tells of a gap."""

from __future__ import annotations

from datetime import UTC, datetime

from election_core.core.line import Line
from election_core.core.loading import finish
from election_core.core.model import Candidate, Snapshot, Transition
from election_core.core.seen import Hooks, Seen
from election_core.core.state import ElectionState
from election_core.core.unread import UnreadTransitions

AT = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = (Candidate(b"e/%x" % number, b"v", number, number, number) for number in (1, 2))


def read(revision: int, *line: Candidate) -> Snapshot:
    return Snapshot(revision, line, AT)


def test_a_line_that_is_as_it_was_read_stays() -> None:
    state = ElectionState("e", read(5, FIRST, SECOND))
    assert state.audit(read(7, SECOND, FIRST)) == []
    assert (state.queue, state.revision) == ((FIRST, SECOND), 5)


def test_a_read_that_is_older_than_the_line_says_nothing() -> None:
    state = ElectionState("e", read(5, FIRST))
    assert state.audit(read(4, SECOND)) == []
    assert state.queue == (FIRST,)


def test_a_line_that_differs_is_made_up_for_with_a_gap() -> None:
    state = ElectionState("e", read(5, FIRST, SECOND))
    assert state.audit(read(7, SECOND)) == [Transition("e", 7, FIRST, SECOND, True, AT)]


def seen_line(lost: list[str]) -> tuple[Line, Seen]:
    """A line that was read at revision 5, as a subscription has it."""
    hooks = Hooks(
        changed=lambda transitions: None,
        connected=lambda: None,
        disconnected=lambda error: None,
        advanced=lambda: None,
        lost=lambda: lost.append("lost"),
    )
    line = Line("e")
    finish(line.load(read(5, FIRST, SECOND)))
    return line, Seen(line, UnreadTransitions(10), hooks)


def test_an_etcd_that_was_restored_is_read_although_its_revisions_are_older() -> None:
    line, seen = seen_line([])
    assert finish(line.load(read(2, SECOND))) == []
    seen.rewind()
    assert finish(line.load(read(2, SECOND))) == [Transition("e", 2, FIRST, SECOND, True, AT)]


def test_only_lost_events_are_told_of() -> None:
    lost: list[str] = []
    _, seen = seen_line(lost)
    seen.audit(read(7, FIRST, SECOND), None)
    assert lost == []
    seen.audit(read(8, SECOND), None)
    assert lost == ["lost"]
