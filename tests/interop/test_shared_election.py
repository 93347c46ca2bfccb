"""``etcdctl elect``, Node's etcd3 and our campaigns are candidates of one election, and observers agree about it."""

from __future__ import annotations

from itertools import permutations

import pytest

from .shared_election import SharedElection

KINDS = ("etcdctl", "node", "ours")
ORDERS = [pytest.param(order, id="-".join(order)) for order in permutations(KINDS)]
ROTATIONS = [pytest.param(KINDS[turn:] + KINDS[:turn], id=KINDS[turn]) for turn in range(3)]


@pytest.mark.parametrize("order", ORDERS)
async def test_they_lead_in_join_order_and_all_observers_agree(shared: SharedElection, order: tuple[str, ...]) -> None:
    first, second, third = order
    await shared.line_up([(kind, f"{kind}-1") for kind in order])
    await shared.leave(first, f"{first}-1")
    await shared.leads(second, f"{second}-1")
    await shared.join(first, f"{first}-2")  # again, now at the end of the line
    await shared.leave(second, f"{second}-1")
    await shared.leads(third, f"{third}-1")
    await shared.leave(third, f"{third}-1")
    await shared.leads(first, f"{first}-2")
    await shared.leave(first, f"{first}-2")
    await shared.agreed(None)
    for watcher in shared.ours:
        revisions = [transition.revision for transition in watcher.transitions]
        assert revisions == sorted(revisions)
        assert not any(transition.gap for transition in watcher.transitions)


@pytest.mark.parametrize("order", ROTATIONS)
async def test_one_in_the_middle_that_leaves_makes_nobody_leader(
    shared: SharedElection, order: tuple[str, ...]
) -> None:
    first, middle, last = order
    await shared.line_up([(kind, kind) for kind in order])
    await shared.leave(middle, middle)
    await shared.join(middle, f"{middle}-again")
    assert await shared.client.election(shared.name).leader() == first
    assert shared.we_lead is (first == "ours")
    await shared.leave(first, first)
    await shared.leads(last, last)  # and no observer has reported anything in between
    await shared.leave(last, last)
    await shared.leads(middle, f"{middle}-again")


@pytest.mark.parametrize("order", ROTATIONS)
async def test_what_each_proclaims_is_seen_by_all(shared: SharedElection, order: tuple[str, ...]) -> None:
    await shared.line_up([(kind, kind) for kind in order])
    for kind in order:
        if kind != order[0]:
            await shared.leads(kind, kind)
        for value in (f"{kind}-is-up", f"{kind}-größe-2"):
            await shared.proclaim(kind, value)
            await shared.agreed(value)
            assert await shared.client.election(shared.name).leader() == value
        await shared.leave(kind, f"{kind}-größe-2")
    await shared.agreed(None)
    kinds = [transition.kind for transition in shared.ours[0].transitions]
    assert kinds == ["elected", *["proclaimed"] * 2, *["succeeded", *["proclaimed"] * 2] * 2, "vacated"]


@pytest.mark.parametrize("prefix", ["election/", ""])
async def test_the_monitor_recognises_all_three(shared: SharedElection, prefix: str) -> None:
    await shared.line_up([(kind, kind) for kind in KINDS])
    async with shared.client.monitor(prefix) as monitor:
        state = monitor.elections[shared.name if prefix else shared.root]
        assert [candidate.value.decode() for candidate in state.queue] == list(KINDS)
        suffixes = [candidate.key.decode().removeprefix(f"{shared.root}/") for candidate in state.queue]
        assert suffixes == [f"{c.lease_id:x}" if c.value != b"node" else str(c.lease_id) for c in state.queue]
        candidates = await shared.client.election(shared.name).candidates()
    assert list(state.queue) == candidates
