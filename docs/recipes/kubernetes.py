"""A worker for Kubernetes: leads or stands by, answers probes, and hands over at once when its pod is ended.

    python kubernetes.py [ETCD] [PORT]

``GET /healthz`` is 200 while it leads or waits with a lease that etcd has confirmed lately, and 503 otherwise.
"""

import asyncio
import signal
import socket
import sys

from election_core import Campaign, Client, ElectionError


async def work(campaign: Campaign) -> None:
    """The job. It is cancelled when leadership is lost and when the pod is ended; what it holds is let go here."""
    print(f"leading, token {campaign.fencing_token}", flush=True)
    await asyncio.Event().wait()


class Worker:
    """Campaigns again and again.

    Attributes:
        campaign: the present one, which probes are about.
    """

    def __init__(self, client: Client) -> None:
        self._election = client.election("kubernetes", ttl=5)
        self.campaign: Campaign | None = None

    async def run(self) -> None:
        """Lead whenever that is possible; cancelling it resigns."""
        while True:
            try:
                self.campaign = self._election.campaign(socket.gethostname())
                async with self.campaign as campaign:
                    await work(campaign)
            except ElectionError as exc:
                print(f"campaigning again: {exc}", file=sys.stderr, flush=True)
                await asyncio.sleep(1)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A probe of the kubelet, whatever it asks for. One that asks for nothing would keep the server from ending."""
        try:
            async with asyncio.timeout(1):
                await reader.readline()
            healthy = self.campaign is not None and self.campaign.healthy()
            status = "200 OK" if healthy else "503 Service Unavailable"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        except (TimeoutError, ValueError, ConnectionError):
            pass  # it says nothing, a line without end, or is gone
        finally:
            writer.close()


async def main() -> None:
    arguments = dict(enumerate(sys.argv))
    async with Client(arguments.get(1, "127.0.0.1:2379")) as client:
        worker = Worker(client)
        async with await asyncio.start_server(worker.answer, port=int(arguments.get(2, 8080))):
            leading = asyncio.create_task(worker.run())
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leading.cancel)
            await asyncio.wait([leading])
    if not leading.cancelled():
        leading.result()


if __name__ == "__main__":
    asyncio.run(main())
