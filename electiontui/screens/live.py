"""What every screen of live data shares: the desk it works at, the status bar, and when it is repainted."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from ..alerts import Alert
from ..etcdctl import Etcdctl
from ..keys import Keys
from ..opening import NOTHING_WISHED, Wishes
from ..records import Record, written
from ..sources import Candidacies, ClusterView
from ..sources.drill_runs import DrillRuns
from ..text import safe
from ..widgets.banner import Banner
from ..widgets.position_bar import Position, PositionBar
from ..widgets.status_bar import StatusBar
from ..widgets.view_line import ViewLine
from . import status_text
from .exporting import export

__all__ = ["NARROW", "VIEWS", "Desk", "LiveScreen", "Played", "status_parts"]

T = TypeVar("T")

NARROW = 90
"""Terminals with fewer columns get the narrow layout …"""
SHORT = 24
"""… and with fewer lines do without what is not needed."""


VIEWS = {1: "elections", 2: "leaders", 3: "warnings", 4: "cluster", 5: "console", 6: "events"}
"""The views by the key that each is on."""


class Played(Protocol):
    """A recording that is played in place of a live view."""

    @property
    def name_of_recording(self) -> str:
        """What the recording is called, harmless."""

    def position(self) -> Position:
        """Where it is."""


@dataclass(slots=True)
class Desk:
    """What the screens work with; owned by the app, so it outlives every screen."""

    view: ClusterView
    own: Candidacies
    drills: DrillRuns
    etcdctl: Etcdctl
    read_only: bool
    paused_at: datetime | None = None
    """Since when the view stands still, or ``None`` while it is live."""
    played: Played | None = None
    """What is played, or ``None`` where etcd itself is watched."""
    asking: object | None = None
    """Set while an action is about to open a dialog, for which keys have to wait."""
    wishes: Wishes = NOTHING_WISHED
    """What the profile says."""
    raised: Callable[[], tuple[int, Alert | None]] = lambda: (0, None)
    """How many alerts are raised and not over, and the oldest of them."""

    @property
    def keys(self) -> Keys:
        """Which key does what."""
        return Keys(self.wishes.keys)

    @property
    def views(self) -> dict[int, str]:
        """The views that are offered, by their keys: what writes is not where nothing may be written."""
        return {number: name for number, name in VIEWS.items() if not (self.read_only and name == "console")}

    def now(self) -> datetime:
        """The time that the screens show (aware, UTC); it stands still while paused."""
        return self.paused_at or self.view.clock.now()

    def ask(self, asking: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """From the call on, before it runs, keys wait for the dialogs that ``asking`` opens."""
        self.asking = mine = object()

        async def run() -> T:
            try:
                return await asking
            finally:
                if self.asking is mine:
                    self.asking = None

        return run()

    def path(self, name: str) -> str:
        """An election's path from the root of the key space."""
        return self.view.base + name


class LiveScreen(Screen[None]):
    """A screen that `flush` and `tick` keep current. It owns no task and no lease."""

    WRITES: ClassVar[frozenset[str]] = frozenset(
        {"console", "campaign", "proclaim", "resign", "abandon", "evict", "drills"}
    )
    ASKS: ClassVar[frozenset[str]] = frozenset({"find"})

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"app.view('{name}')", show=False, id=f"view_{name}") for number, name in VIEWS.items()),
        Binding("space", "app.pause", "Pause", id="pause"),
        Binding("y", "copy", "Copy", show=False, id="copy"),
        Binding("question_mark,f1", "app.help", "Help", key_display="?", id="help"),
        Binding("colon", "app.command_palette", "Command", key_display=":", id="command", show=False),
        Binding("q", "app.quit", "Quit", id="quit", show=False),
    ]

    class Opened(Message):
        """The user wants to see an election."""

        def __init__(self, election: str) -> None:
            super().__init__()
            self.election = election

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def top(self) -> ComposeResult:
        """What stands above everything else."""
        yield StatusBar(id="status")
        yield Banner()
        yield ViewLine({self.desk.keys.shown(f"view_{name}"): name for name in self.desk.views.values()})
        yield from self.position_line()

    def position_line(self) -> ComposeResult:
        """Where in a recording it is, if one is played."""
        if self.desk.played is not None:
            yield PositionBar()

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
        self.set_class(self.size.height < SHORT, "-short")

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
        left, right, lost = status_parts(self.desk, self.desk.view.wall.local(self.desk.view.clock.now()))
        for bar in self.query(StatusBar):
            bar.update(left, right, lost=lost)
        for banner in self.query(Banner):
            banner.tell(*self.desk.raised())
        for position in self.query(PositionBar):
            if self.desk.played is not None:
                position.show(self.desk.played.position())
        if self.desk.paused_at is None:
            self.show_time(now)

    def open_election(self, name: str) -> None:
        """Show one election, from whatever is shown now."""
        self.post_message(self.Opened(name))

    def export(self, what: str, name: str, columns: Sequence[str], about: Record, records: Sequence[Record]) -> None:
        """Ask for a file, and write the records to it as CSV or JSON."""
        job = export(self.app, what, name, ("csv", "json"), lambda form: written(form, columns, about, records))
        self.app.run_worker(job, group="export", exit_on_error=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what writes to etcd in read-only mode, and what asks etcd while a recording is played."""
        return not (
            (self.desk.read_only and action in self.WRITES) or (self.desk.played is not None and action in self.ASKS)
        )


def status_parts(desk: Desk, clock: datetime) -> tuple[list[str], list[str], bool]:
    """Left parts, right parts and whether the view is lost, for the status bar."""
    status = desk.view.status()
    right = ["READ-ONLY"] if desk.read_only and desk.played is None else []
    if desk.view.past.trouble:
        right.append("HISTORY NOT KEPT")
    if desk.own.live:
        right.append(f"{len(desk.own.live)} yours")
    if (running := desk.drills.running) is not None:
        right.append(f"drill {safe(running.drill.name, 30)}")
    if desk.paused_at is not None:
        right.append("PAUSED")
    right.append(f"{clock:%H:%M:%S}")
    if desk.view.failure is not None:
        return [f"✗ THE WATCH FAILED, please report this: {desk.view.failure!r}"], right, True
    if desk.played is not None:
        told = status_text.played(status, desk.played.name_of_recording)
    else:
        told = status_text.connected(status) if status.connected else status_text.lost(status)
    return told, right, not status.connected
