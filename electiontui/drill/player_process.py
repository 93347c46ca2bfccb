"""A candidate in a process of its own: ``python -m electiontui.drill.player_process``, told by JSON lines on stdin.

The first line says where and who; each other one is a step with an ``id``, answered on stdout by ``result`` or
``error``. Between answers come events. The end of stdin is the end: it resigns.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from typing import Any

from election_core import ElectionError

from .access import Access
from .actor import Actor

PR_SET_PDEATHSIG = 1


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


async def play() -> None:
    """Do what stdin says until it ends."""
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    scene = json.loads(await stdin.readline())
    async with Access.from_dict(scene.pop("access")).client() as client:
        actor = Actor(client, **scene, tell=_say)
        while line := await stdin.readline():
            request = json.loads(line)
            try:
                result = await actor.do(request["do"], request["value"])
                _say({"id": request["id"], "result": result})
            except ElectionError as exc:
                _say({"id": request["id"], "error": str(exc)})


def _die_with(parent: int) -> None:
    # Else one that is stopped would stay for good where its drill was killed; only Linux has it.
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    _die_with(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(play())
