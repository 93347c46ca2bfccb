"""Durations as Go writes them, which is how etcdctl takes them, and those of days. Pure."""

from __future__ import annotations

import re

__all__ = ["LONGEST", "parse_days", "parse_duration"]

LONGEST = 36_500 * 86_400.0
"""Seconds; what is longer fits into no date."""

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_DAYS = re.compile(r"(\d{1,9})d", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds of a duration such as ``500ms`` or ``1m30s``.

    Raises:
        ValueError: it is not a duration, or not above zero.
    """
    parts = _PART.findall(text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise ValueError(f"{text!r} is not a duration; write it like 500ms, 5s or 1m30s.")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ValueError(f"{text!r} must be longer than zero.")
    return seconds


def parse_days(text: str) -> float:
    """Seconds of a duration such as ``7d``, ``1d12h`` or ``36h``.

    Raises:
        ValueError: it is not a duration, not above zero, or longer than `LONGEST`.
    """
    whole = _DAYS.match(text.strip())
    rest = text.strip()[whole.end() :] if whole else text
    try:
        seconds = (int(whole[1]) * 86_400 if whole else 0) + (parse_duration(rest) if rest else 0)
    except ValueError as exc:
        raise ValueError(f"{text!r} is not a duration; write it like 90d, 36h or 1d12h.") from exc
    if not 0 < seconds <= LONGEST:
        raise ValueError(f"{text!r} is out of range; it is from 1s to 36500d.")
    return seconds
