"""The dashboard of a recording: the same screens, at the position of a player, with keys that move it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from .app import ElectionApp
from .etcdctl import Etcdctl
from .leaving import Leaving
from .opening import NOTHING_WISHED, Wishes
from .replay import Player, RecordedView, moment_of
from .rows import duration
from .screens.dialogs import Complaint, FormDialog, TextDialog
from .screens.help import help_text
from .screens.live import Desk
from .sources import Candidacies
from .sources.drill_runs import DrillRuns
from .text import safe
from .widgets.position_bar import Position, PositionBar

__all__ = ["ReplayApp", "run"]

_TIMES = 3
"""Repaints after which what shows the time is renewed, too: while it plays fast, much has passed by then."""
_JUMP, _JUMP_PLAYED = 60.0, 5.0
"""Seconds of the recording to jump over, at the least, and seconds of playing at high speeds."""


class ReplayApp(ElectionApp):
    """Shows what was known at the player's position; nothing is written, and nothing connects."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("full_stop", "step(1)", "Step", key_display=",.", id="step_on"),
        Binding("comma", "step(-1)", "Step back", show=False, id="step_back"),
        Binding("greater_than_sign", "speed(1)", "Speed", key_display="<>", id="faster"),
        Binding("less_than_sign", "speed(-1)", "Slower", show=False, id="slower"),
        Binding("right_curly_bracket", "jump(1)", "Jump", key_display="{}", id="jump_on"),
        Binding("left_curly_bracket", "jump(-1)", "Jump back", show=False, id="jump_back"),
        Binding("at", "seek", "Go to", id="seek"),
    ]

    # The mutable state: when the player was moved on last, whether it is being moved elsewhere, and what was said of
    # the recording.

    def __init__(
        self,
        player: Player,
        *,
        start: str | None = None,
        low_bandwidth: bool = False,
        wishes: Wishes = NOTHING_WISHED,
    ) -> None:
        """``start``: the moment to begin at, as `moment_of` takes it; ``wishes``: keys and theme."""
        view = RecordedView(player)
        note = player.recording.note
        super().__init__(
            lambda: view.client,
            prefixes=view.prefixes,
            read_only=True,
            notice=None if note is None else f"{safe(player.recording.path.name, 40)}: {note}",
            low_bandwidth=low_bandwidth,
            wishes=wishes,
        )
        self.player, self._view, self._start = player, view, start
        self._moved_at: float | None = None
        self._renewed = 0
        self._is_moving = False
        self._told: str | None = None

    def make_desk(self) -> Desk:
        own = Candidacies(self._view, self._client_factory)
        return Desk(self._view, own, DrillRuns(None), Etcdctl(()), read_only=True, wishes=self._wishes, played=self)

    # Textual calls the handlers of the base, too.

    def on_ready(self) -> None:
        self.player.index.start()
        if self._start is not None:
            self._move(self.player.seek(moment_of(self._start, self.player.began, self.player.ends)))

    async def on_unmount(self) -> None:
        self.player.index.close()

    @property
    def name_of_recording(self) -> str:
        return safe(self.player.recording.path.name, 40)

    def position(self) -> Position:
        """What the position bar says."""
        player = self.player
        length = max((player.ends - player.began).total_seconds(), 0.001)
        share = (player.position - player.began).total_seconds() / length
        sign = "…" if self._is_moving else "▶" if player.playing else "‖"
        day = f"{player.position:%Y-%m-%d} " if player.began.date() != player.ends.date() else ""
        left = f"{sign} {player.speed:g}x  {day}{player.position:%H:%M:%S}"
        return Position(left, min(max(share, 0.0), 1.0), tuple(player.index.changes), self._remark())

    def _remark(self) -> str:
        player = self.player
        if player.failure is not None:
            return safe(f"✗ {player.failure.replace(str(player.recording.path), player.recording.path.name)}", 60)
        if not player.story.is_whole:
            return f"what was before is being read, {player.index.share:.0%}"
        return f"{duration(player.ends - player.began)} from {player.began:%H:%M:%S %z}"

    def _renew(self) -> None:
        now = monotonic()
        passed, self._moved_at = now - (self._moved_at or now), now
        if not self._is_moving:
            self.player.advance(passed)
            if not self.player.story.is_whole and self.player.index.reached >= self.player.story.after:
                self._move(self.player.complete())
        if not self._is_moving:
            super()._renew()
            self._renewed += 1
            if self._renewed % _TIMES == 0 and self.player.playing:
                self._tick()
        self._show_position()

    def _tick(self) -> None:
        if not self._is_moving:
            super()._tick()

    def _show_position(self) -> None:
        position = self.position()
        for screen in self._live_screens():
            for bar in screen.query(PositionBar):
                bar.show(position)
        if self.player.failure is not None and self.player.failure != self._told:
            self._told = self.player.failure
            self.notify(safe(self._told, 400), severity="error", markup=False, timeout=10)

    def _move(self, moving: Iterator[None]) -> None:
        """Go elsewhere, in slices, and show it only then."""
        self._is_moving = True
        self.player.index.hold()
        self.run_worker(self._moved(moving), group="moving", exclusive=True, exit_on_error=False)

    async def _moved(self, moving: Iterator[None]) -> None:
        for _ in moving:
            await asyncio.sleep(0)
        self._is_moving, self._moved_at = False, None
        self.player.index.go_on()
        self._renew()
        self._tick()

    def action_pause(self) -> None:
        """Play, or stand still."""
        self.player.toggle()
        self._show_position()

    def action_step(self, by: int) -> None:
        """To the next transition, or the one before."""
        # On the way elsewhere there is no place to step from.
        if not self._is_moving:
            self._move(self.player.step(by))

    def action_speed(self, by: int) -> None:
        """Faster or slower."""
        self.player.faster(by)
        self._show_position()

    def action_jump(self, by: int) -> None:
        """On, or back."""
        if self._is_moving:
            return
        length = timedelta(seconds=max(_JUMP, _JUMP_PLAYED * self.player.speed))
        self._move(self.player.seek(self.player.position + by * length))

    async def action_seek(self) -> None:
        """Ask for a moment, and go there."""
        self.run_worker(self._ask_where(), group="seek", exclusive=True, exit_on_error=False)

    async def _ask_where(self) -> None:
        player = self.player
        fields = {"moment": ("02:10, 02:10:30, +5m from the beginning or -5m from the end", "")}
        answer = await self.push_screen_wait(FormDialog("Go to a moment", fields, "Go", self._no_moment))
        if answer is not None:
            self._move(player.seek(moment_of(answer["moment"], player.began, player.ends)))

    def _no_moment(self, form: dict[str, str]) -> Complaint | None:
        try:
            moment_of(form["moment"], self.player.began, self.player.ends)
        except ValueError as exc:
            return Complaint(safe(str(exc), 200))
        return None

    @on(PositionBar.Sought)
    def _sought(self, event: PositionBar.Sought) -> None:
        self._move(self.player.seek(self.player.began + (self.player.ends - self.player.began) * event.share))

    def action_help(self) -> None:
        self.push_screen(TextDialog("electiontui replay", help_text(self.desk.keys, of_replay=True)))


def run(player: Player, *, start: str | None, low_bandwidth: bool, wishes: Wishes) -> list[str]:
    """Play it in the terminal until the user leaves; returns what went wrong, a line each."""
    app = ReplayApp(player, start=start, low_bandwidth=low_bandwidth, wishes=wishes)
    with Leaving(app.resign_now, app.leave_soon):
        app.run()
    failure = player.failure or player.index.failure
    crash = ["the dashboard ended by a defect of its own; please report it with the lines above"]
    return [*([] if failure is None else [str(failure)]), *(crash if app.return_code else [])]
