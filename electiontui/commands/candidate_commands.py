"""The command line of what acts as one candidate: campaign, leader, proclaim and resign."""

from __future__ import annotations

import os
import re
import socket
from typing import Any

import click

from .completing import elections
from .options import SharingCommand, exit_codes, lease, seconds
from .settings import Settings

__all__ = ["CANDIDATE_COMMANDS"]

_COMMAND = "electiontui.command"
_BAD = {"c2": "etcd cannot be reached", "c3": "bad input, or --read-only"}
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)


def _time(text: str) -> float:
    """Seconds, as a number or as a Go duration; 0 is one, too."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else seconds(text)


def _ttl(text: str) -> int:
    length = _time(text)
    if length < 1 or length != int(length):
        raise click.BadParameter(f"{text!r} is no TTL: leases live for whole seconds, and at least one.")
    return int(length)


class CommandAfterDashes(SharingCommand):
    """Takes everything after the first ``--`` for a program and its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            args, command = args[:at], args[at + 1 :]
            if not command:
                raise click.UsageError("There is no CMD after --; give one, or leave -- out.", ctx)
            ctx.meta[_COMMAND] = tuple(command)
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- CMD …]"]


@click.command(
    "campaign",
    cls=CommandAfterDashes,
    epilog=exit_codes(
        c0="CMD ended with 0; without CMD: resigned after a signal",
        c1="etcd refused, it could not be told of the resignation, or any other error",
        **_BAD,
        c5="leadership lost, with --once",
        c126="CMD cannot be executed; 127 where it was not found; else CMD's own code",
        c130="ended with ctrl+c while it waited, or CMD was; 128 + n for other signals",
    ),
)
@click.argument("name", shell_complete=elections)
@click.argument("value", required=False)
@click.option("--ttl", type=_ttl, metavar="SECONDS", default="60", show_default=True, help="Until a crash is noticed.")
@click.option(
    "--grace", type=_time, metavar="SECONDS", help="Between TERM and KILL.  [default: 10, less for short TTLs]"
)
@click.option("--once", is_flag=True, help="End after the first loss instead of campaigning again.")
@click.option("--on-lost", metavar="LINE", help="For /bin/sh after each loss; has --command-timeout to end.")
@click.option("-w", "--write-out", type=click.Choice(["simple", "jsonl"]), help="Without CMD.  [default: simple]")
@click.pass_context
def campaign_command(
    ctx: click.Context,
    name: str,
    value: str | None,
    ttl: int,
    grace: float | None,
    once: bool,
    on_lost: str | None,
    write_out: str | None,
) -> int:
    """Campaign in the election NAME and lead until a signal comes; or, with -- CMD, run CMD only while leading.

    VALUE is the host name when left out. CMD has ELECTION_NAME, ELECTION_KEY, ELECTION_TOKEN, ELECTION_LEASE and
    ELECTION_VALUE in its environment, stdin, stdout and stderr to itself, and a process group of its own, to which
    INT, TERM, HUP and QUIT are passed on. When leadership is lost, or its lease is not renewed in time, it is ended
    (TERM, then KILL after --grace) so early that it is dead before another candidate can be elected; then this one
    campaigns again and CMD is started anew.

    \b
    Without CMD a line on stdout tells each election and each loss; as jsonl:
      {"event": "elected" | "lost", "election": …, "observed_at": …,
       "key": …, "value": …, "token": …, "lease": hex}
    """
    # gRPC writes into the environment when it is imported, and CMD is to have what we were given.
    environment = {name: text for name, text in os.environ.items() if (name, text) != ("GRPC_VERBOSITY", "NONE")}
    from .campaigning import Plan, campaign
    from .campaigning.plan import check_grace, default_grace

    command = ctx.meta.get(_COMMAND, ())
    if command and write_out is not None:
        raise click.UsageError("-w is of no use with CMD, whose stdout it is. Leave it out.", ctx)
    if grace is not None:
        try:
            check_grace(ttl, grace)
        except ValueError as exc:
            raise click.UsageError(str(exc), ctx) from exc
    plan = Plan(
        name,
        socket.gethostname() if value is None else value,
        ttl,
        default_grace(ttl) if grace is None else grace,
        once=once,
        on_lost=on_lost,
        command=command,
        form=write_out or "simple",
        environment=environment,
    )
    return campaign(ctx.obj, plan)


@click.command(
    "leader",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="somebody leads",
        c1="etcd refused, stdout cannot be written, or any other error",
        c2="etcd cannot be reached",
        c3="bad input",
        c4="nobody leads",
        c130="ended with ctrl+c",
    ),
)
@click.argument("name", shell_complete=elections)
@click.option("--wait", is_flag=True, help="Until somebody leads.")
@click.pass_obj
def leader_command(settings: Settings, name: str, wait: bool) -> int:
    """Print what the leader of the election NAME proclaims, alone.

    On a terminal it is made harmless; elsewhere its bytes are printed as they are, and a line break.
    """
    from .acting import leader

    return leader(settings, name, wait=wait)


_GUARDED: dict[str, Any] = {
    "c0": "done",
    "c1": "there is no such candidate any more, etcd refused, or any other error",
    **_BAD,
    "c130": "ended with ctrl+c",
}


@click.command("proclaim", cls=SharingCommand, epilog=exit_codes(**_GUARDED))
@click.argument("name", shell_complete=elections)
@click.argument("value")
@click.option("--lease", type=lease, metavar="HEX", required=True, help="Of the candidate, such as $ELECTION_LEASE.")
@click.pass_obj
def proclaim_command(settings: Settings, name: str, value: str, lease: int) -> int:
    """Write a new VALUE for the candidate on a lease in the election NAME, whether it leads or waits.

    Nothing is written where it was replaced meanwhile. Its place in line, its term and its lease stay as they are.
    """
    from .acting import proclaim

    return proclaim(settings, name, value, lease)


@click.command("resign", cls=SharingCommand, epilog=exit_codes(**_GUARDED))
@click.argument("name", shell_complete=elections)
@click.option("--lease", type=lease, metavar="HEX", required=True, help="Of the candidate, such as $ELECTION_LEASE.")
@click.pass_obj
def resign_command(settings: Settings, name: str, lease: int) -> int:
    """Take the candidate on a lease out of the election NAME, whether it leads or waits.

    Its key is deleted unless it was replaced meanwhile, and its owner is told at once; the lease is left to the owner.
    """
    from .acting import resign

    return resign(settings, name, lease)


CANDIDATE_COMMANDS = (campaign_command, leader_command, proclaim_command, resign_command)
"""In the order of the help."""
