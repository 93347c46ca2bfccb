"""``electiontui watch``: every transition as a line, until ctrl+c."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from election_core import ElectionError, ElectionState, Monitor, Transition, utc_now

from ..as_json import candidate_json, text_json, time_json, transition_json
from ..patterns import is_plain_name, matches
from ..rows import LEADER_CELLS, describe
from ..text import safe
from . import ERROR, OK
from .alarming import Alarming
from .output import print_json, print_line
from .running import monitoring, run_command
from .settings import Settings
from .streams import say

__all__ = ["Until", "watch_elections"]


@dataclass(frozen=True, slots=True)
class Until:
    """Which transitions are printed, and how many or how long; ``None`` is no bound."""

    kinds: frozenset[str] | None = None
    count: int | None = None
    seconds: float | None = None


def watch_elections(settings: Settings, patterns: Sequence[str], form: str, until: Until) -> int:
    """Print the transitions of the elections that match as ``simple`` or ``jsonl`` lines; returns the exit code."""
    return run_command(_watch(settings, patterns, _Jsonl() if form == "jsonl" else _Simple(), until), interrupted=OK)


class _Jsonl:
    def start(self, name: str, state: ElectionState, at: datetime) -> None:
        print_json(
            {
                "event": "start",
                "election": text_json(name),
                "revision": state.revision,
                "observed_at": time_json(at),
                "leader": candidate_json(state.leader),
                "candidates": len(state),
            }
        )

    def transition(self, name: str, transition: Transition, *, shown: bool) -> None:
        if shown:
            print_json(transition_json(name, transition))

    def forget(self, names: set[str]) -> None:
        """Elections that the monitor has forgotten."""


class _Simple:
    # The mutable state: the last transition of each election, to say how long it was vacant.

    def __init__(self) -> None:
        self._last: dict[str, Transition] = {}

    def start(self, name: str, state: ElectionState, at: datetime) -> None:
        leader = state.leader
        who = "nobody leads" if leader is None else f"{safe(leader.value, LEADER_CELLS) or '(empty)'} leads"
        waiting = f", {len(state) - 1} waiting" if len(state) > 1 else ""
        self._line(at, name, f"(at start) {who}{waiting}", state.revision)

    def forget(self, names: set[str]) -> None:
        for name in names:
            self._last.pop(name, None)

    def transition(self, name: str, transition: Transition, *, shown: bool) -> None:
        text = describe(transition, self._last.get(name))
        self._last[name] = transition
        if shown:
            self._line(transition.observed_at, name, text, transition.revision)

    def _line(self, at: datetime, name: str, text: str, revision: int) -> None:
        print_line(f"{time_json(at)}  {safe(name)}  {text}  rev {revision}")


async def _watch(settings: Settings, patterns: Sequence[str], printer: _Jsonl | _Simple, until: Until) -> int:
    async with settings.client() as client:
        prefixes, name = settings.prefixes, None
        if len(patterns) == len(prefixes) == 1 and is_plain_name(patterns[0]):
            # Reading no more than this election's keys is all that some users are allowed to.
            name, patterns = patterns[0], ()
            prefixes = (client.election(name, prefix=prefixes[0]).root.decode("utf-8", "surrogateescape"),)
        async with monitoring(settings, client, prefixes) as monitor:
            names = sorted(each for each in monitor.elections if matches(each, patterns))
            start = printer if until.kinds is None else None
            known = _print_start(monitor.elections.get, name, names, monitor.revision, start)
            monitor.on("disconnected", _narrate_loss)
            monitor.on("connected", lambda: say("connected again"))
            if not known:
                like = f" that matches {' or '.join(map(repr, patterns))}" if patterns else ""
                say(f"no election{like} under {' or '.join(map(repr, settings.prefixes))} yet; waiting")
            shown = _Shown(monitor, name, patterns, known, printer)
            try:
                async with Alarming(settings, monitor, shown.called, shown.is_wanted, shown.take_changed) as alarming:
                    async with asyncio.timeout(until.seconds):
                        await _print_transitions(shown, alarming, until)
            except TimeoutError:
                if until.count is None:
                    return OK
                say(f"fewer than {until.count} events within {until.seconds:g} s; give a longer --for")
                return ERROR
            return OK


@dataclass(frozen=True, slots=True)
class _Shown:
    """Which elections are printed, and where."""

    monitor: Monitor
    name: str | None
    """Of the only one, which has none in the monitor."""
    patterns: Sequence[str]
    known: dict[str, int]
    """Up to which revision each is known from the start."""
    printer: _Jsonl | _Simple

    def called(self, election: str) -> str | None:
        """What to call it; ``None`` where it is not printed."""
        if self.name is not None:
            return self.name if election == "" else None
        return election if matches(election, self.patterns) else None

    def is_wanted(self, name: str) -> bool:
        """Whether an election that is called so is printed once it is there."""
        return name == self.name if self.name is not None else matches(name, self.patterns)

    def take_changed(self) -> set[str]:
        """Those that have changed since; what the monitor has forgotten is forgotten here, too."""
        changed = self.monitor.take_changed()
        self.printer.forget(changed - self.monitor.elections.keys())
        return changed


async def _print_transitions(shown: _Shown, alarming: Alarming, until: Until) -> None:
    printed = 0
    async for transition in shown.monitor:
        name = shown.called(transition.election)
        # What is not younger is already part of the state at the start.
        if name is not None and transition.revision > shown.known.get(transition.election, 0):
            is_wanted = until.kinds is None or transition.kind in until.kinds
            shown.printer.transition(name, transition, shown=is_wanted)
            printed += is_wanted
            alarming.take(transition, tell=is_wanted)
        alarming.note(shown.take_changed())
        if printed == until.count:
            return


def _print_start(
    state_of: Callable[[str], ElectionState | None],
    name: str | None,
    names: list[str],
    revision: int,
    printer: _Jsonl | _Simple | None,
) -> dict[str, int]:
    """Print who leads now; returns up to which revision each election's state is known."""
    at = utc_now()
    if name is not None:
        # Under a prefix that is an election's own root, the election has no name left.
        state = state_of("")
        if state is None:
            state = ElectionState(name)
            state.revision = revision
        if printer is not None:
            printer.start(name, state, at)
        return {"": state.revision}
    states = {each: state for each in names if (state := state_of(each)) is not None}
    if printer is not None:
        for each, state in states.items():
            printer.start(each, state, at)
    return {each: state.revision for each, state in states.items()}


def _narrate_loss(exc: ElectionError) -> None:
    say(f"disconnected: {exc}")
