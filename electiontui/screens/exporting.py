"""Writing what a screen shows to a file: asks where to, and before it writes over anything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Label

from ..text import safe
from .dialogs import Complaint, Dialog, FormDialog

__all__ = ["export", "file_name"]


def file_name(about: str, form: str) -> str:
    """A name for a file about an election, or about many."""
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', safe(about, 60)).strip('-.') or 'election'}.{form}"


class OverwriteDialog(Dialog[bool | None]):
    """``True`` only if the other button than Cancel was pressed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(f"{safe(str(self._path))} exists. Write over it?", markup=False, classes="question")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button("Write over it", id="do", variant="warning")

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    @on(Button.Pressed, "#do")
    def _confirmed(self) -> None:
        self.dismiss(True)


async def export(app: App[None], what: str, name: str, forms: tuple[str, ...], drawn: Callable[[str], str]) -> None:
    """Ask for a path whose end says which form, write, and say so; in a browser the file is downloaded there.

    Args:
        what: is written, such as ``the timeline``.
        name: proposed for the file, without its end.
        forms: by the end of the file's name; the first is proposed.
        drawn: makes the content of a form.
    """
    ends = ", ".join(f".{form}" for form in forms)
    asked = f"file to download {what} as" if app.is_web else f"file to write {what} to"
    fields = {"path": (f"{asked}; its end says how: {ends}", file_name(name, forms[0]))}
    answer = await app.push_screen_wait(FormDialog("Export", fields, "Write", _without_path))
    if answer is None:
        return
    try:
        path = await asyncio.to_thread(_path, answer["path"])
        content = drawn(path.suffix.removeprefix(".").lower())
        if app.is_web:
            # Whoever looks on is elsewhere, and must not write where the server runs.
            app.deliver_text(StringIO(content), save_filename=path.name)
            return
        try:
            await asyncio.to_thread(_write, path, content, "x")
        except FileExistsError:
            if not await app.push_screen_wait(OverwriteDialog(path)):
                return
            await asyncio.to_thread(_write, path, content, "w")
    except (OSError, ValueError, RuntimeError) as exc:
        app.notify(safe(f"Nothing was written: {exc}", 400), severity="error", markup=False, timeout=10)
        return
    app.notify(f"Wrote {len(content):,} characters to {safe(str(path), 200)}.", markup=False)


def _without_path(form: dict[str, str]) -> Complaint | None:
    return None if form["path"].strip() else Complaint("Give a path.")


def _path(typed: str) -> Path:
    """Raises RuntimeError where ``~somebody`` has no home."""
    return Path(typed.strip()).expanduser()


def _write(path: Path, content: str, mode: str) -> None:
    with path.open(mode, encoding="utf-8", newline="") as file:
        file.write(content)
