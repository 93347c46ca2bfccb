"""From a campaign's start to its one end, and what is left behind."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_CAMPAIGN = "election_core/campaign.py"
_CANDIDACY = "election_core/shell/candidacy.py"
_CLEANUP = "election_core/shell/cleanup.py"
_CLIENT = "election_core/client.py"
_JOINING = "election_core/shell/joining.py"
_LEASE = "election_core/shell/lease.py"
_SESSION = "election_core/shell/session.py"
_STATES = "election_core/core/campaign_state.py"

REVIVAL = Edit(
    _STATES,
    "**dict.fromkeys(_ENDS, frozenset[CampaignState]()),",
    "**dict.fromkeys(_ENDS, frozenset({CampaignState.LEADING})),",
)
CLEAN_UP_FIRST = Edit(
    _CAMPAIGN,
    "            self._candidacy.end(CampaignState.RESIGNED, reason)\n            await self._candidacy.clean()",
    "            await self._candidacy.clean()\n            self._candidacy.end(CampaignState.RESIGNED, reason)",
)
NO_CLEAN_UP_AFTER_FAILURES = Edit(
    _CANDIDACY, "if state is not CampaignState.ABANDONED:", "if state is CampaignState.RESIGNED:"
)
NEVER_AGAIN = Edit(_CLEANUP, "if self._trying is None or _has_failed(self._trying):", "if self._trying is None:")
NOT_BY_ITSELF = Edit(
    _CLEANUP, "if _has_failed(task) and self._holding.may_be_left:", "if not task.done() and self._holding.may_be_left:"
)
STAYS_IN_LINE = Edit(
    _CAMPAIGN,
    'self._runtime.tasks.start(self._leave(), f"withdrawing',
    'self._runtime.tasks.start(asyncio.sleep(0), f"withdrawing',
)
LATER_CALLBACKS = Edit(
    "election_core/shell/callbacks.py",
    "                self.call(event, callback, *args)",
    "                asyncio.get_running_loop().call_soon(lambda each=callback: self.call(event, each, *args))",
)

MUTATIONS: tuple[Mutation, ...] = (
    mutation("H2", "the state says resigned only once the clean-up is done", CLEAN_UP_FIRST),
    mutation("H5", "a terminal state can be left", REVIVAL),
    mutation(
        "H5",
        "a late answer revives the lease",
        Edit("election_core/core/lease_clock.py", "if now >= self.deadline:", "if now < sent_at:"),
    ),
    mutation(
        "H5",
        "whoever waits is told of a loss that the campaign does not know of",
        Edit(
            _CANDIDACY,
            'self.end(CampaignState.LOST, LeadershipLost("The lease has run out; stop the work,',
            'raise (LeadershipLost("The lease has run out; stop the work,',
        ),
    ),
    mutation("H6", "only a resignation cleans up", NO_CLEAN_UP_AFTER_FAILURES),
    mutation("H6", "whoever is cancelled while it waits stays in line", STAYS_IN_LINE),
    mutation("H75", "whoever is cancelled while it waits stays in line", STAYS_IN_LINE),
    mutation(
        "H75",
        "awaiting a campaign is waiting for it",
        Edit(_CAMPAIGN, "return self._wait_or_withdraw().__await__()", "return self.wait().__await__()"),
    ),
    mutation(
        "H75",
        "whoever waits no more wants no more",
        Edit(
            _CAMPAIGN,
            "        await self._candidacy.settled.wait()\n",
            "        try:\n            await self._candidacy.settled.wait()\n"
            "        except asyncio.CancelledError:\n            await self._leave()\n            raise\n",
        ),
    ),
    mutation("H7", "resigning is done once, well or badly", NEVER_AGAIN),
    mutation("H7", "a clean-up that failed is the program's affair", NOT_BY_ITSELF),
    mutation(
        "H40",
        "whoever waits is told of elections alone",
        Edit(
            _CANDIDACY,
            "        self._holding.stop(error)\n        self.settled.set()",
            "        self._holding.stop(error)",
        ),
    ),
    mutation(
        "H40",
        "whoever waits after the end is told nothing",
        Edit(
            _CAMPAIGN,
            "        if self.error is not None:\n            raise self.error.fresh()\n        return self\n",
            "        return self\n",
        ),
    ),
    mutation(
        "H40",
        "a callback's failure is the campaign's",
        Edit(
            "election_core/shell/callbacks.py",
            "            self._report(event, callback, exc)\n        finally:",
            "            raise\n        finally:",
        ),
    ),
    mutation("H43", "whoever is cancelled while it waits stays in line", STAYS_IN_LINE),
    mutation(
        "H44",
        "a body is not told of the loss",
        Edit(
            _CAMPAIGN,
            "        if self._body is not None:\n            self._body.interrupt()",
            "        if self._body is None:\n            return",
        ),
    ),
    mutation(
        "H44",
        "the block is left while its body goes on",
        Edit(
            _CAMPAIGN,
            "            async with asyncio.timeout(timeout):\n                await body.left.wait()",
            "            async with asyncio.timeout(timeout):\n                await asyncio.sleep(0)",
        ),
    ),
    mutation(
        "H45",
        "whoever is cancelled leaves without a word",
        Edit(
            _CAMPAIGN,
            "        interrupted = body is not None and await body.leave(kind)\n        await self._leave()",
            "        interrupted = body is not None and await body.leave(kind)",
        ),
        Edit(_CLIENT, "for each in tuple(runtime.campaigns))", "for each in tuple(runtime.campaigns)[:0])"),
        Edit(_CLIENT, "(runtime.sessions, runtime.subscriptions)", "(runtime.subscriptions,)"),
        NO_CLEAN_UP_AFTER_FAILURES,
    ),
    mutation("H46", "callbacks are called by and by", LATER_CALLBACKS),
    mutation(
        "H47",
        "a ttl is passed on as it is",
        Edit(
            "election_core/core/names.py",
            "not isinstance(ttl, int) or not 1 <= ttl <= MAX_TTL:",
            "not isinstance(ttl, int | float):",
        ),
    ),
    mutation(
        "H47",
        "the lease lives as long as it was asked for",
        Edit(
            _LEASE,
            "LeaseClock(granted.granted_ttl, remaining=granted.remaining,",
            "LeaseClock(self.ttl, remaining=self.ttl,",
        ),
        Edit(_LEASE, "        self.ttl = granted.granted_ttl\n", ""),
    ),
    mutation("H51", "a lease that is gone is the end", Edit(_JOINING, "\n_LEASES = 3\n", "\n_LEASES = 1\n")),
    mutation("H51", "leases are tried for ever", Edit(_JOINING, "\n_LEASES = 3\n", "\n_LEASES = 1_000\n")),
    mutation(
        "H52",
        "a cancellation reaches the clean-up",
        Edit(_CLEANUP, "        await asyncio.wait({trying})\n", "        await trying\n"),
    ),
    mutation(
        "H52",
        "leaving a session can be cancelled",
        Edit(
            _SESSION,
            'await asyncio.shield(self._runtime.tasks.start(self._close(), f"revoke {self.lease_id:x}"))',
            "await self._close()",
        ),
    ),
)
