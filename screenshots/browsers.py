"""Make the pictures of a browser: the views in a real JupyterLab, and the served dashboard, on a real etcd.

    python -m screenshots.browsers [DIRECTORY]

Needs ``etcd``, chromium and the extras of the tests.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from election_core.blocking import Campaign, Client
from electiontui.embedded import EmbeddedEtcd
from tests.browser.chromium import chromium
from tests.browser.jupyter import Notebook, jupyter_lab
from tests.servers import ROOT, clean_environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STEADY = {"billing/invoices": 3, "cache/warmer-eu": 1, "mail/outbound": 4, "search/indexer": 2}
"""How many candidates each election has that stays as it is."""
RESTLESS = "orders/allocator"
VACATED = "reports/nightly"
HOSTS = ("node-01", "node-02", "node-03", "node-04")
SECONDS_OF_HISTORY = 50.0
WIDTH, HEIGHT = 1200, 1150
SERVED_HEIGHT = 500
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
CELLS = (
    "from electiontui.notebook import connect\netcd = connect({endpoint!r})\netcd",
    "etcd.elections(last='1m')",
    f"own = etcd.campaign({RESTLESS!r}, 'notebook')\netcd.timeline({RESTLESS!r}, last='1m')",
)


@contextmanager
def candidates(endpoint: str) -> Iterator[Client]:
    """Elections with candidates that stay."""
    with Client(endpoint) as client:
        for place, (name, count) in enumerate(STEADY.items()):
            for number in range(count):
                client.election(name).campaign(HOSTS[(place + number) % len(HOSTS)])
        yield client


def play(client: Client) -> None:
    """Leaders of one election come and go for a while, and another one ends vacant."""
    rng = random.Random(5)
    election, waiting, end = client.election(RESTLESS), list(HOSTS), time.monotonic() + SECONDS_OF_HISTORY
    serving: list[Campaign] = []
    vacated = client.election(VACATED).campaign(HOSTS[1])
    while time.monotonic() < end:
        while waiting and len(serving) < 2:
            serving.append(election.campaign(waiting.pop(0)))
        time.sleep(rng.uniform(2, 8))
        for leaving in [serving.pop(0) for _ in range(rng.choice([1, 1, 2]))]:
            waiting.append(leaving.value.decode())
            leaving.resign()
        if not serving:
            time.sleep(rng.uniform(1, 3))
        if end - time.monotonic() < SECONDS_OF_HISTORY / 3:
            vacated.resign()
    for host in waiting[:2]:
        election.campaign(host)


def notebooks(browser: Browser, endpoint: str, client: Client, directory: Path) -> None:
    """The same notebook in both themes."""
    with tempfile.TemporaryDirectory() as folder, jupyter_lab(Path(folder)) as lab:
        notebook = Notebook(browser, lab, "elections.ipynb", [cell.format(endpoint=endpoint) for cell in CELLS])
        page = notebook.page
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        notebook.run(0)
        play(client)
        notebook.run(0, 1, 2)
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.node.scrollTop = 0; }")
        page.add_style_tag(content=".Toastify { display: none; }")  # what Jupyter has to say besides
        for name, theme in THEMES.items():
            page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
            page.wait_for_selector(f'body[data-jp-theme-name="{theme}"]', state="attached")
            page.wait_for_timeout(1500)  # for a redraw, once a second
            shoot = directory / f"notebook-{name}.png"
            page.locator(".jp-NotebookPanel").screenshot(path=shoot)
            print(shoot)


@contextmanager
def served(browser: Browser, endpoint: str) -> Iterator[Page]:
    """The dashboard that `electiontui serve` shows."""
    command = [sys.executable, "-m", "electiontui", "--endpoints", endpoint, "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=clean_environment()) as server:
        try:
            assert server.stdout is not None
            page = browser.new_page(viewport={"width": WIDTH, "height": SERVED_HEIGHT})
            page.goto(server.stdout.readline().strip())
            page.wait_for_selector("body.-first-byte")
            yield page
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", type=Path, default=Path(__file__).parent)
    directory = parser.parse_args().directory
    with (
        EmbeddedEtcd() as etcd,
        chromium() as browser,
        candidates(etcd.endpoint) as client,
        served(browser, etcd.endpoint) as page,
    ):
        notebooks(browser, etcd.endpoint, client, directory)
        page.screenshot(path=directory / "serve.png")
        print(directory / "serve.png")


if __name__ == "__main__":
    main()
