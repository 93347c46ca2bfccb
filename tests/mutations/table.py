"""The mutations: for each hazard, lines that keep it away, and how they would look if somebody got them wrong."""

from __future__ import annotations

from .mutation import Mutation

__all__ = ["MUTATIONS", "NO_LINE"]

_CANDIDACY = "election_core/shell/candidacy.py"
_CLEANUP = "election_core/shell/cleanup.py"
_HOLDING = "election_core/shell/holding.py"
_JOINING = "election_core/shell/joining.py"
_KEEPALIVE = "election_core/shell/keepalive.py"
_LEASE = "election_core/shell/lease.py"
_LEASE_CLOCK = "election_core/core/lease_clock.py"
_PLACE = "election_core/core/place.py"
_PLACE_WATCH = "election_core/shell/place_watch.py"
_RECIPE = "election_core/shell/recipe.py"
_STATE = "election_core/core/state.py"
_STATES = "election_core/core/campaign_state.py"

NO_LINE: dict[str, str] = {
    "H27": "a lease that etcd does not end: nothing a client can do but say so",
}
"""Hazards that no line of this project keeps away, each with the reason."""

MUTATIONS: tuple[Mutation, ...] = (
    # A phantom leader: the waiter's own key is not looked at.
    Mutation("H1", _PLACE, "if event.key == own.key:", "if event.key == b'' + own.key + b'?':"),
    Mutation(
        "H1",
        _CANDIDACY,
        '        if not self._holding.lease.is_alive:\n            raise LeadershipLost("The lease has run out; this',
        '        if False:\n            raise LeadershipLost("The lease has run out; this',
    ),
    Mutation(
        "H2",
        _STATES,
        "**dict.fromkeys(_ENDS, frozenset[CampaignState]()),",
        "**dict.fromkeys(_ENDS, frozenset({CampaignState.LEADING})),",
    ),
    Mutation(
        "H3",
        _LEASE_CLOCK,
        "self.deadline = sent_at + remaining - margin_for(ttl)",
        "self.deadline = sent_at + 2 * remaining",
    ),
)
