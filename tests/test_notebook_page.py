"""docs/notebook.md is what happens: its cells are run in a kernel, and say what stands below them."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

import pytest

from electiontui.embedded import EmbeddedEtcd
from electiontui.notebook.choice import SORTS
from electiontui.notebook.terms import COLUMNS

from .kernel import Kernel
from .readme import FENCE, rows
from .servers import ROOT, needed_binary

PAGE = (ROOT / "docs" / "notebook.md").read_text("utf-8")
BLOCKS = FENCE.findall(PAGE)
CELLS = [(code, BLOCKS[number + 1][1]) for number, (kind, code) in enumerate(BLOCKS) if kind == "python"]


def alike(text: str) -> str:
    """Without what differs from run to run: times, strips of them, and the server."""
    text = re.sub(r"etcd 3\.5\.\d+", "etcd VERSION", text)
    text = re.sub(r"has \d+ known bugs", "has N known bugs", text)
    # Where the cell's thread is held up, the campaign is further by the time that it is asked.
    text = text.replace("<CampaignState.WAITING: 'waiting'>", "<CampaignState.STARTING: 'starting'>")
    lines, strips = [], 1000
    for line in text.strip().split("\n"):
        if "WHO LED" in line:
            strips = line.index("WHO LED")
        elif not line.startswith("a letter"):
            line = re.sub(r"┤.*", "┤", line[:strips])
        lines.append(line.rstrip())
    return "\n".join(line for line in lines if not re.fullmatch(r"[ └─╱\d:]*", line))


SEEN = """
import time
until = time.monotonic() + 20
while "etcd" in globals() and time.monotonic() < until and not etcd.monitor.read(
    lambda monitor: {each.key for _, each in etcd._candidates.all()}
    <= {each.key for state in monitor.elections.values() for each in state.queue}
):
    time.sleep(0.01)
"""
"""Waits until what is watched has the user's own candidates: what one of them has been told may come there later."""


def shown(kernel: Kernel, code: str) -> str:
    """What a cell prints, and what it shows as text."""
    kernel.run(SEEN)
    *first, last = code.rstrip("\n").split("\n")
    if last.startswith("etcd."):
        kernel.run("\n".join(first))
        kernel.run(SEEN)
        code = last
    before = len(kernel.said)
    printed = kernel.run(code, cell=code)
    for message in kernel.said[before:]:
        if message["msg_type"] in ("execute_result", "display_data"):
            data: dict[str, Any] = message["content"]["data"]
            if "application/vnd.jupyter.widget-view+json" not in data:
                printed += data["text/plain"]
    return printed


# Jupyter's client warns about itself on a new event loop.
@pytest.mark.filterwarnings("default")
def test_its_cells_say_what_stands_below_them() -> None:
    kernel = Kernel()
    assert len(CELLS) == 6
    with closing(kernel), EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        for code, told in CELLS:
            said = shown(kernel, code.replace("127.0.0.1:2379", etcd.endpoint)).replace(etcd.endpoint, "127.0.0.1:2379")
            assert alike(said) == alike(told), code
        kernel.run("etcd.close()")


def test_its_tables_and_lists_are_the_program_s() -> None:
    assert [each for row in rows("column", PAGE) for each in re.findall(r"`(\w+)`", row[0])] == list(COLUMNS)
    listed = re.search(r"`sort` is (.*?), turned around", PAGE, re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r"`(\w+)`", listed[1])) == SORTS
