"""The stretch of time that a view shows. Pure."""

from __future__ import annotations

from datetime import timedelta

from ..durations import LONGEST, parse_days

__all__ = ["Last", "span_of"]

Last = str | float | timedelta


def span_of(last: Last) -> timedelta:
    """The span of ``"90s"``, ``"1h30m"``, ``"7d"``, a number of seconds or a timedelta.

    Raises:
        ValueError: it is malformed, not above zero, or more than a hundred years.
    """
    if isinstance(last, str):
        return timedelta(seconds=parse_days(last))
    seconds = last.total_seconds() if isinstance(last, timedelta) else last
    if not 0 < seconds <= LONGEST:
        raise ValueError(f"The span must be longer than zero, and at most 36500 days; got {last!r}.")
    return timedelta(seconds=seconds)
