"""Pauses between tries."""

from __future__ import annotations

from election_core.backoff import Backoff


def test_pauses_grow_are_random_and_capped() -> None:
    pauses = []
    for _ in range(50):
        backoff = Backoff(first=0.1, last=1.0)
        pauses.append([backoff.pause() for _ in range(6)])
    for position, most in enumerate((0.1, 0.2, 0.4, 0.8, 1.0, 1.0)):
        seen = [each[position] for each in pauses]
        assert most / 2 <= min(seen) < max(seen) <= most
        assert len(set(seen)) > 40, "many clients would come back as one"


def test_a_success_begins_anew() -> None:
    backoff = Backoff(first=0.1, last=1.0)
    for _ in range(5):
        backoff.pause()
    backoff.reset()
    assert backoff.pause() <= 0.1
