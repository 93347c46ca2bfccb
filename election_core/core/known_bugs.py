"""Bugs of etcd servers that break elections, by version. Pure.

Sources are etcd's change logs; the numbers are issues and pull requests of etcd-io/etcd.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["KnownBug", "known_bugs"]

Version = tuple[int, int, int]


class KnownBug(NamedTuple):
    """A bug, in which release of each series it was fixed, and which release brought it, where that is known."""

    text: str
    fixed: tuple[Version, ...]
    since: Version = (0, 0, 0)

    def is_in(self, version: Version) -> bool:
        """Whether a server of this version has it. A series without a fix has it, one newer than all has not."""
        if version < self.since:
            return False
        series = version[:2]
        for fixed in self.fixed:
            if fixed[:2] == series:
                return version < fixed
        return series < max(self.fixed)[:2]


_BUGS = (
    KnownBug("a watch can lose the delete of a compacted revision (#18089)", ((3, 4, 34), (3, 5, 16))),
    KnownBug("a watch can lose deletes after a compaction (#19179)", ((3, 4, 36), (3, 5, 18))),
    KnownBug("a raft leader with a slow disk can revoke live leases (#15247)", ((3, 4, 31), (3, 5, 13))),
    KnownBug(
        "a renewal can be answered for a lease that is being revoked (#14758)", ((3, 4, 38), (3, 5, 23), (3, 6, 5))
    ),
    KnownBug(
        "a member that crashes while much is written can have other data than the rest from then on (#13766)",
        ((3, 5, 3),),
        since=(3, 5, 0),
    ),
    # The fix of the first in 3.5.5 brought the second.
    KnownBug(
        "a client that gives up a transaction which only reads can end the server (#14110, #14891)",
        ((3, 5, 7),),
        since=(3, 5, 0),
    ),
)


def known_bugs(version: str) -> tuple[str, ...]:
    """What is known to be wrong with elections on a server of this version, such as ``"3.5.1"``.

    The lost deletes cost a late hand-over, no more. Where etcd itself revokes a live lease, the old leader learns of
    it one event later, as if somebody else had done it; a raft leader that stood still can do so when it goes on and
    once more some 7 s later. No election sends a transaction that only reads, but another
    program may. None is known for a version that is no version.
    """
    parts = version.partition("-")[0].split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return ()
    major, minor, patch = map(int, parts)
    return tuple(bug.text for bug in _BUGS if bug.is_in((major, minor, patch)))
