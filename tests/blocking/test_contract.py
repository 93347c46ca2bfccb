"""The tests of the public contract, run on the objects for threads by `adapter`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import ModuleType

import pytest

from electiontui.embedded import EmbeddedEtcd

from ..contract import (
    test_public_campaign,
    test_public_campaign_with,
    test_public_campaign_writes,
    test_public_client,
    test_public_election,
    test_public_errors,
    test_public_evict,
    test_public_hazards,
    test_public_monitor,
    test_public_observer,
    test_public_session,
)
from ..contract.key_space import etcd_store
from .adapter import ThreadsWorld

MODULES = (
    test_public_campaign,
    test_public_campaign_with,
    test_public_campaign_writes,
    test_public_client,
    test_public_election,
    test_public_errors,
    test_public_evict,
    test_public_hazards,
    test_public_monitor,
    test_public_observer,
    test_public_session,
)

LEFT_OUT: dict[str, tuple[str, ...]] = {
    "a body in a thread cannot be cancelled; see test_campaign.py": (
        "the_body_is_cancelled_when_leadership_is_lost",
        "lost_leadership_raises_only_after_the_body_has_ended",
        "the_bodys_own_exception_is_kept",
        "a_loss_that_the_body_learns_by_its_own_call_is_raised_as_such",
        "a_body_ends_before_the_session_or_the_client_does",
    ),
    "tasks are cancelled, where threads are interrupted; see test_interrupts.py": (
        "an_outer_cancellation_passes_through",
        "an_outer_cancellation_wins_over_a_loss_at_the_same_moment",
        "a_timeout_around_it_is_a_timeout",
        "a_timeout_inside_it_is_a_timeout",
        "cancelling_the_wait_for_election_leaves_the_line",
        "a_timeout_around_the_campaign_itself_withdraws_it",
        "cancelling_a_read_loses_nothing",
    ),
    "callbacks are plain functions, and are called by another thread soon after; see test_callbacks.py": (
        "events_call_functions_and_coroutines",
        "change_calls_coroutines_too",
        "late_listeners_are_told_on_the_spot",
        "elected_never_fires_after_resign_while_it_joins",
    ),
    "it counts on steps of one event loop, and calls in several threads have no order": (
        "proclaims_take_effect_in_the_order_of_their_calls",
        "from_the_call_to_resign_on_it_does_not_lead",
        "resigning_on_it_makes_room_for_the_next_at_once",
        "campaign_returns_at_once",
    ),
    "it looks at the asyncio objects themselves; see test_names.py": (
        "each_wait_raises_an_error_of_its_own",
        "it_shows_what_a_user_needs_and_nothing_else",
        "a_watch_that_is_refused_leaves_established_ones_alone",
        "its_elections_are_always_current",
        "the_leader_is_known_at_once",
    ),
}
"""Tests by the reason for which they say nothing here. The files on callbacks, on bodies that are ended by closing and
on ends of event loops are left out whole, for the first three reasons."""


@pytest.fixture
async def world(etcd: EmbeddedEtcd, name: str) -> AsyncIterator[ThreadsWorld]:
    world = ThreadsWorld(etcd_store(etcd), name)
    yield world
    await world.close()


@pytest.fixture
async def etcd_world(world: ThreadsWorld) -> ThreadsWorld:
    return world


def _left_out() -> set[str]:
    return {name for names in LEFT_OUT.values() for name in names}


def contract_of(module: ModuleType) -> Iterator[tuple[str, object]]:
    stem = module.__name__.rpartition("_public_")[2]
    for name, value in vars(module).items():
        if name.startswith("test_") and name.removeprefix("test_") not in _left_out():
            yield f"test_{stem}_{name.removeprefix('test_')}", value


globals().update((name, test) for module in MODULES for name, test in contract_of(module))


def test_what_is_left_out_exists() -> None:
    assert _left_out() <= {name.removeprefix("test_") for module in MODULES for name in vars(module)}
