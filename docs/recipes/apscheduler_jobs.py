"""APScheduler on every host, jobs on the leader only.

python apscheduler_jobs.py [ETCD]
"""

import asyncio
import signal
import socket
import sys

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from election_core import Campaign, Client

# What became due while another host led is that host's business: it is not made up for.
scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "misfire_grace_time": 1})


async def report(campaign: Campaign) -> None:
    """A job. One that takes longer looks again before it writes, or gives the token along."""
    if campaign.is_leader:
        print(f"job, token {campaign.fencing_token}", flush=True)


async def work(campaign: Campaign) -> None:
    """One term: the jobs exist for as long as it lasts."""
    print("leading", flush=True)
    job = scheduler.add_job(report, "interval", seconds=0.5, args=[campaign])
    try:
        await asyncio.Event().wait()
    finally:
        job.remove()


async def main() -> None:
    scheduler.start()
    async with Client(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2379") as client:
        leading = asyncio.create_task(client.election("apscheduler", ttl=5).lead(socket.gethostname(), work))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leading.cancel)
        await asyncio.wait([leading])
    scheduler.shutdown()
    if not leading.cancelled():
        leading.result()


if __name__ == "__main__":
    asyncio.run(main())
