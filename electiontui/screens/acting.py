"""A screen of one election, from which the user acts on its candidates."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Coroutine
from typing import ClassVar

from textual.binding import Binding, BindingType

from election_core import Candidate

from ..sources import Candidacy
from . import actions
from .console import ConsoleScreen
from .live import Desk, LiveScreen

__all__ = ["ActingScreen"]


class ActingScreen(LiveScreen):
    """Proclaim and resign for the user's own candidate, evict any.

    Attributes:
        election: its name in the view.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "console", "Console", id="console"),
        Binding("P", "proclaim", "Proclaim", id="proclaim"),
        Binding("R", "resign", "Resign", id="resign"),
        Binding("X", "evict", "Evict", id="evict"),
    ]

    def __init__(self, desk: Desk, election: str) -> None:
        super().__init__(desk)
        self.election = election

    @abstractmethod
    def candidate(self) -> Candidate | None:
        """The one that is pointed at."""

    def action_console(self) -> None:
        self.app.push_screen(ConsoleScreen(self.desk, self.election))

    def action_proclaim(self) -> None:
        if (ours := self._own()) is not None:
            self._begin("proclaim", actions.proclaim(self.app, self.desk, ours))

    def action_resign(self) -> None:
        if (ours := self._own()) is not None:
            self._begin("resign", actions.resign(self.app, self.desk, ours))

    def action_evict(self) -> None:
        if (candidate := self.candidate()) is not None:
            self._begin("evict", actions.evict(self.app, self.desk, self.election, candidate))

    def _begin(self, what: str, action: Coroutine[None, None, None]) -> None:
        self.app.run_worker(action, group=what, exit_on_error=False)

    def _own(self) -> Candidacy | None:
        ours = actions.pick(self.desk, self.desk.path(self.election))
        if ours is None:
            self.notify("You have no candidate here, or several; choose one in the console (C).", severity="warning")
        return ours
