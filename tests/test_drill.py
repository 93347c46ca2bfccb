"""``drill``: those that are included pass on three members, a wrong one fails, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from election_core import Candidate, Client, ElectionObserver, Unavailable
from electiontui.drill import Access, Began, Progress, Result, Turned, as_text, included, read_drill, run_drill
from electiontui.drill.players import Where
from electiontui.drill.reading import parse_drill
from electiontui.drill.scene import Scene, Turn
from electiontui.embedded import EmbeddedEtcd

from .drills import WRONG, assert_nothing_left, of_two
from .servers import needed_binary


@pytest.fixture(scope="module")
def members() -> Iterator[EmbeddedEtcd]:
    with EmbeddedEtcd(3, needed_binary("3.5")) as etcd:
        yield etcd


# --- the drills that are included


@pytest.mark.parametrize("name", included())
async def test_an_included_drill_passes_on_three_members(members: EmbeddedEtcd, name: str) -> None:
    report = await run_drill(read_drill(name), Access(members.endpoints), cluster=members)
    assert report.passes, as_text(report, "table")
    refused, tried = report.refused
    assert refused == tried >= (name != "leader-crash")
    late = [each.measures.to_error for each in report.results if each.step.do == "thaw"]
    assert None not in late or name == "frozen-member"
    assert_nothing_left(members, "drill/")


async def test_a_frozen_member_goes_on_after_a_drill_that_left_it_frozen(members: EmbeddedEtcd) -> None:
    text = "[[candidates]]\nname = 'a'\n[[steps]]\ndo = 'freeze'\nmember = 1\n"
    report = await run_drill(parse_drill(text, "mine"), Access(members.endpoints), cluster=members)
    assert report.passes
    async with Client(members.endpoints[0]) as client:
        (status,) = await client.status()
    assert status.reachable


async def test_a_member_that_is_killed_is_started_again() -> None:
    text = (
        "[[candidates]]\nname = 'a'\n[[steps]]\ndo = 'campaign'\ncandidate = 'a'\n[[steps]]\ndo = 'await-leader'\n"
        "[[steps]]\ndo = 'kill'\nmember = 'raft-leader'\n[[steps]]\ndo = 'expect'\nqueue = ['a']\nfor = '1s'\n"
        "[[steps]]\ndo = 'heal'\n[[steps]]\ndo = 'kill'\nmember = 2\n[[steps]]\ndo = 'expect'\nleader = 'a'\n"
    )
    with EmbeddedEtcd(3, needed_binary("3.4")) as etcd:
        report = await run_drill(parse_drill(text, "mine"), Access(etcd.endpoints), cluster=etcd)
        assert report.passes, as_text(report, "table")
        async with Client(etcd.endpoints) as client:
            assert [status.reachable for status in await client.status()] == [True] * 3
        assert_nothing_left(etcd, "drill/")


# --- verdicts


async def test_a_wrong_expectation_fails_and_ends_the_round(etcd: EmbeddedEtcd, prefix: str) -> None:
    news = list[Progress]()
    drill = parse_drill(WRONG, "mine.toml")
    report = await run_drill(drill, Access(etcd.endpoints), rounds=2, prefix=prefix.rstrip("/"), tell=news.append)
    assert [each.verdict for each in report.results] == [*["PASS"] * 6, "FAIL", "SKIP"] * 2
    assert {each.reason for each in report.failures} == {"After 0.1 s waiting leads, and not cut."}
    assert not report.passes
    assert report.left_behind == ()
    assert_nothing_left(etcd, prefix)
    assert [each.step.number for each in news if isinstance(each, Began)] == list("1234567") * 2
    assert [each for each in news if isinstance(each, Result)] == list(report.results)
    assert {each.transition.election for each in news if isinstance(each, Turned)} == {"mine"}


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("do = 'await-leader'\nwithin = '100ms'", "a leader was not seen to lead within 0.1 s; nobody leads."),
        ("do = 'resign'\ncandidate = 'leader'", "Nobody leads."),
        ("do = 'resign'\ncandidate = 'heir'", "Nobody waits behind the leader."),
        ("do = 'resign'\ncandidate = 'a'", "It does not campaign; a step campaign has to come first."),
        ("do = 'delete-key'\ncandidate = 'b'", "b is not in line."),
        (
            "do = 'campaign'\ncandidate = 'a'\n[[steps]]\ndo = 'campaign'\ncandidate = 'a'",
            "It campaigns already; have it leave the line first.",
        ),
        (
            "do = 'campaign'\ncandidate = 'b'\n[[steps]]\ndo = 'expect'\nleader = 'b'\n"
            "[[steps]]\ndo = 'kill'\ncandidate = 'b'\n[[steps]]\ndo = 'campaign'\ncandidate = 'b'",
            "b was killed and cannot campaign.",
        ),
        (
            "do = 'campaign'\ncandidate = ['a', 'b']\n"
            "[[steps]]\ndo = 'await-leader'\ncandidate = 'b'\nwithin = '100ms'",
            "b was not seen to lead within 0.1 s; a leads.",
        ),
        (
            "do = 'campaign'\ncandidate = ['a', 'b']\n[[steps]]\ndo = 'resign'\ncandidate = 'b'\n"
            "[[steps]]\ndo = 'expect'\nleader = 'a'\nfor = '100ms'\n[[steps]]\ndo = 'expect'\nqueue = ['a', 'b']\n"
            "within = '100ms'",
            "After 0.1 s the line is a, and not a, b.",
        ),
    ],
)
async def test_the_reason_of_a_failure(etcd: EmbeddedEtcd, prefix: str, steps: str, reason: str) -> None:
    text = f"[[candidates]]\nname = 'a'\n[[candidates]]\nname = 'b'\nprocess = true\n[[steps]]\n{steps}\n"
    report = await run_drill(parse_drill(text, "mine"), Access(etcd.endpoints), prefix=prefix.rstrip("/"))
    (failure,) = report.failures
    assert reason in failure.reason
    assert failure is report.results[-1]
    assert_nothing_left(etcd, prefix)


async def test_a_change_is_seen_once_its_time_is_known(etcd: EmbeddedEtcd, prefix: str) -> None:
    """The line is as the observer has it, a moment before the change itself is handed out."""
    leader = Candidate(b"key", b"a", 1, 2, 2)
    access = Access(etcd.endpoints)
    async with access.client() as client:
        scene = Scene(Where(access, prefix, "mine"), client, None, [])
        scene._observer = cast(ElectionObserver, SimpleNamespace(candidates=(leader,)))
        assert not await scene.until(lambda: True, 0.05)
        scene._turns.append(Turn(1.5, None, leader))
        assert await scene.until(lambda: True, 0.05)


@pytest.mark.parametrize(("verb", "ttl"), [("revoke-lease", 60), ("delete-key", 60), ("cut", 10)])
async def test_a_leader_that_is_put_out_is_told_and_its_late_write_is_refused(
    etcd: EmbeddedEtcd, prefix: str, verb: str, ttl: int
) -> None:
    """Who is cut off knows a tenth of its TTL before the next one leads: here a second, for which it may be held up."""
    text = (
        f"[[candidates]]\nname = 'a'\nttl = {ttl}\nprocess = true\n[[candidates]]\nname = 'b'\n"
        "[[steps]]\ndo = 'campaign'\ncandidate = ['a', 'b']\n[[steps]]\ndo = 'await-leader'\n"
        "[[steps]]\ndo = 'proclaim'\ncandidate = 'leader'\nvalue = 'ready'\n"
        f"[[steps]]\ndo = '{verb}'\ncandidate = 'leader'\n[[steps]]\ndo = 'expect'\nleader = 'b'\n"
        "within = '25s'\n[[steps]]\ndo = 'heal'\n"
    )
    report = await run_drill(parse_drill(text, "mine"), Access(etcd.endpoints), prefix=prefix.rstrip("/"))
    assert report.passes, as_text(report, "table")
    assert report.refused == (1, 1)
    measures = report.results[4].measures
    assert measures.to_error is not None
    assert measures.handover is not None
    assert measures.vacancy == 0
    assert verb != "cut" or (measures.margin or 0) > 0


async def test_what_cannot_be_cleared_away_is_told(
    etcd: EmbeddedEtcd, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(*_: object) -> None:
        raise Unavailable("Nobody answered.")

    text = "[[candidates]]\nname = 'a'\nttl = 2\n[[steps]]\ndo = 'campaign'\ncandidate = 'a'\n"
    monkeypatch.setattr(Client, "lease", unavailable)
    report = await run_drill(parse_drill(text, "mine"), Access(etcd.endpoints), prefix=prefix.rstrip("/"))
    assert [each.verdict for each in report.results] == ["PASS"]
    (left,) = report.left_behind
    assert left.endswith("which runs out by itself: Nobody answered.")
    assert not report.passes


async def test_what_is_expected_is_judged_by_what_came_of_the_step_before(etcd: EmbeddedEtcd, prefix: str) -> None:
    """However fast the next step comes: who has resigned is not seen to lead any more."""
    for do in ("resign", "delete-key", "revoke-lease"):
        drill = parse_drill(of_two(do, leader="a", within="10ms"), "late.toml")
        report = await run_drill(drill, Access(etcd.endpoints), rounds=5, prefix=prefix + do)
        assert [each.verdict for each in report.results] == ["PASS", "PASS", "FAIL"] * 5
