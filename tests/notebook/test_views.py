"""What views say and draw: seams, strips as text, filters, what is unknown, and words for whoever gives the wrong
thing."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from election_core import Client, Monitor
from electiontui.embedded import EmbeddedEtcd
from electiontui.notebook import elections, timeline
from electiontui.pictures.colours import COLOURS, shade_of

from .logs import log_of
from .waiting import until


def leads(monitor: Monitor, name: str) -> str | None:
    """Who leads as far as the monitor has seen, which hears of an election later than who is elected."""
    state = monitor.elections.get(name)
    return None if state is None or state.leader is None else state.leader.value.decode()


def bars(svg: str) -> list[ElementTree.Element]:
    colours = set(COLOURS)
    return [each for each in ElementTree.fromstring(svg).iter() if each.get("stroke") in colours]


def test_a_seam_stands_between_two_terms_of_one_leader() -> None:
    now = datetime.now(UTC)
    (bar,) = bars(timeline(log_of((50, b"a"), (30, b"a"), (10, b"a"), now=now), last=60).svg())
    moves = [float(each) for each in re.findall(r"m([-\d.]+) 0h", bar.attrib["d"])]
    assert len(moves) == 3
    assert all(gap >= 1 for gap in moves[1:])


async def test_neighbours_of_two_leaders_have_two_colours_and_the_name_stands_beside_the_strip(
    etcd: EmbeddedEtcd, name: str, prefix: str
) -> None:
    async with Client(etcd.endpoints) as client, client.monitor(prefix) as monitor:
        for value in ("node-1", "node-2"):
            async with client.election(name, prefix=prefix.rstrip("/")).campaign(value):
                await until(lambda: leads(monitor, name) == value)  # noqa: B023 - it is waited for at once
                await asyncio.sleep(0.2)
        last = await client.election(name, prefix=prefix.rstrip("/")).campaign("node-3").wait()
        await until(lambda: leads(monitor, name) == "node-3")
        await asyncio.sleep(0.2)
        svg = elections(monitor, last="20s").svg()
        shades = {COLOURS[shade_of(f"node-{number}").colour] for number in (1, 2, 3)}
        assert {bar.get("stroke") for bar in bars(svg)} == shades
        left = min(float(bar.attrib["d"][1:].split()[0]) for bar in bars(svg))
        (leader,) = (each for each in ElementTree.fromstring(svg).iter() if each.text == "node-3")
        assert leader.get("text-anchor") is None
        assert float(leader.attrib["x"]) + 7.3 * 25 <= left
        await last.resign()


async def test_the_text_has_strips(etcd: EmbeddedEtcd, name: str, prefix: str) -> None:
    async with (
        Client(etcd.endpoints) as client,
        client.monitor(prefix) as monitor,
        client.election(name, prefix=prefix.rstrip("/")).campaign("node-7"),
    ):
        await until(lambda: leads(monitor, name) == "node-7")
        await asyncio.sleep(0.5)
        text = str(elections(monitor, last=2))
        assert re.search(r"node-7 .*7{6,}", text), text
        assert "WHO LED, LAST 2 s" in text


async def test_filter_and_order(etcd: EmbeddedEtcd, prefix: str) -> None:
    async with Client(etcd.endpoints) as client, client.monitor(prefix) as monitor:
        campaigns = []
        for number, name in enumerate(("orders/a", "orders/b", "stock/a")):
            election = client.election(name, prefix=prefix.rstrip("/"))
            for _ in range(number):
                async with election.campaign("early"):
                    pass
            campaigns.append(await election.campaign(f"node-{9 - number}").wait())
        await until(lambda: leads(monitor, "stock/a") == "node-7")

        def names(**choice: Any) -> list[str]:
            return re.findall(r"^(\w+/\w)", str(elections(monitor, **choice)), re.MULTILINE)

        assert names() == ["orders/a", "orders/b", "stock/a"]
        assert names(match="orders/*") == ["orders/a", "orders/b"]
        assert names(match=["*/a"]) == ["orders/a", "stock/a"]
        assert names(sort="changes") == ["stock/a", "orders/b", "orders/a"]
        assert names(sort="-changes") == ["orders/a", "orders/b", "stock/a"]
        assert names(sort="leader") == ["stock/a", "orders/b", "orders/a"]
        assert "2 elections" in str(elections(monitor, match="orders/*"))
        with pytest.raises(ValueError, match="by; they are name, leader"):
            elections(monitor, sort="size")


async def test_a_monitor_that_was_never_entered_says_so(etcd: EmbeddedEtcd, prefix: str) -> None:
    async with Client(etcd.endpoints) as client:
        monitor = client.monitor(prefix)
        view = timeline(monitor, "job")
        assert "vacant" not in view.svg()
        assert "unknown" in str(view)
        assert "never entered" in str(view)
        assert "stroke-dasharray" in view.svg()
        assert "never entered" in str(elections(monitor))


async def test_who_gives_a_client_is_told_what_to_give(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoints) as client:
        wrong: Any = client
        calls: list[Callable[[], object]] = [lambda: timeline(wrong, "job"), lambda: elections(wrong)]
        for call in calls:
            with pytest.raises(TypeError, match=r"Client is none.*client\.monitor\(\).*connect"):
                call()


async def test_two_views_share_what_was_seen_and_a_new_one_forgets_nothing(
    etcd: EmbeddedEtcd, name: str, prefix: str
) -> None:
    async with Client(etcd.endpoints, timeout=3.0) as client, client.monitor(prefix) as monitor:
        campaign = await client.election(name, prefix=prefix.rstrip("/"), ttl=60).campaign("node-a").wait()
        timeline(monitor, name)
        await asyncio.sleep(2.5)  # etcd is asked once per second
        etcd.members[0].freeze()
        try:
            await until(lambda: monitor.staleness > 5)
        finally:
            etcd.members[0].thaw()
        await until(lambda: monitor.connected and monitor.staleness < 1)
        await asyncio.sleep(0.3)
        # Made after it all, by whoever runs the cell again.
        lane = str(timeline(monitor, name, last="30s")).split("\n")[1]
        assert re.search(r"[▏▎▍▌▋▊▉█]╱{9,}[▏▎▍▌▋▊▉█▐]*$", lane), lane
        await campaign.resign()


async def test_a_view_says_what_it_is(etcd: EmbeddedEtcd, name: str, prefix: str) -> None:
    async with (
        Client(etcd.endpoints) as client,
        client.monitor(prefix) as monitor,
        client.election(name, prefix=prefix.rstrip("/")).campaign("node-a"),
    ):
        await until(lambda: name in monitor.elections)
        assert repr(timeline(monitor, name)) == f"<timeline of '{name} · node-a', not live>"
        assert repr(elections(monitor)) == f"<1 election under '{prefix}', not live>"
        assert "TermLog" in repr(timeline(monitor.log(name)))


def test_pictures_in_a_page_take_its_colours_and_tell_what_they_show() -> None:
    bundle: Any = timeline(log_of((5, b"node-a"), now=datetime.now(UTC)))._repr_mimebundle_()
    svg = bundle["image/svg+xml"]
    assert 'fill="#FFFFFF"' not in svg.partition("<path")[0]
    assert 'role="img" aria-label="job; ★ node-a' in svg
    assert b64encode(svg.encode()).decode() in bundle["text/html"]
    assert 'alt="★ node-a' in bundle["text/html"]
