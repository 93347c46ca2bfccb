"""How much a view remembers; what is oldest is forgotten."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["ALL_EVENTS", "ALL_TERMS", "FORGET_AFTER", "FRESH", "RECENT", "TERMS"]

RECENT = 2_000
"""Transitions, of all elections together."""
TERMS, ALL_TERMS, ALL_EVENTS = 1_000, 200_000, 100_000
"""Terms of one election and of all, and events of all."""
FORGET_AFTER = timedelta(hours=1)
"""For how long an election stays that was vacant when a new monitor began, as it does in a monitor."""
FRESH = timedelta(seconds=3)
"""Without a sign of life for longer than this nobody knows whether the leaders lead."""
