"""``manage.py lead``: runs on every host, works on one."""

import signal
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from election_core.blocking import Campaign, Client


class Command(BaseCommand):
    """Does the background work of the site while this host leads."""

    help = "Do the background work of this site while this host leads."

    def handle(self, *args: Any, **options: Any) -> None:
        # SIGTERM ends Python without a word unless it raises something; on the way out the leader resigns.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with Client(settings.ELECTION_ENDPOINTS) as client:
            client.election("django", ttl=settings.ELECTION_TTL).lead(socket.gethostname(), self.work)

    def work(self, leadership: Campaign) -> None:
        """One term. It has to look whether it is over, at least once per part of the work."""
        self.stdout.write(f"leading, token {leadership.fencing_token}")
        self.stdout.flush()
        while not leadership.lost.wait(timeout=0.2):
            close_old_connections()  # as between two requests
            # A part of the work, such as one order, with leadership.fencing_token written along.
