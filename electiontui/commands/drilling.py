"""``electiontui drill``: a failover rehearsed, narrated step by step, and its report."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from election_core import InvalidConfig

from ..drill import (
    FORM_OF,
    Access,
    BadDrill,
    Drill,
    Left,
    Progress,
    Report,
    Result,
    as_text,
    included,
    new_prefix,
    read_drill,
    run_drill,
    text_of,
)
from ..embedded import EmbeddedEtcd, EtcdFailed, EtcdNotFound
from ..pictures.table import aligned
from ..text import safe
from . import ERROR, INVALID_INPUT, OK
from .evicting import refuse_read_only
from .output import print_line
from .running import run_command
from .settings import Settings
from .streams import is_plain, say

__all__ = ["How", "drill", "list_drills", "show_drill"]

_MEMBERS = 3
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class How:
    """What the command line decides."""

    rounds: int = 1
    embedded: bool = False
    form: str = "table"
    report: Path | None = None
    prefix: str | None = None
    """Where it is told to be; ``None`` for a place of its own."""


def list_drills() -> int:
    """Print the drills that are included; returns the exit code."""
    return run_command(_list())


def show_drill(name: str) -> int:
    """Print the TOML of a drill; returns the exit code."""
    return run_command(_show(name))


def drill(settings: Settings, name_or_file: str, how: How) -> int:
    """Run a drill; returns the exit code."""
    return run_command(_drill(settings, name_or_file, how))


async def _list() -> int:
    drills = [read_drill(name) for name in included()]
    rows = [("NAME", "NEEDS", "ABOUT"), *((each.name, _needs(each), each.about) for each in drills)]
    for line in aligned(rows, plain=is_plain()):
        print_line(line.rstrip())
    return OK


async def _show(name: str) -> int:
    try:
        print_line(text_of(name).rstrip("\n"))
    except BadDrill as exc:
        say(str(exc))
        return INVALID_INPUT
    return OK


def _needs(each: Drill) -> str:
    return "--embedded" if each.needs_members else ""


async def _drill(settings: Settings, name_or_file: str, how: How) -> int:
    refuse_read_only(settings)
    if how.report is not None and not os.access(how.report.parent, os.W_OK | os.X_OK):
        raise InvalidConfig(f"--report {how.report}: nothing can be written to that folder.")
    task, signals = asyncio.current_task(), list[int]()
    assert task is not None
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, _stop, task, signals, number)
    try:
        report = await _run(settings, read_drill(name_or_file), how)
    except BadDrill as exc:
        say(str(exc))
        return INVALID_INPUT
    except (EtcdNotFound, EtcdFailed) as exc:
        say(str(exc))
        return ERROR
    except asyncio.CancelledError:
        if not signals:
            raise
        return 128 + signals[0]
    return _hand_out(report, how)


def _stop(task: asyncio.Task[object], signals: list[int], number: int) -> None:
    """The first signal ends the drill; further ones do not keep it from clearing away, which ends in bounded time."""
    if not signals:
        say("interrupted; clearing away")
        task.cancel()
    signals.append(number)


async def _run(settings: Settings, drill: Drill, how: How) -> Report:
    prefix = how.prefix.rstrip("/") if how.prefix is not None else new_prefix()
    async with AsyncExitStack() as stack:
        cluster: EmbeddedEtcd | None = None
        access = settings.access()
        if how.embedded:
            say(f"starting etcd, {_MEMBERS} members")
            cluster = await stack.enter_async_context(EmbeddedEtcd(_MEMBERS))
            access = Access(cluster.endpoints, timeout=settings.timeout)
        rounds = f"{how.rounds} round{'s' if how.rounds > 1 else ''}"
        say(f"{drill.name}, {rounds} on {', '.join(access.endpoints)} below {safe(prefix)!r}")
        return await run_drill(drill, access, rounds=how.rounds, cluster=cluster, prefix=prefix, tell=_tell)


def _tell(progress: Progress) -> None:
    if isinstance(progress, Left):
        say(f"left behind: {safe(progress.what)}")
    elif isinstance(progress, Result):
        where = f"round {progress.round}, step {progress.step.number}, {progress.step}"
        say(f"{progress.verdict} {safe(where)}: {safe(progress.reason)}")


def _hand_out(report: Report, how: How) -> int:
    """To the file first, since nobody may read stdout any more."""
    code = OK if report.passes else ERROR
    if how.report is not None:
        text = as_text(report, FORM_OF.get(how.report.suffix, how.form))
        try:
            how.report.write_text(f"{text}\n", "utf-8")
        except OSError as exc:
            say(f"the report cannot be written to {how.report}: {exc.strerror or exc}")
            code = ERROR
    for line in as_text(report, how.form, plain=is_plain()).splitlines():
        print_line(line)
    return code
