"""Reads what a feed needs: the keys first, by pages of one revision, and the values of candidates alone.

Where history is compacted between two pages everything is read again, by larger pages each time, at last by one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from ..clock import utc_now
from ..core.check import Check
from ..core.directory import Directory
from ..core.model import Candidate, Revision, Snapshot
from ..core.names import range_end_of
from ..core.survey import Survey
from ..errors import Compacted, Restored, Unavailable
from ..store import KeyRange, Read, Store
from .tasks import together

__all__ = ["CandidateReads", "Doubts", "LineReads", "Reads", "leisurely", "pages", "parts_of", "slices", "values_in"]

KEY_PAGES = (10_000, 40_000, 160_000)
"""Keys in a message, more each time that history was compacted between two."""
_ALL = 1 << 40
_MOST_AT_ONCE = 200_000
"""Keys of which all may be read in one message, values included, where nothing else helps."""
_VALUES = 1 << 20
"""Bytes of values to ask for in a message."""
_FIRST_VALUES, _MOST_VALUES = 500, 4_000
_AT_ONCE = 8
"""Ranges of values that are read at the same time."""
_SLICE = 500
"""Keys that are looked at without a pause, about a millisecond's work."""

_log = logging.getLogger("election_core.feed")

Result = TypeVar("Result")


class Doubts(NamedTuple):
    """Lines that do not look as they are known, as they were read."""

    snapshot: Snapshot
    roots: Collection[bytes] | None
    """The paths of the lines; ``None`` for all there is."""


class Reads(Protocol):
    """What a feed reads. All of it may raise what `Store.read` does."""

    async def everything(self) -> Snapshot:
        """All lines as of one revision."""

    async def complete(self, revision: Revision) -> Revision:
        """A revision with what has to be known to apply it."""

    async def doubts(self) -> Doubts | None:
        """What is to be compared once all events up to it have been applied; ``None`` where all is well."""


class LineReads:
    """Of one election: every key below it stands in line."""

    def __init__(self, store: Store, keys: KeyRange, known: Callable[[], Iterable[Candidate]]) -> None:
        self._store, self._keys, self._known = store, keys, known

    async def everything(self) -> Snapshot:
        return await self._store.read(Read(self._keys))

    async def complete(self, revision: Revision) -> Revision:
        return revision

    async def doubts(self) -> Doubts | None:
        found = await self._store.read(Read(self._keys, keys_only=True))
        if set(found.candidates) == {candidate._replace(value=b"") for candidate in self._known()}:
            return None
        return Doubts(await self._store.read(Read(self._keys)), None)


class CandidateReads:
    """Of whatever candidates there are below a prefix, and of nothing else."""

    def __init__(self, store: Store, keys: KeyRange, directory: Directory, progress: Callable[[int, int], None]):
        """``progress`` is told of the keys seen and the elections found so far, after each page."""
        self._store, self._keys, self._directory, self._progress = store, keys, directory, progress
        self._seen = 0

    async def everything(self) -> Snapshot:
        try:
            return await _by_growing_pages(self._lines)
        except Compacted as exc:
            if self._seen > _MOST_AT_ONCE:
                raise Unavailable(
                    f"etcd compacts its history faster than {self._seen:,} keys can be read; watch a narrower prefix,"
                    f" or compact less often. {exc.message}",
                    endpoint=exc.endpoint,
                ) from exc
        return await self._store.read(Read(self._keys, limit=_ALL))

    async def complete(self, revision: Revision) -> Revision:
        roots = self._directory.unread(revision)
        if not roots:
            return revision
        found = await values_in(self._store, self._ranges_of(roots), revision.revision)
        return revision.with_known(found.candidates)

    async def doubts(self) -> Doubts | None:
        check = await _by_growing_pages(self._check)
        if not check.roots:
            return None
        return Doubts(await values_in(self._store, self._ranges_of(check.roots), 0), check.roots)

    async def _lines(self, size: int) -> Snapshot:
        survey, revision = Survey(self._directory.occupied, self._directory.lines), 0
        async for page in pages(self._store, self._keys, size):
            revision = page.revision
            await leisurely(slices(survey.show, page.candidates))
            self._seen = survey.seen
            self._progress(survey.seen, len(survey.paths))
        lines = await values_in(
            self._store,
            parts_of(self._keys, survey.ranges()),
            revision,
            lambda: self._progress(survey.seen, len(survey.paths)),
        )
        return lines._replace(candidates=(*lines.candidates, *survey.strays()))

    async def _check(self, size: int) -> Check:
        check, revision = Check(self._directory), 0
        async for page in pages(self._store, self._keys, size):
            revision = page.revision
            await leisurely(slices(check.show, page.candidates))
        await leisurely(check.suspects(revision))
        return check

    def _ranges_of(self, roots: Iterable[bytes]) -> list[KeyRange]:
        ranges: list[KeyRange] = []
        lines = sorted(path + b"/" for path in roots)
        for found in parts_of(self._keys, ((line, range_end_of(line)) for line in lines)):
            if not (ranges and found.start < (ranges[-1].end or b"")):
                ranges.append(found)
        return ranges


