"""The command line of what an operator does to others' candidates: evict and drain."""

from __future__ import annotations

import click

from .completing import elections
from .options import SharingCommand, exit_codes
from .options import lease as lease_id
from .settings import Settings

__all__ = ["OPERATOR_COMMANDS"]


@click.command(
    "evict",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="done, and told what was seen",
        c1="not agreed to, or the candidate was replaced meanwhile and is left alone; or etcd refused",
        c2="etcd cannot be reached",
        c3="bad input, no such candidate, or nobody to ask: nothing was written",
        c130="ended with ctrl+c",
    ),
)
@click.argument("name", shell_complete=elections)
@click.option("--leader", is_flag=True, help="The one that leads.")
@click.option("--candidate", metavar="KEY", help="The one with this key; --key is the certificate's.")
@click.option("--lease", type=lease_id, metavar="HEX", help="The one on this lease.")
@click.option("--revoke", is_flag=True, help="End its lease, too, with every other key on it, which are listed first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def evict_command(
    settings: Settings, name: str, leader: bool, candidate: str | None, lease: int | None, revoke: bool, yes: bool
) -> int:
    """Take one candidate out of the line of the election NAME.

    Its key is deleted, only while it is the one that was shown. Its owner is told at once, and may campaign again.
    """
    from .evicting import Whom, evict

    if sum((leader, candidate is not None, lease is not None)) != 1:
        raise click.UsageError("Say which candidate: exactly one of --leader, --candidate and --lease.")
    return evict(settings, name, Whom(leader, candidate, lease), revoke=revoke, yes=yes)


@click.command(
    "drain",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="all are gone",
        c1="not agreed to, something was left or surprising, see the table; or etcd refused",
        c2="etcd cannot be reached",
        c3="bad input, nobody fits, or nobody to ask: nothing was written",
        c130="ended with ctrl+c",
    ),
)
@click.argument("pattern", metavar="VALUE-PATTERN")
@click.option("--dry-run", is_flag=True, help="Show what would be done.")
@click.option("--allow-vacant", is_flag=True, help="Evict also where nobody else waits.")
@click.option("--keep-going", is_flag=True, help="Do not stop at the first surprise.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("-w", "--write-out", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def drain_command(
    settings: Settings,
    pattern: str,
    dry_run: bool,
    allow_vacant: bool,
    keep_going: bool,
    yes: bool,
    write_out: str,
) -> int:
    """Evict every candidate whose value fits, such as 'node-3*': those that wait, then those that lead.

    One election at a time, each with who was seen to lead then. Elections that nobody would lead are left alone.
    Whoever campaigns again meanwhile is told of, and not chased.

    \b
    json is one document:
      {"pattern": …, "dry_run": bool, "elections": [
        {"election": …, "going": how many, "leads": bool, "heir": … or null,
         "status": "planned" | "left" | "done" | "surprise" | "failed" | "interrupted",
         "leader": … or null, "seconds": … or null, "note": …}]}
    """
    from .draining import How, drain

    return drain(settings, pattern, How(dry_run, allow_vacant, keep_going, yes, write_out))


OPERATOR_COMMANDS = (evict_command, drain_command)
