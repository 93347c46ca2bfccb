"""What a measure runs with: the etcd, the contestants kept warm, and turns that interleave them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from electiontui.embedded import EmbeddedEtcd

from .contestants import Contestant, bare
from .figures import Figure
from .process import ProcessFailed, RequestProcess, Unsupported

__all__ = ["Bench", "Turn"]

Turn = Callable[[RequestProcess, Contestant], dict[str, list[float]]]
"""One contestant's turn: samples by the key of the figure that they belong to."""


class Bench:
    """One run on one etcd.

    Attributes:
        endpoint: of the etcd.
        binary: the etcd's program, for measures that need one of their own.
        contestants: who races, ours first.
        rounds: how many turns each contestant has, after one that is thrown away.
        quick: whether the harness is only to be tried out: smaller sizes, which prove nothing.
    """

    # The mutable state: the contestants' warm processes, and the next name that nobody has used.

    def __init__(self, etcd: EmbeddedEtcd, contestants: list[Contestant], *, rounds: int, quick: bool) -> None:
        self.endpoint, self.binary, self.contestants = etcd.endpoint, etcd.binary, contestants
        self.rounds, self.quick = rounds, quick
        self._warm: dict[str, RequestProcess] = {}
        self._numbers = itertools.count()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for process in self._warm.values():
            process.__exit__(None, None, None)

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def names(self, count: int) -> list[str]:
        """Elections that nobody has campaigned in yet."""
        return [f"job-{next(self._numbers)}" for _ in range(count)]

    @contextmanager
    def helper(self, module: str, endpoint: str = "") -> Iterator[RequestProcess]:
        """A process of ours that writes or reads beside the race, or on another etcd."""
        command = (sys.executable, "-m", f"benchmarks.peers.{module}", endpoint or self.endpoint)
        with RequestProcess(module, command) as process:
            yield process

    def race(self, figures: list[Figure], turn: Turn, *, floor: bool = False) -> None:
        """Give every contestant its turns, in rotating order, and sort the samples into the figures.

        ``floor``: let the calls without any election around them take part, to see what they cost alone.
        """
        by_key = {figure.key: figure for figure in figures}
        racing = [*self.contestants, bare()] if floor else list(self.contestants)
        for number in range(-1, self.rounds):
            shift = number % len(racing) if racing else 0
            for contestant in racing[shift:] + racing[:shift]:
                try:
                    samples = turn(self._process(contestant), contestant)
                except (Unsupported, ProcessFailed) as exc:
                    racing.remove(contestant)
                    self._drop(contestant, exc, figures)
                    continue
                for key, values in samples.items() if number >= 0 else ():
                    by_key[key].samples.setdefault(contestant.name, []).extend(values)

    def _process(self, contestant: Contestant) -> RequestProcess:
        process = self._warm.get(contestant.name)
        if process is None:
            process = self._warm[contestant.name] = contestant.start(self.endpoint)
        return process

    def _drop(self, contestant: Contestant, reason: Exception, figures: list[Figure]) -> None:
        for figure in figures:
            figure.notes.append(f"{contestant.name}: {reason}")
        if isinstance(reason, ProcessFailed):
            self._warm.pop(contestant.name).__exit__(None, None, None)
