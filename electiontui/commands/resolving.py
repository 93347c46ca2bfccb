"""Where the value of each shared option comes from: flag, environment, profile or default, in this order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from ..profiles import Profile

__all__ = ["Origin", "fill_in", "hand_on", "is_given", "profile_of", "put_by", "resolve"]

_PUT_BY = "electiontui.put by"
_PROFILE = "electiontui.profile"


class Origin(NamedTuple):
    """A value, and who says so."""

    value: Any
    source: str
    """Such as ``--endpoints``, ``ETCDCTL_ENDPOINTS``, ``prod.toml:3`` or ``default``."""


def put_by(ctx: click.Context, names: Iterable[str]) -> None:
    """Keep the shared options from the command's own function, which gets what all of them amount to."""
    ctx.meta[_key(ctx)] = {name: ctx.params.pop(name) for name in names}


def _key(ctx: click.Context) -> str:
    return f"{_PUT_BY} {'before' if ctx.parent is None else 'after'}"


def _values(ctx: click.Context) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ctx.meta.get(_key(ctx), ctx.params)
    return found


def _places(ctx: click.Context) -> list[click.Context]:
    """After the command, and before it."""
    root = ctx.find_root()
    return [ctx] if root is ctx else [ctx, root]


def _came_from(ctx: click.Context, name: str, source: ParameterSource) -> bool:
    return name in _values(ctx) and ctx.get_parameter_source(name) is source


def is_given(ctx: click.Context, name: str) -> bool:
    """Whether an option was given, before the command or after it."""
    return any(_came_from(each, name, ParameterSource.COMMANDLINE) for each in _places(ctx))


def resolve(ctx: click.Context, names: Iterable[str], profile: Profile | None) -> dict[str, Origin]:
    """Each option's value and where it comes from."""
    return {name: _resolved(ctx, name, profile) for name in names}


def _resolved(ctx: click.Context, name: str, profile: Profile | None) -> Origin:
    option = _option(ctx, name)
    given = [each for each in _places(ctx) if _came_from(each, name, ParameterSource.COMMANDLINE)]
    if given:
        value = _values(given[0])[name]
        if isinstance(value, tuple) and option.multiple and len(given) > 1:
            value = _values(given[1])[name] + value
        is_switched_off = value is False and option.secondary_opts
        return Origin(value, option.secondary_opts[0] if is_switched_off else option.opts[0])
    for each in _places(ctx):
        if _came_from(each, name, ParameterSource.ENVIRONMENT):
            return Origin(_values(each)[name], str(option.envvar))
    if profile is not None and name in profile.options:
        return Origin(profile.options[name], profile.where(option.opts[0].removeprefix("--")))
    return Origin(_values(ctx.find_root())[name], "default")


def fill_in(ctx: click.Context, values: Mapping[str, Any]) -> None:
    """The command's own options have these values where nobody has given others."""
    for name in values.keys() & ctx.params.keys():
        if ctx.get_parameter_source(name) is ParameterSource.DEFAULT:
            ctx.params[name] = values[name]


def hand_on(ctx: click.Context) -> None:
    """The dashboard's own options, where they were given before this command, are this command's.

    Raises:
        click.UsageError: it has none of that name.
    """
    root = ctx.find_root()
    for option in root.command.params:
        name = str(option.name)
        if name not in root.params or root.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        if name not in ctx.params:
            raise click.UsageError(f"{option.opts[0]} is of no use here: no metrics are served. Leave it out.", ctx)
        if ctx.get_parameter_source(name) is ParameterSource.DEFAULT:
            ctx.params[name] = root.params[name]
            ctx.set_parameter_source(name, ParameterSource.COMMANDLINE)


def _option(ctx: click.Context, name: str) -> click.Option:
    return next(each for each in ctx.find_root().command.params if isinstance(each, click.Option) and each.name == name)


def profile_of(ctx: click.Context) -> Profile | None:
    """The profile that holds, read once; ``None`` without one.

    Raises:
        click.UsageError: it is not there, or something in it is wrong.
    """
    if _PROFILE not in ctx.meta:
        from ..profiles import DEFAULT, BadProfile, load, path_of

        name = _resolved(ctx, "profile", None).value
        # Where its folder may not be looked into there is none.
        if name is None and os.path.exists(path_of(DEFAULT)):
            name = DEFAULT
        try:
            ctx.meta[_PROFILE] = load(name) if name else None
        except BadProfile as exc:
            raise click.UsageError(str(exc)) from exc
    found: Profile | None = ctx.meta[_PROFILE]
    return found
