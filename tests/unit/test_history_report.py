"""What a history amounts to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from election_core import Candidate, Term
from electiontui.history.reading import unwatched
from electiontui.history.report import Account, account_of, sum_of, tenures
from electiontui.history.tables import election_record, election_rows, leader_rows, percent
from electiontui.watched import Stretch

BEGAN = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
PATH = b"election/jobs"


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def term(value: str, since: float, until: float | None, *, known: bool = True) -> Term:
    leader = Candidate(PATH + b"/1", value.encode(), 1, 1, 1) if value else None
    end = None if until is None else at(until)
    return Term(leader, at(since), known, end, first_value=value.encode())


def watched(*stretches: tuple[float, float]) -> list[Stretch]:
    return [Stretch(at(since), at(until)) for since, until in stretches]


def test_only_what_was_watched_counts() -> None:
    """H89: a night in which nobody looked is neither up nor down."""
    terms = [term("a", 0, 100), term("", 100, 200), term("b", 200, None)]
    account = account_of(PATH, terms, watched((0, 50), (150, 400)), at(400))
    assert (account.led, account.vacant, account.watched) == (50 + 200, 50, 300)
    assert account.availability == 250 / 300
    assert (account.terms, account.vacancies, account.longest_vacancy) == (2, 1, 50)
    assert account.changes == 2


def test_nothing_that_was_watched_is_no_hundred_per_cent() -> None:
    account = account_of(PATH, [term("a", 0, None)], [], at(50))
    assert (account.availability, account.changes_per_hour, account.watched) == (None, None, 0)


def test_a_term_that_was_only_found_is_no_change() -> None:
    account = account_of(PATH, [term("a", 0, 30, known=False), term("b", 30, None)], watched((0, 60)), at(60))
    assert (account.terms, account.changes) == (2, 1)
    assert account.changes_per_hour == 60


def test_an_election_that_is_over_is_not_waited_for() -> None:
    terms = [term("a", 0, 60), term("", 60, 61), term("b", 61, 120), term("", 120, None)]
    over = account_of(PATH, terms, watched((0, 5000)), at(5000))
    assert (over.is_over, over.watched, over.vacancies, over.longest_vacancy) == (True, 120, 1, 1)
    early = account_of(PATH, terms, watched((0, 5000)), at(120 + 899))
    assert (early.is_over, early.longest_vacancy) == (False, 899)


def test_a_service_that_has_lost_its_leader_is_waited_for() -> None:
    terms = [term("a", 0, 4000), term("", 4000, None)]
    assert account_of(PATH, terms, watched((0, 7000)), at(7000)).longest_vacancy == 3000
    unseen = [term("a", 0, 10, known=False), term("", 10, None)]
    assert not account_of(PATH, unseen, watched((0, 7000)), at(7000)).is_over


def test_tenure_by_leader_adds_up_over_elections() -> None:
    first = account_of(PATH, [term("a", 0, 10), term("b", 10, None)], watched((0, 40)), at(40))
    second = account_of(PATH, [term("a", 0, None)], watched((0, 40)), at(40))
    total = sum_of([first, second])
    found = [(value, each.terms, each.held, each.longest, each.elections) for value, each in tenures(total)]
    assert found == [(b"a", 2, 50, 40, 2), (b"b", 1, 30, 30, 1)]
    assert leader_rows(total)[1] == ("a", "2", "2", "50.0s", "62.500 %", "40.0s")


def test_a_hundred_per_cent_is_only_said_where_it_is() -> None:
    assert percent(0.9999999) == "99.999 %"
    assert (percent(1.0), percent(None), percent(0.29)) == ("100.000 %", "–", "29.000 %")


def test_names_are_made_harmless_in_tables_and_whole_in_records() -> None:
    account = Account(PATH)
    assert "\x1b" not in election_rows(["bad\x1b[31m"], [account])[1][0]
    assert election_record("bad\x1b[31m", account)["election"] == "bad\x1b[31m"


stretches = st.lists(st.floats(0, 1000), max_size=12, unique=True).map(
    lambda edges: watched(*zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


@given(st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=12), st.data(), stretches)
def test_led_and_vacant_are_what_was_watched(values: list[str], data: st.DataObject, seen: list[Stretch]) -> None:
    edges = sorted(data.draw(st.lists(st.floats(0, 1000), min_size=len(values), max_size=len(values))))
    terms = [term(*each) for each in zip(values, edges, [*edges[1:], None], strict=True)]
    account = account_of(PATH, terms, seen, at(1000))
    total = sum((max(each.until, at(edges[0])) - max(each.since, at(edges[0]))).total_seconds() for each in seen)
    assert account.is_over or abs(account.watched - total) < 1e-3
    assert account.availability is None or 0 <= account.availability <= 1
    assert abs(sum(each.held for each in account.by_leader.values()) - account.led) < 1e-3
    assert account.longest_vacancy <= account.vacant + 1e-3


@given(stretches)
def test_what_was_not_watched_is_the_rest(seen: list[Stretch]) -> None:
    rest = unwatched(seen, at(0), at(1000))
    both = sorted([*rest, *seen])
    assert all(one.until <= other.since for one, other in pairwise(both))
    length = sum((each.until - each.since).total_seconds() for each in both)
    assert abs(length - 1000) < 1e-3
