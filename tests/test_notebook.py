"""The notebook views: well-formed pictures of any names, live while other cells run, still once the monitor closes."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest

from election_core import Client
from election_core.core.model import Candidate, Transition
from election_core.core.term_log import TermLog
from electiontui.embedded import EmbeddedEtcd
from electiontui.notebook import elections, timeline
from electiontui.pictures.colours import COLOURS, VACANT, shade_of

from .notebook.waiting import until
from .servers import ROOT, clean_environment

HOSTILE = b"<b onload='x'>&\x00\x1b[31m\xff]]>\xed\xa0\x80" + "\ufffe\u202e宽".encode()


def candidate(value: bytes, revision: int) -> Candidate:
    return Candidate(b"election/job/%x" % revision, value, revision, revision, revision)


def log_of(*steps: tuple[float, bytes | None], name: str = "job", limit: int = 1000) -> TermLog:
    """A log from ``(seconds ago, leader)``; the first one was found."""
    now = datetime.now(UTC)
    first_ago, first = steps[0]
    log = TermLog(name, None if first is None else candidate(first, 1), now - timedelta(seconds=first_ago), limit=limit)
    for revision, (ago, value) in enumerate(steps[1:], 2):
        after = None if value is None else candidate(value, revision)
        at = now - timedelta(seconds=ago)
        log.record(Transition(name, revision, log.current.leader, after, False, at))
    return log


def picture(view: Any) -> ElementTree.Element:
    return ElementTree.fromstring(view._repr_mimebundle_()["image/svg+xml"])


def texts(view: Any) -> str:
    return "\n".join(element.text or "" for element in picture(view).iter() if element.tag.endswith("text"))


def bars(view: Any) -> list[ElementTree.Element]:
    """One path per lane and colour."""
    return [e for e in picture(view).iter() if e.tag.endswith("path") and e.get("stroke") in (*COLOURS, VACANT)]


def test_a_lane_is_one_path_however_many_terms() -> None:
    steps = [(float(ago), b"a" if ago % 2 else b"b") for ago in range(500, 0, -1)]
    view = timeline(log_of(*steps), last="10m")
    assert len(bars(view)) == 2
    assert sum(bar.attrib["d"].count("h") for bar in bars(view)) == 500
    assert len(view.svg()) < 20_000


def test_twenty_lanes_of_five_hundred_terms_are_150_kB_at_most() -> None:
    steps = [(10_000.0 - number, b"node-%d" % (number * 7 % 20)) for number in range(10_000)]
    log = log_of(*steps, limit=10_000)
    view = timeline(log, last="3h")
    assert len(bars(view)) == 20
    assert sum(bar.attrib["d"].count("h") for bar in bars(view)) == 10_000
    assert len(view.svg()) <= 150_000


def test_a_lane_has_the_colour_of_its_leader_whatever_it_proclaims() -> None:
    log = log_of((50, b"alpha"), (30, b"beta"))
    leader = log.current.leader
    assert leader is not None
    log.record(Transition("job", 9, leader, leader._replace(value=b"round 2"), False, datetime.now(UTC)))
    view = timeline(log, last=60)
    assert [bar.get("stroke") for bar in bars(view)] == [COLOURS[shade_of(v).colour] for v in (b"alpha", b"beta")]
    assert "★ beta" in texts(view)


def test_the_picture_scales() -> None:
    root = picture(timeline(log_of((5, b"a"))))
    assert root.get("width") == "900"
    assert root.get("style") == "max-width:100%;height:auto"
    assert root.get("viewBox", "").startswith("0 0 900 ")
    assert root.get("height") is None


def test_hostile_names_and_values_are_only_text() -> None:
    log = log_of((9, HOSTILE), (5, None), (3, HOSTILE), name=HOSTILE.decode("utf-8", "surrogateescape"))
    view = timeline(log)
    assert not [e for e in picture(view).iter() if e.tag.rpartition("}")[2] not in ("svg", "rect", "text", "path")]
    assert "<b onload='x'>" in texts(view)
    assert str(view).isprintable() or all(line.isprintable() for line in str(view).split("\n"))


def test_text_and_picture_tell_the_same() -> None:
    view = timeline(log_of((50, b"alpha"), (30, None), (20, b"beta")), last=60)
    lines = str(view).split("\n")
    assert [line.partition("┤")[0].strip() for line in lines[:3]] == ["alpha", "★ beta", "vacant"]
    assert "★ beta" in texts(view)
    assert "≥" in lines[0]
    assert "≥" in texts(view)


@pytest.mark.parametrize("last", ["7d", 7 * 86400, timedelta(days=7)])
def test_a_span_may_be_of_days(last: Any) -> None:
    assert timeline(log_of((1, b"a")), last=last).span == timedelta(days=7)


@pytest.mark.parametrize(
    "last", ["soon", 0, -3, timedelta(0), "0s", "0d", "99999d", 1e300, timedelta.max, float("nan")]
)
def test_a_malformed_span_is_refused(last: Any) -> None:
    with pytest.raises(ValueError, match=r"duration|longer than zero|out of range"):
        timeline(log_of((1, b"a")), last=last)


class Handle:
    """IPython's DisplayHandle in a kernel without widgets, as far as the views use it."""

    def __init__(self) -> None:
        self.frames: list[dict[str, str]] = []
        self.came = asyncio.Event()

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.frames.append(bundle)
        self.came.set()

    async def wait_for(self, text: str) -> None:
        async with asyncio.timeout(10):
            while not any(text in frame["image/svg+xml"] for frame in self.frames[-1:]):
                self.came.clear()
                await self.came.wait()


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Handle:
    from electiontui.notebook import still, views

    handle = Handle()

    def show(bundle: dict[str, str]) -> Handle:
        handle.frames.append(bundle)
        return handle

    monkeypatch.setattr(still, "display", show)
    monkeypatch.setattr(views, "in_kernel", lambda: True)
    monkeypatch.setattr(views, "has_widgets", lambda: False)
    return handle


