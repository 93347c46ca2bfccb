"""Leader election on etcd for programs without asyncio; the names, errors and guarantees of `election_core`.

::

    with Client("10.0.0.1:2379") as client, client.election("job").campaign("me") as leadership:
        while not leadership.lost.is_set():
            work(leadership.fencing_token)

Leases are renewed by an event loop in a thread of each client, so code that blocks starves nothing. A body in a thread
cannot be cancelled: when leadership is lost ``leadership.lost`` is set, ``is_leader`` is false at once and callbacks
are called, but the body goes on until it asks. Have the resource that is written to check `Campaign.fencing_token`, or
write through `Campaign.guard`.
"""

from .campaign import Campaign
from .client import Client
from .election import Election
from .session import Session
from .subscription import ElectionObserver, Monitor

__all__ = ["Campaign", "Client", "Election", "ElectionObserver", "Monitor", "Session"]
