"""The storm's command line."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .checks import check
from .crowd_checks import crowd_violations
from .log import read_log
from .run import rage
from .storm import CROWD, Storm
from .summary import summary
from .witness import recording_of

__all__ = ["main"]


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=float, help="how long the faults go on (default: 60)")
    length.add_argument("--faults", type=int, help="how many faults there are, about one per second")
    parser.add_argument("--seed", type=int, default=None, help="of the faults; random if not given")
    parser.add_argument("--candidates", type=int, default=5)
    crowd = "campaigns on one client beside these, 0 for none (default: %(default)d)"
    parser.add_argument("--crowd", type=int, default=CROWD, help=crowd)
    parser.add_argument("--ttl", type=int, default=3)
    parser.add_argument(
        "--etcd", choices=["3.5", "3.4"], default="3.4", help="series of the servers (3.5.1 is not killed)"
    )
    parser.add_argument("--log", type=Path, help="file for the log, kept; else it is kept only after a violation")
    parser.add_argument("--check", type=Path, metavar="LOG", help="have no storm, check the log of one")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    arguments = _arguments(words)
    path = arguments.check or arguments.log or Path(tempfile.mkdtemp(prefix="storm-")) / "storm.log"
    is_kept = path in (arguments.check, arguments.log)
    try:
        if arguments.check is None:
            _forget(path)
            asyncio.run(_interruptible(_storm_of(arguments), path))
        records = read_log(path)
        violations = [*check(records, _stderr_of(path)), *crowd_violations(records)]
        is_kept = is_kept or bool(violations)
        print(summary(records, violations))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted")
        return 130
    finally:
        if is_kept:
            print(f"log: {path}")
        else:
            _forget(path)
            path.parent.rmdir()
    return 1 if violations else 0


def _forget(path: Path) -> None:
    for each in (path, path.with_suffix(".stderr"), recording_of(path)):
        each.unlink(missing_ok=True)


def _storm_of(arguments: argparse.Namespace) -> Storm:
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    seconds = 60.0 if arguments.seconds is None and arguments.faults is None else arguments.seconds
    return Storm(seed, arguments.candidates, arguments.ttl, seconds, arguments.faults, arguments.etcd, arguments.crowd)


async def _interruptible(storm: Storm, path: Path) -> None:
    """SIGTERM ends it as ctrl+c does, with everything that it started."""
    task = asyncio.ensure_future(rage(storm, path))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    print(storm.command, flush=True)
    await task


def _stderr_of(path: Path) -> str:
    stderr = path.with_suffix(".stderr")
    return stderr.read_text("utf-8", "replace") if stderr.exists() else ""