@pytest.mark.parametrize("kind", ["timeline", "elections"])
async def test_live_until_the_monitor_closes(
    kind: str, etcd: EmbeddedEtcd, name: str, prefix: str, handle: Handle
) -> None:
    async with Client(etcd.endpoints) as client:
        async with client.monitor(prefix) as monitor:
            view: Any = timeline(monitor, name) if kind == "timeline" else elections(monitor)
            view._ipython_display_()
            assert len(handle.frames) == 1
            campaign = client.election(name, prefix=prefix).campaign("node-<a>")
            await campaign.wait()
            await handle.wait_for("node-&lt;a&gt;")
            assert view.is_live
            await campaign.resign()
            await handle.wait_for("vacant")
        await handle.wait_for("monitor closed")
        await until(lambda: not view.is_live)


async def test_at_most_four_frames_per_second_and_none_after_stop(
    etcd: EmbeddedEtcd, name: str, prefix: str, handle: Handle
) -> None:
    async with Client(etcd.endpoints) as client, client.monitor(prefix) as monitor:
        view: Any = timeline(monitor, name, last="30s")
        shown_at = time.monotonic()
        view._ipython_display_()
        campaign = await client.election(name, prefix=prefix).campaign("busy").wait()
        began = time.monotonic()
        while time.monotonic() - began < 1.5:
            await campaign.proclaim(f"busy {time.monotonic()}")
        assert 2 <= len(handle.frames) <= 2 + 4 * (time.monotonic() - shown_at)
        view.stop()
        view.stop()
        seen = len(handle.frames)
        await campaign.resign()
        await asyncio.sleep(0.6)  # two frames' time
        assert not view.is_live
        assert len(handle.frames) == seen


