"""Which history the revisions that a client knows belong to. An etcd that was restored or wiped begins another one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

__all__ = ["History"]

_log = logging.getLogger("election_core.etcd")


class History:
    """What the headers of all answers to one client say, whatever member, call or stream they come from.

    Attributes:
        revision: the newest revision that is known.
        rewinds: how often revisions were found to have gone back, or another cluster to answer.
        cluster_id: the cluster that answers; 0 before the first answer.
    """

    # The mutable state: the attributes.

    def __init__(self, ended: Callable[[], None]) -> None:
        """``ended`` is called each time that another history has begun."""
        self._ended = ended
        self.cluster_id = 0
        self.revision = 0
        self.rewinds = 0

    def heard(self, header: Any) -> None:
        """Any answer. Its revision may be an older one, of a member that lags behind; its cluster may not."""
        # What a proxy makes up itself says neither.
        if header.cluster_id and header.cluster_id != self.cluster_id:
            if self.cluster_id:
                self._begin_again(header, "another cluster answers")
            self.cluster_id = header.cluster_id
        if header.revision > self.revision:
            self.revision = header.revision

    @property
    def known(self) -> tuple[int, int]:
        """The history, and the newest revision of it that is known."""
        return self.rewinds, self.revision

    def read(self, header: Any, known: tuple[int, int]) -> None:
        """The answer to a linearizable request: it is no older than what was `known` when that was sent."""
        self.heard(header)
        rewinds, revision = known
        if header.revision < revision and self.rewinds == rewinds:
            self._begin_again(header, f"revisions went back from {revision} to {header.revision}")

    def _begin_again(self, header: Any, why: str) -> None:
        _log.warning("etcd was restored or wiped: %s. All that was known of it is read anew.", why)
        self.revision = header.revision
        self.rewinds += 1
        self._ended()
