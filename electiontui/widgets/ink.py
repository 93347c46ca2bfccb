"""The colour of a component class without its ground."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style

__all__ = ["ink"]


@lru_cache(256)
def ink(style: Style) -> Style:
    """What a component's whole style writes in, to be put on another ground.

    Textual's partial styles will not do: colours such as ``$text-muted`` depend on the ground, and are white there.
    """
    return Style(color=style.color, bold=style.bold)
