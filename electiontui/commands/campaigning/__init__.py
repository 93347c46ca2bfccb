"""``electiontui campaign``: lead until a signal comes, or run a command only while leading."""

from .command import campaign
from .plan import Plan

__all__ = ["Plan", "campaign"]
