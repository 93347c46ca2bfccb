"""Finding elections anywhere: through the keys alone, by pages, and only as long as somebody wants it."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Label, ProgressBar
from textual.worker import Worker

from election_core import Client, ElectionError

from ..prefixes import Found, Prefixes
from ..rows import Column
from ..text import safe
from ..widgets.cells import Cell
from ..widgets.status_bar import Line
from ..widgets.table_messages import Chosen
from ..widgets.virtual_table import VirtualTable
from .dialogs import Dialog

__all__ = ["LARGE", "FindDialog", "named"]

LARGE = 256 << 20
"""Bytes of a database from which on nothing is read before the user has agreed."""
_COLUMNS = (
    Column("mark", "", 1),
    Column("prefix", "PREFIX", 10, grows=1),
    Column("elections", "ELECTIONS", 9, right=True),
    Column("candidates", "CANDIDATES", 10, right=True, drop_below=50),
)
_SHOWN_EVERY = 0.1
"""Seconds between two repaints while it looks."""


def named(prefixes: Iterable[str]) -> str:
    """Prefixes as they are shown."""
    return " ".join(safe(prefix) or "(every key)" for prefix in prefixes)


class FindDialog(Dialog[tuple[str, ...] | None]):
    """Looks for elections in the whole key space, and gives the prefixes that the user wants to watch."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="mark_prefix"),
        Binding("s", "stop", "Stop", id="stop_finding"),
    ]

    # The mutable state: what was found so far, what of it is marked, and how the look is going.

    def __init__(self, client: Client, home: tuple[str, ...]) -> None:
        """``home``: what was watched at first; it is offered whether anything is found there or not."""
        super().__init__()
        self._client = client
        self._home = {prefix: Found(prefix, 0, 0) for prefix in home}
        self._prefixes = Prefixes()
        self._found = dict(self._home)
        self._marked: set[str] = set()
        self._looking: Worker[None] | None = None
        self._shown_at = 0.0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog finding"):
            yield Label("Find elections in the whole key space", markup=False, classes="question")
            yield Line(id="progress")
            yield ProgressBar(total=None, show_percentage=False, show_eta=False, id="bar")
            yield VirtualTable(_COLUMNS, self._cells, id="prefixes")
            yield Line(id="hint")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button("Look", id="look", variant="primary")
                yield Button("Watch", id="watch", variant="primary")

    def on_mount(self) -> None:
        self._show(looking=False)
        self._tell("Asking how large the database is …")
        self._table.set_keys(list(self._found))
        self.query_one("#look").display = False
        self._table.focus()
        self.run_worker(self._begin(), group="find", exit_on_error=False)

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#prefixes", VirtualTable)

    async def _begin(self) -> None:
        """Look at once where that is cheap; ask first where it is not, or nobody knows."""
        size = max((member.db_size or 0 for member in await self._client.status()), default=0)
        if 0 < size < LARGE:
            self._look()
            return
        known = f"etcd holds {size / (1 << 20):,.0f} MB." if size else "etcd does not say how much it holds."
        self._tell(f"{known} Looking reads the names of all keys, by pages, and no values but those of candidates.")
        self.query_one("#look").display = True
        self.query_one("#look").focus()

    @on(Button.Pressed, "#look")
    def _look(self) -> None:
        self.query_one("#look").display = False
        self._table.focus()
        self._looking = self.run_worker(self._find(), group="find", exit_on_error=False)

    async def _find(self) -> None:
        search, began = self._client.find_elections(), monotonic()
        self._show(looking=True)
        timer = self.set_interval(_SHOWN_EVERY, lambda: self._tell_progress(search.seen, began, "looking"))
        outcome = "stopped"
        try:
            async for name, candidates in search:
                self._prefixes.add(name, len(candidates))
            outcome = "done"
        except ElectionError as exc:
            outcome = f"stopped, {exc}"
        finally:
            timer.stop()
            if self.is_mounted:
                self._tell_progress(search.seen, began, outcome)
                self._show(looking=False)

    def _show(self, *, looking: bool) -> None:
        self.query_one("#bar").display = looking
        hint = "s  stop" if looking else ""
        self.query_one("#hint", Line).show(f"space  mark several   enter  watch   {hint}")

    def _tell(self, text: str) -> None:
        self.query_one("#progress", Line).show(text)

    def _tell_progress(self, keys: int, began: float, what: str) -> None:
        rate = keys / max(monotonic() - began, 0.001)
        self._tell(f"{safe(what)}: {keys:,} keys, {rate:,.0f}/s; {self._prefixes.elections:,} elections")
        found = self._home | {found.prefix: found for found in self._prefixes.found()}
        self._found = dict(sorted(found.items()))
        self._table.set_keys(list(self._found))
        self._table.touch(self._table.visible_keys())

    def _cells(self, prefix: str) -> dict[str, Cell]:
        found = self._found.get(prefix)
        if found is None:
            return {}
        return {
            "mark": ("✓" if prefix in self._marked else " ", "own"),
            "prefix": (named([prefix]), ""),
            "elections": (f"{found.elections:,}" if found.elections else "–", ""),
            "candidates": (f"{found.candidates:,}" if found.elections else "–", "muted"),
        }

    def action_mark(self) -> None:
        if (prefix := self._table.cursor) is not None:
            self._marked ^= {prefix}
            self._table.touch([prefix])
            self._table.action_move(1)

    def action_stop(self) -> None:
        """End the look; what was found stays to choose from."""
        if self._looking is not None:
            self._looking.cancel()

    @on(Chosen)
    @on(Button.Pressed, "#watch")
    def _chosen(self) -> None:
        cursor = self._table.cursor
        chosen = self._marked or ({cursor} if cursor is not None else set())
        if chosen:
            self.dismiss(tuple(sorted(chosen)))
