"""The command line of the recorder and of its histories."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from ..patterns import is_plain_name
from .completing import elections
from .metrics_options import plan_beside, serving_options
from .options import SharingCommand, exit_codes
from .settings import Settings

__all__ = ["HISTORY_COMMANDS"]

_LARGEST = 10**15
"""Bytes; more does not fit into the file's numbers."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?", re.ASCII)


def days(text: str) -> float:
    """A duration in seconds, with days as well; as click wants it converted.

    Raises:
        click.BadParameter: it is none, or shorter than a second or longer than a hundred years.
    """
    from ..durations import parse_days

    try:
        seconds = parse_days(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc
    if seconds < 1:
        raise click.BadParameter(f"{text!r} is out of range; it is from 1s to 36500d.")
    return seconds


def size(text: str) -> int:
    """Bytes, such as 1GB or 512MiB; as click wants it converted.

    Raises:
        click.BadParameter: it is none, too little for any history, or more than a petabyte.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise click.BadParameter(f"{text!r} is not a size; write it like 500MB, 1GB or 2GiB.")
    number, unit, binary = found.groups()
    given = float(number) * (1024 if binary else 1000) ** " kMGT".index(unit or " ")
    if given < 1_000_000:
        raise click.BadParameter(f"{text!r} is too little; a history takes at least 1MB.")
    if given > _LARGEST:
        raise click.BadParameter(f"{text!r} is too much; write at most 1000TB.")
    return int(given)


@click.command(
    "record",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="ended by ctrl+c, TERM or HUP, and all that was seen is saved",
        c1="ended, and not all could be saved; or any other error",
        c3="bad input",
    ),
)
@click.argument("patterns", nargs=-1, metavar="[NAME]...", shell_complete=elections)
@click.option("--keep", type=days, metavar="DURATION", help="Remove what is older.  [default: as before, else 90d]")
@click.option(
    "--keep-size", type=size, metavar="SIZE", help="Remove the oldest beyond it.  [default: as before, else 1GB]"
)
@click.option(
    "--raw",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write all that comes from etcd there, too, for `electiontui replay`; one that is there is gone on with.",
)
@click.option(
    "--raw-size",
    type=size,
    metavar="SIZE",
    default="1GB",
    show_default=True,
    help="At half of it FILE becomes FILE.1, and a new one begins.",
)
@serving_options
@click.pass_obj
def record_command(
    settings: Settings,
    /,
    patterns: tuple[str, ...],
    keep: float | None,
    keep_size: int | None,
    raw: Path | None,
    raw_size: int,
    **given: Any,
) -> int:
    """Keep every change of every election in a file, until a signal comes; for a service.

    A NAME is an election, or the beginning of names with * at its end; without any all under --prefix are kept. The
    file is the cluster's own in the user's state folder, or --history FILE; several programs may write to it. While
    etcd does not answer it is asked again, and that time is kept as not watched. See docs/history.md.
    """
    plan = plan_beside(settings, click.get_current_context(), given, named=tuple(filter(is_plain_name, patterns)))
    from .recording import Raw, record

    return record(settings, patterns, keep, keep_size, plan, None if raw is None else Raw(raw, raw_size))


@click.command(
    "history",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="all right",
        c1="there is no history, or it cannot be read; or stdout cannot be written",
        c3="bad input",
        c130="ended with ctrl+c",
    ),
)
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@click.option("--since", type=days, metavar="DURATION", default="24h", show_default=True, help="How far back.")
@click.option("--by", type=click.Choice(["election", "leader"]), default="election", show_default=True)
@click.option(
    "-w",
    "--write-out",
    type=click.Choice(["table", "csv", "jsonl", "timeline", "svg"]),
    default="table",
    show_default=True,
)
@click.pass_obj
def history_command(settings: Settings, patterns: tuple[str, ...], since: float, by: str, write_out: str) -> int:
    """Print who led when, and for how long nobody did, from what `record` and the dashboard have kept.

    etcd is not asked: the file is found by --endpoints, under which its cluster was watched, or given with --history. A
    PATTERN is as for list. Only time that was watched counts; an election that is over is not waited for.

    \b
    csv and jsonl have a record for each election, the last one for all in sum, whose election is null:
      election, watched, availability (0 to 1), terms, tenure (mean), changes_per_hour, vacancies, vacant,
      longest_vacancy, over
    or with --by leader: leader, elections, terms, held, share, longest. Times are in seconds.
    """
    from .histories import history

    return history(settings, patterns, write_out, since, by)


HISTORY_COMMANDS = (record_command, history_command)
