"""The command line as others use it: a process, its exit code, stdout as data and stderr as narration."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from electiontui.cli import cli
from electiontui.commands.settings import Settings, credentials, split_endpoints
from electiontui.durations import parse_duration
from electiontui.embedded import EmbeddedEtcd

from .servers import ROOT, Etcdctl, clean_environment, python, read_line

CLOSED = "127.0.0.1:9"
"""The discard port, on which nothing listens."""


def run(*args: str, env: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "electiontui", *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(**(env or {})),
        timeout=30,
        stdin=subprocess.DEVNULL,
        **options,
    )


def put_candidate(etcdctl: Etcdctl, root: str, value: str, suffix: str = "{}") -> str:
    """Put a candidate as any client would; returns its lease in hex."""
    lease = etcdctl.run("lease", "grant", "60").split()[1]
    etcdctl.run("put", f"--lease={lease}", "--", root + suffix.format(lease.lstrip("0")), value)
    return lease.lstrip("0")


# --- list


def test_list_shows_leader_and_queue(etcd_each: EmbeddedEtcd, prefix: str) -> None:
    etcdctl = Etcdctl(etcd_each.endpoint)
    first = put_candidate(etcdctl, f"{prefix}billing/ledger/", "node-1")
    put_candidate(etcdctl, f"{prefix}billing/ledger/", "node-2")
    done = run("--endpoints", etcd_each.endpoint, "--prefix", prefix, "list")
    assert (done.returncode, done.stderr) == (0, "")
    header, row = done.stdout.splitlines()
    assert header.split() == ["ELECTION", "LEADER", "CANDIDATES", "TOKEN", "LEASE"]
    assert row.split()[:3] == ["billing/ledger", "node-1", "2"]
    assert row.split()[4] == first


def test_list_json_is_one_document(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    lease = put_candidate(etcdctl, f"{prefix}job/", "node-1")
    document = json.loads(run("--endpoints", etcd.endpoint, "--prefix", prefix, "list", "-w", "json").stdout)
    assert document["prefix"] == prefix
    (election,) = document["elections"]
    assert election["name"] == "job"
    assert election["leader"] == election["candidates"][0]
    assert election["leader"]["key"] == f"{prefix}job/{lease}"
    assert (election["leader"]["value"], election["leader"]["lease"]) == ("node-1", lease)
    assert 0 < election["leader"]["create_revision"] <= document["revision"]


def test_any_bytes_survive_as_json_and_are_harmless_as_text(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    value = b"\xff\x1b[31m"
    lease = etcdctl.run("lease", "grant", "60").split()[1].lstrip("0")
    subprocess.run(
        [*etcdctl._command, "put", f"--lease={lease}", "--", os.fsencode(prefix) + b"n\xfe/" + lease.encode(), value],
        check=True,
        capture_output=True,
        env=clean_environment(),
    )
    args = ("--endpoints", etcd.endpoint, "--prefix", prefix, "list")
    (election,) = json.loads(run(*args, "-w", "json").stdout)["elections"]
    assert base64.b64decode(election["name"]["base64"]) == b"n\xfe"
    assert base64.b64decode(election["leader"]["value"]["base64"]) == value
    assert "n\\xfe" in run(*args).stdout
    assert "\x1b" not in run(*args).stdout


def test_a_terminal_of_few_characters_gets_escapes(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    put_candidate(etcdctl, f"{prefix}größe/", "宽")
    env = {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    done = run("--endpoints", etcd.endpoint, "--prefix", prefix, "list", env=env)
    assert done.returncode == 0, done.stderr
    assert "gr\\xf6\\xdfe" in done.stdout


def test_an_empty_prefix_is_the_whole_key_space(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    put_candidate(etcdctl, f"{prefix}job/", "node-1")
    document = json.loads(run("--endpoints", etcd.endpoint, "--prefix", "", "list", "-w", "json").stdout)
    assert f"{prefix}job" in [election["name"] for election in document["elections"]]


def test_an_empty_list_says_so_on_stderr(etcd: EmbeddedEtcd, prefix: str) -> None:
    done = run("--endpoints", etcd.endpoint, "--prefix", prefix, "list")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert prefix in done.stderr


# --- exit codes, endpoints and environment


def test_an_unreachable_etcd_is_exit_code_2() -> None:
    for args in (("list",), ("watch",), ("watch", "job")):
        done = run("--endpoints", CLOSED, "--command-timeout", "300ms", *args)
        assert (done.returncode, done.stdout) == (2, "")
        assert CLOSED in done.stderr
        assert "Traceback" not in done.stderr


def test_dial_timeout_bounds_the_first_contact() -> None:
    done = run("--endpoints", CLOSED, "--dial-timeout", "200ms", "--command-timeout", "25s", "list")
    assert done.returncode == 2
    assert "0.2 s" in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("--bogus",),
        ("bogus",),
        ("list", "-w", "yaml"),
        ("--endpoints", "http//nowhere", "list"),
        ("--endpoints", "host:port", "list"),
        ("--command-timeout", "5", "list"),
        ("--command-timeout", "-1s", "list"),
        ("--cacert", "/nonexistent", "list"),
        ("--cert", str(ROOT / "pyproject.toml"), "list"),
        ("--password", "secret", "list"),
        ("--user", "name:one", "--password", "two", "list"),
        ("--user", ":one", "list"),
        ("--user", "name", "list"),
        ("watch", "/job"),
        ("demo", "--nodes", "0"),
        (),
    ],
)
def test_bad_input_is_exit_code_3(args: tuple[str, ...]) -> None:
    done = run(*args)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_terminal_the_dashboard_points_elsewhere() -> None:
    assert "electiontui list" in run().stderr


def test_in_a_notebook_the_dashboard_points_elsewhere() -> None:
    script = (
        "import sys, types\n"
        "sys.modules['IPython'] = types.SimpleNamespace(get_ipython=lambda: types.SimpleNamespace(kernel=1))\n"
        "from electiontui.cli import main\nmain([])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=30)
    assert done.returncode == 3
    assert "electiontui.notebook" in done.stderr


def test_flag_wins_over_environment(etcd: EmbeddedEtcd, prefix: str) -> None:
    both = run("--endpoints", etcd.endpoint, "--prefix", prefix, "list", env={"ETCDCTL_ENDPOINTS": CLOSED})
    assert both.returncode == 0
    only = run("--prefix", prefix, "list", env={"ETCDCTL_ENDPOINTS": f" {etcd.endpoint} , {etcd.endpoint}"})
    assert only.returncode == 0
    empty = {f"ETCDCTL_{name}": "" for name in ("USER", "PASSWORD", "CACERT", "CERT", "KEY", "DIAL_TIMEOUT")}
    assert run("--endpoints", etcd.endpoint, "--prefix", prefix, "list", env=empty).returncode == 0


def settings_of(*args: str, after: tuple[str, ...] = (), env: dict[str, str] | None = None) -> Settings:
    """What the options amount to; ``list`` is not run."""
    found: list[Settings] = []
    command = cli.commands["list"]
    callback, command.callback = command.callback, lambda **_: found.append(_current())
    try:
        with pytest.MonkeyPatch.context() as patch:
            for key in [key for key in os.environ if key.startswith("ETCDCTL_")]:
                patch.delenv(key)
            for key, value in (env or {}).items():
                patch.setenv(key, value)
            cli.main([*args, "list", *after], standalone_mode=False)
    finally:
        command.callback = callback
    return found[0]


def _current() -> Settings:
    import click

    found: Settings = click.get_current_context().find_root().obj
    return found


def test_endpoints_accumulate_and_are_trimmed() -> None:
    assert settings_of().endpoints == ("127.0.0.1:2379",)
    assert settings_of(env={"ETCDCTL_ENDPOINTS": ""}).endpoints == ("127.0.0.1:2379",)
    given = settings_of("--endpoints", " a:1, b:2", "--endpoints", "http://c:3", env={"ETCDCTL_ENDPOINTS": "d:4"})
    assert given.endpoints == ("a:1", "b:2", "http://c:3")
    assert settings_of(env={"ETCDCTL_ENDPOINTS": "a:1,b:2"}).endpoints == ("a:1", "b:2")
    assert split_endpoints([" , "]) == ("127.0.0.1:2379",)


def test_credentials_from_flags_and_environment() -> None:
    env = {"ETCDCTL_USER": "env:one", "ETCDCTL_COMMAND_TIMEOUT": "1m30s"}
    given = settings_of(env=env)
    assert (given.username, given.password, given.timeout) == ("env", "one", 90.0)
    given = settings_of("--user", "flag:two", env={"ETCDCTL_PASSWORD": "ignored"})
    assert (given.username, given.password) == ("flag", "two")
    given = settings_of("--password", "three", env=env)
    assert (given.username, given.password) == ("env", "three")
    assert credentials("name:a:b", None) == ("name", "a:b")
    assert credentials("name:", None) == ("name", "")
    assert credentials("", "") == (None, None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("5s", 5), ("1m30s", 90), ("1.5h", 5400), ("2h0.5m", 7230), ("250us", 0.00025), (".5s", 0.5)],
)
def test_go_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-1s", "0s", "1d", "1s5", "1e3s", "٣s"])
def test_malformed_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|longer"):
        parse_duration(text)


# --- watch


@pytest.fixture
def watching(etcd: EmbeddedEtcd, prefix: str) -> Any:
    started: list[subprocess.Popen[str]] = []

    def start(*args: str) -> subprocess.Popen[str]:
        process = python("-m", "electiontui", "--endpoints", etcd.endpoint, "--prefix", prefix, "watch", *args)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def test_watch_tells_every_transition(watching: Any, etcdctl: Etcdctl, prefix: str) -> None:
    first = put_candidate(etcdctl, f"{prefix}job/", "node-1")
    put_candidate(etcdctl, f"{prefix}job/", "node-2")
    process = watching("-w", "jsonl")
    start = json.loads(read_line(process.stdout))
    assert (start["event"], start["election"], start["candidates"]) == ("start", "job", 2)
    assert start["leader"]["value"] == "node-1"
    etcdctl.run("lease", "revoke", first)
    succeeded = json.loads(read_line(process.stdout))
    assert succeeded["event"] == "succeeded"
    assert (succeeded["before"]["value"], succeeded["after"]["value"]) == ("node-1", "node-2")
    assert succeeded["revision"] > start["revision"]
    assert succeeded["gap"] is False
    etcdctl.run("del", "--prefix", f"{prefix}job/")
    vacated = json.loads(read_line(process.stdout))
    assert (vacated["event"], vacated["after"]) == ("vacated", None)
    put_candidate(etcdctl, f"{prefix}another/", "node-3")
    assert json.loads(read_line(process.stdout))["election"] == "another"


def test_watch_one_election(watching: Any, etcdctl: Etcdctl, prefix: str) -> None:
    process = watching("deep/job")
    assert "deep/job  (at start) nobody leads" in read_line(process.stdout)
    put_candidate(etcdctl, f"{prefix}deep/job/", "node-1")
    assert "deep/job  node-1 elected" in read_line(process.stdout)
    put_candidate(etcdctl, f"{prefix}deep/job2/", "other")
    put_candidate(etcdctl, f"{prefix}deep/job/below/", "nested")
    etcdctl.run("del", "--prefix", f"{prefix}deep/job/")
    assert "deep/job  node-1 gone, vacant" in read_line(process.stdout)


def test_watch_ends_with_ctrl_c(watching: Any, etcdctl: Etcdctl, prefix: str) -> None:
    put_candidate(etcdctl, f"{prefix}job/", "node-1")
    process = watching()
    assert "(at start) node-1 leads" in read_line(process.stdout)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (0, "", "")


def test_a_reader_that_leaves_is_a_quiet_end(watching: Any, etcdctl: Etcdctl, prefix: str) -> None:
    put_candidate(etcdctl, f"{prefix}job/", "node-1")
    process = watching()
    read_line(process.stdout)
    process.stdout.close()
    process.stdout = None
    etcdctl.run("del", "--prefix", f"{prefix}job/")
    _, err = process.communicate()
    assert (process.returncode, err) == (0, "")


def test_watch_narrates_a_disconnection_and_goes_on(prefix: str) -> None:
    with EmbeddedEtcd() as etcd:
        etcdctl = Etcdctl(etcd.endpoint)
        put_candidate(etcdctl, f"{prefix}job/", "node-1")
        process = python("-m", "electiontui", "--endpoints", etcd.endpoint, "--prefix", prefix, "watch")
        try:
            assert "node-1" in read_line(process.stdout)
            etcd.members[0].kill()
            assert "disconnected" in read_line(process.stderr)
            etcd.members[0].restart()
            assert "connected again" in read_line(process.stderr)
            etcdctl.run("del", "--prefix", f"{prefix}job/")
            assert "vacant" in read_line(process.stdout)
        finally:
            process.kill()
            process.communicate()


# --- authentication


def test_wrong_and_right_credentials(prefix: str) -> None:
    with EmbeddedEtcd() as etcd:
        etcdctl = Etcdctl(etcd.endpoint)
        put_candidate(etcdctl, f"{prefix}job/", "node-1")
        etcdctl.run("user", "add", "root:secret")
        etcdctl.run("user", "grant-role", "root", "root")
        etcdctl.run("auth", "enable")
        base = ("--endpoints", etcd.endpoint, "--prefix", prefix)
        assert run(*base, "--user", "root:secret", "list").returncode == 0
        assert run(*base, "list", env={"ETCDCTL_USER": "root", "ETCDCTL_PASSWORD": "secret"}).returncode == 0
        for refused in (run(*base, "--user", "root:wrong", "list"), run(*base, "list")):
            assert (refused.returncode, refused.stdout) == (1, "")
            assert "Traceback" not in refused.stderr
