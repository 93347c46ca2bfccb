"""What a rule of a profile says, what it made of an election, and how that is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from ..as_json import text_json, time_json
from ..patterns import is_plain_name, matches
from ..rows import duration
from ..text import safe

__all__ = ["CONDITIONS", "HOLD", "Alert", "Condition", "Rule"]

Condition = Literal["vacant", "changes", "no-standby", "leader-changed", "leader-matches"]
CONDITIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "vacant": ((), ("longer-than",)),
    "changes": (("more-than", "within"), ()),
    "no-standby": ((), ("longer-than",)),
    "leader-changed": ((), ()),
    "leader-matches": (("leader",), ("longer-than",)),
}
"""Each condition with the keys that its rule needs and those that it may have, beside those of every rule."""
HOLD = 30.0
"""Seconds, where a rule names none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When somebody wants to be told."""

    when: Condition
    name: str = ""
    """What the user calls it; ``when`` where it is empty."""
    elections: tuple[str, ...] = ()
    """Names and patterns; none is all."""
    longer_than: float = 0.0
    """Seconds that it has to be so without a break before it is told."""
    more_than: int = 0
    """New leaders …"""
    within: float = 0.0
    """… in so many seconds."""
    leader: str = ""
    """A pattern of what the leader proclaims; a leading ``!`` turns it around."""
    hold: float = HOLD
    """Seconds that it has to be over without a break before that is told, and before it can be told anew."""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.when

    @property
    def named(self) -> tuple[str, ...]:
        """Elections that are missed where they are vacant, although etcd keeps nothing of them then."""
        return tuple(filter(is_plain_name, self.elections)) if self.when == "vacant" else ()

    def covers(self, election: str) -> bool:
        """Whether it is about this election."""
        return matches(election, self.elections)

    def holds(self, leader: bytes | None, candidates: int) -> bool:
        """Whether it is so now, for what can be seen at one moment."""
        if self.when == "vacant":
            return leader is None
        if leader is None:
            return False
        if self.when == "no-standby":
            return candidates == 1
        if self.when == "leader-matches":
            pattern = self.leader.removeprefix("!")
            value = leader.decode("utf-8", "surrogateescape")
            return matches(value, (pattern,)) is not self.leader.startswith("!")
        return False


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule came to hold for an election, or is over."""

    rule: Rule
    election: str
    is_raised: bool
    since: float
    """When it began to be so, in seconds since 1970."""
    at: float
    """When it is told, likewise."""
    leader: bytes | None
    """What the leader proclaims, ``None`` where nobody leads."""

    def says(self) -> str:
        """One sentence, harmless on a terminal."""
        return f"{safe(self.election, 100)}: {self._what()}"

    def _what(self) -> str:
        rule, length = self.rule, duration(self.at - self.since)
        who = "nobody" if self.leader is None else safe(self.leader, 60) or "somebody with an empty value"
        if not self.is_raised:
            return f"{safe(rule.title, 60)} is over after {length}; {who} leads"
        if rule.when == "vacant":
            return f"nobody leads, for {length} now"
        if rule.when == "changes":
            return f"more than {rule.more_than} new leaders within {duration(rule.within)}; {who} leads"
        if rule.when == "no-standby":
            return f"nobody waits behind {who}, for {length} now"
        if rule.when == "leader-matches":
            return f"{who} leads, which is {'not ' * self.rule.leader.startswith('!')}like {safe(rule.leader, 60)}"
        return f"{who} leads now"

    def as_json(self) -> dict[str, Any]:
        """All of it, with the election's name and the leader's value as they are."""
        return {
            "alert": self.rule.title,
            "state": "raised" if self.is_raised else "over",
            "when": self.rule.when,
            "election": text_json(self.election),
            "leader": None if self.leader is None else text_json(self.leader),
            "since": time_json(datetime.fromtimestamp(self.since, UTC)),
            "observed_at": time_json(datetime.fromtimestamp(self.at, UTC)),
            "says": self.says(),
        }
