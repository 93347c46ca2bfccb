"""What a program pays to begin: importing election_core beside importing aetcd, and ``electiontui --version``.

Everything is compiled before, as an installer does it; the first turn sees to that, in a folder of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from ..bench import Bench
from ..figures import Figure

__all__ = ["run"]

_BARE = ("-c", "pass")
_OURS = ("-c", "import election_core")
_AETCD = ("-c", "import aetcd")
_VERSION = ("-m", "electiontui", "--version")


def run(bench: Bench) -> list[Figure]:
    importing = Figure("import", "import election_core / aetcd, bare Python taken off", "ms", {})
    version = Figure("version", "electiontui --version, bare Python taken off", "ms", {})
    with tempfile.TemporaryDirectory() as compiled:
        for turn in range(-1, bench.size(20, 5)):
            bare = _started(compiled, *_BARE)
            for figure, name, command in (
                (importing, "ours", _OURS),
                (importing, "aetcd", _AETCD),
                (version, "ours", _VERSION),
            ):
                taken = _started(compiled, *command) - bare
                if turn >= 0:
                    figure.samples.setdefault(name, []).append(taken)
    return [importing, version]


def _started(compiled: str, *arguments: str) -> float:
    """Milliseconds from starting Python to its end."""
    env = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    subprocess.run((sys.executable, *arguments), check=True, stdout=subprocess.DEVNULL, env=env)
    return (time.perf_counter() - began) * 1000
