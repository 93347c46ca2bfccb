"""Writing to PostgreSQL so that a leader who does not know yet that it is none any more changes nothing.

    python postgres_fencing.py CONNECTION [ETCD]

A process can be stopped for longer than its lease lives, between the look at ``is_leader`` and the commit. Only the
database can refuse it then, and it does so by the fencing token, which grows from leader to leader.
"""

import asyncio
import os
import signal
import socket
import sys

import psycopg

from election_core import Campaign, Client

SCHEMA = """
CREATE TABLE IF NOT EXISTS fences (election text PRIMARY KEY, token bigint NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (entry bigserial PRIMARY KEY, written_by text NOT NULL, token bigint NOT NULL);
"""
# The row is locked until the transaction ends, so a newer leader waits for it, or it for the newer one and is refused.
RAISE_FENCE = """
INSERT INTO fences AS now (election, token) VALUES (%s, %s)
ON CONFLICT (election) DO UPDATE SET token = excluded.token WHERE now.token <= excluded.token
"""


class Fenced(Exception):
    """A newer leader has written already."""


async def write(connection: psycopg.AsyncConnection, election: str, token: int, who: str) -> None:
    """One entry, together with the look at the fence: in one transaction.

    Raises:
        Fenced: nothing was written.
    """
    async with connection.transaction():
        fence = await connection.execute(RAISE_FENCE, (election, token))
        if fence.rowcount == 0:
            raise Fenced(f"{who} with token {token} is not the leader of {election} any more")
        await connection.execute("INSERT INTO ledger (written_by, token) VALUES (%s, %s)", (who, token))


async def main() -> None:
    database, etcd = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:2379"
    who = f"{socket.gethostname()}-{os.getpid()}"

    async def work(campaign: Campaign) -> None:
        print(f"leading, token {campaign.fencing_token}", flush=True)
        while True:
            await write(connection, "ledger", campaign.fencing_token, who)
            await asyncio.sleep(0.1)

    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection, Client(etcd) as client:
        await connection.execute(SCHEMA)
        leading = asyncio.create_task(client.election("ledger", ttl=2).lead(who, work))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leading.cancel)
        await asyncio.wait([leading])
    if not leading.cancelled():
        leading.result()


if __name__ == "__main__":
    asyncio.run(main())
