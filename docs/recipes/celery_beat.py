"""Celery beat on several hosts, of which one sends.

celery -A celery_beat beat --scheduler celery_beat.LeaderScheduler --max-interval 1
"""

import os
import socket
from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler

from election_core.blocking import Campaign, Client

app = Celery("celery_beat", broker=os.environ.get("BROKER", "redis://localhost"))
app.conf.beat_schedule = {"report": {"task": "celery_beat.report", "schedule": 0.5}}


@app.task
def report() -> None:
    """What a worker does."""


class LeaderScheduler(PersistentScheduler):  # type: ignore[misc]
    """Sends what is due while it leads, and waits in line otherwise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._client = Client(os.environ.get("ETCD", "127.0.0.1:2379"))
        self._client.__enter__()
        self._election = self._client.election("celery-beat", ttl=5)
        self._campaign: Campaign | None = None
        self._led = False
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Called by beat in a loop; returns the seconds until it wants to be called again."""
        if self._campaign is None or self._campaign.error is not None:
            self._campaign, self._led = self._election.campaign(socket.gethostname()), False
        if not self._campaign.is_leader:
            return 0.2
        if not self._led:
            self._led = True
            # Another host has sent until now; its own clock of each entry stood still.
            for entry in self.schedule.values():
                entry.last_run_at = self.app.now()
            print(f"leading, token {self._campaign.fencing_token}", flush=True)
        return float(super().tick(*args, **kwargs))

    def close(self) -> None:
        """Called by beat at its end: resigns."""
        self._client.close()
        super().close()
