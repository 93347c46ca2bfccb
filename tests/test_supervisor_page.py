"""docs/supervisor.md is what happens: its sessions are run, and its tables computed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from electiontui.commands.campaigning.plan import default_grace, longest_grace
from electiontui.embedded import EmbeddedEtcd

from .readme import FENCE
from .servers import ROOT, clean_environment, needed_binary
from .sessions import printed

PAGE = (ROOT / "docs" / "supervisor.md").read_text("utf-8")


def alike(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"\b([0-9a-f]{12,16}|1f)\b", "LEASE", text)
    text = re.sub(r"(token\"?:?) \d+", r"\1 TOKEN", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)


@pytest.mark.parametrize("session", [body for kind, body in FENCE.findall(PAGE) if kind == "console"])
def test_its_sessions_are_what_happens(session: str, tmp_path: Path) -> None:
    (tmp_path / "electiontui").symlink_to(Path(sys.executable).parent / "electiontui")
    with EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        env = clean_environment(ETCDCTL_ENDPOINTS=etcd.endpoint)
        # A machine that is busy takes its time to start it.
        said = printed(session.replace("timeout -s INT 4 ", "timeout -s INT 10 "), env, tmp_path)
    said = said.replace("timeout -s INT 10 ", "timeout -s INT 4 ")
    assert alike(said) == alike(session)


def test_its_table_is_the_arithmetic() -> None:
    def row(begin: str) -> list[float]:
        (found,) = re.findall(rf"^\| {begin} \|(.+)\|$", PAGE, re.MULTILINE)
        return [float(cell) for cell in found.split("|")]

    ttls = row("`--ttl`")
    assert row("longest `--grace`") == [longest_grace(ttl) for ttl in ttls]
    assert row("default") == [default_grace(ttl) for ttl in ttls]
