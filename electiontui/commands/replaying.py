"""``electiontui replay``: the dashboard of a recording."""

from __future__ import annotations

from pathlib import Path

from ..alerts import AlarmPlan
from ..recording import Recording, RecordingError
from ..replay import Index, Player, moment_of
from . import ERROR, INVALID_INPUT, OK
from .dashboard import has_terminal
from .settings import Settings
from .streams import say

__all__ = ["replay"]


def replay(settings: Settings, file: Path, *, speed: float, start: str | None, is_paused: bool) -> int:
    """Play it until the user leaves; returns the exit code."""
    try:
        recording = Recording(file)
        player = Player(recording, Index(recording), speed=speed)
        if start is not None:
            moment_of(start, player.began, player.ends)
    except (RecordingError, ValueError) as exc:
        say(str(exc))
        return INVALID_INPUT
    if settings.plain or not has_terminal():
        say("a replay needs a terminal, and is no place for --plain")
        return INVALID_INPUT
    player.playing = not is_paused
    from ..replay_app import run

    # What was is told to nobody as if it were now.
    wishes = settings.wishes._replace(alarm=AlarmPlan())
    problems = run(player, start=start, low_bandwidth=settings.low_bandwidth, wishes=wishes)
    if recording.note is not None:
        say(f"{file}: {recording.note}")
    for problem in problems:
        say(problem)
    return ERROR if problems else OK
