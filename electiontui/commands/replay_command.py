"""The command line of replays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .options import SharingCommand, exit_codes, is_given
from .settings import Settings

__all__ = ["replay_command"]

_OF_NO_USE = (
    "endpoints",
    "prefixes",
    "user",
    "password",
    "cacert",
    "cert",
    "key",
    "insecure_transport",
)


class ReplayCommand(SharingCommand):
    """It plays a file: which etcd there is, and how to be let in, is of no use to it."""

    def checked(self, ctx: click.Context, given: dict[str, Any]) -> dict[str, Any]:
        for name in _OF_NO_USE:
            if is_given(ctx, name):
                option = {"prefixes": "prefix"}.get(name, name.replace("_", "-"))
                raise click.UsageError(f"--{option} is of no use here: a recording is played. Leave it out.")
        # The environment's are for an etcd, too.
        return given | dict.fromkeys(("user", "password", "cacert", "cert", "key")) | {"endpoints": ()}


@click.command(
    "replay",
    cls=ReplayCommand,
    epilog=exit_codes(
        c0="all right",
        c1="the recording is damaged: the line is told",
        c3="bad input, no recording, or no terminal",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 3600.0),
    default=1.0,
    show_default=True,
    metavar="N",
    help="Seconds of the recording in a second.",
)
@click.option("--from", "start", metavar="TIME", help="Where to begin: 02:10, +5m, -5m from the end, or with the day.")
@click.option("--pause", is_flag=True, help="Stand still at first.")
@click.pass_obj
def replay_command(settings: Settings, file: Path, speed: float, start: str | None, pause: bool) -> int:
    """Play FILE, which `electiontui record --raw` has written, in the dashboard.

    Every screen shows what was known at that moment. Nothing is written and nothing is asked of etcd, which need not
    be there. TIME is a time of day where it was recorded: the first one since the recording began.
    """
    from .replaying import replay

    return replay(settings, file, speed=speed, start=start, is_paused=pause)
