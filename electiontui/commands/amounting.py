"""What the shared options amount to, once each has its value."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from .logs import begin_log
from .settings import Settings, credentials, split_endpoints
from .streams import say

if TYPE_CHECKING:
    from ..profiles import Profile

__all__ = ["settings_from"]


def settings_from(given: Mapping[str, Any], flags: set[str], profile: Profile | None, *, may_ask: bool) -> Settings:
    """The settings; the log begins here, and what is careless in the profile is told.

    Args:
        given: the options' values.
        flags: which of user and password were given on the command line.
        profile: what they partly come from.
        may_ask: whether a user may be asked for a password, and a profile's program be run for it. Where not,
            nothing is told and no log is begun either.

    Raises:
        click.UsageError: they contradict one another, or there is no password.
    """
    if (given["cert"] is None) != (given["key"] is None):
        raise click.UsageError("--cert and --key belong together: give both.")
    if may_ask:
        _begin(given, profile)
    username, secret = _credentials(flags, given["user"], given["password"])
    if username is not None and secret is None:
        secret = _password(username, profile, may_ask=may_ask)
    return Settings(
        endpoints=split_endpoints(given["endpoints"]),
        prefixes=_distinct(given["prefixes"]) or ("election/",),
        username=username,
        password=secret,
        ca=given["cacert"],
        cert=given["cert"],
        key=given["key"],
        insecure_transport=given["insecure_transport"],
        timeout=given["command_timeout"],
        dial_timeout=given["dial_timeout"],
        read_only=given["read_only"],
        low_bandwidth=given["low_bandwidth"],
        plain=given["plain"],
        metrics=given["metrics"],
        history=given["history"],
        without_history=given["without_history"],
        profile=profile,
        on_change=given["on_change"] or (),
        on_alert=given["on_alert"] or (),
        log_file=given["log_file"],
        log_level=given["log_level"],
        # gRPC writes into it when it is imported.
        environment=dict(os.environ),
    )


def _begin(given: Mapping[str, Any], profile: Profile | None) -> None:
    if profile is not None:
        from ..profiles import complaints

        for complaint in complaints(profile):
            say(f"warning: {complaint}")
    if given["on_alert"] and (profile is None or not profile.rules):
        say("warning: there are no alerts to run --on-alert for; they stand in a profile")
    file, level = given["log_file"], given["log_level"]
    if file is not None:
        try:
            begin_log(file, level or "info")
        except OSError as exc:
            raise click.UsageError(f"--log-file {file}: cannot write there: {exc.strerror or exc}.") from exc


def _distinct(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


def _credentials(flags: set[str], user: str | None, password: str | None) -> tuple[str | None, str | None]:
    if user and ":" in user and password and flags == {"user"}:
        password = None  # the flag brings its own, which wins over the environment's
    elif user and ":" in user and password and flags == {"password"}:
        user = user.partition(":")[0]
    try:
        return credentials(user, password)
    except ValueError as exc:
        raise click.UsageError(str(exc)) from exc


def _password(username: str, profile: Profile | None, *, may_ask: bool) -> str:
    # A profile's password is its own user's and nobody else's.
    if profile is not None and profile.options.get("user") == username:
        from ..profiles import BadProfile, password_of

        try:
            secret = password_of(profile) if may_ask or not profile.password_command else None
        except BadProfile as exc:
            raise click.UsageError(str(exc)) from exc
        if secret is not None:
            return secret
    if not may_ask or not sys.stdin.isatty():
        raise click.UsageError("--user needs a password: give --user name:password, --password or ETCDCTL_PASSWORD.")
    answer: str = click.prompt("Password", hide_input=True, err=True)
    return answer
