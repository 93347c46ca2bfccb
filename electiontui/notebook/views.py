"""The views: what they draw, and how they are shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any, Protocol, TypeVar

from election_core import Monitor, TermLog, utc_now

from ..pictures.axis import Local
from ..pictures.lanes import Places, Window
from ..pictures.lines import timeline_text
from ..pictures.svg import ANY_PAGE, PAPER, Paper, timeline_svg
from ..text import safe
from .choice import Choice
from .drawing import (
    elections_svg,
    elections_text,
    leader_text,
    phase_text,
    still_html,
    timeline_svg_of,
    timeline_text_of,
)
from .kernel import has_widgets, in_kernel
from .renewing import Renewal, Showing, renewal_of
from .source import Look, Source
from .still import StillShowing

__all__ = ["ElectionsView", "LiveView", "Own", "StillView", "TimelineView", "View"]

_TEXT_COLUMNS = 72
_STRIP_COLUMNS = 48
_MOST_DRAWN = 100
"""Elections in a picture or text; the live form has more."""
_CHOSEN_FOR = 2.0
"""Seconds after which it is looked again which elections are the first ones, if none came or went before."""
_NUMBERS = count(1)

_Shown = TypeVar("_Shown", bound=Showing)


class Own(Protocol):
    """Whose candidates the user may act for, from a live view."""

    read_only: bool

    def own(self, name: str) -> Sequence[dict[str, Any]]:
        """The user's candidates in an election, ready for a front end."""
        ...

    def marks(self) -> object:
        """Changes when what `own` says does, for any election."""
        ...

    def do(self, deed: dict[str, Any], tell: Callable[[bool, str], None]) -> None:
        """Begin what a button asks for; ``tell`` hears what came of it, in any thread."""
        ...


class View:
    """Something that a notebook shows; see `timeline` and `elections`."""

    def __init__(self, span: timedelta) -> None:
        self.span = span

    def svg(self) -> str:
        """The picture as of now."""
        return self._svg(PAPER)

    def __str__(self) -> str:
        """The same as text."""
        raise NotImplementedError

    def stop(self) -> None:
        """Renew it no more; what is shown stays. Calling it again does nothing."""

    def _svg(self, paper: Paper) -> str:
        raise NotImplementedError

    def bundle(self) -> dict[str, Any]:
        """The picture as of now, by MIME type."""
        svg, text = self._svg(ANY_PAGE), str(self)
        html = still_html(svg, self.id, text.partition("\n")[0])
        return {"text/html": html, "image/svg+xml": svg, "text/plain": text}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return self.bundle()

    @property
    def id(self) -> str:
        """What tells this view from others in a page."""
        return f"still-{id(self):x}"

    def _window(self, columns: int = _TEXT_COLUMNS) -> Window:
        return Window(utc_now(), self.span, columns)


