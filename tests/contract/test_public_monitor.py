"""`Monitor`: every election under a prefix, whoever writes its candidates."""

from __future__ import annotations

import pytest

from election_core import ElectionState, InvalidConfig, Monitor, Transition
from election_core.store import Put

from .world import World, soon, take, until


def monitor_of(world: World) -> Monitor:
    """A monitor of everything that the test writes."""
    return world.another_client().monitor(f"election/{world.name}/")


async def test_its_elections_are_there_at_once(world: World) -> None:
    campaign = await soon(world.client.election(f"{world.name}/a").campaign("host"))
    async with monitor_of(world) as monitor:
        assert dict.fromkeys(monitor.elections) == {"a": None}
        state = monitor.elections["a"]
        assert isinstance(state, ElectionState)
        assert state.leader is not None
        assert (state.leader.key, state.leader.value) == (campaign.key, b"host")


async def test_the_default_prefix_is_that_of_elections(world: World) -> None:
    await world.leading("host")
    async with world.client.monitor() as monitor:
        assert monitor.prefix == "election/"
        leader = monitor.elections[world.name].leader
        assert leader is not None
        assert leader.value == b"host"


async def test_its_elections_are_always_current(world: World) -> None:
    monitor = await monitor_of(world)
    elections = monitor.elections
    assert len(elections) == 0
    first = await soon(world.client.election(f"{world.name}/a").campaign("1"))
    await take(monitor, 1)
    second = world.client.election(f"{world.name}/a").campaign("2")
    third = await soon(world.client.election(f"{world.name}/b/c").campaign("3"))
    await take(monitor, 1)
    assert sorted(elections) == ["a", "b/c"]
    await until(lambda: len(elections["a"].queue) == 2, "the second one is seen")
    assert [each.key for each in elections["a"].queue] == [first.key, second.key]
    await first.resign()
    await take(monitor, 1)
    assert [each.key for each in elections["a"].queue] == [second.key]
    assert elections["b/c"].leader is not None
    assert elections["b/c"].leader.key == third.key
    assert monitor.elections is elections


async def test_strays_where_nobody_campaigns_are_known_and_no_elections(world: World) -> None:
    first, second = (f"election/{world.name}/{name}/694d9af0b1c2d3e4".encode() for name in ("first", "second"))
    await world.raw.do(Put(first, b"by hand", 0))
    async with monitor_of(world) as monitor:
        await world.raw.do(Put(second, b"by hand", 0))
        await until(lambda: sorted(monitor.strays) == ["first", "second"], "both are seen")
        assert [(each.key, each.value) for each in monitor.strays["second"].queue] == [(second, b"")]
        assert dict(monitor.elections) == {}
        assert [(each.kind, each.election) for each in monitor.oddities()] == [("stray", "first"), ("stray", "second")]
        waiting = world.client.election(f"{world.name}/first").campaign("host")
        await until(lambda: len(monitor.elections.get("first", ())) == 2, "somebody waits behind it")
        assert list(monitor.strays) == ["second"]
        assert monitor.take_changed() == {"first", "second"}
        for key in (first, second):
            await world.delete(key)
        await soon(waiting.wait())
        await until(lambda: not monitor.strays, "both have gone")
        assert monitor.take_changed() == {"first", "second"}
        await waiting.resign()


async def test_its_elections_are_read_only(world: World) -> None:
    async with monitor_of(world) as monitor:
        with pytest.raises(TypeError):
            monitor.elections["a"] = ElectionState("a")  # type: ignore[index]


async def test_a_vacant_election_stays_and_says_so(world: World) -> None:
    changes: list[object] = []
    async with monitor_of(world) as monitor:
        monitor.on("change", changes.append)
        async with world.client.election(f"{world.name}/a").campaign("1"):
            pass
        elected, vacated = await take(monitor, 2)
        assert monitor.elections["a"].leader is None
        assert (elected.election, elected.kind, elected.gap) == ("a", "elected", False)
        assert (vacated.election, vacated.after, vacated.before) == ("a", None, elected.after)
    assert changes == [elected, vacated]


@pytest.mark.parametrize("suffix", ["{:x}", "{:d}"])
async def test_it_recognises_candidates_of_other_clients(world: World, suffix: str) -> None:
    """Go's client and etcdctl write the lease in hex, Node's in decimal."""
    lease_id = await world.raw.lease()
    key = world.raw.key("foreign/" + suffix.format(lease_id))
    async with monitor_of(world) as monitor:
        await world.raw.do(Put(key, b"theirs", lease_id))
        (transition,) = await take(monitor, 1)
        assert (transition.election, transition.kind) == ("foreign", "elected")
    async with monitor_of(world) as monitor:
        leader = monitor.elections["foreign"].leader
        assert leader is not None
        assert (leader.key, leader.value) == (key, b"theirs")
    await world.raw.store.revoke(lease_id)


