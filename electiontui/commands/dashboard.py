"""``electiontui`` without a command: the dashboard, where there is a terminal for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import ERROR, INVALID_INPUT, OK
from .settings import Settings
from .streams import say

if TYPE_CHECKING:
    from election_core import Client

__all__ = ["has_terminal", "in_notebook", "open_dashboard", "show"]


def open_dashboard(settings: Settings) -> int:
    """Open it until the user leaves; returns the exit code."""
    from election_core import InvalidConfig

    if in_notebook():
        say("the dashboard needs a terminal, and this is a notebook; use electiontui.notebook here")
        return INVALID_INPUT
    if not has_terminal():
        say("the dashboard needs a terminal; without one use `electiontui list` or `electiontui watch`")
        return INVALID_INPUT
    if os.environ.get("TERM") == "dumb":
        say("the dashboard needs a terminal that can move its cursor, and TERM is dumb; use `electiontui list`")
        return INVALID_INPUT
    try:
        settings.client()
    except InvalidConfig as exc:
        say(str(exc))
        return INVALID_INPUT
    return show(settings.client, prefixes=settings.prefixes, read_only=settings.read_only)


def show(
    client_factory: Callable[[], Client],
    *,
    prefixes: tuple[str, ...],
    read_only: bool = False,
    notice: str | None = None,
) -> int:
    """Run the screens and say what went wrong; returns the exit code. The arguments are those of `app.run`."""
    from ..app import run

    problems = run(client_factory, prefixes=prefixes, read_only=read_only, notice=notice)
    for problem in problems:
        say(problem)
    return ERROR if problems else OK


def has_terminal() -> bool:
    """Whether keys can be read and screens be drawn, which goes to stderr."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def in_notebook() -> bool:
    """Whether this runs inside a Jupyter kernel, where a running event loop and no terminal is to be had."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
