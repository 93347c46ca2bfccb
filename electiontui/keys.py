"""Every key of the dashboard that a profile may move elsewhere, and what would clash. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

__all__ = ["ACTIONS", "PLACES", "Clash", "Keys", "normal"]

ACTIONS: dict[str, str] = {
    "view_elections": "1",
    "view_leaders": "2",
    "view_warnings": "3",
    "view_cluster": "4",
    "view_console": "5",
    "view_events": "6",
    "pause": "space",
    "copy": "y",
    "help": "question_mark,f1",
    "command": "colon",
    "quit": "q",
    "move_down": "down,j",
    "move_up": "up,k",
    "move_top": "home,g",
    "move_bottom": "end,G",
    "page_down": "pagedown,ctrl+d",
    "page_up": "pageup,ctrl+u",
    "open": "enter",
    "back": "escape",
    "filter": "slash",
    "clear_filter": "escape",
    "troubles": "exclamation_mark",
    "sort": "s",
    "reverse": "S",
    "fold": "t",
    "past": "f",
    "find": "a",
    "mark_prefix": "space",
    "stop_finding": "s",
    "zoom_in": "plus,equals_sign",
    "zoom_out": "minus",
    "pan_back": "h,left",
    "pan_forward": "l,right",
    "go_live": "0",
    "previous_edge": "left_square_bracket",
    "next_edge": "right_square_bracket",
    "charts": "c",
    "value": "v",
    "copy_more": "Y",
    "maximise": "z",
    "export": "e",
    "proclaims": "p",
    "warning_election": "g",
    "acknowledge": "x",
    "acknowledged": "f",
    "console": "C",
    "campaign": "C",
    "proclaim": "P",
    "resign": "R",
    "abandon": "A",
    "forget": "x",
    "drills": "D",
    "run_drill": "enter",
    "open_drill": "o",
    "stop_drill": "x",
    "step_on": "full_stop",
    "step_back": "comma",
    "faster": "greater_than_sign",
    "slower": "less_than_sign",
    "jump_on": "right_curly_bracket",
    "jump_back": "left_curly_bracket",
    "seek": "at",
    "evict": "X",
}
"""Each action, which is the id of its bindings, and the keys that it has unless a profile says otherwise."""

_VIEWS = tuple(name for name in ACTIONS if name.startswith("view_"))
_MOVES = ("move_down", "move_up", "move_top", "move_bottom", "page_down", "page_up")
_EVERYWHERE = (*_VIEWS, "pause", "copy", "help", "command", "quit", *_MOVES)
_TIME = ("zoom_in", "zoom_out", "pan_back", "pan_forward", "go_live")
_OWN = ("console", "proclaim", "resign", "evict")
_PLAYED = ("step_on", "step_back", "faster", "slower", "jump_on", "jump_back", "seek")
PLACES: dict[str, tuple[str, ...]] = {
    "elections": (
        *(*_EVERYWHERE, *_TIME, "open", "filter", "clear_filter", "troubles", "sort", "reverse", "fold", "past"),
        *("export", "find", "console"),
    ),
    "leaders": (*_EVERYWHERE, "open"),
    "warnings": (*_EVERYWHERE, "open", "back", "warning_election", "acknowledge", "acknowledged"),
    "cluster": (*_EVERYWHERE, "back"),
    "console": (*_EVERYWHERE, "back", "campaign", "proclaim", "resign", "abandon", "forget", "drills"),
    "drills": (*_EVERYWHERE, "back", "run_drill", "open_drill", "stop_drill", "export"),
    "events": (*_EVERYWHERE, "open", "filter", "clear_filter", "proclaims", "export"),
    "one election": (
        *(*_EVERYWHERE, *_TIME, *_OWN, "back", "previous_edge", "next_edge", "charts", "value", "copy_more"),
        *("export", "maximise"),
    ),
    "find": (*_MOVES, "mark_prefix", "stop_finding"),
    "replay": _PLAYED,
}
"""Where each of them works: in one place no key may mean two things. What plays a recording works in all."""

_MEANT_TWICE = {frozenset(("move_top", "warning_election"))}
"""Pairs that share a key on purpose: among warnings the second of them wins."""
_FIXED = {"tab": "next pane", "shift+tab": "the pane before", "ctrl+q": "leave", "ctrl+c": "what the terminal sends"}
_SAME_IN_TERMINALS = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+left_square_bracket": "escape"}
_LONG = {"solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus",
         "plus_sign": "plus", "low_line": "underscore"}  # fmt: skip
_SIGNS = {"escape": "esc", "up": "↑", "down": "↓", "left": "←", "right": "→", "pagedown": "pgdn", "pageup": "pgup"}
_NAMED = re.compile(
    r"(ctrl\+|shift\+)?(up|down|left|right|home|end|pageup|pagedown|insert|delete|backspace|enter|escape|space|"
    r"f\d|f1\d|f2[0-4])|ctrl\+[a-z]",
    re.ASCII,
)


def normal(key: str) -> str:
    """A key as the screens name it: ``question_mark`` for ``?``.

    Raises:
        ValueError: there is no such key, or a terminal has none; the message says what would be right.
    """
    if len(key) == 1 and key.isprintable() and not unicodedata.combining(key):
        return _name_of(" " if key == "\xa0" else key)
    if len(key) > 1 and key in _names_of_signs():
        return key
    if key in _FIXED:
        raise ValueError(f"{key!r} stays what it is: {_FIXED[key]}.")
    if key in _SAME_IN_TERMINALS:
        raise ValueError(f"{key!r} is the same as {_SAME_IN_TERMINALS[key]!r} in a terminal; choose another.")
    if not _NAMED.fullmatch(key):
        raise ValueError(f"{key!r} is no key: give a character, or a name such as 'f5', 'ctrl+d', 'enter' or 'pageup'.")
    return key


def _name_of(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return _LONG.get(name, name)


def _names_of_signs() -> set[str]:
    return {_name_of(chr(code)) for code in range(0x20, 0x7F) if not chr(code).isalnum()}


class Clash(NamedTuple):
    """One key that means two things in one place."""

    action: str
    key: str
    """As it is written on a keyboard."""
    other: str
    place: str


class Keys:
    """Which keys each action has."""

    def __init__(self, chosen: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """``chosen``: action → keys, as `normal` makes them, where they are not those of `ACTIONS`."""
        self.chosen = dict(chosen or {})

    def of(self, action: str) -> tuple[str, ...]:
        """All keys of an action."""
        return self.chosen.get(action, tuple(ACTIONS[action].split(",")))

    def shown(self, action: str) -> str:
        """One key of an action as it is written on a keyboard: a character where there is one."""
        keys = self.of(action)
        characters = [key for key in keys if len(key) == 1 or key in _names_of_signs()]
        return written(characters[0]) if characters else min(map(written, keys), key=len)

    @property
    def keymap(self) -> dict[str, str]:
        """What Textual is to be told."""
        return {action: ",".join(keys) for action, keys in self.chosen.items()}

    def clashes(self) -> Iterator[Clash]:
        """What was chosen and means something else already, in any place."""
        for place, here in PLACES.items():
            actions = tuple(dict.fromkeys((*here, *_PLAYED)))
            for action in self.chosen.keys() & set(actions):
                for other in actions:
                    if other == action or frozenset((action, other)) in _MEANT_TWICE:
                        continue
                    where = "replay" if {action, other} & set(_PLAYED) else place
                    for key in set(self.of(action)) & set(self.of(other)):
                        yield Clash(action, written(key), other, where)


def written(key: str) -> str:
    """A key as it is written on a keyboard, such as ``?``."""
    if key in _SIGNS:
        return _SIGNS[key]
    if key.startswith("ctrl+"):
        return f"^{key[5:]}"
    return next((chr(code) for code in range(0x21, 0x7F) if _name_of(chr(code)) == key), key)
