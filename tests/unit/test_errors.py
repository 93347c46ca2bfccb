"""The tree of errors is the one that its docstring draws, and every error says what it speaks of."""

from __future__ import annotations

import re

import pytest

from election_core import errors
from election_core.errors import Compacted, ElectionError, InvalidConfig

PUBLIC: dict[str, type[ElectionError]] = {name: getattr(errors, name) for name in errors.__all__}


def drawn_tree(text: str) -> dict[str, str | None]:
    """Each class in the drawing with the one that it hangs on."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in text.splitlines():
        if (
            match := re.match(r"    (?P<branch>(?:[│ ]   )*(?:[├└]── )?)(?P<name>[A-Z]\w+)(?: {2,}\S.*)?$", line)
        ) is None:
            continue
        path = path[: len(match["branch"]) // 4]
        parents[match["name"]] = path[-1] if path else None
        path.append(match["name"])
    return parents


def test_the_reader_of_the_drawing_sees_depth() -> None:
    drawing = "    Root\n    ├── One    do this\n    │   └── Deep   that\n    └── Two   (also a ValueError)\n"
    assert drawn_tree(drawing) == {"Root": None, "One": "Root", "Deep": "One", "Two": "Root"}


def test_the_drawn_tree_is_the_real_one() -> None:
    assert errors.__doc__ is not None
    real = {
        name: None if error is ElectionError else next(base.__name__ for base in error.__bases__)
        for name, error in PUBLIC.items()
    }
    assert drawn_tree(errors.__doc__) == real


def test_every_error_of_the_module_is_public() -> None:
    defined = {name for name, each in vars(errors).items() if isinstance(each, type)}
    assert defined == set(errors.__all__)


def test_only_an_invalid_argument_is_also_a_value_error() -> None:
    assert [name for name, error in PUBLIC.items() if issubclass(error, ValueError)] == ["InvalidConfig"]


def made(error: type[ElectionError], **fields: object) -> ElectionError:
    extra = {"compact_revision": 7} if issubclass(error, Compacted) else {}
    return error("Say what to do.", **{**extra, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("error", PUBLIC.values(), ids=PUBLIC)
def test_every_error_shows_its_message_and_has_all_fields(error: type[ElectionError]) -> None:
    raised = made(error)
    assert str(raised) == raised.message == "Say what to do."
    assert (raised.election, raised.key, raised.endpoint) == (None, None, None)
    assert error.__doc__


@pytest.mark.parametrize("error", [each for each in PUBLIC.values() if not issubclass(each, Compacted)])
def test_fields_say_what_it_speaks_of(error: type[ElectionError]) -> None:
    raised = made(error, election="job", key=b"election/job/7b", endpoint="h:1")
    assert (raised.election, raised.key, raised.endpoint) == ("job", b"election/job/7b", "h:1")


def test_compacted_says_from_where_on_there_is_history() -> None:
    raised = Compacted("Read again.", compact_revision=42, endpoint="h:1")
    assert (raised.compact_revision, raised.endpoint) == (42, "h:1")


def test_an_invalid_argument_can_be_caught_as_either() -> None:
    with pytest.raises(ValueError, match="whole number"):
        raise InvalidConfig("A ttl is a whole number.")
    with pytest.raises(ElectionError):
        raise InvalidConfig("A ttl is a whole number.")
