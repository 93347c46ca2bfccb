"""Elections in the command palette: those whose names hold what is typed open when they are chosen."""

from __future__ import annotations

from functools import partial
from itertools import islice

from textual.command import Hit, Hits, Provider
from textual.content import Content

from ..text import safe
from .live import LiveScreen

__all__ = ["ElectionCommands"]

_MOST = 50
"""Elections offered at a time; more are on no screen."""


class ElectionCommands(Provider):
    """Names are plain text here: markup in them means nothing."""

    async def search(self, query: str) -> Hits:
        for hit in self._hits(query.casefold()):
            yield hit

    def _hits(self, wanted: str) -> list[Hit]:
        if not isinstance(self.screen, LiveScreen):
            return []
        found = ((name, at) for name in self.screen.desk.view.rows if (at := name.casefold().find(wanted)) >= 0)
        # What is found early in a name, and fills more of it, is more likely what is meant.
        return [
            Hit(
                len(wanted) / (len(name) + at + 1),
                Content(safe(name, 200)),
                partial(self.screen.open_election, name),
                text=safe(name, 200),
                help="Open this election",
            )
            for name, at in islice(found, _MOST)
        ]
