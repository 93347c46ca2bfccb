"""What a transition, a term and a candidate are as plain data, and what objects look like where HTML is shown."""

from __future__ import annotations

import json
from copy import copy
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from election_core import Candidate, Client, ElectionState, Term, TermLog, Transition
from election_core.core.model import Snapshot
from election_core.testing import MemoryStore
from electiontui.as_json import candidate_json

BEGAN = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)
HOSTILE = b"<script>alert(1)</script>]]>\"'\x00\x1b[2J\xff" + "\u202e".encode()
ELEMENTS = {"div", "strong", "table", "tr", "th", "td", "p"}


def candidate(value: bytes = b"node-a", revision: int = 7) -> Candidate:
    return Candidate(b"election/job/2a", value, 0x2A, revision, revision + 1)


class Nodes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        assert not attrs

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def nodes(html: str) -> Nodes:
    parser = Nodes()
    parser.feed(html)
    return parser


def test_a_candidate_is_as_list_writes_it() -> None:
    assert candidate().as_dict() == candidate_json(candidate())
    assert candidate().as_dict() == {
        "key": "election/job/2a",
        "value": "node-a",
        "lease": "2a",
        "create_revision": 7,
        "mod_revision": 8,
    }
    assert candidate(b"\xff").as_dict()["value"] == {"base64": "/w=="}


def test_a_transition_is_flat() -> None:
    record = Transition("job", 9, candidate(), None, True, BEGAN).as_dict()
    assert json.loads(json.dumps(record)) == {
        "election": "job",
        "revision": 9,
        "kind": "vacated",
        "gap": True,
        "observed_at": "2026-03-01T12:00:00.250Z",
        "before": "node-a",
        "before_lease": "2a",
        "before_token": 7,
        "after": None,
        "after_lease": None,
        "after_token": None,
    }


@pytest.mark.parametrize("name", ["job", "caf\udce9"])
def test_any_name_is_ready_for_json(name: str) -> None:
    election = Transition(name, 9, None, candidate(), False, BEGAN).as_dict()["election"]
    assert json.dumps(election).isascii()
    assert election == ("job" if name == "job" else {"base64": "Y2Fm6Q=="})


def test_a_term_is_flat() -> None:
    term = Term(candidate(b"later"), BEGAN, False, BEGAN + timedelta(seconds=2), first_value=b"first")
    assert json.loads(json.dumps(term.as_dict())) == {
        "leader": "later",
        "leader_lease": "2a",
        "leader_token": 7,
        "first_value": "first",
        "began_at": "2026-03-01T12:00:00.250Z",
        "began_known": False,
        "ended_at": "2026-03-01T12:00:02.250Z",
        "ended_known": True,
    }
    vacancy = Term(None, BEGAN, True).as_dict()
    assert (vacancy["leader"], vacancy["first_value"], vacancy["ended_at"]) == (None, None, None)


def log(value: bytes = b"node-a") -> TermLog:
    log = TermLog("job", candidate(value), BEGAN)
    log.record(Transition("job", 9, candidate(value), None, False, BEGAN + timedelta(seconds=1)))
    return log


def state(value: bytes = b"node-a", count: int = 1) -> ElectionState:
    candidates = tuple(candidate(value, revision)._replace(key=b"%d" % revision) for revision in range(1, count + 1))
    return ElectionState("job", Snapshot(40, candidates, BEGAN))


def test_a_log_says_who_leads_and_since_when() -> None:
    assert repr(log()) == "<TermLog 'job' vacant since 2026-03-01T12:00:01.250Z, 2 terms and vacancies>"
    assert "node-a" in nodes(log()._repr_html_()).text


@pytest.mark.parametrize("count", [1, 8, 9, 40])
def test_copies_stay_as_they_are(count: int) -> None:
    before, original = state(count=count), state(count=count)
    kept = copy(original)
    original.reset(Snapshot(41, (), BEGAN))
    assert (kept.queue, kept.revision, kept.has_gap) == (before.queue, 40, False)
    assert kept.get(b"1") == before.leader
    terms = log()
    still = copy(terms)
    terms.record(Transition("job", 12, None, candidate(), False, BEGAN + timedelta(seconds=5)))
    assert (len(still.terms), still.changes(BEGAN, BEGAN + timedelta(minutes=1))) == (2, 0)
    assert (len(terms.terms), terms.changes(BEGAN, BEGAN + timedelta(minutes=1))) == (3, 1)


def test_hostile_values_add_no_node() -> None:
    for html in (log(HOSTILE)._repr_html_(), state(HOSTILE)._repr_html_()):
        seen = nodes(html)
        assert seen.names <= ELEMENTS
        assert "<script>alert(1)</script>" in seen.text
        assert "\\x1b[2J" in seen.text
        assert html.isprintable()


def test_cards_stay_small() -> None:
    html = state(b"x" * 1_000_000, count=500)._repr_html_()
    assert len(html) < 10_000
    assert html.count("<tr>") < 30
    assert "and more" in html


async def test_what_is_open_shows_itself() -> None:
    async with Client.over(MemoryStore()) as client, client.monitor() as monitor:
        election = client.election("job")
        campaign = await election.campaign("node-<a>").wait()
        shown = {name: nodes(each._repr_html_()) for name, each in locals().items() if hasattr(each, "_repr_html_")}
        assert "ttl 60 s" in " ".join(shown["election"].text.split())
        assert {"node-<a>", "leading"} <= set(shown["campaign"].text.split())
        assert "not" not in shown["monitor"].text
        assert all(each.names <= ELEMENTS for each in shown.values())
        await campaign.resign()
        assert "resigned" in nodes(campaign._repr_html_()).text
