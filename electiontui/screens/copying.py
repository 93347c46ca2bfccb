"""What the keys that copy put on the clipboard. Pure."""

from __future__ import annotations

from typing import NamedTuple

from election_core import Candidate

from ..text import raw, readable, safe, shell_word

__all__ = ["Copy", "to_copy"]


class Copy(NamedTuple):
    """A text for the clipboard, and what it is."""

    what: str
    text: str


def to_copy(
    pane: str | None, candidate: Candidate | None, leader: Candidate | None, line: str, more: bool
) -> Copy | None:
    """What is copied from the pane with the focus; ``None``: there is nothing.

    Args:
        candidate: under the cursor of the queue or of the events.
        leader: of the term that the timeline reads.
        line: what the timeline reads, or the event under the cursor, in words.
        more: the other thing that there is to copy.
    """
    if pane in ("timeline", "events") and more:
        return Copy("line", line) if line else None
    if pane == "timeline":
        return None if leader is None else Copy("fencing token", str(leader.create_revision))
    if candidate is None:
        return None
    if pane == "events":
        return Copy("value", readable(candidate.value))
    return Copy("lease", f"{candidate.lease_id:x}") if more else Copy("key", _typed(candidate.key))


def _typed(key: bytes) -> str:
    """The key as it can be given to a program: as it is, or quoted for a shell where it cannot be typed."""
    text = key.decode("utf-8", "surrogateescape")
    return text if safe(text) == text and raw(text) == key else shell_word(key)
