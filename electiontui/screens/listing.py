"""Which elections the list shows, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import rows
from ..groups import fold, key_of
from ..rows import ElectionRow
from ..sources import ClusterView

__all__ = ["Listing"]

_BY_STATE = ("name", "state")
"""Orders for which no row is needed."""


class Listing:
    """What the user has chosen.

    Attributes:
        column, descending: the order.
        pattern: the filter.
        complaint: why the filter is not applied, or empty.
        only_troubles: whether only those in trouble are shown.
        shows_past: whether those that are over are shown; a filter finds them anyway.
        is_folded: whether elections are folded into groups.
        names: the elections that are shown, folded or not, as of the last `keys`.
        groups: the names in each group, by its key, as of the last `keys`.
        version: of the names that were chosen from then.
    """

    # The mutable state: the attributes, which groups are opened, and the last keys with what they followed from.

    def __init__(self) -> None:
        self.column, self.descending = "state", False
        self.pattern = self.complaint = ""
        self.only_troubles = self.shows_past = self.is_folded = False
        self.names: Sequence[str] = ()
        self.groups: dict[str, list[str]] = {}
        self.version = -1
        self._rows: object = None
        self._known: tuple[object, list[str]] | None = None
        self._opened: set[str] = set()
        self._lets_through: Callable[[ElectionRow], bool] = rows.matcher("")

    def filter(self, pattern: str) -> None:
        """Show what matches alone; a malformed pattern lets everything through and leaves a complaint."""
        self.pattern, self.complaint = pattern, ""
        try:
            self._lets_through = rows.matcher(pattern)
        except ValueError as exc:
            self._lets_through, self.complaint = rows.matcher(""), str(exc)

    def is_open(self, group: str) -> bool:
        return group in self._opened

    def is_inside(self, name: str) -> bool:
        """Whether an election stands below its group."""
        return bool(self._opened) and key_of(name) in self._opened

    def toggle(self, group: str) -> None:
        """Open a group, or close it."""
        self._opened ^= {group}

    def keys(self, view: ClusterView) -> list[str]:
        """Names of elections, and keys of groups, in order; the same list as before where nothing has changed."""
        seen = self._follows_from(view)
        if view.rows is not self._rows:
            self._rows, self._known = view.rows, None
        if self._known is None or seen is None or self._known[0] != seen:
            self._known = seen, self._keys(view)
        return self._known[1]

    def _follows_from(self, view: ClusterView) -> object:
        """What the keys follow from; ``None`` where that changes with time alone."""
        if self.column not in _BY_STATE or self.pattern:
            return None
        shown = self.only_troubles, self.shows_past, self.is_folded, frozenset(self._opened)
        return self.column, self.descending, shown, view.rows.version, view.troubles.version

    def _keys(self, view: ClusterView) -> list[str]:
        self.names, self.version = self._names(view), view.rows.version
        if not self.is_folded:
            self.groups = {}
            return self.names
        folded = fold(self.names, self._opened)
        self.groups = folded.groups
        self._opened &= folded.groups.keys()
        return folded.keys

    def _names(self, view: ClusterView) -> list[str]:
        known, troubles = view.rows, view.troubles
        over = () if self.shows_past or self.pattern else troubles.past
        if self.column in _BY_STATE and not self.pattern:
            # Thousands of rows that nobody sees need not be made for it.
            names = sorted(name for name in known if name not in over and (not self.only_troubles or name in troubles))
            if self.column == "state":
                names = [*troubles.worst_first(), *(name for name in names if name not in troubles)]
            return names[::-1] if self.descending else names
        shown = (row for row in known.complete() if row.name not in over and self._lets_through(row))
        if self.only_troubles:
            shown = (row for row in shown if row.name in troubles)
        return [row.name for row in sorted(shown, key=rows.sort_key(self.column), reverse=self.descending)]
