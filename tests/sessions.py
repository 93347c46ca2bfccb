"""Sessions in a shell, as pages of the documentation show them: run line by line, prompts and all."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["printed"]


def printed(session: str, env: dict[str, str], programs: Path, cwd: Path | None = None) -> str:
    """What a shell prints for the lines of a session, in order, its prompts included.

    Args:
        env: its environment.
        programs: a folder that is looked in before the others.
        cwd: where it is run.
    """
    lines = [line[2:] for line in session.splitlines() if line.startswith("$ ")]
    # The exit code of each line is there for the next one.
    script = "\n".join(f"printf '%s\\n' {_quoted(f'$ {line}')}\n(exit $code); {line}\ncode=$?" for line in lines)
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1; {script}"],
        capture_output=True,
        text=True,
        env={**env, "PATH": f"{programs}:{env['PATH']}"},
        cwd=cwd,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
