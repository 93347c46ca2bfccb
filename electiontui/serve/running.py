"""The server from its start to its end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from aiohttp import web

from ..commands import ERROR, OK
from ..commands.campaigning.signals import Signals
from ..commands.settings import Settings
from ..commands.streams import say
from .gate import LOOPBACK
from .server import DashboardServer

__all__ = ["Place", "serve_until_signal"]


class Place(NamedTuple):
    """Where the server listens, by which other names it is reached, and how many may come."""

    address: str
    port: int
    """0: any free one."""
    names: tuple[str, ...]
    visitors: int


def serve_until_signal(settings: Settings, place: Place) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; the address is printed once it can be opened. Returns the exit code.

    Raises:
        OSError: stdout cannot be written.
    """
    return asyncio.run(_serve(settings, place))


async def _serve(settings: Settings, place: Place) -> int:
    with Signals() as signals:
        return await _serve_until(signals.asked, settings, place)


async def _serve_until(asked: asyncio.Future[int], settings: Settings, place: Place) -> int:
    token = secrets.token_urlsafe(32)
    server = DashboardServer(settings, token, (*LOOPBACK, place.address, *place.names), place.visitors)
    # No access log: it would hold the token.
    runner = web.AppRunner(await server.make_app(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, place.address, place.port)
        try:
            await site.start()
        except OSError as exc:
            why = str(exc.strerror).rpartition(": ")[2]  # asyncio says where once more
            say(f"cannot listen on {place.address} port {place.port}: {why}; --port 0 takes any free one")
            return ERROR
        print(_address(place, _port(runner.addresses), token), flush=True)
        say(_greeting(settings, place))
        await asked
    finally:
        await runner.cleanup()
    return OK


def _port(addresses: Iterable[tuple[str, int]]) -> int:
    return next(iter(addresses))[1]


def _address(place: Place, port: int, token: str) -> str:
    host = place.names[0] if place.names else place.address
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{token}/"


def _greeting(settings: Settings, place: Place) -> str:
    may = "watch" if settings.read_only else "watch, campaign and evict"
    told = f"whoever has this address can {may}, {place.visitors} at a time; ctrl+c ends it"
    if _is_loopback(place.address):
        return told
    return f"{told}. It listens beyond this machine and nothing is encrypted: put a proxy with TLS in front"


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
