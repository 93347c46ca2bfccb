"""What metrics tell."""

from __future__ import annotations

from ..mutation import Edit, mutation

__all__ = ["MUTATIONS"]

_LEDGER = "electiontui/metrics/ledger.py"
_COLLECTOR = "electiontui/metrics/collector.py"
_CAMPAIGNS = "election_core/metrics.py"

MUTATIONS = (
    mutation(
        "H93",
        "who led leads",
        Edit(_COLLECTOR, "_states(labelled if picture.is_fresh else [])", "_states(labelled)"),
    ),
    mutation("H93", "nothing happens while nobody looks", Edit(_LEDGER, "if 0 < passed <= FRESH:", "if 0 < passed:")),
    mutation("H93", "time goes on", Edit(_LEDGER, "if 0 < passed <= FRESH:", "if passed <= FRESH:")),
    mutation(
        "H93",
        "a campaign whose state is leading leads",
        Edit(_CAMPAIGNS, "(state is CampaignState.LEADING and not leads)", "False"),
    ),
    mutation(
        "H94",
        "names are text",
        Edit(_COLLECTOR, "labelled.setdefault(safe(name, _NAME_CELLS), account)", "labelled.setdefault(name, account)"),
    ),
    mutation(
        "H94",
        "who connects has something to say",
        Edit(
            "electiontui/metrics/server.py",
            "class _Server(ThreadingMixIn, WSGIServer):",
            "class _Server(WSGIServer):",
        ),
    ),
    mutation(
        "H94",
        "who is never silent for long comes to an end",
        Edit("electiontui/metrics/server.py", "if now >= ends_at:", "if False:"),
    ),
    mutation(
        "H94", "nobody has that many elections", Edit(_LEDGER, "if len(self.accounts) >= self._room:", "if False:")
    ),
    mutation(
        "H94",
        "a program campaigns in a few elections",
        Edit(_CAMPAIGNS, "and len(self._counts) >= self._most:", "and False:"),
    ),
)
