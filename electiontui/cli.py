"""The command line: options and environment as etcdctl has them, checked, then handed to the commands.

Everything heavy is imported by the command that needs it, so ``--version`` and ``--help`` load nothing but click,
and ``list`` and ``watch`` no screen library.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from . import __version__
from .commands import ERROR, INVALID_INPUT
from .commands.candidate_commands import CANDIDATE_COMMANDS
from .commands.completing import VARIABLE, begin_completing, elections
from .commands.completion_command import completion_command
from .commands.config_command import config_command
from .commands.drill_command import drill_command
from .commands.exporter_command import exporter_command
from .commands.metrics_options import plan_beside, serving_options
from .commands.operator_commands import OPERATOR_COMMANDS
from .commands.options import OwnClusterCommand, SharingCommand, SharingGroup, exit_codes, seconds, settings_of
from .commands.record_command import HISTORY_COMMANDS
from .commands.replay_command import replay_command
from .commands.settings import Settings
from .commands.streams import replace_closed_streams, say, stdout_failed
from .serve.command import serve_command

__all__ = ["cli", "main"]

_FAILURES = {
    "c1": "etcd refused, stdout cannot be written, or any other error",
    "c2": "etcd cannot be reached",
    "c3": "bad input",
}
_INTERRUPTED = {"c130": "ended with ctrl+c"}


@click.group(
    cls=SharingGroup,
    invoke_without_command=True,
    epilog="""\b
stdout is data, stderr is narration.
Options go before or after the command; of two the later wins, those that may be repeated add up.
A flag wins over its environment variable; an empty variable counts as unset.

