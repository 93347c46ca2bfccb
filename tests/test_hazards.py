"""docs/hazards.md names tests that exist, and every hazard has one."""

from __future__ import annotations

import re

from .servers import ROOT

TEXT = (ROOT / "docs" / "hazards.md").read_text("utf-8")
ROW = re.compile(r"^\| (H\d+b?) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)


def test_every_hazard_has_a_row_and_a_test() -> None:
    rows = ROW.findall(TEXT)
    assert [number for number, *_ in rows if not number.endswith("b")] == [f"H{number}" for number in range(1, 104)]
    assert "H34b" in {number for number, *_ in rows}
    for number, _, _, tests in rows:
        assert "::" in tests, number


def test_the_tests_that_it_names_exist() -> None:
    named = re.findall(r"`([\w/]+\.py)::([\w*]+)`", TEXT)
    assert len(named) > 80
    for path, name in named:
        source = (ROOT / "tests" / path).read_text("utf-8")
        assert name == "*" or re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), f"{path}::{name}"


def test_numbers_in_tests_are_in_the_table() -> None:
    known = {number for number, *_ in ROW.findall(TEXT)}
    used = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        used |= set(re.findall(r"\bH\d+b?\b", path.read_text("utf-8")))
    assert used - {"H"} <= known
