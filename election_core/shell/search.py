"""Looking for elections anywhere below a prefix, by pages of keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Self

from ..core.model import Candidate, by_age
from ..core.names import election_name, monitor_base, parent_of, text_to_name
from ..core.survey import Occupied, Survey, lineage
from ..errors import Compacted, InvalidConfig
from ..store import KeyRange, Read
from .reading import KEY_PAGES, leisurely, parts_of, slices, values_in
from .runtime import Runtime

__all__ = ["ElectionSearch"]


class ElectionSearch:
    """Iterates over what holds elections, as ``(name, candidates)``; made by `Client.find_elections`.

    It goes through the keys once, in order, each page as of the moment at which it is read. Breaking it off leaves
    nothing behind.

    Attributes:
        seen: how many keys were looked at so far.
    """

    # The mutable state: the attribute, what was found and not given yet, the keys that are still to be looked at, and
    # the elections given already that these may still belong to.

    def __init__(self, runtime: Runtime, prefix: str) -> None:
        if not isinstance(prefix, str):
            raise InvalidConfig(f"The prefix must be text, such as 'election/'; got {prefix!r}.")
        self._runtime, self._base = runtime, monitor_base(prefix)
        self._found: deque[tuple[str, tuple[Candidate, ...]]] = deque()
        self._rest: KeyRange | None = KeyRange.prefix(text_to_name(prefix))
        self._all = self._rest
        self._given: set[bytes] = set()
        self.seen = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, tuple[Candidate, ...]]:
        """The next election with its candidates, the leader first. Cancelling it loses none.

        Raises:
            Unavailable: no member answered in time; going on takes up where it was.
            AuthenticationFailed: the user may not read the keys.
        """
        self._runtime.check_open()
        while not self._found:
            if self._rest is None:
                raise StopAsyncIteration
            await self._look(self._rest)
        return self._found.popleft()

    def _show(self, survey: Survey, keys: Iterable[Candidate]) -> None:
        survey.show(each for each in keys if parent_of(each.key) not in self._given)

    async def _look(self, keys: KeyRange) -> None:
        store = self._runtime.store
        page = await store.read(Read(keys, limit=KEY_PAGES[0], keys_only=True))
        survey = Survey(Occupied(0))
        await leisurely(slices(partial(self._show, survey), page.candidates))
        ranges = parts_of(self._all, survey.ranges())
        try:
            values = await values_in(store, ranges, page.revision)
        except Compacted:
            values = await values_in(store, ranges, 0)
        lines: dict[bytes, list[Candidate]] = {path: [] for path in sorted(survey.paths)}
        for candidate in values.candidates:
            for path in lineage(parent_of(candidate.key)):
                if path in lines:
                    lines[path].append(candidate)
        self._found += (
            (election_name(path, self._base), tuple(sorted(line, key=by_age))) for path, line in lines.items() if line
        )
        self.seen += len(page.candidates)
        self._rest = None
        if len(page.candidates) == KEY_PAGES[0]:
            last = page.candidates[-1].key
            self._rest = KeyRange(last + b"\0", keys.end)
            self._given = {path for path in self._given | survey.paths if last.startswith(path + b"/")}
