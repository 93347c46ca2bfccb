"""Options given before a command hold for that command, whichever it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from electiontui import cli as command_line
from electiontui.cli import cli
from electiontui.commands import (
    INVALID_INPUT,
    acting,
    amounting,
    campaigning,
    check,
    dashboard,
    draining,
    drilling,
    evicting,
    exporting,
    histories,
    listing,
    recording,
    replaying,
    watching,
)
from electiontui.commands.settings import Settings
from electiontui.demo import stage
from electiontui.opening import Opening
from electiontui.profiles import Profile
from electiontui.serve import command as serving

DOORS: dict[str, tuple[Any, str]] = {
    "": (dashboard, "open_dashboard"),
    "list": (listing, "list_elections"),
    "watch": (watching, "watch_elections"),
    "check": (check, "check"),
    "campaign NAME": (campaigning, "campaign"),
    "leader NAME": (acting, "leader"),
    "proclaim NAME VALUE --lease=1f": (acting, "proclaim"),
    "resign NAME --lease=1f": (acting, "resign"),
    "evict NAME --leader": (evicting, "evict"),
    "drain VALUE": (draining, "drain"),
    "drill leader-crash": (drilling, "drill"),
    "exporter": (exporting, "export"),
    "record": (recording, "record"),
    "history": (histories, "history"),
    "replay FILE": (replaying, "replay"),
    "serve --write": (serving, "serve"),
    "demo": (stage, "run_demo"),
}
"""What each command, and none, hands its settings to, as the first argument."""

APART = {"config", "completion"}
"""They speak to no etcd, so they have no settings."""

OPTIONS: dict[str, tuple[str, str, object]] = {
    "--endpoints": ("10.0.0.1:2379,10.0.0.2:2379", "endpoints", ("10.0.0.1:2379", "10.0.0.2:2379")),
    "--prefix": ("services/", "prefixes", ("services/",)),
    "--user": ("root:secret", "username", "root"),
    "--password": ("secret", "password", "secret"),
    "--cacert": ("FILE", "ca", Path("FILE")),
    "--cert": ("FILE", "cert", Path("FILE")),
    "--key": ("FILE", "key", Path("FILE")),
    "--insecure-transport": ("=false", "insecure_transport", False),
    "--command-timeout": ("1500ms", "timeout", 1.5),
    "--dial-timeout": ("2s", "dial_timeout", 2.0),
    "--read-only": ("", "read_only", True),
    "--low-bandwidth": ("", "low_bandwidth", True),
    "--plain": ("", "plain", True),
    "--profile": ("./FILE", "profile", Profile("FILE", Path("FILE"))),
    "--on-change": ("tell 'a b'", "on_change", ("tell", "a b")),
    "--on-alert": ("page", "on_alert", ("page",)),
    "--log-file": ("LOG", "log_file", Path("LOG")),
    "--log-level": ("debug", "log_level", "debug"),
    "--metrics": ("127.0.0.1:9109", "metrics", ("127.0.0.1", 9109)),
    "--history": ("FILE", "history", Path("FILE")),
    "--no-history": ("", "without_history", True),
}
"""What is given, and what the settings then hold."""

DASHBOARDS = ("--web-cert", "--web-key", "--web-client-ca", "--web-auth", "--max-elections")
"""What only the dashboard and the commands that serve metrics have; tests/exporter/test_beside.py has what they do."""

COMPANIONS = {"--password": ["--user=root"], "--cert": ["--key=FILE"], "--key": ["--cert=FILE"]}
ANOTHER_CLUSTER = {"--endpoints", "--user", "--password", "--cacert", "--cert", "--key", "--insecure-transport"}
REFUSED = {
    "demo": ANOTHER_CLUSTER,
    "replay FILE": {*ANOTHER_CLUSTER, "--prefix"},
    "serve --write": {"--read-only", "--metrics", "--plain"},
}
"""The demo has an etcd of its own, a replay none; what may write is not read-only; a page shows screens alone."""


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The arguments that a command was called with."""
    seen: list[Any] = []

    def record(*args: object, **named: object) -> int:
        seen[:] = [*args, named]
        return 0

    for module, name in DOORS.values():
        monkeypatch.setattr(module, name, record)
    monkeypatch.setattr(amounting, "begin_log", lambda file, level: None)
    monkeypatch.chdir(tmp_path)
    Path("FILE").touch()
    return seen


def run(option: str, command: str, given: str) -> int:
    first = [*COMPANIONS.get(option, []), option + (given if given[:1] == "=" else f"={given}" if given else "")]
    return command_line._run([*first, *command.split()])


def test_the_tables_hold_every_command_and_every_option() -> None:
    assert {command.partition(" ")[0] for command in DOORS} == {"", *cli.commands} - APART
    options = {each.opts[0] for each in cli.params if isinstance(each, click.Option)}
    assert set(OPTIONS) == options - {"--version", "--help"} - set(DASHBOARDS)
    others = {each.opts[0] for name in ("exporter", "record") for each in cli.commands[name].params}
    assert set(DASHBOARDS) <= others


@pytest.mark.parametrize("command", DOORS)
@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_before_the_command_holds_for_it(handed_on: list[Any], option: str, command: str) -> None:
    given, field, wanted = OPTIONS[option]
    code = run(option, command, given)
    if option in REFUSED.get(command, ()):
        assert (code, handed_on) == (INVALID_INPUT, [])
    else:
        assert code == 0
        settings = handed_on[0]
        assert isinstance(settings, Settings)
        assert getattr(settings, field) == wanted


def test_the_environment_of_another_etcd_does_not_keep_the_demo_from_opening(
    handed_on: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("USER", "CERT", "ENDPOINTS"):
        monkeypatch.setenv(f"ETCDCTL_{name}", "FILE")
    assert command_line._run(["demo"]) == 0
    assert handed_on[1:] == [1, None, {}]


def test_the_demo_is_shown_as_the_options_say(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, Any] = {}

    class Etcd:
        endpoint, version, folder = "10.0.0.1:2379", "3.5", Path("/none")
        endpoints = (endpoint,)

    class Nobody:
        failure = None

        def __init__(self, *args: object) -> None: ...
        def __enter__(self) -> Nobody:
            return self

        def __exit__(self, *exc: object) -> None: ...

    def show(factory: Any, opening: Opening) -> int:
        shown.update(opening._asdict(), timeout=factory()._runtime.store.timeout)
        return 0

    monkeypatch.setattr(stage, "has_terminal", lambda: True)
    monkeypatch.setattr(stage, "Players", Nobody)
    monkeypatch.setattr(stage, "show", show)
    settings = Settings(("10.9.9.9:2379",), ("drill/",), timeout=1.5, read_only=True, low_bandwidth=True)
    etcd: Any = Etcd()
    assert stage._open(settings, etcd, 7) == 0
    assert (shown["read_only"], shown["prefixes"], shown["timeout"]) == (True, ("drill/",), 1.5)
    assert shown["low_bandwidth"]
