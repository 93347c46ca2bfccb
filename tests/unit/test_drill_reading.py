"""Drills as they are written: what is read, and the line and the sentence of what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from electiontui.documents import Lines
from electiontui.drill import BadDrill, included, read_drill
from electiontui.drill.model import Drill, Part, Step
from electiontui.drill.reading import VERBS, parse_drill

CAST = """\
[[candidates]]
name = "a"
ttl = 2
process = true
[[candidates]]
name = "b"
"""
"""Six lines; what follows begins in line 7."""


def parse(steps: str) -> Drill:
    return parse_drill(CAST + steps, "folder/mine.toml")


def step(text: str) -> Step:
    (only,) = parse(f"[[steps]]\n{text}\n").steps
    return only


def complaint(text: str) -> str:
    with pytest.raises(BadDrill) as caught:
        parse_drill(text, "mine.toml")
    return str(caught.value)


def test_a_drill_is_its_candidates_and_its_steps() -> None:
    drill = parse('[[steps]]\ndo = "campaign"\ncandidate = ["a", "b"]\n[[steps]]\ndo = "wait"\nfor = "1m30s"\n')
    assert drill == Drill(
        "mine",
        "",
        (Part("a", 2, True), Part("b", 5, False)),
        (Step("campaign", "1", 7, ("a", "b")), Step("wait", "2", 10, hold=90.0)),
        "folder/mine.toml",
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('do = "campaign"\ncandidate = "a"\nvalue = "x"', Step("campaign", "1", 7, ("a",), value="x")),
        ('do = "await-leader"', Step("await-leader", "1", 7)),
        ('do = "expect"\nleader = "b"\nwithin = 3', Step("expect", "1", 7, leader="b", within=3.0)),
        ('do = "expect"\nvacant = true\nfor = "2s"', Step("expect", "1", 7, vacant=True, hold=2.0)),
        ('do = "expect"\nqueue = []', Step("expect", "1", 7, queue=())),
        ('do = "cut"\ncandidate = "leader"\nmode = "black-hole"', Step("cut", "1", 7, ("leader",), mode="black-hole")),
        ('do = "freeze"\nmember = 2', Step("freeze", "1", 7, member=2)),
        ('do = "freeze"\nmember = "raft-leader"', Step("freeze", "1", 7, member="raft-leader")),
        ('do = "kill"\ncandidate = "a"', Step("kill", "1", 7, ("a",))),
        ('do = "thaw"', Step("thaw", "1", 7)),
    ],
)
def test_steps(text: str, wanted: Step) -> None:
    assert step(text) == wanted


def test_a_repetition_is_unrolled_and_numbered_below_its_own_number() -> None:
    drill = parse(
        '[[steps]]\ndo = "repeat"\ntimes = 2\n[[steps.steps]]\ndo = "await-leader"\n'
        '[[steps.steps]]\ndo = "resign"\ncandidate = "leader"\n[[steps]]\ndo = "await-leader"\n'
    )
    assert [(each.number, each.line) for each in drill.unrolled()] == [
        *(("1.1", 10), ("1.2", 12)),
        *(("1.1", 10), ("1.2", 12)),
        ("2", 15),
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("this is none", 1, "this is not TOML"),
        ("a = [1,", 1, "this is not TOML"),
        ("", 1, "'candidates' is missing here."),
        ("candidates = 3\nsteps = []", 1, "write [[candidates]] above each"),
        (CAST, 1, "'steps' is missing here."),
        (CAST + "tll = 3\n[[steps]]\ndo = 'wait'", 7, "'tll' means nothing here; there are name, ttl, process."),
        ("[[candidates]]\nname = 'a b'\n[[steps]]\ndo = 'wait'", 2, "'a b' is no name"),
        ("[[candidates]]\nname = 'heir'\n[[steps]]\ndo = 'wait'", 2, "give another name"),
        ("[[candidates]]\nttl = 3\n[[steps]]\ndo = 'wait'", 1, "'name' is missing"),
        ("[[candidates]]\nname = 'a'\n\nttl = -3\n[[steps]]\ndo = 'wait'", 4, "-3 is not a TTL"),
        ("[[candidates]]\nname = 'a'\nttl = 2.5\n[[steps]]\ndo = 'wait'", 3, "a whole number from 1 to 3600"),
        ("[[candidates]]\nname = 'a'\nprocess = 1\n[[steps]]\ndo = 'wait'", 3, "neither true nor false"),
        (CAST + "[[candidates]]\nname = 'a'\n[[steps]]\ndo = 'wait'", 8, "two candidates 'a'"),
    ],
)
def test_what_is_wrong_before_the_steps(text: str, line: int, says: str) -> None:
    told = complaint(text)
    assert told.startswith(f"mine.toml:{line}: ")
    assert says in told


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("candidate = 'a'", 7, "A step needs do; there are campaign, await-leader"),
        ("# first\ndo = 'crash'", 9, "'crash' is no step; there are campaign, await-leader"),
        ("do = 'resign'", 7, "'candidate' is missing here."),
        ("do = 'resign'\ncandidate = 'c'", 9, "no candidate 'c'; there are a, b, leader, heir, idle."),
        ("do = 'resign'\ncandidate = []", 9, "This list is empty"),
        ("do = 'resign'\ncandidate = 'a'\nttl = 3", 10, "'ttl' means nothing here; there are do, candidate."),
        ("do = 'await-leader'\ncandidate = 'heir'", 9, "Name who is to lead"),
        ("do = 'await-leader'\nwithin = 'soon'", 9, "'soon' is no duration: give seconds, or text such as"),
        ("do = 'await-leader'\nwithin = 0", 9, "0 is no duration"),
        ("do = 'await-leader'\nwithin = true", 9, "True is no duration"),
        ("do = 'expect'", 7, "Say what to expect"),
        ("do = 'expect'\nleader = 'heir'", 9, "no candidate 'heir'; there are a, b."),
        ("do = 'expect'\nleader = 'a'\nvacant = true", 10, "it is not vacant"),
        ("do = 'expect'\nqueue = 'a'", 9, "A queue is a list of candidates"),
        ("do = 'proclaim'\ncandidate = 'a'\nvalue = 3", 10, "3 is no text"),
        ("do = 'cut'\ncandidate = 'a'\nmode = 'off'", 10, "'off' is none of cut, black-hole, slow"),
        ("do = 'cut'\ncandidate = 'a'\nmode = 'slow'", 7, "belong together"),
        ("do = 'freeze'", 7, "Say whom to freeze: a candidate or a member."),
        ("do = 'kill'\ncandidate = 'a'\nmember = 1", 7, "Say whom to kill: a candidate or a member."),
        ("do = 'freeze'\ncandidate = 'b'", 9, "give 'b' process = true"),
        ("do = 'kill'\ncandidate = 'leader'", 9, "give 'b' process = true"),
        ("do = 'freeze'\nmember = 4", 9, "4 is not a member, nor 'raft-leader'"),
        ("do = 'wait'\nfor = '-1s'", 9, "'-1s' is no duration"),
        ("do = 'repeat'\ntimes = 0\n[[steps.steps]]\ndo = 'wait'\nfor = 1", 9, "0 is not a number of times"),
        ("do = 'repeat'\ntimes = 2\n[[steps.steps]]\ndo = 'wait'\nfor = {}", 12, "{} is no duration"),
        (
            "do = 'repeat'\ntimes = 1000\n[[steps.steps]]\ndo = 'repeat'\ntimes = 11\n"
            "[[steps.steps.steps]]\ndo = 'wait'\nfor = 1",
            7,
            "These are 11000 steps",
        ),
        ("do = 'repeat'\ntimes = 2\nsteps = 1", 10, "write [[steps]] above each"),
    ],
)
def test_what_is_wrong_with_a_step(text: str, line: int, says: str) -> None:
    told = complaint(f"{CAST}[[steps]]\n{text}\n")
    assert told.startswith(f"mine.toml:{line}: ")
    assert says in told


def test_lines_are_found_behind_text_of_several_lines_and_in_the_second_of_two_repetitions() -> None:
    lines = Lines(
        'about = """\n[[steps]]\nname = 1\n"""\n'
        "[[steps]]\n[[steps.steps]]\nx = 1\n"
        "[[steps]]\n[[steps.steps]]\n[[steps.steps]]\n'x' = 2\n"
    )
    assert [lines.of(("steps", 0)), lines.of(("steps", 0, "steps", 0, "x"))] == [5, 7]
    assert [lines.of(("steps", 1, "steps", 1, "x")), lines.of(("steps", 1, "steps", 0, "x"))] == [11, 9]
    assert lines.of(("name",)) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [("nowhere", "'nowhere' is neither a file nor"), ("/", "Is a directory"), ("a\0b", "a\0b: cannot read it")],
)
def test_a_drill_that_is_not_there(name: str, says: str) -> None:
    with pytest.raises(BadDrill, match=re.escape(says)):
        read_drill(name)


def test_a_drill_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(BadDrill, match=r"mine\.toml: cannot read it: it is not UTF-8\."):
        read_drill(str(tmp_path / "mine.toml"))


def test_the_drills_that_are_included_use_every_kind_of_break() -> None:
    drills = [read_drill(name) for name in included()]
    assert [drill.name for drill in drills] == [
        "black-holed-leader",
        "clean-hand-over",
        "flapping",
        "frozen-leader",
        "frozen-member",
        "leader-and-heir-crash",
        "leader-crash",
        "mass-exit",
        "slow-etcd",
    ]
    assert all(drill.about for drill in drills)
    assert [drill.name for drill in drills if drill.needs_members] == ["frozen-member"]
    assert {step.do for drill in drills for step in drill.unrolled()} <= set(VERBS)
