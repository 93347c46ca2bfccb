"""The election recipe of etcd's Go client as single requests, each of them safe to repeat.

A candidate is a key that does not exist before its own transaction creates it, on a lease. Its create revision is
its place in line, and everything it does later is guarded by it, so an outdated handle harms nobody.
"""

from __future__ import annotations

from ..core.model import Candidate, Snapshot
from ..core.place import Place, place_among_oldest
from ..errors import LeadershipLost
from ..store import Delete, Guard, KeyRange, Put, Read, Store, Txn

__all__ = ["Recipe"]


class Recipe:
    """The requests of one election.

    All raise what `Store` does. Cancelling one leaves open whether it was carried out.

    Attributes:
        name: name of the election, for errors.
        root: what all its candidates' keys begin with.
    """

    def __init__(self, store: Store, name: str, root: bytes) -> None:
        self.store = store
        self.name = name
        self.root = root
        self._everybody = KeyRange.prefix(root)
        self._oldest_two = Read(self._everybody, order="oldest", limit=2)

    async def join(self, key: bytes, value: bytes, lease_id: int) -> tuple[Candidate, Place | None]:
        """Join the line, or take up the place of the own key where it exists: a reply may have been lost.

        The place is ``None`` where there are two or more candidates ahead; see `place`.

        Raises:
            LeadershipLost: the lease is gone, or the key exists on another lease.
        """
        result = await self.store.txn(
            Txn(
                Guard(key, 0),
                then=(Put(key, value, lease_id), self._oldest_two),
                otherwise=(Read(KeyRange(key)), self._oldest_two),
            )
        )
        *found, oldest = result.reads
        own = found[0][0] if found else Candidate(key, value, lease_id, result.revision, result.revision)
        if own.lease_id != lease_id:
            raise self._lost(f"The key exists already, on lease {own.lease_id:x}; delete it if it is a stray one.", key)
        return own, place_among_oldest(own, oldest, result.revision)

    async def place(self, own: Candidate) -> Place:
        """The place in line as of now: the own key's existence and who is ahead, read at one revision.

        Raises:
            LeadershipLost: the own key is gone, or on another lease.
        """
        ahead_of_own = Read(
            self._everybody, order="newest", limit=1, max_create_revision=max(own.create_revision - 1, 1)
        )
        result = await self.store.txn(
            Txn(
                Guard(own.key, own.create_revision),
                then=(Read(KeyRange(own.key)), Read(self._everybody, order="oldest", limit=1), ahead_of_own),
            )
        )
        if not result.succeeded:
            raise self._lost("The candidate's key is gone, deleted by somebody or with its lease.", own.key)
        (now,), (oldest,), ahead = result.reads
        if now.lease_id != own.lease_id:
            raise self._lost(f"Somebody moved the candidate's key to lease {now.lease_id:x}.", own.key)
        if not ahead:
            return Place(result.revision, now, None)
        return Place(result.revision, now, ahead[0], ahead_leads=ahead[0].is_same_candidate(oldest))

    async def proclaim(self, own: Candidate, value: bytes) -> int:
        """Write a new value, only while the key is still the own one; returns the revision of the write.

        Raises:
            LeadershipLost: it is not; nothing was written.
        """
        guard = Guard(own.key, own.create_revision)
        result = await self.store.txn(Txn(guard, then=(Put(own.key, value, own.lease_id),)))
        if not result.succeeded:
            raise self._lost("Nothing was proclaimed: the candidate's key is gone.", own.key)
        return result.revision

    async def withdraw(self, own: Candidate) -> None:
        """Leave the line. A newer key of the same name is left alone; none there is no error."""
        await self.store.txn(Txn(Guard(own.key, own.create_revision), then=(Delete(own.key),)))

    async def find(self, key: bytes, lease_id: int) -> Candidate | None:
        """The candidate with this key on this lease, if there is one."""
        found = await self.store.read(Read(KeyRange(key)))
        return next((candidate for candidate in found.candidates if candidate.lease_id == lease_id), None)

    async def leader(self) -> Candidate | None:
        """The oldest candidate, as of now."""
        snapshot = await self.store.read(Read(self._everybody, order="oldest", limit=1))
        return next(iter(snapshot.candidates), None)

    async def candidates(self) -> Snapshot:
        """All candidates, the leader first, as of one revision."""
        return await self.store.read(Read(self._everybody, order="oldest"))

    def _lost(self, message: str, key: bytes) -> LeadershipLost:
        return LeadershipLost(f"{message} Campaign again.", election=self.name, key=key)
