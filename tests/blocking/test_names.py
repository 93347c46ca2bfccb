"""Everything public on asyncio's objects has its counterpart here, with the same parameters."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import election_core
from election_core import blocking

PAIRS = [
    (getattr(election_core, name), getattr(blocking, name))
    for name in ("Campaign", "Client", "Election", "ElectionObserver", "Monitor", "Session")
]


def names_of(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def parameters(function: object) -> dict[str, object]:
    assert callable(function)
    return {
        name: (each.kind, each.default)
        for name, each in inspect.signature(function).parameters.items()
        if name not in ("self", "closed_with")
    }


@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_the_same_names(theirs: type, ours: type) -> None:
    assert names_of(theirs) == names_of(ours)
    assert {name for name in names_of(theirs) if isinstance(getattr(theirs, name), property)} == {
        name for name in names_of(ours) if isinstance(getattr(ours, name), property)
    }


@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_the_same_parameters(theirs: type, ours: type) -> None:
    for name in names_of(theirs):
        if callable(getattr(theirs, name)):
            expected = parameters(getattr(theirs, name))
            if (theirs.__name__, name) == ("Campaign", "wait"):
                expected |= {"timeout": (inspect.Parameter.POSITIONAL_OR_KEYWORD, None)}
            assert parameters(getattr(ours, name)) == expected, f"{theirs.__name__}.{name}"


def test_with_and_for_are_the_same_too() -> None:
    for theirs, ours in PAIRS:
        assert hasattr(theirs, "__aenter__") == hasattr(ours, "__enter__")
        assert hasattr(theirs, "__aiter__") == hasattr(ours, "__iter__")
    assert inspect.signature(election_core.Client).parameters == inspect.signature(blocking.Client).parameters


def test_nothing_here_is_a_coroutine() -> None:
    for _, ours in PAIRS:
        assert not [name for name in names_of(ours) if inspect.iscoroutinefunction(getattr(ours, name))]


def test_importing_election_core_does_not_import_it() -> None:
    script = "import sys, election_core; sys.exit('election_core.blocking' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
