"""``electiontui watch``: every transition as a line, until ctrl+c."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from election_core import ElectionError, ElectionState, Transition, utc_now

from ..rows import LEADER_CELLS, describe
from ..text import safe
from . import OK
from .output import candidate_json, print_json, print_line, say, text_json, time_json
from .running import monitoring, run_command
from .settings import Settings

__all__ = ["watch_elections"]


def watch_elections(settings: Settings, name: str | None, form: str) -> int:
    """Print the transitions of one election, or of all, as ``simple`` or ``jsonl`` lines; returns the exit code."""
    return run_command(_watch(settings, name, _Jsonl() if form == "jsonl" else _Simple()), interrupted=OK)


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

    def transition(self, name: str, transition: Transition) -> None:
        print_json(
            {
                "event": transition.kind,
                "election": text_json(name),
                "revision": transition.revision,
                "observed_at": time_json(transition.observed_at),
                "before": candidate_json(transition.before),
                "after": candidate_json(transition.after),
                "gap": transition.gap,
            }
        )

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

    def transition(self, name: str, transition: Transition) -> None:
        text = describe(transition, self._last.get(name))
        self._last[name] = transition
        self._line(transition.observed_at, name, text, transition.revision)

    def _line(self, at: datetime, name: str, text: str, revision: int) -> None:
        print_line(f"{time_json(at)}  {safe(name)}  {text}  rev {revision}")


async def _watch(settings: Settings, name: str | None, printer: _Jsonl | _Simple) -> None:
    async with settings.client() as client:
        prefix = settings.prefix
        if name is not None:
            # Reading no more than this election's keys is all that some users are allowed to.
            election = client.election(name, prefix=settings.prefix)
            prefix = election.root.decode("utf-8", "surrogateescape")
        async with monitoring(settings, client, prefix) as monitor:
            known = _print_start(monitor.elections.get, name, sorted(monitor.elections), monitor.revision, printer)
            monitor.on("disconnected", _narrate_loss)
            monitor.on("connected", lambda: say("connected again"))
            if not known:
                say(f"no election under {settings.prefix!r} yet; waiting")
            async for transition in monitor:
                if transition.revision <= known.get(transition.election, 0):
                    continue  # already part of the state at the start
                if name is None:
                    printer.transition(transition.election, transition)
                elif transition.election == "":
                    printer.transition(name, transition)
                printer.forget(monitor.take_changed() - monitor.elections.keys())


def _print_start(
    state_of: Callable[[str], ElectionState | None],
    name: str | None,
    names: list[str],
    revision: int,
    printer: _Jsonl | _Simple,
) -> dict[str, int]:
    """Print who leads now; returns up to which revision each election's state is known."""
    at = utc_now()
    if name is not None:
        # Under a prefix that is an election's own root, the election has no name left.
        state = state_of("")
        if state is None:
            state = ElectionState(name)
            state.revision = revision
        printer.start(name, state, at)
        return {"": state.revision}
    states = {each: state for each in names if (state := state_of(each)) is not None}
    for each, state in states.items():
        printer.start(each, state, at)
    return {each: state.revision for each, state in states.items()}


def _narrate_loss(exc: ElectionError) -> None:
    say(f"disconnected: {exc}")
