"""The election recipe of etcd's Go client as single requests, each of them safe to repeat.

A candidate is a key that does not exist before its own transaction creates it, on a lease. Its create revision is
its place in line, and everything it does later is guarded by it, so an outdated handle harms nobody.
"""

from __future__ import annotations

from ..core.model import Candidate, Snapshot
from ..core.place import NEWEST, Place, place_among_newest, place_in_line, place_of_newcomer
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
        """Join the line, or take up the place of its key where that exists: a reply may have been lost.

        The place is ``None`` where the key existed or two or more candidates are ahead; see `place`.

        Raises:
            LeadershipLost: the lease is gone, or the key exists on another lease.
        """
        result = await self.store.txn(
            Txn(
                Guard(key, 0),
                then=(Put(key, value, lease_id), self._oldest_two),
                otherwise=(Read(KeyRange(key)),),
            )
        )
        (found,) = result.reads
        if result.succeeded:
            own = Candidate(key, value, lease_id, result.revision, result.revision)
            return own, place_of_newcomer(own, found, result.revision)
        (own,) = found
        if own.lease_id != lease_id:
            raise self._lost(f"The key exists already, on lease {own.lease_id:x}; delete it if it is a stray one.", key)
        return own, None

    async def place(self, own: Candidate) -> Place:
        """The place in line as of now: its key and who is ahead of it, read at one revision.

        Raises:
            LeadershipLost: its key is gone, or on another lease.
        """
        no_younger = Read(self._everybody, max_create_revision=own.create_revision)
        newest = await self.store.read(self._newest(own))
        place = place_among_newest(own, newest.candidates, newest.revision)
        if place is None:
            line = await self.store.read(no_younger)
            place = place_in_line(own, line.candidates, line.revision)
        return place

    def confirmation(self, place: Place) -> Read:
        """What shows whether a place is still as known; see `Place.is_confirmed_by`."""
        return self._newest(place.own)._replace(keys_only=True)

    def _newest(self, own: Candidate) -> Read:
        return Read(self._everybody, "newest", NEWEST, own.create_revision)

    async def proclaim(self, own: Candidate, value: bytes) -> int:
        """Write a new value, only while the key is still its own; returns the revision of the write.

        Raises:
            LeadershipLost: it is not; nothing was written.
        """
        guard = Guard(own.key, own.create_revision)
        result = await self.store.txn(Txn(guard, then=(Put(own.key, value, own.lease_id),)))
        if not result.succeeded:
            raise self._lost("Nothing was proclaimed: the candidate's key is gone.", own.key)
        return result.revision

    async def withdraw(self, own: Candidate) -> bool:
        """Leave the line; whether its key was still there. A newer key of the same name is left alone."""
        result = await self.store.txn(Txn(Guard(own.key, own.create_revision), then=(Delete(own.key),)))
        return result.succeeded

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
