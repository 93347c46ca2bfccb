"""``--log-file`` and ``--log-level``: what the library and the dashboard tell developers, in bounded space."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from ..text import safe

__all__ = ["LARGEST", "begin_log"]

LARGEST = 10_000_000
"""Bytes of the file; the one before it is kept as FILE.1."""
_LOGGERS = ("election_core", "electiontui", "asyncio")


class _OneLine(logging.Formatter):
    """What others have written into etcd cannot forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(safe(line) for line in super().format(record).split("\n"))

    def formatMessage(self, record: logging.LogRecord) -> str:
        return safe(super().formatMessage(record))


class _File(RotatingFileHandler):
    """A full disk costs the log, and nothing else."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


def begin_log(file: Path, level: str) -> None:
    """From now on, write what is at least as serious as ``level``.

    Raises:
        OSError: the file cannot be written.
    """
    handler = _File(file, maxBytes=LARGEST, backupCount=1, encoding="utf-8")
    handler.setFormatter(_OneLine("{asctime} {levelname} {name}: {message}", style="{"))
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(level.upper())
        logger.addHandler(handler)
