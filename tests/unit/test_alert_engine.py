"""What is told of what is seen: by the rule, after its time, and never in chatter. Time is a number here."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electiontui.alerts import Alert, Rule
from electiontui.alerts.engine import Engine

VACANT = Rule("vacant", longer_than=30, hold=10)


class Told:
    """An engine, and what it has told as ``(time, rule, election, raised)``."""

    def __init__(self, *rules: Rule, most: int = 100) -> None:
        self.engine = Engine(rules, most)
        self.alerts: list[Alert] = []

    def see(self, now: float, leader: bytes | None, candidates: int = 2, name: str = "a", *, new: bool = False) -> None:
        self.alerts += self.engine.see(name, leader, candidates, now, is_new=new)

    def ticks(self, start: int, end: int) -> None:
        for now in range(start, end):
            self.alerts += self.engine.tick(now)

    @property
    def news(self) -> list[tuple[float, str, str]]:
        return [(alert.at, alert.election, "raised" if alert.is_raised else "over") for alert in self.alerts]


def test_a_vacancy_is_told_once_it_has_lasted() -> None:
    told = Told(VACANT)
    told.see(0, b"x")
    told.see(5, None, 0)
    told.ticks(5, 35)
    assert told.news == []
    told.ticks(35, 100)
    assert told.news == [(35, "a", "raised")]
    told.see(100, b"y")
    told.ticks(100, 200)
    assert told.news[1:] == [(110, "a", "over")]
    assert len(told.engine) == 0


def test_a_short_vacancy_is_not_told() -> None:
    told = Told(VACANT)
    for now in range(0, 1000, 20):
        told.see(now, None, 0)
        told.ticks(now, now + 10)
        told.see(now + 10, b"x", new=True)
        told.ticks(now + 10, now + 20)
    assert told.news == []


def test_it_is_over_only_when_it_has_held() -> None:
    told = Told(Rule("vacant", hold=10))
    told.see(0, None, 0)
    for now in range(5, 100, 10):
        told.see(now, b"x")
        told.ticks(now, now + 5)
        told.see(now + 5, None, 0)
        told.ticks(now + 5, now + 10)
    assert told.news == [(0, "a", "raised")]
    count, oldest = told.engine.raised(99)
    assert oldest is not None
    assert (count, oldest.since, oldest.at) == (1, 0, 99)


def test_many_changes_are_counted_within_their_time() -> None:
    told = Told(Rule("changes", more_than=2, within=60, hold=10))
    for now in (0, 30, 61):
        told.see(now, b"x", new=True)
        told.ticks(now, now + 1)
    assert told.news == []  # the first is forgotten
    told.see(70, b"y", new=True)
    assert told.news == [(70, "a", "raised")]
    told.ticks(70, 150)
    assert told.news[1:] == [(100, "a", "over")]  # from 90 on there are only two within a minute
    assert len(told.engine) == 0


def test_no_standby() -> None:
    told = Told(Rule("no-standby", longer_than=5, hold=1))
    told.see(0, b"x", 1)
    told.ticks(0, 5)
    told.see(5, b"x", 2)
    told.see(6, b"x", 1)
    told.ticks(6, 12)
    told.see(12, None, 0)  # nobody leads: nobody stands by, but that is another trouble
    told.ticks(12, 20)
    assert told.news == [(11, "a", "raised"), (13, "a", "over")]


def test_a_change_of_leader_is_told_once_for_changes_that_follow_soon() -> None:
    told = Told(Rule("leader-changed", hold=10))
    told.see(0, b"x")
    for now in (10, 15, 24):
        told.see(now, b"y", new=True)
        told.ticks(now, now + 5)
    told.ticks(29, 50)
    told.see(60, b"z", new=True)
    assert told.news == [(10, "a", "raised"), (34, "a", "over"), (60, "a", "raised")]
    assert [alert.leader for alert in told.alerts] == [b"y", b"y", b"z"]


@pytest.mark.parametrize(
    ("pattern", "leader", "wanted"),
    [
        ("10.0.*", b"10.0.7.1", True),
        ("10.0.*", b"10.1.7.1", False),
        ("!10.0.*", b"10.1.7.1", True),
        ("!10.0.*", b"10.0.0.1", False),
        ("*", b"\xff\x00", True),
        ("!x", None, False),
    ],
)
def test_a_leader_that_matches(pattern: str, leader: bytes | None, wanted: bool) -> None:
    told = Told(Rule("leader-matches", leader=pattern))
    told.see(0, leader)
    assert bool(told.news) is wanted


def test_rules_are_about_the_elections_that_they_name() -> None:
    told = Told(Rule("vacant", elections=("orders", "mail/*")))
    for name in ("orders", "orders2", "mail/in", "mail"):
        told.see(0, None, 0, name)
    assert [name for _, name, _ in told.news] == ["orders", "mail/in"]


def test_an_election_that_is_named_is_missed_when_it_is_forgotten() -> None:
    told = Told(Rule("vacant", elections=("orders", "mail/*"), hold=1))
    told.see(0, None, 0, "orders")
    told.see(0, None, 0, "mail/in")
    assert [name for _, name, _ in told.news] == ["orders", "mail/in"]
    told.alerts += told.engine.forget(["orders", "mail/in"], 5)
    assert told.news[2:] == [(5, "mail/in", "over")]
    count, oldest = told.engine.raised(6)
    assert (count, oldest and oldest.election) == (1, "orders")


def test_time_that_nobody_watched_counts_for_nothing() -> None:
    told = Told(VACANT)
    told.see(0, None, 0)
    told.ticks(0, 20)
    told.engine.lost(20)
    told.ticks(20, 500)
    told.engine.lost(300)
    told.engine.found(520)
    told.ticks(520, 530)
    assert told.news == []
    told.ticks(530, 540)
    assert told.news == [(530, "a", "raised")]


def test_what_is_seen_first_after_a_loss_has_not_lasted_all_that_time() -> None:
    """It is taken in before the connection is said to be back."""
    told = Told(Rule("no-standby", longer_than=30))
    told.see(0, b"x", 1)
    told.engine.lost(5)
    told.see(600, b"y", 1, new=True)
    told.engine.found(600)
    told.ticks(600, 624)
    assert told.news == []
    told.engine.lost(624)
    told.see(623, b"y", 1)  # was seen before, and is taken in now
    told.ticks(625, 627)
    assert told.news == [(625, "a", "raised")]


def test_patterns_are_compared_once_for_each_election(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    covers = Rule.covers

    def noted(rule: Rule, name: str) -> bool:
        compared.append(name)
        return covers(rule, name)

    monkeypatch.setattr(Rule, "covers", noted)
    told = Told(Rule("vacant", elections=("a*",)), Rule("no-standby", elections=("b*",)))
    for now in range(100):
        told.see(now, b"x")
    assert compared == ["a", "a"]


# --- any story

_RULES = st.lists(
    st.builds(
        Rule,
        st.sampled_from(["vacant", "changes", "no-standby", "leader-changed", "leader-matches"]),
        longer_than=st.sampled_from([0, 1, 3]),
        more_than=st.integers(1, 3),
        within=st.sampled_from([2, 10]),
        leader=st.sampled_from(["x", "!x", "*"]),
        hold=st.sampled_from([1, 2, 5]),
    ),
    min_size=1,
    max_size=3,
)
Step = tuple[str, bytes | None, int, bool, float, str]
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e"]),
        st.sampled_from([None, b"x", b"y"]),
        st.integers(1, 3),
        st.booleans(),
        st.sampled_from([0, 0.5, 1, 7]),
        st.sampled_from(["", "", "", "lost", "found", "forget"]),
    ),
    max_size=60,
)


@given(_RULES, _STEPS, st.integers(1, 6))
def test_alerts_alternate_are_held_and_bounded_whatever_happens(
    rules: list[Rule], steps: list[Step], most: int
) -> None:
    told, now = Told(*rules, most=most), 0.0
    for name, leader, candidates, new, pause, event in steps:
        if event == "forget":
            told.alerts += told.engine.forget([name], now)
        elif event:
            getattr(told.engine, event)(now)
        if told.engine._lost_at is None:
            told.see(now, leader, candidates if leader else 0, name, new=new and leader is not None)
        now += pause
        told.alerts += told.engine.tick(now)
        assert len(told.engine) <= most
    stories: dict[tuple[int, str], list[Alert]] = defaultdict(list)
    for alert in told.alerts:
        stories[next(i for i, rule in enumerate(rules) if rule is alert.rule), alert.election].append(alert)
    forgotten = {name for name, *_, event in steps if event == "forget"}
    for (_, name), alerts in stories.items():
        assert [alert.is_raised for alert in alerts] == [i % 2 == 0 for i in range(len(alerts))]
        for before, after in pairwise(alert for alert in alerts if alert.is_raised):
            assert name in forgotten or after.at - before.at >= before.rule.hold
        assert all(alert.at - alert.since >= alert.rule.longer_than for alert in alerts if alert.is_raised)


@given(_RULES, _STEPS)
def test_what_is_over_leaves_nothing(rules: list[Rule], steps: list[Step]) -> None:
    told, now = Told(*rules), 0.0
    for name, leader, candidates, new, pause, _ in steps:
        told.see(now, leader, candidates if leader else 0, name, new=new and leader is not None)
        now += pause
        told.engine.tick(now)
    for name in "abcde":
        told.engine.forget([name], now)
    assert len(told.engine) == 0


def test_more_than_can_be_followed_is_left_out_and_counted() -> None:
    told = Told(Rule("vacant"), most=10)
    for number in range(25):
        told.see(0, None, 0, f"e{number}")
    assert (len(told.engine), told.engine.left_out, len(told.alerts)) == (10, 15, 10)


def test_sentences_are_harmless_and_json_is_exact() -> None:
    told = Told(Rule("leader-matches", "odd\x1b[31m", leader="*"))
    told.see(0, b"h\x1b[2Jost\n", 1, "e\x07vil")
    (alert,) = told.alerts
    assert alert.says() == "e\\x07vil: h\\x1b[2Jost\\n leads, which is like *"
    assert alert.as_json() == {
        "alert": "odd\x1b[31m",
        "state": "raised",
        "when": "leader-matches",
        "election": "e\x07vil",
        "leader": "h\x1b[2Jost\n",
        "since": "1970-01-01T00:00:00.000Z",
        "observed_at": "1970-01-01T00:00:00.000Z",
        "says": alert.says(),
    }
