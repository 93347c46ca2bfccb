"""Candidates and transitions as JSON, the same for every command and every program that is told of them. Pure."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from election_core import Candidate, Transition

from .text import raw

__all__ = ["Json", "candidate_json", "text_json", "time_json", "transition_json"]

Json = dict[str, Any]


def text_json(value: bytes | str) -> str | Json:
    """Text for what is UTF-8, else ``{"base64": …}``."""
    data = raw(value)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def candidate_json(candidate: Candidate | None) -> Json | None:
    """A candidate as JSON, or ``null``."""
    return None if candidate is None else candidate.as_dict()


def time_json(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def transition_json(name: str, transition: Transition) -> Json:
    """A transition of the election that is called so."""
    return {
        "event": transition.kind,
        "election": text_json(name),
        "revision": transition.revision,
        "observed_at": time_json(transition.observed_at),
        "before": candidate_json(transition.before),
        "after": candidate_json(transition.after),
        "gap": transition.gap,
    }
