"""Elections folded by the first part of their names: ``orders/…``. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

__all__ = ["Folded", "fold", "group_of", "key_of"]

_MARK = "\ud800"
"""Begins the key of a group; no name does, since names are made of bytes."""


class Folded(NamedTuple):
    """What is shown of many elections."""

    keys: list[str]
    """Names of elections, and keys of groups, in order."""
    groups: dict[str, list[str]]
    """The elections of each group that is shown, by its key."""


def group_of(key: str) -> str | None:
    """The beginning that the names of a group share, for its key; ``None`` for an election."""
    return key.removeprefix(_MARK) if key.startswith(_MARK) else None


def key_of(name: str) -> str | None:
    """The key of the group that an election would be in, if its name has parts."""
    head, slash, _ = name.partition("/")
    return _MARK + head + slash if slash else None


def fold(names: Iterable[str], opened: Collection[str]) -> Folded:
    """Put a group where its first election stands, and behind it, if its key is in ``opened``, all of them.

    A group is of two elections or more.
    """
    places: dict[str, list[str]] = {}
    for name in names:
        places.setdefault(key_of(name) or name, []).append(name)
    keys: list[str] = []
    groups: dict[str, list[str]] = {}
    for key, members in places.items():
        if len(members) == 1:
            keys += members
            continue
        groups[key] = members
        keys.append(key)
        if key in opened:
            keys += members
    return Folded(keys, groups)
