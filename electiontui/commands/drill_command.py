"""The command line of drills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .completing import drills
from .options import OwnClusterCommand, exit_codes, is_given
from .settings import Settings

__all__ = ["drill_command"]


class DrillCommand(OwnClusterCommand):
    """An etcd of its own where it is asked for; else the one that the options name."""

    def checked(self, ctx: click.Context, given: dict[str, Any]) -> dict[str, Any]:
        return super().checked(ctx, given) if ctx.params["embedded"] else given


@click.command(
    "drill",
    cls=DrillCommand,
    epilog=exit_codes(
        c0="PASS",
        c1="FAIL, or something was left behind; or etcd refused",
        c2="etcd cannot be reached",
        c3="bad input, a drill that is wrong or cannot be done there, or --read-only: nothing was written",
        c130="ended with ctrl+c; 128 + n for other signals; nothing is left behind",
    ),
)
@click.argument("drill", metavar="FILE|NAME", required=False, shell_complete=drills)
@click.option("--list", "lists", is_flag=True, help="Print the drills that are included.")
@click.option("--show", metavar="NAME", help="Print one of them as TOML, such as to begin one of your own.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=1, show_default=True, help="How often.")
@click.option("--embedded", is_flag=True, help="On an etcd of its own, three members, which may be broken, too.")
@click.option(
    "-w", "--write-out", type=click.Choice(["table", "json", "markdown", "junit"]), default="table", show_default=True
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the report there, too, as its ending says: .json, .md, .xml (JUnit), or as -w does.",
)
@click.pass_context
def drill_command(
    ctx: click.Context,
    drill: str | None,
    lists: bool,
    show: str | None,
    rounds: int,
    embedded: bool,
    write_out: str,
    report: Path | None,
) -> int:
    """Rehearse a failover as FILE says, or NAME of those included: PASS or FAIL for each step, with times.

    It has candidates of its own in an election of its own, below drill/ and a random number, or below --prefix, and
    leaves nothing behind. docs/drills.md describes files.

    \b
    json is one document:
      {"drill": …, "verdict": "PASS" | "FAIL", "etcd": …, "rounds": …, "results": [
        {"round": …, "step": …, "line": …, "does": …, "verdict": "PASS" | "FAIL" | "SKIP", "reason": …, "seconds": …,
         "handover": seconds or null, "vacancy": …, "to_error": …, "margin": …, "refused": how many or null}],
       "figures": [{"step": …, "measured": …, "count": …, "median": …, "p95": …, "worst": …}], "left_behind": […]}
    """
    from . import drilling

    if sum((drill is not None, lists, show is not None)) != 1:
        raise click.UsageError("Say what to do: exactly one of FILE|NAME, --list and --show NAME.")
    if lists:
        return drilling.list_drills()
    if show is not None:
        return drilling.show_drill(show)
    assert drill is not None
    settings: Settings = ctx.obj
    prefix = None
    if is_given(ctx, "prefixes"):
        if len(settings.prefixes) > 1:
            raise click.UsageError("A drill is about one election: give --prefix once.")
        (prefix,) = settings.prefixes
    return drilling.drill(settings, drill, drilling.How(rounds, embedded, write_out, report, prefix))
