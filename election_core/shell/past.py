"""What etcd's own history tells of elections: a read of the oldest revision kept, and a watch from there on."""

from __future__ import annotations

import asyncio
import logging

from ..core.directory import Directory
from ..core.model import KeyPut, Snapshot, Transition
from ..core.names import text_to_name
from ..core.past import Past
from ..core.survey import Survey
from ..errors import Compacted, Unavailable
from ..store import KeyRange, Read, Store, WatchStream
from .reading import KEY_PAGES, CandidateReads, leisurely, pages, parts_of, slices, values_in

__all__ = ["read_past"]

_CAUGHT_UP = 2
"""Notices that all was sent up to the end; older servers send the first of them ahead of events, see `Feed`."""
_MOST_BYTES = 64 << 20
"""Of values; nobody keeps them but for a moment, and a value may have a megabyte and a half."""
_TRIES = 3
_SLICE = 200

_log = logging.getLogger("election_core.feed")


async def read_past(store: Store, prefix: str, since: int, most: int, within: float) -> Past:
    """See `Client.past`."""
    keys = KeyRange.prefix(text_to_name(prefix))
    now = (await store.read(Read(keys, limit=1, keys_only=True))).revision
    begin = max(since, now - most, 1)
    if not prefix or begin >= now or since > now:
        return Past(now, now, {}, (), now)
    directory = Directory(prefix)
    reads = CandidateReads(store, keys, directory, lambda seen, found: None)
    told: list[Transition] = []
    deadline = asyncio.get_running_loop().time() + within
    for _ in range(_TRIES):
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    snapshot = await _lines_at(store, keys, directory, begin)
            except TimeoutError:
                break
            async with store.watch((keys,), start_revision=begin + 1, wide=True) as stream:
                directory.reset(snapshot)
                leaders = {name: state.leader for name, state in directory.elections.items()}
                until = begin
                try:
                    async with asyncio.timeout_at(deadline):
                        until = await _follow(stream, reads, directory, told, now)
                except TimeoutError:
                    until = max(directory.revision, begin)
                return Past(now, begin, leaders, tuple(told), until)
        except Compacted as exc:
            if told:
                break
            begin = max(await _oldest(store, keys, begin, exc), begin)
            if begin >= now:
                break
    return Past(now, now, {}, (), now)


async def _lines_at(store: Store, keys: KeyRange, directory: Directory, revision: int) -> Snapshot:
    survey = Survey(directory.occupied, directory.lines)
    async for page in pages(store, keys, KEY_PAGES[0], revision):
        await leisurely(slices(survey.show, page.candidates))
    return await values_in(store, parts_of(keys, survey.ranges()), revision)


async def _oldest(store: Store, keys: KeyRange, begin: int, refused: Compacted) -> int:
    """The oldest revision that can be read; where a read was refused only a watch tells."""
    if refused.compact_revision:
        return refused.compact_revision
    try:
        async with store.watch((keys,), start_revision=begin, wide=True) as stream:
            async for _ in stream:
                break
    except Compacted as exc:
        return exc.compact_revision or begin
    return begin


async def _follow(
    stream: WatchStream, reads: CandidateReads, directory: Directory, told: list[Transition], end: int
) -> int:
    """Apply what comes up to a revision, or until it is too much."""
    heard, size, stream.wants_progress = 0, 0, True
    async for response in stream:
        for number, revision in enumerate(response.revisions, 1):
            if revision.revision > end:
                return end
            told += directory.apply(await reads.complete(revision))
            size += sum(len(event.candidate.value) for event in revision.events if isinstance(event, KeyPut))
            if size > _MOST_BYTES:
                return directory.revision
            if not number % _SLICE:
                await asyncio.sleep(0)
        heard += not response.revisions and response.revision >= end
        if heard >= _CAUGHT_UP or directory.revision == end:
            return end
    raise Unavailable("The watch of etcd's past ended.")
