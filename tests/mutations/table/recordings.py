"""Recordings and their replays."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_INDEX = "electiontui/replay/index.py"
_LIVE = "electiontui/screens/live.py"
_READER = "electiontui/recording/reader.py"
_REPLICA = "election_core/core/replica.py"
_WRITER = "electiontui/recording/writer.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H91",
        "of a revision that changed several keys one is recorded",
        Edit(
            _REPLICA,
            'MonitorInput(self._number, "revision", at, number, events=events)',
            'MonitorInput(self._number, "revision", at, number, events=events[:1])',
        ),
    ),
    mutation(
        "H91",
        "an audit of some lines is replayed as one of all",
        Edit(_REPLICA, "given.candidates, at), given.roots)", "given.candidates, at), None)"),
    ),
    mutation(
        "H91",
        "what is gone back to has gone on meanwhile",
        Edit(_INDEX, "self._stories.append(story.copy())", "self._stories.append(story)"),
    ),
    mutation(
        "H91",
        "what is gone back to may be gone on with",
        Edit("electiontui/replay/player.py", "self._go_on(whole.copy())", "self._go_on(whole)"),
    ),
    mutation(
        "H91",
        "a replay looks for elections in etcd",
        Edit(
            _LIVE,
            "self.desk.played is not None and action in self.ASKS",
            "self.desk.played is None and action in self.ASKS",
        ),
    ),
    mutation("H92", "a recording grows", Edit(_WRITER, "+ len(data) > self._half:", "+ len(data) < 0:")),
    mutation(
        "H92",
        "what waits for the disk has no bound",
        Edit(_WRITER, "if len(self._queue) >= _QUEUED or", "if len(self._queue) < 0 or"),
    ),
    mutation(
        "H92", "a last line that was cut off is read", Edit(_READER, "return size - len(tail) if", "return size if")
    ),
    mutation(
        "H92",
        "the line that is told is the next one",
        Edit(_READER, "return 1 + sum(", "return 2 + sum("),
    ),
    mutation("H92", "a full disk leaves a part of a line", Edit(_WRITER, "self._storage.cut_back()", "pass")),
)
