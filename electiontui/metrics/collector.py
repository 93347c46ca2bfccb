"""The metrics of a view, made when they are asked for; only here are their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from .. import __version__
from ..text import safe
from .following import Picture
from .ledger import Account

__all__ = ["ViewCollector"]

_LEADER_CELLS = 200
"""Of what a leader proclaims, which may be a megabyte."""
_NAME_CELLS = 500
"""Of a name, which is in each of an election's series, and may be as long."""


class ViewCollector(Collector):
    """What is known of the elections of a view, and how well it is known.

    What is only true while etcd is watched (who leads, who waits) is left out while it is not; what was counted stays.
    """

    def __init__(self, picture: Callable[[], Picture]) -> None:
        """``picture``: what is known now; it is called in the thread of whoever asks."""
        self._picture = picture

    def describe(self) -> Iterable[Metric]:
        return [*_elections([], 0.0), *_states([]), *_view(_NOTHING)]

    def collect(self) -> Iterator[Metric]:
        picture = self._picture()
        labelled, alike = _labelled(picture.accounts)
        yield from _elections(labelled, picture.watched)
        yield from _states(labelled if picture.is_fresh else [])
        yield from _view(picture._replace(cut=picture.cut + alike))


_BY = ["election"]
_NOTHING = Picture(False, [], 0, 0, 0.0, 0.0, [])
_Labelled = Sequence[tuple[str, Account]]


def _labelled(accounts: _Labelled) -> tuple[_Labelled, int]:
    """By labels that are text, each of them once, and how many had to be left out for that.

    One label that is no UTF-8, or without end, or a series that is there twice, would cost the whole answer.
    """
    labelled: dict[str, Account] = {}
    for name, account in accounts:
        labelled.setdefault(safe(name, _NAME_CELLS), account)
    return [(name, labelled[name]) for name in sorted(labelled)], len(accounts) - len(labelled)


_Series = Iterator[tuple[str, float]]


def _family(metric: Metric, series: _Series, suffix: str = "") -> Metric:
    """With a sample for each election and its value, made when it is told.

    As a list they would be so many objects at once that the garbage collector halts all threads to look at everything.
    """
    name = metric.name + suffix
    return _with(metric, (Sample(name, {"election": label}, value) for label, value in series))


def _with(metric: Metric, samples: Iterator[Sample]) -> Metric:
    metric.samples = cast("list[Sample]", samples)
    return metric


def _elections(labelled: _Labelled, watched: float) -> Iterator[Metric]:
    """What was counted."""
    yield _family(
        CounterMetricFamily("election_leader_changes", "Terms that were seen to begin.", labels=_BY),
        ((name, account.changes) for name, account in labelled),
        "_total",
    )
    yield _family(
        CounterMetricFamily("election_vacant_seconds", "Time without a leader, while it was watched.", labels=_BY),
        ((name, account.vacant_seconds(watched)) for name, account in labelled),
        "_total",
    )


def _states(labelled: _Labelled) -> Iterator[Metric]:
    """What holds now."""
    yield _family(
        GaugeMetricFamily(
            "election_has_leader",
            "1 where somebody leads, 0 where nobody does; absent while that is unknown.",
            labels=_BY,
        ),
        ((name, account.leader is not None) for name, account in labelled),
    )
    yield _family(
        GaugeMetricFamily("election_candidates", "Candidates in line, the leader included.", labels=_BY),
        ((name, account.candidates) for name, account in labelled),
    )
    yield _family(
        GaugeMetricFamily(
            "election_blocked",
            "1 where the leader's key has no lease: it never expires, and nobody else can be elected.",
            labels=_BY,
        ),
        ((name, account.leader is not None and not account.leader.lease_id) for name, account in labelled),
    )
    led = [(name, account.leader, account.since) for name, account in labelled if account.leader is not None]
    yield _with(
        InfoMetricFamily("election_leader", "What the leader proclaims.", labels=_BY),
        (
            Sample("election_leader_info", {"election": name, "leader": safe(leader.value, _LEADER_CELLS)}, 1)
            for name, leader, _ in led
        ),
    )
    yield _family(
        GaugeMetricFamily(
            "election_leader_since_timestamp_seconds",
            "When the leader's term began; absent where that was not seen.",
            labels=_BY,
        ),
        ((name, since) for name, _, since in led if since is not None),
    )
    yield _family(
        GaugeMetricFamily("election_fencing_token", "The create revision of the leader's key.", labels=_BY),
        ((name, leader.create_revision) for name, leader, _ in led),
    )


def _view(picture: Picture) -> Iterator[Metric]:
    """How well it is known."""
    build = InfoMetricFamily("electiontui_build", "The version that counts.")
    build.add_metric([], {"version": __version__})
    yield build
    yield GaugeMetricFamily(
        "election_view_staleness_seconds",
        "Since it was last known that nothing was missed.",
        value=picture.staleness,
    )
    yield CounterMetricFamily("election_view_watched_seconds", "Time that etcd was watched.", value=picture.watched)
    yield CounterMetricFamily(
        "election_view_gaps", "Changes of a leader before which others may have been missed.", value=picture.gaps
    )
    yield GaugeMetricFamily(
        "election_view_elections", "Elections that are known.", value=len(picture.accounts) + picture.cut
    )
    yield GaugeMetricFamily(
        "election_view_elections_cut", "Elections that are left out here, as there are too many.", value=picture.cut
    )
    up = GaugeMetricFamily("election_etcd_up", "Whether the endpoint answered when asked last.", labels=["endpoint"])
    trip = GaugeMetricFamily(
        "election_etcd_round_trip_seconds", "How long the endpoint's last answer took.", labels=["endpoint"]
    )
    for member in {each.endpoint: each for each in picture.members}.values():
        up.add_metric([member.endpoint], member.reachable)
        if member.round_trip is not None:
            trip.add_metric([member.endpoint], member.round_trip)
    yield up
    yield trip
