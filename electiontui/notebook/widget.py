"""The widget: its program for the page, which is part of this package, and what passes between the two.

Only here is anywidget, which the extra ``notebook`` installs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["is_closed", "make_widget", "show_widget"]

_PARTS = ("words.js", "store.js", "strips.js", "deeds.js", "view.js", "widget.js")
"""One program in the order in which each uses those before it."""


@cache
def _kind() -> Any:
    import anywidget
    import traitlets

    front = files(__package__) / "front"
    program = "\n".join((front / name).read_text("utf-8") for name in _PARTS)

    class ElectionsWidget(anywidget.AnyWidget):
        """Shows what it is sent as ``data`` and by messages after that."""

        _esm = program
        _css = (front / "widget.css").read_text("utf-8")
        data = traitlets.Dict().tag(sync=True)

        def __repr__(self) -> str:
            return "(live where Jupyter's widgets run and the notebook is trusted)"

    return ElectionsWidget


def make_widget(data: dict[str, Any], heard: Callable[[dict[str, Any]], object]) -> Any:
    """A widget that shows ``data``; what its front ends say is given to ``heard``, in a thread of the kernel's."""
    widget = _kind()(data=data)
    widget.on_msg(lambda _widget, content, _buffers: heard(content))
    return widget


def is_closed(widget: Any) -> bool:
    """Whether nothing that it is sent arrives any more, since it or its way to the page was closed."""
    # Neither the comms of Jupyter nor those of marimo, which closes them when a cell is run again, tell it otherwise.
    return widget.comm is None or getattr(widget.comm, "_closed", False)


def show_widget(widget: Any) -> None:
    """Show it below the cell that runs."""
    from IPython.display import display

    show: Callable[[Any], object] = display
    show(widget)