@pytest.mark.parametrize("suffix", ["{:016x}", "{:X}", "x{:x}", "{:x}0", "name"])
async def test_other_keys_are_no_election(world: World, suffix: str) -> None:
    lease_id = 0xABC
    await world.raw.store.grant(lease_id, 60)
    async with monitor_of(world) as monitor:
        await world.raw.do(Put(world.raw.key("other/" + suffix.format(lease_id)), b"", lease_id))
        await world.write(world.raw.key("other/abc"), b"without a lease")
        await soon(world.client.election(f"{world.name}/real").campaign("1"))
        await take(monitor, 1)
        assert list(monitor.elections) == ["real"]
    await world.raw.store.revoke(lease_id)


async def test_a_stray_key_competes_once_the_election_is_recognised(world: World) -> None:
    """As it does for every client that waits in line."""
    await world.write(world.raw.key("a/stray"), b"stray")
    campaign = world.client.election(f"{world.name}/a").campaign("1")
    await soon(campaign.proclaim("1"))
    async with monitor_of(world) as monitor:
        assert [each.value for each in monitor.elections["a"].queue] == [b"stray", b"1"]


async def test_an_empty_prefix_is_the_whole_key_space(world: World) -> None:
    election = world.client.election(world.name, prefix="")
    async with world.another_client().monitor("") as monitor, election.campaign("1") as campaign:
        while world.name not in monitor.elections:
            await soon(anext(monitor))
        leader = monitor.elections[world.name].leader
        assert leader is not None
        assert leader.key == campaign.key


async def test_a_prefix_in_the_middle_of_a_name(world: World) -> None:
    await soon(world.client.election(f"{world.name}/job-1").campaign("1"))
    await soon(world.client.election(f"{world.name}/other").campaign("2"))
    async with world.client.monitor(f"election/{world.name}/job-") as monitor:
        assert list(monitor.elections) == ["job-1"]


async def test_transitions_of_all_elections_come_in_revision_order(world: World) -> None:
    async with monitor_of(world) as monitor:
        for i in range(5):
            async with world.client.election(f"{world.name}/{i % 2}").campaign(str(i)):
                pass
        transitions = await take(monitor, 10)
    revisions = [each.revision for each in transitions]
    assert revisions == sorted(set(revisions))
    assert [each.election for each in transitions] == ["0", "0", "1", "1", "0", "0", "1", "1", "0", "0"]


async def test_what_is_unread_can_be_taken_without_waiting(world: World) -> None:
    async with monitor_of(world) as monitor:
        assert monitor.take_unread() == []
        for value in ("1", "2"):
            async with world.client.election(f"{world.name}/a").campaign(value):
                pass
        elected, vacated = await take(monitor, 2)
        rest = list[Transition]()

        def two_more() -> bool:
            rest.extend(monitor.take_unread())
            return len(rest) == 2

        await until(two_more, "the other two are seen")
        assert [each.kind for each in (elected, vacated, *rest)] == ["elected", "vacated"] * 2
        assert [each.revision for each in rest] == sorted({each.revision for each in rest})
        assert monitor.take_unread() == []
    assert monitor.take_unread() == []


async def test_elections_of_one_lease_end_in_one_revision(world: World) -> None:
    lease_id = await world.raw.lease()
    async with monitor_of(world) as monitor:
        for name in ("a", "b"):
            await world.raw.do(Put(world.raw.key(f"{name}/{lease_id:x}"), b"", lease_id))
        await world.raw.store.revoke(lease_id)
        transitions = await take(monitor, 4)
    assert transitions[2].revision == transitions[3].revision
    assert {each.election for each in transitions[2:]} == {"a", "b"}


async def test_its_staleness_is_small_while_etcd_answers(world: World) -> None:
    async with monitor_of(world) as monitor:
        assert 0 <= monitor.staleness < 2


async def test_it_ends_by_cancel_and_by_its_block(world: World) -> None:
    async with monitor_of(world) as monitor:
        pass
    assert monitor.closed
    assert [each async for each in monitor] == []
    monitor = await monitor_of(world)
    await monitor.cancel()
    assert monitor.closed


async def test_a_prefix_is_text(world: World) -> None:
    with pytest.raises(InvalidConfig, match="prefix"):
        world.client.monitor(b"election/")  # type: ignore[arg-type]
