"""What a scrape costs the exporter: the time until it is answered, and the pauses of the event loop meanwhile."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from ..bench import Bench
from ..figures import Figure

__all__ = ["run"]

_PREFIX = "scraping/"
_BEGINNING = 60.0


def run(bench: Bench) -> list[Figure]:
    figures: list[Figure] = []
    with bench.helper("writer") as writer:
        for number in (1_000, bench.size(10_000, 2_000)):
            scrape = Figure(f"scraping.time_{number}", f"scrape of {number:,} elections, gzipped", "ms", {"ours": []})
            quiet = Figure(f"scraping.quiet_{number}", "longest pause of its loop in a second, unasked", "ms", {})
            asked = Figure(f"scraping.pause_{number}", "the same, scraped once a second", "ms", {})
            writer.ask("fill", prefix=_PREFIX, elections=number, candidates=2, timeout=120.0)
            with _exporter(bench, number) as (url, pauses):
                _until_it_knows(url, number)
                seconds = bench.size(20, 3)
                _read(pauses, 3)
                quiet.samples["ours"] = _read(pauses, seconds)
                for _ in range(seconds):
                    scrape.samples["ours"].append(_scrape(url)[0])
                    asked.samples.setdefault("ours", []).extend(_read(pauses, 1))
            writer.ask("clear", prefix=_PREFIX, timeout=120.0)
            figures += [scrape, quiet, asked]
    return figures


@contextmanager
def _exporter(bench: Bench, number: int) -> Iterator[tuple[str, IO[str]]]:
    """Where it is asked, and what its loop says of its pauses."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.peers.exporter", "--endpoints", bench.endpoint, "--prefix", _PREFIX),
            *("--listen", "127.0.0.1:0", "--max-elections", str(number)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        yield process.stderr.readline().rpartition(" ")[2].strip(), process.stdout
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _read(pauses: IO[str], seconds: int) -> list[float]:
    return [float(pauses.readline()) for _ in range(seconds)]


def _scrape(url: str) -> tuple[float, str]:
    """Milliseconds until it was answered, asked as Prometheus asks; and the answer."""
    began = time.perf_counter()
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        told = reply.read()
    return (time.perf_counter() - began) * 1000, gzip.decompress(told).decode()


def _until_it_knows(url: str, number: int) -> None:
    ends_at = time.monotonic() + _BEGINNING
    while not re.search(rf"^election_view_elections {number}\.0$", _scrape(url)[1], re.MULTILINE):
        if time.monotonic() > ends_at:
            raise RuntimeError(f"the exporter does not know {number} elections within {_BEGINNING:g} s")
        time.sleep(0.2)
