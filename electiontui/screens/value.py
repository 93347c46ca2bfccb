"""A value, whole: as text, as JSON or in hex."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import ClassVar

from rich.segment import Segment
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Label

from ..text import fit, readable, safe, width
from .dialogs import Dialog

__all__ = ["FORMS", "ValueDialog", "lines_of"]

FORMS = ("text", "JSON", "hex")
_PIECE = 16_384
"""Bytes that are made readable at a time, which takes some milliseconds; between two of them the screen goes on."""


def lines_of(value: bytes, form: str, cells: int) -> Iterator[list[str]]:
    """The value as harmless lines of at most ``cells``, some at a time.

    JSON that does not parse is said to be none.
    """
    if form == "hex":
        for start in range(0, len(value), _PIECE):
            yield [_hex(value, at) for at in range(start, min(start + _PIECE, len(value)), 16)]
        return
    if form == "JSON":
        try:
            value = json.dumps(json.loads(value), indent=2, ensure_ascii=False).encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            yield ["This is not JSON."]
            return
    for piece in _pieces(value):
        yield [part for line in piece.split(b"\n") for part in _wrapped(safe(line.removesuffix(b"\r")), cells)]


def _pieces(value: bytes) -> Iterator[bytes]:
    """Cut at the ends of lines where there are any, else between characters."""
    start = 0
    while start < len(value):
        end = min(start + _PIECE, len(value))
        if end < len(value):
            newline = value.rfind(b"\n", start, end)
            if newline > start:
                yield value[start:newline]
                start = newline + 1
                continue
            while end > start + _PIECE - 4 and value[end] & 0xC0 == 0x80:
                end -= 1
        yield value[start:end]
        start = end


def _wrapped(text: str, cells: int) -> Iterator[str]:
    if len(text) <= cells and width(text) <= cells:
        yield text
        return
    line: list[str] = []
    used = 0
    for char in text:
        wide = 1 if char.isascii() else width(char)
        if used + wide > cells:
            yield "".join(line)
            line, used = [], 0
        line.append(char)
        used += wide
    yield "".join(line)


def _hex(value: bytes, at: int) -> str:
    row = value[at : at + 16]
    shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
    return f"{at:08x}  {row[:8].hex(' '):23}  {row[8:].hex(' '):23}  {shown}"


class _Page(ScrollView, can_focus=True):
    """Lines that come a few at a time; it draws what is visible."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def clear(self) -> None:
        self._lines = []
        self.scroll_to(0, 0, animate=False)

    def extend(self, lines: list[str]) -> None:
        self._lines += lines
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        text = self._lines[row] if row < len(self._lines) else ""
        return Strip([Segment(fit(text, self.size.width), self.rich_style)], self.size.width)


class ValueDialog(Dialog[None]):
    """One candidate's value; ``v`` goes through the forms, ``y`` copies it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "turn", "text, JSON, hex"),
        Binding("y", "copy", "Copy"),
        Binding("q,question_mark,enter", "cancel", show=False),
    ]

    def __init__(self, key: bytes, lease_id: int, value: bytes) -> None:
        super().__init__()
        self._key, self._lease_id, self._value = key, lease_id, value
        self._form = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog page value"):
            yield Label("", markup=False, id="form", classes="question")
            yield Label(f"key    {safe(self._key, 200)}\nlease  {self._lease_id:x}\n", markup=False, classes="muted")
            yield _Page()

    def on_mount(self) -> None:
        self.query_one(_Page).focus()
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def action_turn(self) -> None:
        self._form = (self._form + 1) % len(FORMS)
        self._show()

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(readable(self._value))
        self.notify(f"Copied the value, {len(self._value):,} bytes.", markup=False)

    def _show(self) -> None:
        others = " ".join(form for form in FORMS if form != FORMS[self._form])
        self.query_one("#form", Label).update(
            f"value as {FORMS[self._form]}, {len(self._value):,} bytes   v: {others}   y: copy"
        )
        self._fill()

    @work(group="value", exclusive=True, exit_on_error=False)
    async def _fill(self) -> None:
        form = FORMS[self._form]
        page = self.query_one(_Page)
        page.clear()
        for lines in lines_of(self._value, form, max(page.size.width - 2, 20)):
            page.extend(lines)
            await asyncio.sleep(0)
        if not self._value:
            page.extend(["(empty)"])
