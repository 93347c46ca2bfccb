"""Joining the line and the place in it."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS", "NOTHING_MISSED", "NO_TAKING_UP", "OWN_KEY_UNSEEN"]

_CAMPAIGN = "election_core/campaign.py"
_CANDIDACY = "election_core/shell/candidacy.py"
_CLAIMS = "election_core/shell/claims.py"
_CLEANUP = "election_core/shell/cleanup.py"
_ELECTION = "election_core/election.py"
_JOINING = "election_core/shell/joining.py"
_PLACE = "election_core/core/place.py"
_PLACE_WATCH = "election_core/shell/place_watch.py"
_RECIPE = "election_core/shell/recipe.py"

OWN_KEY_UNSEEN = Edit(_PLACE, "if event.key == own.key:", "if not event.key:")
UNGUARDED_DELETE = Edit(
    _RECIPE,
    "then=(Delete(own.key),)))",
    "then=(Delete(own.key),), otherwise=(Delete(own.key),)))",
)
ALWAYS_AGAIN = Edit(_CLEANUP, "or _has_failed(self._trying):", "or self._trying.done():")
NO_TAKING_UP = Edit(
    _RECIPE, "        (own,) = found\n", '        (own,) = found\n        raise self._lost("The key exists.", key)\n'
)
NOTHING_MISSED = Edit(_PLACE_WATCH, "if stream.revision != place.revision:", "if stream.revision < 0:")
FINE_AS_A_LEADER = Edit(
    _CANDIDACY,
    "elif not place.leads and self.state is CampaignState.LEADING:\n            raise",
    "elif place is known and self.state is CampaignState.LEADING:\n            raise",
)

MUTATIONS: tuple[Mutation, ...] = (
    mutation("H1", "a waiter looks at the key ahead alone", OWN_KEY_UNSEEN),
    mutation(
        "H1",
        "a lease that has run out is not looked at on the way to the election",
        Edit(
            _CANDIDACY,
            'if not self._holding.lease.is_alive:\n            raise LeadershipLost("The lease has run out; this',
            'if not self._holding.lease:\n            raise LeadershipLost("The lease has run out; this',
        ),
    ),
    mutation(
        "H1",
        "deadlines are a leader's thing",
        Edit(
            _CANDIDACY,
            "        self.end(CampaignState.LOST, LeadershipLost(reason.message))",
            "        if self.state is CampaignState.LEADING:\n"
            "            self.end(CampaignState.LOST, LeadershipLost(reason.message))",
        ),
    ),
    mutation(
        "H4",
        "whoever is next leads when the one ahead has left",
        Edit(_PLACE, "own, None) if self.ahead_leads else None", "own, None)"),
    ),
    mutation(
        "H8",
        "resuming builds the key from the raw prefix",
        Edit(
            _ELECTION,
            "key = candidate_key(self.root, check_lease_id(lease_id))",
            "key = candidate_key(self.root[:-1], check_lease_id(lease_id))",
        ),
    ),
    mutation(
        "H8",
        "keys have no slash",
        Edit(
            "election_core/core/names.py",
            'return root + format(lease_id, "x").encode("ascii")',
            'return root[:-1] + format(lease_id, "x").encode("ascii")',
        ),
    ),
    mutation(
        "H9",
        "an ended campaign is asked by its key alone",
        Edit(
            _CAMPAIGN,
            '        if self.error is not None:\n            raise CampaignClosed(f"The campaign has ended',
            '        if self.state is None:\n            raise CampaignClosed(f"The campaign has ended',
        ),
    ),
    mutation(
        "H10",
        "only a leader proclaims",
        Edit(
            _CAMPAIGN,
            "            await self._candidacy.write(raw)",
            "            if self.is_leader:\n                await self._candidacy.write(raw)",
        ),
    ),
    mutation(
        "H10",
        "a value is written without the lease",
        Edit(_RECIPE, "(Put(own.key, value, own.lease_id),)", "(Put(own.key, value, 0),)"),
    ),
    mutation("H11", "a key is deleted whoever it belongs to", UNGUARDED_DELETE),
    mutation("H11", "the same, by an old handle", UNGUARDED_DELETE, ALWAYS_AGAIN),
    mutation(
        "H11",
        "a candidate is known by its key",
        Edit(_PLACE, "if now is None or not now.is_same_candidate(own):", "if now is None:"),
    ),
    mutation("H12", "the own key is somebody else's", NO_TAKING_UP),
    mutation(
        "H13",
        "a session may campaign twice",
        Edit(_CLAIMS, "if any(not each.has_ended for each in line):", "if not self._lines:"),
    ),
    mutation(
        "H13",
        "an election has one key",
        Edit(
            _JOINING,
            "return candidate_key(self._recipe.root, self._holding.lease.lease_id)",
            "return self._recipe.root",
        ),
    ),
    mutation(
        "H14",
        "a leader watches its deletion alone",
        Edit(_PLACE_WATCH, "return recipe.store.watch((own,))", "return recipe.store.watch((own,), deletes_only=True)"),
    ),
    mutation("H14", "a leader does not look at its own key", OWN_KEY_UNSEEN),
    mutation(
        "H15",
        "a key without a lease is one like another",
        Edit(_CANDIDACY, "if ahead.lease_id == 0:", "if ahead.lease_id < 0:"),
    ),
    mutation(
        "H15",
        "strays where nobody campaigns are other data",
        Edit("election_core/core/strays.py", "return key.lease_id == 0 and", "return key.lease_id < 0 and"),
    ),
    mutation(
        "H15",
        "an oddity is known by its name",
        Edit(
            "election_core/core/oddities.py",
            "if parent == path and candidate.lease_id == 0:",
            "if not parent:",
        ),
    ),
    mutation(
        "H23",
        "a watch begins where the candidate joined, and so has all history",
        Edit(
            _PLACE_WATCH,
            "return recipe.store.watch((own,))",
            "return recipe.store.watch((own,), start_revision=place.own.create_revision + 1)",
        ),
        Edit(
            _PLACE_WATCH,
            "watch((KeyRange.prefix(recipe.root),), deletes_only=True)",
            "watch((KeyRange.prefix(recipe.root),), start_revision=place.own.create_revision + 1, deletes_only=True)",
        ),
        NOTHING_MISSED,
    ),
    mutation("H26", "a renewal that is answered proves the key", OWN_KEY_UNSEEN),
    mutation(
        "H27",
        "nobody asks for the lease ahead",
        Edit(
            _CAMPAIGN,
            "return ahead, await self._runtime.store.lease(ahead.lease_id) if ahead.lease_id else None",
            "return ahead, None",
        ),
    ),
    mutation(
        "H32",
        "the token is that of the last value",
        Edit(_CAMPAIGN, "return place.own.create_revision", "return place.own.mod_revision"),
    ),
    mutation(
        "H32",
        "a guard asks whether the key is there",
        Edit(
            "election_core/etcd/store.py",
            "return transactions.Create(guard.key) == guard.create_revision",
            "return transactions.Create(guard.key) > 0",
        ),
    ),
    mutation(
        "H32",
        "a guard is given whoever leads",
        Edit(
            _CAMPAIGN,
            'if not self.is_leader:\n            raise self._not_leader("guards nothing")',
            'if self.state is CampaignState.WAITING:\n            raise self._not_leader("guards nothing")',
        ),
    ),
    mutation("H49", "a leader leads whatever is read", FINE_AS_A_LEADER),
)
