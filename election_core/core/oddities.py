"""Keys that stand in an election's line and should not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from .names import is_candidate, parent_of
from .state import ElectionState
from .survey import ancestors

__all__ = ["Oddity", "oddities"]


class Oddity(NamedTuple):
    """A key that an operator may want to know of."""

    kind: Literal["stray", "unlike", "nested"]
    """``stray``: in line without a lease, so it never expires; ``unlike``: in line, but its name is not its lease;
    ``nested``: a deeper key that stands in line all the same, such as a candidate of ``a/b`` for ``a``."""
    key: bytes
    election: str
    """The election in whose line it stands."""


def oddities(elections: Mapping[bytes, ElectionState]) -> list[Oddity]:
    """Those of some elections, given by their paths, by key. Takes time with the number of candidates."""
    found: list[Oddity] = []
    for path, state in elections.items():
        for candidate in state:
            parent = parent_of(candidate.key)
            if parent == path and candidate.lease_id == 0:
                found.append(Oddity("stray", candidate.key, state.name))
            elif parent == path and not is_candidate(candidate):
                found.append(Oddity("unlike", candidate.key, state.name))
            elif parent != path and path == _outer(parent, elections):
                found.append(Oddity("nested", candidate.key, state.name))
    told = {oddity.key: oddity for oddity in found if oddity.kind == "nested"}
    told |= {oddity.key: oddity for oddity in found if oddity.kind != "nested"}
    return [told[key] for key in sorted(told)]


def _outer(path: bytes, elections: Mapping[bytes, ElectionState]) -> bytes | None:
    return next((above for above in ancestors(path) if above in elections), None)
