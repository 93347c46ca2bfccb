"""textual-serve's server behind our gate, with a bound on visitors and an end for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager
from textual_serve.server import Server, to_int

from ..commands.settings import Settings
from ..commands.streams import say
from .gate import Asked, Gate
from .visitor import VARIABLE, end, process_of, to_text

__all__ = ["DashboardServer"]

END_TIMEOUT: Final = 12.0
"""Seconds for a visitor's process to end in: 5 to resign, 5 more for its screen, and some to be scheduled."""
_WIDTHS, _HEIGHTS = (20, 500), (5, 200)
_LONGEST_MESSAGE: Final = 1 << 20
_CLOSE_TIMEOUT: Final = 2.0
"""Seconds that a browser has to answer the end of its websocket."""
_DOWNLOADS: Final = "/download/"
_PAGE: Final = Path(__file__).with_name("page")
_HEADERS: Final = {
    # Nothing from elsewhere; the terminal sets styles and sizes by itself.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*{names}",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Visitor(AppService):
    """A websocket's process."""

    # The mutable state is textual-serve's, whether something was drawn, and the task that ends the process.

    def __init__(self, settings: Settings, downloads: Downloads, websocket: web.WebSocketResponse) -> None:
        super().__init__(
            "electiontui",
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=self._close,
            download_manager=downloads,
        )
        self._settings, self._downloads, self._websocket = settings, downloads, websocket
        self._ending: asyncio.Task[None] | None = None
        self._has_drawn = False

    async def run(self) -> None:
        """Carry what it draws to the browser, until either ends."""
        await super().run()
        if self._ending is None:
            await self._close()

    async def on_data(self, payload: bytes) -> None:
        self._has_drawn = True
        await super().on_data(payload)

    async def stop(self) -> None:
        """End the process, once; whoever comes later waits for the same."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        await asyncio.shield(self._ending)

    async def set_terminal_size(self, width: int, height: int) -> None:
        await super().set_terminal_size(_within(width, _WIDTHS), _within(height, _HEIGHTS))

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = super()._build_environment(_within(width, _WIDTHS), _within(height, _HEIGHTS))
        return environment | {VARIABLE: to_text(self._settings)}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
        self._process = process = await process_of(self._build_environment(width, height))
        self._stdin = process.stdin
        if self._ending is not None:
            await end(process, 0.0)
        return process

    async def _close(self) -> None:
        await self._websocket.close()

    async def _end(self) -> None:
        await self._downloads.forget(self.app_service_id)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._process is None:
            return
        # One that has drawn nothing has let nobody campaign.
        if not await end(self._process, END_TIMEOUT if self._has_drawn else 0.0) and self._has_drawn:
            say(f"a visitor's dashboard did not end within {END_TIMEOUT:g} s and was killed")
        await self._close()


class Downloads(DownloadManager):
    """What visitors have exported and not fetched yet, no longer than they stay."""

    async def forget(self, app_service_id: str) -> None:
        """End what one of them downloads, and forget what it offers."""
        await self.cancel_app_downloads(app_service_id)
        offered = self._active_downloads.items()
        for key in [key for key, each in offered if each.app_service.app_service_id == app_service_id]:
            del self._active_downloads[key]


class DashboardServer(Server):
    """Serves the dashboard below ``/TOKEN/``, to at most so many visitors at a time."""

    # The mutable state: the visitors, and when a refusal was told last.

    def __init__(self, settings: Settings, token: str, names: tuple[str, ...], most: int) -> None:
        super().__init__("electiontui", title="electiontui")
        self._settings, self._token, self._most = settings, token, most
        self._gate = Gate(token, names)
        self.download_manager: Downloads = Downloads()
        also = "".join(f" http://{name}:* https://{name}:*" for name in names if ":" not in name)
        self._headers = {name: text.replace("{names}", also) for name, text in _HEADERS.items()}
        self.visitors: set[Visitor] = set()
        self._told_at = float("-inf")

    async def make_app(self) -> web.Application:
        """textual-serve's own application behind the gate."""
        inner = await self._make_app()
        inner.router.add_get("/{name:page\\.(?:js|css)}", _send_file)
        outer = web.Application(middlewares=[self._let_in])
        # Whoever copies an address may well lose its last stroke.
        outer.router.add_get(f"/{self._token}", self._add_stroke)
        outer.add_subapp(f"/{self._token}", inner)
        # textual-serve's script asks for it there. Its key is as secret as the token, and good for one file.
        outer.router.add_get(f"{_DOWNLOADS}{{key}}", self.handle_download)
        outer.on_response_prepare.append(self._add_headers)
        outer.on_shutdown.append(self._end_visitors)
        return outer

    async def on_startup(self, app: web.Application) -> None:
        """textual-serve's greeting is not printed."""

    async def _add_stroke(self, request: web.Request) -> web.StreamResponse:
        """On to the page, whatever a proxy has put before its path."""
        query = request.rel_url.raw_query_string
        raise web.HTTPFound(f"{self._token}/" + (f"?{query}" if query else ""))

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """The page; textual-serve's own asks another server for its letters."""
        return web.FileResponse(_PAGE / "index.html")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A visitor, for as long as the websocket is open."""
        if len(self.visitors) >= self._most:
            says = f"There are {self._most} visitors already, the most that --visitors allows; close one, or wait."
            self._tell(says)
            raise web.HTTPServiceUnavailable(text=says)
        websocket = web.WebSocketResponse(heartbeat=15, timeout=_CLOSE_TIMEOUT, max_msg_size=_LONGEST_MESSAGE)
        visitor = Visitor(self._settings, self.download_manager, websocket)
        # Before anything is awaited: of two that come at once the second has to see the first.
        self.visitors.add(visitor)
        try:
            await websocket.prepare(request)
            await visitor.start(to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24))
            await self._process_messages(websocket, visitor)
        finally:
            try:
                await visitor.stop()
            finally:
                self.visitors.discard(visitor)
        return websocket

    @web.middleware
    async def _let_in(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        path = f"/{self._token}/" if request.path.startswith(_DOWNLOADS) else request.path
        headers = request.headers
        asked = Asked(path, headers.get("Host", ""), headers.get("Origin"), websocket="Upgrade" in headers)
        refusal = self._gate.refusal(asked)
        if refusal is not None:
            self._tell(refusal.says)
            return web.Response(status=refusal.status, text=f"{refusal.says}\n")
        return await handler(request)

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: AppService) -> None:
        try:
            await super()._process_messages(websocket, app_service)
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError):
            self._tell("A message that our page does not send has ended a visit.")

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(self._headers)

    async def _end_visitors(self, app: web.Application) -> None:
        self._most = 0
        await asyncio.gather(*(visitor.stop() for visitor in tuple(self.visitors)))

    def _tell(self, says: str) -> None:
        """At most one in a second: whoever is refused may well come often."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= 1.0:
            self._told_at = now
            say(f"refused: {says}")


def _within(given: int, bounds: tuple[int, int]) -> int:
    return min(max(int(given), bounds[0]), bounds[1])


async def _send_file(request: web.Request) -> web.FileResponse:
    return web.FileResponse(_PAGE / request.match_info["name"])
