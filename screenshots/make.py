"""Make the pictures of the README: the dashboard at moments of a recording, and what acts on a real etcd.

    python screenshots/make.py [--png] [DIRECTORY]

The recording is `night.jsonl`, which `record.py` makes. Needs ``etcd`` (``pip install electiontui[demo]`` brings one)
and, for ``--png``, chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from stage import DRILLS, staged
from textual.pilot import Pilot
from textual.widgets import Button, Input
from textual.widgets._footer import FooterKey

from election_core import Client
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd, EmbeddedMember
from electiontui.recording import Recording
from electiontui.replay import Index, Player
from electiontui.replay_app import ReplayApp
from electiontui.screens.detail import DetailScreen
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.find import FindDialog

Show = tuple[ElectionApp, Pilot[Any]]

# Machado, Oliveira and Fernandes, 2009: what linear RGB becomes without the cones for green.
WITHOUT_GREEN = """<svg style="position:absolute" width="0" height="0">
<filter id="seen" color-interpolation-filters="linearRGB">
<feColorMatrix values="0.367322 0.860646 -0.227968 0 0 0.280085 0.672501 0.047413 0 0 -0.01182 0.04294 0.968881 0 0
0 0 0 1 0"/></filter></svg>"""
NIGHT = Path(__file__).with_name("night.jsonl")
LATE = "-10s"
SECONDS_LIVE = 15
WIDE = (120, 40)
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


async def until(pilot: Pilot[Any], ready: Callable[[], object]) -> None:
    """Let the app work until ``ready``, at most 60 s."""
    async with asyncio.timeout(60):
        while not ready():
            await pilot.pause(0.05)


async def opened(app: ElectionApp, pilot: Pilot[Any], name: str) -> None:
    """Show one election, until all of its screen is there."""
    await app.push_screen(DetailScreen(app.desk, name))
    await until(pilot, lambda: app.screen.query(FooterKey))
    await pilot.pause(1)


class Camera:
    """Saves what the app shows as SVG; the PNGs are developed afterwards, since that holds up whatever is shown."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._taken: list[Path] = []

    def shoot(self, app: ElectionApp, name: str) -> None:
        svg = self._directory / f"{name}.svg"
        svg.write_text(app.export_screenshot(title="electiontui"), encoding="utf-8")
        self._taken.append(svg)
        print(svg)

    def develop(self) -> None:
        """Make a PNG of each, and of one also what is seen without cones for green."""
        for svg in self._taken:
            _to_png(svg, svg.with_suffix(".png"))
            if svg.stem == "elections":
                _to_png(svg, svg.with_stem("elections-without-green").with_suffix(".png"), filtered=True)


def _to_png(svg: Path, png: Path, *, filtered: bool = False) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("--png needs chromium on the PATH.")
    text = svg.read_text(encoding="utf-8")
    view = text.split('viewBox="', 1)[1].split('"', 1)[0].split()
    width, height = (round(float(number) + 0.5) for number in view[2:])
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        style = "margin:0;filter:url(#seen)" if filtered else "margin:0"
        page.write_text(f'<meta charset="utf-8"><body style="{style}">{WITHOUT_GREEN}{text}', encoding="utf-8")
        target = f"--screenshot={png}"
        size = f"--window-size={width},{height}"
        profile = f"--user-data-dir={scratch}/profile"
        subprocess.run([chromium, *QUIET, profile, target, size, page.as_uri()], check=True, capture_output=True)


@asynccontextmanager
async def _replayed(moment: str, size: tuple[int, int] = WIDE, theme: str = "") -> AsyncIterator[Show]:
    """The dashboard at a moment of the recording, at which it stands still."""
    recording = Recording(NIGHT)
    player = Player(recording, Index(recording), speed=60.0)
    player.playing = False
    if theme == "none":
        os.environ["NO_COLOR"] = "1"
    app = ReplayApp(player, start=moment)
    os.environ.pop("NO_COLOR", None)
    async with app.run_test(size=size) as pilot:
        if theme not in ("", "none"):
            app.theme = theme
        await until(pilot, lambda: player.position > player.began and app.desk.view.rows)
        await pilot.pause(1)
        yield app, pilot


async def _night(camera: Camera) -> None:
    async with _replayed(LATE) as (app, pilot):
        camera.shoot(app, "elections")
        for key, name in {"2": "leaders", "6": "events"}.items():
            await pilot.press(key)
            await pilot.pause(1)
            camera.shoot(app, name)
        await pilot.press("1")
        await opened(app, pilot, DRILLS[-1])
        camera.shoot(app, "detail")
        await pilot.press("c")
        await pilot.pause(1)
        camera.shoot(app, "charts")
    async with _replayed(LATE, theme="textual-light") as (app, _):
        camera.shoot(app, "elections-light")
    async with _replayed(LATE, theme="none") as (app, _):
        camera.shoot(app, "elections-no-color")
    async with _replayed(LATE, (80, 24)) as (app, pilot):
        camera.shoot(app, "elections-80x24")
        await opened(app, pilot, DRILLS[-1])
        camera.shoot(app, "detail-80x24")


async def _live(member: EmbeddedMember, camera: Camera) -> None:
    app = ElectionApp(lambda: Client(member.endpoint, timeout=1.0), prefixes=("election/",))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.desk.view.rows)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, FindDialog))
        await pilot.pause(1)
        camera.shoot(app, "find")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ElectionsScreen))
        await pilot.pause(SECONDS_LIVE)
        await _console(app, pilot, camera)
        member.freeze()
        await until(pilot, lambda: not app.desk.view.status().connected)
        await pilot.pause(3)
        camera.shoot(app, "disconnected")
        member.thaw()
        await until(pilot, lambda: app.desk.view.status().connected)
    app = ElectionApp(lambda: Client(member.endpoint), prefixes=("election/",), read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.desk.view.rows)
        await pilot.press("question_mark")
        await pilot.pause(0.5)
        camera.shoot(app, "help-80x24")


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


async def make(camera: Camera) -> None:
    """All pictures."""
    await _night(camera)
    async with EmbeddedEtcd() as etcd, staged(etcd.endpoints, SECONDS_LIVE):
        await _live(etcd.members[0], camera)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--png", action="store_true", help="convert with headless chromium")
    parser.add_argument("directory", nargs="?", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    os.environ.pop("NO_COLOR", None)
    camera = Camera(options.directory)
    asyncio.run(make(camera))
    if options.png:
        camera.develop()


if __name__ == "__main__":
    main()
