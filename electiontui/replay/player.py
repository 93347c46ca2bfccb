"""A position in a recording that moves: by itself, step by step, or at once. No I/O but the file's, and no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import perf_counter

from ..recording import Item, Recording, RecordingError
from .index import Index
from .story import Story

__all__ = ["SPEEDS", "Player"]

SPEEDS = (0.25, 1.0, 4.0, 15.0, 60.0, 240.0, 900.0, 3600.0)
_AT_A_TIME = 0.05
"""Seconds of work after which playing lets others do theirs; where more would be due, the position lags behind."""
_SLICE = 500
"""Lines that are read without a pause."""
_NEAR = 16 << 20
"""Bytes that are rather read, a second's work, than to begin where nothing is known of before."""

Moving = Iterator[None]
"""Go on with other things at each step."""


class Player:
    """What a recording shows at a position.

    Attributes:
        recording: what is played.
        index: what makes going back fast.
        story: what was known at the position; another object once it went back.
        position: the moment (aware).
        speed: seconds of the recording in a second.
        playing: whether it moves by itself.
        failure: why it cannot go on, or ``None``.
    """

    # The mutable state: the attributes, the lines from here on, and the next of them.

    def __init__(self, recording: Recording, index: Index, *, speed: float = 1.0) -> None:
        self.recording, self.index, self.speed = recording, index, speed
        self.began, self.ends = recording.header.began, recording.ends.astimezone(recording.header.began.tzinfo)
        self.playing = True
        self.failure: str | None = None
        self._images = recording.images()
        self.position = self.began
        self._go_on(Story(recording.header, recording.start, self.began))
        self._until(self.began)

    def _go_on(self, story: Story) -> None:
        self.story = story
        self._lines = self.recording.read(story.after)
        self._next: Item | None = None
        self._fetch()

    def _fetch(self) -> None:
        try:
            self._next = next(self._lines, None)
        except RecordingError as exc:
            self._fail(str(exc))

    def _fail(self, why: str) -> None:
        self.failure, self._next, self.playing = why, None, False

    def _take(self) -> bool:
        """The next line; says whether it made a transition."""
        assert self._next is not None
        try:
            told = self.story.take(self._next)
        except ValueError as exc:
            self._fail(f"{self.recording.path}: {exc}")
            return False
        self._fetch()
        return bool(told)

    def _until(self, moment: datetime) -> None:
        while self._next is not None and self._next.what.at <= moment:
            self._take()

    def advance(self, seconds: float) -> None:
        """So many seconds have passed for whoever looks at it."""
        if not self.playing:
            return
        target = min(self.position + timedelta(seconds=seconds * self.speed), self.ends)
        enough, number = perf_counter() + _AT_A_TIME, 0
        while self._next is not None and self._is_due(self._next, target):
            self._take()
            number += 1
            if not number % 50 and perf_counter() > enough:
                target = min(max(self.position, self.story.at), target)
                break
        self.position = self._shown(target if self.failure is None else max(self.position, self.story.at))
        if self.position >= self.ends and self._next is None:
            self.playing = False

    def seek(self, moment: datetime) -> Moving:
        """Go to a moment, or as near to it as there is one."""
        moment = self._shown(moment)
        self._begin_at(lambda at, after: at <= moment)
        yield from self._read(lambda following: self._is_due(following, moment))
        # Of what comes after a damaged line nothing is known.
        self.position = moment if self.failure is None else self._shown(self.story.at)

    def step(self, by: int) -> Moving:
        """To the next transition, or with ``-1`` to the one before; to the end where there is none."""
        self.playing = False
        yield from self._to_the_next() if by > 0 else self._to_the_one_before()

    def _to_the_next(self) -> Moving:
        told = self.story.told
        yield from self._read(lambda following: self.story.told == told)
        self.position = self._shown(self.story.at) if self.story.told > told else self.ends

    def _to_the_one_before(self) -> Moving:
        steps = list(self.story.steps)
        if steps and self.position <= steps[-1][1]:
            steps.pop()
        if not steps and not self.story.is_whole:
            # What was before its first line is in another story.
            yield from self.seek(self.story.began - timedelta(microseconds=1))
            steps = list(self.story.steps)
        if not steps:
            yield from self.seek(self.began)
            return
        end, moment = steps[-1]
        yield from self._to_line(end)
        self.position = self._shown(moment)

    def complete(self) -> Moving:
        """Where the story does not begin with the recording, and the index has come this far, have it whole."""
        if not self.story.is_whole and self.index.reached >= self.story.after:
            yield from self._to_line(self.story.after)

    def _to_line(self, end: int) -> Moving:
        self._begin_at(lambda at, after: after <= end)
        yield from self._read(lambda following: self.story.after < end)

    def _read(self, wanted: Callable[[Item], bool]) -> Moving:
        number = 0
        while self._next is not None and wanted(self._next):
            self._take()
            number += 1
            if not number % _SLICE:
                yield

    def _begin_at(self, allowed: Callable[[datetime, int], bool]) -> None:
        """Go on from the last story that may be begun with: by when it is, and where."""
        here, header = self.story, self.recording.header
        stays = allowed(here.at, here.after)
        whole = next((each for each in self.index.newest_first() if allowed(each.at, each.after)), None)
        if stays and here.is_whole and (whole is None or whole.after <= here.after):
            whole = here
        after = self.recording.start if whole is None else whole.after
        image = next((each for each in reversed(self._images) if allowed(*each)), None)
        if stays and not here.is_whole and self._is_far(here.after, after):
            after, whole = here.after, here
        if image is not None and self._is_far(image[1], after):
            self._go_on(Story(header, image[1], image[0], is_whole=False))
        elif whole is None:
            self._go_on(Story(header, self.recording.start, self.began))
        elif whole is not here:
            self._go_on(whole.copy())

    def _is_far(self, offset: int, from_whole: int) -> bool:
        """Whether to begin there although nothing is known of before: the index has not come that far."""
        return self.index.reached < offset and offset - from_whole > _NEAR

    def _is_due(self, following: Item, moment: datetime) -> bool:
        # A line may be older than those before it, so at the end all of them are due.
        return following.what.at <= moment or moment >= self.ends

    def _shown(self, moment: datetime) -> datetime:
        return min(max(moment, self.began), self.ends).astimezone(self.began.tzinfo)

    def faster(self, by: int) -> None:
        """The next speed in `SPEEDS`, or with ``-1`` the one before."""
        others = [each for each in SPEEDS if (each > self.speed if by > 0 else each < self.speed)]
        if others:
            self.speed = others[0] if by > 0 else others[-1]

    def toggle(self) -> None:
        """Play, or stand still; at the end there is nothing to play."""
        self.playing = not self.playing and self.failure is None and self.position < self.ends
