"""Random histories: whatever happens in whatever order, a campaign has one terminal state and there is one leader."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core import Campaign, CampaignState, Client, ElectionError, InvalidConfig, LeadershipLost
from election_core.core.campaign_state import NEXT_STATES
from election_core.store import Delete, Put
from election_core.testing import ManualClock, MemoryStore

from .stage import SlowAnswers, Stage

TTL = 10
TIMEOUT = 3.0
CLIENTS = 3
DELAYS = {"prompt answers": 0.0, "slow answers": 0.4, "very slow answers": 2.9}
TAMPERING = ("revoke", "delete", "move", "lose event")

who = st.integers(0, CLIENTS - 1)
which = st.integers(0, 30)
seconds = st.sampled_from([0.05, 1.0, 2.5, 4.0, 9.5, 12.0])
STEPS = st.one_of(
    st.tuples(st.just("campaign"), who),
    st.tuples(st.just("campaign on the session"), who),
    st.tuples(st.sampled_from(["resign", "abandon", "proclaim", "wait", "wait and cancel"]), which),
    st.tuples(st.sampled_from(TAMPERING), which),
    st.tuples(st.sampled_from(["partition", "heal", "break streams", "refuse watch"]), who),
    st.tuples(st.sampled_from(["drop txn", "drop grant", "drop revoke"]), who),
    st.tuples(st.just("compact"), st.just(0)),
    st.tuples(st.just("rounds"), st.integers(1, 8)),
    st.tuples(st.sampled_from(["slow answers", "very slow answers", "prompt answers"]), who),
    st.tuples(st.sampled_from(["elapse", "block"]), seconds),
)


class Watched:
    """A campaign, and what is known of its past."""

    def __init__(self, world: History, campaign: Campaign) -> None:
        self.campaign = campaign
        self.touched = False
        """Somebody else has done something to its key or lease, which it may not know of yet."""
        self.events: list[str] = []
        self.ended: tuple[CampaignState, list[str]] | None = None
        self.last_state = campaign.state
        self.has_led = self.has_ceased = False
        self._world = world
        campaign.on("elected", self._elected)
        campaign.on("error", self._failed)

    def _elected(self) -> None:
        self.events.append("elected")
        assert self.ended is None, "it was elected after its end"
        assert self.campaign.is_leader
        assert not self._world.others_that_lead(self)
        if not self.touched:
            oldest = self._world.stage.oldest()
            assert (oldest.key, oldest.create_revision) == (self.campaign.key, self.campaign.fencing_token)

    def _failed(self, error: ElectionError) -> None:
        self.events.append("error")
        assert not self.campaign.is_leader
        assert (error.election, error.key) == ("job", self.campaign.key)

    async def wait(self) -> None:
        """Whoever is told of a loss finds the campaign at its end."""
        try:
            await self.campaign.wait()
        except LeadershipLost:
            assert self.campaign.state.is_terminal
            assert not self.campaign.is_leader
        except ElectionError:
            assert self.campaign.state.is_terminal

    def check(self) -> None:
        self.has_ceased = self.has_ceased or (self.has_led and not self.campaign.is_leader)
        self.has_led = self.has_led or self.campaign.is_leader
        assert not (self.has_ceased and self.campaign.is_leader), "it leads again"
        state = self.campaign.state
        if state is not self.last_state:
            reachable = NEXT_STATES[self.last_state] | {
                after for between in NEXT_STATES[self.last_state] for after in NEXT_STATES[between]
            }
            assert state in reachable
            self.last_state = state
        assert self.events in ([], ["elected"], ["error"], ["elected", "error"])
        assert not (self.campaign.is_leader and state is not CampaignState.LEADING)
        if not state.is_terminal:
            assert "error" not in self.events
            return
        assert not self.campaign.is_leader
        assert ("error" in self.events) == (state in (CampaignState.LOST, CampaignState.FAILED))
        if self.ended is None:
            self.ended = state, list(self.events)
        assert self.ended == (state, self.events), "something happened after its end"


class History:
    """Three clients, each with a link of its own to one server, and an operator who writes and deletes as he likes."""

    def __init__(self) -> None:
        self.stage = Stage(ManualClock())
        self.stores: list[MemoryStore] = [self.stage.store(timeout=TIMEOUT) for _ in range(CLIENTS)]
        self.answers = [SlowAnswers(store, self.stage.clock, 0.0) for store in self.stores]
        self.clients: list[Client] = [self.stage.client(answers) for answers in self.answers]
        self.sessions = [client.session(TTL) for client in self.clients]
        self.watched: list[Watched] = []
        self._tasks: list[asyncio.Task[Any]] = []

    def others_that_lead(self, one: Watched) -> list[Watched]:
        """Those that believe to lead, although nobody has touched their keys or leases."""
        return [each for each in self.watched if each is not one and each.campaign.is_leader and not each.touched]

    async def run(self, steps: list[tuple[str, Any]]) -> None:
        for session in self.sessions:
            await session.__aenter__()
        for step, argument in steps:
            await self._do(step, argument)
            self._check()
        for store in self.stores:
            store.heal()
        await self.stage.clock.elapse(3 * TTL)
        self._check()
        for client in self.clients:
            await self.stage.finish(client.close())
        for done in await asyncio.gather(*self._tasks, return_exceptions=True):
            assert not isinstance(done, AssertionError), done
        self._check()
        assert all(each.campaign.state.is_terminal for each in self.watched)
        await self.stage.clock.elapse(2 * TTL)
        await self.stage.server.revoke(7)
        await self.stage.check_nothing_is_left()

    def _check(self) -> None:
        for each in self.watched:
            each.check()
        leaders = [each for each in self.watched if each.campaign.is_leader and not each.touched]
        assert len(leaders) <= 1

    async def _do(self, step: str, argument: Any) -> None:
        if step.startswith("campaign"):
            self._campaign(argument, shared=step != "campaign")
        elif step == "elapse":
            await self.stage.clock.elapse(argument)
        elif step == "block":
            self.stage.clock.advance(argument)
            self._check()
        elif step == "rounds":
            for _ in range(argument):
                await asyncio.sleep(0)
        elif step == "compact":
            with suppress(ValueError):  # it is compacted already
                self.stage.server.compact()
        elif step.endswith("answers"):
            self.answers[argument].delay = DELAYS[step]
        elif step in ("resign", "abandon", "proclaim", "wait", "wait and cancel", *TAMPERING):
            if self.watched:
                await self._do_to(step, self.watched[argument % len(self.watched)])
        else:
            self._do_to_link(step, self.stores[argument])

    def _campaign(self, client: int, *, shared: bool) -> None:
        election = self.clients[client].election("job", ttl=TTL)
        session = self.sessions[client] if shared else None
        try:
            campaign = election.campaign("a", session=session)
        except ElectionError:
            assert shared, "only a session may be taken or have ended"
            return
        self.watched.append(Watched(self, campaign))

    async def _do_to(self, step: str, watched: Watched) -> None:
        campaign = watched.campaign
        match step:
            case "resign":
                self._start(campaign.resign())
            case "abandon":
                with suppress(InvalidConfig):  # it is on a session
                    campaign.abandon()
            case "proclaim":
                self._start(campaign.proclaim("b"))
            case "wait":
                self._start(watched.wait())
            case "wait and cancel":
                waiting = asyncio.ensure_future(campaign.wait())
                await asyncio.sleep(0)
                waiting.cancel()
                self._tasks.append(waiting)
            case "revoke":
                for each in self.watched:
                    each.touched = each.touched or each.campaign.lease_id == campaign.lease_id
                self.stage.server.expire(campaign.lease_id)
            case "delete":
                watched.touched = True
                await self.stage.do(Delete(campaign.key))
            case "move":
                watched.touched = True
                await self.stage.server.grant(7, 1000)
                await self.stage.do(Put(campaign.key, b"moved", 7))
            case "lose event":
                for store in self.stores:
                    store.lose_event(campaign.key)

    def _do_to_link(self, step: str, store: MemoryStore) -> None:
        match step:
            case "partition":
                store.partition()
            case "heal":
                store.heal()
            case "break streams":
                store.break_streams()
            case "refuse watch":
                store.refuse_watch()
            case "drop txn":
                store.drop_next_reply("txn")
            case "drop grant":
                store.drop_next_reply("grant")
            case "drop revoke":
                store.drop_next_reply("revoke")

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        self._tasks.append(asyncio.ensure_future(work))


@pytest.mark.timeout(240)
@given(st.lists(STEPS, max_size=30))
def test_one_terminal_state_and_one_leader(steps: list[tuple[str, Any]]) -> None:
    """H5, and guarantees 1 to 4, over everything that can happen."""

    async def run() -> None:
        await History().run(steps)

    asyncio.run(run())
