"""The same Chromium for tests whose servers share its event loop, and the dashboard that is served to it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright

from ..serve.serving import CONTROL
from .chromium import needed_chromium

__all__ = ["Screen", "browsing", "opened"]

_PATIENCE = 40.0
# What moves the cursor to a row and a column.
_ROW = re.compile(rb"\x1b\[(\d+);\d+H")


@asynccontextmanager
async def browsing(*flags: str) -> AsyncIterator[Browser]:
    """A browser that ends with the block.

    Args:
        flags: more of Chromium's own.
    """
    path = needed_chromium()
    # Without its sandbox, which root has none of; only pages of the tests are opened.
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *flags]
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


class Screen:
    """What the dashboard draws in a page, which the page has as pixels alone.

    Attributes:
        sent: what the page has told the server.
        complaints: errors on the page's console, and what it could not load.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[list[object]] = []
        self.complaints: list[str] = []
        self._drawn, self._news = b"", asyncio.Event()
        page.on("websocket", lambda socket: socket.on("framereceived", self._received))
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: self.sent.append(json.loads(frame))))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("requestfailed", lambda request: self.complaints.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows as the page has told them last."""
        told = [frame[1] for frame in self.sent if frame[0] == "resize"]
        assert isinstance(told[-1], dict)
        return told[-1]["width"], told[-1]["height"]

    async def until(self, shown: str) -> None:
        """Wait until a text is drawn, after what was waited for before."""
        try:
            await self._drawing(lambda: any(shown in line for line in self._lines()))
        except TimeoutError:
            pytest.fail(f"not drawn: {shown}, but {self._lines()[-60:]}")
        self._drawn = b""

    async def until_row(self, row: int) -> None:
        """Wait until something is drawn in a row, which no smaller screen has; rows count from 1."""
        await self._drawing(lambda: any(int(drawn) >= row for drawn in _ROW.findall(self._drawn)))

    async def _drawing(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def _received(self, frame: bytes | str) -> None:
        self._drawn += frame if isinstance(frame, bytes) else b""
        self._news.set()

    def _lines(self) -> list[str]:
        return CONTROL.sub(b"", self._drawn).decode("utf-8", "replace").split("\n")


@asynccontextmanager
async def opened(browser: Browser, url: str) -> AsyncIterator[Screen]:
    """A page, 1000 by 600 pixels."""
    page = await browser.new_page(viewport={"width": 1000, "height": 600})
    screen = Screen(page)
    await page.goto(url)
    yield screen
    await page.close()
