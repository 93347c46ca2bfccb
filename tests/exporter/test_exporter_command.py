"""``electiontui exporter`` in a process of its own, on a real etcd."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from electiontui import cli as command_line
from electiontui.embedded import EmbeddedEtcd

from ..servers import Etcdctl, needed_binary, python, read_line
from .scraping import Scrape, scrape, text_of, until_told

STATES = ("election_has_leader", "election_candidates", "election_leader_info", "election_fencing_token")
Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def own_etcd() -> Iterator[EmbeddedEtcd]:
    """An etcd that may be stopped."""
    with EmbeddedEtcd(binary=needed_binary("3.5")) as server:
        yield server


def start(endpoint: str, *args: str) -> tuple[subprocess.Popen[str], str]:
    """An exporter that listens; its URL."""
    process = python("-m", "electiontui", "--endpoints", endpoint, "exporter", "--listen", "127.0.0.1:0", *args)
    line = read_line(process.stderr)
    assert line.startswith("electiontui: metrics at http://127.0.0.1:"), line
    return process, line.split()[-1]


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    """End it as a service manager does; what it said since."""
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    return said


def put(etcdctl: Etcdctl, key: str, value: str) -> str:
    """A candidate on a lease of its own, which is returned."""
    lease = etcdctl.run("lease", "grant", "600").split()[1].lstrip("0")
    etcdctl.run("put", f"--lease={lease}", f"{key}/{lease}", value)
    return lease


def test_a_leader_that_goes_is_told(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str, promtool: Path) -> None:
    first, second = (put(etcdctl, f"{prefix}orders", value) for value in ("host-a", "host-b"))
    process, url = start(etcd.endpoint, "--prefix", prefix, "orders", "night*", "missing")
    found = until_told(url, lambda told: told.of("election_candidates", "orders") == 2, "both candidates")
    assert found["election_leader_info"] == {("orders", "host-a"): 1}
    assert found["election_has_leader"] == {("orders",): 1, ("missing",): 0}
    assert found.of("election_leader_changes_total", "orders") == 0
    assert ("orders",) not in found.get("election_leader_since_timestamp_seconds", {})
    assert found.of("election_etcd_up", etcd.endpoint) in (None, 1)
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text_of(url), capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    before = time.time()
    etcdctl.run("lease", "revoke", first)
    found = until_told(url, lambda told: told.of("election_leader_info", "orders", "host-b"), "the successor")
    assert found.of("election_leader_changes_total", "orders") == 1
    since = found.of("election_leader_since_timestamp_seconds", "orders")
    assert since is not None
    assert before - 1 < since < time.time() + 1
    assert found.of("election_vacant_seconds_total", "orders") == 0

    etcdctl.run("lease", "revoke", second)
    found = until_told(url, lambda told: told.of("election_has_leader", "orders") == 0, "nobody leads")
    assert not found.keys() & {"election_leader_info", "election_fencing_token"}
    until_told(url, lambda told: (told.of("election_vacant_seconds_total", "orders") or 0) > 1, "a vacancy that grows")
    put(etcdctl, f"{prefix}other", "x")
    put(etcdctl, f"{prefix}nightly", "y")
    found = until_told(url, lambda told: told.of("election_has_leader", "nightly"), "one that fits a pattern")
    assert ("other",) not in found["election_has_leader"]
    assert end(process) == "electiontui: etcd is watched\n"


def test_while_etcd_is_frozen_nothing_is_claimed_and_counters_stay(own_etcd: EmbeddedEtcd) -> None:
    """H93: frozen, the view grows stale, who leads is left out, and no counter goes back once it is there again."""
    etcdctl = Etcdctl(own_etcd.endpoint)
    lease = put(etcdctl, "election/orders", "host-a")
    put(etcdctl, "election/orders", "host-b")
    process, url = start(own_etcd.endpoint, "--command-timeout", "1s", "orders", "missing")
    until_told(url, lambda told: told.of("election_candidates", "orders") == 2, "both candidates")
    etcdctl.run("lease", "revoke", lease)
    before = until_told(url, lambda told: told.of("election_leader_changes_total", "orders") == 1, "a change")
    (member,) = own_etcd.members
    member.freeze()
    try:
        frozen = until_told(url, lambda told: not told.keys() & set(STATES), "that nothing is known")
        stale = frozen.of("election_view_staleness_seconds")
        assert stale is not None
        assert stale > 3
        later = until_told(
            url, lambda told: (told.of("election_view_staleness_seconds") or 0) > stale + 1, "a view that grows older"
        )
        until_told(url, lambda told: told.of("election_etcd_up", own_etcd.endpoint) == 0, "a silent member")
        assert not scrape(url).get("election_etcd_round_trip_seconds")
    finally:
        member.thaw()
    after = until_told(url, lambda told: told.of("election_has_leader", "orders"), "that it is known again", 30)
    counters = ("election_leader_changes_total", "election_vacant_seconds_total", "election_view_watched_seconds_total")
    for name in counters:
        for labels, value in before[name].items():
            told = [value, *(each[name][labels] for each in (frozen, later, after))]
            assert told == sorted(told)
    assert after.of("election_leader_changes_total", "orders") == 1
    vacant = [each.of("election_vacant_seconds_total", "missing") for each in (frozen, later)]
    # The last sign of life is told by two looks at the clock, so that it is some microseconds early or less.
    assert vacant[1] == pytest.approx(vacant[0], abs=0.1)
    end(process)


def test_a_restarted_etcd_is_followed_and_counters_go_on(own_etcd: EmbeddedEtcd) -> None:
    etcdctl = Etcdctl(own_etcd.endpoint)
    lease = put(etcdctl, "election/orders", "host-a")
    process, url = start(own_etcd.endpoint, "--command-timeout", "1s")
    assert read_line(process.stderr) == "electiontui: etcd is watched"
    put(etcdctl, "election/orders", "host-b")
    etcdctl.run("lease", "revoke", lease)
    until_told(url, lambda told: told.of("election_leader_changes_total", "orders") == 1, "a change")
    own_etcd.members[0].kill()
    assert read_line(process.stderr).startswith("electiontui: disconnected: ")
    until_told(url, lambda told: "election_has_leader" not in told, "that nothing is known")
    own_etcd.members[0].restart()
    found = until_told(url, lambda told: told.of("election_has_leader", "orders"), "a leader again", 30)
    assert found.of("election_leader_changes_total", "orders") == 1
    assert read_line(process.stderr) == "electiontui: connected again"
    end(process)


def test_it_waits_for_an_etcd_that_is_not_there_yet() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{nobody.getsockname()[1]}"
        process, url = start(endpoint, "--command-timeout", "300ms", "missing")
        assert read_line(process.stderr).endswith("Trying again.")
        found = scrape(url)
        assert not found.keys() & set(STATES)
        assert found.of("election_vacant_seconds_total", "missing") == 0
        assert found.of("election_view_watched_seconds_total") == 0
        assert (found.of("election_view_staleness_seconds") or 0) > 0
        end(process, signal.SIGINT)


def test_more_elections_than_wanted_are_cut_and_counted(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    """H94: the number of series is bounded."""
    for number in range(5):
        put(etcdctl, f"{prefix}e{number}", "x")
    process, url = start(etcd.endpoint, "--prefix", prefix, "--max-elections", "3")
    found = until_told(url, lambda told: told.of("election_view_elections") == 5, "all of them")
    assert found.of("election_view_elections_cut") == 2
    assert len(found["election_has_leader"]) == 3
    end(process)


def test_where_it_cannot_listen_it_says_so(etcd: EmbeddedEtcd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        at = f"127.0.0.1:{taken.getsockname()[1]}"
        process = python("-m", "electiontui", "--endpoints", etcd.endpoint, "exporter", "--listen", at)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said == f"electiontui: cannot serve metrics at {at}: Address already in use; give another address or file\n"


def test_bad_input_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("no password")
    pair = ["--web-cert", str(file), "--web-key", str(file)]
    for args, code, words in (
        (["--listen", "9109"], 3, "'9109' is no HOST:PORT"),
        (["--metrics", "9109"], 3, "'9109' is no HOST:PORT"),
        (pair[:2], 3, "--web-cert and --web-key belong together"),
        (["--web-client-ca", str(file)], 3, "--web-client-ca is of no use without --web-cert"),
        (["--web-auth", str(file)], 3, "must have NAME:PASSWORD in its first line"),
        (["--max-elections", "0"], 3, "0 is not in the range"),
        (["--listen", "127.0.0.1:0", "--endpoints", "::"], 3, "endpoint"),
        (["--listen", "127.0.0.1:0", *pair], 1, "cannot serve metrics"),
        (["--listen", "nowhere.invalid:0"], 1, "cannot serve metrics at nowhere.invalid:0: "),
    ):
        told = command_line._run(["exporter", *args])
        said = capsys.readouterr().err
        assert (told, words in said) == (code, True), said


def test_a_password_that_others_see_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "auth"
    file.write_text("prometheus:secret")
    file.chmod(0o644)
    process = python("-m", "electiontui", "exporter", "--listen", "0.0.0.0:0", "--web-auth", str(file))
    assert read_line(process.stderr) == f"electiontui: others can read {file}, which has a password: chmod 600 it"
    assert "goes over the network unencrypted" in read_line(process.stderr)
    assert read_line(process.stderr).startswith("electiontui: metrics at ")
    assert "secret" not in end(process)


def test_without_prometheus_client_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "prometheus_client.py").write_text("raise ModuleNotFoundError('gone', name='prometheus_client')")
    process = python("-m", "electiontui", "exporter", env={"PYTHONPATH": str(tmp_path)})
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (
        1,
        "electiontui: metrics need prometheus_client: install electiontui[metrics]\n",
    )


def test_scrapes_parse_as_promtool_does() -> None:
    with pytest.raises(AssertionError, match="twice"):
        Scrape.parsed('# TYPE a gauge\na{b="c"} 1\na{b="c"} 2\n')
