"""Keys and clicks in the order they came: each goes where the key before it has led."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Any
from weakref import WeakSet

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.screen import Screen

__all__ = ["TypedInOrder"]

_PATIENCE = 1.0
"""Seconds after which the next key is handed out in any case."""
_LOOK_AGAIN = 0.02


class TypedInOrder(App[None]):
    """Hands keys out one at a time, once the one before was handled and what it has opened has the focus.

    A terminal delivers what is typed fast, pasted or sent by a script in one piece; Textual would give all of it to
    whatever had the focus when the first key came. The mouse waits for keys, too: a click after a key that closes a
    dialog is not for what lay there before.
    """

    # The mutable state: the keys to come, and the mouse between them; the mark behind the last key, the screen that it
    # was sent to and when; the screens that have had a focus; and whether to look again is planned.

    class Handled(Message):
        """Follows a key on its way from the widget to the app, so where it arrives, the key has been handled."""

        def __init__(self, is_last: bool) -> None:
            super().__init__()
            self.is_last = is_last

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._to_come: deque[events.Event] = deque()
        self._mark: TypedInOrder.Handled | None = None
        self._marked_screen: Screen[Any] | None = None
        self._handed_out_at = 0.0
        self._focused_once: WeakSet[Screen[Any]] = WeakSet()
        self._looks_again = False

    def is_ready_for_keys(self) -> bool:
        """Whether nothing more is to come that the next key is meant for."""
        return True

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste | events.MouseEvent) and not event.is_forwarded:
            self._to_come.append(event)
            await self._hand_out()
        else:
            await super().on_event(event)

    async def _hand_out(self) -> None:
        # Once the app is being shut down there is no screen that anything could be for.
        while self._to_come and self.is_running and self._may_go_on():
            event = self._to_come.popleft()
            if isinstance(event, events.MouseEvent):
                await super().on_event(event)
            else:
                await self._hand_out_key(event)
        if self._to_come and self.is_running and not self._looks_again:
            self._looks_again = True
            self.set_timer(_LOOK_AGAIN, self._look_again)

    async def _hand_out_key(self, key: events.Event) -> None:
        self._handed_out_at = monotonic()
        self._marked_screen = self.screen
        await super().on_event(key)
        self._send_mark(is_last=False)

    async def _look_again(self) -> None:
        self._looks_again = False
        await self._hand_out()

    def _may_go_on(self) -> bool:
        screen = self.screen
        if screen.focused is not None:
            self._focused_once.add(screen)
        if monotonic() - self._handed_out_at > _PATIENCE:
            return True
        # A screen that is left takes the mark with it.
        handled = self._mark is None or screen is not self._marked_screen
        return handled and screen in self._focused_once and self.is_ready_for_keys()

    def _send_mark(self, *, is_last: bool) -> None:
        mark = TypedInOrder.Handled(is_last)
        is_sent = self.is_running and (self.focused or self.screen).post_message(mark)
        self._mark = mark if is_sent else None

    @on(Handled)
    async def _is_handled(self, event: Handled) -> None:
        if event is not self._mark:
            return
        # What the key has made a widget send comes before a second mark.
        self._mark = None
        if not event.is_last:
            self._send_mark(is_last=True)
        await self._hand_out()
