"""A candidate in an election of Go programs, or of ``etcdctl elect``, which is etcd's Go package with a command line.

    python with_go.py PREFIX [ETCD]

PREFIX is what Go calls ``pfx``: ``concurrency.NewElection(session, "/services/mail")`` and
``etcdctl elect /services/mail host-1`` have their keys below ``/services/mail/``.
"""

import asyncio
import signal
import socket
import sys

from election_core import Campaign, Client


async def work(campaign: Campaign) -> None:
    print(f"leading, token {campaign.fencing_token}", flush=True)
    await asyncio.Event().wait()


async def main() -> None:
    # Names are relative to a prefix here; together they are Go's pfx.
    prefix, _, name = sys.argv[1].rpartition("/")
    async with Client(sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:2379") as client:
        election = client.election(name, prefix=f"{prefix}/" if "/" in sys.argv[1] else "", ttl=5)
        print(f"leader so far: {await election.leader()}", flush=True)
        leading = asyncio.create_task(election.lead(socket.gethostname(), work))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leading.cancel)
        await asyncio.wait([leading])
    if not leading.cancelled():
        leading.result()


if __name__ == "__main__":
    asyncio.run(main())
