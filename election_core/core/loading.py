"""Work in slices, so that an event loop can do other things in between. Pure."""

from __future__ import annotations

from collections.abc import Generator

from .model import Transition

__all__ = ["Loading", "finish"]

Loading = Generator[None, None, list[Transition]]
"""Go on with other things at each step; it returns the transitions."""


def finish(loading: Loading) -> list[Transition]:
    """All of it at once."""
    while True:
        try:
            next(loading)
        except StopIteration as done:
            transitions: list[Transition] = done.value
            return transitions
