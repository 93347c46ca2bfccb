"""What is to be told of, and to whom. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from election_core import Candidate, Transition

from ..as_json import transition_json
from ..text import safe
from .rules import Alert, Rule

__all__ = ["AlarmPlan", "facts_of", "inherited"]

_LONGEST = 4_000
"""Terminal cells of one fact in the environment, in which no fact may be as long as a value in etcd."""


@dataclass(frozen=True, slots=True)
class AlarmPlan:
    """Rules, and the programs that are run: the words of each, and the environment that they inherit."""

    rules: tuple[Rule, ...] = ()
    on_change: tuple[str, ...] = ()
    on_alert: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.rules or self.on_change)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Ours without what is about another election, or was set for ourselves."""
    return {
        name: text
        for name, text in environment.items()
        if not name.startswith("ELECTION_") and (name, text) != ("GRPC_VERBOSITY", "NONE")
    }


def facts_of(news: Transition | Alert) -> tuple[dict[str, str], dict[str, Any]]:
    """The facts for the environment, made harmless and cut, and as JSON, exact and whole."""
    if isinstance(news, Alert):
        facts = {
            "EVENT": "alert",
            "ALERT": news.rule.title,
            "STATE": "raised" if news.is_raised else "over",
            "NAME": news.election,
            "VALUE": news.leader or b"",
            "SAYS": news.says(),
        }
        document = news.as_json()
    else:
        facts = {"EVENT": news.kind, "NAME": news.election, "REVISION": str(news.revision), **_of(news.after)}
        facts["BEFORE"] = news.before.value if news.before is not None else b""
        document = transition_json(news.election, news)
    return {f"ELECTION_{name}": safe(fact, _LONGEST) for name, fact in facts.items()}, document


def _of(leader: Candidate | None) -> dict[str, str | bytes]:
    if leader is None:
        return {"VALUE": "", "KEY": "", "TOKEN": "", "LEASE": ""}
    token, lease = str(leader.create_revision), f"{leader.lease_id:x}"
    return {"VALUE": leader.value, "KEY": leader.key, "TOKEN": token, "LEASE": lease}
