"""The dashboard's app: owns the view and the user's candidacies, and tells the screens when to repaint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import rich
from rich.traceback import Traceback
from textual import on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from election_core import Client

from .drill import Access
from .etcdctl import Etcdctl
from .history.recorder import Recorder
from .leaving import FAREWELL, Leaving
from .opening import NOTHING_WISHED, Opening, Wishes
from .screens import actions
from .screens.alerting import tell_alerts
from .screens.cluster import ClusterScreen
from .screens.console import ConsoleScreen
from .screens.detail import DetailScreen
from .screens.dialogs import Dialog, LeaveDialog, TextDialog
from .screens.elections import ElectionsScreen
from .screens.events import EventsScreen
from .screens.help import help_text
from .screens.leaders import LeadersScreen
from .screens.live import Desk, LiveScreen
from .screens.palette import ElectionCommands
from .screens.typed import TypedInOrder
from .screens.warnings import WarningsScreen
from .sources import Candidacies, ClusterView, ViewAlarm
from .sources.drill_runs import DrillRuns
from .text import safe

if TYPE_CHECKING:
    from .metrics.serving import Metrics

__all__ = ["ElectionApp", "run"]

_RESIGN_TIMEOUT = 5.0
"""Seconds that leaving may take to resign the user's candidacies."""
_FLUSH_INTERVAL, _TIME_INTERVAL = 0.1, 1
_SLOW_FLUSH_INTERVAL, _SLOW_TIME_INTERVAL = 1.0, 5
"""Seconds between two repaints of what has changed, and of what shows the time."""


