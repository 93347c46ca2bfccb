"""A store in memory and a clock by hand: test a program on election_core without etcd and without waiting.

`MemoryStore` keeps etcd's rules: revisions, guarded transactions, leases, watches, compaction; the same tests run on
it and on real servers. It breaks on demand: leases expire, history is compacted, the link is cut, replies, events and
streams get lost. On a `ManualClock` an hour takes no time::

    async def test_a_cut_off_leader_stops_before_its_successor_starts():
        clock = ManualClock()
        store = MemoryStore(clock=clock)
        async with Client.over(store, clock) as first, Client.over(store.another(), clock) as second:
            old = await first.election("job").campaign("host-a").wait()
            new = second.election("job").campaign("host-b")
            await clock.elapse(3600)
            assert old.is_leader

            store.partition()
            await clock.elapse(59)
            assert not old.is_leader and not new.is_leader
            await clock.elapse(1)
            assert new.is_leader
            store.heal()  # or leaving the first client would wait for a clock that stands still
"""

from .clock import ManualClock
from .store import MemoryStore

__all__ = ["ManualClock", "MemoryStore"]
