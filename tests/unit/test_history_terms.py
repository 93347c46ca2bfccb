"""Rows of a history as terms: whatever several writers saw of it, it is one account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from election_core import Candidate
from electiontui.history.paths import covers, name_of, path_of
from electiontui.history.rows import LONGEST_VALUE, Row, moment, packed, ticks
from electiontui.history.schema import GAP, PROCLAIMED, UNTIMED
from electiontui.history.terms import terms_of

PATH = b"election/jobs"
BEGAN = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


def candidate(number: int, value: bytes = b"") -> Candidate:
    return Candidate(PATH + b"/%x" % number, value or b"host-%d" % (number % 3), number, number, number)


def row(revision: int, leader: Candidate | None, how: int = 0, at: int | None = None, era: int = 1) -> Row:
    when = BEGAN + timedelta(seconds=revision if at is None else at)
    return Row(era, revision, ticks(when), how, *packed(leader, PATH))


def facts(rows: list[Row]) -> list[tuple[str, int, bool, int | None, bool]]:
    return [
        (
            "" if term.leader is None else term.first_value.decode(),
            round((term.began_at - BEGAN).total_seconds()),
            term.began_known,
            None if term.ended_at is None else round((term.ended_at - BEGAN).total_seconds()),
            term.ended_known,
        )
        for term in terms_of(PATH, rows)
    ]


def test_a_term_lasts_from_its_row_to_the_next() -> None:
    rows = [row(10, candidate(10)), row(14, None), row(20, candidate(20))]
    assert facts(rows) == [("host-1", 10, True, 14, True), ("", 14, True, 20, True), ("host-2", 20, True, None, True)]


def test_what_a_leader_proclaims_goes_on_with_its_term() -> None:
    proclaimed = candidate(10, b"busy")._replace(mod_revision=12)
    (term,) = terms_of(PATH, [row(10, candidate(10)), row(12, proclaimed, PROCLAIMED)])
    assert (term.first_value, term.leader) == (b"host-1", proclaimed)


def test_who_is_found_again_by_another_watcher_leads_on() -> None:
    assert facts([row(10, candidate(10)), row(15, candidate(10), GAP | UNTIMED)]) == [("host-1", 10, True, None, True)]


def test_across_a_gap_neither_end_is_known() -> None:
    rows = [row(10, candidate(10)), row(30, candidate(25), GAP)]
    assert facts(rows) == [("host-1", 10, True, 30, False), ("host-1", 30, False, None, True)]


def test_what_was_found_later_happened_before_what_was_seen() -> None:
    """Found at 90, but a row that was seen at 30 comes after it."""
    rows = [row(10, candidate(10), UNTIMED, at=90), row(12, None, UNTIMED, at=91), row(30, candidate(30))]
    assert facts(rows) == [
        ("host-1", 30, False, 30, False),
        ("", 30, False, 30, True),
        ("host-0", 30, True, None, True),
    ]


def test_one_key_at_the_same_revisions_of_another_era_is_somebody_else() -> None:
    """H88"""
    rows = [row(10, candidate(10)), row(10, candidate(10), at=50, era=2)]
    assert facts(rows) == [("host-1", 10, True, 50, False), ("host-1", 50, False, None, True)]


def test_where_its_beginning_was_removed_only_its_proclaims_are_left() -> None:
    assert facts([row(12, candidate(10), PROCLAIMED)]) == [("host-1", 12, False, None, True)]


def test_a_value_is_kept_up_to_a_bound() -> None:
    long = candidate(7, b"x" * 2 * LONGEST_VALUE)
    kept = row(7, long).leader(PATH)
    assert kept is not None
    assert kept.value == b"x" * LONGEST_VALUE


def test_a_key_that_is_not_named_after_its_lease_is_kept_whole() -> None:
    odd = candidate(7)._replace(key=PATH + b"/7/deeper")
    assert row(7, odd).leader(PATH) == odd


@given(st.lists(st.sampled_from(["next", "vacant"]), max_size=25), st.data())
def test_any_number_of_watchers_tell_one_story(steps: list[str], data: st.DataObject) -> None:
    """Each sees a stretch of what happens, and first who leads; together they have seen all."""
    truth: list[Row] = [row(1, candidate(1))]
    for number, step in enumerate(steps, 2):
        leads = truth[-1].lease is not None
        truth.append(row(2 * number, candidate(2 * number) if step == "next" or not leads else None))
    kept: dict[int, Row] = {}

    def keep(each: Row) -> None:
        known = kept.get(each.revision)
        if known is None or known.how & (GAP | UNTIMED) > each.how & (GAP | UNTIMED):
            kept[each.revision] = each

    watchers = [(0, len(truth)), *data.draw(st.lists(st.tuples(st.integers(0, 27), st.integers(0, 27)), max_size=4))]
    for first, last in data.draw(st.permutations(watchers)):
        seen = truth[first:last]
        if seen:
            # It begins with a read, somewhat after the change that made what it finds.
            found = seen[0]._replace(revision=seen[0].revision + 1, how=GAP | UNTIMED, at=seen[0].at + 999_999)
            for each in (found, *seen[1:]) if first else seen:
                keep(each)
    rows = [kept[revision] for revision in sorted(kept)]
    assert list(terms_of(PATH, rows)) == list(terms_of(PATH, truth))


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)))
def test_moments_survive(at: datetime) -> None:
    assert moment(ticks(at.replace(tzinfo=UTC))) == at.replace(tzinfo=UTC)


def test_names_are_paths_and_back_whatever_is_watched() -> None:
    for base, name, path in (
        ("election/", "orders", b"election/orders"),
        ("election/", "/", b"election/"),
        ("election/orders/", "", b"election/orders"),
        ("", "election/orders", b"election/orders"),
        ("e/", "\udcff", b"e/\xff"),
    ):
        assert path_of(base, name) == path
        assert name_of(base, path) == name
    assert covers([b"election/"], b"election/orders")
    assert covers([b"election/orders/"], b"election/orders")
    assert not covers([b"election/orders/"], b"election/orders-2")
