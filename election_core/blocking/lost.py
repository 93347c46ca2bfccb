"""The event that tells a thread to stop its work."""

from __future__ import annotations

import threading
import time

from ..campaign import Campaign as AsyncCampaign
from ..core.campaign_state import CampaignState
from .background import Background

__all__ = ["Lost"]

_LOOK_EVERY = 1.0
"""Seconds, at most, after which a wait looks at the lease again, whatever timers do."""


class Lost(threading.Event):
    """Set by the loop, and by whoever asks once the leader's lease has run out: a loop that is stuck hides no loss."""

    def __init__(self, campaign: AsyncCampaign, background: Background) -> None:
        super().__init__()
        self._campaign, self._background = campaign, background

    def is_set(self) -> bool:
        """Whether the work must stop."""
        self._background.check()
        if not super().is_set() and self._has_run_out():
            self.set()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the work must stop, at most ``timeout`` seconds; whether it must."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = _LOOK_EVERY if until is None else until - time.monotonic()
            if left <= 0:
                return False
            super().wait(min(left, self._campaign.lease_remaining or _LOOK_EVERY, _LOOK_EVERY))
        return True

    def _has_run_out(self) -> bool:
        campaign = self._campaign
        return campaign.state is CampaignState.LEADING and campaign.lease_remaining <= 0
