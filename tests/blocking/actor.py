"""A program without asyncio that campaigns and then ends in one of several ways: ``actor ENDPOINT ELECTION WAY``."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from election_core import InvalidConfig
from election_core.blocking import Campaign, Client
from election_core.testing import MemoryStore


def say(*words: object) -> None:
    print(*words, flush=True)


def elected(campaign: Campaign) -> None:
    say("elected", campaign.lease_id)


def unhandled(client: Client, name: str) -> None:
    elected(client.election(name).campaign("me").wait())
    raise RuntimeError("unhandled")


def end_of_file(client: Client, name: str) -> None:
    elected(client.election(name).campaign("me").wait())


def exit_in_a_body(client: Client, name: str) -> None:
    with client.election(name).campaign("me") as leadership:
        elected(leadership)
        sys.exit(3)


def daemon_body(client: Client, name: str) -> None:
    def work() -> None:
        with client.election(name).campaign("me") as leadership:
            elected(leadership)
            entered.set()
            leadership.lost.wait()

    entered = threading.Event()
    threading.Thread(target=work, daemon=True).start()
    entered.wait()


def entering(client: Client, name: str) -> None:
    with client:
        campaign = client.election(name).campaign("me")
        elected(campaign)
        with campaign:
            pass


def body(client: Client, name: str) -> None:
    with client, client.election(name).campaign("me") as leadership:
        elected(leadership)
        time.sleep(60)


def no_with(client: Client, name: str) -> None:
    leadership = client.election(name).campaign("me").wait()
    elected(leadership)
    leadership.lost.wait()


def reading(client: Client, name: str) -> None:
    with client, client.election(name).observe() as observer:
        elected(client.election(name).campaign("me").wait())
        list(observer)


def fork(_: Client, name: str) -> None:
    # Nothing of gRPC runs here, which does not always survive a fork.
    unused = Client.over(MemoryStore())
    with Client.over(MemoryStore()) as client, client.election(name).campaign("me") as leadership:
        elected(leadership)
        child = os.fork()
        if not child:
            signal.alarm(5)
            uses = lambda: leadership.is_leader, leadership.resign, client.status, leadership.lost.is_set, unused.status
            for use in uses:
                try:
                    use()
                except InvalidConfig as exc:
                    say(exc)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        say("leads", leadership.is_leader, status)


if __name__ == "__main__":
    _, endpoint, election, way = sys.argv
    globals()[way](Client(endpoint), election)
