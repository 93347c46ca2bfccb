"""Follows one candidate's place in line on a watch, from its joining to its end.

A watch is opened live, and the place is read once more where the watch is newer than what is known: from then on
every event arrives as it happens, and none is missed. A watch that starts in the past would wait for etcd's
catch-up loop, which runs every 100 ms. So a watch that breaks needs no history either: compaction cannot hurt it.

The first in line watches the deletes of the whole election. In that one ordered stream, the leader's delete without
its own one before it proves that this candidate leads. Everybody else watches the key ahead and its own, so a
leader's going wakes one candidate and not all of them. Events may get lost in a server, so the place is also looked at
again from time to time, together with others of the same client.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing

from ..backoff import Backoff
from ..clock import Clock, sleep
from ..core.log_fields import log_fields
from ..core.model import Candidate
from ..core.place import Place
from ..errors import Compacted, Unavailable
from ..store import KeyRange, WatchStream
from .recipe import Recipe
from .rereads import Rereads

__all__ = ["watch_place"]

_log = logging.getLogger("election_core.campaign")


async def watch_place(
    recipe: Recipe, own: Candidate, place: Place | None, clock: Clock, rereads: Rereads, *, reread_every: float
) -> AsyncGenerator[Place]:
    """Yield each new place, with other neighbours or another value of its key than before.

    Args:
        recipe: the election.
        own: the candidate, whose key is written.
        place: where the candidate stands, which is not repeated; ``None`` to read it first.
        clock: what pauses are counted on.
        rereads: what has the place read again although nothing happened.
        reread_every: seconds after which it does.

    Raises:
        LeadershipLost: its key is gone.
        AuthenticationFailed: it may not be watched or read.
    """
    backoff = Backoff()
    while True:
        try:
            if place is None:
                place = await recipe.place(own)
                yield place
            async with (
                _watch(recipe, place) as stream,
                aclosing(_listen(recipe, place, stream, rereads, reread_every)) as places,
            ):
                async for news in places:
                    backoff.reset()
                    known, place = place, news
                    moved = not news.has_same_neighbours(known)
                    if moved or news.own != known.own:
                        yield news
                        # Whoever waits for the news goes first, before another watch is opened.
                        await asyncio.sleep(0)
                    if moved:
                        break
        except Unavailable as exc:
            if isinstance(exc, Compacted):
                place = None
            _log.info("election %r: %s", recipe.name, exc, extra=log_fields(recipe.name, own.key))
            await sleep(clock, backoff.pause())


def _watch(recipe: Recipe, place: Place) -> AbstractAsyncContextManager[WatchStream]:
    own = KeyRange(place.own.key)
    if place.ahead is None:
        return recipe.store.watch((own,))
    if place.ahead_leads:
        return recipe.store.watch((KeyRange.prefix(recipe.root),), deletes_only=True)
    return recipe.store.watch((KeyRange(place.ahead.key), own), deletes_only=True)


async def _listen(
    recipe: Recipe, place: Place, stream: WatchStream, rereads: Rereads, reread_every: float
) -> AsyncGenerator[Place]:
    """The place after each event, as long as the stream shows what matters for it."""
    # An older one is of a member that lags behind, or of an etcd that was restored meanwhile.
    if stream.revision != place.revision:
        place = await recipe.place(place.own)
        yield place
    reread = rereads.begin(recipe, place, reread_every, stream.wake)
    try:
        async for response in stream:
            for revision in response.revisions:
                reread.place = place = place.after(revision) or await recipe.place(place.own)
                yield place
            if reread.is_due:
                reread.is_due = False
                reread.place = place = await recipe.place(place.own)
                yield place
    finally:
        reread.end()
