"""What is counted, and for how long: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from election_core import Candidate, ElectionState, Transition
from election_core.core.model import Snapshot
from electiontui.metrics.ledger import FRESH, Ledger

from .scraping import which

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def candidate(revision: int, value: str = "host") -> Candidate:
    return Candidate(b"election/a/%x" % revision, value.encode(), revision, revision, revision)


def transition(
    seconds: float, before: int | None, after: int | None, *, name: str = "a", gap: bool = False
) -> Transition:
    old, new = (None if each is None else candidate(each) for each in (before, after))
    return Transition(name, int(seconds * 10) + 1, old, new, gap, at(seconds))


def ledger(**given: Any) -> Ledger:
    made = Ledger(which(*given.pop("named", ()), **given), datetime.timestamp)
    made.seen(at(0))
    return made


def state(name: str, *revisions: int) -> ElectionState:
    return ElectionState(name, Snapshot(max(revisions, default=1), tuple(map(candidate, revisions)), at(0)))


def vacant(of: Ledger, name: str = "a") -> float:
    return round(of.accounts[name].vacant_seconds(of.watched), 6)


def test_terms_and_vacancies_are_counted_as_they_were_seen() -> None:
    book = ledger()
    book.renew({"a"}, {"a": state("a", 5, 6)}, at(0))
    assert book.accounts["a"][:3] == (candidate(5), 2, 0)
    assert book.accounts["a"].since is None  # it was under way
    book.count(transition(1.0, 5, 6))
    book.count(transition(2.0, 6, None))
    book.count(transition(2.5, None, 7))
    book.count(transition(3.0, 7, 7))  # proclaimed
    book.seen(at(4))
    account = book.accounts["a"]
    assert (account.changes, vacant(book), account.since) == (2, 0.5, at(2.5).timestamp())


def test_a_vacancy_that_lasts_grows_with_watched_time() -> None:
    book = ledger()
    book.count(transition(1.0, 5, None))
    for seconds in (2, 3, 4):
        book.seen(at(seconds))
    assert vacant(book) == 3.0


def test_time_that_nobody_watched_is_no_vacancy() -> None:
    """H93: it is not known what happened then."""
    book = ledger()
    book.count(transition(1.0, 5, None))
    book.seen(at(2))
    book.seen(at(2 + 10 * FRESH))
    book.seen(at(3 + 10 * FRESH))
    assert (vacant(book), book.watched) == (2.0, 3.0)
    book.count(transition(100.0, None, 6))
    assert vacant(book) == 2.0


def test_where_terms_may_be_missing_the_beginning_is_not_known() -> None:
    book = ledger()
    book.count(transition(1.0, 5, 9, gap=True))
    assert (book.accounts["a"].since, book.accounts["a"].changes, book.gaps) == (None, 1, 1)


def test_what_is_read_anew_without_a_transition_is_believed() -> None:
    book = ledger()
    book.count(transition(1.0, None, 5))
    book.renew({"a"}, {"a": state("a")}, at(1))
    book.seen(at(2))
    assert (book.accounts["a"].leader, book.accounts["a"].candidates, vacant(book)) == (None, 0, 1.0)


def test_elections_that_are_gone_are_dropped_after_an_hour() -> None:
    book = ledger()
    book.count(transition(1.0, 5, None))
    book.count(transition(2.0, 5, None, name="b"))
    book.renew((), {}, at(1 + 3599))
    assert set(book.accounts) == {"a", "b"}
    book.renew((), {}, at(1 + 3600))
    assert set(book.accounts) == {"b"}
    book.renew({"b"}, {}, at(1 + 3601))  # the monitor has forgotten it
    assert not book.accounts


def test_one_that_is_named_stays_and_is_there_from_the_beginning() -> None:
    book = ledger(named=("a", "b"), fits=lambda name: name in ("a", "b"))
    assert set(book.accounts) == {"a", "b"}
    book.seen(at(1))
    assert vacant(book) == 1.0
    book.count(transition(2.0, None, 5))
    book.count(transition(2.5, 5, None))
    book.count(transition(2.5, 5, None, name="c"))  # another
    book.renew((), {}, at(2.5 + 3600))
    book.renew({"a"}, {}, at(2.5 + 3600))
    assert set(book.accounts) == {"a", "b"}
    assert book.accounts["a"].changes == 1


def test_one_that_is_named_is_vacant_once_it_is_gone() -> None:
    """A key without a lease that stood alone leaves no transition."""
    book = ledger(named=("a",))
    book.renew({"a"}, {"a": state("a", 5)}, at(0))
    book.renew({"a"}, {}, at(0))
    book.seen(at(1))
    assert (book.accounts["a"].leader, vacant(book)) == (None, 1.0)


def test_what_is_vacant_and_has_no_series_gets_none() -> None:
    book = ledger(most=1)
    book.renew(["a", "b"], {"a": state("a", 5), "b": state("b", 5)}, at(0))
    assert list(book.cut) == ["b"]
    book.count(transition(1.0, 5, None, name="b"))
    book.renew(["b", "c"], {"b": state("b"), "c": state("c")}, at(1))
    assert (set(book.accounts), list(book.cut)) == ({"a"}, [])


def test_more_than_fit_are_cut_and_counted_and_come_in_when_there_is_room() -> None:
    """H94: the series of many elections are bounded."""
    book = ledger(most=2)
    states = {name: state(name, 5) for name in "abcd"}
    book.renew(list("dbca"), states, at(0))
    assert (set(book.accounts), list(book.cut)) == ({"a", "b"}, ["c", "d"])
    book.count(transition(1.0, 5, 6, name="c"))
    del states["d"], states["a"]
    book.renew({"d", "a"}, states, at(1))
    assert (set(book.accounts), list(book.cut)) == ({"b", "c"}, [])
    assert book.accounts["c"].leader == candidate(5)


def test_other_elections_begin_with_nothing_and_watched_time_goes_on() -> None:
    book = ledger(named=("n",))
    book.count(transition(1.0, 5, None))
    book.begin_again()
    assert (set(book.accounts), book.watched) == ({"n"}, 1.0)
    assert vacant(book, "n") == 0.0


def test_a_first_sign_of_life_is_no_watched_time() -> None:
    book = Ledger(which("a"), datetime.timestamp)
    book.seen(at(2))
    assert (book.watched, vacant(book)) == (0.0, 0.0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["led", "left", "seen", "again", "gone"]),
        st.sampled_from([0.0, 0.5, 2.0, 60.0, 4000.0]),
    ),
    max_size=40,
)


@given(STEPS)
def test_counters_never_go_back(steps: list[tuple[str, str, float]]) -> None:
    """H93: whatever comes in whatever order, and the vacancies are never longer than what was watched."""
    book = ledger(named=("a",), most=1)
    seconds, revision, before = 0.0, 1, (0.0, {"a": (0, 0.0)})
    leaders: dict[str, int | None] = dict.fromkeys("abc")
    for name, what, passed in steps:
        seconds += passed
        revision += 1
        if what in ("led", "left"):
            after = revision if what == "led" else None
            book.count(transition(seconds, leaders[name], after, name=name, gap=passed > 60))
            leaders[name] = after
        elif what == "seen":
            book.seen(at(seconds))
        elif what == "again":
            book.seen(at(seconds - 5))  # an older word than is known
        shown = {each: state(each, leader) if leader else state(each) for each, leader in leaders.items()}
        if what == "gone" and leaders[name] is None:
            del shown[name]
        book.renew([name], shown, at(seconds))
        watched, known = before
        assert book.watched >= watched
        counted = {each: (account.changes, vacant(book, each)) for each, account in book.accounts.items()}
        for each in known.keys() & counted.keys():
            if each == "a" or (what, name) != ("gone", each):
                assert counted[each][0] >= known[each][0]
                assert counted[each][1] >= known[each][1]
        assert all(0 <= vacancy <= book.watched + 1e-6 for _, vacancy in counted.values())
        assert len(book.accounts) <= 2
        assert "a" in book.accounts
        before = book.watched, counted
