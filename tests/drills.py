"""Drills that the tests run, and what none of them may leave behind."""

from __future__ import annotations

import os

from electiontui.embedded import EmbeddedEtcd

from .gateway import ask
from .servers import Etcdctl, processes_with

LONG = 601
"""A TTL in seconds that no test lives to see: whatever it ends of is not gone by itself."""

CAST = f"""
[[candidates]]
name = "killed"
ttl = {LONG}
process = true
[[candidates]]
name = "frozen"
ttl = {LONG}
process = true
[[candidates]]
name = "cut"
ttl = {LONG}
[[candidates]]
name = "crashed"
ttl = {LONG}
[[candidates]]
name = "waiting"
ttl = {LONG}
[[steps]]
do = "campaign"
candidate = ["waiting", "killed", "frozen", "cut", "crashed"]
[[steps]]
do = "kill"
candidate = "killed"
[[steps]]
do = "cut"
candidate = "cut"
mode = "black-hole"
[[steps]]
do = "delete-key"
candidate = "cut"
[[steps]]
do = "abandon"
candidate = "crashed"
[[steps]]
do = "freeze"
candidate = "frozen"
"""
"""Whoever is broken in whatever way; the line is left with a leader that is whole."""

WAITS = CAST + "[[steps]]\ndo = 'wait'\nfor = '1h'\n"
WRONG = CAST + "[[steps]]\ndo = 'expect'\nleader = 'cut'\nwithin = '100ms'\n[[steps]]\ndo = 'thaw'\n"


def of_two(do: str, leader: str, within: str) -> str:
    """A drill in which something is done to the first of two candidates, and then a leader is expected."""
    return f"""
[[candidates]]
name = "a"
[[candidates]]
name = "b"
[[steps]]
do = "campaign"
candidate = ["a", "b"]
[[steps]]
do = "{do}"
candidate = "a"
[[steps]]
do = "expect"
leader = "{leader}"
within = "{within}"
"""


def players_of(pid: int) -> list[int]:
    """Ids of the processes that are candidates of the drill in another one."""
    return processes_with(f"electiontui.drill.player_process\0{pid}\0")


def assert_nothing_left(etcd: EmbeddedEtcd, prefix: str) -> None:
    """Neither keys nor leases, nor a process. Other tests' candidates on the same server have no such TTL."""
    assert Etcdctl(etcd.endpoints[0]).run("get", "--prefix", "--keys-only", prefix) == ""
    for lease in ask(etcd.endpoints[0], "lease/leases").get("leases", ()):
        assert ask(etcd.endpoints[0], "lease/timetolive", ID=lease["ID"]).get("grantedTTL") != str(LONG)
    assert players_of(os.getpid()) == []
