"""The election under the cursor, beside the list where the terminal is wide: its queue and its last events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from .. import rows
from ..rows import STATE_LABELS
from ..sources import ClusterView
from ..text import fit, safe
from ..widgets.ink import ink

__all__ = ["Preview", "preview_lines"]

_QUEUE = 8
"""Candidates shown, at most; the events have the rest of the room."""
_VALUE_CELLS = 60
Lines = Sequence[tuple[str, str]]
"""Harmless texts, each with a role that says how it is drawn."""


def preview_lines(view: ClusterView, name: str | None, now: datetime, height: int) -> Lines:
    """As many lines as fit; none where there is no election."""
    row = view.rows.get(name) if name is not None else None
    state = view.elections.get(row.name) if row is not None else None
    if row is None or state is None:
        return []
    lines = [(safe(row.name), "title"), (f"{STATE_LABELS[row.state]}  {row.leader}", row.state)]
    lines.append((f"{'vacant' if row.state == 'vacant' else 'held'} for {rows.held(row, now)}", ""))
    doom = view.leases.doom(state.leader.lease_id) if state.leader is not None else None
    if doom is not None:
        lines.append((rows.doom(*doom, state), "dying"))
    lines.append((f"{safe(view.base + row.name)}, revision {row.revision}", "muted"))
    lines += [("", ""), (f"QUEUE {len(state)}", "muted")]
    for place, candidate in enumerate(islice(state.queue, _QUEUE)):
        value = safe(candidate.value, _VALUE_CELLS) or "(empty)"
        lines.append((f"{'★ ' if place == 0 else '  '}{value}", "leading" if place == 0 else ""))
    if len(state) > _QUEUE:
        lines.append((f"  and {len(state) - _QUEUE} more", "muted"))
    lines += [("", ""), ("LAST EVENTS, newest first", "muted")]
    events = view.events(row.name)
    for event in islice(reversed(events), max(height - len(lines), 0)):
        told = rows.describe(event, None, view.leases.how_ended(event))
        lines.append((f"{view.wall.local(event.observed_at):%H:%M:%S}  {told}", ""))
    return lines if events else [*lines, ("none since the start", "muted")]


class Preview(Widget):
    """Draws again only when what it shows has changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "preview--title",
        "preview--leading",
        "preview--vacant",
        "preview--blocked",
        "preview--dying",
        "preview--flapping",
        "preview--muted",
    }
    DEFAULT_CSS = """
    Preview {
        & > .preview--title { text-style: bold; }
        & > .preview--leading { color: $text-primary; }
        & > .preview--vacant, & > .preview--blocked, & > .preview--dying { color: $text-error; text-style: bold; }
        & > .preview--flapping { color: $text-warning; text-style: bold; }
        & > .preview--muted { color: $text-muted; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Lines = []

    def show(self, lines: Lines) -> None:
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        text, role = self._lines[y] if y < len(self._lines) else ("", "")
        style = base + ink(self.get_component_rich_style(f"preview--{role}")) if role else base
        return Strip([Segment(fit(f" {text}", width), style)], width)
