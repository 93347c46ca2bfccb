"""A profile from TOML, or a sentence that says in which line what is wrong and what would be right. Pure."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from ..alerts import CONDITIONS, HOLD, Condition, Rule
from ..documents import Lines, Wrong, check_keys, flag, one_of, read_document, seconds, tables, text, texts, whole
from ..documents import Path as Place
from ..findings import KINDS
from ..keys import ACTIONS, Keys, normal, written
from ..metrics.plan import address
from .model import THEMES, BadProfile, Profile

__all__ = ["KEYS", "LOG_LEVELS", "MOST_RULES", "RULE_KEYS", "THRESHOLDS", "parse_profile", "split_words"]

LOG_LEVELS = ("debug", "info", "warning", "error")
MOST_RULES = 50
"""Alerts of one profile."""
_MOST_CHANGES = 1000
_LONGEST = 30 * 86_400.0
"""Seconds that an alert may wait or look back."""
_NO_PASSWORD = "A password does not belong into a profile: give password-command or password-file, and user its name."


def parse_profile(content: str, path: Path, name: str) -> Profile:
    """The profile that a text describes.

    Args:
        content: TOML.
        path: the file it comes from; files that it names are relative to its folder.
        name: what it is called.

    Raises:
        BadProfile: it is not TOML, or no profile; the message begins with ``path:line``.
    """
    return read_document(content, str(path), lambda document, lines: _profile(document, lines, path, name), BadProfile)


def split_words(line: str) -> tuple[str, ...]:
    """A program and its arguments, split as a shell would; no shell is asked.

    Raises:
        ValueError: there are none, or a quotation does not end.
    """
    try:
        words = tuple(shlex.split(line))
    except ValueError as exc:
        raise ValueError(f"{line!r} is no command: a quotation mark is not closed.") from exc
    if not words:
        raise ValueError("There is no command; name a program.")
    return words


def _profile(document: Mapping[str, Any], lines: Lines, path: Path, name: str) -> Profile:
    if "password" in document:
        raise Wrong(("password",), _NO_PASSWORD)
    check_keys(document, (), (), (*KEYS, *_APART))
    options = {key.replace("-", "_"): KEYS[key](document[key], (key,)) for key in KEYS if key in document}
    for key in ("cacert", "cert", "key", "log_file", "history"):
        if key in options:
            options[key] = _file(options[key], path)
    for key, name_there in (("prefix", "prefixes"), ("no_history", "without_history")):
        if key in options:
            options[name_there] = options.pop(key)
    _check_secrets(document)
    secret = document.get("password-file")
    return Profile(
        name,
        path,
        options,
        _thresholds(document.get("thresholds", {})),
        _words(document["password-command"], ("password-command",)) if "password-command" in document else (),
        None if secret is None else _file(_file_name(secret, ("password-file",)), path),
        _keys(document.get("keys", {})),
        one_of(document["theme"], ("theme",), THEMES) if "theme" in document else None,
        _rules(document),
        _where(document, lines),
    )


def _check_secrets(document: Mapping[str, Any]) -> None:
    given = [key for key in ("password-command", "password-file") if key in document]
    if len(given) > 1:
        raise Wrong((given[1],), "There are two ways to the password; leave one of them out.")
    if given and "user" not in document:
        raise Wrong((given[0],), "Whose password is it? Give user, too.")


def _file(given: str, profile: Path) -> Path:
    return profile.parent / os.path.expanduser(given)


def _endpoints(value: Any, place: Place) -> tuple[str, ...]:
    found = tuple(part.strip() for each in texts(value, place) for part in each.split(",") if part.strip())
    if not found:
        raise Wrong(place, 'There is no endpoint here: give one such as "10.0.0.1:2379", or several in [ ].')
    return found


def _prefixes(value: Any, place: Place) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(texts(value, place)))
    if not found:
        raise Wrong(place, 'There is no prefix here: give one such as "election/"; "" is the whole key space.')
    return found


def _user(value: Any, place: Place) -> str:
    if isinstance(value, str) and ":" in value:
        raise Wrong(place, _NO_PASSWORD)
    if not text(value, place):
        raise Wrong(place, "The name of the user is empty; leave it out where there is none.")
    return str(value)


def _file_name(value: Any, place: Place) -> str:
    if not text(value, place) or "\0" in value:
        raise Wrong(place, f"{value!r} is no name of a file; leave it out where there is none.")
    return str(value)


def _address(value: Any, place: Place) -> tuple[str, int]:
    try:
        return address(text(value, place))
    except ValueError as exc:
        raise Wrong(place, str(exc)) from exc


def _words(value: Any, place: Place) -> tuple[str, ...]:
    if isinstance(value, list):
        words = texts(value, place)
        if not words or not words[0]:
            raise Wrong(place, 'There is no command here: give its words, such as ["pass", "show", "etcd"].')
        return words
    try:
        return split_words(text(value, place))
    except ValueError as exc:
        raise Wrong(place, str(exc)) from exc


KEYS: dict[str, Callable[[Any, Place], Any]] = {
    "endpoints": _endpoints,
    "prefix": _prefixes,
    "user": _user,
    "cacert": _file_name,
    "cert": _file_name,
    "key": _file_name,
    "insecure-transport": flag,
    "command-timeout": seconds,
    "dial-timeout": seconds,
    "read-only": flag,
    "low-bandwidth": flag,
    "plain": flag,
    "metrics": _address,
    "history": _file_name,
    "no-history": flag,
    "log-file": _file_name,
    "log-level": lambda value, place: one_of(value, place, LOG_LEVELS),
    "on-change": _words,
    "on-alert": _words,
}
"""What is an option of the command line, by its name there, and who reads it."""
_APART = ("password-command", "password-file", "theme", "thresholds", "keys", "alerts")


def _threshold(value: Any, place: Place) -> int:
    return whole(value, place, 1000, "a number of candidates", least=0)


def _kinds(value: Any, place: Place) -> tuple[str, ...]:
    return tuple(one_of(each, place, KINDS) for each in texts(value, place))


THRESHOLDS: dict[str, Callable[[Any, Place], Any]] = {
    "vacant-longer-than": seconds,
    "min-standby": _threshold,
    "ignore": _kinds,
}


def _thresholds(table: Any) -> dict[str, Any]:
    place: Place = ("thresholds",)
    _check_table(table, place)
    check_keys(table, place, (), tuple(THRESHOLDS))
    return {key.replace("-", "_"): THRESHOLDS[key](value, (*place, key)) for key, value in table.items()}


def _keys(table: Any) -> dict[str, tuple[str, ...]]:
    _check_table(table, ("keys",))
    chosen: dict[str, tuple[str, ...]] = {}
    for action, value in table.items():
        place = ("keys", action)
        if action not in ACTIONS:
            raise Wrong(place, f"{action!r} is no action; there are {', '.join(ACTIONS)}.")
        try:
            chosen[action] = tuple(dict.fromkeys(normal(key) for key in texts(value, place)))
        except ValueError as exc:
            raise Wrong(place, str(exc)) from exc
        if not chosen[action]:
            raise Wrong(place, f"There is no key here: give one, such as {written(ACTIONS[action].split(',')[0])!r}.")
    for clash in Keys(chosen).clashes():
        raise Wrong(
            ("keys", clash.action),
            f"{clash.key!r} is also {clash.other} in {clash.place!r}; choose another key, or give {clash.other} one.",
        )
    return chosen


RULE_KEYS = ("when", "name", "elections", "hold")
"""What every alert may have; the conditions add their own."""


def _rules(document: Mapping[str, Any]) -> tuple[Rule, ...]:
    if "alerts" not in document:
        return ()
    rules = tables(document, ("alerts",))
    if len(rules) > MOST_RULES:
        raise Wrong(("alerts", MOST_RULES), f"These are {len(rules)} alerts; {MOST_RULES} are the most.")
    return tuple(_rule(table, ("alerts", index)) for index, table in enumerate(rules))


def _rule(table: Mapping[str, Any], place: Place) -> Rule:
    if "when" not in table:
        raise Wrong(place, f"An alert needs when; there are {', '.join(CONDITIONS)}.")
    when = cast(Condition, one_of(table["when"], (*place, "when"), tuple(CONDITIONS)))
    needed, possible = CONDITIONS[when]
    check_keys(table, place, ("when", *needed), (*RULE_KEYS[1:], *possible))
    leader = text(table.get("leader", "*"), (*place, "leader"))
    if not leader.removeprefix("!"):
        raise Wrong(
            (*place, "leader"), 'This pattern is empty: give one such as "node-1*"; a ! before it turns it around.'
        )
    return Rule(
        when,
        name=text(table.get("name", ""), (*place, "name")),
        elections=texts(table.get("elections", []), (*place, "elections")),
        longer_than=_length(table, place, "longer-than", 0.0),
        more_than=_changes(table["more-than"], (*place, "more-than")) if "more-than" in table else 0,
        within=_length(table, place, "within", 0.0),
        leader=leader if when == "leader-matches" else "",
        hold=_length(table, place, "hold", HOLD, least=1.0),
    )


def _changes(value: Any, place: Place) -> int:
    return whole(value, place, _MOST_CHANGES, "a number of new leaders")


def _length(table: Mapping[str, Any], place: Place, key: str, default: float, least: float = 0.0) -> float:
    if key not in table:
        return default
    length = seconds(table[key], (*place, key))
    if not least <= length <= _LONGEST:
        raise Wrong((*place, key), f"{table[key]!r} is out of bounds: give from {least:g} s to 720h.")
    return length


def _check_table(value: Any, place: Place) -> None:
    if not isinstance(value, dict):
        raise Wrong(place, f"{place[0]!r} is a table: write [{place[0]}] above what belongs into it.")


def _where(document: Mapping[str, Any], lines: Lines) -> dict[str, int]:
    found = {key: lines.of((key,)) for key in document}
    for table in ("thresholds", "keys"):
        found |= {f"{table}.{key}": lines.of((table, key)) for key in document.get(table, {})}
    for index in range(len(document.get("alerts", ()))):
        found[f"alerts.{index + 1}"] = lines.of(("alerts", index))
    return found
