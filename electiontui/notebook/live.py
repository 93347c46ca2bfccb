"""A view as a live widget, in Jupyter beside the picture that is saved with the notebook.

The picture is hidden for as long as the widget runs in the page; it is what is left where no kernel runs.
"""

from __future__ import annotations

import json
import time
from collections import deque
from datetime import timedelta
from typing import Any, Self

from ..pictures.colours import COLOURS, VACANT
from .allowance import Allowance
from .kernel import current_cell
from .renewing import FRAME_INTERVAL
from .scene import Scene
from .still import display
from .views import LiveView
from .widget import is_closed, make_widget, show_widget
from .wire import Json, Outbox

__all__ = ["LiveShowing"]

_MOST = 1_500_000
"""Bytes that are under way to front ends before they have said that they have them."""
_LONGEST = 150.0
"""Seconds without a word from a front end after which it counts as gone."""
_SLOWER = 50.0
_UNHEARD = 1.0
"""Seconds between two messages, each of them whole, to a front end that was never heard."""
_SIGN_OF_LIFE = 30.0
"""Seconds; a front end that hears nothing for much longer hatches what follows."""
_PICTURE = 10.0
"""Least time in seconds between two pictures for the notebook's file."""
_MOST_WAITING = 1_000
_SPANS = (1.0, 31 * 86400.0)


class LiveShowing:
    """One view where it is shown.

    Attributes:
        cell: where that is.
        widget: what a page shows.
    """

    # The mutable state: what was sent and acknowledged, what has come from front ends and is not looked at yet (in
    # threads of the kernel's), and what the widget and the picture show.

    def __init__(self, view: LiveView) -> None:
        self.cell = current_cell()
        self._view = view
        self._scene, self._outbox = Scene(view), Outbox()
        self._inbox: deque[Json] = deque(maxlen=_MOST_WAITING)
        self._told: deque[Json] = deque(maxlen=_MOST_WAITING)
        now = time.monotonic()
        self._allowance = Allowance(now, most=_MOST, longest=_LONGEST, slower=_SLOWER)
        self._heard = False
        self._asked = False
        self._stopped = False
        self._marks = self._pictured = self._scene.marks()
        self._sent_at = self._pictured_at = now
        self.widget: Any = make_widget(self._whole(), self._inbox.append)
        self._picture: Any = None

    @classmethod
    def below_cell(cls, view: LiveView) -> Self:
        """Shown below the cell of Jupyter that runs, with its picture."""
        showing = cls(view)
        showing._picture = display(view.bundle())
        show_widget(showing.widget)
        return showing

    @property
    def is_over(self) -> bool:
        """Whether its place in the notebook is gone."""
        return is_closed(self.widget)

    def tick(self) -> None:
        now = time.monotonic()
        self._read_inbox(now)
        while self._told:
            self.widget.send(self._told.popleft())
        if not self._allowance.may_send(now):
            return
        if self._asked:
            self._asked = False
            self._send(self._whole(), now)
        elif (marks := self._scene.marks()) != self._marks:
            self._send_news(marks, now)
        elif now - self._sent_at >= _SIGN_OF_LIFE:
            self._send(self._outbox.sign_of_life(self._scene.read()[2]), now)
        self._draw_if_due(now)

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        # As state it is saved with the notebook, and there for a page that is loaded later.
        self.widget.data = self._whole()
        if self._picture is not None:
            self._draw(time.monotonic())

    def remove(self) -> None:
        self._stopped = True
        self.widget.close()

    def _send_news(self, marks: object, now: float) -> None:
        if not self._heard:
            # Its program may be loading still, and would miss what comes before: so each message is whole.
            if now - self._sent_at >= _UNHEARD:
                self._marks = marks
                self._send(self._whole(), now)
            return
        self._marks = marks
        about, rows, at = self._scene.read()
        if (message := self._outbox.news({**about, "stopped": False}, rows, at)) is not None:
            self._send(message, now)

    def _whole(self) -> Json:
        about, rows, at = self._scene.read()
        message = self._outbox.full({**about, "stopped": self._stopped}, rows, at)
        return {**message, "colours": COLOURS, "vacant": VACANT}

    def _send(self, message: Json, now: float) -> None:
        self.widget.send(message)
        self._sent_at = now
        self._allowance.sent(message["n"], len(json.dumps(message)), now)

    def _draw_if_due(self, now: float) -> None:
        if self._picture is None:
            return
        # Where nobody shows the widget the picture is all there is, as for programs that execute notebooks.
        pause = _PICTURE if self._heard else FRAME_INTERVAL
        marks = self._marks if self._heard else self._scene.marks()
        if marks != self._pictured and now - self._pictured_at >= pause:
            self._pictured = marks
            self._draw(now)

    def _draw(self, now: float) -> None:
        bundle = self._view.bundle()
        self._pictured_at = now
        self._picture.update(bundle, raw=True)
        self._allowance.sent(self._outbox.number, sum(map(len, bundle.values())), now)

    def _read_inbox(self, now: float) -> None:
        while self._inbox:
            message = self._inbox.popleft()
            kind = message.get("kind")
            if kind in ("hello", "have"):
                self._heard = True
                self._allowance.heard(int(message.get("n", 0)), now)
                self._asked = self._asked or kind == "hello"
            elif kind == "span":
                self._show_span(float(message.get("seconds", 0)))
            elif kind == "do":
                self._do(message)

    def _show_span(self, seconds: float) -> None:
        least, most = _SPANS
        if least <= seconds <= most:
            self._view.span = timedelta(seconds=seconds)
            self._scene.forget()
            self._asked = True

    def _do(self, deed: Json) -> None:
        acts, number = self._view.acts, deed.get("id")

        def tell(done: bool, text: str) -> None:
            self._told.append({"told": number, "done": done, "text": text})

        if acts is None or acts.read_only:
            tell(False, "This view only shows; nothing was done.")
            return
        name = getattr(self._view, "name", None) or self._scene.names().get(deed.get("row", 0))
        if name is None:
            tell(False, "The election is not shown any more; nothing was done.")
            return
        acts.do({**deed, "election": name}, tell)
