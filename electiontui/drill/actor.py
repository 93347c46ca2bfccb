"""One candidate and what it does when told to, in whichever process; everything it says is ready for JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from election_core import Campaign, Candidate, CandidateGone, Client, ElectionError, Unavailable

__all__ = ["ACCEPTED", "REFUSED", "UNREACHABLE", "Actor", "Tell"]

Tell = Callable[[dict[str, Any]], None]

ACCEPTED, REFUSED, UNREACHABLE = "accepted", "refused", "unreachable"
"""What becomes of a guarded write."""


class Actor:
    """Campaigns in one election with a client of its own.

    ``tell`` is called with ``{"event": "elected" | "failed", "at": …, "key": hex, …}``, at once when it happens; times
    are of the monotonic clock, which all processes of a machine share.
    """

    # The mutable state: the campaign, and what its client was when it was last elected.

    def __init__(self, client: Client, *, name: str, prefix: str, ttl: int, tell: Tell) -> None:
        self._election = client.election(name, ttl=ttl, prefix=prefix)
        self._tell = tell
        self._campaign: Campaign | None = None
        self._elected: Candidate | None = None

    async def do(self, verb: str, value: str | None) -> Any:
        """Carry a step out.

        Raises:
            ElectionError: it could not be done.
        """
        done: Any = _VERBS[verb](self, value)
        return await done if isinstance(done, Awaitable) else done

    def _begin(self, value: str | None) -> dict[str, Any]:
        if self._campaign is not None and not self._campaign.state.is_terminal:
            raise ElectionError("It campaigns already; have it leave the line first.")
        campaign = self._campaign = self._election.campaign(value or "")
        campaign.on("elected", lambda: self._is_elected(campaign))
        campaign.on("error", lambda error: self._has_failed(campaign, error))
        return {"key": campaign.key.hex(), "lease": campaign.lease_id}

    def _is_elected(self, campaign: Campaign) -> None:
        at, token = monotonic(), campaign.fencing_token
        self._elected = Candidate(campaign.key, campaign.value, campaign.lease_id, token, token)
        self._tell({"event": "elected", "at": at, "key": campaign.key.hex(), "token": token})

    def _has_failed(self, campaign: Campaign, error: ElectionError) -> None:
        at = monotonic()
        self._tell({"event": "failed", "at": at, "key": campaign.key.hex(), "says": str(error)})

    def _current(self) -> Campaign:
        if self._campaign is None:
            raise ElectionError("It does not campaign; a step campaign has to come first.")
        return self._campaign

    async def _write(self) -> str:
        """A write with the token of its last term, whatever it knows by now, as of work that does not stop."""
        if self._elected is None:
            raise ElectionError("It was never elected, so it has no token to write with.")
        try:
            await self._election.proclaim_for(self._elected, self._current().value)
        except CandidateGone:
            return REFUSED
        except Unavailable:
            return UNREACHABLE
        return ACCEPTED


_VERBS: dict[str, Callable[[Actor, str | None], Any]] = {
    "campaign": Actor._begin,
    "proclaim": lambda self, value: self._current().proclaim(value or ""),
    "resign": lambda self, _: self._current().resign(),
    "abandon": lambda self, _: self._current().abandon(),
    "write": lambda self, _: self._write(),
}
