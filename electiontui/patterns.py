"""Which elections a command is about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

__all__ = ["is_plain_name", "matches"]


def is_plain_name(pattern: str) -> bool:
    """Whether it names one election only."""
    return not any(sign in pattern for sign in "*?[")


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern is the name or fits it, ``*`` going across slashes; without patterns everything does."""
    return not patterns or any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)
