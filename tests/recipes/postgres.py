"""A PostgreSQL of its own, in a folder of its own, that no service manager knows of."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["postgres"]


@contextmanager
def postgres() -> Iterator[str]:
    """Where to connect to; without a server's binaries the test is skipped, and fails in CI."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        reason = "no PostgreSQL; Debian's package is postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    programs = binaries[-1].parent
    # PostgreSQL refuses root; the package has brought a user.
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user is not None:
        shutil.chown(folder, user)
    data = str(folder / "data")
    initdb = [str(programs / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, check=True, user=user, cwd=folder, timeout=60, stdout=subprocess.DEVNULL)
    options = ["-c", "listen_addresses=", "-c", "fsync=off", "-k", str(folder)]
    server = subprocess.Popen(
        [str(programs / "postgres"), "-D", data, *options], user=user, cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        ready = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-t", "1"]
        for _ in range(300):
            if subprocess.run(ready, timeout=10).returncode == 0:
                break
        yield f"host={folder} user=postgres"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder)