class ElectionApp(TypedInOrder):
    """The dashboard.

    Attributes:
        left_behind: once it has ended, what could not be resigned on the way out, a line each.
    """

    TITLE = "electiontui"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {*TypedInOrder.COMMANDS, ElectionCommands}
    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False, priority=True)]

    def __init__(
        self,
        client_factory: Callable[[], Client],
        *,
        prefixes: tuple[str, ...],
        read_only: bool = False,
        notice: str | None = None,
        access: tuple[str, ...] = (),
        low_bandwidth: bool = False,
        metrics: Metrics | None = None,
        drills: Access | None = None,
        keeps_history: bool = False,
        history: Path | None = None,
        wishes: Wishes = NOTHING_WISHED,
    ) -> None:
        super().__init__()
        self._client_factory = client_factory
        self._prefixes, self._read_only, self._notice = prefixes, read_only, notice
        self._access, self._low_bandwidth, self._metrics, self._drills = access, low_bandwidth, metrics, drills
        self._keeps_history, self._history, self._wishes = keeps_history, history, wishes
        self._alarm: ViewAlarm | None = None
        self._seconds = 0
        self._desk: Desk | None = None
        self._screens_loop: asyncio.AbstractEventLoop | None = None
        self.left_behind: list[str] = []

    @property
    def desk(self) -> Desk:
        """The view and the user's candidacies; there from mounting on."""
        if self._desk is None:
            raise RuntimeError("The app is not mounted yet.")
        return self._desk

    def make_desk(self) -> Desk:
        """What the screens are to work with; called once, inside the event loop."""
        recorder = Recorder(self._history, told=self._tell_of_history) if self._keeps_history else None
        view = ClusterView(self._client_factory, *self._prefixes, recorder=recorder)
        if self._metrics is not None:
            self._metrics.follow(view)
        etcdctl = Etcdctl(view.client.endpoints, self._access)
        own, drills = Candidacies(view, self._make_own_client), DrillRuns(self._drills)
        return Desk(view, own, drills, etcdctl, self._read_only, wishes=self._wishes)

    def _tell_of_history(self, trouble: str) -> None:
        """Once for each trouble; the status bar says it for as long as it lasts."""
        if trouble:
            self.notify(safe(trouble, 400), title="The history is not kept", severity="warning", markup=False)
        else:
            self.notify("The history is kept again.", markup=False)

    def _make_own_client(self) -> Client:
        client = self._client_factory()
        return client if self._metrics is None else self._metrics.follow_campaigns(client)

    async def on_mount(self) -> None:
        self._desk = self.make_desk()
        self._screens_loop = asyncio.get_running_loop()
        self.set_keymap(self._desk.keys.keymap)
        self.theme = self._wishes.theme or self.theme
        await self._desk.view.__aenter__()
        self._alarm = await ViewAlarm(self._desk.view, self._wishes.alarm, farewell=FAREWELL).__aenter__()
        self._desk.raised = self._alarm.raised
        for name, view in self._views(self._desk).items():
            self.add_mode(name, view)
        await self.switch_mode("elections")
        if self._low_bandwidth:
            self.animation_level = "none"
        self.set_interval(_SLOW_FLUSH_INTERVAL if self._low_bandwidth else _FLUSH_INTERVAL, self._renew)
        self.set_interval(1.0, self._tick)

    def resign_now(self) -> None:
        """Resign the user's candidates and clear away drills, from any thread, in at most 5 seconds each."""
        if self._desk is not None:
            self._desk.drills.stop()
            self._desk.own.close_now(_RESIGN_TIMEOUT)
            self._desk.drills.close_now(_RESIGN_TIMEOUT)

    def leave_soon(self) -> None:
        """Have the screen end, from any thread."""
        with suppress(RuntimeError):  # its loop may have ended
            if self._screens_loop is not None:
                self._screens_loop.call_soon_threadsafe(self.exit)

    def _views(self, desk: Desk) -> dict[str, Callable[[], LiveScreen]]:
        """What each view begins with, by its name; whatever is opened from it stays with it."""
        return {
            "elections": lambda: ElectionsScreen(desk, self._notice),
            "leaders": lambda: LeadersScreen(desk),
            "warnings": lambda: WarningsScreen(desk),
            "cluster": lambda: ClusterScreen(desk),
            "console": lambda: ConsoleScreen(desk, None),
            "events": lambda: EventsScreen(desk),
        }

    async def action_view(self, name: str) -> None:
        """Go to a view as it was left; from the one that is shown, to its beginning."""
        if name not in self.desk.views.values():
            return
        if self.current_mode == name:
            while len(self.screen_stack) > 1:
                await self.pop_screen()
        else:
            await self.switch_mode(name)

    async def action_back(self) -> None:
        """To what this screen was opened from; from a view to the list."""
        if len(self.screen_stack) > 1:
            await self.pop_screen()
        else:
            await self.action_view("elections")

    @on(LeadersScreen.Wanted)
    async def _show_elections_of(self, event: LeadersScreen.Wanted) -> None:
        await self.action_view("elections")
        self.call_after_refresh(self._filter, safe(event.value))

    def _filter(self, pattern: str) -> None:
        if isinstance(self.screen, ElectionsScreen):
            self.screen.filter_by(pattern)

    @on(LiveScreen.Opened)
    def _show_election(self, event: LiveScreen.Opened) -> None:
        # Each click of a double click has chosen it.
        if not (isinstance(self.screen, DetailScreen) and self.screen.election == event.election):
            self.push_screen(DetailScreen(self.desk, event.election))

    def _renew(self) -> None:
        has_news, screens = self.desk.view.take_news(), self._live_screens()
        # While paused no row is renewed, so everything on the screen stays as it was, scrolled or not.
        if self.desk.paused_at is None and (has_news or any(each.wants_flush for each in screens)):
            now = self.desk.now()
            changed = self.desk.view.flush()
            for screen in screens:
                screen.flush(changed, now)

    def _tick(self) -> None:
        self.desk.view.note_watching(self.desk.view.clock.now())
        if self._alarm is not None:
            tell_alerts(self, *self._alarm.tick())
        if self.desk.paused_at is None:
            self.desk.view.tick(self.desk.now())
        self._seconds += 1
        if self._seconds % (_SLOW_TIME_INTERVAL if self._low_bandwidth else _TIME_INTERVAL) == 0:
            self._show_time()

    def _show_time(self) -> None:
        for screen in self._live_screens():
            screen.tick(self.desk.now())

    def _live_screens(self) -> list[LiveScreen]:
        """The screen that is seen, below a dialog or not."""
        live = [screen for screen in self.screen_stack if isinstance(screen, LiveScreen)]
        return [screen for screen in live[-1:] if screen.is_complete]

    def action_pause(self) -> None:
        """Hold the view still, or let it go on; etcd is watched all the while."""
        if self.desk.paused_at is None:
            self.desk.view.take_news()
            self.desk.view.rows.complete()
            self.desk.paused_at = self.desk.view.clock.now()
        else:
            self.desk.paused_at = None
            self._renew()
        self._show_time()

    def action_help(self) -> None:
        self.push_screen(TextDialog("electiontui", help_text(self.desk.keys)))

    def is_ready_for_keys(self) -> bool:
        """While an action is about to open a dialog, keys wait for that."""
        return self._desk is None or self._desk.asking is None or isinstance(self.screen, Dialog)

    async def action_quit(self) -> None:
        """Leave; where the user has candidates that wait or lead, ask before, and resign them."""
        if not any(isinstance(screen, LeaveDialog) for screen in self.screen_stack):
            self.run_worker(self._leave(actions.leave(self, self.desk)), group="quit", exit_on_error=False)

    async def _leave(self, asked: Coroutine[None, None, bool]) -> None:
        if not await asked:
            return
        if self.desk.own.live:
            self.notify(f"Resigning your candidates ({len(self.desk.own.live)}) …", markup=False)
        if (running := self.desk.drills.running) is not None:
            self.notify(f"Stopping the drill {safe(running.drill.name, 60)}, and clearing away …", markup=False)
        await self._clear_away(self.desk)
        self.exit()

    async def _clear_away(self, desk: Desk) -> None:
        await asyncio.gather(desk.own.close(_RESIGN_TIMEOUT), desk.drills.close(_RESIGN_TIMEOUT))

    async def on_unmount(self) -> None:
        if self._desk is not None:
            await self._clear_away(self._desk)
            if self._alarm is not None:
                await self._alarm.__aexit__()
            await self._desk.view.__aexit__(None, None, None)
            self.left_behind = [*await self._desk.own.left_behind(), *self._desk.drills.left_behind()]

    def _fatal_error(self) -> None:
        # Textual's own shows the values of local variables, among which may be a password.
        self.panic(Traceback(suppress=[rich]))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Workers never end the app; what they raise is shown."""
        if event.state is WorkerState.ERROR:
            self.notify(safe(f"{event.worker.group}: {event.worker.error!r}", 400), severity="error", markup=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        yield SystemCommand("Pause or go on", "Hold the view still; etcd is watched all the while", self.action_pause)
        yield SystemCommand("Key help", "All keys of this dashboard", self.action_help)
        for name in self.desk.views.values():
            key = self.desk.keys.shown(f"view_{name}")
            yield SystemCommand(f"Go to {name}", f"View {key}", partial(self.action_view, name))


def run(client_factory: Callable[[], Client], opening: Opening) -> list[str]:
    """Run the dashboard in the terminal until the user leaves; returns what went wrong, a line each.

    ``client_factory`` makes the client, inside the event loop.
    """
    app = ElectionApp(client_factory, **opening._asdict())
    with Leaving(app.resign_now, app.leave_soon):
        try:
            app.run()
        finally:
            # However the screen has ended.
            app.resign_now()
    crash = ["the dashboard ended by a defect of its own; please report it with the lines above"]
    return [*app.left_behind, *(crash if app.return_code else [])]
