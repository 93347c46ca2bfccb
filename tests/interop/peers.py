"""The three that share one election: etcd's own command line, Node's ``etcd3``, and election_core.

Nothing here sleeps or polls: what has happened is known from what the others print.
"""

from __future__ import annotations

import asyncio
import base64
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from election_core import Campaign, Election, ElectionObserver, Monitor, Transition

from ..servers import clean_environment, distro_binary

HERE = Path(__file__).parent
PATIENCE = 20.0
"""Seconds that anything may take."""


class Tool:
    """A program in a process of its own, read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        """The next line, which must come."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        assert line, f"it ended without another line: {await self.last_words()}"
        return line.decode().rstrip("\n")

    async def write(self, text: str, *, end: bool = False) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        await self._process.stdin.drain()
        if end:
            self._process.stdin.close()

    async def interrupt(self) -> int:
        """Press ctrl+c; returns the exit code."""
        self._process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    async def last_words(self) -> str:
        assert self._process.stderr is not None
        return (await self._process.stderr.read()).decode()


@asynccontextmanager
async def running(program: str | Path, *args: str) -> AsyncIterator[Tool]:
    """The program, until the end of the block."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        program, *args, stdin=pipe, stdout=pipe, stderr=pipe, env=clean_environment(), cwd=HERE
    )
    try:
        yield Tool(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def etcdctl(endpoint: str, *args: str) -> tuple[str, ...]:
    """The words of a command of etcd's own command line."""
    return str(distro_binary("etcdctl")), "--endpoints", endpoint, *args


class Witness:
    """Reads every write to an election from ``etcdctl watch``, so independently of the three."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool
        self._values: dict[str, str] = {}
        self._put: list[str] = []
        self._gone: list[str] = []

    async def sees(self, value: str) -> None:
        """Wait until the next value that is put, which must be this one."""
        while not self._put:
            await self._read()
        assert self._put.pop(0) == value

    async def sees_gone(self, value: str) -> None:
        """Wait until the next key that is deleted, which must be the one that had this value."""
        while not self._gone:
            await self._read()
        assert self._gone.pop(0) == value

    async def _read(self) -> None:
        for event in json.loads(await self._tool.line()).get("Events", ()):
            key = event["kv"]["key"]
            if "type" in event:  # left out for a put
                self._gone.append(self._values.pop(key))
            else:
                self._values[key] = base64.b64decode(event["kv"]["value"]).decode()
                self._put.append(self._values[key])


class Peer(Protocol):
    """A candidate, over and over."""

    kind: str

    async def join(self, value: str) -> None: ...

    async def elected(self) -> None: ...

    async def proclaim(self, value: str) -> None: ...

    async def leave(self) -> None: ...


class Watcher(Protocol):
    """An observer."""

    kind: str

    async def next_leader(self) -> str | None:
        """Its next report; ``None`` is a vacancy, where it reports such."""


class EtcdctlPeer:
    """``etcdctl elect``, which speaks as every program with Go's client does."""

    kind = "etcdctl"

    def __init__(self, endpoint: str, root: str, stack: Any) -> None:
        self._endpoint, self._root, self._stack = endpoint, root, stack
        self._key = ""
        self._value = ""

    async def join(self, value: str) -> None:
        self._key, self._value = "", value
        words = etcdctl(self._endpoint, "elect", self._root, value)
        self._tool: Tool = await self._stack.enter_async_context(running(*words))

    async def elected(self) -> None:
        self._key = await self._tool.line()
        assert self._key.startswith(f"{self._root}/")
        assert await self._tool.line() == self._value

    async def proclaim(self, value: str) -> None:
        """With the transaction of Go's ``Election.Proclaim``; etcdctl has no command for it."""
        async with running(*etcdctl(self._endpoint, "get", self._key, "-w", "json")) as tool:
            (kv,) = json.loads(await tool.line())["kvs"]
        async with running(*etcdctl(self._endpoint, "txn")) as tool:
            compare = f'c("{self._key}") = "{kv["create_revision"]}"\n\n'
            await tool.write(f"{compare}put {self._key} {value} --lease={kv['lease']:x}\n\n\n", end=True)
            assert await tool.line() == "SUCCESS"

    async def leave(self) -> None:
        while_waiting = 1  # "context canceled", with its key deleted all the same
        assert await self._tool.interrupt() == (0 if self._key else while_waiting), await self._tool.last_words()


class NodePeer:
    """Node's ``etcd3``: a candidate and an observer in one process."""

    kind = "node"

    def __init__(self, tool: Tool) -> None:
        self._tool = tool
        self._reports: dict[str, asyncio.Queue[Any]] = {}
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            document = json.loads(await self._tool.line())
            self._queue(document["event"]).put_nowait(document["value"])

    def _queue(self, event: str) -> asyncio.Queue[Any]:
        return self._reports.setdefault(event, asyncio.Queue())

    async def next(self, event: str) -> Any:
        """The value of the next such event; an error, or the end of the process, is raised instead."""
        waiting = [asyncio.ensure_future(self._queue(each).get()) for each in (event, "error")]
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([*waiting, self._reading], return_when=asyncio.FIRST_COMPLETED)
        found, error = waiting
        if not found.done():
            found.cancel()
            assert not error.done(), error.result()
            await self._reading
        error.cancel()
        return found.result()

    async def do(self, command: str, value: str | None = None) -> None:
        await self._tool.write(json.dumps({"command": command, "value": value}) + "\n")
        assert await self.next("done") == command

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def join(self, value: str) -> None:
        await self.do("campaign", value)

    async def elected(self) -> None:
        await self.next("elected")

    async def proclaim(self, value: str) -> None:
        await self.do("proclaim", value)

    async def leave(self) -> None:
        await self.do("resign")

    async def next_leader(self) -> str | None:
        found: str | None = await self.next("change")
        return found


class OurPeer:
    """election_core."""

    kind = "ours"

    def __init__(self, election: Election) -> None:
        self._election = election
        self._campaign: Campaign | None = None

    @property
    def campaign(self) -> Campaign:
        assert self._campaign is not None
        return self._campaign

    async def join(self, value: str) -> None:
        self._campaign = self._election.campaign(value)

    async def elected(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.campaign.wait()

    async def proclaim(self, value: str) -> None:
        await self.campaign.proclaim(value)

    async def leave(self) -> None:
        await self.campaign.resign()


class EtcdctlWatcher:
    """``etcdctl elect -l``; it does not report vacancies."""

    kind = "etcdctl"

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    async def next_leader(self) -> str | None:
        await self._tool.line()  # the key
        return await self._tool.line()


class OurWatcher:
    """An observer or a monitor of election_core, with the transitions of one election."""

    def __init__(self, kind: str, subscription: ElectionObserver | Monitor, name: str) -> None:
        self.kind, self._subscription, self._name = kind, subscription, name
        self.transitions: list[Transition] = []

    async def next_leader(self) -> str | None:
        async with asyncio.timeout(PATIENCE):
            async for transition in self._subscription:
                if transition.election == self._name:
                    self.transitions.append(transition)
                    return None if transition.after is None else transition.after.value.decode()
        raise AssertionError("it was closed")
