"""What the status bar says of the connection: the most important part first. Pure."""

from __future__ import annotations

from ..rows import duration
from ..sources import ViewStatus

__all__ = ["connected", "lost", "played"]


def connected(status: ViewStatus) -> list[str]:
    """Who answers, and how current the view is."""
    up = status.endpoints_up
    parts = [f"electiontui  {'●' if up == status.endpoints else '◐'} {up}/{status.endpoints} endpoints"]
    if status.down:
        parts.append(_down(status))
    parts.append(f"rev {status.revision}")
    parts.append(f"view {status.age:.1f}s old")
    if status.round_trip is not None:
        parts.append(f"rtt {status.round_trip * 1000:.1f}ms")
    return parts


def lost(status: ViewStatus) -> list[str]:
    """Why and for how long nothing is known."""
    retry = "retrying" if status.retry_in is None else f"retry {status.attempt} in {status.retry_in:.0f}s"
    age = duration(status.age) if status.age >= 100 else f"{status.age:.0f}s"
    shown = f"state as of rev {status.revision}"
    others = [f"{status.endpoints_up}/{status.endpoints} endpoints"]
    if not status.has_quorum:
        count = f"{status.endpoints_up} of {status.endpoints} answer{'s' if status.endpoints_up == 1 else ''}"
        return [f"✗ NO QUORUM {age} — {count}", _down(status), *([shown] if status.loaded else []), retry]
    if status.loaded:
        return [f"✗ DISCONNECTED {age} — showing {shown}, {retry}", *others]
    if status.error is None:
        return [f"… connecting {age}", *others]
    return [f"✗ NOT CONNECTED {age} — {retry}", *others]


def played(status: ViewStatus, recording: str) -> list[str]:
    """Of a recording: how the view was then."""
    name = f"replay of {recording}"
    if not status.loaded:
        return [name, "nothing was read yet"]
    if not status.connected:
        shown = f"showing state as of rev {status.revision}"
        return [f"✗ {name}: NOT WATCHED for {duration(status.age)} — {shown}", status.error or ""]
    endpoints = [f"{status.endpoints_up}/{status.endpoints} endpoints answered"] if status.endpoints else []
    return [name, f"rev {status.revision}", *endpoints, *([_down(status)] if status.down else [])]


def _down(status: ViewStatus) -> str:
    return f"down: {', '.join(status.down)}" if status.down else "none of them knows a raft leader"
