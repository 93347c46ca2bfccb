"""The README's examples in Python run, as printed, on a real etcd."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from .readme import blocks
from .servers import Etcdctl, clean_environment

ENDPOINT = "127.0.0.1:2379"
"""Where the README's etcd is; the tests put their own in its place."""


def substituted(code: str, etcd: EmbeddedEtcd) -> str:
    host, _, port = etcd.endpoint.partition(":")
    return code.replace(ENDPOINT, etcd.endpoint).replace('"127.0.0.1", 2379', f'"{host}", {port}')


@pytest.fixture(scope="module")
def library() -> dict[str, str]:
    """The library's examples after the first one, by a word that only each has."""
    found = blocks("python", "The library")[1:]
    words = ["campaign.on(", "observe()", "monitor()", "guard()"]
    assert len(found) == len(words)
    return dict(zip(words, found, strict=True))


@asynccontextmanager
async def pasted(code: str, etcd: EmbeddedEtcd) -> AsyncIterator[Callable[[], Any]]:
    """Run code as a notebook would; gives what waits for the next line that it prints. It is cancelled in the end."""
    printed: asyncio.Queue[str] = asyncio.Queue()
    namespace: dict[str, Any] = {
        "Client": Client,
        "print": lambda *words: printed.put_nowait(" ".join(map(str, words)).strip()),
    }
    compiled = compile(substituted(code, etcd), "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    running: Any = eval(compiled, namespace)
    assert inspect.iscoroutine(running)
    task = asyncio.create_task(running)

    async def line() -> str:
        waiting = asyncio.create_task(printed.get())
        async with asyncio.timeout(20):
            await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done() and printed.empty():
                waiting.cancel()
                await task
                raise AssertionError("it ended without another line")
            return await waiting

    try:
        yield line
    finally:
        if task.done():
            task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_first_example_runs_as_printed(etcd: EmbeddedEtcd) -> None:
    code = blocks("python", "The library")[0]
    assert len(code.splitlines()) == 12
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", substituted(code, etcd)],
        capture_output=True,
        text=True,
        timeout=30,
        env=clean_environment(),
    )
    assert re.fullmatch(r"leading, fencing token \d+ as host-a\n", done.stdout), done.stderr
    assert (done.returncode, done.stderr) == (0, "")
    async with Client(etcd.endpoint) as client:
        assert await client.election("nightly-report").candidates() == []


async def test_the_callbacks_run(etcd: EmbeddedEtcd, library: dict[str, str]) -> None:
    async with (
        Client(etcd.endpoint) as client,
        client.election("nightly-report").observe() as observer,
        pasted(library["campaign.on("], etcd) as line,
    ):
        assert await line() == "start the work"
        kinds = [(await anext(observer)).kind for _ in range(3)]
    assert kinds == ["elected", "proclaimed", "vacated"]


async def test_the_observer_prints_transitions(etcd: EmbeddedEtcd, library: dict[str, str]) -> None:
    async with pasted(library["observe()"], etcd) as line, Client(etcd.endpoint) as client:
        assert await line() == "at first None"
        campaign = client.election("nightly-report").campaign("host-b")
        assert await line() == "elected b'host-b'"
        await campaign.resign()
        assert await line() == "vacated None"


async def test_the_monitor_prints_elections_and_transitions(library: dict[str, str]) -> None:
    with EmbeddedEtcd() as etcd:
        async with Client(etcd.endpoint) as client:
            campaign = await client.election("nightly-report").campaign("host-b")
            async with pasted(library["monitor()"], etcd) as line:
                assert await line() == "nightly-report b'host-b' 1"
                await campaign.resign()
                assert await line() == "nightly-report vacated"


async def test_the_guarded_write_is_written(etcd: EmbeddedEtcd, etcdctl: Etcdctl, library: dict[str, str]) -> None:
    async with pasted(library["guard()"], etcd) as line:
        assert await line() == "written"
    assert etcdctl.run("get", "report", "--print-value-only") == "done\n"


def test_the_notebook_cell_gives_a_view(etcd: EmbeddedEtcd) -> None:
    (code,) = blocks("python", "In notebooks")
    *_, last = code.splitlines()
    namespace: dict[str, Any] = {}
    exec(substituted(code, etcd), namespace)
    try:
        assert str(eval(last, namespace)).splitlines()[0] == "nightly-report · vacant"
        assert "under 'election/'" in str(namespace["etcd"].elections())
    finally:
        namespace["etcd"].close()


async def test_the_example_of_a_test_is_one_that_passes() -> None:
    (code,) = blocks("python", "Testing your own program")
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    (test,) = [value for name, value in namespace.items() if name.startswith("test_")]
    await test()
