"""The served dashboard in a real browser: what is seen, keys, mouse and sizes, and who is not let in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from ..serve.serving import TOKEN, serving
from ..servers import wait_until
from .driving import browsing, opened

pytestmark = pytest.mark.timeout(120)


async def test_keys_the_mouse_and_a_new_size_reach_the_dashboard(etcd: EmbeddedEtcd, name: str) -> None:
    async with (
        Client(etcd.endpoint) as client,
        client.election("by-mouse", prefix=f"{name}/").campaign("host-1"),
        serving(etcd.endpoint, f"{name}/") as serves,
        browsing() as browser,
        opened(browser, serves.page) as screen,
    ):
        await screen.until("by-mouse")
        await screen.page.keyboard.press("?")
        await screen.until("only those in trouble")
        await screen.page.keyboard.press("Escape")
        await screen.until("by-mouse")
        box = await screen.page.locator(".xterm-screen").bounding_box()
        assert box is not None
        columns, rows = screen.size
        # The fifth line of the screen has the only election.
        x, y = box["x"] + box["width"] * 10 / columns, box["y"] + box["height"] * 4.5 / rows
        await screen.page.mouse.dblclick(x, y)
        await screen.until("fencing token")
        assert any(str(frame[1]).startswith("\x1b[<0;") for frame in screen.sent if frame[0] == "stdin")
        await screen.page.set_viewport_size({"width": 1400, "height": 800})
        await screen.until_row(rows + 1)
        wider, higher = screen.size
        assert wider > columns
        assert higher > rows
        assert screen.complaints == []


async def test_who_closes_the_page_is_gone_and_an_ended_dashboard_is_told(etcd: EmbeddedEtcd) -> None:
    async with serving(etcd.endpoint) as serves, browsing() as browser:
        async with opened(browser, serves.page) as screen:
            await screen.until("READ-ONLY")
            await screen.page.keyboard.press("q")
            await screen.page.get_by_role("alert").wait_for()
            await screen.page.get_by_role("button", name="Open it again").click()
            await screen.until("READ-ONLY")
        await asyncio.to_thread(wait_until, lambda: not serves.server.visitors, "the end of the visit", 30)


@asynccontextmanager
async def page_of_another(script: str) -> AsyncIterator[str]:
    """A page of an origin that is not ours, with a script."""

    async def send(request: web.Request) -> web.Response:
        return web.Response(text=f"<!DOCTYPE html><p id=told></p><script>{script}</script>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", send)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


_TRIES = """
const told = [];
const tell = (text) => { told.push(text); if (told.length == 2) document.getElementById("told").textContent = told; };
const socket = new WebSocket("ws://PLACE/TOKEN/ws?width=80&height=24");
socket.onopen = () => tell("opened");
socket.onerror = () => tell("refused");
fetch("http://PLACE/TOKEN/").then(() => tell("read"), () => tell("unread"));
"""


async def test_a_foreign_page_is_refused_although_it_has_the_token(etcd: EmbeddedEtcd) -> None:
    """H101: nothing is started for it, and nothing is read."""
    async with serving(etcd.endpoint, read_only=False) as serves, browsing() as browser:
        script = _TRIES.replace("PLACE", serves.place).replace("TOKEN", TOKEN)
        async with page_of_another(script) as url, opened(browser, url) as screen:
            told = screen.page.locator("#told")
            await told.filter(has_text=",").wait_for()
            assert sorted((await told.inner_text()).split(",")) == ["refused", "unread"]
        assert serves.server.visitors == set()


async def test_a_foreign_name_and_a_missing_token_are_refused_in_words(etcd: EmbeddedEtcd) -> None:
    """H101: DNS rebinding, and whoever guesses the port."""
    rebound = "--host-resolver-rules=MAP rebound.example.com 127.0.0.1"
    async with serving(etcd.endpoint) as serves, browsing(rebound) as browser:
        port = serves.place.rpartition(":")[2]
        for url, says in (
            (f"http://rebound.example.com:{port}/{TOKEN}/", "is not a name of this server"),
            (f"{serves.origin}/", "The token is missing or wrong"),
            (f"{serves.origin}/guess/", "The token is missing or wrong"),
        ):
            page = await browser.new_page()
            answer = await page.goto(url)
            assert answer is not None
            assert answer.status in (403, 421)
            assert says in await page.inner_text("body")
        assert serves.server.visitors == set()


async def test_it_is_seen_in_a_frame_of_a_notebook(etcd: EmbeddedEtcd) -> None:
    """As ``IFrame(address, …)`` makes it; a page from elsewhere may not frame it."""
    async with serving(etcd.endpoint) as serves, browsing() as browser:
        frame = f'document.body.innerHTML = `<iframe width=900 height=500 src="{serves.page}"></iframe>`'
        async with page_of_another(frame) as url, opened(browser, url) as screen:
            await screen.until("READ-ONLY")
            await screen.page.mouse.click(200, 200)
            await screen.page.keyboard.press("?")
            await screen.until("only those in trouble")


async def test_an_export_is_downloaded_and_writes_nothing_where_the_server_runs(etcd: EmbeddedEtcd, name: str) -> None:
    """H103."""
    async with (
        Client(etcd.endpoint) as client,
        client.election("exported", prefix=f"{name}/").campaign("host-1"),
        serving(etcd.endpoint, f"{name}/") as serves,
        browsing() as browser,
        opened(browser, serves.page) as screen,
    ):
        await screen.until("exported")
        await screen.page.keyboard.press("e")
        await screen.until("file to download")
        async with screen.page.expect_download() as download:
            await screen.page.keyboard.press("Enter")
        file = await download.value
        assert b"exported" in (await file.path()).read_bytes()
        assert file.suggested_filename not in os.listdir()
