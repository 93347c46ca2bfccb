"""``electiontui`` without a command: the dashboard, where there is a terminal for it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..opening import Opening
from . import ERROR, INVALID_INPUT, OK
from .settings import Settings
from .streams import say

if TYPE_CHECKING:
    from election_core import Client

    from .metrics_options import Plan

__all__ = ["has_terminal", "in_notebook", "open_dashboard", "show"]


def open_dashboard(settings: Settings, plan: Plan | None = None) -> int:
    """Open it until the user leaves, and serve metrics as planned, or tell the changes in its place.

    Returns the exit code.
    """
    from election_core import InvalidConfig

    if settings.plain or (has_terminal() and os.environ.get("TERM") == "dumb"):
        if plan is not None:
            say("--metrics is of no use without the dashboard; run electiontui exporter beside this")
            return INVALID_INPUT
        from .plain import tell

        return tell(settings)

    if in_notebook():
        say("the dashboard needs a terminal, and this is a notebook; use electiontui.notebook here")
        return INVALID_INPUT
    if not has_terminal() and not _has_driver():
        say("the dashboard needs a terminal; without one use --plain, `electiontui list` or `electiontui watch`")
        return INVALID_INPUT
    try:
        settings.client()
    except InvalidConfig as exc:
        say(str(exc))
        return INVALID_INPUT
    opening = Opening(
        settings.prefixes,
        settings.read_only,
        access=settings.etcdctl.flags,
        low_bandwidth=settings.low_bandwidth,
        drills=settings.access(),
        keeps_history=not settings.without_history,
        history=settings.history,
        wishes=settings.wishes,
    )
    return show(settings.client, opening) if plan is None else _show_with_metrics(settings, plan, opening)


def _show_with_metrics(settings: Settings, plan: Plan, opening: Opening) -> int:
    from .metrics_options import CannotServe, metrics_at

    # Nothing but the screen is written to the terminal.
    logging.getLogger("electiontui.metrics").addHandler(logging.NullHandler())
    try:
        with metrics_at(plan) as metrics:
            return show(settings.client, opening._replace(metrics=metrics, notice=f"metrics at {metrics.url}"))
    except CannotServe as exc:
        say(str(exc))
        return ERROR


def show(client_factory: Callable[[], Client], opening: Opening) -> int:
    """Run the screens and say what went wrong; returns the exit code. The arguments are those of `app.run`."""
    from ..app import run

    problems = run(client_factory, opening)
    for problem in problems:
        say(problem)
    return ERROR if problems else OK


def has_terminal() -> bool:
    """Whether keys can be read and screens be drawn, which goes to stderr."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _has_driver() -> bool:
    """Whether somebody else's driver draws the screens and reads the keys, as textual-serve's does for a browser."""
    return bool(os.environ.get("TEXTUAL_DRIVER"))


def in_notebook() -> bool:
    """Whether this runs inside a Jupyter kernel, where a running event loop and no terminal is to be had."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
