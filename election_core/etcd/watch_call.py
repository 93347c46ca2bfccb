"""One call of etcd's Watch service, which carries any number of watches.

No watch can take another's id, or its events, whatever the server does:

- An id means one watch of this call for as long as the call lives, and none afterwards. We choose the ids and count
  them up; where the server insists on its own (etcd's grpc-proxy does), one that is not newer than all before it ends
  the call. So what still comes for a watch that was left finds nobody, and never its successor.
- An answer to a creation belongs to the oldest creation that is not answered, since they are answered in the order
  in which they were asked for. If it does not carry the id that was chosen for that one, the call is ended: nothing is
  guessed. Where the server gives the ids only one creation is under way, so there is nothing to confuse.
- A creation that is refused concerns its own watch alone: the id in that answer, which on some servers is another
  watch's and on others -1, is not looked at.
- A watch that is left while it is being created stays the owner of the answer, and is cancelled when that has come.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from aetcd import rpc

from ..errors import Compacted, ElectionError, Restored, Unavailable
from ..store import KeyRange
from .calls import Caller
from .creations import Creation, Creations
from .mapping import TokenRefused, refusal
from .members import Member
from .stream import Stream
from .tokens import Metadata
from .watch import EtcdWatch
from .watch_ids import WatchIds
from .wire import unwatch_request

__all__ = ["QUIET", "OwnWatchCall", "WatchCall"]

QUIET = 1.0
"""Seconds without a message after which a call asks for a progress notification."""

_LATE = 0.5
"""Seconds that a timer is late when the event loop was blocked: nobody listened meanwhile."""

_PROGRESS = rpc.WatchRequest(progress_request=rpc.WatchProgressRequest())


class WatchCall(Stream):
    """One call for all watches that share it; who reads too slowly loses its watch, and harms nobody.

    A single progress request per second asks for all of them whether the member is still there.
    """

    # The mutable state: the watches by id and those to be created, what is to be written, since when the member owes a
    # sign of life, the newest revision of this second and what was known before it, whether nobody was there a second
    # ago and whether a request for progress was ever answered, and the tasks and the timer.

    def __init__(self, caller: Caller, member: Member, metadata: Metadata) -> None:
        super().__init__(caller, member, member.watches.Watch, metadata)
        self._history = caller.members.history
        self._watches: dict[int, EtcdWatch] = {}
        self._ids = WatchIds()
        self._outbox: asyncio.Queue[Any] = asyncio.Queue()
        self._creations = Creations(self._ids, self._outbox.put_nowait)
        self._asked_at: float | None = None
        self._revision, self._known = 0, self._history.revision
        self._was_idle = self._has_progressed = False
        self._working = [asyncio.ensure_future(self._read_all()), asyncio.ensure_future(self._write_all())]
        self._asking: asyncio.Task[None] | None = None
        self._schedule()

    @property
    def metadata(self) -> Metadata:
        """What it carries: the token that all its watches are judged by."""
        return self._metadata

    def open(self, keys: Sequence[KeyRange], start_revision: int, deletes_only: bool) -> EtcdWatch:
        """Ask for a watch; `EtcdWatch.established` waits for it."""
        watch = EtcdWatch(self, keys, start_revision)
        # A compaction at R erases the deletes of R, yet etcd serves a watch from R without an error. One that
        # starts a revision earlier is refused then; what it brings of that revision is left out.
        asked = start_revision and max(start_revision - 1, 1)
        self._creations.ask(watch, keys, asked, deletes_only)
        return watch

    def leave(self, watch: EtcdWatch) -> None:
        """Have the server forget a watch. What of it is not created yet is forgotten once it is."""
        for watch_id in watch.ids:
            if self._watches.pop(watch_id, None) is not None:
                self._outbox.put_nowait(unwatch_request(watch_id))
        watch.ids.clear()

    def retire(self) -> None:
        """No further watch is opened on it; those that there are go on."""
        if self._member.shared_watches is self:
            self._member.shared_watches = None

    def begin_anew(self) -> None:
        what = f"{self.endpoint} was restored from a backup or wiped, and what was known of it is outdated."
        for watch in self._everybody():
            watch.fail(Restored(what, endpoint=self.endpoint), at_once=True)
            self.leave(watch)

    def stop(self) -> None:
        super().stop()
        self._timer.cancel()
        for task in (*self._working, self._asking):
            if task is not None:
                task.cancel()

    def _let_go(self) -> None:
        self.retire()
        super()._let_go()

    def _judged(self, error: ElectionError) -> ElectionError:
        if isinstance(error, TokenRefused):
            self.retire()
        return super()._judged(error)

    # What comes.

    async def _read_all(self) -> None:
        try:
            while True:
                await self._room()
                self._take(await self._read())
                # Whoever was given something goes first: to read on takes as long as to act on it.
                await asyncio.sleep(0)
        except ElectionError as exc:
            self._end(exc)

    async def _room(self) -> None:
        """Wait until there is room for another message."""

    def _take(self, message: Any) -> None:
        """Hand a message to whom it concerns."""
        self._asked_at = None
        self._revision = max(self._revision, message.header.revision)
        # Looked at before anything else: a refused watch is created and cancelled in one message.
        if message.created:
            self._answered(message)
        elif message.canceled or message.compact_revision:
            self._cancelled(message)
        elif not message.events:
            self._has_progressed = True
            self._tell_progress(message.header.revision)
        elif (watch := self._watches.get(message.watch_id)) is not None:
            watch.take(message)
            if watch.is_full:
                self._is_full(watch)

    def _is_full(self, watch: EtcdWatch) -> None:
        what = f"A watch on {self.endpoint} was not read while much happened; it has to be resumed."
        watch.fail(Unavailable(what, endpoint=self.endpoint), at_once=True)
        self.leave(watch)

    def _answered(self, message: Any) -> None:
        creation = self._creations.answered()
        if creation is None:
            raise self._unavailable("answered to a watch that nobody asked for")
        if message.canceled or message.compact_revision:
            creation.watch.fail(self._refusal(message))
            self.leave(creation.watch)
        else:
            self._created(message.watch_id, message.header.revision, creation)
        self._creations.send()

    def _created(self, watch_id: int, revision: int, creation: Creation) -> None:
        if not self._ids.fits(watch_id, creation.watch_id):
            error = self._unavailable("gave a watch another id than it should have")
            creation.watch.fail(error.fresh())
            raise error
        self._member.is_relay = self._ids.are_theirs
        if creation.watch.is_over:
            self._outbox.put_nowait(unwatch_request(watch_id))
            return
        self._watches[watch_id] = creation.watch
        creation.watch.confirm(watch_id, revision)
        if 0 < revision < self._history.revision:
            self._ask_for_revision()

    def _cancelled(self, message: Any) -> None:
        watch = self._watches.pop(message.watch_id, None)
        if watch is not None:
            watch.ids.discard(message.watch_id)
            watch.fail(self._refusal(message))
            self.leave(watch)

    def _tell_progress(self, revision: int) -> None:
        """All events up to there were sent. Few want to know, so nobody else is woken."""
        for watch in self._watches.values():
            if watch.wants_progress:
                watch.progress(revision)

    def _refusal(self, message: Any) -> ElectionError:
        return self._judged(refusal(message, self.endpoint, has_token=bool(self.metadata)))

    def _end(self, error: ElectionError) -> None:
        """All its watches end; each is resumed by its reader."""
        creating = self._creations.unanswered()
        for watch in self._everybody():
            # A relay ends the call where the history is gone that a single watch wants.
            if isinstance(error, Compacted) and (not watch.start_revision or (creating and watch not in creating)):
                watch.fail(Unavailable(error.message, endpoint=self.endpoint))
            else:
                watch.fail(error.fresh())
        self.stop()

    def _everybody(self) -> list[EtcdWatch]:
        return list(dict.fromkeys((*self._watches.values(), *self._creations.watches())))

    # What is sent.

    async def _write_all(self) -> None:
        try:
            while True:
                await self._write(await self._outbox.get())
        except ElectionError:
            return  # whoever reads the call is told the same

    def _schedule(self) -> None:
        pause = QUIET if self._asked_at is None else min(QUIET, self._caller.attempt_timeout)
        self._planned = time.monotonic() + pause
        self._timer = asyncio.get_running_loop().call_later(pause, self._tick)

    def _tick(self) -> None:
        """Once a second: see that it is needed, that the member is there, and that revisions have not gone back."""
        now, patience = time.monotonic(), self._caller.attempt_timeout
        is_idle = not (self._watches or self._creations)
        if is_idle and self._was_idle:
            self.stop()
            return
        self._was_idle = is_idle
        if self._asked_at is not None and now > self._planned + _LATE:
            self._asked_at = now
        if self._asked_at is not None and self._asked_at <= now - patience and self.is_silent_since(now - patience):
            self._caller.members.suspect(self._member, silent_since=now - patience)
            return
        if 0 < self._revision < self._known:
            self._ask_for_revision()
        self._revision, self._known = 0, self._history.revision
        if self._listening_since is not None:
            self._ask_for_life(now)
        self._schedule()

    def _ask_for_life(self, now: float) -> None:
        # A relay answers no request for progress, and older ones end by one.
        if not (self._member.is_relay or self._ids.are_unknown):
            # Newer servers do not answer while a watcher catches up, so it is asked for again and again.
            self._outbox.put_nowait(_PROGRESS)
        if self._member.is_relay or not self._has_progressed:
            self._ask_for_revision()
        self._asked_at = now if self._asked_at is None else self._asked_at

    def _ask_for_revision(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._read_revision())

    async def _read_revision(self) -> None:
        """Read a key that is watched from this member, which tells the true revision and that etcd is there.

        So what never answers a request for progress is not taken for silent.
        """
        watch = next(iter(self._watches.values()), None)
        if watch is None:
            return
        request = rpc.RangeRequest(key=watch.keys[0].start, keys_only=True, limit=1)
        deadline = time.monotonic() + self._caller.attempt_timeout
        try:
            reply = await self._caller.ask(self._member, lambda member: member.kv.Range, request, deadline)
        except ElectionError:
            return  # if nothing else is heard either, the member is given up in time
        if self._member.is_relay or not self._has_progressed:
            self._asked_at, self.heard_at = None, time.monotonic()
        if self._member.is_relay:
            self._tell_progress(reply.header.revision)


class OwnWatchCall(WatchCall):
    """A call for one watch alone, which may be busy. Where it is read slowly the server is not read from either."""

    def _is_full(self, watch: EtcdWatch) -> None:
        """It gets more once it has read."""

    async def _room(self) -> None:
        for watch in tuple(self._watches.values()):
            await watch.room()
