"""A live view's rows as of now, made anew only where an election has changed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import Any

from ..pictures.lanes import Window, lanes_of
from ..watched import Stretch
from .source import Look, Phase
from .views import LiveView, TimelineView
from .wire import Json, Row, election_row, lane_row, milliseconds

__all__ = ["MOST", "Scene"]

MOST = 1_000
"""Elections that a front end is told of."""
_MOST_TERMS = 20_000
_MOST_BLIND = 100
_EVER, _NEVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Scene:
    """What a front end is to show of a view."""

    # The mutable state: the numbers of the rows, and each row with what it was made from.

    def __init__(self, view: LiveView) -> None:
        self._view = view
        self._numbers: dict[Hashable, int] = {}
        self._rows: dict[int, tuple[Hashable, Row]] = {}

    def marks(self) -> object:
        """Equal for two moments between which nothing has happened."""
        return self._view.fingerprint(MOST), self._all_own()

    def read(self) -> tuple[Json, list[Row], datetime]:
        """What concerns the whole view, the rows, and the moment."""
        look = self._view.look(MOST)
        rows = self._lanes(look) if isinstance(self._view, TimelineView) else self._elections(look)
        return self._about(look, [row.id for row in rows]), rows, look.now

    def names(self) -> dict[int, str]:
        """The elections by the numbers of their rows."""
        return {number: name for name, number in self._numbers.items() if isinstance(name, str)}

    def forget(self) -> None:
        """Make all rows anew: the span has changed."""
        self._rows.clear()

    def _about(self, look: Look, order: Sequence[int]) -> Json:
        view = self._view
        about: Json = {
            "id": view.id,
            "kind": view.kind,
            "title": view.title(look),
            "span": view.span.total_seconds(),
            "known": look.phase is Phase.WATCHED,
            "closed": look.phase is Phase.CLOSED,
            "blind": _blind(view.source.unwatched(_EVER, _NEVER)),
            "writes": view.acts is not None and not view.acts.read_only,
        }
        if isinstance(view, TimelineView):
            return {**about, "order": list(order), "own": self._own(view.name)}
        choice: Any = getattr(view, "choice", None)
        return {**about, "sort": choice.sort, "reverse": choice.reverse}

    def _elections(self, look: Look) -> list[Row]:
        window = Window(look.now, self._view.span, 1)
        most = max(_MOST_TERMS // max(len(look.pairs), 1), 20)
        rows = []
        for pair in look.pairs:
            name = pair.state.name
            number, own = self._number(name), self._own(name)
            made_from = (pair.state.revision, pair.log.dropped, len(pair.log.terms_kept), repr(own))
            known, row = self._rows.get(number, (None, None))
            if row is None or known != made_from:
                row = election_row(number, pair, window, most, own)
                self._rows[number] = made_from, row
            rows.append(row)
        self._keep({row.id for row in rows})
        return rows

    def _lanes(self, look: Look) -> list[Row]:
        assert isinstance(self._view, TimelineView)
        if look.phase is Phase.NOT_YET:
            return []
        state, log = look.pairs[0]
        lanes = lanes_of(log, state.queue, Window(look.now, self._view.span, 1), self._view.places)
        most = _MOST_TERMS // len(lanes)
        rows = [lane_row(self._number(lane.identity), lane, log, most) for lane in lanes]
        self._keep({row.id for row in rows})
        return rows

    def _number(self, of: Hashable) -> int:
        return self._numbers.setdefault(of, max(self._numbers.values(), default=0) + 1)

    def _keep(self, numbers: set[int]) -> None:
        """Rows that are gone are forgotten, so that their number stays bounded."""
        if len(self._numbers) > 2 * len(numbers):
            self._numbers = {of: number for of, number in self._numbers.items() if number in numbers}
            self._rows = {number: row for number, row in self._rows.items() if number in numbers}

    def _own(self, name: str) -> Sequence[Json]:
        return [] if self._view.acts is None else self._view.acts.own(name)

    def _all_own(self) -> object:
        return None if self._view.acts is None else self._view.acts.marks()


def _blind(parts: Sequence[Stretch]) -> list[list[int]]:
    """When nothing is known; of very many stretches the older ones count as one."""
    kept = list(parts)[-_MOST_BLIND:]
    first = [Stretch(_EVER, kept[0].until), *kept[1:]] if len(parts) > _MOST_BLIND else kept
    return [[milliseconds(each.since), milliseconds(each.until)] for each in first]
