"""The commands where they are used in scripts: options in any place, patterns, bounds, and streams that fail."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from electiontui import etcdctl as lines
from electiontui.commands.settings import Settings
from electiontui.embedded import EmbeddedEtcd
from electiontui.patterns import matches

from .servers import ROOT, Etcdctl, clean_environment, python, read_line
from .test_cli import CLOSED, put_candidate, run, settings_of

COMMANDS = ("list", "watch", "check", "campaign", "leader", "proclaim", "resign", "evict", "drain", "demo")


def shell(line: str, *args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which ``$@`` is electiontui with the arguments."""
    return subprocess.run(
        ["bash", "-c", line, "bash", sys.executable, "-m", "electiontui", *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(**(env or {})),
        timeout=30,
        stdin=subprocess.DEVNULL,
    )


# --- options


def test_options_go_after_the_command_and_the_later_wins(tmp_path: Path) -> None:
    after = ("--endpoints", "b:2", "--user", "late:two", "--command-timeout", "2s")
    given = settings_of("--endpoints", "a:1", "--user", "early:one", after=after, env={"ETCDCTL_ENDPOINTS": "c:3"})
    assert (given.endpoints, given.username, given.password, given.timeout) == (("a:1", "b:2"), "late", "two", 2.0)
    assert settings_of(after=("--prefix", "x/"), env={"ETCDCTL_ENDPOINTS": "c:3"}).endpoints == ("c:3",)
    assert settings_of("--prefix", "x/", after=("--prefix", "y/", "--prefix", "x/")).prefixes == ("x/", "y/")
    assert settings_of().prefixes == ("election/",)
    assert settings_of(after=("--prefix", "")).prefixes == ("",)
    pem = tmp_path / "a.pem"
    pem.touch()
    assert settings_of("--cert", str(pem), after=("--key", str(pem))).key == pem
    assert settings_of("--read-only").read_only
    assert settings_of("--password", "p", after=("--user", "name")).password == "p"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_its_own_options_first_and_ends_with_exit_codes(command: str) -> None:
    text = run(command, "--help").stdout
    own, _, common = text.partition("Common options")
    assert "--help" in own.partition("\nOptions:")[2]
    assert "--endpoints" in common
    assert "--endpoints" not in own
    last = text.partition("Exit codes:")[2].splitlines()
    assert [int(line.split()[0]) for line in last if line][:4] == [0, 1, 2, 3]


# --- patterns, counts and bounds


@pytest.fixture
def three(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> tuple[str, ...]:
    for name in ("orders/eu", "orders/us/east", "mail"):
        put_candidate(etcdctl, f"{prefix}{name}/", "node-1")
    return ("--endpoints", etcd.endpoint, "--prefix", prefix)


def listed(*args: str) -> list[str]:
    return [each["name"] for each in json.loads(run("list", "-w", "json", *args).stdout)["elections"]]


def test_list_takes_patterns(three: tuple[str, ...]) -> None:
    assert listed("orders/*", *three) == ["orders/eu", "orders/us/east"]
    assert listed("mail", "*/e?", *three) == ["mail", "orders/eu"]
    done = run("list", "ord", *three)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert "'ord'" in done.stderr


def test_a_name_with_signs_of_patterns_is_itself() -> None:
    assert matches("a[1]", ["a[1]"])
    assert matches("a1", ["a[1]"])
    assert not matches("A1", ["a1"])


def test_list_count_is_the_number_alone(three: tuple[str, ...]) -> None:
    assert run("list", "--count", *three).stdout == "3\n"
    assert run("list", "--count", "orders/*", *three).stdout == "2\n"


def test_several_prefixes_are_listed_at_once(three: tuple[str, ...]) -> None:
    base = three[-1]
    args = (*three[:2], "--prefix", f"{base}orders/", "--prefix", f"{base}mail/")
    document = json.loads(run("list", "-w", "json", *args).stdout)
    assert (document["prefix"], len(document["elections"])) == (base, 3)


def test_watch_ends_after_its_events(three: tuple[str, ...], etcdctl: Etcdctl) -> None:
    args = ("watch", "orders/*", "mail", "-w", "jsonl", "--count", "1", "--events", "vacated, elected", *three)
    process = python("-m", "electiontui", *args)
    log = python("-m", "electiontui", "watch", "orders/*", *three)
    started = [read_line(log.stdout) for _ in range(2)]
    assert ["orders/" in line for line in started] == [True, True]
    while process.poll() is None:
        put_candidate(etcdctl, f"{three[-1]}new/", "other")
        etcdctl.run("del", "--prefix", f"{three[-1]}mail/")
        put_candidate(etcdctl, f"{three[-1]}mail/", "node-2")
    out, err = process.communicate()
    (document,) = map(json.loads, out.splitlines())
    assert (process.returncode, err, document["election"]) == (0, "", "mail")
    log.kill()
    log.communicate()


def test_watch_ends_after_its_time(three: tuple[str, ...]) -> None:
    done = run("watch", "--for", "100ms", *three)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 3)
    done = run("watch", "--for", "100ms", "--count", "1", "--events", "elected", *three)
    assert (done.returncode, done.stdout) == (1, "")
    assert "fewer than 1 events within 0.1 s" in done.stderr


@pytest.mark.parametrize("args", [("--events", "born"), ("--count", "0"), ("--for", "5"), ("--events", "")])
def test_bad_bounds_are_exit_code_3(args: tuple[str, ...]) -> None:
    assert run("watch", *args).returncode == 3


# --- streams

PRINTING = (("list",), ("list", "-w", "json"), ("list", "--count"), ("watch",), ("watch", "-w", "jsonl"))


@pytest.mark.parametrize("args", [*PRINTING, ("--help",), ("--version",), ("list", "--help")])
@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
def test_what_cannot_be_printed_is_said(three: tuple[str, ...], to: str, args: tuple[str, ...]) -> None:
    options = () if args[0].startswith("--") else three
    done = shell(f'"$@" {to}', *args, *options)
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("electiontui: cannot write to stdout: ")


@pytest.mark.parametrize("args", PRINTING)
def test_a_reader_of_one_line_is_a_quiet_end(three: tuple[str, ...], args: tuple[str, ...]) -> None:
    # It has left before the program begins, however late the machine comes to it: who only waits writes no more.
    done = shell('exec 3> >(head -0); wait $!; "$@" >&3', *args, *three)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("to", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize(("args", "code"), [(("list", "--command-timeout", "300ms"), 2), (("list", "--bogus"), 3)])
def test_the_exit_code_is_right_where_nobody_can_be_told(to: str, args: tuple[str, ...], code: int) -> None:
    done = shell(f'"$@" {to}', "--endpoints", CLOSED, *args)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_a_plain_locale_gets_aligned_ascii(
    etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str, env: dict[str, str]
) -> None:
    put_candidate(etcdctl, f"{prefix}größe/", "n" * 70)
    etcdctl.run("put", f"{prefix}größe/plain", "x")
    args = ("--endpoints", etcd.endpoint, "--prefix", prefix)
    header, row = run("list", *args, env=env).stdout.splitlines()
    assert (header + row).isascii()
    assert row.startswith("gr\\xf6\\xdfe")
    assert row[header.index("LEADER") :].startswith("n" * 59 + "...")
    assert run("list", "--help", env=env).returncode == 0


def on_terminal(*args: str, **env: str) -> tuple[int, str]:
    """The exit code and what a terminal of 60 columns is sent."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "electiontui", *args],
        stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=clean_environment(COLUMNS="60", **env),
    )  # fmt: skip
    os.close(slave)
    data = b""
    try:
        while chunk := os.read(master, 4096):
            data += chunk
    except OSError:  # how Linux tells that the other side is closed
        pass
    os.close(master)
    return process.wait(30), data.decode()


def test_a_dumb_terminal_has_sentences_in_place_of_the_dashboard() -> None:
    code, text = on_terminal("--endpoints", CLOSED, "--command-timeout", "300ms", TERM="dumb")
    assert code == 2
    assert CLOSED in text
    assert "\x1b" not in text


def test_errors_are_whole_and_wrapped_and_without_colour() -> None:
    code, text = on_terminal("list", "--endpoints", f"{CLOSED},127.0.0.1:1", "--command-timeout", "300ms", NO_COLOR="1")
    assert code == 2
    assert max(map(len, text.splitlines())) <= 60
    assert CLOSED in text
    assert "\x1b" not in text
    plain: Any = run("list", "--endpoints", f"{CLOSED},127.0.0.1:1", "--command-timeout", "300ms").stderr
    assert text.split()[:6] == plain.split()[:6]


# --- etcdctl's line


def test_the_line_of_etcdctl_has_tls_and_user_but_no_password() -> None:
    where = ("a:1", "b:2"), ("election/",)
    files = Path("/a b/ca.pem"), Path("c.pem"), Path("k.pem")
    settings = Settings(*where, "ann's", "secret", *files, insecure_transport=False)
    assert settings.etcdctl.resign(b"election/x/1") == (
        "etcdctl --endpoints a:1,b:2 --cacert '/a b/ca.pem' --cert c.pem --key k.pem"
        """ --user 'ann'"'"'s' del -- election/x/1"""
    )
    assert lines.access(encrypted=True) == ("--insecure-transport=false",)
    assert lines.access() == ()