async def test_marimo_has_the_widget_until_it_closes_it(etcd: EmbeddedEtcd, prefix: str) -> None:
    async with Client(etcd.endpoints) as client, client.monitor(prefix) as monitor:
        view: Any = elections(monitor)
        widget = view._display_()
        assert widget.data["about"]["title"].startswith("0 elections")
        assert view.is_live
        # As marimo does to the way to the page when the cell is run again.
        widget.comm.close()
        await until(lambda: not view.is_live)


@pytest.mark.usefixtures("handle")
async def test_without_widgets_marimo_has_the_picture(etcd: EmbeddedEtcd, prefix: str) -> None:
    async with Client(etcd.endpoints) as client, client.monitor(prefix) as monitor:
        shown: Any = elections(monitor)._display_()
        assert "0 elections" in shown._repr_mimebundle_()["image/svg+xml"]


async def test_an_unknown_election_is_a_vacant_one(etcd: EmbeddedEtcd, prefix: str) -> None:
    async with Client(etcd.endpoints) as client, client.monitor(prefix) as monitor:
        assert "vacant" in str(timeline(monitor, "nobody-yet"))
        assert str(elections(monitor)).startswith("0 elections")
        with pytest.raises(ValueError, match="Give its name"):
            timeline(monitor)


@pytest.mark.parametrize("kind", ["timeline", "elections"])
async def test_what_was_not_watched_is_hatched_during_an_outage_and_afterwards(
    kind: str, etcd: EmbeddedEtcd, name: str, prefix: str, handle: Handle
) -> None:
    async with Client(etcd.endpoints, timeout=1.0) as client, client.monitor(prefix) as monitor:
        await client.election(name, prefix=prefix, ttl=60).campaign("node-a").wait()
        view: Any = timeline(monitor, name, last="30s") if kind == "timeline" else elections(monitor, last="30s")
        view._ipython_display_()
        await handle.wait_for("node-a")
        assert "DISCONNECTED" not in view.svg()
        etcd.members[0].freeze()
        try:
            await handle.wait_for("DISCONNECTED")
            await until(lambda: monitor.staleness > 5)
            during = hatches(view)
        finally:
            etcd.members[0].thaw()
        await until(lambda: monitor.connected and monitor.staleness < 1)
        since, end = hatches(view)[-1]
        wide = {"timeline": 688, "elections": 498}[kind]
        assert during[-1][1] - during[-1][0] > 4.9 / 30 * wide
        assert end - since > 4.9 / 30 * wide
        assert "DISCONNECTED" not in view.svg()
        if kind == "timeline":
            assert "╱╱╱╱╱╱╱╱" in str(view)
        view.stop()


def hatches(view: Any) -> list[tuple[float, float]]:
    """From where to where the picture is hatched, in its units."""
    paths = [e.attrib["d"] for e in picture(view).iter() if e.get("stroke-dasharray")]
    return [(float(path[1:].split()[0]), float(path.partition("H")[2])) for path in paths]


# The kernel's own libraries warn about themselves on a new event loop.
@pytest.mark.filterwarnings("default")
def test_the_example_runs_and_its_first_picture_went_on() -> None:
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "examples" / "failover.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells)
    env = clean_environment(PYTHONPATH=str(ROOT))
    NotebookClient(notebook, timeout=50, kernel_name="python3").execute(env=env, cwd=str(ROOT))
    outputs = {index: cell.outputs for index, cell in enumerate(notebook.cells) if cell.get("outputs")}
    live, widget = (output for output in outputs[3] if output.output_type == "display_data")
    assert "application/vnd.jupyter.widget-view+json" in widget.data
    # That cell ended before any candidate existed.
    assert "node-b" in live.data["image/svg+xml"]
    assert "node-c" in live.data["image/svg+xml"]
    assert "text/plain" in live.data
    printed = "".join(output.text for index in outputs for output in outputs[index] if output.output_type == "stream")
    assert "node-b leads after" in printed
    assert "node-c leads after" in printed
