"""``electiontui campaign``: leading until a signal, and a command that runs only while leading."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from electiontui.embedded import EmbeddedEtcd

from .servers import ROOT, Etcdctl, clean_environment, is_alive, python, read_line, wait_until
from .test_cli import put_candidate, run

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
TRAPS = "".join(f"trap 'echo {number.name}' {number.name[3:]}; " for number in SIGNALS)
SLEEPS = "echo $$; while :; do sleep 0.05; done"


class Place:
    """An election on the session's etcd, and those who campaign in it by the command line."""

    def __init__(self, etcd: EmbeddedEtcd, etcdctl: Etcdctl, name: str) -> None:
        self.name, self.etcdctl, self._access = name, etcdctl, ("--endpoints", etcd.endpoint)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        return python("-m", "electiontui", "campaign", self.name, "me", *self._access, *words, **options)

    def run(self, *words: str, command: str = "campaign") -> subprocess.CompletedProcess[str]:
        return run(command, self.name, *self._access, *words)

    def runs(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run("campaign", self.name, "me", *self._access, *words)

    def rows(self) -> list[str]:
        """Keys of the candidates."""
        return self.etcdctl.run("get", "--prefix", "--keys-only", f"election/{self.name}/").split()

    def delete_key(self) -> None:
        self.etcdctl.run("del", "--prefix", f"election/{self.name}/")


@pytest.fixture
def place(etcd: EmbeddedEtcd, etcdctl: Etcdctl, name: str) -> Place:
    return Place(etcd, etcdctl, name)


@pytest.fixture(autouse=True)
def _no_signal_is_ignored() -> Iterator[None]:
    """Whoever ignores one, as under nohup, hands that on to what is started."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS if number != signal.SIGINT}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def gone(*pids: int) -> Callable[[], bool]:
    return lambda: not any(map(is_alive, pids))


# --- a command


def test_cmd_has_the_election_in_its_environment(place: Place) -> None:
    done = place.runs("--ttl", "7", "--", "sh", "-c", "env | grep ^ELECTION_ | sort")
    assert done.returncode == 0
    told = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert sorted(told) == [f"ELECTION_{each}" for each in ("KEY", "LEASE", "NAME", "TOKEN", "VALUE")]
    assert (told["ELECTION_NAME"], told["ELECTION_VALUE"]) == (place.name, "me")
    assert told["ELECTION_KEY"] == f"election/{place.name}/{told['ELECTION_LEASE']}"
    assert f"elected, token {told['ELECTION_TOKEN']}, lease {told['ELECTION_LEASE']}" in done.stderr
    assert place.rows() == []


def test_the_ttl_is_the_lease_s(place: Place) -> None:
    """etcd 8365: a lock without a flag for its TTL."""
    process = place.start("--ttl", "7s", "--", "sh", "-c", "echo $ELECTION_LEASE; exec sleep 60")
    info = json.loads(place.etcdctl.run("lease", "timetolive", read_line(process.stdout), "-w", "json"))
    assert info["granted-ttl"] == 7
    process.terminate()
    assert process.wait(10) == 143


@pytest.mark.parametrize(("line", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill $$", 143)])
def test_the_exit_code_is_cmd_s(place: Place, line: str, code: int) -> None:
    """etcd 12829: the exit code of the command is lost."""
    assert place.runs("--", "sh", "-c", line).returncode == code
    assert place.rows() == []


def test_the_environment_is_as_it_was_but_for_the_election(place: Place) -> None:
    """The libraries that talk to etcd set some of it for themselves."""
    given = {name: value for name, value in clean_environment().items() if not name.startswith("GRPC_")}
    words = [sys.executable, "-m", "electiontui", "campaign", place.name, *place._access, "--", "env", "-0"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=given, timeout=30, check=True)
    found = dict(each.split("=", 1) for each in done.stdout.split("\0") if each)
    ours = {name for name in found.keys() ^ given.keys() if name != "LC_CTYPE"}
    assert ours == {f"ELECTION_{each}" for each in ("KEY", "LEASE", "NAME", "TOKEN", "VALUE")}


def test_a_cmd_that_cannot_be_started_resigns_at_once(place: Place, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    for command, code, words in [
        ("/nowhere/cmd", 127, "No such file"),
        ("no-such-cmd", 127, "No such file"),
        (str(tmp_path / "text"), 126, "Permission denied"),
    ]:
        done = place.runs("--", command)
        assert done.returncode == code
        assert f"{command}: cannot be started: {words}" in done.stderr
        assert place.rows() == []


def test_stdin_stdout_and_stderr_are_cmd_s_own(place: Place) -> None:
    process = place.start("--", "sh", "-c", "cat; echo oops >&2", stdin=subprocess.PIPE)
    out, err = process.communicate("a line\n", timeout=20)
    assert (process.returncode, out) == (0, "a line\n")
    assert "\noops\n" in err


@pytest.mark.parametrize("number", SIGNALS)
def test_signals_are_passed_on_to_cmd_and_what_it_has_started(place: Place, number: signal.Signals) -> None:
    """H80: consul 1210, 2489 and 2022: HUP and QUIT are lost, or reach the shell alone."""
    # The child tells itself that it is there: a signal before it has its own handlers is lost on it.
    lines = f"{TRAPS} (trap - HUP QUIT; exec sh -c 'echo $$ child; exec sleep 60') & {SLEEPS}"
    process = place.start("--", "sh", "-c", lines)
    told = sorted((read_line(process.stdout).split() for _ in range(2)), key=len)
    shell, child = (int(words[0]) for words in told)
    process.send_signal(number)
    assert read_line(process.stdout) == number.name
    if number not in (signal.SIGINT, signal.SIGQUIT):  # which a shell has its background jobs ignore
        wait_until(gone(child), "the child has ended")
    assert is_alive(shell)
    os.kill(shell, signal.SIGKILL)
    assert process.wait(15) == 137
    assert not is_alive(child)


def test_a_signal_that_ends_cmd_ends_the_campaign(place: Place) -> None:
    process = place.start("--", "sh", "-c", SLEEPS)
    shell = int(read_line(process.stdout))
    process.terminate()
    assert process.wait(10) == 143
    assert not is_alive(shell)
    assert place.rows() == []


def test_what_cmd_leaves_behind_ends_before_it_resigns(place: Place) -> None:
    """H80: nor does what has left its group."""
    lines = "sleep 60 & echo $!; setsid sh -c 'echo $$; exec sleep 60' & read -r line; exit 3"
    process = place.start("--ttl", "10", "--grace", "0.5", "--", "sh", "-c", lines, stdin=subprocess.PIPE)
    left = int(read_line(process.stdout)), int(read_line(process.stdout))
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.close()
    assert process.wait(15) == 3
    assert gone(*left)()
    assert place.rows() == []


@pytest.mark.parametrize("whose", ["supervisor", "guardian"])
def test_nothing_of_cmd_outlives_a_supervisor_that_is_killed(place: Place, whose: str) -> None:
    """H80: consul 2022 and the like: KILL cannot be passed on."""
    lines = f"trap '' TERM; (trap '' TERM; sleep 60) & echo $!; echo $PPID; {SLEEPS}"
    process = place.start("--ttl", "5", "--grace", "0.5", "--", "sh", "-c", lines)
    child, guardian, shell = (int(read_line(process.stdout)) for _ in range(3))
    killed_at = time.monotonic()
    os.kill(process.pid if whose == "supervisor" else guardian, signal.SIGKILL)
    wait_until(gone(child, shell), "CMD and its child are gone", 4)
    assert time.monotonic() - killed_at < 3
    assert process.wait(10) == (-signal.SIGKILL if whose == "supervisor" else 137)
    place.delete_key()


def test_a_loss_ends_cmd_and_starts_it_anew(place: Place, tmp_path: Path) -> None:
    """H79: consul 9788: the lock was lost long ago, and the child goes on. etcd 7983: nothing can be run then."""
    lost = tmp_path / "lost"
    line = f"echo $ELECTION_TOKEN >> {lost}"
    process = place.start("--ttl", "60", "--on-lost", line, "--", "sh", "-c", f"echo $ELECTION_TOKEN; {SLEEPS}")
    token, shell = int(read_line(process.stdout)), int(read_line(process.stdout))
    place.delete_key()
    deleted_at = time.monotonic()
    later, second = int(read_line(process.stdout)), int(read_line(process.stdout))
    assert time.monotonic() - deleted_at < 20, "long before the lease would have run out"
    assert not is_alive(shell)
    assert later > token
    assert lost.read_text() == f"{token}\n"
    process.terminate()
    assert process.wait(10) == 143
    assert not is_alive(second)
    assert lost.read_text() == f"{token}\n"


def test_what_ignores_term_is_killed_after_the_grace(place: Place) -> None:
    lines = "trap 'echo asked' TERM; " + SLEEPS
    process = place.start("--ttl", "60", "--grace", "2", "--once", "--", "sh", "-c", lines)
    shell = int(read_line(process.stdout))
    deleted_at = time.monotonic()
    place.delete_key()
    assert read_line(process.stdout) == "asked"
    assert process.wait(20) == 5
    # It is asked after the deletion, however late anybody hears of that.
    assert 2 <= time.monotonic() - deleted_at < 9, "not the 10 s that it has without --grace"
    assert not is_alive(shell)


def test_on_lost_has_bounded_time(place: Place) -> None:
    options = ("--once", "--command-timeout", "1s", "--on-lost", "sleep 60")
    process = place.start(*options, "--", "sh", "-c", SLEEPS)
    read_line(process.stdout)
    place.delete_key()
    _, err = process.communicate(timeout=10)
    assert process.returncode == 5
    assert "--on-lost was killed: it was not over within 1 s" in err


# --- waiting


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", [(), ("--", "sleep", "60")])
def test_signals_end_the_campaign_while_it_waits(
    place: Place, number: signal.Signals, command: tuple[str, ...]
) -> None:
    """H81: consul 4439: signals are ignored until the lock is won."""
    lease = put_candidate(place.etcdctl, f"election/{place.name}/", "leader")
    process = place.start(*command)
    while "waiting behind leader" not in read_line(process.stderr):
        pass
    process.send_signal(number)
    assert process.wait(10) == 128 + number
    assert place.rows() == [f"election/{place.name}/{lease}"]


def test_nohup_is_respected(place: Place) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    process = place.start("--", "sh", "-c", SLEEPS)
    shell = int(read_line(process.stdout))
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 143
    assert not is_alive(shell)


# --- without a command


def test_without_cmd_it_leads_until_a_signal(place: Place) -> None:
    process = place.start("-w", "jsonl", "--ttl", "10")
    told = json.loads(read_line(process.stdout))
    assert (told["event"], told["election"], told["value"]) == ("elected", place.name, "me")
    assert place.rows() == [told["key"]] == [f"election/{place.name}/{told['lease']}"]
    assert place.run(command="leader").stdout == "me\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert place.rows() == []


def test_without_cmd_a_loss_is_told_and_it_campaigns_again(place: Place) -> None:
    process = place.start()
    first = read_line(process.stdout).split()
    place.delete_key()
    lost, second = read_line(process.stdout).split(), read_line(process.stdout).split()
    assert (first[0], lost[0], second[0]) == ("elected", "lost", "elected")
    assert first[1:] == lost[1:]
    assert int(second[3]) > int(first[3])
    process.terminate()
    assert process.wait(10) == 0


def test_once_ends_after_the_first_loss(place: Place) -> None:
    process = place.start("--once")
    read_line(process.stdout)
    place.delete_key()
    assert process.wait(10) == 5


def test_the_value_is_the_host_name_when_left_out(place: Place) -> None:
    done = place.run("--", "sh", "-c", 'test "$ELECTION_VALUE" = "$(hostname)"')
    assert done.returncode == 0, done.stderr


# --- bad input


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--ttl", "10", "--grace", "8", "--", "true"],
            "leaves 5 s for CMD to end. Give --grace 5s or less, or --ttl 15",
        ),
        (["--ttl", "-1"], "'-1' is not a duration"),
        (["--ttl", "1.5"], "whole seconds"),
        (["--ttl", "0"], "whole seconds"),
        (["--"], "no CMD after --"),
        (["-w", "jsonl", "--", "true"], "-w is of no use with CMD"),
        (["--read-only"], "--read-only (or ELECTIONTUI_READ_ONLY) forbids that"),
        (["--prefix", "a/", "--prefix", "b/"], "give --prefix once"),
    ],
)
def test_bad_input_is_a_sentence_and_writes_nothing(place: Place, words: list[str], told: str) -> None:
    done = place.runs(*words)
    assert (done.returncode, done.stdout) == (3, "")
    assert told in done.stderr
    assert place.rows() == []


def test_no_etcd_is_told_as_such() -> None:
    done = run("campaign", "job", "--endpoints", "127.0.0.1:9", "--command-timeout", "500ms", "--", "true")
    assert done.returncode == 2


# --- a terminal


@pytest.fixture
def terminal(place: Place) -> Iterator[pexpect.spawn[str]]:
    """A shell with job control, in which ``$C`` is the campaign."""
    words = [sys.executable, "-m", "electiontui", "campaign", place.name, "me", *place._access]
    env = clean_environment(C=" ".join(words), PS1="ready> ", TERM="dumb")
    shell = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], env=env, cwd=ROOT, timeout=15, encoding="utf-8")
    shell.expect("ready> ")
    yield shell
    shell.close(force=True)


def test_an_interactive_cmd_reads_from_the_terminal_and_gets_ctrl_c(terminal: pexpect.spawn[str]) -> None:
    terminal.sendline(
        """$C -- sh -c 'read line; echo got:$line; trap "exit 9" INT; echo on; while :; do sleep 0.1; done'"""
    )
    terminal.expect("elected, token")
    terminal.sendline("hello")
    terminal.expect("got:hello")
    terminal.expect("on")
    terminal.sendintr()
    terminal.expect("ready> ")
    terminal.sendline("echo code:$?")
    terminal.expect("code:9")


def test_a_cmd_whose_output_is_piped_gets_the_terminal_once_it_reads(terminal: pexpect.spawn[str]) -> None:
    terminal.sendline("$C -- sh -c 'echo asks; read line; echo got:$line' | cat; echo done")
    terminal.expect("asks")
    terminal.sendline("hello")
    terminal.expect("got:hello")
    terminal.expect("done")


def test_ctrl_z_stops_the_job_and_fg_continues_it(terminal: pexpect.spawn[str]) -> None:
    terminal.sendline("$C --ttl 60 -- sh -c 'echo on; read line; echo got:$line'")
    terminal.expect("on\r")
    terminal.sendcontrol("z")
    terminal.expect("Stopped")
    terminal.expect("ready> ")
    terminal.sendline("fg")
    terminal.expect("sh -c")
    terminal.sendline("hello")
    terminal.expect("got:hello")
    terminal.expect("ready> ")
