"""A thousand changes a second for recorders, and etcd's own log of them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from election_core.core.model import KeyPut
from election_core.store import Delete, Guard, KeyRange, Put, Txn
from electiontui.embedded import EmbeddedEtcd

from .contract.key_space import etcd_store

__all__ = ["Kept", "Log", "changing", "etcds_log"]

_ELECTIONS, _PER_TXN = 40, 8
Log = dict[tuple[bytes, int], tuple[int | None, bytes | None]]
"""Election and revision → create revision and value of the leader from then on, or ``None``."""


@asynccontextmanager
async def changing(etcd: EmbeddedEtcd, prefix: str, pause: float = 0.008) -> AsyncIterator[None]:
    """Leaders come and go while it is entered, several in one revision."""
    store = etcd_store(etcd)
    lease_id = 0x694D7F0000000000 + abs(hash(prefix)) % (1 << 30)
    await store.grant(lease_id, 600)
    keys = [f"{prefix}job-{number}/{lease_id:x}".encode() for number in range(_ELECTIONS)]
    never = Guard(prefix.encode() + b"never", 0)

    async def change() -> None:
        turn = 0
        while True:
            for first in range(0, _ELECTIONS, _PER_TXN):
                some = keys[first : first + _PER_TXN]
                value = b"host-%d" % (turn % 3)
                await store.txn(Txn(never, tuple(Put(key, value, lease_id) for key in some)))
                await store.txn(Txn(never, tuple(Delete(key) for key in some)))
                await asyncio.sleep(pause)
            turn += 1

    changes = asyncio.create_task(change())
    try:
        yield
    finally:
        changes.cancel()
        await asyncio.gather(changes, return_exceptions=True)
        await store.revoke(lease_id)
        await store.close()


async def etcds_log(etcd: EmbeddedEtcd, prefix: str, since: int, until: int) -> Log:
    """Every change in ``(since, until]``, from the events alone: here each election has one candidate at a time."""
    store = etcd_store(etcd)
    log: Log = {}
    try:
        # What comes after it has been sent; progress notices may come ahead of events that are still to be sent.
        end = prefix.encode() + b"end"
        await store.txn(Txn(Guard(end + b"less", 0), (Put(end, b"", 0),)))
        keys = KeyRange.prefix(prefix.encode())
        async with asyncio.timeout(60), store.watch((keys,), start_revision=since + 1) as stream:
            async for response in stream:
                for revision in response.revisions:
                    for event in revision.events:
                        led = isinstance(event, KeyPut)
                        if revision.revision <= until:
                            path = event.key.rpartition(b"/")[0]
                            value = event.candidate.value if isinstance(event, KeyPut) else None
                            log[path, revision.revision] = revision.revision if led else None, value
                if response.revisions and response.revisions[-1].revision > until:
                    return log
    finally:
        await store.close()
    raise AssertionError("the log has ended")


class Kept:
    """What a file holds."""

    def __init__(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            rows = opened.execute(
                "SELECT path, revision, created, value, how FROM changes JOIN elections ON id = election ORDER BY 2, 1"
            ).fetchall()
            stretches = opened.execute(
                "SELECT max(revision), count(*), max(era), max(since), max(until) FROM watched"
            ).fetchone()
        self.exact: Log = {
            (path, revision): (created, value) for path, revision, created, value, how in rows if not how & 1
        }
        self.rows = len(rows)
        self.revision, self.stretches, self.eras = stretches[0] or 0, stretches[1], stretches[2]
        self.since, self.until = stretches[3:]

    def up_to(self, revision: int) -> Log:
        return {key: value for key, value in self.exact.items() if key[1] <= revision}
