"""Observers and monitors in threads."""

from __future__ import annotations

import threading

import pytest

from election_core import CampaignClosed, Transition

from .conftest import PATIENCE, Place


def values(transitions: list[Transition]) -> list[bytes | None]:
    return [None if each.after is None else each.after.value for each in transitions]


def test_an_observer_is_iterated_until_another_thread_cancels_it(place: Place) -> None:
    election = place.client.election("job")
    seen: list[Transition] = []
    three = threading.Event()

    def read() -> None:
        for transition in observer:
            seen.append(transition)
            if len(seen) == 3:
                three.set()

    with election.observe() as observer:
        assert observer.connected
        assert not observer.has_leader
        reader = threading.Thread(target=read)
        reader.start()
        with election.campaign("first"):
            second = election.campaign("second")
        second.wait(PATIENCE)
        second.proclaim("third")
        assert three.wait(PATIENCE)
        assert observer.leader() == "third"
        assert [each.value for each in observer.candidates] == [b"third"]
        observer.cancel()
        reader.join(PATIENCE)
        assert not reader.is_alive()
        assert observer.closed
    assert values(seen) == [b"first", b"second", b"third"]


def test_a_monitor_sees_every_election(place: Place) -> None:
    with place.client.monitor() as monitor:
        assert dict(monitor.elections) == {}
        with place.client.election("a").campaign("x"), place.client.election("b").campaign("y"):
            found = iter(monitor)
            assert {next(found).election, next(found).election} == {"a", "b"}
            before = monitor.elections["a"]
            assert sorted(monitor.elections) == ["a", "b"]
            assert len(monitor.elections) == 2
            assert "a" in monitor.elections
            assert monitor.take_changed() == {"a", "b"}
        assert {next(found).after, next(found).after} == {None}
        assert before.leader is not None
        assert before.leader.value == b"x"
        assert monitor.elections["a"].leader is None
        assert monitor.oddities() == []
        assert monitor.take_unread() == []
        assert monitor.last_error is None
        assert monitor.staleness < PATIENCE
        assert monitor.revision > 0


def test_the_end_of_the_client_ends_an_iteration(place: Place) -> None:
    ended = threading.Event()

    def read() -> None:
        assert list(observer) == []
        ended.set()

    with place.client.election("job").observe() as observer:
        reading = threading.Event()
        reader = threading.Thread(target=lambda: (reading.set(), read()))  # type: ignore[func-returns-value]
        reader.start()
        assert reading.wait(PATIENCE)
        place.client.close()
        assert ended.wait(PATIENCE)


def test_what_was_not_entered_gives_nothing(place: Place) -> None:
    with pytest.raises(CampaignClosed, match="Nothing watches"):
        next(place.client.election("job").observe())


def test_elections_are_found_and_their_terms_are_kept(place: Place) -> None:
    client = place.client
    with client.monitor() as monitor, client.election("job").campaign("a"):
        search = client.find_elections("election/")
        assert [(name, [each.value for each in candidates]) for name, candidates in search] == [("job", [b"a"])]
        assert search.seen == 1
        assert values([next(iter(monitor))]) == [b"a"]
        assert monitor.log("job").current.leader == monitor.elections["job"].leader
