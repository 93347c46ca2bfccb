"""The user's own candidates of one connection, and the buttons that act for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from election_core import ElectionError, InvalidConfig
from election_core.blocking import Campaign, Client

from ..text import readable, safe

__all__ = ["OwnCandidates"]

_AT_ONCE = 4
_CELLS = 60


class OwnCandidates:
    """Campaigns that were begun on a connection, those that have ended left out."""

    # The mutable state: the campaigns by election, under the lock, and the threads in which buttons are carried out.

    def __init__(self, client: Client, prefix: str, *, read_only: bool) -> None:
        self.read_only = read_only
        self._client, self._prefix = client, prefix
        self._campaigns: list[tuple[str, Campaign]] = []
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_AT_ONCE, "electiontui deeds")

    def campaign(self, name: str, value: str | bytes, ttl: int) -> Campaign:
        """Begin to campaign; see `Election.campaign`."""
        if self.read_only:
            raise InvalidConfig("This connection only reads; connect without read_only to campaign.", election=name)
        campaign = self._client.election(name, ttl=ttl, prefix=self._prefix).campaign(value)
        with self._lock:
            self._campaigns = [(of, each) for of, each in self._campaigns if not each.state.is_terminal]
            self._campaigns.append((name, campaign))
        return campaign

    def all(self) -> list[tuple[str, Campaign]]:
        """Those that go on, with their elections."""
        return [(name, each) for name, each in list(self._campaigns) if not each.state.is_terminal]

    def own(self, name: str) -> Sequence[dict[str, Any]]:
        return [
            {"key": readable(each.key), "value": safe(each.value, _CELLS) or "(empty)", "state": str(each.state)}
            for of, each in self.all()
            if of == name
        ]

    def marks(self) -> object:
        return tuple((name, each.key, each.state, each.value) for name, each in self.all())

    def do(self, deed: dict[str, Any], tell: Callable[[bool, str], None]) -> None:
        self._threads.submit(self._do, deed, tell)

    def _do(self, deed: dict[str, Any], tell: Callable[[bool, str], None]) -> None:
        try:
            tell(True, self._carry_out(deed))
        except ElectionError as exc:
            tell(False, safe(str(exc), 400))
        except Exception as exc:  # noqa: BLE001 - whoever pressed the button has to hear of a defect, too
            tell(False, f"by a defect of electiontui, please report it: {safe(repr(exc), 200)}")

    def _carry_out(self, deed: dict[str, Any]) -> str:
        name, value, what = str(deed["election"]), str(deed.get("value") or ""), deed.get("deed")
        where = f"in {safe(name, _CELLS)}"
        if what == "campaign":
            self.campaign(name, value, 60)
            return f"{safe(value, _CELLS) or '(empty)'} campaigns {where}."
        campaign = self._find(name, str(deed.get("key")))
        who = safe(campaign.value, _CELLS) or "(empty)"
        if what == "proclaim":
            campaign.proclaim(value)
            return f"{safe(value, _CELLS) or '(empty)'} is proclaimed {where}, before it {who}."
        if what == "resign":
            campaign.resign()
            return f"{who} has resigned {where}."
        if what == "crash":
            campaign.abandon()
            return f"{who} renews no more {where}; its key stays until its lease ends."
        raise InvalidConfig(f"There is no deed {what!r}.")

    def _find(self, name: str, key: str) -> Campaign:
        for of, each in self.all():
            if of == name and readable(each.key) == key:
                return each
        raise InvalidConfig(f"This candidate in {name!r} is none of this connection's any more.", election=name)

    def close(self) -> None:
        """Begin nothing more; what is under way goes on."""
        self._threads.shutdown(wait=False, cancel_futures=True)
