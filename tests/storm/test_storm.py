"""A short storm, of the same faults in every run: ``python -m tests.storm`` has longer ones and others."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from ..servers import needed_binary, processes_with, python, wait_until

SEED = os.environ.get("STORM_SEED", "1")
SECONDS = float(os.environ.get("STORM_SECONDS", "25"))
CROWD = 60
"""Fewer campaigns on one client than by default, since other tests run beside this one."""
_AROUND = 120.0
"""Seconds for what comes before and after the faults, on a slow machine."""


@pytest.mark.timeout(SECONDS + _AROUND + 30)
def test_the_guarantees_hold_in_a_storm(tmp_path: Path) -> None:
    log = tmp_path / "storm.log"
    needed_binary("3.4")
    words = ("--seed", SEED, "--seconds", str(SECONDS), "--crowd", str(CROWD), "--log", str(log))
    storm = python("-m", "tests.storm", *words, stderr=subprocess.STDOUT)
    try:
        told, _ = storm.communicate(timeout=SECONDS + _AROUND)
    finally:
        _end(storm)
    print(told)
    assert storm.returncode == 0, told
    assert "violations: 0" in told
    assert re.search(r"their replay gave ([1-9]\d+) transitions, live there were \1$", told, re.MULTILINE)
    # Whoever was killed with the storm may take a moment to be gone.
    wait_until(lambda: not processes_with(str(log)), "the end of all that the storm has started")


def _end(storm: subprocess.Popen[str]) -> None:
    """However this test ends: the storm cleans up when it is terminated, and dies if it cannot."""
    if storm.poll() is None:
        storm.terminate()
        try:
            storm.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            storm.kill()
            storm.communicate()
