"""Keeps what a view of elections sees: it finds the file, decides the era, and hands on what comes."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic

from election_core import Candidate, Client, ElectionError, Transition, utc_now

from .backfill import backfill
from .eras import decide, look
from .paths import path_of, raw
from .places import file_of, folder
from .retention import Keep
from .rows import shortened
from .schema import HistoryUnusable, why
from .writer import ROOM, Begin, Change, Found, Message, Saved, Seen, Writer

__all__ = ["Leaders", "Recorder"]

_RETRY = 10.0
"""Seconds after which a file that cannot be opened is tried again."""
_CLOSING = 5.0
"""Seconds that the last writing may take."""
_BEAT = 5.0
"""Seconds between two notes that all is watched, where nothing happens."""
Leaders = Callable[[], Mapping[str, Candidate | None]]
"""Who leads what right now, by name."""

_log = logging.getLogger("electiontui.history")


class Recorder:
    """What it is told comes from one event loop; nothing here blocks that, or raises.

    Attributes:
        trouble: why nothing is kept at present, or empty.
        path: the file, once it is known.
        era: that of what comes now, see `schema`; 0 before it is known.
        ready: set once the file holds what was there before, or cannot be written.
    """

    # The mutable state: the attribute, what is watched, the last era that is over for certain, the stretch that goes on
    # with the time at which it began, what waits until the file is open, and the task that opens it.

    def __init__(self, file: Path | None = None, keep: Keep | None = None, told: Callable[[str], None] | None = None):
        """
        Args:
            file: where to; by default the file of the cluster that answers.
            keep: what is kept at most; ``None`` for what was decided for the file before.
            told: is called with the trouble, on the event loop, when there is another one.
        """
        self.trouble = ""
        self.path = file
        self.era = 0
        self.ready = asyncio.Event()
        self._given, self._keep, self._told = file, keep, told
        self._writer: Writer | None = None
        self._waiting: deque[Message] | None = None
        self._opening: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._rewinds, self._over = 0, 0
        self._prefixes: Sequence[str] = ()
        self._base = ""
        self._leaders: Leaders = dict
        self._revision: Callable[[], int] = int
        self._since: datetime | None = None
        self._until, self._complete = utc_now(), 0
        self._beat = 0.0
        self._has_news = self._has_missed = False

    @property
    def saved(self) -> Saved:
        """What is in the file for good."""
        return Saved() if self._writer is None else self._writer.saved

    def begin(
        self, client: Client, prefixes: Sequence[str], base: str, leaders: Leaders, revision: Callable[[], int]
    ) -> None:
        """From now on all changes below the prefixes come.

        Args:
            client: asks for the cluster and its past.
            prefixes: what is watched.
            base: what names are relative to.
            leaders: who leads now; asked again where something could not be kept.
            revision: up to which all changes are known now.
        """
        self._client, self._prefixes, self._base = client, prefixes, base
        self._leaders, self._revision = leaders, revision
        self._loop = asyncio.get_running_loop()
        self._start()

    def saw(self, transition: Transition) -> None:
        """The next transition."""
        self._check_rewinds()
        self._has_news = True
        self._put(Change(path_of(self._base, transition.election), shortened(transition)))

    def watched(self, until: datetime) -> None:
        """All changes until then have come; call it once per second."""
        self._check_rewinds()
        if self._has_missed and not self._find():
            return
        self._since = self._since or until
        # Later ones may be known before they have come here.
        self._until, self._complete = until, self._revision()
        if self._has_news or monotonic() - self._beat >= _BEAT:
            self._note()

    def _note(self) -> None:
        if self._client is None or self._since is None or self._until < self._since:
            return
        self._has_news, self._beat = False, monotonic()
        for prefix in self._prefixes:
            self._put(Seen(raw(prefix), self._since, self._until, self._complete))

    def lost(self) -> None:
        """Nobody knows what happens from now on."""
        self._note()
        self._since = None

    async def close(self) -> None:
        """Write what waits, in at most 5 seconds. What is lost by then was never shown as saved."""
        self.lost()
        await self._stop_opening()
        is_written = not any(isinstance(message, Change) for message in self._waiting or ())
        if self._writer is not None:
            is_written &= await asyncio.to_thread(self._writer.close, _CLOSING)
        if not is_written:
            self.trouble = self.trouble or f"not all could be written to {self.path or 'the history'} in time"

    def _start(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
        self._waiting = deque()
        assert self._client is not None
        if self._client.rewinds != self._rewinds:
            self._rewinds, self._over = self._client.rewinds, self.era
        self._find()
        self._opening = asyncio.get_running_loop().create_task(self._open(self._client), name="history")
        self._opening.add_done_callback(self._opened)

    def _check_rewinds(self) -> None:
        if self._client is not None and self._client.rewinds != self._rewinds:
            self._start()

    def _find(self) -> bool:
        """Note who leads now; whether there was room."""
        leaders, revision = self._leaders(), self._revision()
        by_path = {path_of(self._base, name): leader for name, leader in leaders.items()}
        self._has_missed, self._has_news, self._since = False, True, utc_now()
        self._put(Found([raw(prefix) for prefix in self._prefixes], by_path, revision, self._since))
        return not self._has_missed

    def _put(self, message: Message) -> None:
        if self._has_missed:
            return
        if self._waiting is not None:
            is_kept = len(self._waiting) < ROOM
            if is_kept:
                self._waiting.append(message)
        else:
            is_kept = self._writer is not None and self._writer.put(message)
        if not is_kept:
            self._has_missed, self._since = True, None

    async def _open(self, client: Client) -> None:
        path, tries = self._given or folder(), 0
        while True:
            tries += 1
            try:
                path = self._given or file_of(_cluster_of(client))
                self.path = path
                prefixes = [raw(prefix) for prefix in self._prefixes]
                known = await asyncio.to_thread(look, path, prefixes, client.endpoints, utc_now())
                kept = known.kept if known.era > self._over else ()
                revision, past = await backfill(client, self._prefixes, kept)
                era = await asyncio.to_thread(decide, path, known, client.cluster_id, revision, over=self._over)
                if era != known.era and any(kept):
                    # Of this one the file knows nothing.
                    _, past = await backfill(client, self._prefixes, ())
            except (HistoryUnusable, sqlite3.Error, OSError) as exc:
                self._say(why(path, exc))
            except ElectionError as exc:
                _log.info("etcd's past cannot be read yet: %s", exc)
                if tries > 1:
                    self._say(f"what comes waits until etcd's past can be read: {exc}")
            else:
                break
            await asyncio.sleep(_RETRY)
        await self._go_on(path, era, past)

    def _opened(self, opening: asyncio.Task[None]) -> None:
        if not opening.cancelled() and (defect := opening.exception()) is not None:
            self._say(f"a defect keeps the history from being opened, please report it: {defect!r}")

    async def _go_on(self, path: Path, era: int, past: Sequence[Message]) -> None:
        if self._writer is not None and self._writer.path != path:
            await asyncio.to_thread(self._writer.close, _CLOSING)
            self._writer = None
        is_new = self._writer is None
        writer = self._writer = self._writer or Writer(path, self._keep, self._tell_from_thread)
        self.era = era
        waiting, self._waiting = self._waiting or (), None
        for message in (Begin(era), *past, *waiting):
            self._put(message)
        if is_new:
            writer.start()
        else:
            self._say(writer.trouble)

    async def _stop_opening(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)

    def _tell_from_thread(self, trouble: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._say, trouble)

    def _say(self, trouble: str) -> None:
        self.ready.set()
        if trouble != self.trouble:
            self.trouble = trouble
            if self._told is not None:
                self._told(trouble)


def _cluster_of(client: Client) -> int:
    if not client.cluster_id:
        raise HistoryUnusable("etcd's cluster id is not known, as behind some proxies; give a file with --history.")
    return client.cluster_id
