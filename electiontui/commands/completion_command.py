"""The command line of ``electiontui completion``."""

from __future__ import annotations

import click

from .completing import VARIABLE
from .options import WithoutClusterCommand, exit_codes
from .streams import stdout_failed

__all__ = ["completion_command"]


@click.command(
    "completion",
    cls=WithoutClusterCommand,
    epilog=exit_codes(c0="all right", c1="stdout cannot be written", c3="bad input"),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> int:
    """Print what makes a shell complete commands, options, profiles and the names of elections.

    \b
    bash: echo 'eval "$(electiontui completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(electiontui completion zsh)"' >> ~/.zshrc
    fish: electiontui completion fish > ~/.config/fish/completions/electiontui.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    try:
        click.echo(kind(ctx.find_root().command, {}, "electiontui", VARIABLE).source())
    except OSError as exc:
        return stdout_failed(exc)
    return 0
