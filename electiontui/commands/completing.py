"""What the shell offers after TAB: names of elections that are there now, quickly or not at all."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

if TYPE_CHECKING:
    from .settings import Settings

__all__ = ["MOST", "VARIABLE", "WITHIN", "begin_completing", "drills", "elections", "is_harmless", "profiles"]

VARIABLE = "_ELECTIONTUI_COMPLETE"
"""In the environment while a shell asks."""
WITHIN = 1.0
"""Seconds that etcd has for all of its answers."""
MOST = 500
"""Names offered at a time."""
_HARMLESS = re.compile(r"\w[\w./+-]*")
_BREAKS = {":", "="}


def is_harmless(name: str) -> bool:
    """Whether it means itself in every shell.

    Anybody may call an election ``$(reboot)``, and bash inserts a word as it is offered, to be run with the next enter.
    """
    return len(name) <= 200 and _HARMLESS.fullmatch(name) is not None


def begin_completing() -> None:
    """Be silent from now on: what is written to stderr would stand in the middle of the user's line."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    add_completion_class(_Bash)


class _Bash(BashComplete):
    """bash takes ``10.0.0.1:2379`` and ``--endpoints=…`` apart; here they are put together again."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words = os.environ["COMP_WORDS"].split("\n")[: int(os.environ["COMP_CWORD"]) + 1]
        whole: list[str] = []
        goes_on = False
        for word in words:
            is_break = bool(word) and set(word) <= _BREAKS
            if whole and (is_break or goes_on):
                whole[-1] += word
            else:
                whole.append(word)
            goes_on = is_break
        last = split_arg_string(whole[-1])
        return split_arg_string("\n".join(whole[1:-1])), last[0] if last else ""


def elections(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of elections that begin so, as the options before them say where; none where etcd does not answer."""
    import asyncio

    from election_core import ElectionError

    from .options import settings_of

    try:
        settings = settings_of(ctx, may_ask=False)
        found: set[str] = set()
        asyncio.run(_look(settings, begun, found))
    except (ElectionError, click.ClickException, ValueError, OSError):
        return []
    return [CompletionItem(name) for name in sorted(found)]


async def _look(settings: Settings, begun: str, found: set[str]) -> None:
    import asyncio

    from ..prefixes import base_of

    base = base_of(settings.prefixes)
    client = settings.client()
    try:
        async with asyncio.timeout(WITHIN):
            for prefix in settings.prefixes:
                async for name, _ in client.find_elections(prefix):
                    told = (base_of([prefix]) + name).removeprefix(base)
                    if told.startswith(begun) and is_harmless(told):
                        found.add(told)
                    if len(found) >= MOST:
                        return
    except TimeoutError:
        return  # What was found until then is offered.
    finally:
        closing = asyncio.create_task(client.close())
        await asyncio.wait({closing}, timeout=0.2)


def profiles(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of profiles that begin so."""
    from ..profiles import known

    return [CompletionItem(name) for name in known() if name.startswith(begun) and is_harmless(name)]


def drills(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The drills that are included, and files."""
    from ..drill import included

    names = [CompletionItem(name) for name in included() if name.startswith(begun)]
    return names or [CompletionItem(begun, type="file")]
