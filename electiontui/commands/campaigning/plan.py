"""What a campaign on the command line is to do, and the arithmetic of its seconds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["LEADERSHIP_LOST", "Plan", "check_grace", "default_grace", "environment_of", "longest_grace"]

LEADERSHIP_LOST = 5
"""Exit code of ``--once`` after a loss."""

_RENEWAL_SHARE = 0.4
"""Of the TTL: a renewal is due after a third of it, and may be a little late."""
_LONGEST_DEFAULT = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign as it was asked for."""

    name: str
    value: str
    ttl: int
    """Seconds that the lease lives without renewal."""
    grace: float
    """Seconds between TERM and KILL."""
    once: bool = False
    """Whether the first loss is the end."""
    on_lost: str | None = None
    """A line for the shell to run after each loss."""
    command: Sequence[str] = ()
    """What runs only while leading; nothing where leading is all."""
    form: str = "simple"
    """``simple`` or ``jsonl``."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What CMD has beside the election."""


def safety(ttl: float) -> float:
    """Seconds before etcd's earliest expiry at which the library takes a lease for dead."""
    return min(ttl * 0.1, 1.0)


def longest_grace(ttl: float) -> float:
    """The most of a lease's seconds that CMD can have for its end."""
    return round(ttl - safety(ttl) - ttl * _RENEWAL_SHARE, 3)


def default_grace(ttl: float) -> float:
    """What is taken where no grace is given."""
    return min(_LONGEST_DEFAULT, longest_grace(ttl) / 2)


def check_grace(ttl: int, grace: float) -> None:
    """See that CMD can be dead before its lease is.

    Raises:
        ValueError: the grace does not fit the TTL.
    """
    longest = longest_grace(ttl)
    if grace > longest:
        needed = next(each for each in range(ttl, 100 * ttl + int(4 * grace) + 4) if longest_grace(each) >= grace)
        raise ValueError(
            f"--grace {grace:g}s does not fit --ttl {ttl}: of the {ttl} s that a lease lives, {safety(ttl):g} s are for"
            f" safety and {ttl * _RENEWAL_SHARE:g} s for the next renewal, which leaves {longest:g} s for CMD to end."
            f" Give --grace {longest:g}s or less, or --ttl {needed} or more."
        )


def environment_of(plan: Plan, *, key: str, token: int, lease: int) -> dict[str, str]:
    """The environment of CMD, and of what runs after a loss."""
    return {
        **plan.environment,
        "ELECTION_NAME": plan.name,
        "ELECTION_KEY": key,
        "ELECTION_TOKEN": str(token),
        "ELECTION_LEASE": format(lease, "x"),
        "ELECTION_VALUE": plan.value,
    }
