"""What a monitor keeps: elections that are vacant and quiet are forgotten, and logs are bounded."""

from __future__ import annotations

import gc
from datetime import timedelta

import pytest

from election_core import Client, InvalidConfig, Monitor, Transition
from election_core.core.model import KeyPut
from election_core.store import Delete, Put
from election_core.testing import streams

from .stage import Stage

HOUR = 3600.0


async def term(stage: Stage, name: str, lease_id: int, lasts: float = 0.0) -> None:
    """A candidate comes and goes."""
    await stage.server.grant(lease_id, 1000)
    key = f"election/{name}/{lease_id:x}".encode()
    await stage.do(Put(key, name.encode(), lease_id))
    await stage.clock.elapse(lasts)
    await stage.server.revoke(lease_id)
    await stage.clock.elapse(0)


def brief(transitions: list[Transition]) -> list[tuple[str, str, bool]]:
    return [(each.election, each.kind, each.gap) for each in transitions]


async def test_an_election_that_is_vacant_and_quiet_is_forgotten(stage: Stage) -> None:
    async with stage.client().monitor(forget_after=100) as monitor:
        monitor.take_changed()
        await term(stage, "job", 1)
        await term(stage, "other", 2)
        assert monitor.take_changed() == {"job", "other"}
        await stage.clock.elapse(60)
        await term(stage, "other", 3)
        await stage.clock.elapse(42)
        assert list(monitor.elections) == ["other"], "which was not quiet"
        assert monitor.take_changed() == {"job", "other"}
        assert len(monitor.log("job").terms) == 1
        await stage.clock.elapse(60)
        assert not monitor.elections


async def test_one_that_is_led_is_not_forgotten(stage: Stage) -> None:
    await stage.server.grant(1, 100_000)
    await stage.do(Put(b"election/job/1", b"v", 1))
    async with stage.client().monitor(forget_after=100) as monitor:
        await stage.clock.elapse(1000)
        assert list(monitor.elections) == ["job"]
    await stage.do(Delete(b"election/job/1"))


async def test_none_keeps_them_and_an_hour_is_the_default(stage: Stage) -> None:
    async with stage.client().monitor(forget_after=None) as kept, stage.client().monitor() as monitor:
        await term(stage, "job", 1)
        await stage.clock.elapse(HOUR - 10)
        assert list(monitor.elections) == ["job"]
        await stage.clock.elapse(20)
        assert not monitor.elections
        assert list(kept.elections) == ["job"]


@pytest.mark.parametrize("missed", ["nothing", "before", "since"])
async def test_an_election_that_comes_back_knows_whether_anything_was_missed_since(stage: Stage, missed: str) -> None:
    """It was known to be vacant, and has been watched ever since, unless there was a gap."""

    async def gap() -> None:
        link.partition()
        await stage.do(Put(b"other", b"", 0), Delete(b"another"))
        await stage.clock.elapse(3)
        await stage.do(Delete(b"other"))
        stage.server.compact()
        link.heal()
        await stage.clock.elapse(5)

    link = stage.store(timeout=2.0)
    async with stage.client(link).monitor(forget_after=100) as monitor:
        if missed == "before":
            await gap()
        await term(stage, "job", 1)
        await stage.clock.elapse(110)
        assert "job" not in monitor.elections
        if missed == "since":
            await gap()
        monitor.take_unread()
        await term(stage, "job", 2)
        assert brief(monitor.take_unread()) == [("job", "elected", missed == "since"), ("job", "vacated", False)]


