"""Members, streams, tokens."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation
from .campaigns import OWN_KEY_UNSEEN

__all__ = ["MUTATIONS"]

_CALLS = "election_core/etcd/calls.py"
_MAPPING = "election_core/etcd/mapping.py"
_MEMBERS = "election_core/etcd/members.py"
_STORE = "election_core/etcd/store.py"
_STREAM = "election_core/etcd/stream.py"
_WATCHES = "election_core/etcd/watches.py"
_TOKENS = "election_core/etcd/tokens.py"

NO_REQUIRED_LEADER = Edit(
    _STREAM, "self._call = method(metadata=metadata + _REQUIRE_LEADER)", "self._call = method(metadata=metadata)"
)
NO_REREADING = Edit(
    "election_core/shell/candidacy.py",
    "reread_every = min(float(lease.ttl), _LONGEST_REREAD)",
    'reread_every = float("inf")',
)
ONE_STREAM_FOR_ALL = Edit(
    _STREAM,
    "self._call = method(metadata=metadata + _REQUIRE_LEADER)",
    'self._call = member.__dict__.setdefault(f"{method}", method(metadata=metadata + _REQUIRE_LEADER))',
)
NOBODY_TOLD = Edit(_MEMBERS, "        if silent_since is not None:\n", "        if silent_since == 0:\n")
CANCELED_UNSEEN = Edit(_WATCHES, "        if response.canceled:", "        if response.canceled and response.events:")
ALWAYS_THE_SAME_MEMBER = Edit(
    _MEMBERS, "self._preferred = (self._preferred + 1) % len(self.all)", "self._preferred %= len(self.all)"
)
DENIED_FOR_GOOD = Edit(_WATCHES, "_TOKENS_PER_WATCH = 5", "_TOKENS_PER_WATCH = 1")
TOKENS_KEPT_BY_STREAMS = Edit(
    _STREAM, "            self._caller.forget_token(self._metadata)\n            return", "            return"
)
TOKENS_KEPT_BY_CALLS = Edit(
    _CALLS, "                self.forget_token(metadata)\n                if", "                if"
)
OLD_TOKEN_UNKNOWN = Edit(
    _MAPPING, '("invalid auth token", TokenRefused,', '("invalid auth token", AuthenticationFailed,'
)

MUTATIONS: tuple[Mutation, ...] = (
    mutation("H17", "a watch that was cancelled is silent", CANCELED_UNSEEN),
    mutation("H21", "streams ask for no leader", NO_REQUIRED_LEADER),
    mutation(
        "H21",
        "streams ask for no leader, and what one finds out is its own affair",
        NO_REQUIRED_LEADER,
        NOBODY_TOLD,
        NO_REREADING,
    ),
    mutation("H22", "a member that failed is asked again", ALWAYS_THE_SAME_MEMBER),
    mutation(
        "H22",
        "a call has no end",
        Edit(_CALLS, "timeout=timeout, metadata", "timeout=None, metadata"),
    ),
    mutation(
        "H22",
        "what one stream finds out is its own affair, and gRPC's pings take their time",
        NOBODY_TOLD,
        NO_REREADING,
        Edit(_MEMBERS, '("grpc.keepalive_timeout_ms", 5_000)', '("grpc.keepalive_timeout_ms", 60_000)'),
        Edit(_MEMBERS, '("grpc.http2.ping_timeout_ms", 5_000)', '("grpc.http2.ping_timeout_ms", 60_000)'),
    ),
    mutation("H25", "a key is taken for there until a renewal says otherwise", OWN_KEY_UNSEEN),
    mutation(
        "H25",
        "whoever has lost once leads no more",
        Edit(
            "election_core/election.py",
            "return campaign.state is CampaignState.LOST",
            "return campaign.state is CampaignState.FAILED",
        ),
    ),
    mutation(
        "H25",
        "a bug is in its release, and in no other",
        Edit("election_core/core/known_bugs.py", "return version < fixed\n", "return version == fixed\n"),
    ),
    mutation(
        "H33",
        "a denied watch is denied for good",
        DENIED_FOR_GOOD,
    ),
    mutation("H33", "a token that has expired is a wrong password", OLD_TOKEN_UNKNOWN),
    mutation(
        "H33",
        "a token is used until it is refused",
        Edit(_TOKENS, "elif time.monotonic() - self._asked_at > _RENEW_AFTER:", "elif not self._token:"),
    ),
    mutation("H34", "a call goes on with the token that was refused", TOKENS_KEPT_BY_CALLS),
    mutation("H34", "a refusal looks like a watch that is silent", CANCELED_UNSEEN),
    mutation("H34b", "a stream of renewals goes on with the token that was refused", TOKENS_KEPT_BY_STREAMS),
    mutation("H35", "all watches are on one stream", ONE_STREAM_FOR_ALL),
    mutation("H36", "all watches are on one stream", ONE_STREAM_FOR_ALL),
    mutation("H37", "a watch that was cancelled is silent", CANCELED_UNSEEN),
    mutation(
        "H39",
        "users and roles stay as they are",
        Edit(_MAPPING, '"revision in header is old"', '"revision in header is new"'),
        Edit(_MAPPING, '"revision of auth store is old"', '"revision of auth store is new"'),
    ),
    mutation(
        "H50",
        "a line is read from the whole key space",
        Edit(
            "election_core/shell/recipe.py",
            "self._everybody = KeyRange.prefix(root)",
            'self._everybody = KeyRange.prefix(b"")',
        ),
    ),
    mutation(
        "H53",
        "a transaction that cannot write is sent",
        Edit("election_core/store.py", "all(isinstance(op, Read) for op in self.then + self.otherwise)", "False"),
    ),
    mutation(
        "H53",
        "a place in line is read with a transaction",
        Edit("election_core/store.py", "all(isinstance(op, Read) for op in self.then + self.otherwise)", "False"),
        Edit(
            "election_core/shell/recipe.py",
            '        newest = await self.store.read(no_younger._replace(order="newest", limit=NEWEST))\n',
            "        newest = no_younger._replace(order='newest', limit=NEWEST)\n"
            "        reading = Txn(Guard(own.key, own.create_revision), (newest, self._oldest_two, no_younger))\n"
            "        result = await self.store.txn(reading)\n"
            "        newest = Snapshot(result.revision, result.reads[0], None)\n",
        ),
    ),
)
