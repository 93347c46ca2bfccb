"""The command line of ``electiontui config``: show and validate."""

from __future__ import annotations

import click

from . import completing
from .options import WithoutClusterCommand, exit_codes

__all__ = ["config_command"]


@click.group("config", context_settings={"help_option_names": ["-h", "--help"]})
def config_command() -> None:
    """Show which options hold and who says so, or check profiles.

    A profile is a TOML file with options that one would otherwise give each time; `config show` says where they lie.
    """


@config_command.command(
    "show",
    cls=WithoutClusterCommand,
    epilog=exit_codes(c0="all right", c1="stdout cannot be written", c3="bad input, or a profile that is wrong"),
)
@click.option("-w", "--write-out", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_context
def show_command(ctx: click.Context, write_out: str) -> int:
    """Print every option as it holds, and where its value comes from: flag, environment, profile or default.

    Passwords are hidden, and no password command is run.

    \b
    json is one document:
      {"profile": file or null, "options": {NAME: {"value": …, "from": …}, …}}
    """
    from .configuring import show

    return show(ctx, write_out)


@config_command.command(
    "validate",
    cls=WithoutClusterCommand,
    epilog=exit_codes(c0="all are right", c1="stdout cannot be written", c3="one is wrong, in the line that is told"),
)
@click.argument("profiles", nargs=-1, metavar="[NAME|FILE]...", shell_complete=completing.profiles)
@click.option("--schema", is_flag=True, help="Print the JSON schema for editors instead.")
def validate_command(profiles: tuple[str, ...], schema: bool) -> int:
    """Read profiles, all that there are where none is named, and say in which line something is wrong."""
    from .configuring import print_schema, validate

    return print_schema() if schema else validate(profiles)
