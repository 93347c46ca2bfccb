"""The command line: options and environment as etcdctl has them, checked, then handed to the commands.

Everything heavy is imported by the command that needs it, so ``--version`` and ``--help`` load nothing but click,
and ``list`` and ``watch`` no screen library.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from . import __version__
from .commands import CANNOT_CONNECT, ERROR, INVALID_INPUT
from .commands.settings import Settings, credentials, split_endpoints
from .durations import parse_duration

__all__ = ["cli", "main"]

_EPILOG = f"""\b
Exit codes: 0 all right, {ERROR} error, {CANNOT_CONNECT} etcd cannot be reached, {INVALID_INPUT} bad input.
stdout is data, stderr is narration.
A flag wins over its environment variable; an empty variable counts as unset."""

_CLUSTER = ("endpoints", "user", "password", "cacert", "cert", "key", "insecure_transport")
"""Options that say which etcd and how to be let in."""


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(invoke_without_command=True, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    *("--endpoints", "endpoints"),
    multiple=True,
    metavar="HOST:PORT,…",
    envvar="ETCDCTL_ENDPOINTS",
    show_envvar=True,
    help="Members of the cluster; may be repeated.  [default: 127.0.0.1:2379]",
)
@click.option(
    "--prefix", default="election/", show_default=True, help='Where elections live; "" is the whole key space.'
)
@click.option("--user", metavar="NAME[:PASSWORD]", envvar="ETCDCTL_USER", show_envvar=True, help="Asks for a password.")
@click.option("--password", envvar="ETCDCTL_PASSWORD", show_envvar=True, help="Then --user is the name alone.")
@click.option(
    "--cacert", type=_FILE, envvar="ETCDCTL_CACERT", show_envvar=True, help="Whom to trust (PEM); turns TLS on."
)
@click.option("--cert", type=_FILE, envvar="ETCDCTL_CERT", show_envvar=True, help="Client certificate (PEM).")
@click.option("--key", type=_FILE, envvar="ETCDCTL_KEY", show_envvar=True, help="Private key of --cert (PEM).")
@click.option(
    "--insecure-transport",
    type=click.BOOL,
    is_flag=False,
    flag_value=True,
    default=True,
    show_default=True,
    envvar="ETCDCTL_INSECURE_TRANSPORT",
    show_envvar=True,
    help="=false encrypts also without --cacert, trusting the system's authorities.",
)
@click.option(
    "--command-timeout",
    type=_seconds,
    metavar="DURATION",
    default="5s",
    show_default=True,
    envvar="ETCDCTL_COMMAND_TIMEOUT",
    show_envvar=True,
    help="Bound on each call, connecting included, such as 500ms or 1m30s.",
)
@click.option(
    "--dial-timeout",
    type=_seconds,
    metavar="DURATION",
    envvar="ETCDCTL_DIAL_TIMEOUT",
    show_envvar=True,
    help="As for etcdctl; here it can only shorten --command-timeout for the first contact of list and watch.",
)
@click.option(
    "--read-only", is_flag=True, envvar="ELECTIONTUI_READ_ONLY", show_envvar=True, help="Never write to etcd."
)
@click.version_option(__version__, package_name="electiontui", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    ctx: click.Context,
    endpoints: Sequence[str],
    prefix: str,
    user: str | None,
    password: str | None,
    cacert: Path | None,
    cert: Path | None,
    key: Path | None,
    insecure_transport: bool,
    command_timeout: float,
    dial_timeout: float | None,
    read_only: bool,
) -> None:
    """Every leader election of an etcd cluster, live. Without a command it opens the dashboard."""
    if ctx.invoked_subcommand == "demo":
        _refuse_another_cluster(ctx)
        user = password = cert = key = None  # the environment's are for another etcd, too
    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key belong together: give both.")
    username, secret = _credentials(ctx, user, password)
    ctx.obj = Settings(
        endpoints=split_endpoints(endpoints),
        prefix=prefix,
        username=username,
        password=secret,
        ca=cacert,
        cert=cert,
        key=key,
        insecure_transport=insecure_transport,
        timeout=command_timeout,
        dial_timeout=dial_timeout,
        read_only=read_only,
    )
    if ctx.invoked_subcommand is None:
        from .commands.dashboard import open_dashboard

        ctx.exit(open_dashboard(ctx.obj, read_only=read_only))


def _refuse_another_cluster(ctx: click.Context) -> None:
    for name in _CLUSTER:
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} is of no use here: the demo starts an etcd of its own. Leave it out.")


def _credentials(ctx: click.Context, user: str | None, password: str | None) -> tuple[str | None, str | None]:
    from_flag = {
        name: ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE for name in ("user", "password")
    }
    if user and ":" in user and password and from_flag["user"] and not from_flag["password"]:
        password = None  # the flag brings its own, which wins over the environment's
    elif user and ":" in user and password and from_flag["password"] and not from_flag["user"]:
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


@cli.command("list", epilog=_EPILOG)
@click.option("-w", "--write-out", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def list_command(settings: Settings, write_out: str) -> int:
    """Print every election once, as of one revision.

    \b
    json is one document:
      {"prefix": …, "revision": …, "elections": [
        {"name": …, "leader": CANDIDATE or null, "candidates": [CANDIDATE, …]}]}
      CANDIDATE is {"key": …, "value": …, "lease": hex, "create_revision": …, "mod_revision": …};
      the first candidate leads, and its create_revision is its fencing token.
    Names, keys and values are text, or {"base64": …} where their bytes are not UTF-8.
    """
    from .commands.listing import list_elections

    return list_elections(settings, write_out)


@cli.command("watch", epilog=_EPILOG)
@click.argument("name", required=False)
@click.option("-w", "--write-out", type=click.Choice(["simple", "jsonl"]), default="simple", show_default=True)
@click.pass_obj
def watch_command(settings: Settings, name: str | None, write_out: str) -> int:
    """Print every transition of the election NAME, or of all, until ctrl+c.

    The state at the start comes first and is marked as such: who leads then began to lead at an unknown time.

    \b
    jsonl is one document per line:
      {"event": "start", "election": …, "revision": …, "observed_at": …,
       "leader": CANDIDATE or null, "candidates": how many}
      {"event": "elected" | "vacated" | "succeeded" | "proclaimed", "election": …, "revision": …,
       "observed_at": …, "before": CANDIDATE or null, "after": CANDIDATE or null, "gap": bool}
    CANDIDATE is as for list; gap says that revisions were skipped, so terms may be missing.
    """
    from .commands.watching import watch_elections

    return watch_elections(settings, name, write_out)


@cli.command("demo", epilog=_EPILOG)
@click.option("--nodes", type=click.IntRange(1, 9), default=1, show_default=True, help="Members of the cluster.")
@click.option("--seed", type=int, help="Makes the candidates' moods repeat.")
@click.pass_obj
def demo_command(settings: Settings, nodes: int, seed: int | None) -> int:
    """Open the dashboard on an etcd of its own with a dozen lively elections.

    Everything is gone when it ends. Where stdout is no terminal it plays a short failover and prints what it measured.
    """
    from .demo.stage import run_demo

    return run_demo(settings, nodes, seed)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # gRPC writes its own log to stderr, over the screen; what matters of it comes as errors.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    sys.exit(_run(args))


def _run(args: Sequence[str] | None) -> int:
    try:
        code = cli.main(args, prog_name="electiontui", standalone_mode=False)
    except click.UsageError as exc:
        exc.show()
        return INVALID_INPUT
    except click.ClickException as exc:
        exc.show()
        return ERROR
    except click.Abort:
        return ERROR
    return code if isinstance(code, int) else 0
