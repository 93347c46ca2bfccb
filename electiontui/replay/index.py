"""Reads a whole recording once, in a thread, and keeps stories to go on from, so that going back takes no time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import Event, Thread

from election_core import Transition

from ..recording import Recording, RecordingError
from .story import Story

__all__ = ["STRETCHES", "Index"]

STRETCHES = 400
"""Stretches of equal length that changes are counted in."""

_STORIES = 24
"""Stories that are kept at most, at equal distances …"""
_ELECTIONS = 2_000_000
"""… and fewer where they would hold more elections than this together."""
_FEW = 2
_SLICE, _BREATH = 100, 0.001
"""Lines that are read without a pause, two milliseconds' work, and the pause in seconds. While a thread of Python
computes, another one waits five milliseconds for its turn, and the screens need many turns."""
_LEAST = 4 << 20
"""Bytes between two of them, at least."""


class Index:
    """Stories of a recording after some of its lines, in order.

    Attributes:
        reached: up to where it has read, in bytes.
        changes: how many changes of leadership there were, in stretches of equal length, as far as it has read.
        failure: what is wrong with the recording, or ``None`` as far as known.
    """

    # The mutable state: the attributes, and the stories, which nobody changes. The thread appends, others look.

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._stories: list[Story] = []
        self._enough, self._may_go_on = Event(), Event()
        self._may_go_on.set()
        self.reached = recording.start
        self.changes = [0] * STRETCHES
        self.failure: RecordingError | None = None
        self._length = max(recording.ends - recording.header.began, timedelta(microseconds=1))
        self._thread = Thread(target=partial(self.run, _BREATH), name=f"reading {recording.path}", daemon=True)

    def start(self) -> None:
        """Read in the background."""
        self._thread.start()

    def close(self) -> None:
        """Read no more."""
        self._enough.set()
        self._may_go_on.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def share(self) -> float:
        """How much of the recording was read."""
        return self.reached / max(self._recording.length, 1)

    def newest_first(self) -> list[Story]:
        """Its stories; copy one before going on with it."""
        return self._stories[::-1]

    def hold(self) -> None:
        """Leave the processor to whoever waits for something, until `go_on`."""
        self._may_go_on.clear()

    def go_on(self) -> None:
        """Read on."""
        self._may_go_on.set()

    def run(self, breath: float = 0.0) -> None:
        """Read it all, here and now; ``breath``: seconds that are left to others between two slices."""
        story = Story(self._recording.header, self._recording.start, self._recording.header.began)
        due = story.after + self._distance(story)
        try:
            for number, item in enumerate(self._recording.read()):
                self._count(story.take(item))
                if story.after >= due and story.has_begun:
                    self._stories.append(story.copy())
                    due = story.after + self._distance(story)
                if not number % _SLICE:
                    self.reached = story.after
                    self._may_go_on.wait()
                    if self._enough.wait(breath):
                        return
            self.reached = self._recording.length
        except RecordingError as exc:
            self.failure = exc
        except ValueError as exc:
            self.failure = RecordingError(f"{self._recording.path}, before byte {story.after}: {exc}")

    def _count(self, transitions: list[Transition]) -> None:
        for transition in transitions:
            if transition.kind != "proclaimed":
                at = (transition.observed_at - self._recording.header.began) / self._length
                self.changes[min(max(int(at * STRETCHES), 0), STRETCHES - 1)] += 1

    def _distance(self, story: Story) -> int:
        stories = max(_FEW, min(_STORIES, _ELECTIONS // max(len(story.elections), 1)))
        return max(_LEAST, self._recording.length // stories)
