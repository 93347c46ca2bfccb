"""A real JupyterLab, and one notebook open in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from electiontui.embedded import EmbeddedEtcd

from ..servers import ROOT, clean_environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

__all__ = ["PATIENCE", "Lab", "Notebook", "connecting", "jupyter_lab", "until"]

PATIENCE = 60.0
"""Seconds within which whatever is waited for has to come."""
_START = 120.0
"""Seconds that JupyterLab may take to listen: it reads thousands of files first, and other tests run beside it."""
_TOKEN = "the-token-of-the-tests"


def connecting(etcd: EmbeddedEtcd, prefix: str, more: str = "") -> str:
    """The cell that everything else needs."""
    return f"from electiontui.notebook import connect\netcd = connect({etcd.endpoint!r}, prefix={prefix!r}{more})"


def until(ready: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What it returns once that is true; it is asked again and again, since another process does not tell."""
    end = time.monotonic() + seconds
    while not (found := ready()):
        if time.monotonic() > end:
            pytest.fail("never became true")
        time.sleep(0.05)
    return found


class Lab:
    """A server, whose files are in a folder of its own.

    Attributes:
        process: the server's.
        folder: where its notebooks are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "notebooks"
        self.folder.mkdir()
        private = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")} | {
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_PLATFORM_DIRS": "1",
        }
        options = {
            "ServerApp.port": "0",
            "ServerApp.root_dir": str(self.folder),
            "IdentityProvider.token": _TOKEN,
            "LabApp.expose_app_in_browser": "True",
            "LabApp.news_url": "",
            "ServerApp.open_browser": "False",
            "ServerApp.allow_root": "True",
        }
        self._log = (folder / "log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=clean_environment(PYTHONPATH=str(ROOT), **private),
        )
        self._runtime = folder / "runtime"
        self._folder = folder

    def url(self) -> str:
        """Where it listens, once it does."""
        end = time.monotonic() + _START
        while time.monotonic() < end and self.process.poll() is None:
            for path in self._runtime.glob("jpserver-*.json"):
                if text := path.read_text("utf-8"):
                    return str(json.loads(text)["url"])
            time.sleep(0.1)
        ended = self.process.poll()
        pytest.fail(
            f"JupyterLab did not start (it ended with {ended}): {(self._folder / 'log').read_text('utf-8')[-3000:]}"
        )

    def write(self, name: str, cells: Sequence[str]) -> None:
        """A notebook with these cells of code."""
        new: Any = nbformat.v4
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook = new.new_notebook(cells=[new.new_code_cell(cell) for cell in cells], metadata=kernel)
        (self.folder / name).write_text(nbformat.writes(notebook), "utf-8")  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


@contextmanager
def jupyter_lab(folder: Path) -> Iterator[Lab]:
    """A JupyterLab on a port of the kernel's choice."""
    lab = Lab(folder)
    try:
        lab.url()
        yield lab
    finally:
        lab.close()


class Notebook:
    """A notebook in a page."""

    def __init__(self, browser: Browser, lab: Lab, name: str, cells: Sequence[str], **context: Any) -> None:
        lab.write(name, cells)
        self._lab, self.name = lab, name
        self.page: Page = browser.new_page(viewport={"width": 1400, "height": 1000}, **context)
        self.page.set_default_timeout(PATIENCE * 1000)
        self.open()

    def open(self) -> None:
        self.page.goto(f"{self._lab.url()}lab/tree/{self.name}?reset&token={_TOKEN}")
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )

    def run(self, *numbers: int, wait: bool = True) -> None:
        """Run cells by number, from 0 on, as if a user did."""
        for number in numbers:
            self.page.evaluate(
                """async (number) => {
                    const panel = window.jupyterapp.shell.currentWidget;
                    panel.content.activeCellIndex = number;
                    const done = window.jupyterapp.commands.execute('notebook:run-cell');
                    window.lastRun = done;
                }""",
                number,
            )
            if wait:
                self.page.evaluate("() => window.lastRun")
                assert self.errors() == "", self.errors()

    def errors(self) -> str:
        return "\n".join(self.page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts())

    def output(self, number: int) -> Locator:
        return self.page.locator(".jp-Cell").nth(number).locator(".jp-Cell-outputArea")

    def view(self, number: int) -> Locator:
        """The live view below a cell; the picture beside it is hidden."""
        return self.output(number).locator(".electiontui")

    def execute(self, code: str) -> str:
        """What a piece of code prints in the kernel, without a cell."""
        printed: str = self.page.evaluate(
            """async (code) => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({ code, store_history: false });
                let text = '';
                future.onIOPub = (message) => {
                    const type = message.header.msg_type;
                    if (type === 'stream') text += message.content.text;
                    if (type === 'error') text += message.content.evalue;
                };
                await future.done;
                return text;
            }""",
            code,
        )
        return printed.strip()

    def save(self) -> dict[str, Any]:
        """Save it, and read what was saved."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        notebook: dict[str, Any] = json.loads((self._lab.folder / self.name).read_text("utf-8"))
        return notebook

    def close(self) -> None:
        self.page.close()
