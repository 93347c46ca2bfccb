"""Moments of a recording as people give them: ``02:10``, ``+5m``, ``-5m``, or with the day. Pure."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from ..durations import parse_duration

__all__ = ["moment_of"]

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)


def moment_of(text: str, began: datetime, ends: datetime) -> datetime:
    """The moment that is meant, in the zone of ``began``.

    ``02:10`` is the first time that a clock there showed this since it began; ``+5m`` is so long after the beginning,
    ``-5m`` before the end.

    Raises:
        ValueError: it is no moment, or none of the recording; the message says which there are.
    """
    text = text.strip()
    try:
        moment = _moment(text, began, ends)
    except (ValueError, OverflowError) as exc:
        raise ValueError(
            f"{text!r} is no moment of a recording; write it like 02:10, 02:10:30, +5m, -5m or 2026-03-01T02:10."
        ) from exc
    if not began.replace(second=0, microsecond=0) <= moment <= ends:
        zone = began.tzinfo
        raise ValueError(
            f"{text!r} is not within the recording: it goes from {began:%Y-%m-%d %H:%M:%S}"
            f" to {ends.astimezone(zone):%Y-%m-%d %H:%M:%S}."
        )
    return max(moment, began)


def _moment(text: str, began: datetime, ends: datetime) -> datetime:
    if text[:1] in ("+", "-"):
        length = timedelta(seconds=parse_duration(text[1:]))
        return began + length if text[0] == "+" else ends - length
    if _CLOCK.fullmatch(text):
        shown = time.fromisoformat(text if len(text.partition(":")[0]) == 2 else f"0{text}")
        moment = datetime.combine(began.date(), shown, began.tzinfo)
        # What began at 02:10:20 has 02:10, too.
        earliest = began.replace(second=0, microsecond=0)
        return moment if moment >= earliest else moment + timedelta(days=1)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=began.tzinfo)
