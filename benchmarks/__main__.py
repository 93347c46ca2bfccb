"""``python -m benchmarks``: the whole race, or a part of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from electiontui.embedded import EmbeddedEtcd

from . import report
from .bench import Bench
from .contestants import find_contestants
from .figures import Figure
from .measures import MEASURES
from .spread import spread

_ROUNDS, _QUICK_ROUNDS = 10, 2


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Race election_core against its peers.")
    parser.add_argument("--quick", action="store_true", help="try the harness out: small sizes, which prove nothing")
    parser.add_argument("--only", action="append", choices=sorted(MEASURES), help="one measure; may be repeated")
    parser.add_argument("--rounds", type=int, help=f"turns of each contestant; {_ROUNDS}, with --quick {_QUICK_ROUNDS}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything, each sample included")
    parser.add_argument("--etcd", type=Path, metavar="PATH", help="the etcd to run; else the one on PATH")
    parser.add_argument("--spread", type=Path, nargs="+", metavar="FILE", help="compare runs that were written; no run")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when everything could be run, whatever the figures are."""
    asked = _arguments(argv)
    if asked.spread:
        print("\n".join(spread([json.loads(path.read_text()) for path in asked.spread])))
        return 0
    rounds = asked.rounds or (_QUICK_ROUNDS if asked.quick else _ROUNDS)
    contestants, missing = find_contestants()
    with EmbeddedEtcd(binary=asked.etcd) as etcd:
        version = f"etcd {etcd.version}"
        print(f"{version}; " + "; ".join(f"{each.name}: {each.version}" for each in contestants))
        print("; ".join(f"{what} {value}" for what, value in report.machine().items()))
        print("".join(f"NOT RUN: {line}\n" for line in missing), end="")
        with Bench(etcd, contestants, rounds=rounds, quick=asked.quick) as bench:
            figures, failed = _measure(bench, asked.only or list(MEASURES))
    if asked.json is not None:
        asked.json.write_text(json.dumps(report.as_json(figures, version, contestants, missing, rounds), indent=1))
    print("".join(f"FAILED: {line}\n" for line in failed), end="")
    return 1 if failed or missing else 0


def _measure(bench: Bench, names: Sequence[str]) -> tuple[list[Figure], list[str]]:
    """Every measure in turn, printed as it ends; one that fails does not keep the others from running."""
    figures, failed = list[Figure](), list[str]()
    print(f"\n{report.HEADER}\n{report.rule()}", flush=True)
    for name in names:
        try:
            measured = MEASURES[name](bench)
        except Exception as exc:  # noqa: BLE001 - told at the end, with what the others gave
            failed.append(f"{name}: {exc!r}")
            continue
        figures += measured
        print("\n".join(map(report.row, measured)), flush=True)
    missed = [str(each) for figure in figures for each in figure.verdicts() if each.met is False]
    judged = [each for figure in figures for each in figure.verdicts() if each.met is not None]
    print(f"{report.rule()}\n{len(judged) - len(missed)} of {len(judged)} targets met")
    return figures, failed


if __name__ == "__main__":
    sys.exit(main())
