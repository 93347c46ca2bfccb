"""What it costs to hold: many campaigns that lead and do nothing, and many leases that are only renewed.

Each figure is from an etcd of its own, which has nothing else to do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..bench import Bench
from ..contestants import Contestant
from ..figures import Figure
from ..process import ProcessFailed, RequestProcess, Unsupported
from ..server import Server, server

__all__ = ["run"]

_TTL = 30
_SETTLED = 2.0
_SIZES = ((100, 20), (1_000, 200), (10_000, 1_000))
_JOINING = 600.0


def run(bench: Bench) -> list[Figure]:
    figures = [_alone(bench)]
    for full, quick in _SIZES:
        figures += _Row(bench, str(full), bench.size(full, quick), session=False).figures()
    figures += _Row(bench, "session", bench.size(*_SIZES[1]), session=True).figures()
    return [*figures, *_leases(bench)]


def _alone(bench: Bench) -> Figure:
    figure = Figure("holding.etcd_alone", "etcd's CPU without any client", "%", {})
    with server(bench.binary) as etcd:
        time.sleep(_SETTLED)
        figure.samples["ours"] = [etcd.idle(bench.size(20, 5))]
    return figure


@dataclass
class _Used:
    """What was used over whole periods of renewal, since the renewals of leases granted together come together."""

    client: float
    etcd: float
    memory: float
    streams: float
    asked: float


class _Row:
    """Everybody holds so many campaigns, with a lease each or on one session."""

    def __init__(self, bench: Bench, key: str, count: int, *, session: bool) -> None:
        self._bench, self._key, self._count, self._session = bench, key, count, session

    def figures(self) -> list[Figure]:
        how = f"{self._count:,} idle campaigns" + (" on one session" if self._session else "")
        client = Figure(f"holding.client_{self._key}", f"{how}, TTL {_TTL} s, CPU", "%", {})
        etcd = Figure(f"holding.etcd_{self._key}", "the same, etcd's CPU", "%", {})
        memory = Figure(f"holding.memory_{self._key}", "the same, memory of the process", "MB", {})
        streams = Figure(f"holding.streams_{self._key}", "the same, streams of watches", "", {})
        asked = Figure(f"holding.asked_{self._key}", "the same, requests a second on each of them", "1/s", {})
        for contestant in self._bench.contestants:
            try:
                used = self._used(contestant)
            except (Unsupported, ProcessFailed) as exc:
                client.notes.append(f"{contestant.name}: {exc}")
                continue
            for figure, value in (
                (client, used.client),
                (etcd, used.etcd),
                (memory, used.memory),
                (streams, used.streams),
                (asked, used.asked),
            ):
                figure.samples[contestant.name] = [value]
        return [client, etcd, memory, streams, asked]

    def _used(self, contestant: Contestant) -> _Used:
        names = self._bench.names(self._count)
        with server(self._bench.binary) as etcd, contestant.start(etcd.endpoint) as process:
            process.ask("hold", names=names, ttl=_TTL, session=self._session, timeout=_JOINING)
            time.sleep(_SETTLED)
            return _measured(process, etcd, _window(self._bench))


def _measured(process: RequestProcess, etcd: Server, seconds: float) -> _Used:
    counted, ours, theirs, began = etcd.counters(), process.cpu, etcd.cpu, time.monotonic()
    time.sleep(seconds)
    taken = (time.monotonic() - began) / 100
    used = _Used((process.cpu - ours) / taken, (etcd.cpu - theirs) / taken, process.resident / 1e6, 0.0, 0.0)
    after = etcd.counters()
    used.streams = after["started", "Watch"] - after["handled", "Watch"]
    received = after["msg_received", "Watch"] - counted["msg_received", "Watch"]
    used.asked = received / (100 * taken) / used.streams if used.streams else 0.0
    return used


def _window(bench: Bench) -> float:
    return bench.size(2, 1) * _TTL / 3


def _leases(bench: Bench) -> list[Figure]:
    count = bench.size(10_000, 1_000)
    cpu = Figure("holding.renewals", f"renewals of {count:,} leases on one stream, CPU each", "µs", {})
    share = Figure("holding.share", f"the same, TTL {_TTL} s, of a core", "%", {})
    theirs = Figure("holding.share_etcd", "the same, etcd's CPU", "%", {})
    left = Figure("holding.left", "the same, shortest time left of any lease", "TTL", {})
    streams = Figure("holding.renewal_streams", "the same, streams of renewals", "", {})
    with server(bench.binary) as etcd, bench.helper("reader", etcd.endpoint) as reader:
        reader.ask("sessions", count=count, ttl=_TTL, timeout=_JOINING)
        time.sleep(_SETTLED)
        counted, ours, served, began = etcd.counters(), reader.cpu, etcd.cpu, time.monotonic()
        told = reader.ask("lowest", seconds=_window(bench), timeout=120.0)
        used, taken = reader.cpu - ours, time.monotonic() - began
        theirs.samples["ours"] = [(etcd.cpu - served) / taken * 100]
        after = etcd.counters()
    renewed = after["msg_received", "LeaseKeepAlive"] - counted["msg_received", "LeaseKeepAlive"]
    cpu.samples["ours"] = [used / renewed * 1e6]
    share.samples["ours"] = [used / taken * 100]
    left.samples["ours"] = [told["remaining"] / _TTL]
    streams.samples["ours"] = [after["started", "LeaseKeepAlive"] - after["handled", "LeaseKeepAlive"]]
    if told["alive"] != count:
        left.notes.append(f"ours: only {told['alive']} of {count} leases are alive")
    return [cpu, share, theirs, left, streams]
