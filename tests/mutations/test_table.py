"""The table of mutations is about the code as it stands, and has every hazard that code can do something about."""

from __future__ import annotations

import re

import pytest

from ..servers import ROOT
from .mutation import HAZARDS, Mutation, named_tests
from .table import MUTATIONS, NO_LINE


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.hazard}-{each.mistake}")
def test_each_mutation_breaks_lines_that_stand_there_once(mutation: Mutation) -> None:
    for path, text in mutation.broken_files(ROOT).items():
        assert text != (ROOT / path).read_text("utf-8")
        compile(text, path, "exec")
    assert named_tests(mutation.hazard)


def test_every_hazard_has_a_mutation_or_a_reason_for_none() -> None:
    hazards = re.findall(r"^\| (H\d+b?) \|", HAZARDS.read_text("utf-8"), re.MULTILINE)
    mutated = {each.hazard for each in MUTATIONS}
    assert mutated.isdisjoint(NO_LINE)
    assert sorted(mutated | NO_LINE.keys()) == sorted(hazards)
