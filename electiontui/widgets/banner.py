"""The line that is there only while something is raised."""

from __future__ import annotations

from ..alerts import Alert
from .status_bar import Line

__all__ = ["Banner"]


class Banner(Line):
    """The oldest of what is raised, and how many more there are; gone when nothing is."""

    DEFAULT_CSS = """
    Banner { display: none; background: #E69F00; color: black; text-style: bold; }
    Banner.-raised { display: block; }
    """

    def tell(self, count: int, oldest: Alert | None) -> None:
        """How many are raised, and the oldest of them."""
        self.set_class(oldest is not None, "-raised")
        if oldest is not None:
            more = f"   and {count - 1} more" if count > 1 else ""
            self.show(f" ▲ ALERT  {oldest.says()}{more}")
