"""``electiontui config``: which options hold and who says so, and whether profiles are right."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from ..keys import written
from ..pictures.table import aligned
from ..profiles import BadProfile, Profile, complaints, folder, known, load
from ..text import safe
from . import INVALID_INPUT, OK
from .options import SHARED
from .output import print_json, print_line
from .resolving import Origin, profile_of, resolve
from .settings import DEFAULT_ENDPOINT
from .streams import say, stdout_failed

__all__ = ["print_schema", "show", "validate"]

_NAMES = {"prefixes": "prefix", "without_history": "no-history"}
_HIDDEN = "(hidden)"
_DEFAULTS: dict[str, Any] = {"endpoints": (DEFAULT_ENDPOINT,), "prefixes": ("election/",), "log_level": "info"}


def show(ctx: click.Context, form: str) -> int:
    """Print what holds as ``table`` or ``json``; returns the exit code."""
    profile = profile_of(ctx)
    origins = dict(_told(resolve(ctx, SHARED, profile), profile))
    try:
        if form == "json":
            found = {name: {"value": _plain(value), "from": source} for name, (value, source) in origins.items()}
            print_json({"profile": None if profile is None else str(profile.path), "options": found})
            return OK
        where = str(profile.path) if profile is not None else f"none; they lie in {folder()}"
        say(f"profile: {where}")
        rows = [(name, _words(value), source) for name, (value, source) in origins.items()]
        for line in aligned([("NAME", "VALUE", "FROM"), *rows]):
            print_line(line)
    except OSError as exc:
        return stdout_failed(exc)
    return OK


def validate(names: Sequence[str]) -> int:
    """Say of each profile whether it is right; returns the exit code."""
    code = OK
    for name in names or known():
        try:
            profile = load(name)
        except BadProfile as exc:
            say(str(exc))
            code = INVALID_INPUT
            continue
        for complaint in complaints(profile):
            say(f"warning: {complaint}")
        try:
            print_line(f"{safe(str(profile.path))}: all right")
        except OSError as exc:
            return stdout_failed(exc)
    if not names and not known():
        say(f"there are no profiles; they lie in {folder()}")
    return code


def print_schema() -> int:
    """Print the schema that editors check profiles with; returns the exit code."""
    try:
        sys.stdout.write(files("electiontui.profiles").joinpath("schema.json").read_text("utf-8"))
        sys.stdout.flush()
    except OSError as exc:
        return stdout_failed(exc)
    return OK


def _told(origins: dict[str, Origin], profile: Profile | None) -> Iterator[tuple[str, Origin]]:
    """By the names that a profile has for them, secrets hidden."""
    for name, (value, source) in origins.items():
        if name == "password":
            yield from _password(Origin(value, source), origins["user"].value, profile)
        elif name == "user" and value and ":" in value:
            yield "user", Origin(f"{value.partition(':')[0]}:{_HIDDEN}", source)
        else:
            if name == "metrics" and value is not None:
                value = f"{value[0]}:{value[1]}"
            shown = _NAMES.get(name, name.replace("_", "-"))
            yield shown, Origin(value if source != "default" else _DEFAULTS.get(name, value), source)
    if profile is None:
        return
    for key, value in profile.thresholds.items():
        yield _of_table("thresholds", key.replace("_", "-"), value, profile)
    if profile.theme is not None:
        yield "theme", Origin(profile.theme, profile.where("theme"))
    for action, keys in profile.keys.items():
        yield _of_table("keys", action, tuple(written(key) for key in keys), profile)
    for number, rule in enumerate(profile.rules, 1):
        yield f"alerts.{number}", Origin(rule.title, profile.where(f"alerts.{number}"))


def _of_table(table: str, key: str, value: Any, profile: Profile) -> tuple[str, Origin]:
    return f"{table}.{key}", Origin(value, profile.where(f"{table}.{key}"))


def _password(given: Origin, user: str | None, profile: Profile | None) -> Iterator[tuple[str, Origin]]:
    if given.value:
        yield "password", Origin(_HIDDEN, given.source)
    elif profile is not None and user == profile.options.get("user"):
        for key, way in (("password-command", profile.password_command), ("password-file", profile.password_file)):
            if way:
                # The words of a command may have a secret in them.
                shown = way if isinstance(way, Path) else (way[0], "…")[: len(way)]
                yield key, Origin(shown, profile.where(key))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _words(value: Any) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}s"
    return safe(" ".join(each or '""' for each in value) if isinstance(value, tuple) else str(value))
