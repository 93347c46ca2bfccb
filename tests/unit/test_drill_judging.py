"""What passes, what fails and why, and what a report makes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from electiontui.drill import as_text
from electiontui.drill.judging import Measures, Succession, judge, unlike
from electiontui.drill.model import Step
from electiontui.drill.report import Report, Result, Spread, spread

CUT = Succession("cut", "a", "b", began_at=10, left_at=12, led_at=12.5, elected_at=12.6, error_at=11.7)


@pytest.mark.parametrize(
    ("seen", "passes", "reason"),
    [
        (CUT, True, "b was elected 2.600 s after a was cut off; a knew 0.900 s before that."),
        (
            replace(CUT, error_at=12.7),
            False,
            "b was elected 2.600 s after a was cut off, but a knew 0.100 s after that.",
        ),
        (
            replace(CUT, error_at=12.6),
            False,
            "b was elected 2.600 s after a was cut off, but a knew 0.000 s after that.",
        ),
        (replace(CUT, error_at=None), False, "b was elected 2.600 s after a was cut off, but a was not told."),
        (
            replace(CUT, cause="delete-key", error_at=12.7),
            True,
            "b was elected 2.600 s after a had its key deleted; a knew 0.100 s after that.",
        ),
        (
            replace(CUT, cause="revoke-lease", error_at=None),
            False,
            "b was elected 2.600 s after a had its lease revoked, but a was not told.",
        ),
        (replace(CUT, cause="freeze", error_at=None), True, "b was elected 2.600 s after a was frozen."),
        (replace(CUT, cause="kill", error_at=None), True, "b was elected 2.600 s after a was killed."),
        (
            replace(CUT, cause="resign", error_at=None, late_write="refused"),
            True,
            "b was elected 2.600 s after a resigned; a write of a with its old token was refused.",
        ),
        (
            replace(CUT, cause="abandon", error_at=None, late_write="accepted"),
            False,
            "b was elected 2.600 s after a crashed, but a write of a with its old token was accepted.",
        ),
        (
            replace(CUT, cause="kill", error_at=None, write="refused"),
            False,
            "b was elected 2.600 s after a was killed, but a write of b with its token was refused.",
        ),
    ],
)
def test_a_succession_is_judged(seen: Succession, passes: bool, reason: str) -> None:
    assert judge(seen)[:2] == (passes, reason)


def test_a_succession_is_measured() -> None:
    told = replace(CUT, elected_at=12.75, error_at=11.5, late_write="refused")
    assert judge(told).measures == Measures(handover=2.75, vacancy=0.5, to_error=1.5, margin=1.25, refused=1)
    assert judge(replace(told, error_at=None, late_write=None)).measures == Measures(handover=2.75, vacancy=0.5)


@pytest.mark.parametrize(
    ("step", "queue", "why"),
    [
        (Step("expect", "1", leader="a"), ["a", "b"], None),
        (Step("expect", "1", leader="b"), ["a", "b"], "a leads, and not b"),
        (Step("expect", "1", leader="b"), [], "nobody leads, and not b"),
        (Step("expect", "1", vacant=True), [], None),
        (Step("expect", "1", vacant=True), ["a"], "a leads, and not nobody"),
        (Step("expect", "1", queue=("a", "b")), ["a", "b"], None),
        (Step("expect", "1", queue=("a", "b")), ["b", "a"], "the line is b, a, and not a, b"),
        (Step("expect", "1", queue=("a", "b")), ["a", "b", "c"], "the line is a, b, c, and not a, b"),
        (Step("expect", "1", queue=()), ["a"], "the line is a, and not empty"),
    ],
)
def test_a_line_is_compared_with_what_was_expected(step: Step, queue: list[str], why: str | None) -> None:
    assert unlike(step, queue) == why


@pytest.mark.parametrize(
    ("values", "least", "wanted"),
    [
        ([], False, None),
        ([None], False, None),
        ([3.0], False, Spread(1, 3.0, 3.0, 3.0)),
        ([4.0, None, 1.0, 3.0], False, Spread(3, 3.0, 4.0, 4.0)),
        ([4.0, 1.0], True, Spread(2, 2.5, 1.0, 1.0)),
        ([float(number) for number in range(1, 21)], False, Spread(20, 10.5, 19.0, 20.0)),
        ([float(number) for number in range(1, 21)], True, Spread(20, 10.5, 2.0, 1.0)),
    ],
)
def test_figures_over_the_rounds(values: list[float | None], least: bool, wanted: Spread | None) -> None:
    assert spread(values, least=least) == wanted


RESIGN, AWAIT = Step("resign", "1", 7, ("a",)), Step("await-leader", "2", 9, ("b",))
REPORT = Report(
    "mine",
    "What is | rehearsed.",
    "3.5.1",
    2,
    (
        Result(1, RESIGN, "PASS", "a left.", 0.25),
        Result(1, AWAIT, "PASS", "b leads.", 0.5, Measures(0.4, 0.0, None, None, 1)),
        Result(2, RESIGN, "FAIL", "a <did> not\x1b leave.", 1.0),
        Result(2, AWAIT, "SKIP", "Step 1 failed."),
    ),
)


def test_a_report_passes_where_every_step_does_and_nothing_is_left() -> None:
    good = replace(REPORT, results=REPORT.results[:2])
    assert (good.passes, REPORT.passes) == (True, False)
    assert not replace(good, left_behind=("a lease",)).passes
    assert good.refused == (1, 1)
    lost = Result(2, AWAIT, "FAIL", "", 1.0, Measures(0.4, 0.0, None, None, 0))
    assert replace(good, results=(*good.results, lost)).refused == (1, 2)


def test_the_table_shows_what_failed() -> None:
    assert as_text(REPORT, "table").splitlines() == [
        "mine: FAIL, 2 rounds on etcd 3.5.1; 1 of 1 writes with an old token refused",
        "",
        "STEP  DOES            VERDICT        WHY",
        "1     resign a        FAIL (1 of 2)  a <did> not\\x1b leave.",
        "2     await-leader b  SKIP (1 of 2)  Step 1 failed.",
        "",
        "STEP  MEASURED   MEDIAN     P95   WORST  TIMES",
        "2     hand-over  0.400s  0.400s  0.400s      1",
        "2     vacancy    0.000s  0.000s  0.000s      1",
    ]


def test_markdown_has_the_same_as_tables() -> None:
    assert as_text(REPORT, "markdown").splitlines()[:8] == [
        "## mine: FAIL",
        "",
        "What is | rehearsed.",
        "",
        "2 rounds on etcd 3.5.1; 1 of 1 writes with an old token refused.",
        "",
        "| step | does | verdict | why |",
        "|---|---|---|---|",
    ]
    assert "| 2 | hand-over | 0.400 s | 0.400 s | 0.400 s | 1 |" in as_text(REPORT, "markdown")


def test_json_has_each_result() -> None:
    document = json.loads(as_text(REPORT, "json"))
    assert (document["drill"], document["verdict"], document["rounds"]) == ("mine", "FAIL", 2)
    assert document["results"][1] == {
        "round": 1,
        "step": "2",
        "line": 9,
        "does": "await-leader b",
        "verdict": "PASS",
        "reason": "b leads.",
        "seconds": 0.5,
        "handover": 0.4,
        "vacancy": 0.0,
        "to_error": None,
        "margin": None,
        "refused": 1,
    }
    assert document["figures"][0] == {
        "step": "2",
        "measured": "handover",
        "count": 1,
        "median": 0.4,
        "p95": 0.4,
        "worst": 0.4,
    }


def test_junit_has_a_case_for_each_step_of_each_round() -> None:
    suite = ElementTree.fromstring(as_text(REPORT, "junit"))
    assert suite.attrib == {"name": "mine", "tests": "4", "failures": "1", "skipped": "1", "time": "1.750"}
    cases = list(suite)
    assert [case.attrib["name"] for case in cases][1:3] == [
        "round 1, step 2: await-leader b",
        "round 2, step 1: resign a",
    ]
    assert [[(child.tag, child.attrib["message"]) for child in case] for case in cases] == [
        [],
        [],
        [("failure", "a <did> not\\x1b leave.")],
        [("skipped", "Step 1 failed.")],
    ]
