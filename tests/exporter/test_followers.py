"""Who follows a view is told everything once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from election_core import Client, Transition
from electiontui.embedded import EmbeddedEtcd
from electiontui.metrics.following import Following
from electiontui.metrics.ledger import Account
from electiontui.sources import ClusterView
from electiontui.sources.followers import Followers

from ..servers import Etcdctl
from .scraping import which
from .test_exporter_command import put


def test_each_is_told_all_of_it_once_and_nobody_costs_nothing() -> None:
    followers = Followers()
    first: Any = object()
    followers.took(first)
    assert not followers._untold  # nobody would take it
    told: list[tuple[str, Sequence[Transition], Collection[str]]] = []
    followers.add(lambda transitions, changed: told.append(("a", transitions, changed)))
    followers.add(lambda transitions, changed: told.append(("b", transitions, changed)))
    followers.took(first)
    followers.tell({"x"})
    followers.tell(())
    assert told == [("a", [first], {"x"}), ("b", [first], {"x"}), ("a", [], ()), ("b", [], ())]


async def test_who_goes_while_the_same_is_read_afresh_leads_no_longer(
    etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = put(etcdctl, f"{prefix}orders", "host-a")
    async with ClusterView(lambda: Client(etcd.endpoint), prefix) as view:
        following = Following(view, which())

        async def account(*, led: bool) -> Account:
            async with asyncio.timeout(20):
                while True:
                    view.take_news()
                    found = dict(following.picture().accounts).get("orders")
                    if found is not None and (found.leader is not None) is led:
                        return found
                    await asyncio.sleep(0.01)

        await account(led=True)
        begin = view.client.monitor

        def begin_without_leader(prefixes: Any) -> Any:
            etcdctl.run("lease", "revoke", lease)
            return begin(prefixes)

        monkeypatch.setattr(view.client, "monitor", begin_without_leader)
        await view.switch(prefix)
        assert (await account(led=False)).candidates == 0
