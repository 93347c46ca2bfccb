"""The errors of election_core, sorted by what the caller does next.

::

    ElectionError
    ├── LeadershipLost          stop the work at once, then campaign again
    ├── NotLeader               this call needs leadership; await wait() first
    ├── CampaignClosed          this campaign has ended; start a new one
    ├── CandidateGone           that candidate is not in line any more; read the line again
    ├── Unavailable             no member answered in time; retry
    │   └── Compacted           that history is gone; read again and go on
    │       └── Restored        so are all revisions that were known: etcd was restored or wiped
    ├── AuthenticationFailed    fix the credentials
    │   └── PermissionDenied    grant the user what it needs
    └── InvalidConfig           fix the argument (also a ValueError)

Every error carries what it speaks of in fields: ``election`` and ``key`` where it has them, ``endpoint``
where one member is to blame.
"""

from __future__ import annotations

import os
from copy import copy
from typing import Self

__all__ = [
    "AuthenticationFailed",
    "CampaignClosed",
    "CandidateGone",
    "Compacted",
    "ElectionError",
    "InvalidConfig",
    "LeadershipLost",
    "NotLeader",
    "PermissionDenied",
    "Restored",
    "Unavailable",
]


class ElectionError(Exception):
    """Base of everything that election_core raises on purpose.

    Attributes:
        message: what happened and what to do next, one sentence or two.
        election: name of the election, or ``None`` where none is involved.
        key: key of the candidate, or ``None``.
        endpoint: ``host:port`` of the member that is to blame, or ``None``.
    """

    def __init__(
        self,
        message: str,
        *,
        election: str | None = None,
        key: bytes | None = None,
        endpoint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.election = election
        self.key = key
        self.endpoint = endpoint

    def fresh(self, *, election: str | None = None, key: bytes | None = None) -> Self:
        """The same error as a new object, to raise it once more or for another campaign.

        An error that is raised twice collects the tracebacks and loses the causes of both.

        Args:
            election: name of the election, where it is another one than this error's or was not known.
            key: key of the candidate, likewise.
        """
        again = copy(self)
        again.__cause__, again.__suppress_context__ = self.__cause__, True
        again.election = self.election if election is None else election
        again.key = self.key if key is None else key
        return again


class LeadershipLost(ElectionError):
    """The candidate is out: its lease died, or its key was deleted or taken over. Terminal for the campaign.

    A waiting candidate gets it too: without key and lease it can never be elected.
    """


class NotLeader(ElectionError):
    """The call needs leadership and this candidate does not lead (yet)."""


class CampaignClosed(ElectionError):
    """The campaign was resigned, abandoned or has failed before; it never comes back."""


class CandidateGone(ElectionError):
    """The candidate that the call speaks of is not in line any more: it left, or another one has its key."""


class Unavailable(ElectionError):
    """No endpoint answered in time. Whether the request was carried out is not known; every call can be retried."""


class Compacted(Unavailable):
    """The requested revision is no longer kept by etcd.

    Attributes:
        compact_revision: the oldest revision that can still be read; 0 where etcd did not say.
    """

    def __init__(self, message: str, *, compact_revision: int = 0, endpoint: str | None = None) -> None:
        super().__init__(message, endpoint=endpoint)
        self.compact_revision = compact_revision


class Restored(Compacted):
    """etcd was restored from a backup or wiped: its revisions have gone back, and mean something else now."""


class AuthenticationFailed(ElectionError):
    """etcd refused the credentials, or wants some. Retrying does not help."""


class PermissionDenied(AuthenticationFailed):
    """etcd knows the user, who may not do this with these keys. Retrying does not help."""


class InvalidConfig(ElectionError, ValueError):
    """An argument that can never work; nothing was written."""


def check_process(pid: int) -> None:
    """See that this is still the process that made a client.

    Raises:
        InvalidConfig: the client came through a fork; nothing was sent.
    """
    # Its threads did not, so that each call would hang, and it must not speak on its parent's connections.
    if os.getpid() != pid:
        raise InvalidConfig(
            f"This client was made before a fork, by process {pid}, and neither connections nor threads come through"
            " one; make a client in each process, and start processes by spawn or forkserver."
        )
