"""Who may stand in which election with one lease: one candidate per election, and the next when that one is gone."""

from __future__ import annotations

import asyncio

from ..errors import ElectionError

__all__ = ["Claim", "Claims"]


class Claims:
    """The keys of one lease that candidates have taken."""

    # The mutable state: for each key the claims that are not released yet, in the order of their turns.

    def __init__(self) -> None:
        self._lines: dict[bytes, list[Claim]] = {}

    def make(self, key: bytes) -> Claim:
        """Take a key for one candidate. Its turn comes when those before it have ended and are cleaned up.

        Raises:
            ElectionError: a candidate that has not ended has the key.
        """
        line = self._lines.setdefault(key, [])
        if any(not each.has_ended for each in line):
            raise ElectionError(
                "A campaign with this session and election is under way; resign it, or use another session.", key=key
            )
        claim = Claim(self, key)
        line.append(claim)
        self._call_first(line)
        return claim

    def release(self, claim: Claim) -> None:
        line = self._lines.get(claim.key, [])
        if claim in line:
            line.remove(claim)
            self._call_first(line)
        if not line:
            self._lines.pop(claim.key, None)

    @staticmethod
    def _call_first(line: list[Claim]) -> None:
        if line:
            line[0].turn.set()


class Claim:
    """One candidate's claim to its key.

    Attributes:
        key: the key.
        turn: set when the key may be written, or nobody wants to write it any more.
        has_ended: whether the candidate has ended, and only its clean-up may be under way.
    """

    def __init__(self, claims: Claims, key: bytes) -> None:
        self._claims, self.key = claims, key
        self.turn = asyncio.Event()
        self.has_ended = False

    def end(self) -> None:
        """The candidate has ended."""
        self.has_ended = True
        self.turn.set()

    def release(self) -> None:
        """The candidate's key is gone. Releasing it again does nothing."""
        self._claims.release(self)
