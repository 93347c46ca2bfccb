"""The views of an asyncio monitor in a real kernel: one task however often cells are run, and silence where all is
still."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from electiontui.embedded import EmbeddedEtcd

from ..servers import ROOT, Etcdctl, clean_environment

# Jupyter's client warns about itself on a new event loop.
pytestmark = pytest.mark.filterwarnings("default")

OPEN = """
from contextlib import AsyncExitStack
from election_core import Client
from electiontui.notebook import elections, timeline
stack = AsyncExitStack()
client = await stack.enter_async_context(Client({endpoint!r}))
monitor = await stack.enter_async_context(client.monitor({prefix!r}))
"""
COUNT = """
import asyncio, gc, sys
tasks = [each for each in asyncio.all_tasks() if 'electiontui' in each.get_name()]
instances = getattr(sys.modules.get('ipywidgets.widgets.widget'), '_instances', {})
shown = [each for each in instances.values() if type(each).__name__ == 'ElectionsWidget']
print(len(tasks), monitor._callbacks.has('change'), len(shown))
"""


def frames(messages: list[dict[str, Any]]) -> int:
    return sum(each["msg_type"] in ("update_display_data", "display_data", "comm_msg") for each in messages)


def test_twenty_runs_leave_one_task_and_no_listener(kernel: Any, etcd: EmbeddedEtcd, prefix: str) -> None:
    """H99: a cell that is run again leaves nothing of its former runs behind."""
    kernel.run(OPEN.format(endpoint=etcd.endpoint, prefix=prefix))
    for _ in range(20):
        kernel.run("timeline(monitor, 'job')", cell="one")
        kernel.run("elections(monitor)", cell="two")
        kernel.run("print(len(str(elections(monitor))) > 0)", cell="three")
    assert kernel.run(COUNT) == "1 False 2"
    kernel.run("await stack.aclose()")


def test_idle_views_say_nothing(kernel: Any, etcd: EmbeddedEtcd, prefix: str) -> None:
    """H99: what nobody reads is kept by the server, so nothing is sent where nothing has changed."""
    kernel.run(OPEN.format(endpoint=etcd.endpoint, prefix=prefix))
    kernel.run("timeline(monitor, 'job', last='30s')\n", cell="one")
    kernel.run("elections(monitor, last='30s')", cell="two")
    kernel.listen(1.5)
    assert frames(kernel.listen(4.0)) == 0
    kernel.run("await stack.aclose()")


def test_a_change_is_told_and_then_there_is_silence(
    kernel: Any, etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str
) -> None:
    kernel.run(OPEN.format(endpoint=etcd.endpoint, prefix=prefix))
    kernel.run("timeline(monitor, 'job', last='30s')", cell="one")
    kernel.listen(1.5)
    etcdctl.start("elect", f"{prefix}job", "node-a")
    told = kernel.listen_for("node-a") + kernel.listen(2.0)
    assert 1 <= frames(told) <= 6
    assert frames(kernel.listen(2.0)) == 0
    kernel.run("await stack.aclose()")


def test_a_blocked_kernel_renews_views_and_leases(
    kernel: Any, etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str
) -> None:
    """H98: they have threads of their own."""
    kernel.run(f"from electiontui.notebook import connect\netcd = connect({etcd.endpoint!r}, prefix={prefix!r})")
    # Long enough for a busy machine, and shorter than the kernel is blocked.
    kernel.run("own = etcd.campaign('own', 'notebook', ttl=5).wait(10)\nimport time")
    kernel.run("etcd.elections()", cell="one")
    etcdctl.start("elect", f"{prefix}job", "meanwhile")
    before = len(kernel.said)
    kernel.run("time.sleep(7)")
    told = [each for each in kernel.said[before:] if each["msg_type"] in ("comm_msg", "update_display_data")]
    assert any("meanwhile" in str(each["content"]) for each in told)
    assert kernel.run("print(own.is_leader)") == "True"
    kernel.run("etcd.close()")


def test_a_terminal_with_a_loop_prints_once(etcd: EmbeddedEtcd, prefix: str) -> None:
    """IPython in a terminal runs a loop for await, and has no place to renew what was printed."""
    lines = [
        *OPEN.format(endpoint=etcd.endpoint, prefix=prefix).strip().split("\n"),
        "campaign = await client.election('job', prefix=" + repr(prefix.rstrip("/")) + ").campaign('a').wait()",
        "import asyncio",
        "while not monitor.elections: await asyncio.sleep(0.01)",
        "",
        "elections(monitor)",
        "await asyncio.sleep(0.6); await campaign.proclaim('b'); await asyncio.sleep(1.5)",
        "await campaign.resign(); await asyncio.sleep(1)",
        "await stack.aclose()",
        "exit()",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=50,
        env=clean_environment(PYTHONPATH=str(ROOT), TERM="dumb"),
    )
    assert done.stdout.count("election under") == 1, done.stdout + done.stderr
