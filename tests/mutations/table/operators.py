"""What operators do to a cluster, or leave undone, while clients run."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_MAPPING = "election_core/etcd/mapping.py"
_STORE = "election_core/etcd/store.py"
_TLS = "election_core/etcd/tls.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H71",
        "a member that failed is connected to as before",
        Edit("election_core/etcd/members.py", "        member.renew_credentials()", "        pass"),
    ),
    mutation("H71", "files are read once", Edit(_TLS, "if stamp != self._stamp:", "if not stamp:")),
    mutation(
        "H71",
        "half of a renewal is the end of it",
        Edit(
            _TLS,
            '_log.warning("The renewed TLS files are not used, but what they held before: %s", exc)',
            "raise",
        ),
    ),
    mutation(
        "H72",
        "nobody to log in with is a wrong password",
        Edit(
            _MAPPING,
            '("authentication is not enabled", AuthenticationOff,',
            '("authentication is not enabled", AuthenticationFailed,',
        ),
    ),
    mutation(
        "H72",
        "a call without a token is a wrong password",
        Edit(_MAPPING, '("user name is empty", TokenRefused,', '("user name is empty", AuthenticationFailed,'),
    ),
    mutation(
        "H72",
        "each call asks whether a token is needed by now",
        Edit("election_core/etcd/tokens.py", "if self._token is None:", "if not self._token:"),
    ),
    mutation(
        "H72",
        "a stream that wants a user is opened again and again",
        Edit(
            "election_core/etcd/stream.py",
            "kind = Unavailable if self._caller.has_login else AuthenticationFailed",
            "kind = Unavailable",
        ),
    ),
    mutation(
        "H73",
        "what etcd refuses while it is full cannot be done",
        Edit(_STORE, "if txn.otherwise or len(deletes) < len(txn.then):", "if deletes:"),
    ),
    mutation(
        "H73",
        "where nobody can write no key is newer",
        Edit(_STORE, "if create_revision != guard.create_revision:", "if not guard.create_revision:"),
    ),
    mutation(
        "H82",
        "whoever has the key by now is evicted",
        Edit(
            "election_core/shell/recipe.py",
            "Txn(Guard(own.key, own.create_revision), then=(Delete(own.key),))",
            'Txn(Guard(b"\\0", 0), then=(Delete(own.key),))',
        ),
    ),
    mutation(
        "H83",
        "who leads goes first",
        Edit("electiontui/commands/drain_plan.py", "tuple(reversed(going))", "tuple(going)"),
    ),
    mutation(
        "H83",
        "an election may be left without anybody",
        Edit(
            "electiontui/commands/draining.py",
            "if move.leaves_it_vacant and not how.allow_vacant:",
            "if move.leaves_it_vacant and how.dry_run:",
        ),
    ),
    mutation(
        "H83",
        "who was next when it was planned is taken to be there still",
        Edit(
            "electiontui/commands/draining.py",
            "if not how.allow_vacant and would_leave_it_vacant(line, move.going, pattern):",
            "if not line:",
        ),
    ),
    mutation(
        "H83",
        "what was begun is called planned until it is done",
        Edit(
            "electiontui/commands/draining.py",
            'result.status, result.note = "interrupted", "some may be out; look who is in line"',
            'result.note = "some may be out; look who is in line"',
        ),
    ),
    mutation(
        "H84",
        "a read-only client has the whole store",
        Edit("election_core/client.py", "ReadOnlyStore(store) if read_only else store", "store"),
    ),
    mutation(
        "H84",
        "transactions go through",
        Edit(
            "election_core/read_only.py",
            '        self._refuse("write keys")',
            "        return await self._inner.txn(txn)",
        ),
    ),
)
