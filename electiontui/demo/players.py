"""The process in which the demo's candidates live: ``python -m electiontui.demo.players ENDPOINTS SEED``.

It ends at once, without resigning anything, when its stdin ends: then the demo is over, and its etcd with it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from random import Random
from types import TracebackType
from typing import IO, TYPE_CHECKING

from .tempers import CAST, DOWN, TTL, UP, Temper, cast_by_host, plan_term

if TYPE_CHECKING:
    from election_core import Client

__all__ = ["Players", "play"]


class Players:
    """The process, alive as long as this is entered.

    Args:
        endpoint: the etcd to play on.
        seed: makes the moods repeat.
        log: file that takes what the process has to complain about.
    """

    def __init__(self, endpoint: str, seed: int, log: Path) -> None:
        self._arguments = [endpoint, str(seed)]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Players:
        # The child finds this very package, wherever it was imported from.
        source = str(Path(__file__).parents[2])
        path = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, *self._arguments],
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        return self

    @property
    def failure(self) -> str | None:
        """The last words of a process that ended by itself, else ``None``."""
        if self._process is None or self._process.poll() is None:
            return None
        return self._log.read_text("utf-8", "replace")[-2000:].strip() or f"status {self._process.returncode}"

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()


async def play(endpoint: str, seed: int) -> None:
    """Let the whole cast play forever."""
    from election_core import Client

    async with Client(endpoint) as client, asyncio.TaskGroup() as stage:
        for host, names in cast_by_host(CAST).items():
            stage.create_task(_host(client, host, names, seed))


async def _host(client: Client, host: str, names: list[str], seed: int) -> None:
    """Live, go with all candidates at once as a host that loses its power does, and come back, over and over."""
    random = Random(f"{seed} {host}")
    moods = {name: Random(f"{seed} {name} {host}") for name in names}
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(*UP)), asyncio.TaskGroup() as candidates:
                for name, mood in moods.items():
                    candidates.create_task(_live(client, name, host, CAST[name], mood))
        await asyncio.sleep(random.uniform(*DOWN))


async def _live(client: Client, name: str, value: str, temper: Temper, random: Random) -> None:
    """Campaign, lead and leave over and over; being evicted or cut off is part of the game."""
    from election_core import ElectionError

    election = client.election(name, ttl=TTL)
    await asyncio.sleep(random.uniform(0, 1))
    while True:
        term = plan_term(temper, random)
        campaign = election.campaign(value)
        try:
            await campaign.wait()
            for count, pause in enumerate(term.proclaims, 1):
                await asyncio.sleep(pause)
                await campaign.proclaim(f"{value} batch {count}")
            await asyncio.sleep(term.rest)
            if not term.crashes:
                await campaign.resign()
        except ElectionError as exc:
            print(f"{name} {value}: {exc}", file=sys.stderr, flush=True)
        finally:
            if not campaign.state.is_terminal:
                campaign.abandon()
        await asyncio.sleep(term.away)


def _end_with_parent(stdin: IO[bytes]) -> None:
    stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, args=(sys.stdin.buffer,), daemon=True).start()
    asyncio.run(play(sys.argv[1], int(sys.argv[2])))
