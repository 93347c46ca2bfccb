"""Fifty dashboards that look at the same elections: what they cost etcd, directly and through its gRPC proxy.

A dashboard is here what costs etcd something: a client of its own with a monitor over all elections. Through the proxy
etcd has one watch for all of them; the proxy's own CPU is told beside it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.grpc_proxy import GrpcProxy

from ..bench import Bench
from ..figures import Figure
from ..process import RequestProcess, cpu_seconds
from ..server import Server, server

__all__ = ["run"]

_PREFIX = "election/"
_ELECTIONS = 1_000
_CHANGES = 50
_WAYS = ("direct", "proxy")


class _Figures:
    """The rows: at rest, and while so many elections change."""

    def __init__(self, viewers: int) -> None:
        rest, busy = f"{viewers} dashboards at rest", f"{viewers} dashboards at {_CHANGES} changes/s"
        self.rest = Figure("viewers.rest", f"{rest}, etcd's CPU", "%", {})
        self.busy = Figure("viewers.busy", f"{busy}, etcd's CPU", "%", {})
        self.proxy_rest = Figure("viewers.proxy_rest", "at rest, the proxy's CPU", "%", {})
        self.proxy_busy = Figure("viewers.proxy_busy", f"at {_CHANGES} changes/s, the proxy's CPU", "%", {})
        self.lag = Figure("viewers.lag", "the same, a change told to all", "ms", {})

    def all(self) -> list[Figure]:
        return [self.rest, self.busy, self.proxy_rest, self.proxy_busy, self.lag]


def run(bench: Bench) -> list[Figure]:
    viewers = bench.size(50, 10)
    figures = _Figures(viewers)
    for way in _WAYS:
        with server(bench.binary) as etcd, bench.helper("writer", etcd.endpoint) as writer:
            writer.ask("fill", prefix=_PREFIX, elections=_ELECTIONS)
            with _front(etcd, way) as (endpoint, pid), bench.helper("reader", endpoint) as reader:
                reader.ask("view", prefix=_PREFIX, count=viewers)
                time.sleep(3.0)
                _measure(figures, way, etcd, pid, bench.size(20, 8), writer=None)
                _measure(figures, way, etcd, pid, bench.size(20, 8), writer=writer)
                figures.lag.samples[_name(way)] = _lags(bench, writer, reader)
    return figures.all()


@contextmanager
def _front(etcd: Server, way: str) -> Iterator[tuple[str, int | None]]:
    """Where the dashboards connect to, and the proxy's process where there is one."""
    with ExitStack() as stack:
        if way == "direct":
            yield etcd.endpoint, None
        else:
            proxy = stack.enter_context(GrpcProxy(etcd.binary, [etcd.endpoint]))
            yield proxy.endpoint, proxy.pid


def _measure(
    figures: _Figures, way: str, etcd: Server, proxy: int | None, seconds: float, writer: RequestProcess | None
) -> None:
    if writer is not None:
        writer.tell("change", prefix=_PREFIX, elections=_ELECTIONS, rate=_CHANGES, seconds=seconds + 2)
        time.sleep(1.0)
    before, began = (etcd.cpu, cpu_seconds(proxy) if proxy else 0.0), time.monotonic()
    time.sleep(seconds)
    after, taken = (etcd.cpu, cpu_seconds(proxy) if proxy else 0.0), (time.monotonic() - began) / 100
    (figures.busy if writer else figures.rest).samples[_name(way)] = [(after[0] - before[0]) / taken]
    if proxy:
        (figures.proxy_busy if writer else figures.proxy_rest).samples[_name(way)] = [(after[1] - before[1]) / taken]
    if writer is not None:
        writer.answer(seconds + 60)


def _lags(bench: Bench, writer: RequestProcess, reader: RequestProcess) -> list[float]:
    """From asking for a change until the last of them has it; the writing is part of it."""
    samples = []
    for _ in range(bench.size(50, 10)):
        began = time.monotonic()
        told = writer.ask("proclaim", prefix=_PREFIX, batch=1, elections=_ELECTIONS, rate=None, count=1)
        reader.ask("viewed", revision=told["revision"])
        samples.append((time.monotonic() - began) * 1000)
    return samples


def _name(way: str) -> str:
    """The first column is ours without anything in between."""
    return "ours" if way == "direct" else "proxy"
