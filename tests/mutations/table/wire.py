"""Members, streams, tokens."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation
from .campaigns import OWN_KEY_UNSEEN

__all__ = ["MUTATIONS"]

_CALLS = "election_core/etcd/calls.py"
_MAPPING = "election_core/etcd/mapping.py"
_MEMBER = "election_core/etcd/member.py"
_MEMBERS = "election_core/etcd/members.py"
_RESOLVER = "election_core/etcd/resolver.py"
_STORE = "election_core/etcd/store.py"
_STREAM = "election_core/etcd/stream.py"
_WATCHES = "election_core/etcd/watches.py"
_WATCH_CALL = "election_core/etcd/watch_call.py"
_WATCH_IDS = "election_core/etcd/watch_ids.py"
_HISTORY = "election_core/etcd/history.py"
_PLACE_WATCH = "election_core/shell/place_watch.py"
_SHARED_WATCH = "election_core/shell/shared_watch.py"
_TOKENS = "election_core/etcd/tokens.py"

NO_REQUIRED_LEADER = Edit(
    _STREAM, "self._call = method(metadata=metadata + _REQUIRE_LEADER)", "self._call = method(metadata=metadata)"
)
NO_REREADING = Edit(
    "election_core/shell/candidacy.py",
    "reread_every = min(float(lease.ttl), _LONGEST_REREAD)",
    'reread_every = float("inf")',
)
NOBODY_TOLD = Edit(_MEMBERS, "        if silent_since is not None:\n", "        if silent_since == 0:\n")
CANCELED_UNSEEN = Edit(
    _WATCH_CALL,
    "        if message.canceled or message.compact_revision:\n            creation",
    "        if message.compact_revision:\n            creation",
)
GOES_BACK_UNSEEN = Edit(_HISTORY, "if header.revision < revision and", "if header.revision < 0 and")
ALWAYS_THE_SAME_MEMBER = Edit(
    _MEMBERS, "if self.all[self._preferred] is member:", "if self.all[self._preferred] is None:"
)
DENIED_FOR_GOOD = Edit(_WATCHES, "_TOKENS_PER_WATCH = 5", "_TOKENS_PER_WATCH = 1")
TOKENS_KEPT_BY_STREAMS = Edit(
    _STREAM, "            self._caller.forget_token(self._metadata)\n            kind", "            kind"
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
        Edit(_MEMBER, '("grpc.keepalive_timeout_ms", 5_000)', '("grpc.keepalive_timeout_ms", 60_000)'),
        Edit(_MEMBER, '("grpc.http2.ping_timeout_ms", 5_000)', '("grpc.http2.ping_timeout_ms", 60_000)'),
    ),
    mutation(
        "H76",
        "gRPC looks names up",
        Edit(_MEMBER, "target = str(Endpoint(self.address, self.name.port))", "target = str(self.name)"),
    ),
    mutation(
        "H76",
        "a name that is looked up is waited for",
        Edit(
            _MEMBERS,
            "        self._names.look_up()\n        if not",
            "        self._names.look_up()\n        await self.everybody(within)\n        if not",
        ),
    ),
    mutation("H76", "each client has a thread", Edit(_RESOLVER, "is_new = host not in self._asking", "is_new = True")),
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
        Edit(_TOKENS, "if time.monotonic() - self._asked_at > _RENEW_AFTER:", "if not self._token:"),
    ),
    mutation("H34", "a call goes on with the token that was refused", TOKENS_KEPT_BY_CALLS),
    mutation("H34", "a refusal looks like a watch that is silent", CANCELED_UNSEEN),
    mutation("H34b", "a stream of renewals goes on with the token that was refused", TOKENS_KEPT_BY_STREAMS),
    mutation(
        "H35",
        "a refusal is for the watch whose id it carries",
        Edit(
            _WATCH_CALL,
            "            creation.watch.fail(self._refusal(message))\n",
            "            self._watches.get(message.watch_id, creation.watch).fail(self._refusal(message))\n",
        ),
        Edit(_WATCH_IDS, "_BEFORE_FIRST = 1 << 32", "_BEFORE_FIRST = -1"),
    ),
    mutation(
        "H35",
        "the watch that came first is the one that is refused",
        Edit(
            _WATCH_CALL,
            "        watch = self._watches.pop(message.watch_id, None)\n",
            "        watch = self._watches.pop(min(self._watches), None)\n",
        ),
    ),
    mutation(
        "H35",
        "whatever id an answer carries is taken",
        Edit(_WATCH_IDS, "            return given == chosen\n", "            return True\n"),
    ),
    mutation(
        "H36",
        "the answer for a watch that was left is the next one's",
        Edit(
            "election_core/etcd/creations.py",
            "        return self._unanswered.popleft() if self._unanswered else None\n",
            "        while len(self._unanswered) > 1 and self._unanswered[0].watch.is_over:\n"
            "            self._unanswered.popleft()\n"
            "        return self._unanswered.popleft() if self._unanswered else None\n",
        ),
        Edit(_WATCH_IDS, "            return given == chosen\n", "            return True\n"),
    ),
    mutation(
        "H36",
        "whatever is created next is cancelled, without a word",
        Edit(_WATCH_IDS, "self._chosen = _Chosen.BY_WHOM_IS_UNKNOWN", "self._chosen = _Chosen.BY_US"),
        Edit(
            _WATCH_CALL,
            "            self._outbox.put_nowait(unwatch_request(watch_id))\n            return\n",
            "            self._outbox.put_nowait(unwatch_request(watch_id + 1))\n            return\n",
        ),
        Edit(
            _WATCH_CALL,
            "            watch.fail(self._refusal(message))\n            self.leave(watch)\n\n    def _tell",
            "            pass\n\n    def _tell",
        ),
    ),
    mutation(
        "H36",
        "a watch that was left while it was created holds up all others",
        Edit(
            _WATCH_CALL,
            "        self._creations.send()\n\n    def _created",
            "        if not creation.watch.is_over:\n            self._creations.send()\n\n    def _created",
        ),
    ),
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
            "        newest = await self.store.read(self._newest(own))\n",
            "        newest = self._newest(own)\n"
            "        reading = Txn(Guard(own.key, own.create_revision), (newest, self._oldest_two, no_younger))\n"
            "        result = await self.store.txn(reading)\n"
            "        newest = Snapshot(result.revision, result.reads[0], None)\n",
        ),
    ),
    mutation(
        "H53",
        "many places are read with a transaction that only reads",
        Edit("election_core/store.py", "all(isinstance(op, Read) for op in self.then + self.otherwise)", "False"),
        Edit("election_core/shell/rereads.py", "Guard(root, -1), then=(Delete(root),)", "Guard(root, -1), then=()"),
    ),
    mutation("H54", "revisions only ever grow", GOES_BACK_UNSEEN),
    mutation(
        "H55",
        "revisions only ever grow, and so whoever has seen more knows more",
        GOES_BACK_UNSEEN,
        Edit(_PLACE_WATCH, "if stream.revision != place.revision:", "if stream.revision > place.revision:"),
    ),
    mutation(
        "H55",
        "a candidate that is newer than the line is not in it yet",
        Edit(_SHARED_WATCH, "member.rewinds < self._recipe.store.rewinds", "False"),
    ),
    mutation(
        "H56",
        "who knows less was restored",
        Edit(
            _HISTORY,
            "            self.revision = header.revision\n\n    @property",
            "            self.revision = header.revision\n"
            "        elif 0 < header.revision < self.revision:\n"
            "            self._begin_again(header, 'it is less')\n\n    @property",
        ),
    ),
    mutation(
        "H56",
        "all answers are of one cluster",
        Edit(_HISTORY, "            if self.cluster_id:\n", "            if False:\n"),
    ),
    mutation(
        "H57",
        "whoever owes an answer is silent",
        Edit(
            _WATCH_CALL,
            "            self._ask_for_revision()\n        self._asked_at = now if",
            "            pass\n        self._asked_at = now if",
        ),
    ),
    mutation("H57", "a proxy is a member", Edit(_WATCH_CALL, "is_relay = self._ids.are_theirs", "is_relay = False")),
    mutation(
        "H57",
        "a proxy is never silent",
        Edit(
            _WATCH_CALL,
            "            self._caller.members.suspect(self._member, silent_since=now - patience)\n            return\n",
            "            if not self._member.is_relay:\n"
            "                self._caller.members.suspect(self._member, silent_since=now - patience)\n"
            "                return\n",
        ),
    ),
    mutation(
        "H58", "each watch has a stream of its own", Edit(_WATCHES, "if member.shared_watches is None:", "if True:")
    ),
    mutation(
        "H58",
        "a monitor is on the stream that campaigns wait on",
        Edit(
            "election_core/monitor.py", "self._machines[-1], reads, wide=True", "self._machines[-1], reads, wide=False"
        ),
    ),
    mutation(
        "H58",
        "a server is read from, whether anybody takes what it says or not",
        Edit(_WATCH_CALL, "            await watch.room()", "            pass"),
    ),
    mutation(
        "H58",
        "everything is kept for whoever does not read",
        Edit("election_core/etcd/watch.py", "return self._size > _ROOM", "return self._size < 0"),
    ),
)
