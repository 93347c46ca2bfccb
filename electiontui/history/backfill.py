"""What etcd's own history tells of the time before: the order of terms, without their times."""

from __future__ import annotations

from collections.abc import Sequence

from election_core import Client, utc_now

from .paths import path_of, raw
from .writer import Change, Found, Message

__all__ = ["backfill"]


async def backfill(client: Client, prefixes: Sequence[str], kept: Sequence[int]) -> tuple[int, list[Message]]:
    """etcd's newest revision, and what is to be written of the time that the file does not know.

    Args:
        client: asks etcd.
        prefixes: what is watched.
        kept: for each of them the revision up to which the file knows everything; where they are missing, nothing.

    Raises:
        ElectionError: etcd cannot be asked.
    """
    newest, messages = 0, list[Message]()
    for number, prefix in enumerate(prefixes):
        known = kept[number] if kept else 0
        past = await client.past(prefix, since=known)
        newest = max(newest, past.revision)
        base = prefix[: prefix.rfind("/") + 1]
        if past.since > known and past.until > past.since:
            leaders = {path_of(base, name): leader for name, leader in past.leaders.items()}
            messages.append(Found([raw(prefix)], leaders, past.since, utc_now()))
        messages += [
            Change(path_of(base, transition.election), transition, untimed=True) for transition in past.transitions
        ]
    return newest, messages
