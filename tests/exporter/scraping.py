"""Metrics as somebody who scrapes them sees them."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

from electiontui.metrics.plan import Which

from ..servers import wait_until

__all__ = ["Scrape", "scrape", "text_of", "until_told", "which"]


class Scrape(dict[str, dict[tuple[str, ...], float]]):
    """By name of a metric its samples, by the values of their labels in the order of the labels' names."""

    def of(self, name: str, *labels: str) -> float | None:
        """One sample, if it is there."""
        return self.get(name, {}).get(labels)

    @classmethod
    def parsed(cls, text: str) -> Scrape:
        found = cls()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = tuple(value for _, value in sorted(sample.labels.items()))
                samples = found.setdefault(sample.name, {})
                assert labels not in samples, f"twice: {sample}"
                samples[labels] = sample.value
        return found


def text_of(url: str) -> str:
    """What is answered there, at once."""
    with urllib.request.urlopen(url, timeout=10) as reply:
        told: bytes = reply.read()
    return told.decode()


def scrape(url: str) -> Scrape:
    return Scrape.parsed(text_of(url))


def until_told(url: str, wanted: Callable[[Scrape], object], what: str, seconds: float = 20.0) -> Scrape:
    """Ask until it is told; returns that answer."""
    last = Scrape()

    def told() -> bool:
        nonlocal last
        last = scrape(url)
        return bool(wanted(last))

    wait_until(told, what, seconds)
    return last


def which(*named: str, most: int = 1000, fits: Callable[[str], bool] = lambda _: True) -> Which:
    return Which(fits, named, most)
