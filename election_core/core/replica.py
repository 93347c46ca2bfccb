"""What a monitor knew, made again from its inputs. Pure.

Rule 1: nothing is decided here; the same `Directory` takes the same inputs, so the same transitions come of them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import cast

from .directory import Directory
from .inputs import LineImage, MonitorInput
from .loading import Loading
from .model import Revision, Snapshot, Transition
from .names import common_base, election_name, widest
from .oddities import Oddity, oddities
from .state import ElectionState

__all__ = ["Replica", "Tapped", "joined", "oddities_in"]

_NO_TIME = datetime.min.replace(tzinfo=UTC)


def joined(parts: Sequence[Mapping[str, ElectionState]]) -> Mapping[str, ElectionState]:
    """Several mappings as one, always current."""
    # A ChainMap wants to be able to write, which the proxy keeps it from.
    views = cast("list[dict[str, ElectionState]]", parts)
    return views[0] if len(views) == 1 else MappingProxyType(ChainMap(*views))


def oddities_in(directories: Iterable[Directory]) -> list[Oddity]:
    """See `Monitor.oddities`."""
    lines = [lines for each in directories for lines in (each.lines, each.strays.lines)]
    return sorted((oddity for each in lines for oddity in oddities(each)), key=lambda oddity: oddity.key)


class Tapped:
    """A directory whose inputs are told of, at once and in their order, for as long as somebody wants them."""

    def __init__(
        self,
        directory: Directory,
        number: int,
        tell: Callable[[MonitorInput], None],
        wanted: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        """``number``: which of the monitor's prefixes it is of; ``now``: dates what comes without a time."""
        self._directory, self._number, self._tell, self._wanted, self._now = directory, number, tell, wanted, now

    @property
    def revision(self) -> int:
        return self._directory.revision

    def load(self, snapshot: Snapshot) -> Loading:
        transitions = yield from self._directory.load(snapshot)
        # Only now has it taken effect.
        if self._wanted():
            revision, candidates, at = snapshot
            self._tell(MonitorInput(self._number, "read", at, revision, candidates))
        return transitions

    def apply(self, revision: Revision) -> list[Transition]:
        if self._wanted():
            number, events, at = revision
            self._tell(MonitorInput(self._number, "revision", at, number, events=events))
        return self._directory.apply(revision)

    def rewind(self) -> None:
        if self._wanted():
            self._tell(MonitorInput(self._number, "rewind", self._now()))
        self._directory.rewind()

    def audit(self, snapshot: Snapshot, roots: Collection[bytes] | None = None) -> list[Transition]:
        if self._wanted():
            revision, candidates, at = snapshot
            read = None if roots is None else tuple(roots)
            self._tell(MonitorInput(self._number, "audit", at, revision, candidates, roots=read))
        return self._directory.audit(snapshot, roots)

    def forget(self, name: str) -> bool:
        known = name in self._directory.elections
        forgotten = self._directory.forget(name)
        if known and forgotten and self._wanted():
            self._tell(MonitorInput(self._number, "forget", self._now(), self.revision, election=name))
        return forgotten


class _Kept(Directory):
    """A directory that can be put by and taken up again."""

    def image(self, number: int, at: datetime) -> MonitorInput:
        lines = tuple(
            LineImage(path, state.revision, state.has_gap, state.queue) for path, state in self._states.items()
        )
        alone, crowded = self.strays.image()
        return MonitorInput(
            number,
            "state",
            at,
            self.revision,
            lines=lines,
            missed=self._has_missed,
            known_vacant=tuple(self._known_vacant),
            strays=alone,
            crowded=crowded,
        )

    def restore(self, image: MonitorInput) -> None:
        self._changes.note(*self._named)
        self._states.clear()
        self._named.clear()
        for path, revision, gap, candidates in image.lines:
            state = ElectionState(election_name(path, self._base), Snapshot(revision, candidates, image.at))
            if gap:
                state.mark_gap()
            self._open(path, state)
        self._changes.note(*self.strays.restore(image.strays, image.crowded, image.at))
        self._known_vacant = dict.fromkeys(image.known_vacant)
        self._has_missed, self._has_begun, self.revision = image.missed, True, image.revision


class Replica:
    """The elections of a monitor as its inputs make them, without etcd, clock and event loop.

    Attributes:
        elections, strays: name → state, as in a `Monitor`.
        prefixes: as `Monitor.prefixes`.
    """

    def __init__(self, prefixes: Iterable[str]) -> None:
        """``prefixes``: those of the monitor.

        Raises:
            InvalidConfig: they can be those of no monitor.
        """
        self.prefixes = widest(prefixes)
        base = common_base(self.prefixes)[1]
        self._directories = [_Kept(each, base=base) for each in self.prefixes]
        self.elections = joined([each.elections for each in self._directories])
        self.strays = joined([each.strays.elections for each in self._directories])
        self._read = set[int]()

    @property
    def has_begun(self) -> bool:
        """Whether all prefixes were read once."""
        return len(self._read) == len(self._directories)

    @property
    def revision(self) -> int:
        """The newest revision that is taken into account; 0 before the first read."""
        return min(each.revision for each in self._directories)

    def take(self, given: MonitorInput) -> list[Transition]:
        """The next input; gives what the monitor told of it.

        Raises:
            ValueError: there is no such prefix.
        """
        if not 0 <= given.prefix < len(self._directories):
            raise ValueError(f"there is no prefix number {given.prefix}")
        directory, at = self._directories[given.prefix], given.at
        match given.kind:
            case "revision":
                return directory.apply(Revision(given.revision, given.events, at))
            case "read":
                self._read.add(given.prefix)
                return directory.reset(Snapshot(given.revision, given.candidates, at))
            case "audit":
                return directory.audit(Snapshot(given.revision, given.candidates, at), given.roots)
            case "rewind":
                directory.rewind()
            case "forget":
                directory.forget(given.election)
            case _:
                self._read.add(given.prefix)
                directory.restore(given)
        return []

    def images(self, at: datetime) -> list[MonitorInput]:
        """All that is known now, as inputs that make another one the same; of what was read, that is."""
        return [self._directories[number].image(number, at) for number in sorted(self._read)]

    def copy(self) -> Replica:
        """Another one that knows the same, and goes on by itself."""
        other = Replica(self.prefixes)
        for image in self.images(_NO_TIME):
            other.take(image)
        return other

    def take_changed(self) -> set[str]:
        """The elections that have changed or were forgotten since this was last asked; all at first."""
        return set[str]().union(*(each.take_changed() for each in self._directories))

    def oddities(self) -> list[Oddity]:
        """See `Monitor.oddities`."""
        return oddities_in(self._directories)
