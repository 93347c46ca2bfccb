"""Alerts and programs that are told, against a real etcd: by watch, by record and by the dashboard."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from election_core import Client
from electiontui.alerts import AlarmPlan, Alert, Rule, inherited
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd
from electiontui.opening import Wishes
from electiontui.widgets.banner import Banner

from .servers import Etcdctl, clean_environment, is_alive, python, read_line, wait_until
from .terminals import in_terminal, read_until
from .test_cli import put_candidate, run
from .tui.driving import text_of, until

TELLS = "import json, sys\nopen(sys.argv[1], 'a').write(json.dumps(json.load(sys.stdin)) + '\\n')\n"


@pytest.fixture
def tell(tmp_path: Path) -> str:
    """A line that runs a program which writes what it is told into ``told``."""
    script = tmp_path / "tell.py"
    script.write_text(TELLS)
    return f"{sys.executable} {script} {tmp_path}/told"


def told(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "told"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]  # one that is being written has no end yet


def profile(tmp_path: Path, *alerts: str) -> str:
    path = tmp_path / "p.toml"
    path.write_text("".join(f"[[alerts]]\n{alert}\n" for alert in alerts))
    return str(path)


@contextmanager
def running(etcd: EmbeddedEtcd, *args: str) -> Iterator[subprocess.Popen[str]]:
    process = python("-m", "electiontui", "--endpoints", etcd.endpoint, *args)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_watch_tells_each_change_that_it_prints(etcd: EmbeddedEtcd, prefix: str, tmp_path: Path, tell: str) -> None:
    etcdctl = Etcdctl(etcd.endpoint)
    first = put_candidate(etcdctl, f"{prefix}orders/", "one")
    args = ("--prefix", prefix, "watch", "-w", "jsonl", "--count", "2", "--on-change", tell, "orders")
    with running(etcd, *args) as process:
        assert json.loads(read_line(process.stdout))["event"] == "start"
        put_candidate(etcdctl, f"{prefix}other/", "nobody asked")
        etcdctl.run("lease", "revoke", first)
        put_candidate(etcdctl, f"{prefix}orders/", "two")
        printed = [json.loads(read_line(process.stdout)) for _ in range(2)]
        assert process.wait(20) == 0
    assert sorted(told(tmp_path), key=lambda each: each["revision"]) == printed
    assert [each["event"] for each in printed] == ["vacated", "elected"]


def test_watch_tells_alerts_of_elections_that_were_never_there(
    etcd: EmbeddedEtcd, prefix: str, tmp_path: Path, tell: str
) -> None:
    rules = profile(tmp_path, "when = 'vacant'\nelections = ['orders', 'billing']\nlonger-than = '1s'\nhold = '1s'")
    etcdctl = Etcdctl(etcd.endpoint)
    with running(etcd, "--profile", rules, "--prefix", prefix, "watch", "orders", "--on-alert", tell) as process:
        assert "(at start) nobody leads" in read_line(process.stdout)
        assert read_line(process.stderr).startswith("electiontui: alert: orders: nobody leads, for 00:00:0")
        put_candidate(etcdctl, f"{prefix}orders/", "one")
        assert "vacant is over" in read_line(process.stderr)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert [(each["state"], each["election"], each["leader"]) for each in told(tmp_path)] == [
        ("raised", "orders", None),
        ("over", "orders", "one"),
    ]


def test_record_tells_both_by_the_names_that_the_prefix_gives(
    etcd: EmbeddedEtcd, prefix: str, tmp_path: Path, tell: str
) -> None:
    rules = profile(tmp_path, "when = 'no-standby'\nelections = 'mail/in'", "when = 'vacant'\nelections = 'billing'")
    etcdctl = Etcdctl(etcd.endpoint)
    args = ("--profile", rules, "--prefix", prefix, "record", "--history", str(tmp_path / "past.db"), "mail/*")
    with running(etcd, *args, "--on-change", tell, "--on-alert", tell) as process:
        assert "recording 0 elections" in read_line(process.stderr)
        put_candidate(etcdctl, f"{prefix}mail/in/", "one")
        assert "alert: mail/in: nobody waits behind one" in read_line(process.stderr)
        wait_until(lambda: len(told(tmp_path)) == 2, "both are told")
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert {(each.get("event"), each.get("alert"), each["election"]) for each in told(tmp_path)} == {
        ("elected", None, "mail/in"),
        (None, "no-standby", "mail/in"),
    }


def test_a_program_that_fails_costs_a_line_and_nothing_else(etcd: EmbeddedEtcd, prefix: str) -> None:
    etcdctl = Etcdctl(etcd.endpoint)
    with running(
        etcd, "--prefix", prefix, "watch", "--count", "1", "--on-change", "sh -c 'echo talks; exit 7'"
    ) as process:
        assert "no election" in read_line(process.stderr)
        put_candidate(etcdctl, f"{prefix}a/", "one")
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert ("talks" in out, len(out.splitlines())) == (False, 1)
    assert err.splitlines() == ["talks", "electiontui: --on-change ended with 7"]


def test_a_program_for_alerts_is_of_no_use_without_rules() -> None:
    done = run("--endpoints", "127.0.0.1:9", "--command-timeout", "300ms", "watch", "--on-alert", "page")
    assert "there are no alerts to run --on-alert for; they stand in a profile" in done.stderr


@pytest.mark.parametrize("bad", ["", "'"])
def test_a_command_that_is_none_is_bad_input(bad: str) -> None:
    done = run("watch", "--on-alert", bad)
    assert done.returncode == 3
    assert "--on-alert" in done.stderr


def test_plain_sentences_come_with_alerts(etcd: EmbeddedEtcd, prefix: str, tmp_path: Path, tell: str) -> None:
    rules = profile(tmp_path, "when = 'leader-changed'")
    with running(etcd, "--profile", rules, "--prefix", prefix, "--plain", "--on-change", tell) as process:
        assert "0 elections" in read_line(process.stdout)
        put_candidate(Etcdctl(etcd.endpoint), f"{prefix}a/", "one")
        assert "a: one" in read_line(process.stdout)
        assert read_line(process.stderr) == "electiontui: alert: a: one leads now"
        wait_until(lambda: [each["event"] for each in told(tmp_path)] == ["elected"], "it is told")


# --- the dashboard


async def test_the_dashboard_has_a_banner_a_bell_and_a_toast(
    etcd: EmbeddedEtcd, prefix: str, tmp_path: Path, tell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    etcdctl = Etcdctl(etcd.endpoint)
    lease = put_candidate(etcdctl, f"{prefix}billing/", "one")
    rules = (Rule("vacant", elections=("orders", "billing"), hold=1), Rule("leader-changed", hold=1))
    words = tuple(tell.split())
    wishes = Wishes(alarm=AlarmPlan(rules, words, words, inherited(clean_environment())))
    app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=(prefix,), wishes=wishes)
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: " ▲ ALERT  orders: nobody leads, for 00:00:0" in text_of(app))
        await until(pilot, lambda: any(note.title == "ALERT" for note in app._notifications))
        assert len(rung) == 1
        await pilot.press("space")  # paused: alerts go on
        etcdctl.run("lease", "revoke", lease)
        await until(pilot, lambda: "and 1 more" in text_of(app))
        await pilot.press("space", "4")
        await until(pilot, lambda: "▲ ALERT  orders" in text_of(app))  # on every screen
        put_candidate(etcdctl, f"{prefix}orders/", "two")
        put_candidate(etcdctl, f"{prefix}billing/", "two")
        await until(pilot, lambda: not app.screen.query_one(Banner).display)
        await until(pilot, lambda: len(told(tmp_path)) == 11)
    facts = [(each.get("event") or each["alert"], each.get("state"), each["election"]) for each in told(tmp_path)]
    assert sorted(facts, key=str) == sorted(
        [
            ("vacated", None, "billing"),
            *(("elected", None, name) for name in ("orders", "billing")),
            *(("vacant", state, name) for name in ("orders", "billing") for state in ("raised", "over")),
            *(("leader-changed", state, name) for name in ("orders", "billing") for state in ("raised", "over")),
        ],
        key=str,
    )


async def test_a_storm_of_alerts_is_few_toasts_and_one_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    from electiontui.screens.alerting import tell_alerts

    app = ElectionApp(lambda: Client("127.0.0.1:1"), prefixes=("election/",))
    rung: list[int] = []
    notes: list[str] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    monkeypatch.setattr(app, "notify", lambda text, **_: notes.append(text))
    alerts = [Alert(Rule("vacant"), f"e{number}", True, 0, 0, None) for number in range(1000)]
    tell_alerts(app, alerts, ["--on-alert ended with 3"])
    assert (len(rung), len(notes)) == (1, 5)
    assert notes[-2:] == ["997 more alerts", "--on-alert ended with 3"]
    tell_alerts(app, [Alert(Rule("vacant"), "e", False, 0, 0, None)], [])
    assert len(rung) == 1


def test_a_program_that_hangs_keeps_no_dashboard_from_ending_in_order(
    etcd: EmbeddedEtcd, prefix: str, tmp_path: Path
) -> None:
    """SIGTERM leaves 5 seconds for all of it, in which the history has to be saved as well."""
    hangs, began = tmp_path / "hangs", tmp_path / "began"
    hangs.write_text(f"#!/bin/sh\necho $$ > {began}.new\nmv {began}.new {began}\nsleep 600\n")
    hangs.chmod(0o700)
    put_candidate(Etcdctl(etcd.endpoint), f"{prefix}quiet/", "one")
    with in_terminal("--endpoints", etcd.endpoint, "--prefix", prefix, "--no-history", "--on-change", str(hangs)) as (
        process,
        terminal,
    ):
        read_until(terminal, b"quiet")
        put_candidate(Etcdctl(etcd.endpoint), f"{prefix}orders/", "one")
        wait_until(began.exists, "a program that is told", 20)
        process.terminate()
        with suppress(OSError):  # it hangs up
            while os.read(terminal, 1 << 16):
                pass
        assert process.wait(20) == 0
    assert not is_alive(int(began.read_text()))
