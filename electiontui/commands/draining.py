"""``electiontui drain``: everything off one host, election by election, with what was observed of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import click
from click.termui import progressbar

from election_core import Candidate, CandidateGone, Client, ElectionError

from ..as_json import text_json
from ..pictures.table import aligned
from ..sources.eviction import Outcome, carry_out, told
from ..text import readable, safe
from . import ERROR, INVALID_INPUT, OK
from .asking import agreed
from .drain_plan import Move, fits, plan, would_leave_it_vacant
from .evicting import refuse_read_only
from .output import print_json, print_line
from .running import monitoring, run_command
from .settings import Settings
from .streams import is_plain, say

__all__ = ["How", "drain"]


@dataclass(frozen=True, slots=True)
class How:
    """What the command line decides."""

    dry_run: bool = False
    allow_vacant: bool = False
    keep_going: bool = False
    yes: bool = False
    form: str = "table"


@dataclass(slots=True)
class Result:
    """What became of one election."""

    election: str
    going: int
    """How many candidates were to go."""
    leads: bool
    heir: str | None
    """Who was to lead afterwards."""
    status: str = "planned"
    """``planned`` (not begun), ``left`` (it would be vacant), ``done``, ``surprise``, ``failed``, ``interrupted``."""
    leader: str | None = None
    """Who was seen to lead afterwards."""
    seconds: float | None = None
    note: str = ""


def drain(settings: Settings, pattern: str, how: How) -> int:
    """Evict all candidates whose value fits; returns the exit code."""
    return run_command(_drain(settings, pattern, how))


async def _drain(settings: Settings, pattern: str, how: How) -> int:
    if not how.dry_run:
        refuse_read_only(settings)
    async with settings.client() as client:
        async with monitoring(settings, client, settings.prefixes) as monitor:
            base = monitor.prefix
            moves = plan(monitor.elections.values(), pattern)
        if not moves:
            say(f"no candidate fits {pattern!r} under {' or '.join(map(repr, settings.prefixes))}; nothing was done")
            return INVALID_INPUT
        results = [_result(move, how) for move in moves]
        if how.dry_run:
            _print(results, pattern, how)
            return ERROR if any(result.status == "left" for result in results) else OK
        chosen = [(move, result) for move, result in zip(moves, results, strict=True) if result.status == "planned"]
        _tell(results)
        if not chosen or not await agreed(_question(pattern, [move for move, _ in chosen]), yes=how.yes):
            say("nothing was done")
            return ERROR
        try:
            await _carry_out(client, base, pattern, chosen, how)
        finally:
            # Also where it is interrupted: what was done is told.
            _print(results, pattern, how)
    return OK if all(result.status == "done" for result in results) else ERROR


async def _carry_out(client: Client, base: str, pattern: str, chosen: Sequence[tuple[Move, Result]], how: How) -> None:
    with progressbar(length=len(chosen), label="draining", file=sys.stderr) as bar:
        for move, result in chosen:
            await _move(client, base, pattern, move, result, how)
            bar.update(1)
            if result.status != "done" and not how.keep_going:
                say(f"stopped at {safe(move.election)!r}: {result.note}; --keep-going goes on")
                return


async def _move(client: Client, base: str, pattern: str, move: Move, result: Result, how: How) -> None:
    # What is said where it goes no further than this.
    result.status, result.note = "interrupted", "some may be out; look who is in line"
    try:
        election = client.election(move.election, prefix=base)
        line = await election.candidates()
        # Whoever was to take over may have left while the user was asked, or while others were evicted.
        if not how.allow_vacant and would_leave_it_vacant(line, move.going, pattern):
            result.status, result.note = "surprise", "nobody else waits any more; left alone"
            _see(result, line)
            return
        try:
            outcome = await carry_out(election, move.going)
        except CandidateGone:
            result.status, result.note = "surprise", "a candidate left or was replaced; the rest is left alone"
            _see(result, await election.candidates())
        else:
            _note(result, move, outcome, pattern)
    except ElectionError as exc:
        if result.status == "interrupted":
            result.status, result.note = "failed", f"some may be out; {exc}"


def _see(result: Result, line: Sequence[Candidate]) -> None:
    result.leader = readable(line[0].value) if line else None


def _note(result: Result, move: Move, outcome: Outcome, pattern: str) -> None:
    leader = outcome.line[0] if outcome.line else None
    _see(result, outcome.line)
    result.seconds = round(outcome.seconds, 3)
    again = sum(fits(each, pattern) for each in outcome.line)
    if move.leads and (leader is None) is not (move.heir is None):
        result.status, result.note = "surprise", "nobody leads" if leader is None else "somebody leads already"
    elif move.leads and leader is not None and move.heir is not None and leader.key != move.heir.key:
        result.status, result.note = "surprise", f"{told(leader)} leads, and not {told(move.heir)}"
    else:
        result.status, result.note = "done", f"{again} enrolled again" if again else ""


def _result(move: Move, how: How) -> Result:
    heir = None if move.heir is None else readable(move.heir.value)
    result = Result(move.election, len(move.going), move.leads, heir)
    if move.leaves_it_vacant and not how.allow_vacant:
        result.status, result.note = "left", "nobody else waits; --allow-vacant evicts all the same"
    return result


def _question(pattern: str, moves: Sequence[Move]) -> str:
    number, vacant = sum(len(move.going) for move in moves), sum(move.leaves_it_vacant for move in moves)
    inherited = sum(move.leads for move in moves) - vacant
    who = "candidate that fits" if number == 1 else "candidates that fit"
    where = "election" if len(moves) == 1 else "elections"
    then = [f"another leads {inherited}"] if inherited else []
    then += [f"NOBODY leads {vacant}"] if vacant else []
    outcome = f"then {' and '.join(then)}" if then else "no leader changes"
    return f"Evict {number} {who} {pattern!r} from {len(moves)} {where}: {outcome}?"


def _tell(results: Sequence[Result]) -> None:
    for line in _lines(results):
        click.echo(line, err=True)


def _print(results: Sequence[Result], pattern: str, how: How) -> None:
    if how.form == "json":
        documents = [{**asdict(result), "election": text_json(result.election)} for result in results]
        print_json({"pattern": pattern, "dry_run": how.dry_run, "elections": documents})
        return
    for line in _lines(results):
        print_line(line)


def _lines(results: Sequence[Result]) -> list[str]:
    rows = [("ELECTION", "GOING", "ROLE", "THEN", "STATUS", "LEADER", "AFTER", "NOTE")]
    rows += [
        (
            safe(result.election),
            str(result.going),
            "leads" if result.leads else "waits",
            _then(result),
            result.status,
            safe(result.leader or "–", 40),
            "–" if result.seconds is None else f"{result.seconds:.3f}s",
            safe(result.note, 80),
        )
        for result in results
    ]
    return [line.rstrip() for line in aligned(rows, right=(1, 6), plain=is_plain())]


def _then(result: Result) -> str:
    if not result.leads:
        return "leader stays"
    return "NOBODY" if result.heir is None else safe(result.heir, 40)
