"""The options that all commands share, before or after the command, and the help that tells them apart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from ..durations import parse_duration
from ..metrics.plan import address
from .amounting import settings_from
from .completing import profiles
from .resolving import fill_in, hand_on, is_given, profile_of, put_by, resolve
from .settings import Settings

__all__ = [
    "SHARED",
    "OwnClusterCommand",
    "SharingCommand",
    "SharingGroup",
    "WithoutClusterCommand",
    "exit_codes",
    "host_and_port",
    "is_given",
    "lease",
    "seconds",
    "settings_of",
]

_LEASE = re.compile(r"(0[xX])?[0-9a-fA-F]{1,16}", re.ASCII)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LOG_LEVELS = ("debug", "info", "warning", "error")


def seconds(text: str) -> float:
    """A Go duration in seconds, as click wants it converted.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        return parse_duration(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


def lease(text: str) -> int:
    """A lease id in hex, as click wants it converted.

    Raises:
        click.BadParameter: it is none.
    """
    if not _LEASE.fullmatch(text) or not 0 < int(text, 16) < 1 << 63:
        raise click.BadParameter(f"{text!r} is no lease; write it in hex, as 'electiontui list' and etcdctl do.")
    return int(text, 16)


def words(text: str) -> tuple[str, ...]:
    """A program and its arguments, as click wants them converted.

    Raises:
        click.BadParameter: there is none.
    """
    from ..profiles import split_words

    try:
        return split_words(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


def host_and_port(text: str) -> tuple[str, int]:
    """``HOST:PORT``, as click wants it converted.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        return address(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


def exit_codes(**meanings: str) -> str:
    """The end of a command's help; keywords are ``c0``, ``c1`` and so on."""
    return "\b\nExit codes:\n" + "\n".join(f"  {code[1:]:>3}  {meaning}" for code, meaning in meanings.items())


def _env(name: str) -> dict[str, Any]:
    return {"envvar": name, "show_envvar": True}


def shared_options() -> list[click.Option]:
    """New instances, since a parameter belongs to one command."""
    return [
        click.Option(
            ["--endpoints"],
            multiple=True,
            metavar="HOST:PORT,…",
            help="Members of the cluster; may be repeated.  [default: 127.0.0.1:2379]",
            **_env("ETCDCTL_ENDPOINTS"),
        ),
        click.Option(
            ["--prefix", "prefixes"],
            multiple=True,
            metavar="TEXT",
            help='Where elections live; "" is the whole key space; may be repeated.  [default: election/]',
        ),
        click.Option(["--user"], metavar="NAME[:PASSWORD]", help="Asks for a password.", **_env("ETCDCTL_USER")),
        click.Option(["--password"], help="Then --user is the name alone.", **_env("ETCDCTL_PASSWORD")),
        click.Option(["--cacert"], type=_FILE, help="Whom to trust (PEM); turns TLS on.", **_env("ETCDCTL_CACERT")),
        click.Option(["--cert"], type=_FILE, help="Client certificate (PEM).", **_env("ETCDCTL_CERT")),
        click.Option(["--key"], type=_FILE, help="Private key of --cert (PEM).", **_env("ETCDCTL_KEY")),
        click.Option(
            ["--insecure-transport"],
            type=click.BOOL,
            is_flag=False,
            flag_value=True,
            default=True,
            show_default=True,
            help="=false encrypts also without --cacert, trusting the system's authorities.",
            **_env("ETCDCTL_INSECURE_TRANSPORT"),
        ),
        click.Option(
            ["--command-timeout"],
            type=seconds,
            metavar="DURATION",
            default="5s",
            show_default=True,
            help="Bound on each call, connecting included, such as 500ms or 1m30s.",
            **_env("ETCDCTL_COMMAND_TIMEOUT"),
        ),
        click.Option(
            ["--dial-timeout"],
            type=seconds,
            metavar="DURATION",
            help="As for etcdctl; here it can only shorten --command-timeout for the first contact of list and watch.",
            **_env("ETCDCTL_DIAL_TIMEOUT"),
        ),
        click.Option(
            ["--read-only/--no-read-only"],
            is_flag=True,
            help="Never write to etcd.",
            **_env("ELECTIONTUI_READ_ONLY"),
        ),
        click.Option(
            ["--low-bandwidth/--no-low-bandwidth"],
            is_flag=True,
            help="The dashboard repaints at most once a second, and what only shows the time every five.",
            **_env("ELECTIONTUI_LOW_BANDWIDTH"),
        ),
        click.Option(
            ["--plain/--no-plain"],
            is_flag=True,
            help="Sentences line by line in place of the dashboard, such as for a screen reader.",
            **_env("ELECTIONTUI_PLAIN"),
        ),
        click.Option(
            ["--profile"],
            shell_complete=profiles,
            metavar="NAME",
            help="Options from a file; `config show` says which.  [default: the one called default, if any]",
            **_env("ELECTIONTUI_PROFILE"),
        ),
        click.Option(
            ["--on-change"],
            type=words,
            metavar="CMD",
            help="Run by the dashboard, watch and record for each transition, with the facts in its environment.",
        ),
        click.Option(["--on-alert"], type=words, metavar="CMD", help="Likewise, for each alert of the profile."),
        click.Option(
            ["--log-file"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="What goes on inside, for developers; at most 10 MB and as much of before.",
        ),
        click.Option(
            ["--log-level"],
            type=click.Choice(_LOG_LEVELS),
            help="How much of it.  [default: info]",
        ),
        click.Option(
            ["--metrics"],
            type=host_and_port,
            metavar="HOST:PORT",
            help="The dashboard and record serve metrics for Prometheus there.",
        ),
        click.Option(
            ["--history"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Where the past is kept.  [default: a file of the cluster in the user's state folder]",
        ),
        click.Option(
            ["--no-history/--keep-history", "without_history"],
            is_flag=True,
            help="The dashboard neither keeps nor shows the past.",
        ),
    ]


class SharingGroup(click.Group):
    """Takes the shared options before the command; without one, its callback asks `settings_of`."""

    def __init__(self, name: str | None, *, params: list[click.Parameter] | None = None, **options: Any) -> None:
        super().__init__(name, params=[*shared_options(), *(params or [])], **options)

    def invoke(self, ctx: click.Context) -> Any:
        """They are put by, since a command may add to them."""
        put_by(ctx, SHARED)
        return super().invoke(ctx)


class SharingCommand(click.Command):
    """Takes the shared options after the command, too; its callback finds them as ``ctx.obj``."""

    def __init__(self, name: str | None, *, params: list[click.Parameter] | None = None, **options: Any) -> None:
        super().__init__(name, params=[*(params or []), *shared_options()], **options)

    def invoke(self, ctx: click.Context) -> Any:
        """What is given in both places adds up where an option may be repeated; else the later one wins."""
        put_by(ctx, SHARED)
        hand_on(ctx)
        settings = ctx.obj = ctx.find_root().obj = settings_of(ctx)
        if settings.profile is not None:
            fill_in(ctx, settings.profile.thresholds)
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
            listed = [each for each in options if (each.name in SHARED) is shared]
            records = [record for each in listed if (record := each.get_help_record(ctx)) is not None]
            with formatter.section(title):
                formatter.write_dl(records)


class OwnClusterCommand(SharingCommand):
    """Starts an etcd of its own: which other one there is, and how to be let in, is of no use to it."""

    def checked(self, ctx: click.Context, given: dict[str, Any]) -> dict[str, Any]:
        for name in _CLUSTER:
            if is_given(ctx, name):
                option = name.replace("_", "-")
                raise click.UsageError(f"--{option} is of no use here: an etcd of its own is started. Leave it out.")
        # Those of the environment and of a profile are for another etcd, too.
        return given | dict.fromkeys(("user", "password", "cacert", "cert", "key")) | {"endpoints": ()}


class WithoutClusterCommand(SharingCommand):
    """Takes the shared options, and asks neither etcd nor anybody for a password."""

    def invoke(self, ctx: click.Context) -> Any:
        put_by(ctx, SHARED)
        hand_on(ctx)
        return click.Command.invoke(self, ctx)


_CLUSTER = ("endpoints", "user", "password", "cacert", "cert", "key", "insecure_transport")
SHARED = tuple(str(option.name) for option in shared_options())
"""The names of the shared options."""


def settings_of(ctx: click.Context, *, may_ask: bool = True) -> Settings:
    """What all the shared options amount to; asks for a missing password, unless nobody may be asked.

    Raises:
        click.UsageError: they contradict one another, or the profile is wrong.
    """
    profile = profile_of(ctx)
    given = {name: origin.value for name, origin in resolve(ctx, SHARED, profile).items()}
    if isinstance(ctx.command, SharingCommand):
        given = ctx.command.checked(ctx, given)
    flags = {name for name in ("user", "password") if is_given(ctx, name)}
    return settings_from(given, flags, profile, may_ask=may_ask)