async def pages(store: Store, keys: KeyRange, size: int, revision: int = 0) -> AsyncIterator[Snapshot]:
    """All keys without their values, by pages of one revision."""
    while True:
        page = await store.read(Read(keys, limit=size, keys_only=True, revision=revision))
        yield page
        if len(page.candidates) < size:
            return
        keys, revision = KeyRange(page.candidates[-1].key + b"\0", keys.end), page.revision


def parts_of(keys: KeyRange, ranges: Iterable[tuple[bytes, bytes]]) -> list[KeyRange]:
    """What of some ranges ``[start, end)`` lies within ``keys``."""
    parts = (keys.within(start, end) for start, end in ranges)
    return [each for each in parts if each is not None]


async def values_in(
    store: Store, ranges: Collection[KeyRange], revision: int, progress: Callable[[], None] = lambda: None
) -> Snapshot:
    """All keys in some ranges, which do not overlap, with their values, as of one revision; 0 for the present one."""
    found: list[Candidate] = []
    rest = list(ranges)
    while rest:
        # Only the first answer tells the present revision.
        now, rest = (rest[:_AT_ONCE], rest[_AT_ONCE:]) if revision else (rest[:1], rest[1:])
        for part in await together(_values(store, keys, revision, progress) for keys in now):
            revision = part.revision
            found += part.candidates
    return Snapshot(revision, tuple(found), utc_now())


async def _values(store: Store, keys: KeyRange, revision: int, progress: Callable[[], None]) -> Snapshot:
    found: list[Candidate] = []
    limit = _FIRST_VALUES
    while True:
        page = await store.read(Read(keys, limit=limit, revision=revision))
        found += page.candidates
        progress()
        if len(page.candidates) < limit:
            return page._replace(candidates=tuple(found))
        keys, revision = KeyRange(found[-1].key + b"\0", keys.end), page.revision
        size = sum(len(each.key) + len(each.value) for each in page.candidates) // limit + 1
        limit = max(1, min(_VALUES // size, 4 * limit, _MOST_VALUES))


async def leisurely(work: Iterable[None]) -> None:
    """Do work in slices, letting others do theirs in between."""
    for _ in work:
        await asyncio.sleep(0)


def slices(take: Callable[[Iterable[Candidate]], None], candidates: tuple[Candidate, ...]) -> Iterator[None]:
    for start in range(0, len(candidates), _SLICE):
        take(candidates[start : start + _SLICE])
        yield


async def _by_growing_pages(read: Callable[[int], Awaitable[Result]]) -> Result:
    for size in KEY_PAGES:
        try:
            return await read(size)
        except Restored:
            raise
        except Compacted as exc:
            _log.debug("read again from the start: %s", exc)
            last = exc
    raise last
