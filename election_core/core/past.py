"""What etcd's own history tells of elections. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .model import Candidate, Transition

__all__ = ["Past"]


class Past(NamedTuple):
    """Who led after whom, from one revision to another; names are as in a monitor of the same prefix."""

    revision: int
    """etcd's newest one when this was asked for, by a linearizable read."""
    since: int
    """The revision that it begins after."""
    leaders: Mapping[str, Candidate | None]
    """Who led then."""
    transitions: tuple[Transition, ...]
    """All from then on, in revision order; ``observed_at`` is when they were read, since etcd keeps no times."""
    until: int
    """The revision up to which they are complete: less than ``revision`` where the time was over before."""
