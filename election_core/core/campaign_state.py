"""The states of a campaign and which may follow which. Pure.

A campaign has one terminal state and never leaves it: an object that has failed cannot lead later.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FAILURES", "NEXT_STATES", "CampaignState"]


class CampaignState(StrEnum):
    """What a campaign does right now."""

    STARTING = "starting"
    """Its lease and key are being written."""
    WAITING = "waiting"
    """Its key stands in line behind others."""
    LEADING = "leading"
    """It was elected."""
    RESIGNED = "resigned"
    """It was ended by ``resign()``."""
    ABANDONED = "abandoned"
    """It was ended by ``abandon()``: nothing was cleaned up."""
    LOST = "lost"
    """Its key or lease is gone, or nobody can tell any more that it is not."""
    FAILED = "failed"
    """etcd could not be reached at the start, or refused it."""

    @property
    def is_terminal(self) -> bool:
        return not NEXT_STATES[self]


_ENDS = frozenset({CampaignState.RESIGNED, CampaignState.ABANDONED, CampaignState.LOST, CampaignState.FAILED})

NEXT_STATES: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.STARTING: _ENDS | {CampaignState.WAITING, CampaignState.LEADING},
    CampaignState.WAITING: _ENDS | {CampaignState.LEADING},
    CampaignState.LEADING: _ENDS,
    **dict.fromkeys(_ENDS, frozenset[CampaignState]()),
}
"""What may follow on each state; nothing follows on an end."""

FAILURES = frozenset({CampaignState.LOST, CampaignState.FAILED})
"""The ends that the campaign's error tells, and its owner did not ask for."""
