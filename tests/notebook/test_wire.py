"""What a front end is told: whole once, then what is new, and nothing where nothing is."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from election_core import ElectionState, TermLog
from election_core.core.model import Snapshot
from electiontui.notebook.source import Pair
from electiontui.notebook.wire import Outbox, Row, election_row, terms_within
from electiontui.pictures.lanes import Window

from .logs import NOW, log_of, step

ABOUT = {"title": "1 election"}
WINDOW = Window(NOW, timedelta(minutes=5), 1)
HOSTILE = b"<script>]]>\"'\x00\x1b[31m\xff" + "\u202e".encode() + b"x" * 1_000_000


def pair_of(log: TermLog, revision: int = 40) -> Pair:
    leader = log.current.leader
    queue = () if leader is None else (leader,)
    return Pair(ElectionState(log.name, Snapshot(revision, queue, NOW)), log)


def row(log: TermLog, revision: int = 40) -> Row:
    return election_row(1, pair_of(log, revision), WINDOW, 1000, [])


class Front:
    """A front end, as far as rows matter: it puts what it is told into its place."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}

    def take(self, message: dict[str, Any]) -> None:
        if message.get("full"):
            self.rows = {}
        for number in message.get("gone", ()):
            self.rows.pop(number, None)
        for news in message.get("rows", ()):
            known = {} if news.get("anew") else self.rows.get(news["id"], {})
            terms = {term[0]: term for term in [*known.get("terms", []), *news.get("terms", [])]}
            self.rows[news["id"]] = {**known, **news, "terms": [terms[number] for number in sorted(terms)]}

    def terms(self, number: int = 1) -> list[list[Any]]:
        found: list[list[Any]] = self.rows[number]["terms"]
        return found


def test_nothing_new_is_no_message() -> None:
    log, box = log_of((50, b"a"), (20, b"b")), Outbox()
    box.full(ABOUT, [row(log)], NOW)
    assert box.news(ABOUT, [row(log)], NOW) is None


def test_a_change_is_small_whatever_came_before() -> None:
    log, box = log_of(*((300 - number / 4, b"node-%d" % (number % 7)) for number in range(900))), Outbox()
    whole = box.full(ABOUT, [row(log)], NOW)
    step(log, 5000, b"node-9", NOW)
    message = box.news(ABOUT, [row(log, 5000)], NOW)
    assert len(json.dumps(whole)) > 40_000
    assert len(json.dumps(message)) < 500


def test_the_pieces_are_the_whole() -> None:
    log, box, front = log_of((50, b"a"), name="job"), Outbox(), Front()
    front.take(box.full(ABOUT, [row(log)], NOW))
    for number in range(30):
        step(log, 100 + number, None if number % 3 == 0 else b"node-%d" % number, NOW, gap=number % 5 == 0)
        if number % 2:
            message = box.news(ABOUT, [row(log, 100 + number)], NOW)
            assert message is not None
            front.take(message)
            front.take(message)
        assert number % 2 == 0 or front.terms() == row(log).terms


def test_a_log_that_forgets_keeps_its_numbers() -> None:
    log, box, front = log_of((50, b"a"), limit=5), Outbox(), Front()
    front.take(box.full(ABOUT, [row(log)], NOW))
    for number in range(12):
        step(log, 100 + number, b"node-%d" % number, NOW)
        message = box.news(ABOUT, [row(log, 100 + number)], NOW)
        assert message is not None
        front.take(message)
    assert front.terms()[-5:] == row(log).terms
    assert [term[0] for term in front.terms()] == list(range(13))


def test_an_election_that_was_forgotten_and_came_back_begins_anew() -> None:
    box, front = Outbox(), Front()
    front.take(box.full(ABOUT, [row(log_of((50, b"a"), (40, b"b"), (30, b"c")))], NOW))
    message = box.news(ABOUT, [row(log_of((5, b"d")), 99)], NOW)
    assert message is not None
    front.take(message)
    assert [term[3] for term in front.terms()] == ["d"]


def test_a_lane_whose_terms_are_all_gone_is_empty() -> None:
    """As the vacancy of an election that did not exist: its log begins with the first leader."""
    box, front = Outbox(), Front()
    front.take(box.full(ABOUT, [row(log_of((50, None)))], NOW))
    message = box.news(ABOUT, [row(log_of((5, b"d")))._replace(terms=[])], NOW)
    assert message is not None
    front.take(message)
    assert front.terms() == []


def test_what_is_gone_is_told() -> None:
    box, front = Outbox(), Front()
    front.take(box.full(ABOUT, [row(log_of((50, b"a")))], NOW))
    message = box.news(ABOUT, [], NOW)
    assert message is not None
    front.take(message)
    assert front.rows == {}


def test_messages_are_numbered_without_a_hole() -> None:
    log, box = log_of((50, b"a")), Outbox()
    first = box.full(ABOUT, [row(log)], NOW)
    assert box.news(ABOUT, [row(log)], NOW) is None
    assert box.sign_of_life(NOW)["n"] == first["n"] + 1


def test_whatever_etcd_holds_is_short_and_printable() -> None:
    log = log_of((50, HOSTILE), (20, None), (10, HOSTILE), name="job" + HOSTILE[:300].decode("utf-8", "replace"))
    text = json.dumps(Outbox().full(ABOUT, [row(log)], NOW), ensure_ascii=False)
    assert text.isprintable()
    assert len(text) < 2_000


def test_of_many_terms_the_newest_are_sent() -> None:
    log = log_of(*((300 - number / 4, b"node-%d" % (number % 7)) for number in range(900)))
    newest_first = log.between(WINDOW.since, WINDOW.until)
    assert [term[0] for term in terms_within(log, newest_first, 10)] == list(range(890, 900))
