"""Leader election on etcd v3 for asyncio Python.

::

    async with Client("10.0.0.1:2379") as client:
        async with client.election("singleton-job").campaign("host-a") as campaign:
            await work(token=campaign.fencing_token)

It shares elections with etcd's Go client, ``etcdctl elect`` and Node's ``etcd3``.

What is not guaranteed: that code of an old leader stands still when it has been succeeded. No election on etcd, or on
anything else, can promise that to a program whose event loop is blocked or whose process was stopped. Have the
resource that is written to check `Campaign.fencing_token`, or write through `Campaign.guard`.

What is guaranteed:

1. etcd's view has one leader. A campaign is elected only on proof that its own key, at its own create revision, is
   the oldest. A candidate whose lease died while it waited fails at once and is never elected.
2. ``is_leader`` turns false, and ``error`` fires, before etcd can elect a successor. The deadline is the time at
   which the last answered renewal was *sent* + the granted TTL − a margin, on a clock that runs through suspend; it
   assumes clocks that tick at like rates. What was taken for lost is never revived. Where somebody else deletes the
   key or revokes the lease, be it etcd by a bug of its own (`EndpointStatus.known_bugs`), there is no waiting period:
   the leader learns of it from its own watch, one event later.
3. A campaign has one terminal state. After resigning, loss or failure it is never elected.
4. Resigning and clean-up can be repeated, harm nobody else's key, and leave neither key nor lease behind, also when
   they are cancelled.
5. Observers and monitors report every transition in revision order: a vacancy as ``None``, a succession even if the
   values are equal. Where revisions were missed they say ``gap=True``, also for elections first seen after that.
6. A member that is dead, frozen, partitioned or restarting costs no leadership while another one answers within the
   TTL.
"""

import logging
from typing import TYPE_CHECKING

from .campaign import Campaign
from .client import Client
from .clock import utc_now
from .config import TLS
from .core.campaign_state import CampaignState
from .core.inputs import MonitorInput
from .core.model import Candidate, Transition
from .core.oddities import Oddity
from .core.past import Past
from .core.replica import Replica
from .core.state import ElectionState
from .core.term_log import Term, TermLog
from .core.term_logs import TermLogs
from .election import Election
from .errors import (
    AuthenticationFailed,
    CampaignClosed,
    CandidateGone,
    Compacted,
    ElectionError,
    InvalidConfig,
    LeadershipLost,
    NotLeader,
    PermissionDenied,
    Restored,
    Unavailable,
)
from .monitor import Monitor
from .observer import ElectionObserver
from .shell.session import Session
from .store import EndpointStatus, LeaseInfo

__all__ = [
    "TLS",
    "AuthenticationFailed",
    "Campaign",
    "CampaignClosed",
    "CampaignState",
    "Candidate",
    "CandidateGone",
    "Client",
    "Compacted",
    "Election",
    "ElectionError",
    "ElectionObserver",
    "ElectionState",
    "EndpointStatus",
    "InvalidConfig",
    "LeadershipLost",
    "LeaseInfo",
    "Monitor",
    "MonitorInput",
    "NotLeader",
    "Oddity",
    "Past",
    "PermissionDenied",
    "Replica",
    "Restored",
    "Session",
    "Term",
    "TermLog",
    "TermLogs",
    "Transition",
    "Unavailable",
    "utc_now",
]

__version__: str

if not TYPE_CHECKING:

    def __getattr__(name: str) -> str:
        # Read when it is wanted: the reader of metadata alone takes tens of milliseconds to import.
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import version

        return version("electiontui")


# What to do with the records under ``election_core.*`` is the program's decision; without one they go nowhere.
logging.getLogger(__name__).addHandler(logging.NullHandler())
