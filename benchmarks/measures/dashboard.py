"""The dashboard in a pseudo-terminal of 120 × 40: headless runs skip the drawing, which is most of the work."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..bench import Bench
from ..figures import Figure
from ..process import RequestProcess
from ..terminal import Terminal

__all__ = ["run"]

_PREFIX = "dashboard/"
_CHANGES = 1000
_PAGE_DOWN, _PAGE_UP = b"\x1b[6~", b"\x1b[5~"
_KEYS_PER_SECOND = 75
"""More than Textual draws, which is 60 frames a second at most."""


def run(bench: Bench) -> list[Figure]:
    figures = {
        figure.key: figure
        for figure in (
            Figure("dashboard.start", "dashboard, start to full list", "s", {}),
            Figure("dashboard.list", "dashboard, first read to full list", "s", {}),
            Figure("dashboard.idle", "dashboard, idle CPU", "%", {}),
            Figure("dashboard.scroll", "dashboard, frames/s while scrolling", "1/s", {}),
            Figure("dashboard.cpu", f"dashboard, {_CHANGES:,} changes/s: CPU above a bare reader", "%", {}),
            Figure("dashboard.bare", "the bare reader's CPU meanwhile", "%", {}),
            Figure("dashboard.rate", "the changes that were written meanwhile", "1/s", {}),
            Figure("dashboard.scroll_busy", f"frames/s while scrolling at {_CHANGES:,} changes/s", "1/s", {}),
            Figure("dashboard.restless", "dashboard, idle CPU after changes", "%", {}),
            Figure("dashboard.list_100000", "100,000 rows, first read to full list", "s", {}),
            Figure("dashboard.scroll_100000", "100,000 rows, frames/s while scrolling", "1/s", {}),
        )
    }
    samples = {key: figure.samples.setdefault("ours", []) for key, figure in figures.items()}
    with bench.helper("writer") as writer:
        _small(bench, writer, samples)
        _large(bench, writer, samples)
    return list(figures.values())


def _small(bench: Bench, writer: RequestProcess, samples: dict[str, list[float]]) -> None:
    rows = bench.size(10_000, 2_000)
    writer.ask("fill", prefix=_PREFIX, elections=rows, timeout=120.0)
    for turn in range(-1, bench.size(5, 1)):
        with _dashboard(bench, rows) as (_, start, listed):
            if turn >= 0:
                samples["dashboard.start"].append(start)
                samples["dashboard.list"].append(listed)
    with _dashboard(bench, rows) as (terminal, _, _):
        time.sleep(3.0)
        samples["dashboard.idle"].append(_share(terminal, bench.size(20, 5)))
        for _ in range(bench.size(5, 1)):
            samples["dashboard.scroll"].append(_scroll(terminal))
        _busy(bench, writer, terminal, rows, samples)
    writer.ask("clear", prefix=_PREFIX)


def _busy(bench: Bench, writer: RequestProcess, terminal: Terminal, rows: int, samples: dict[str, list[float]]) -> None:
    with bench.helper("reader") as reader:
        reader.ask("bare", prefix=_PREFIX)
        rates = samples["dashboard.rate"]
        for _ in range(bench.size(3, 1)):
            window = bench.size(10, 4)
            writer.tell("change", prefix=_PREFIX, elections=rows, rate=_CHANGES, seconds=window + 2)
            time.sleep(1.0)
            bare, began = reader.cpu, time.monotonic()
            ours = _share(terminal, window)
            theirs = (reader.cpu - bare) / (time.monotonic() - began) * 100
            rates.append(writer.answer()["rate"])
            samples["dashboard.cpu"].append(ours - theirs)
            samples["dashboard.bare"].append(theirs)
            writer.tell("change", prefix=_PREFIX, elections=rows, rate=_CHANGES, seconds=5.0)
            time.sleep(1.0)
            samples["dashboard.scroll_busy"].append(_scroll(terminal))
            writer.answer()
    time.sleep(3.0)
    samples["dashboard.restless"].append(_share(terminal, bench.size(20, 5)))


def _large(bench: Bench, writer: RequestProcess, samples: dict[str, list[float]]) -> None:
    rows = bench.size(100_000, 20_000)
    writer.ask("fill", prefix=_PREFIX, elections=rows, timeout=120.0)
    with _dashboard(bench, rows) as (terminal, _, listed):
        samples["dashboard.list_100000"].append(listed)
        time.sleep(3.0)
        for _ in range(bench.size(3, 1)):
            samples["dashboard.scroll_100000"].append(_scroll(terminal))
    writer.ask("clear", prefix=_PREFIX, timeout=120.0)


@contextmanager
def _dashboard(bench: Bench, rows: int) -> Iterator[tuple[Terminal, float, float]]:
    """The dashboard with its list drawn, and the seconds from its start and from its first read until then."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "first-read")
        command = (sys.executable, "-m", "benchmarks.peers.dashboard", bench.endpoint, _PREFIX, str(notes))
        with Terminal(command) as terminal:
            full = terminal.wait_for(f" {rows} elections: all ok", "job-000025", timeout=60.0)
            yield terminal, full - terminal.started_at, full - float(notes.read_text())


def _share(terminal: Terminal, seconds: float) -> float:
    """Percent of a core that the dashboard uses."""
    before, began = terminal.cpu, time.monotonic()
    time.sleep(seconds)
    return (terminal.cpu - before) / (time.monotonic() - began) * 100


def _scroll(terminal: Terminal, seconds: float = 1.5) -> float:
    """Frames a second while a key is held that replaces every row, down and then up again."""
    before, began = terminal.frames, time.monotonic()
    pressed = 0
    while (passed := time.monotonic() - began) < 2 * seconds:
        if pressed < passed * _KEYS_PER_SECOND:
            terminal.press(_PAGE_DOWN if passed < seconds else _PAGE_UP)
            pressed += 1
        else:
            time.sleep(0.002)
    return (terminal.frames - before) / (time.monotonic() - began)