async def test_a_day_of_elections_named_by_jobs_takes_bounded_memory(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty every ten minutes, each with a name of its own."""
    monkeypatch.setattr(streams, "QUIET", 300.0)
    async with stage.client().monitor() as monitor:
        kept: list[int] = []
        for hour in range(24):
            for job in range(120):
                lease_id = 1 + hour * 120 + job
                await stage.server.grant(lease_id, 1000)
                await stage.do(Put(f"election/job-{lease_id}/{lease_id:x}".encode(), b"v", lease_id))
                await stage.server.revoke(lease_id)
                if job % 20 == 19:
                    await stage.clock.elapse(600)
                    assert len(monitor.take_unread()) == 40
            stage.server.compact()
            assert len(monitor.elections) <= 140
            gc.collect()
            kept.append(len(gc.get_objects()))
        assert max(kept[3:]) < kept[2] + 200, kept


async def test_the_log_of_an_election_is_shared_and_bounded(stage: Stage) -> None:
    await stage.server.grant(1, 100_000)
    await stage.do(Put(b"election/job/1", b"v", 1))
    async with stage.client().monitor(history=4) as monitor:
        log = monitor.log("job")
        assert [each.leader is not None and each.leader.value for each in log.terms] == [b"v"]
        assert not log.current.began_known
        await stage.do(Delete(b"election/job/1"))
        for lease_id in range(2, 5):
            await term(stage, "job", lease_id)
        assert monitor.log("job") is log
        assert len(log.terms) == 4
        assert log.dropped == 4
        assert log.current.is_vacant
        assert all(each.ended_at is not None for each in log.terms[:-1])


async def test_the_log_of_an_election_that_is_new_begins_with_it(stage: Stage) -> None:
    async with stage.client().monitor() as monitor:
        seen: list[int] = []
        monitor.on("change", lambda each: seen.append(len(monitor.log(each.election).terms)))
        await term(stage, "job", 1, lasts=10)
        assert seen == [2, 3], "as a listener sees it, the log knows already"
        first, led, last = monitor.log("job").terms
        assert first.is_vacant
        assert first.began_known
        assert led.duration(last.began_at) >= timedelta(0)


@pytest.mark.parametrize(
    "how", [{"forget_after": 0}, {"forget_after": -1.0}, {"forget_after": "1h"}, {"history": 0}, {"history": 1.5}]
)
async def test_bounds_that_can_never_work_are_refused(stage: Stage, how: dict[str, object]) -> None:
    with pytest.raises(InvalidConfig):
        stage.client().monitor(**how)  # type: ignore[arg-type]


def several(client: Client, *prefixes: str) -> Monitor:
    return client.monitor(prefixes)


async def test_several_prefixes_are_one_view(stage: Stage) -> None:
    for lease_id, key in enumerate((b"election/a/1", b"svc/x/2", b"other/y/3"), 1):
        await stage.server.grant(lease_id, 1000)
        await stage.do(Put(key, b"v", lease_id))
    async with several(stage.client(), "election/", "svc/", "svc/x/", "election/") as monitor:
        assert monitor.prefixes == ("election/", "svc/")
        assert monitor.prefix == ""
        assert set(monitor.elections) == {"election/a", "svc/x"}
        await stage.clock.elapse(0)
        await stage.server.revoke(1)
        await stage.server.revoke(2)
        await stage.clock.elapse(0)
        assert sorted(brief(monitor.take_unread())) == [("election/a", "vacated", False), ("svc/x", "vacated", False)]
        with pytest.raises(TypeError):
            monitor.elections["a"] = monitor.elections["svc/x"]  # type: ignore[index]
        assert monitor.connected
    await stage.server.revoke(3)


async def test_names_below_several_prefixes_begin_after_what_they_share(stage: Stage) -> None:
    monitor = several(stage.client(), "election/team-a/", "election/team-b/")
    assert monitor.prefix == "election/"
    with pytest.raises(InvalidConfig):
        several(stage.client())


async def test_several_prefixes_break_and_mend_as_one(stage: Stage) -> None:
    link = stage.store(timeout=2.0)
    events: list[str] = []
    async with several(stage.client(link), "election/", "svc/") as monitor:
        monitor.on("connected", lambda: events.append("connected"))
        monitor.on("disconnected", lambda _: events.append("disconnected"))
        link.partition()
        await stage.clock.elapse(10)
        await term(stage, "job", 1)
        link.heal()
        await stage.clock.elapse(5)
        assert events == ["disconnected", "connected"]
        assert brief(monitor.take_unread()) == [
            ("job" if False else "election/job", kind, False) for kind in ("elected", "vacated")
        ]


async def test_progress_is_told_while_everything_is_read(stage: Stage) -> None:
    await stage.server.grant(1, 1000)
    await stage.do(*(Put(b"election/%d/1" % number, b"v", 1) for number in range(100)), Put(b"election/x", b"", 0))
    told: list[tuple[int, int]] = []
    monitor = stage.client().monitor()
    monitor.on("progress", lambda keys, elections: told.append((keys, elections)))
    async with monitor:
        assert told[0] == told[-1] == (101, 100)
    await stage.server.revoke(1)
    await stage.do(Delete(b"election/x"))


async def test_values_of_other_keys_are_not_kept(stage: Stage) -> None:
    """Neither those that were there, nor those that come."""
    await stage.do(Put(b"election/there", b"theirs", 0))
    async with stage.client().monitor("") as monitor:
        await stage.do(Put(b"election/comes", b"theirs", 0))
        await stage.clock.elapse(0)
        (directory,) = monitor._directories
        assert not directory.lines
        assert KeyPut not in {type(each) for each in vars(directory).values()}
    await stage.do(Delete(b"election/there"), Delete(b"election/comes"))
