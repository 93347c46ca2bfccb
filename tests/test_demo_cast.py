"""What the demo's candidates plan and do, without the terminal around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from random import Random

import pytest

from election_core import Client, Election
from electiontui.demo import players
from electiontui.demo.tempers import CAST, Temper, cast_by_host, hosts, plan_term
from electiontui.embedded import EmbeddedEtcd

from .faults.clients import eventually
from .servers import Etcdctl


@pytest.mark.parametrize("temper", sorted(set(CAST.values()), key=repr), ids=repr)
def test_a_term_is_what_its_temper_allows(temper: Temper) -> None:
    crashes = []
    for seed in range(200):
        term = plan_term(temper, Random(seed))
        crashes.append(term.crashes)
        assert temper.hold[0] - 1e-6 <= sum(term.proclaims) + term.rest <= temper.hold[1]
        assert temper.away[0] <= term.away <= temper.away[1]
        assert term.rest >= 0
        if temper.proclaims is None:
            assert term.proclaims == ()
        else:
            assert all(temper.proclaims[0] <= pause <= temper.proclaims[1] for pause in term.proclaims)
    assert sum(crashes) / len(crashes) == pytest.approx(temper.crashes, abs=0.1)


def test_the_same_seed_plans_the_same_terms() -> None:
    for temper in CAST.values():
        assert plan_term(temper, Random("7 a")) == plan_term(temper, Random("7 a"))


@asynccontextmanager
async def playing(
    etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, name: str, temper: Temper
) -> AsyncIterator[Election]:
    """The players with one election of such a temper in their cast."""
    monkeypatch.setattr(players, "CAST", {name: temper})
    async with Client(etcd.endpoint) as client:
        play = asyncio.create_task(players.play(etcd.endpoint, 1))
        try:
            yield client.election(name)
        finally:
            play.cancel()
            with pytest.raises(asyncio.CancelledError):
                await play


async def test_they_lead_in_turns_proclaim_and_resign(
    etcd: EmbeddedEtcd, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    temper = Temper(candidates=2, hold=(0.1, 0.2), away=(0, 0.05), proclaims=(0.02, 0.04))
    first, second = hosts(name, temper)
    led: set[str] = set()
    async with playing(etcd, monkeypatch, name, temper) as election, election.observe() as observer:
        async with asyncio.timeout(20):
            async for change in observer:
                led |= {change.after.value.decode()} if change.after is not None else set()
                if {first, second, f"{first} batch 1", f"{second} batch 1"} <= led:
                    break
    assert {value.partition(" ")[0] for value in led} == {first, second}


async def test_who_crashes_leaves_its_key_and_waits_behind_it(
    etcd: EmbeddedEtcd, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    temper = Temper(candidates=1, hold=(0, 0.1), away=(0, 0.05), crashes=1.0)
    async with playing(etcd, monkeypatch, name, temper) as election:

        async def are_two() -> bool:
            return [each.value.decode() for each in await election.candidates()] == 2 * hosts(name, temper)

        await eventually(are_two, "the same one twice in line", seconds=4)  # less than the first one's lease


async def test_who_is_evicted_says_so_and_campaigns_again(
    etcd: EmbeddedEtcd, etcdctl: Etcdctl, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    temper = Temper(candidates=1, hold=(100, 200), away=(0, 0.05), proclaims=(0.05, 0.1))
    async with playing(etcd, monkeypatch, name, temper) as election:
        tokens: set[int] = set()

        async def has_led(terms: int) -> bool:
            tokens.update(each.create_revision for each in await election.candidates())
            return len(tokens) == terms

        await eventually(partial(has_led, 1), "it leads")
        await asyncio.to_thread(etcdctl.run, "del", "--prefix", f"election/{name}/")
        await eventually(partial(has_led, 2), "it leads again")
    (value,) = hosts(name, temper)
    assert f"{name} {value}: " in capsys.readouterr().err


def test_one_host_leads_much_and_none_is_twice_in_a_line() -> None:
    first = [hosts(name, temper)[0] for name, temper in CAST.items()]
    assert first.count("node-01") >= 5
    for name, temper in CAST.items():
        assert len(set(hosts(name, temper))) == temper.candidates
    by_host = cast_by_host(CAST)
    assert sum(map(len, by_host.values())) == sum(temper.candidates for temper in CAST.values())


async def test_a_host_goes_with_all_its_candidates_and_comes_back(
    etcd: EmbeddedEtcd, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "UP", (1.5, 1.5))
    monkeypatch.setattr(players, "DOWN", (0.0, 0.0))
    async with playing(etcd, monkeypatch, name, Temper(candidates=1, hold=(600, 600), away=(0, 0))) as election:

        async def has_crashed() -> bool:
            line = await election.candidates()
            return len(line) > 1 and {each.value for each in line} == {b"node-01"}

        await eventually(has_crashed, "it has come back behind the key that it left")
