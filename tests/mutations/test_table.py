"""The table of mutations is about the code as it stands, and has every hazard that code can do something about."""

from __future__ import annotations

import re

import pytest

from ..servers import ROOT
from .mutation import HAZARDS, Mutation, named_tests
from .table import MUTATIONS, NO_LINE


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.hazard}-{each.path}")
def test_each_mutation_breaks_a_line_that_stands_there_once(mutation: Mutation) -> None:
    text = (ROOT / mutation.path).read_text("utf-8")
    assert mutation.applied_to(text) != text
    assert named_tests(mutation.hazard)


def test_every_hazard_has_a_mutation_or_a_reason_for_none() -> None:
    hazards = re.findall(r"^\| (H\d+b?) \|", HAZARDS.read_text("utf-8"), re.MULTILINE)
    mutated = {each.hazard for each in MUTATIONS}
    assert mutated.isdisjoint(NO_LINE)
    assert sorted(mutated | NO_LINE.keys()) == sorted(hazards)
