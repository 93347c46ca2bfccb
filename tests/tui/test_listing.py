"""Which elections the list shows: groups, those that are over, those in trouble."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from election_core import Candidate, TermLog, Transition
from electiontui.groups import fold, group_of, key_of
from electiontui.screens.list_lines import title
from electiontui.screens.list_rows import group_cells
from electiontui.screens.listing import Listing
from electiontui.screens.preview import preview_lines
from electiontui.sources.past_elections import PastElections

from .still import NOW, StillView

LEADER = Candidate(b"e/job/1", b"node-1", 1, 1, 1)


def names_of(keys: list[str]) -> list[str]:
    """Groups as what their names begin with and a star."""
    return [key if (group := group_of(key)) is None else f"{group}*" for key in keys]


@pytest.fixture
def view() -> StillView:
    view = StillView()
    view.add("orders/eu", [(600, "node-1")], waiting=["node-2"])
    view.add("orders/us", [(600, "node-1"), (190, None)])
    view.add("mail/out", [(600, "node-3")])
    view.add("cron", [(600, "node-3")])
    return view


# --- groups


def test_elections_whose_names_begin_alike_are_folded_where_the_first_of_them_stands() -> None:
    names = ["cron", "orders/us", "mail/out", "orders/eu/a", "/", "//x", "cron/2"]
    folded = fold(names, [])
    assert names_of(folded.keys) == ["cron", "orders/*", "mail/out", "/*", "cron/2"]
    assert list(folded.groups.values()) == [["orders/us", "orders/eu/a"], ["/", "//x"]]


def test_an_open_group_is_followed_by_its_elections() -> None:
    names = ["orders/us", "cron", "orders/eu"]
    group = key_of("orders/us")
    assert group is not None
    assert names_of(fold(names, {group}).keys) == ["orders/*", "orders/us", "orders/eu", "cron"]


@pytest.mark.parametrize("name", ["", "cron", "\\ud800cron", "\udcffcron", "\x00"])
def test_no_name_is_taken_for_a_group(name: str) -> None:
    assert group_of(name) is None
    assert key_of(name) is None


def test_a_group_says_how_its_elections_are(view: StillView) -> None:
    listing = Listing()
    listing.is_folded = True
    keys = listing.keys(view)
    assert names_of(keys) == ["orders/*", "cron", "mail/out"]
    shown = group_cells(view, "orders/", listing.groups[keys[0]], NOW, is_open=False)
    assert shown["name"] == ("▸ orders/ (2)", "")
    assert shown["leader"] == ("1 ok · 1 VACANT 00:03:10", "vacant")
    assert shown["state"] == ("○ VACANT", "vacant")
    assert [shown[column][0] for column in ("held", "queue", "changes")] == ["00:03:10", "2", "0"]


def test_opening_a_group_and_closing_it(view: StillView) -> None:
    listing = Listing()
    listing.is_folded = True
    group = listing.keys(view)[0]
    listing.toggle(group)
    assert names_of(listing.keys(view)) == ["orders/*", "orders/us", "orders/eu", "cron", "mail/out"]
    assert listing.is_inside("orders/eu")
    assert not listing.is_inside("mail/out")
    listing.toggle(group)
    assert names_of(listing.keys(view)) == ["orders/*", "cron", "mail/out"]
    assert not listing.is_inside("orders/eu")


# --- those that are over


def log_of(*terms: tuple[float, bool], known: bool = True) -> TermLog:
    """Led and vacant in turn, each beginning so many minutes after `NOW`."""
    (first, led), *others = terms
    log = TermLog("job", LEADER if led else None, NOW + timedelta(minutes=first), known=known)
    for minute, leads in others:
        before, after = (None, LEADER) if leads else (LEADER, None)
        log.record(Transition("job", 1, before, after, False, NOW + timedelta(minutes=minute)))
    return log


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_an_election_is_over_when_it_is_vacant_for_long_and_for_longer_than_it_was_led() -> None:
    past = PastElections()
    past.note("short", log_of((0, True), (5, False)))
    past.note("long", log_of((0, True), (5, False), (6, True), (96, False)))
    past.note("led", log_of((0, False), (5, True)))
    assert past.sweep(after(19.9)) == []
    assert past.sweep(after(20)) == ["short"]
    assert past.sweep(after(185)) == []
    assert past.sweep(after(186)) == ["long"]
    assert set(past) == {"short", "long"}


def test_one_that_was_led_before_anybody_looked_is_never_over() -> None:
    past = PastElections()
    past.note("job", log_of((0, True), (1, False), known=False))
    assert past.sweep(after(100_000)) == []


def test_one_that_is_campaigned_in_again_is_not_over_any_more() -> None:
    past = PastElections()
    past.note("job", log_of((0, True), (5, False)))
    past.sweep(after(20))
    past.note("job", log_of((0, True), (5, False), (21, True)))
    assert "job" not in past
    past.note("job", log_of((0, True), (5, False), (21, True), (22, False)))
    assert past.sweep(after(36)) == []
    assert past.sweep(after(37)) == ["job"]
    past.note("job", None)
    assert len(past) == 0


def test_what_it_remembers_is_bounded_by_the_number_of_elections() -> None:
    past = PastElections()
    for minute in range(1000):
        past.note("job", log_of((0, True), (5, False), (6 + minute, True), (6.5 + minute, False)))
        past.note("gone", log_of((0, True), (minute, False)))
        past.note("gone", None)
    assert len(past._heap) == 2
    assert past.sweep(after(5000)) == ["job"]
    assert past._heap == []
    assert list(past._due) == ["job"]


def test_past_elections_are_told_of_but_not_listed(view: StillView) -> None:
    listing = Listing()
    view.troubles.past.note("orders/us", log_of((-60, True), (-59, False)))
    for name in view.troubles.sweep(NOW):
        view.rows.outdate([name])
    assert listing.keys(view) == ["cron", "mail/out", "orders/eu"]
    assert title(view, listing, NOW).startswith(" election/  3 elections: all ok   1 past, f shows them")
    listing.shows_past = True
    assert listing.keys(view) == ["cron", "mail/out", "orders/eu", "orders/us"]
    assert "1 past, f hides them" in title(view, listing, NOW)


def test_a_filter_finds_past_elections_too(view: StillView) -> None:
    listing = Listing()
    view.troubles.past.note("orders/us", log_of((-60, True), (-59, False)))
    view.troubles.sweep(NOW)
    listing.filter("orders")
    assert sorted(listing.keys(view)) == ["orders/eu", "orders/us"]


# --- the rest


def test_a_malformed_filter_lets_everything_through_and_says_so(view: StillView) -> None:
    listing = Listing()
    listing.filter("/(/")
    assert len(listing.keys(view)) == 4
    assert listing.complaint.startswith("not a regular expression")


def test_the_preview_shows_who_leads_who_waits_and_what_has_happened(view: StillView) -> None:
    lines = preview_lines(view, "orders/eu", NOW, 30)
    assert [text for text, _ in lines] == [
        "orders/eu",
        "● lead  node-1",
        "held for ≥ 00:10:00",
        "election/orders/eu, revision 4711",
        "",
        "QUEUE 2",
        "★ node-1",
        "  node-2",
        "",
        "LAST EVENTS, newest first",
        "none since the start",
    ]
    vacant = [text for text, _ in preview_lines(view, "orders/us", NOW, 30)]
    assert vacant[1:3] == ["○ VACANT  –", "vacant for 00:03:10"]
    assert vacant[-1].endswith("node-1 gone, vacant")
    assert preview_lines(view, None, NOW, 30) == []
    assert preview_lines(view, "no such", NOW, 30) == []
