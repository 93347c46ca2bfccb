"""`Client`: how it is made, when it connects, what it hands out, and how it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from election_core import (
    TLS,
    CampaignClosed,
    CampaignState,
    Client,
    Election,
    ElectionError,
    InvalidConfig,
    Monitor,
    Session,
    Unavailable,
)

from .world import Heard, World, soon, told, until


@pytest.mark.parametrize(
    ("form", "others"),
    [
        ("{}", 0),
        ("http://{}", 0),
        ("{},http://127.0.0.1:1", 1),
        (" {} , ", 0),
        (["{}"], 0),
        (["{}", "http://127.0.0.1:1/"], 1),
        (["{},127.0.0.1:1", "localhost:1", "{}"], 2),
    ],
)
async def test_takes_endpoints_in_every_form(etcd_world: World, form: str | list[str], others: int) -> None:
    (endpoint,) = etcd_world.raw.store.endpoints
    endpoints = form.format(endpoint) if isinstance(form, str) else [each.format(endpoint) for each in form]
    async with Client(endpoints) as client:
        assert client.endpoints == (endpoint, "127.0.0.1:1", "localhost:1")[: others + 1]
        assert await soon(client.election(etcd_world.name).leader()) is None


@pytest.mark.parametrize(
    "endpoints",
    ["", [], ",", "host", "host:", ":2379", "h:0", "h:65536", "h:x", "ftp://h:1", "h:1/path", "a b:1", "::1:1"],
)
def test_malformed_endpoints_are_refused_at_construction(endpoints: str | list[str]) -> None:
    with pytest.raises(ValueError, match="endpoint") as caught:
        Client(endpoints)
    assert isinstance(caught.value, InvalidConfig)


def test_malformed_arguments_are_refused_at_construction() -> None:
    with pytest.raises(ValueError, match="username"):
        Client("h:1", password="secret")
    with pytest.raises(ValueError, match="timeout"):
        Client("h:1", timeout=0)
    with pytest.raises(ValueError, match="key"):
        Client("h:1", tls=TLS(cert="cert.pem"))


async def test_connects_when_first_used() -> None:
    """Nobody listens there, and nothing minds until something is asked for."""
    async with Client("127.0.0.1:1", timeout=0.3) as client:
        election = client.election("job")
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
            await election.leader()


def test_is_made_without_an_event_loop() -> None:
    assert Client(["127.0.0.1:1"]).election("job").name == "job"


async def test_a_campaign_without_an_etcd_fails_in_time() -> None:
    async with Client("127.0.0.1:1", timeout=0.3) as client:
        campaign = client.election("job").campaign("a")
        heard = Heard(campaign)
        with pytest.raises(Unavailable) as caught:
            await soon(campaign.wait())
        assert heard.told == [told(caught.value)]
        assert campaign.state is CampaignState.FAILED
        assert (caught.value.election, caught.value.key) == ("job", campaign.key)


def test_elections_have_the_documented_defaults() -> None:
    client = Client("127.0.0.1:1")
    election = client.election("singleton-job")
    assert isinstance(election, Election)
    assert (election.name, election.ttl, election.prefix, Election.prefix) == ("singleton-job", 60, *["election"] * 2)
    other = client.election("a/b", ttl=7, prefix="jobs")
    assert (other.name, other.ttl, other.prefix, other.root) == ("a/b", 7, "jobs", b"jobs/a/b/")
    assert isinstance(client.session(30), Session)
    assert isinstance(client.monitor(), Monitor)
    assert client.monitor().prefix == "election/"


async def test_leaving_it_ends_everything_that_was_begun_on_it(world: World) -> None:
    async with world.another_client() as client:
        election = client.election(world.name)
        leader, waiter = await soon(election.campaign("leader")), election.campaign("waiter")
        observer, monitor = await soon(election.observe()), await soon(client.monitor(f"election/{world.name}/"))
        session = await client.session().__aenter__()
        shared = client.election(f"{world.name}/shared").campaign("shared", session=session)
        await soon(shared.wait())
        heard = Heard(leader), Heard(waiter), Heard(shared)
    assert [each.state for each in (leader, waiter, shared)] == [CampaignState.RESIGNED] * 3
    assert [each.kinds for each in heard] == [["elected"], [], ["elected"]]
    assert observer.closed
    assert monitor.closed
    assert not session.is_alive
    for lease_id in (leader.lease_id, waiter.lease_id, session.lease_id):
        assert await world.client.lease(lease_id) is None
    assert await world.raw.names() == []


async def test_can_be_closed_twice(world: World) -> None:
    await world.client.close()
    await world.client.close()
    async with world.another_client() as client:
        await client.close()


async def test_leaving_it_by_an_exception_keeps_the_exception(world: World) -> None:
    async def use() -> None:
        async with world.another_client() as client:
            await soon(client.election(world.name).campaign("a"))
            raise KeyError("mine")

    with pytest.raises(KeyError):
        await use()
    assert await world.values() == []


_USES: dict[str, Callable[[Client, Election], Awaitable[object]]] = {
    "leader": lambda client, election: election.leader(),
    "candidates": lambda client, election: election.candidates(),
    "campaign": lambda client, election: election.campaign("a").wait(),
    "observe": lambda client, election: election.observe().__aenter__(),
    "monitor": lambda client, election: client.monitor().__aenter__(),
    "session": lambda client, election: client.session().__aenter__(),
    "lease": lambda client, election: client.lease(1),
}


@pytest.mark.parametrize("use", _USES)
async def test_use_after_its_end_is_refused(world: World, use: str) -> None:
    """And leaves nothing running, which the fixture looks after."""
    client = world.another_client()
    election = client.election(world.name)
    await election.leader()
    await client.close()
    with pytest.raises(ElectionError):
        await soon(_USES[use](client, election))


async def test_a_campaign_begun_while_it_ends_leaves_nothing_behind(world: World) -> None:
    """As by a listener that campaigns whenever nobody leads."""
    client = world.another_client()
    election = client.election(world.name)
    observer = await soon(election.observe())
    await soon(election.campaign("a"))
    await until(lambda: observer.has_leader, "it sees the leader")
    refused: list[str | None] = []

    def campaign_again(value: str | None) -> None:
        with pytest.raises(CampaignClosed):
            election.campaign("again")
        refused.append(value)

    observer.on("change", campaign_again)
    await client.close()
    assert await world.raw.names() == []
    assert refused in ([], [None])


async def test_asks_for_leases_and_members(world: World) -> None:
    campaign = await world.leading()
    info = await world.client.lease(campaign.lease_id)
    assert info is not None
    assert (info.lease_id, info.granted_ttl) == (campaign.lease_id, 60)
    (member,) = await world.client.status()
    assert member.reachable
    assert member.is_raft_leader
    assert member.endpoint == world.client.endpoints[0]
