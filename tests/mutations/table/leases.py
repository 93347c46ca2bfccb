"""Until when a lease lives, and what keeps it alive."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["ANY_ANSWER_IS_A_RENEWAL", "MUTATIONS"]

_CALLS = "election_core/etcd/calls.py"
_CANDIDACY = "election_core/shell/candidacy.py"
_CLOCK = "election_core/clock.py"
_KEEPALIVE = "election_core/shell/keepalive.py"
_LEASE = "election_core/shell/lease.py"
_LEASE_CLOCK = "election_core/core/lease_clock.py"
_SESSION = "election_core/shell/session.py"

TWICE_THE_TTL = Edit(_LEASE_CLOCK, "return min(ttl * _MARGIN_SHARE, _MARGIN_MAX)", "return -ttl")
LOST_WITH_THE_STREAM = Edit(
    _KEEPALIVE,
    '_log.info("The stream of renewals ended, opening another: %s", exc)',
    "[self._lose(each, str(exc)) for each in list(self._leases.values())]",
)
NO_SECOND_STREAM = Edit(_KEEPALIVE, "            await sleep(self._clock, backoff.pause())", "            return")
NO_PATIENCE = Edit(
    _KEEPALIVE,
    "        if self._clock.now() >= self._patient_until(",
    "        if self._clock.now() >= 1e9 + self._patient_until(",
)

ANY_ANSWER_IS_A_RENEWAL = Edit(_KEEPALIVE, "            if ttl <= 0:", "            if ttl < 0:")

MUTATIONS: tuple[Mutation, ...] = (
    mutation("H3", "a lease is trusted for two TTLs", TWICE_THE_TTL),
    mutation(
        "H3",
        "the margin is added",
        Edit(
            _LEASE_CLOCK,
            "return min(ttl * _MARGIN_SHARE, _MARGIN_MAX)",
            "return -min(ttl * _MARGIN_SHARE, _MARGIN_MAX)",
        ),
    ),
    mutation("H28", "a stream that ends takes its leases with it", LOST_WITH_THE_STREAM),
    mutation(
        "H29",
        "a renewal counts from its reply",
        Edit(_LEASE_CLOCK, "max(self.deadline, sent_at + ttl", "max(self.deadline, now + ttl"),
    ),
    mutation(
        "H29",
        "a grant counts from its reply",
        Edit(
            _LEASE,
            "        self.ttl = granted.granted_ttl\n",
            "        self.ttl = granted.granted_ttl\n        sent_at = self._runtime.clock.now()\n",
        ),
    ),
    mutation(
        "H30",
        "the core asks the clock itself",
        Edit(
            _LEASE_CLOCK, "from __future__ import annotations\n", "from __future__ import annotations\n\nimport time\n"
        ),
    ),
    mutation("H30", "deadlines are on the wall clock", Edit(_CLOCK, "return _now()", "return time.time()")),
    mutation(
        "H30",
        "deadlines are on a clock that sleeps with the machine",
        Edit(_CLOCK, '("CLOCK_BOOTTIME", "CLOCK_MONOTONIC")', '("CLOCK_MONOTONIC",)'),
    ),
    mutation(
        "H30",
        "deadlines are left to timers",
        Edit(_KEEPALIVE, "\n_LONGEST_NAP = 1.0\n", "\n_LONGEST_NAP = 3600.0\n"),
    ),
    mutation(
        "H31",
        "whoever was elected leads until it is told otherwise",
        Edit(
            "election_core/campaign.py",
            "return self.state is CampaignState.LEADING and self.lease_remaining > 0",
            "return self.state is CampaignState.LEADING",
        ),
    ),
    mutation("H31", "a lag is nobody's business", Edit(_KEEPALIVE, "if lag < _LEAST_LAG:", "if lag > _LEAST_LAG:")),
    mutation("H38", "a stream of renewals is opened once", NO_SECOND_STREAM),
    mutation("H38", "a renewal is waited for without a bound", NO_PATIENCE),
    mutation("H42", "a stream of renewals is opened once", NO_SECOND_STREAM),
    mutation(
        "H43",
        "a lease is kept alive by whoever thinks of it",
        Edit(_LEASE, "            self._runtime.keepalive.keep(self._kept)", "            pass"),
    ),
    mutation(
        "H43",
        "a session that is given up while it is granted is left behind",
        Edit(
            _SESSION,
            'self._runtime.tasks.start(self._undo(opening), f"revoke {self.lease_id:x}")\n',
            "self._runtime.sessions.discard(self)\n",
        ),
    ),
    mutation(
        "H45",
        "a call has no end",
        Edit(_CALLS, "timeout=timeout, metadata", "timeout=None, metadata"),
    ),
    mutation(
        "H26",
        "a renewal of a lease that is gone is one like another",
        ANY_ANSWER_IS_A_RENEWAL,
    ),
    mutation(
        "H48",
        "all pauses are alike",
        Edit("election_core/backoff.py", "return pause * uniform(0.5, 1.0)", "return pause"),
    ),
    mutation(
        "H24",
        "what was read once is known",
        Edit(
            _CANDIDACY,
            "reread_every = min(float(lease.ttl), _LONGEST_REREAD)",
            'reread_every = float("inf")',
        ),
    ),
    mutation(
        "H24",
        "places in company are never doubted",
        Edit("election_core/shell/rereads.py", "if not reread.place.is_confirmed_by(newest)]", "if newest is None]"),
    ),
    mutation(
        "H64",
        "all begin and end at once",
        Edit("election_core/shell/runtime.py", "_AT_A_TIME = 64", "_AT_A_TIME = 1_000_000"),
    ),
    mutation(
        "H64",
        "one wave waits after the other",
        Edit("election_core/shell/gate.py", "            self._gate.fail(exc)", "            pass"),
    ),
    mutation(
        "H65",
        "a relay is believed like etcd",
        Edit(_KEEPALIVE, "renewal.sent_before_at if stream.is_relay else renewal.sent_at", "renewal.sent_at"),
    ),
    mutation(
        "H65",
        "an answer belongs to the oldest renewal of any lease",
        Edit(
            _KEEPALIVE,
            "        waiting = self._by_lease.get(lease_id)",
            "        waiting = self._by_lease.get(self.oldest.lease.lease_id if self.oldest else 0)",
        ),
    ),
    mutation(
        "H65",
        "a relay is asked as often as etcd",
        Edit(_KEEPALIVE, "_RENEWALS_PER_TTL_BY_RELAY = 6", "_RENEWALS_PER_TTL_BY_RELAY = 3"),
    ),
    mutation(
        "H66",
        "a lone endpoint is given up like one of many",
        Edit(_KEEPALIVE, "_LAST_PATIENCE_SHARE = 7 / 15", "_LAST_PATIENCE_SHARE = 1 / 6"),
    ),
)
