"""The views of what is wrong and of the members, on a real etcd."""

from __future__ import annotations

import pytest

from election_core import Client
from electiontui.embedded import EmbeddedEtcd
from electiontui.screens import warnings
from electiontui.screens.cluster import ClusterScreen
from electiontui.screens.detail import DetailScreen
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.warnings import WarningsScreen
from electiontui.widgets.text_pane import TextPane

from ..servers import Etcdctl
from .driving import line, move_down, text_of, until
from .test_screens import NOWHERE, dashboard, table

SIZES = [(40, 15), (80, 24), (120, 40), (200, 60)]


@pytest.fixture
def tool(etcd: EmbeddedEtcd) -> Etcdctl:
    return Etcdctl(etcd.endpoint)


@pytest.mark.parametrize("size", SIZES)
async def test_warnings_are_listed_the_worst_first_with_their_text(
    etcd: EmbeddedEtcd, tool: Etcdctl, size: tuple[int, int]
) -> None:
    tool.run("put", "election/job/by-hand", "x")
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint, size=size) as (app, pilot):
        waiting = client.election("job").campaign("host-1")
        await client.election("lone").campaign("host-2").wait()
        rows = app.desk.view.rows
        await until(pilot, lambda: {"job", "lone"} <= rows.keys() and rows["job"].queue == 2)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, WarningsScreen) and table(app, "findings").keys)
        await until(pilot, lambda: "✗ 1 critical" in line(app, "#title"))
        first = text_of(app).splitlines()[table(app, "findings").region.y + 1]
        assert first.startswith("▶✗ ")
        assert "job" in first
        pane = app.screen.query_one(TextPane)
        assert pane.display is (size[1] >= 20)
        assert "never expires and stands first in line" in pane.text
        assert f"etcdctl --endpoints {etcd.endpoint} get election/job/by-hand -w fields" in pane.text
        assert "etcdctl del election/job/by-hand" in pane.text
        await pilot.press("enter")
        await until(pilot, lambda: pane.display is (size[1] < 20))
        if pane.display:
            await until(pilot, lambda: "critical: blocked" in text_of(app))
        assert all(len(row) <= size[0] for row in text_of(app).splitlines())
        tool.run("del", "election/job/by-hand")
        await until(pilot, lambda: waiting.is_leader and "critical" not in line(app, "#title"))


async def test_a_stray_where_nobody_campaigns_is_listed_warned_of_and_goes_with_its_key(
    etcd: EmbeddedEtcd, tool: Etcdctl
) -> None:
    before, later = (f"election/{name}/694d9af0b1c2d3e4" for name in ("before", "later"))
    tool.run("put", before, "x")
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        tool.run("put", later, "y")
        rows = app.desk.view.rows
        await until(pilot, lambda: {"before", "later"} <= rows.keys())
        assert [(rows[name].state, rows[name].leader) for name in ("before", "later")] == [
            ("blocked", "(no lease)")
        ] * 2
        await until(pilot, lambda: text_of(app).count("BLOCK") >= 2)
        tool.run("del", later)
        await until(pilot, lambda: "later" not in rows)
        waiting = client.election("before").campaign("host-1")
        await until(pilot, lambda: rows["before"].queue == 2)
        assert (rows["before"].state, rows["before"].leader) == ("blocked", "x")
        assert len(app.desk.view.logs["before"].terms) == 1, "it has been first in line all along"
        await pilot.press("3")
        await until(pilot, lambda: "✗ 1 critical" in line(app, "#title"))
        tool.run("del", before)
        await until(pilot, lambda: waiting.is_leader and rows["before"].leader == "host-1")


async def test_acknowledged_ones_fold_away_are_counted_and_come_back_when_they_change(
    etcd: EmbeddedEtcd, tool: Etcdctl
) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await client.election("job").campaign("host-1").wait()
        await until(pilot, lambda: app.desk.view.rows.keys())
        await pilot.press("3")

        def shown() -> list[str]:
            return [row for row in text_of(app).splitlines() if "no-standby" in row and "job" in row]

        await until(pilot, lambda: isinstance(app.screen, WarningsScreen) and len(shown()) == 1)
        await move_down(pilot, table(app, "findings"), lambda key: "no-standby" in key)
        await pilot.press("x")
        await until(pilot, lambda: not shown() and "1 acknowledged" in line(app, "#title"))
        await pilot.press("f")
        await until(pilot, lambda: len(shown()) == 1)
        assert "✓" in shown()[0]
        await pilot.press("f")
        await until(pilot, lambda: not shown())
        # Another leader is another trouble.
        tool.run("del", "--prefix", "election/job/")
        await client.election("job").campaign("host-2").wait()
        await until(pilot, lambda: shown() and "host-2" in shown()[0])
        assert "acknowledged" not in line(app, "#title")


async def test_g_opens_the_election_and_escape_comes_back(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint) as (app, pilot):
        await client.election("job").campaign("host-1").wait()
        await until(pilot, lambda: app.desk.view.rows.keys())
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, WarningsScreen) and "no-standby" in text_of(app))
        await move_down(pilot, table(app, "findings"), lambda key: "no-standby" in key)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen) and "job" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WarningsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))


async def test_a_leader_that_renews_no_more_is_seen_to_die(etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch) -> None:
    # A look at its lease and one at what is wrong have to come in the last third of its TTL, slow as they may be.
    monkeypatch.setattr(warnings, "_LEASES", 1.0)
    async with Client(etcd.endpoint) as client, dashboard(etcd.endpoint, size=(200, 60)) as (app, pilot):
        leader = await client.election("job", ttl=20).campaign("host-1").wait()
        client.election("job", ttl=20).campaign("host-2")
        await until(pilot, lambda: app.desk.view.rows.keys())
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, WarningsScreen))
        leader.abandon()
        await until(pilot, lambda: "DYING: host-1 not renewed for" in text_of(app), tries=1000)
        (row,) = [row for row in text_of(app).splitlines() if "DYING" in row]
        assert "of 20 s left, next: host-2" in row


@pytest.mark.parametrize("size", SIZES)
async def test_the_cluster_has_a_row_for_each_member(etcd: EmbeddedEtcd, size: tuple[int, int]) -> None:
    async with dashboard(f"{etcd.endpoint},{NOWHERE}", size=size) as (app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, ClusterScreen) and len(table(app, "members").keys) == 2)
        await until(pilot, lambda: "1 of 2 answer" in line(app, "#title"))
        await until(pilot, lambda: "★ raft leader" in text_of(app) and "✗ no answer" in text_of(app))
        pane = app.screen.query_one(TextPane)
        assert "follows" in pane.text
        await pilot.press("j")
        await until(pilot, lambda: "nothing listens there" in pane.text)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))


async def test_both_views_say_that_no_etcd_answers() -> None:
    async with dashboard(NOWHERE) as (app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, ClusterScreen) and "0 of 1 answer" in line(app, "#title"))
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, WarningsScreen) and "✗ 1 critical" in line(app, "#title"))
        await until(pilot, lambda: "none of 1 members answers" in text_of(app))
