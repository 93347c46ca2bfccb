"""What observers and monitors tell."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation
from .campaigns import NOTHING_MISSED

__all__ = ["MUTATIONS"]

_FEED = "election_core/shell/feed.py"
_OBSERVER = "election_core/observer.py"
_STATE = "election_core/core/state.py"
_SUBSCRIPTION = "election_core/shell/subscription.py"
_UNREAD = "election_core/core/unread.py"

ENDS_WITH_ITS_STREAM = Edit(
    _FEED, "                await sleep(self._clock, backoff.pause())", "                return"
)
MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H16",
        "a vacancy is no change",
        Edit(
            _OBSERVER,
            '        self._callbacks.emit("change", None if after is None else value_as(after.value, "utf-8"))',
            '        if after is not None:\n            self._callbacks.emit("change", value_as(after.value, "utf-8"))',
        ),
    ),
    mutation(
        "H16",
        "somebody leads once anything is known",
        Edit(_OBSERVER, "return self._line.state.leader is not None", "return self._line.state.revision > 0"),
    ),
    mutation("H17", "an observer ends with its stream", ENDS_WITH_ITS_STREAM),
    mutation(
        "H17",
        "whoever reads is not told of the end",
        Edit(_SUBSCRIPTION, "        self._news.set()\n        self._ready.ring()", "        self._ready.ring()"),
    ),
    mutation(
        "H18",
        "each event is a revision",
        Edit(
            "election_core/etcd/wire.py", "if kv.mod_revision != current:", "if changes or kv.mod_revision != current:"
        ),
    ),
    mutation(
        "H18",
        "the line goes by the last write",
        Edit(
            "election_core/core/model.py",
            "return candidate.create_revision, candidate.key",
            "return candidate.mod_revision, candidate.key",
        ),
    ),
    mutation(
        "H19",
        "leaders are told apart by what they proclaim",
        Edit(
            _STATE,
            "if after is before or after == before:",
            "if after is before or (after and before and after.value == before.value):",
        ),
    ),
    mutation(
        "H20",
        "a watch is resumed from what its header says",
        Edit(
            _FEED,
            "start_revision=revision + 1, wide=self._wide) as stream:\n",
            "start_revision=revision + 1, wide=self._wide) as stream:\n"
            "            self._revision = max(revision, stream.revision)\n",
        ),
    ),
    mutation(
        "H20",
        "a new watch knows all that the broken one knew",
        NOTHING_MISSED,
    ),
    mutation(
        "H24",
        "an observer believes what it is told",
        Edit(_FEED, "if self._heard_since >= _NOTIFICATIONS:", "if self._heard_since < 0:"),
    ),
    mutation("H37", "an observer ends with its stream", ENDS_WITH_ITS_STREAM),
    mutation(
        "H41",
        "what nobody has read is forgotten without a word",
        Edit(_UNREAD, "            self._forget(self._queue.popleft().election)", "            self._queue.popleft()"),
    ),
    mutation(
        "H41",
        "nothing is ever forgotten",
        Edit(_UNREAD, "while len(self._queue) > self.limit:", "while len(self._queue) < 0:"),
    ),
)
