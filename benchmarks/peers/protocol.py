"""The line protocol, from the side of a process that is asked: a JSON request a line, a JSON answer a line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

__all__ = ["Answer", "Command", "millis", "serve"]

Answer = dict[str, Any]
Command = Callable[[dict[str, Any]], Awaitable[Answer]]


async def serve(commands: Mapping[str, Command]) -> None:
    """Obey one request after another until stdin ends. What fails is answered, and the next request awaited."""
    requests = await _stdin()
    while line := await requests.readline():
        print(json.dumps(await _obey(commands, json.loads(line))), flush=True)


def millis(since: float) -> float:
    """Milliseconds, in which all samples are told, since a moment of ``time.perf_counter``."""
    return (time.perf_counter() - since) * 1000


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _obey(commands: Mapping[str, Command], request: dict[str, Any]) -> Answer:
    command = commands.get(request["do"])
    if command is None:
        return {"unsupported": "there is no counterpart"}
    try:
        return await command(request)
    except Exception as exc:  # noqa: BLE001 - whatever it is, the runner reports it beside the figures
        return {"error": repr(exc)}
