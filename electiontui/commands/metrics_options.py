"""The options of whatever serves metrics, and the serving that they amount to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from ..metrics.plan import MOST, Door, Which, credentials_in, others_may_read
from .streams import say

if TYPE_CHECKING:
    from ..metrics.serving import Metrics
    from .settings import Settings

__all__ = ["CannotServe", "Plan", "metrics_at", "plan_beside", "plan_of", "serving_options"]

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Plan(NamedTuple):
    """Where metrics are to be had, and of what."""

    which: Which
    door: Door


class CannotServe(Exception):
    """Metrics cannot be served; the message says why, and what to do."""


def serving_options(command: F) -> F:
    """Give a command, or the group for the dashboard, the options that say who is let in and how much is told."""
    for option in reversed(
        (
            click.option("--web-cert", type=_FILE, help="The server's certificate (PEM); metrics then come by HTTPS."),
            click.option("--web-key", type=_FILE, help="Private key of --web-cert (PEM)."),
            click.option("--web-client-ca", type=_FILE, help="Let in only whom this authority (PEM) has certified."),
            click.option("--web-auth", type=_FILE, help="Let in only who gives what this file says: NAME:PASSWORD."),
            click.option(
                "--max-elections",
                type=click.IntRange(1, 20_000),
                default=MOST,
                show_default=True,
                help="How many have series; a metric says how many are left out.",
            ),
        )
    ):
        command = option(command)
    return command


def plan_of(
    listen: tuple[str, int],
    given: dict[str, Any],
    *,
    fits: Callable[[str], bool] = lambda _: True,
    named: tuple[str, ...] = (),
) -> Plan:
    """What they amount to; those that are not given are as if they were left out. For the others see `Which`.

    Raises:
        click.UsageError: they contradict one another, or the file of --web-auth is of no use.
    """
    cert, key, client_ca, auth = (given.get(f"web_{name}") for name in ("cert", "key", "client_ca", "auth"))
    if (cert is None) != (key is None):
        raise click.UsageError("--web-cert and --web-key belong together: give both.")
    if client_ca is not None and cert is None:
        raise click.UsageError("--web-client-ca is of no use without --web-cert and --web-key: give them, too.")
    credentials = None
    if auth is not None:
        try:
            credentials = credentials_in(auth)
        except ValueError as exc:
            raise click.UsageError(f"--web-auth: {exc}") from exc
        if others_may_read(auth):
            say(f"others can read {auth}, which has a password: chmod 600 it")
    door = Door(*listen, cert, key, client_ca, credentials)
    if credentials is not None and cert is None and not door.is_local:
        say("the password of --web-auth goes over the network unencrypted: give --web-cert and --web-key, too")
    return Plan(Which(fits, named, given.get("max_elections", MOST)), door)


def plan_beside(
    settings: Settings, ctx: click.Context, given: dict[str, Any], *, named: tuple[str, ...] = ()
) -> Plan | None:
    """What they amount to for what serves metrics beside its work, with --metrics; ``None`` without that.

    Raises:
        click.UsageError: as `plan_of`, or they are given without --metrics.
    """
    if settings.metrics is not None:
        return plan_of(settings.metrics, given, named=named)
    for name in given:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} is of no use without --metrics: give that, too.")
    return None


@contextmanager
def metrics_at(plan: Plan) -> Iterator[Metrics]:
    """Metrics that are served, of the process at first.

    Raises:
        CannotServe: prometheus_client is missing, the address cannot be had, or a certificate cannot be read.
    """
    try:
        from ..metrics.serving import Metrics
    except ModuleNotFoundError as exc:
        if exc.name != "prometheus_client":
            raise
        raise CannotServe("metrics need prometheus_client: install electiontui[metrics]") from exc
    try:
        metrics = Metrics(plan.which, plan.door)
    except OSError as exc:
        at = f"{plan.door.host}:{plan.door.port}"
        raise CannotServe(f"cannot serve metrics at {at}: {exc.strerror or exc}; give another address or file") from exc
    with metrics:
        yield metrics
