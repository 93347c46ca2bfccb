"""What there is one of for each thing, for as long as anybody has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

__all__ = ["OnePer"]

K = TypeVar("K")
V = TypeVar("V")


class OnePer(Generic[K, V]):
    """Values by the identity of their things, each of which is kept alive by its value."""

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make
        self._made: WeakValueDictionary[int, V] = WeakValueDictionary()

    def of(self, thing: K) -> V:
        """The one of a thing, made where there is none."""
        made = self._made.get(id(thing))
        if made is None:
            made = self._made[id(thing)] = self._make(thing)
        return made

    def all(self) -> list[V]:
        """Those there are."""
        return list(self._made.values())
