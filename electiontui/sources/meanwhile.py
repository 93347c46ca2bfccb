"""What a new monitor finds changed since the one before it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from election_core import Candidate, ElectionState, TermLog, TermLogs, Transition

__all__ = ["as_known", "begin_logs", "unseen"]


def begin_logs(
    logs: TermLogs, elections: Mapping[str, ElectionState], unread: Sequence[Transition], now: datetime
) -> None:
    """Have a log of each of these elections; those that had a transition have theirs, which begins before that."""
    told = {transition.election for transition in unread}
    for name, state in elections.items():
        if name not in told:
            logs.ensure(name, state.leader, now)


def unseen(
    logs: TermLogs,
    elections: Mapping[str, ElectionState],
    unread: Sequence[Transition],
    revision: int,
    now: datetime,
) -> Iterator[Transition]:
    """The changes of leadership while nobody watched, as of what the monitor found at first, each with a gap.

    Args:
        logs: who was known to lead.
        elections: as they are now.
        unread: what came between the first read and now.
        revision: the newest that is known.
        now: as of when.
    """
    first = {transition.election: transition for transition in reversed(unread)}
    for name, log in tuple(logs.items()):
        led, state = log.current.leader, elections.get(name)
        if state is None:
            # Whoever led there has gone, and left nothing to be read.
            found, at = None, revision
        elif name in first:
            found, at = first[name].before, first[name].revision - 1
        else:
            found, at = state.leader, state.revision
        if not _is_still(led, found):
            yield Transition(name, at, led, found, True, now)


def as_known(transition: Transition, log: TermLog | None) -> Transition:
    """A transition, or what it was where somebody campaigns where a stray stood alone: that was first all along."""
    led = None if log is None else log.current.leader
    if transition.before is None and led is not None and led.is_same_candidate(transition.after):
        return transition._replace(before=led)
    return transition


def _is_still(known: Candidate | None, found: Candidate | None) -> bool:
    """Whether it is who was known to lead; of a stray where nobody campaigns the value is not found."""
    if found is None or found.lease_id or found.value:
        return known == found
    return found.is_same_candidate(known)
