"""What a campaign tells: lines on stdout for programs, narration on stderr."""

from __future__ import annotations

import asyncio

from election_core import Campaign, utc_now

from ...as_json import Json, text_json, time_json
from ...text import safe
from ..output import print_json, print_line
from ..streams import say
from .plan import Plan

__all__ = ["narrate_waiting", "tell"]

_QUIET = 0.3
"""Seconds that a campaign is given before it is told whom it waits for."""
_LOOK_AGAIN = 1.0


def tell(plan: Plan, event: str, campaign: Campaign) -> None:
    """A line on stdout, which is CMD's own where there is one.

    Raises:
        OSError: it cannot be written.
    """
    if plan.command:
        return
    key, lease, token = campaign.key, format(campaign.lease_id, "x"), campaign.fencing_token
    if plan.form == "jsonl":
        document: Json = {"event": event, "election": text_json(plan.name), "observed_at": time_json(utc_now())}
        value = text_json(campaign.value)
        print_json({**document, "key": text_json(key), "value": value, "token": token, "lease": lease})
    else:
        print_line(f"{event}  {safe(key)}  token {token}  lease {lease}")


async def narrate_waiting(campaign: Campaign) -> None:
    """Say whom it waits for, and each change of that, until cancelled."""
    told: bytes | None = None
    await asyncio.sleep(_QUIET)
    while True:
        ahead = campaign.ahead
        if ahead is not None and ahead.key != told:
            told = ahead.key
            lease = f"lease {ahead.lease_id:x}" if ahead.lease_id else "a key without a lease, which never expires"
            say(f"waiting behind {safe(ahead.value, 60) or '(empty)'}, {lease}")
        await asyncio.sleep(_LOOK_AGAIN)
