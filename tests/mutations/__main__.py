"""``python -m tests.mutations [H1 H2 …]``: break the product on purpose, and see that the hazards' tests notice.

Each mutation must turn a test of its hazard red, and each test that the table of hazards names must be turned red by
some mutation. Ends with 1 if not. It takes long: some seconds for each mutation.
"""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .mutation import Outcome, named_tests, try_out
from .table import MUTATIONS

_AT_ONCE = 2


def main(wanted: list[str]) -> int:
    chosen = [each for each in MUTATIONS if not wanted or each.hazard in wanted]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        for outcome in pool.map(try_out, chosen, [Path(folder) / str(number) for number in range(len(chosen))]):
            print(_line_of(outcome), flush=True)
            outcomes.append(outcome)
    unnoticed = [each for each in outcomes if not each.red]
    for test in sorted(_never_red(outcomes)):
        print(f"no mutation turns it red: {test}")
    print(f"{len(outcomes) - len(unnoticed)} passed, {len(unnoticed)} failed")
    return 1 if unnoticed or _never_red(outcomes) or not outcomes else 0


def _never_red(outcomes: list[Outcome]) -> set[str]:
    named = {test for each in outcomes for test in named_tests(each.mutation.hazard)}
    return named - {test for each in outcomes for test in each.red}


def _line_of(outcome: Outcome) -> str:
    mutation, of = outcome.mutation, len(named_tests(outcome.mutation.hazard))
    verdict = f"noticed by {len(outcome.red)} of {of}" if outcome.red else "UNNOTICED"
    return f"{mutation.hazard:5} {verdict}: {mutation.mistake}  {outcome.told}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
