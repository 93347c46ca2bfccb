"""What a view costs: nothing is sent to a tab that was closed, and the page is not laid out anew for each row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from queue import Empty

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from election_core.blocking import Client
from electiontui.embedded import EmbeddedEtcd

from .jupyter import Lab, Notebook, connecting, until

Open = Callable[..., Notebook]

pytestmark = pytest.mark.timeout(240)

SOON = 2.0
"""Seconds without a word from the page after which a view counts as gone here, instead of 150."""


@contextmanager
def changing(client: Client, prefix: str) -> Iterator[Callable[[], str]]:
    """A leader that proclaims something else 20 times a second; gives what it is now."""
    values, over = ["value-0"], threading.Event()

    def proclaim() -> None:
        with client.election("job", prefix=prefix.rstrip("/")).campaign(values[-1]) as campaign:
            while not over.wait(0.05):
                campaign.proclaim(f"value-{len(values)}")
                values.append(f"value-{len(values)}")

    thread = threading.Thread(target=proclaim)
    thread.start()
    yield lambda: values[-1]
    over.set()
    thread.join()


class Heard:
    """What a kernel sends to whoever listens, as its Jupyter server does."""

    def __init__(self, lab: Lab) -> None:
        file = max((lab.folder.parent / "runtime").glob("kernel-*.json"), key=lambda each: each.stat().st_mtime)
        self._kernel = BlockingKernelClient(connection_file=str(file))
        self._kernel.load_connection_file()
        self._kernel.start_channels(shell=False, stdin=False, hb=False, control=False)

    def within(self, seconds: float) -> list[int]:
        """The sizes of what views have sent in the next seconds."""
        sizes, end = list[int](), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                message = self._kernel.get_iopub_msg(timeout=left)
            except Empty:
                break
            if message["msg_type"] in ("comm_msg", "update_display_data"):
                sizes.append(len(str(message["content"])))
        return sizes

    def until_silent(self) -> None:
        """Until nothing is sent for 2 s, which is soon, and not much before that."""
        sent, end = 0, time.monotonic() + 15 * SOON
        while news := self.within(2.0):
            sent += sum(news)
            assert sent < 200_000
            assert time.monotonic() < end

    def close(self) -> None:
        self._kernel.stop_channels()


# Jupyter's client warns about itself on a new event loop.
@pytest.mark.filterwarnings("default")
def test_nothing_is_sent_to_a_tab_that_was_closed_and_everything_once_it_is_back(
    etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open, lab: Lab
) -> None:
    """H99: a Jupyter server keeps what nobody fetches."""
    shown = notebook(
        [
            f"from electiontui.notebook import live\nlive._LONGEST = {SOON}\n{connecting(etcd, prefix)}",
            "etcd.elections()",
        ]
    )
    shown.run(0, 1)
    with changing(client, prefix) as now, closing(Heard(lab)) as heard:
        shown.view(1).get_by_text("value-").first.wait_for()
        shown.save()
        # While the page says that it has what was sent, more is.
        shown.page.wait_for_timeout(SOON * 2000)
        assert len(heard.within(1.0)) >= 1
        shown.page.goto("about:blank")
        heard.until_silent()
        meanwhile = now()
        shown.open()
        number = int(meanwhile.partition("-")[2])
        until(lambda: int(shown.view(1).get_by_text("value-").first.inner_text().partition("-")[2]) > number)
    shown.execute("etcd.close()")


def test_a_redraw_lays_the_page_out_once(etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open) -> None:
    shown = notebook([connecting(etcd, prefix), "etcd.elections()"])
    page = shown.page.context.new_cdp_session(shown.page)
    page.send("Performance.enable")

    def layouts() -> float:
        metrics = page.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "LayoutCount"))

    with client.session() as session:
        for number in range(40):
            election = client.election(f"job-{number}", prefix=prefix.rstrip("/"))
            election.campaign("node-1", session=session).wait(10)
        shown.run(0, 1)
        shown.view(1).get_by_text("40 elections").wait_for()
        shown.view(1).get_by_text("job-39", exact=True).wait_for()
        before = layouts()
        shown.page.wait_for_timeout(3000)
        assert layouts() - before < 40
    shown.execute("etcd.close()")