"""
    + exit_codes(c0="all right", **_FAILURES, **_INTERRUPTED),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, package_name="electiontui", message="%(prog)s %(version)s")
@serving_options
@click.pass_context
def cli(ctx: click.Context, /, **serving: Any) -> None:
    """Every leader election of an etcd cluster, live. Without a command it opens the dashboard."""
    if ctx.invoked_subcommand is None:
        from .commands.dashboard import open_dashboard

        settings = settings_of(ctx)
        ctx.exit(open_dashboard(settings, plan_beside(settings, ctx, serving)))


def _kinds(text: str) -> frozenset[str]:
    kinds = frozenset(part.strip() for part in text.split(","))
    if unknown := sorted(kinds - {"elected", "vacated", "succeeded", "proclaimed"}):
        raise click.BadParameter(f"{unknown[0]!r} is none of elected, vacated, succeeded, proclaimed.")
    return kinds


@cli.command("list", cls=SharingCommand, epilog=exit_codes(c0="all right", **_FAILURES, **_INTERRUPTED))
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...", shell_complete=elections)
@click.option("--count", is_flag=True, help="Print only how many there are.")
@click.option("-w", "--write-out", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def list_command(settings: Settings, patterns: tuple[str, ...], count: bool, write_out: str) -> int:
    """Print every election once, as of one revision, or those whose names match a PATTERN.

    A PATTERN is a name, or has * ? [abc] as in shells; here * goes across slashes: 'orders/*' is all below orders/.

    \b
    json is one document:
      {"prefix": …, "revision": …, "elections": [
        {"name": …, "leader": CANDIDATE or null, "candidates": [CANDIDATE, …]}]}
      CANDIDATE is {"key": …, "value": …, "lease": hex, "create_revision": …, "mod_revision": …};
      the first candidate leads, and its create_revision is its fencing token.
    Names, keys and values are text, or {"base64": …} where their bytes are not UTF-8.
    """
    from .commands.listing import list_elections

    return list_elections(settings, patterns, write_out, count=count)


@cli.command(
    "watch",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="ended by ctrl+c, --count or --for",
        c1=f"{_FAILURES['c1']}; also --for was over before --count events",
        c2=_FAILURES["c2"],
        c3=_FAILURES["c3"],
    ),
)
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...", shell_complete=elections)
@click.option("--events", type=_kinds, metavar="KIND,…", help="Only these: elected, vacated, succeeded, proclaimed.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after N events; the start is none.")
@click.option("--for", "duration", type=seconds, metavar="DURATION", help="End so long after the start, such as 1m30s.")
@click.option("-w", "--write-out", type=click.Choice(["simple", "jsonl"]), default="simple", show_default=True)
@click.pass_obj
def watch_command(
    settings: Settings,
    patterns: tuple[str, ...],
    events: frozenset[str] | None,
    count: int | None,
    duration: float | None,
    write_out: str,
) -> int:
    """Print every transition of the elections that match a PATTERN, or of all, until ctrl+c.

    The state at the start comes first and is marked as such: who leads then began to lead at an unknown time.
    With --events it is left out. A PATTERN is as for list.

    \b
    jsonl is one document per line:
      {"event": "start", "election": …, "revision": …, "observed_at": …,
       "leader": CANDIDATE or null, "candidates": how many}
      {"event": "elected" | "vacated" | "succeeded" | "proclaimed", "election": …, "revision": …,
       "observed_at": …, "before": CANDIDATE or null, "after": CANDIDATE or null, "gap": bool}
    CANDIDATE is as for list; gap says that revisions were skipped, so terms may be missing.
    """
    from .commands.watching import Until, watch_elections

    return watch_elections(settings, patterns, write_out, Until(events, count, duration))


@cli.command(
    "check",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="nothing critical",
        c1=f"something critical, listed on stdout; or {_FAILURES['c1']}",
        c2=_FAILURES["c2"],
        c3=_FAILURES["c3"],
        **_INTERRUPTED,
    ),
)
@click.argument("patterns", nargs=-1, metavar="[NAME]...", shell_complete=elections)
@click.option(
    "--vacant-longer-than",
    type=seconds,
    metavar="DURATION",
    help="How long a NAME may be vacant; it is waited for.  [default: not at all]",
)
@click.option(
    "--min-standby", type=click.IntRange(0), default=1, show_default=True, help="How many must wait behind a leader."
)
@click.option("--ignore", multiple=True, metavar="KIND", help="Leave these findings out; may be repeated.")
@click.option("--no-leases", is_flag=True, help="Look no lease up; each costs etcd a request, at most 1,000 are.")
@click.option("-w", "--write-out", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def check_command(
    settings: Settings,
    patterns: tuple[str, ...],
    vacant_longer_than: float | None,
    min_standby: int,
    ignore: tuple[str, ...],
    no_leases: bool,
    write_out: str,
) -> int:
    """Look once for what is wrong with members, elections and leases, and say what to do about it.

    A NAME is an election that has to have a leader, or a pattern as for list; without any all elections are looked at.
    Once it is vacant etcd keeps nothing of an election, so only those that are named can be missed.

    \b
    json is one document, the worst first:
      {"prefixes": […], "revision": … or null where nothing could be read, "findings": [
        {"severity": "critical" | "warning" | "notice", "kind": …, "election": … or null, "endpoint": … or null,
         "age": seconds or null, "says": …, "means": …, "verify": a command, "do": …}]}
    """
    from .commands.check import check

    return check(
        settings,
        patterns,
        write_out,
        vacant_longer_than=vacant_longer_than or 0.0,
        min_standby=min_standby,
        ignored=ignore,
        leases=not no_leases,
    )


@cli.command("demo", cls=OwnClusterCommand, epilog=exit_codes(c0="all right", **_FAILURES, **_INTERRUPTED))
@click.option("--nodes", type=click.IntRange(1, 9), default=1, show_default=True, help="Members of the cluster.")
@click.option("--seed", type=int, help="Makes the candidates' moods repeat.")
@click.pass_obj
def demo_command(settings: Settings, nodes: int, seed: int | None) -> int:
    """Open the dashboard on an etcd of its own with a dozen lively elections.

    Everything is gone when it ends. Where stdout is no terminal it plays a short failover and prints what it measured.
    """
    from .demo.stage import run_demo

    return run_demo(settings, nodes, seed)


_OTHERS = (exporter_command, drill_command, replay_command, serve_command, config_command, completion_command)
for _command in (*CANDIDATE_COMMANDS, *OPERATOR_COMMANDS, *HISTORY_COMMANDS, *_OTHERS):
    cli.add_command(_command)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # gRPC writes its own log to stderr, over the screen; what matters of it comes as errors.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    replace_closed_streams()
    if VARIABLE in os.environ:
        begin_completing()
    sys.exit(_run(args))


def _run(args: Sequence[str] | None) -> int:
    try:
        code = cli.main(args, prog_name="electiontui", complete_var=VARIABLE, standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as exc:
        hint = f" Try '{exc.ctx.command_path} --help'." if exc.ctx is not None else ""
        say(exc.format_message() + hint)
        return INVALID_INPUT
    except click.ClickException as exc:
        say(exc.format_message())
        return ERROR
    except click.Abort:
        return ERROR
    except OSError as exc:  # of --help and --version
        return stdout_failed(exc)
    return code if isinstance(code, int) else 0
