"""A plain thread that works only while this host leads, in a program that has other things to do.

python thread.py [ETCD]
"""

import signal
import socket
import sys
import threading

from election_core.blocking import Campaign, Client

stop = threading.Event()


def work(leadership: Campaign) -> None:
    """One term: until leadership is lost, or the program ends."""
    print(f"leading, token {leadership.fencing_token}", flush=True)
    while not leadership.lost.wait(timeout=0.1):  # a thread cannot be cancelled: it has to ask
        if stop.is_set():
            return


def lead(endpoint: str) -> None:
    """Term after term: where one was lost, `lead` campaigns again once the work has returned."""
    with Client(endpoint) as client:
        client.election("thread", ttl=5).lead(socket.gethostname(), work)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    endpoint = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2379"
    # A daemon: while it waits for its turn nothing but the end of the process ends it, and that resigns.
    threading.Thread(target=lead, args=[endpoint], name="leader", daemon=True).start()
    try:
        threading.Event().wait()  # here goes what the program does otherwise
    finally:
        stop.set()


if __name__ == "__main__":
    main()
