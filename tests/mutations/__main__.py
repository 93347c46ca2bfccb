"""``python -m tests.mutations [H1 H2 …]``: break the product on purpose, and see that the hazards' tests notice.

Each mutation must turn a test of its hazard red, and each test that the table of hazards names must be turned red by
some mutation. Ends with 1 if not. It takes long: some seconds for each mutation.
"""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .mutation import Outcome, try_out
from .table import MUTATIONS

_AT_ONCE = 3


def main(wanted: list[str]) -> int:
    chosen = [each for each in MUTATIONS if not wanted or each.hazard in wanted]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        for outcome in pool.map(try_out, chosen, [Path(folder) / str(number) for number in range(len(chosen))]):
            print(_line_of(outcome), flush=True)
            outcomes.append(outcome)
    unnoticed = [each for each in outcomes if not each.red]
    never_red = _never_red(outcomes)
    for hazard, test in sorted(never_red):
        print(f"{hazard}: no mutation turns it red: {test}")
    print(f"{len(outcomes) - len(unnoticed)} passed, {len(unnoticed)} failed")
    return 1 if unnoticed or never_red or not outcomes else 0


def _never_red(outcomes: list[Outcome]) -> set[tuple[str, str]]:
    """Hazard and test, where the hazard's row names a test for which no mutation of it was too much."""
    red = {(each.mutation.hazard, test) for each in outcomes for test in each.red}
    return {(each.mutation.hazard, test) for each in outcomes for test in each.green} - red


def _line_of(outcome: Outcome) -> str:
    noticed = ", ".join(test.rpartition("::")[2] for test in outcome.red)
    return f"{outcome.mutation.hazard:5} {outcome.mutation.mistake}: {noticed or 'UNNOTICED'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
