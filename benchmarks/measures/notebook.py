"""A view in a real JupyterLab: what it sends and costs at rest and while elections change, and what is kept for nobody.

Sent is what the page receives from the Jupyter server by its websockets, everything that Jupyter adds included.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.chromium import chromium
from tests.browser.jupyter import Lab, Notebook, jupyter_lab

from ..bench import Bench
from ..figures import Figure
from ..process import ProcessFailed, RequestProcess, cpu_seconds, resident_bytes
from ..server import Server, server

if TYPE_CHECKING:
    from playwright.sync_api import WebSocket

__all__ = ["run"]

_PREFIX = "election/"
_ELECTIONS = 216
_CHANGES = 20
_CLOSED = 60.0
"""Seconds without a tab."""


class _Shown:
    """A notebook in a page, and what all that costs.

    Attributes:
        lab: the Jupyter server.
        notebook: in it.
        kernel: the process that has the view.
    """

    # The mutable state: the messages that have come, and their bytes.

    def __init__(self, lab: Lab, notebook: Notebook) -> None:
        self.lab, self.notebook, self.kernel = lab, notebook, 0
        self._messages = self._bytes = 0
        self._page = notebook.page.context.new_cdp_session(notebook.page)
        self._page.send("Performance.enable")
        notebook.page.on("websocket", self._opened)

    def so_far(self) -> tuple[float, float, float, float]:
        """Messages, kB, and a hundredth of the seconds that the kernel and the page's main thread have worked."""
        told = {each["name"]: each["value"] for each in self._page.send("Performance.getMetrics")["metrics"]}
        return self._messages, self._bytes / 1000, cpu_seconds(self.kernel) * 100, told["TaskDuration"] * 100

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._received)

    def _received(self, frame: bytes | str) -> None:
        self._messages += 1
        self._bytes += len(frame)


def run(bench: Bench) -> list[Figure]:
    if shutil.which("chromium") is None:
        raise ProcessFailed("no chromium on this machine")
    busy = f"notebook, {_ELECTIONS} elections at {_CHANGES} changes/s"
    figures = {
        figure.key.partition(".")[2]: figure
        for figure in (
            Figure("notebook.rest_messages", "notebook, a view at rest, messages", "1/s", {}),
            Figure("notebook.rest_bytes", "the same, sent", "kB/s", {}),
            Figure("notebook.rest_cpu", "the same, the kernel's CPU", "%", {}),
            Figure("notebook.rest_page", "the same, the page's main thread", "%", {}),
            Figure("notebook.busy_messages", f"{busy}, messages", "1/s", {}),
            Figure("notebook.busy_bytes", "the same, sent", "kB/s", {}),
            Figure("notebook.busy_cpu", "the same, the kernel's CPU", "%", {}),
            Figure("notebook.busy_page", "the same, the page's main thread", "%", {}),
            Figure("notebook.closed", f"the same, tab closed for {_CLOSED:g} s, server's growth", "MB", {}),
        )
    }
    with server(bench.binary) as etcd, bench.helper("writer", etcd.endpoint) as writer:
        writer.ask("fill", prefix=_PREFIX, elections=_ELECTIONS)
        with _shown(etcd) as shown:
            time.sleep(5.0)
            seconds = bench.size(60, 5)
            _watch(figures, "rest", shown, seconds)
            _change(writer, seconds + 2)
            _watch(figures, "busy", shown, seconds)
            writer.answer()
            figures["closed"].samples["ours"] = [_growth(bench, shown, writer)]
    return list(figures.values())


@contextmanager
def _shown(etcd: Server) -> Iterator[_Shown]:
    """All elections in a notebook in a browser."""
    connecting = f"from electiontui.notebook import connect\netcd = connect({etcd.endpoint!r}, prefix={_PREFIX!r})"
    with tempfile.TemporaryDirectory() as folder, chromium() as browser, jupyter_lab(Path(folder)) as lab:
        notebook = Notebook(browser, lab, "bench.ipynb", [connecting, "etcd.elections()"])
        shown = _Shown(lab, notebook)
        notebook.open()  # once more, so that its websockets are counted
        notebook.run(0, 1)
        notebook.view(1).get_by_text(f"{_ELECTIONS} elections").wait_for()
        shown.kernel = int(notebook.execute("import os; print(os.getpid())"))
        yield shown


def _change(writer: RequestProcess, seconds: float) -> None:
    """Begin to change leaders, for so long."""
    writer.tell("change", prefix=_PREFIX, elections=_ELECTIONS, rate=_CHANGES, seconds=seconds)
    time.sleep(1.0)


def _watch(figures: dict[str, Figure], what: str, shown: _Shown, seconds: float) -> None:
    before, began = shown.so_far(), time.monotonic()
    shown.notebook.page.wait_for_timeout(seconds * 1000)  # the driver counts meanwhile, as it would not in a sleep
    after, taken = shown.so_far(), time.monotonic() - began
    for name, early, late in zip(("messages", "bytes", "cpu", "page"), before, after, strict=True):
        figures[f"{what}_{name}"].samples["ours"] = [(late - early) / taken]


def _growth(bench: Bench, shown: _Shown, writer: RequestProcess) -> float:
    """Megabytes that the Jupyter server grew by while nobody looked and elections changed."""
    seconds = bench.size(int(_CLOSED), 10)
    _change(writer, seconds + 2)
    jupyter = shown.lab.process.pid
    before = resident_bytes(jupyter)
    shown.notebook.close()
    time.sleep(seconds)
    grown = resident_bytes(jupyter) - before
    writer.answer()
    return grown / 1e6
