"""The table of keys is what the screens have, and tells what would clash."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import _character_to_key
from textual.theme import BUILTIN_THEMES

from electiontui.keys import ACTIONS, PLACES, Keys, normal, written
from electiontui.profiles import THEMES
from electiontui.replay_app import ReplayApp
from electiontui.screens.acting import ActingScreen
from electiontui.screens.cluster import ClusterScreen
from electiontui.screens.console import ConsoleScreen
from electiontui.screens.detail import DetailScreen
from electiontui.screens.drills import DrillsScreen
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.events import EventsScreen
from electiontui.screens.find import FindDialog
from electiontui.screens.leaders import LeadersScreen
from electiontui.screens.live import LiveScreen
from electiontui.screens.warnings import WarningsScreen
from electiontui.widgets.timeline import Timeline
from electiontui.widgets.virtual_table import VirtualTable

EVERYWHERE = (LiveScreen, VirtualTable)
SCREENS: dict[str, tuple[type[DOMNode], ...]] = {
    "elections": (*EVERYWHERE, ElectionsScreen),
    "leaders": (*EVERYWHERE, LeadersScreen),
    "warnings": (*EVERYWHERE, WarningsScreen),
    "cluster": (*EVERYWHERE, ClusterScreen),
    "console": (*EVERYWHERE, ConsoleScreen),
    "events": (*EVERYWHERE, EventsScreen),
    "one election": (*EVERYWHERE, DetailScreen, ActingScreen, Timeline),
    "drills": (*EVERYWHERE, DrillsScreen),
    "find": (VirtualTable, FindDialog),
    "replay": (ReplayApp,),
}


def bindings(*classes: type[DOMNode]) -> Iterator[Binding]:
    for each in classes:
        for binding in each.BINDINGS:
            assert isinstance(binding, Binding)
            yield binding


@pytest.mark.parametrize("place", PLACES)
def test_each_place_has_the_actions_of_its_screen_with_their_keys(place: str) -> None:
    found = {str(binding.id): binding.key for binding in bindings(*SCREENS[place])}
    assert set(found) == set(PLACES[place])
    assert found == {action: ACTIONS[action] for action in PLACES[place]}


def test_every_action_works_somewhere_and_nothing_clashes_as_it_is() -> None:
    assert set(ACTIONS) == {action for actions in PLACES.values() for action in actions}
    as_they_are = Keys({action: tuple(keys.split(",")) for action, keys in ACTIONS.items()})
    assert list(as_they_are.clashes()) == []


def test_a_key_that_means_something_else_there_clashes() -> None:
    (clash,) = Keys({"reverse": ("e",)}).clashes()
    assert (clash.action, clash.key, clash.other, clash.place) == ("reverse", "e", "export", "elections")
    assert list(Keys({"reverse": ("e",), "export": ("E",)}).clashes()) == []
    assert {clash.place for clash in Keys({"help": ("x",)}).clashes()} == {"warnings", "console", "drills"}
    assert {(clash.other, clash.place) for clash in Keys({"filter": ("comma",)}).clashes()} == {("step_back", "replay")}
    assert {(clash.other, clash.place) for clash in Keys({"seek": ("X",)}).clashes()} == {("evict", "replay")}
    assert list(Keys({"charts": ("a",)}).clashes()) == []  # `a` finds elections, but in another place


@given(st.characters(codec="utf-8", categories=("L", "N", "P", "S")))
def test_a_character_is_named_as_the_screens_do(character: str) -> None:
    try:
        name = normal(character)
    except ValueError:
        return
    assert name == _character_to_key(character)


@pytest.mark.parametrize(
    ("key", "name", "shown"),
    [
        ("?", "question_mark", "?"),
        ("question_mark", "question_mark", "?"),
        (" ", "space", "space"),
        ("_", "underscore", "_"),
        ("H", "H", "H"),
        ("f5", "f5", "f5"),
        ("ctrl+d", "ctrl+d", "^d"),
        ("pageup", "pageup", "pgup"),
        (",", "comma", ","),
    ],
)
def test_keys_have_names(key: str, name: str, shown: str) -> None:
    assert (normal(key), written(name)) == (name, shown)


@pytest.mark.parametrize(
    "key", ["", "tab", "ctrl+q", "ctrl+c", "ctrl+i", "ctrl+m", "hello", "ctrl+shift+x", "\x1b", "f99"]
)
def test_what_is_no_key_or_has_to_stay_is_told(key: str) -> None:
    with pytest.raises(ValueError, match=r"is no key|stays what it is|is the same as"):
        normal(key)


def test_one_key_is_shown_and_rather_a_character() -> None:
    keys = Keys({"filter": ("f", "slash")})
    shown = {action: keys.shown(action) for action in ("help", "move_down", "page_down", "zoom_in", "filter", "open")}
    assert shown == {"help": "?", "move_down": "j", "page_down": "^d", "zoom_in": "+", "filter": "f", "open": "enter"}


def test_themes_are_those_of_the_screens() -> None:
    assert set(THEMES) == {name for name in BUILTIN_THEMES if "ansi" not in name}
