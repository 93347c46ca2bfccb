"""Who is told what a view has taken in, whether anything is repainted or not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from election_core import Transition

__all__ = ["Follow", "Followers"]

Follow = Callable[[Sequence[Transition], Collection[str]], None]
"""Called in the view's loop with the transitions since the last call, in order, and the elections that have changed,
also where there is neither."""


class Followers:
    """They are told as often as the view takes in its news, some times per second."""

    # The mutable state: who follows, and which transitions they were not told of yet. Without anybody nothing is kept.

    def __init__(self) -> None:
        self._all: list[Follow] = []
        self._untold: list[Transition] = []

    def add(self, follow: Follow) -> None:
        self._all.append(follow)

    def took(self, transition: Transition) -> None:
        """The view has taken in a transition; `tell` follows."""
        if self._all:
            self._untold.append(transition)

    def tell(self, changed: Collection[str]) -> None:
        """This is all for now."""
        if self._all:
            told, self._untold = self._untold, []
            for follow in self._all:
                follow(told, changed)
