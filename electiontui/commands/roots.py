"""What to watch for the elections that a command is about."""

from __future__ import annotations

from collections.abc import Sequence

from election_core import InvalidConfig

__all__ = ["prefixes_of"]


def prefixes_of(prefixes: Sequence[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """What to watch for some names, and beginnings of names that end with ``*``, below each of the prefixes.

    Raises:
        InvalidConfig: it is another pattern.
    """
    if not patterns:
        return tuple(prefixes)
    found = []
    for pattern in patterns:
        head = pattern.removesuffix("*")
        if not head or any(sign in head for sign in "*?["):
            raise InvalidConfig(f"{pattern!r} is neither a name nor the beginning of names, such as 'orders/*'.")
        for prefix in prefixes:
            below = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
            found.append(f"{below}{head}" if head != pattern else f"{below}{head}/")
    return tuple(dict.fromkeys(found))
