"""A web service of which one process does the background work: `uvicorn fastapi_app:app`.

Every process answers requests; the one that leads runs `work` beside them.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from election_core import Campaign, Client

ETCD = os.environ.get("ETCD", "127.0.0.1:2379")
NAME = os.environ.get("WORKER", f"{socket.gethostname()}-{os.getpid()}")


async def work(campaign: Campaign) -> None:
    """What one process does; cancelled when leadership is lost and when the service ends."""
    app.state.campaign = campaign
    await asyncio.Event().wait()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Campaign for as long as the service runs; at its end the leader resigns, so that the next one works at once."""
    app.state.campaign = None
    async with Client(ETCD) as client:
        election = client.election("fastapi", ttl=5)
        async with election.observe() as observer, asyncio.TaskGroup() as group:
            app.state.observer = observer
            leading = group.create_task(election.lead(NAME, work))
            yield
            leading.cancel()


app = FastAPI(lifespan=lifespan)


@app.get("/leader")
async def leader() -> dict[str, object]:
    """Who works, and whether that is this process; neither asks etcd."""
    campaign = app.state.campaign
    return {
        "me": NAME,
        "leader": app.state.observer.leader(),
        "is_leader": campaign is not None and campaign.is_leader,
    }
