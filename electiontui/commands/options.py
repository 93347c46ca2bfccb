"""The options that all commands share, before or after the command, and the help that tells them apart."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ..durations import parse_duration
from .settings import Settings, credentials, split_endpoints

__all__ = ["OwnClusterCommand", "SharingCommand", "SharingGroup", "exit_codes", "seconds", "settings_of"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def seconds(text: str) -> float:
    """A Go duration in seconds, as click wants it converted.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        return parse_duration(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


def exit_codes(**meanings: str) -> str:
    """The end of a command's help; keywords are ``c0``, ``c1`` and so on."""
    return "\b\nExit codes:\n" + "\n".join(f"  {code[1:]:>3}  {meaning}" for code, meaning in meanings.items())


def _environment(name: str) -> dict[str, Any]:
    return {"envvar": f"ETCDCTL_{name}", "show_envvar": True}


def shared_options() -> list[click.Option]:
    """New instances, since a parameter belongs to one command."""
    return [
        click.Option(
            ["--endpoints"],
            multiple=True,
            metavar="HOST:PORT,…",
            help="Members of the cluster; may be repeated.  [default: 127.0.0.1:2379]",
            **_environment("ENDPOINTS"),
        ),
        click.Option(
            ["--prefix", "prefixes"],
            multiple=True,
            metavar="TEXT",
            help='Where elections live; "" is the whole key space; may be repeated.  [default: election/]',
        ),
        click.Option(["--user"], metavar="NAME[:PASSWORD]", help="Asks for a password.", **_environment("USER")),
        click.Option(["--password"], help="Then --user is the name alone.", **_environment("PASSWORD")),
        click.Option(["--cacert"], type=_FILE, help="Whom to trust (PEM); turns TLS on.", **_environment("CACERT")),
        click.Option(["--cert"], type=_FILE, help="Client certificate (PEM).", **_environment("CERT")),
        click.Option(["--key"], type=_FILE, help="Private key of --cert (PEM).", **_environment("KEY")),
        click.Option(
            ["--insecure-transport"],
            type=click.BOOL,
            is_flag=False,
            flag_value=True,
            default=True,
            show_default=True,
            help="=false encrypts also without --cacert, trusting the system's authorities.",
            **_environment("INSECURE_TRANSPORT"),
        ),
        click.Option(
            ["--command-timeout"],
            type=seconds,
            metavar="DURATION",
            default="5s",
            show_default=True,
            help="Bound on each call, connecting included, such as 500ms or 1m30s.",
            **_environment("COMMAND_TIMEOUT"),
        ),
        click.Option(
            ["--dial-timeout"],
            type=seconds,
            metavar="DURATION",
            help="As for etcdctl; here it can only shorten --command-timeout for the first contact of list and watch.",
            **_environment("DIAL_TIMEOUT"),
        ),
        click.Option(
            ["--read-only"],
            is_flag=True,
            envvar="ELECTIONTUI_READ_ONLY",
            show_envvar=True,
            help="Never write to etcd.",
        ),
    ]


class SharingGroup(click.Group):
    """Takes the shared options before the command; without one, its callback asks `settings_of`."""

    def __init__(self, name: str | None, *, params: list[click.Parameter] | None = None, **options: Any) -> None:
        super().__init__(name, params=[*shared_options(), *(params or [])], **options)

    def invoke(self, ctx: click.Context) -> Any:
        """They are put by, since a command may add to them."""
        ctx.meta[_GIVEN] = {name: ctx.params.pop(name) for name in _NAMES}
        return super().invoke(ctx)


class SharingCommand(click.Command):
    """Takes the shared options after the command, too; its callback finds them as ``ctx.obj``."""

    def __init__(self, name: str | None, *, params: list[click.Parameter] | None = None, **options: Any) -> None:
        super().__init__(name, params=[*(params or []), *shared_options()], **options)

    def invoke(self, ctx: click.Context) -> Any:
        """What is given in both places adds up where an option may be repeated; else the later one wins."""
        later = {name: ctx.params.pop(name) for name in _NAMES}
        given = ctx.meta.get(_GIVEN, {})
        for name, value in later.items():
            if not _on_command_line(ctx, name):
                later[name] = given.get(name, value)
            elif isinstance(value, tuple) and ctx.parent is not None and _on_command_line(ctx.parent, name):
                later[name] = given[name] + value
        ctx.meta[_GIVEN] = self.checked(ctx, later)
        ctx.obj = ctx.find_root().obj = settings_of(ctx)
        return super().invoke(ctx)

    def checked(self, ctx: click.Context, given: dict[str, Any]) -> dict[str, Any]:
        """What of it the command goes by.

        Raises:
            click.UsageError: something of it is of no use here.
        """
        return given

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options first."""
        for title, shared in (("Options", False), ("Common options, also before the command", True)):
            options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
            listed = [each for each in options if (each.name in _NAMES) is shared]
            records = [record for each in listed if (record := each.get_help_record(ctx)) is not None]
            with formatter.section(title):
                formatter.write_dl(records)


class OwnClusterCommand(SharingCommand):
    """Starts an etcd of its own: which other one there is, and how to be let in, is of no use to it."""

    def checked(self, ctx: click.Context, given: dict[str, Any]) -> dict[str, Any]:
        for name in _CLUSTER:
            if _on_command_line(ctx, name) or (ctx.parent is not None and _on_command_line(ctx.parent, name)):
                option = name.replace("_", "-")
                raise click.UsageError(f"--{option} is of no use here: an etcd of its own is started. Leave it out.")
        # The environment's are for another etcd, too.
        return given | dict.fromkeys(("user", "password", "cacert", "cert", "key")) | {"endpoints": ()}


_CLUSTER = ("endpoints", "user", "password", "cacert", "cert", "key", "insecure_transport")
_GIVEN = "electiontui.given"
_NAMES = tuple(str(option.name) for option in shared_options())


def _on_command_line(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def settings_of(ctx: click.Context) -> Settings:
    """What all the shared options amount to; asks for a missing password.

    Raises:
        click.UsageError: they contradict one another.
    """
    given = ctx.meta[_GIVEN]
    if (given["cert"] is None) != (given["key"] is None):
        raise click.UsageError("--cert and --key belong together: give both.")
    contexts = [each for each in (ctx.parent, ctx) if each is not None]
    flags = {name for name in ("user", "password") if any(_on_command_line(each, name) for each in contexts)}
    username, secret = _credentials(flags, given["user"], given["password"])
    return Settings(
        endpoints=split_endpoints(given["endpoints"]),
        prefixes=_distinct(given["prefixes"]) or ("election/",),
        username=username,
        password=secret,
        ca=given["cacert"],
        cert=given["cert"],
        key=given["key"],
        insecure_transport=given["insecure_transport"],
        timeout=given["command_timeout"],
        dial_timeout=given["dial_timeout"],
        read_only=given["read_only"],
    )


def _distinct(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


def _credentials(flags: set[str], user: str | None, password: str | None) -> tuple[str | None, str | None]:
    if user and ":" in user and password and flags == {"user"}:
        password = None  # the flag brings its own, which wins over the environment's
    elif user and ":" in user and password and flags == {"password"}:
        user = user.partition(":")[0]
    try:
        name, secret = credentials(user, password)
    except ValueError as exc:
        raise click.UsageError(str(exc)) from exc
    if name is not None and secret is None:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "--user needs a password: give --user name:password, --password or ETCDCTL_PASSWORD."
            )
        secret = click.prompt("Password", hide_input=True, err=True)
    return name, secret
