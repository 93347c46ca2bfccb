"""Drills that the dashboard runs: one at a time, on an event loop of its own thread, followed by the screens."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Literal

from election_core import Candidate, ElectionError, TermLog, utc_now

from ..drill import (
    Access,
    BadDrill,
    Began,
    Drill,
    Left,
    Progress,
    Report,
    Result,
    Turned,
    check_possible,
    new_prefix,
    run_drill,
)
from ..embedded import EmbeddedEtcd, EtcdFailed, EtcdNotFound
from .own_loop import OwnLoop

__all__ = ["MOST_ROUNDS", "DrillRun", "DrillRuns", "State"]

MOST_ROUNDS = 100
_MEMBERS = 3
_TERMS = 1_000

State = Literal["running", "stopping", "stopped", "ended", "failed"]


class DrillRun:
    """One run, from its beginning to its report.

    Attributes:
        drill: what is done.
        rounds: how often.
        where: in words.
        prefix: what the keys begin with.
        state: how it is, as of the last `take_news`, as all that follows.
        results: of the steps that have ended.
        began: the step that is under way, with its round.
        log: who led the drill's election when.
        line: who is in line.
        left: what could not be cleared away.
        over_at: when it was over (aware, UTC), cleared away and all.
        report: once it has ended.
        failure: why it could not be run.
    """

    # The mutable state: the attributes from `state` on, and the news that are still to be taken in, which the loop of
    # the drill adds to. There are as many at most as the rounds have steps and changes of the leadership.

    def __init__(self, drill: Drill, rounds: int, where: str) -> None:
        self.drill, self.rounds, self.where = drill, rounds, where
        self.prefix = new_prefix()
        self.state: State = "running"
        self.results: list[Result] = []
        self.began: Began | None = None
        self.log = TermLog(drill.name, None, utc_now(), known=True, limit=_TERMS)
        self.line: tuple[Candidate, ...] = ()
        self.left: list[str] = []
        self.over_at: datetime | None = None
        self.report: Report | None = None
        self.failure: str | None = None
        self.over = threading.Event()
        self._news: deque[Progress | Report | str | None] = deque()

    def tell(self, news: Progress | Report | str | None) -> None:
        """From any thread: what has happened, the report, why there is none, or ``None`` where it was stopped."""
        self._news.append(news)

    def take_news(self) -> bool:
        """Take in what was told since the last time; whether there was anything."""
        has_news = bool(self._news)
        while self._news:
            self._take(self._news.popleft())
        return has_news

    def _take(self, news: Progress | Report | str | None) -> None:
        if isinstance(news, Began):
            self.began = news
        elif isinstance(news, Result):
            self.began = None
            self.results.append(news)
        elif isinstance(news, Turned):
            self.log.record(news.transition)
            self.line = news.line
        elif isinstance(news, Left):
            self.left.append(news.what)
        elif isinstance(news, Report):
            self.state, self.report = "ended", news
        elif news is None:
            self.state, self.began = "stopped", None
        else:
            self.state, self.failure, self.began = "failed", news, None
        if self.is_over and self.over_at is None:
            self.over_at = utc_now()

    def note_defect(self, future: Future[None]) -> None:
        """However it has ended; what was not foreseen is told as well."""
        if not future.cancelled() and (defect := future.exception()) is not None:
            self.tell(f"the drill ended by a defect of its own, please report it: {defect!r}")

    @property
    def is_over(self) -> bool:
        return self.state in ("stopped", "ended", "failed")


class DrillRuns:
    """Runs drills on the cluster that the dashboard shows, or on an embedded one.

    Attributes:
        last: the run that is under way, or was last.
    """

    def __init__(self, access: Access | None) -> None:
        """``access``: to the cluster; without one only embedded ones are to be had."""
        self._access = access
        self._loop = OwnLoop("drills")
        self._task: asyncio.Task[None] | None = None
        self.last: DrillRun | None = None

    @property
    def running(self) -> DrillRun | None:
        """The run that is under way."""
        return self.last if self.last is not None and not self.last.over.is_set() else None

    @property
    def endpoints(self) -> str:
        """Of the cluster; empty where there is none."""
        return ", ".join(self._access.endpoints) if self._access is not None else ""

    def start(self, drill: Drill, rounds: int, *, embedded: bool) -> DrillRun:
        """Run it in the background.

        Raises:
            BadDrill: another one is under way, or it cannot be done there; nothing was written.
        """
        if self.running is not None:
            raise BadDrill(f"The drill {self.running.drill.name} is under way; stop it or wait until it has ended.")
        if not embedded:
            if self._access is None:
                raise BadDrill("This dashboard has no cluster for drills; run it on an embedded one.")
            check_possible(drill, self._access, None)
        where = f"an embedded cluster of {_MEMBERS}" if embedded else self.endpoints
        run = self.last = DrillRun(drill, rounds, where)
        self._loop.submit(self._run(run, None if embedded else self._access)).add_done_callback(run.note_defect)
        return run

    def stop(self) -> None:
        """Break it off, if one is under way; it clears away, in bounded time."""
        if (run := self.running) is not None and run.state == "running":
            run.state = "stopping"
            self._loop.submit(self._cancel())

    async def close(self, timeout: float) -> None:
        """Stop, and wait for as long at most until all is cleared away."""
        self.stop()
        if (run := self.running) is not None:
            await asyncio.to_thread(run.over.wait, timeout)

    def close_now(self, timeout: float) -> None:
        """The same from any thread, which it blocks."""
        self.stop()
        if (run := self.running) is not None:
            run.over.wait(timeout)

    def left_behind(self) -> list[str]:
        """What closing could not clear away, a line each for the user to read."""
        if (run := self.last) is None:
            return []
        run.take_news()
        lines = [f"the drill {run.drill.name} left behind: {each}" for each in run.left]
        if self.running is not None:
            lines.append(
                f"the drill {run.drill.name} was still clearing away on {run.where}; what is left below {run.prefix!r}"
                " ends with its leases"
            )
        return lines

    async def _cancel(self) -> None:
        # What was submitted first has begun first.
        if self._task is not None:
            self._task.cancel()

    async def _run(self, run: DrillRun, access: Access | None) -> None:
        self._task = asyncio.current_task()
        try:
            run.tell(await _report(run, access))
        except asyncio.CancelledError:
            run.tell(None)
            raise
        except (BadDrill, ElectionError, EtcdFailed, EtcdNotFound) as exc:
            run.tell(str(exc))
        finally:
            run.over.set()


async def _report(run: DrillRun, access: Access | None) -> Report:
    async with AsyncExitStack() as stack:
        cluster: EmbeddedEtcd | None = None
        if access is None:
            cluster = await stack.enter_async_context(EmbeddedEtcd(_MEMBERS))
            access = Access(cluster.endpoints)
        return await run_drill(run.drill, access, rounds=run.rounds, cluster=cluster, prefix=run.prefix, tell=run.tell)
