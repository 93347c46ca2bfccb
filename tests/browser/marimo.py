"""A marimo notebook as an app, whose cells run once its page is open."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..servers import ROOT, clean_environment, held_port, wait_until

__all__ = ["marimo_app"]

_CELL = "\n@app.cell\ndef _({takes}):\n    {code}\n    return{gives}\n"


def _notebook(first: str, cells: Sequence[str]) -> str:
    """A file as marimo keeps it: what ``first`` names ``etcd`` is there in the other cells."""
    lines = first.replace("\n", "\n    ")
    parts = [_CELL.format(takes="", code=lines, gives=" (etcd,)")]
    parts += [_CELL.format(takes="etcd", code=code, gives="") for code in cells]
    return "import marimo\n\napp = marimo.App()\n" + "".join(parts)


@contextmanager
def marimo_app(folder: Path, first: str, cells: Sequence[str]) -> Iterator[str]:
    """Where it is shown."""
    file = folder / "app.py"
    file.write_text(_notebook(first, cells), "utf-8")
    command = [sys.executable, "-m", "marimo", "-y", "-q", "run", str(file)]
    env = clean_environment(PYTHONPATH=str(ROOT), XDG_CONFIG_HOME=str(folder), XDG_STATE_HOME=str(folder))
    with held_port() as port:
        options = ["--headless", "--no-token", "--host=127.0.0.1", f"--port={port}"]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen([*command, *options], stdout=log, stderr=subprocess.STDOUT, env=env, cwd=folder)
        try:
            url = f"http://127.0.0.1:{port}/"
            wait_until(lambda: _answers(url), "marimo", 40)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}health", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False
