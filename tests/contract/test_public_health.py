"""What whoever runs a campaign sees of it from outside: probes and log records."""

from __future__ import annotations

import json
import logging

import pytest

from election_core import CampaignState

from .world import World, lost, soon


async def test_who_waits_or_leads_is_healthy(world: World) -> None:
    first = world.election.campaign("first")
    assert not first.healthy(), "it is not in line yet"
    await soon(first.wait())
    assert first.healthy()
    second = await world.waiting("second")
    assert second.healthy()
    await first.resign()
    assert not first.healthy()
    await soon(second.wait())
    assert second.healthy()
    await world.delete(second.key)
    await lost(second)
    assert second.state is CampaignState.LOST
    assert not second.healthy()


async def test_who_has_resigned_is_not_although_his_session_goes_on(world: World) -> None:
    async with world.client.session() as session:
        campaign = world.election.campaign("first", session=session)
        await soon(campaign.wait())
        assert campaign.healthy()
        await campaign.resign()
        assert not campaign.healthy()


async def test_log_records_say_which_election_key_and_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "election_core.campaign")
    first = await world.leading()
    second = await world.waiting()
    await world.delete(first.key)
    await lost(first)
    await soon(second.wait())
    name, one, other = world.election.name, first.key.decode(), second.key.decode()
    records = [each for each in caplog.records if each.name == "election_core.campaign"]
    told = {
        key: [
            (each.levelname, each.getMessage().split(": ")[1].split()[0], each.__dict__["token"])
            for each in records
            if each.__dict__["key"] == key
        ]
        for key in (one, other)
    }
    assert told == {
        one: [("INFO", "elected,", first.fencing_token), ("WARNING", "lost", first.fencing_token)],
        other: [("INFO", "waiting", None), ("INFO", "elected,", second.fencing_token)],
    }
    assert {each.__dict__["election"] for each in records} == {name}
    json.dumps([(each.__dict__["election"], each.__dict__["key"]) for each in records])