class _Bundle:
    """A picture that is drawn."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        self._bundle = bundle

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return self._bundle


class StillView(View):
    """A term log as it was when the view was made, or is whenever it is drawn."""

    def __init__(self, log: TermLog, span: timedelta) -> None:
        super().__init__(span)
        self._log = log

    def __repr__(self) -> str:
        return f"<timeline of {self._log!r}>"

    def _queue(self) -> tuple[Any, ...]:
        leader = self._log.current.leader
        return () if leader is None else (leader,)

    def _svg(self, paper: Paper) -> str:
        return timeline_svg(self._log.name, self._log, self._queue(), self._window(), paper=paper)

    def __str__(self) -> str:
        return timeline_text(self._log, self._queue(), self._window())


class LiveView(View):
    """Shown in a kernel it is renewed while other cells run, until it is stopped or its monitor is closed."""

    # The mutable state: where it is shown, and what renews it there.

    kind = ""

    def __init__(self, source: Source, span: timedelta, acts: Own | None = None) -> None:
        super().__init__(span)
        self.source = source
        self.acts = acts
        self._number = next(_NUMBERS)
        self._showing: Showing | None = None
        self._renewal: Renewal = renewal_of(source)
        self._renewal.begin()

    @property
    def id(self) -> str:
        return f"view-{self._number}-{id(self):x}"

    @property
    def local(self) -> Local:
        return self.source.wall.local

    def choose(self, monitor: Monitor, most: int) -> tuple[list[str], int]:
        """The elections that it shows, and how many more fit."""
        raise NotImplementedError

    def title(self, look: Look) -> str:
        """What it shows, in harmless words."""
        raise NotImplementedError

    def look(self, most: int = _MOST_DRAWN) -> Look:
        """What is known now."""
        return self.source.look(lambda monitor: self.choose(monitor, most))

    def fingerprint(self, most: int = _MOST_DRAWN) -> object:
        """Changes when what is shown does, but for the time that has passed."""
        return self.source.marks(lambda monitor: self.choose(monitor, most))

    def _drawn(self, columns: int) -> tuple[Look, Window, list[Any]]:
        look = self.look()
        window = Window(look.now, self.span, columns)
        return look, window, self.source.unwatched(window.since, window.until)

    def _ipython_display_(self) -> None:
        if not in_kernel():
            print(self)
            return
        if not has_widgets():
            self._shown_by(StillShowing)
            return
        from .live import LiveShowing

        self._shown_by(LiveShowing.below_cell)

    def _display_(self) -> object:
        """What marimo is to show instead, which asks nobody else: the live widget, or the picture."""
        if not has_widgets():
            return _Bundle(self.bundle())
        from .live import LiveShowing

        return self._shown_by(LiveShowing).widget

    def _shown_by(self, make: Callable[[LiveView], _Shown]) -> _Shown:
        """Show it anew; where it was shown before it stays as it is."""
        self.stop()
        self._showing = showing = make(self)
        self._renewal.add(showing)
        return showing

    def stop(self) -> None:
        if self._showing is not None:
            self._renewal.stop(self._showing)

    @property
    def is_live(self) -> bool:
        """Whether it is still renewed."""
        return self._showing is not None and self._renewal.shows(self._showing)


class TimelineView(LiveView):
    """One election, a lane per candidate."""

    kind = "timeline"

    def __init__(self, source: Source, name: str, span: timedelta, acts: Own | None = None) -> None:
        super().__init__(source, span, acts)
        self.name = name

    def __repr__(self) -> str:
        return f"<timeline of {self.title(self.look())!r}, {'live' if self.is_live else 'not live'}>"

    def choose(self, monitor: Monitor, most: int) -> tuple[list[str], int]:
        return [self.name], 1

    @property
    def places(self) -> Places:
        return self.source.places(self.name)

    def title(self, look: Look) -> str:
        return f"{safe(self.name)} · {leader_text(look.pairs[0].state, look.phase)}{phase_text(look, self.local)}"

    def _svg(self, paper: Paper) -> str:
        look, window, unwatched = self._drawn(_TEXT_COLUMNS)
        return timeline_svg_of(self.title(look), look, window, unwatched, self.places, self.local, paper)

    def __str__(self) -> str:
        look, window, unwatched = self._drawn(_TEXT_COLUMNS)
        return timeline_text_of(self.title(look), look, window, unwatched, self.places, self.local)


class ElectionsView(LiveView):
    """Many elections, a line each."""

    kind = "elections"

    def __init__(self, source: Source, choice: Choice, span: timedelta, acts: Own | None = None) -> None:
        super().__init__(source, span, acts)
        self.choice = choice
        self._chosen: dict[int, tuple[float, int, tuple[list[str], int]]] = {}

    def __repr__(self) -> str:
        return f"<{self.title(self.look())}, {'live' if self.is_live else 'not live'}>"

    def choose(self, monitor: Monitor, most: int) -> tuple[list[str], int]:
        now, there = time.monotonic(), len(monitor.elections)
        at, before, chosen = self._chosen.get(most, (-_CHOSEN_FOR, -1, ([], 0)))
        if before != there or now - at >= _CHOSEN_FOR:
            chosen = self.choice.names(monitor, utc_now(), most)
            self._chosen[most] = now, there, chosen
        return chosen

    def title(self, look: Look) -> str:
        shown, total = len(look.pairs), look.total
        more = "" if shown == total else f", {total - shown} not shown: narrow it with match="
        which = " ".join(map(safe, self.choice.match))
        where = f"under {safe(self.source.monitor.prefix)!r}" + (f" that fit {which}" if which else "")
        return f"{total} election{'' if total == 1 else 's'} {where}{more}{phase_text(look, self.local)}"

    def _svg(self, paper: Paper) -> str:
        look, window, unwatched = self._drawn(_STRIP_COLUMNS)
        return elections_svg(self.title(look), look, window, unwatched, self.local, paper)

    def __str__(self) -> str:
        look, window, unwatched = self._drawn(_STRIP_COLUMNS)
        return elections_text(self.title(look), look, window, unwatched, self.local)
