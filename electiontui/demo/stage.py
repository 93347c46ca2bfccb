"""``electiontui demo``: sets the stage, opens the dashboard on it, and clears it away whatever happens."""

from __future__ import annotations

import secrets

from ..commands import ERROR, INTERRUPTED, INVALID_INPUT
from ..commands.dashboard import has_terminal, in_notebook, show
from ..commands.settings import Settings
from ..commands.streams import say
from ..embedded import EmbeddedEtcd, EtcdFailed, EtcdNotFound
from ..opening import Opening
from .players import Players

__all__ = ["run_demo"]


def run_demo(settings: Settings, nodes: int, seed: int | None) -> int:
    """Play until the user leaves, or a short failover where there is no terminal; returns the exit code.

    Args:
        settings: how to look at it; which etcd they name is of no matter.
    """
    if in_notebook():
        say("the demo needs a terminal, and this is a notebook; see electiontui.notebook and EmbeddedEtcd")
        return INVALID_INPUT
    try:
        say(f"starting etcd, {nodes} member{'s' if nodes > 1 else ''} …")
        with EmbeddedEtcd(nodes) as etcd:
            return _open(settings, etcd, secrets.randbelow(1_000_000) if seed is None else seed)
    except (EtcdNotFound, EtcdFailed) as exc:
        say(str(exc))
        return ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def _open(settings: Settings, etcd: EmbeddedEtcd, seed: int) -> int:
    if not has_terminal():
        from ..commands.running import run_command
        from .failover import play_failover

        return run_command(play_failover(etcd))
    from election_core import Client

    from ..drill import Access

    # The dashboard's loop stays free for drawing: the candidates live in a process of their own.
    with Players(etcd.endpoint, seed, etcd.folder / "players.log") as players:
        notice = f"demo, seed {seed}: etcd {etcd.version} on {etcd.endpoint}; all of it is gone when you leave"
        opening = Opening(
            settings.prefixes,
            settings.read_only,
            notice=notice,
            low_bandwidth=settings.low_bandwidth,
            drills=Access(etcd.endpoints, timeout=settings.timeout),
            wishes=settings.wishes,
        )
        code = show(lambda: Client(etcd.endpoints, timeout=settings.timeout, read_only=settings.read_only), opening)
        failure = players.failure
    if failure is not None:
        say(f"the demo's candidates ended early: {failure}")
        return ERROR
    return code
