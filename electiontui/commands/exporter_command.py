"""The command line of the exporter."""

from __future__ import annotations

from typing import Any

import click

from ..patterns import is_plain_name, matches
from .completing import elections
from .metrics_options import plan_of, serving_options
from .options import SharingCommand, exit_codes, host_and_port, is_given
from .settings import Settings

__all__ = ["exporter_command"]


@click.command(
    "exporter",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="ended by ctrl+c or a signal",
        c1="it cannot listen there, prometheus_client is missing, or any other error",
        c3="bad input",
    ),
)
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...", shell_complete=elections)
@click.option(
    "--listen",
    type=host_and_port,
    metavar="HOST:PORT",
    default="127.0.0.1:9109",
    show_default=True,
    help="Where it is asked; port 0 is one that is free.",
)
@serving_options
@click.pass_obj
def exporter_command(settings: Settings, /, patterns: tuple[str, ...], listen: tuple[str, int], **given: Any) -> int:
    """Serve metrics for Prometheus: who leads, since when, who waits, and how well that is known; until a signal comes.

    A PATTERN is as for list. An election that is named without * ? [ has its series also while it does not exist, with
    election_has_leader 0; of the others etcd knows nothing once they are vacant, and an hour later they have none.

    While etcd does not answer, it goes on trying: what it counted stays, who leads is left out, and
    election_view_staleness_seconds grows. It never writes to etcd. docs/metrics.md has every metric, and alerts.
    """
    if settings.metrics is not None and not is_given(click.get_current_context(), "listen"):
        listen = settings.metrics
    named = tuple(filter(is_plain_name, patterns))
    plan = plan_of(listen, given, fits=lambda name: matches(name, patterns), named=named)
    from .exporting import export

    return export(settings, patterns, plan)
