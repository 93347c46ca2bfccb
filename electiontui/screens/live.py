"""What every screen of live data shares: the desk it works at, the status bar, and when it is repainted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from election_core import utc_now

from ..rows import duration
from ..sources import Candidacies, ClusterView, ViewStatus
from ..widgets.status_bar import StatusBar

__all__ = ["NARROW", "VIEWS", "Desk", "LiveScreen", "status_parts"]

NARROW = 90
"""Terminals with fewer columns get the narrow layout."""


VIEWS = {1: "elections", 2: "leaders", 3: "warnings", 4: "cluster", 5: "console", 6: "events"}
"""The views by the key that each is on."""


def _now() -> datetime:
    return utc_now()


@dataclass(slots=True)
class Desk:
    """What the screens work with; owned by the app, so it outlives every screen."""

    view: ClusterView
    own: Candidacies
    read_only: bool
    paused_at: datetime | None = None
    """Since when the view stands still, or ``None`` while it is live."""
    clock: Callable[[], datetime] = _now
    """The time of day (aware, UTC)."""
    asking: object | None = None
    """Set while an action is about to open a dialog, for which keys have to wait."""

    def now(self) -> datetime:
        """The time that the screens show (aware, UTC); it stands still while paused."""
        return self.paused_at or self.clock()

    def path(self, name: str) -> str:
        """An election's path from the root of the key space."""
        return self.view.base + name


class LiveScreen(Screen[None]):
    """A screen that `flush` and `tick` keep current. It owns no task and no lease."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"console", "campaign", "proclaim", "resign", "abandon"})

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"app.view('{name}')", show=False, id=f"view_{name}") for number, name in VIEWS.items()),
        Binding("space", "app.pause", "Pause", id="pause"),
        Binding("y", "copy", "Copy", show=False, id="copy"),
        Binding("question_mark,f1", "app.help", "Help", key_display="?", id="help"),
        Binding("colon", "app.command_palette", "Command", key_display=":", id="command", show=False),
        Binding("q", "app.quit", "Quit", id="quit", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def on_mount(self) -> None:
        self.flush(set(self.desk.view.elections), self.desk.now())
        self.tick(self.desk.now())

    def on_screen_resume(self) -> None:
        if not self.is_complete:
            return
        if self.desk.paused_at is None:
            self.flush(set(self.desk.view.elections), self.desk.now())
        self.tick(self.desk.now())

    def on_resize(self) -> None:
        self.set_class(self.size.width < NARROW, "-narrow")

    @property
    def is_complete(self) -> bool:
        """Whether its widgets are there: not before it is mounted, and not while it is taken down."""
        return self.is_mounted and self.is_running

    @property
    def wants_flush(self) -> bool:
        """Whether `flush` has something to do although no election has changed."""
        return False

    def flush(self, changed: set[str], now: datetime) -> None:
        """Repaint what shows any of these elections; called at most ten times per second."""

    def show_time(self, now: datetime) -> None:
        """Repaint what is seen of the elections and shows how long something has lasted."""

    def tick(self, now: datetime) -> None:
        """Repaint the status, and what else shows the time unless it stands still; called once per second."""
        left, right, lost = status_parts(self.desk, self.desk.view.wall.local(self.desk.clock()))
        for bar in self.query(StatusBar):
            bar.update(left, right, lost=lost)
        if self.desk.paused_at is None:
            self.show_time(now)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what writes to etcd in read-only mode."""
        return not (self.desk.read_only and action in self.WRITES)


def status_parts(desk: Desk, clock: datetime) -> tuple[list[str], list[str], bool]:
    """Left parts, right parts and whether the view is lost, for the status bar."""
    status = desk.view.status()
    right = ["READ-ONLY"] if desk.read_only else []
    if desk.own.live:
        right.append(f"{len(desk.own.live)} yours")
    if desk.paused_at is not None:
        right.append("PAUSED")
    right.append(f"{clock:%H:%M:%S}")
    if desk.view.failure is not None:
        return [f"✗ THE WATCH FAILED, please report this: {desk.view.failure!r}"], right, True
    return (_connected(status), right, False) if status.connected else (_lost(status), right, True)


def _connected(status: ViewStatus) -> list[str]:
    up = status.endpoints_up
    parts = [f"electiontui  {'●' if up == status.endpoints else '◐'} {up}/{status.endpoints} endpoints"]
    parts.append(f"rev {status.revision}")
    parts.append(f"view {status.age:.1f}s old")
    if status.round_trip is not None:
        parts.append(f"rtt {status.round_trip * 1000:.1f}ms")
    return parts


def _lost(status: ViewStatus) -> list[str]:
    retry = "retrying" if status.retry_in is None else f"retry {status.attempt} in {status.retry_in:.0f}s"
    age = duration(status.age) if status.age >= 100 else f"{status.age:.0f}s"
    if status.loaded:
        first = f"✗ DISCONNECTED {age} — showing state as of rev {status.revision}, {retry}"
    elif status.error is None:
        first = f"… connecting {age}"
    else:
        first = f"✗ NOT CONNECTED {age} — {retry}"
    return [first, f"{status.endpoints_up}/{status.endpoints} endpoints"]
