"""What a table says to its screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget

__all__ = ["Chosen", "HeaderClicked", "Moved"]


@dataclass
class _OfTable(Message):
    table: Widget

    @property
    def control(self) -> Widget:
        return self.table


@dataclass
class Chosen(_OfTable):
    """Enter or a click on the row under the cursor."""

    key: str


@dataclass
class Moved(_OfTable):
    """The cursor is on another row."""

    key: str


@dataclass
class HeaderClicked(_OfTable):
    """A click on a column's title."""

    column: str
