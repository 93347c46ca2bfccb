"""The command line of ``serve``."""

from __future__ import annotations

import dataclasses
import re
from ipaddress import ip_address

import click

from ..commands import ERROR, INVALID_INPUT
from ..commands.options import SharingCommand, exit_codes, is_given
from ..commands.settings import Settings
from ..commands.streams import say, stdout_failed

__all__ = ["serve", "serve_command"]


_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)


def host(text: str) -> str:
    """A host's name or address, as click wants it converted; it becomes part of a header.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        if not _NAME.fullmatch(text):
            raise click.BadParameter(f"{text!r} is no host; give it without scheme, port and path.") from None
    return text


@click.command(
    "serve",
    cls=SharingCommand,
    epilog=exit_codes(
        c0="ended by ctrl+c or a signal",
        c1="nothing can listen there, or what it needs is not installed",
        c3="bad input",
    ),
)
@click.option("--port", type=click.IntRange(0, 65535), default=8300, show_default=True, help="0 takes any free one.")
@click.option("--write", is_flag=True, help="Offer what writes to etcd, too; without it all is read-only.")
@click.option("--bind", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--name",
    "names",
    multiple=True,
    type=host,
    metavar="HOST",
    help="Another name that browsers use for it, or for a page that frames it; may be repeated.",
)
@click.option(
    "--visitors",
    type=click.IntRange(1, 100),
    default=8,
    show_default=True,
    help="At most so many at a time, each with a process of its own.",
)
@click.pass_context
def serve_command(ctx: click.Context, port: int, write: bool, bind: str, names: tuple[str, ...], visitors: int) -> int:
    """Show the dashboard in a browser, or in an IFrame of a notebook.

    stdout is the address to open. It holds a random token: whoever has it can use the dashboard.
    Only this machine is listened to, only the page itself is answered, and nothing is written without --write.
    Each visitor has a dashboard of its own, which ends when its page is closed.
    """
    settings: Settings = ctx.obj
    for option, instead in (("metrics", "run electiontui exporter beside it"), ("plain", "run electiontui --plain")):
        if is_given(ctx, option) and getattr(settings, option):
            raise click.UsageError(f"--{option} is of no use here: {instead}.")
    if write and settings.read_only:
        if is_given(ctx, "read_only"):
            raise click.UsageError("--write and --read-only contradict one another: give one of them.")
        raise click.UsageError("--write is refused: ELECTIONTUI_READ_ONLY or the profile says read-only.")
    return serve(dataclasses.replace(settings, read_only=not write), bind, port, names, visitors)


def serve(settings: Settings, bind: str, port: int, names: tuple[str, ...], visitors: int) -> int:
    """Serve the dashboard until a signal; returns the exit code."""
    from election_core import InvalidConfig

    try:
        settings.client()
    except InvalidConfig as exc:
        say(str(exc))
        return INVALID_INPUT
    try:
        from .running import Place, serve_until_signal
    except ImportError as exc:
        say(f"serve needs {exc.name}; install it with: pip install 'electiontui[serve]'")
        return ERROR
    try:
        return serve_until_signal(settings, Place(bind, port, names, visitors))
    except OSError as exc:
        return stdout_failed(exc)
