"""Metrics beside the dashboard and the recorder, of what these watch anyway."""

from __future__ import annotations

import asyncio
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from election_core import Client
from electiontui import cli as command_line
from electiontui.app import ElectionApp
from electiontui.commands import ERROR, INVALID_INPUT, dashboard, exporting, recording
from electiontui.commands.metrics_options import Plan
from electiontui.commands.settings import Settings
from electiontui.embedded import EmbeddedEtcd
from electiontui.metrics.plan import Door
from electiontui.metrics.serving import Metrics
from electiontui.opening import Opening

from ..servers import Etcdctl, python, read_line, wait_until
from ..terminals import in_terminal, read_until
from .scraping import Scrape, scrape, until_told, which
from .test_exporter_command import end, put
from .test_server import Authority, status


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    with Metrics(which(), Door("127.0.0.1", 0)) as served:
        yield served


async def told(metrics: Metrics, wanted: Any, what: str) -> Scrape:
    """Ask from a thread, as others do, until it is told."""
    return await asyncio.to_thread(until_told, metrics.url, wanted, what)


async def test_the_dashboard_tells_what_it_watches_also_while_it_is_paused(
    etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str, metrics: Metrics
) -> None:
    first = put(etcdctl, f"{prefix}orders", "host-a")
    assert "election_view_staleness_seconds" not in scrape(metrics.url)
    app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=(prefix,), metrics=metrics)
    async with app.run_test() as pilot:
        await told(metrics, lambda found: found.of("election_has_leader", "orders"), "a leader")
        await pilot.press("space")
        assert app.desk.paused_at is not None
        await asyncio.to_thread(put, etcdctl, f"{prefix}orders", "host-b")
        await asyncio.to_thread(etcdctl.run, "lease", "revoke", first)
        await told(metrics, lambda found: found.of("election_leader_info", "orders", "host-b"), "the successor")

        await app.desk.own.start("mine", "me", 30)
        label = f"{prefix}mine"
        # A scrape from another thread may come between its first moment as leader and the counting of that.
        found = await told(metrics, lambda found: found.of("election_campaign_elected_total", label), "its election")
        assert found.of("election_campaigns", label, "leading") == 1
        assert found["election_campaign_elected_total"] == {(label,): 1}
        remaining = found.of("election_campaign_lease_remaining_seconds", label)
        assert remaining is not None
        assert 15 < remaining < 30


async def test_other_prefixes_in_the_dashboard_are_other_elections(
    etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str, metrics: Metrics
) -> None:
    put(etcdctl, f"{prefix}one/orders", "host-a")
    put(etcdctl, f"{prefix}two/mail", "host-a")
    app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=(f"{prefix}one/",), metrics=metrics)
    async with app.run_test():
        await told(metrics, lambda found: found.of("election_has_leader", "orders"), "a leader")
        await app.desk.view.switch(f"{prefix}two/")
        found = await told(metrics, lambda found: found.of("election_has_leader", "mail"), "the other")
        assert set(found["election_leader_changes_total"]) == {("mail",)}


def test_the_dashboard_is_opened_with_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Opening] = []
    monkeypatch.setattr(dashboard, "has_terminal", lambda: True)
    monkeypatch.setenv("TERM", "xterm")

    def show(_: Any, opening: Opening) -> int:
        opened.append(opening)
        assert opening.metrics is not None
        assert scrape(opening.metrics.url)
        return 0

    monkeypatch.setattr(dashboard, "show", show)
    settings, which_all = Settings(("127.0.0.1:9",), ("election/",)), which()
    assert dashboard.open_dashboard(settings, Plan(which_all, Door("127.0.0.1", 0))) == 0
    assert opened[0].metrics is not None
    assert opened[0].notice == f"metrics at {opened[0].metrics.url}"
    with Metrics(which(), Door("127.0.0.1", 0)) as taken:
        port = int(taken.url.split(":")[2].split("/")[0])
        assert dashboard.open_dashboard(settings, Plan(which_all, Door("127.0.0.1", port))) == ERROR


def test_the_dashboards_metrics_are_encrypted_and_for_those_with_the_password(
    etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str, tmp_path: Path
) -> None:
    for name in ("orders", "mail"):
        put(etcdctl, f"{prefix}{name}", "host-a")
    authority, auth = Authority(), tmp_path / "auth"
    door = authority.door(tmp_path)
    auth.write_text("prometheus:s3cret\n")
    auth.chmod(0o600)
    with in_terminal(
        *("--endpoints", etcd.endpoint, "--prefix", prefix, "--no-history", "--metrics", "127.0.0.1:0"),
        *("--web-cert", str(door.cert), "--web-key", str(door.key), "--web-auth", str(auth), "--max-elections", "1"),
    ) as (_, terminal):
        url = read_until(terminal, rb"https://127\.0\.0\.1:\d+/metrics")
        assert status(url, tls=authority.trusted(), login="prometheus:wrong") == 401
        ask = urllib.request.Request(
            url, headers={"Authorization": f"Basic {b64encode(b'prometheus:s3cret').decode()}"}
        )

        def told() -> bool:
            with urllib.request.urlopen(ask, timeout=10, context=authority.trusted()) as reply:
                found = Scrape.parsed(reply.read().decode())
            return (found.of("election_has_leader", "mail"), found.of("election_view_elections_cut")) == (1, 1)

        wait_until(told, "one election, and that another is cut", 20)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--web-cert=FILE", "--web-key=FILE"], "--web-cert is of no use without --metrics: give that, too."),
        (["--metrics=127.0.0.1:0", "--web-cert=FILE"], "--web-cert and --web-key belong together: give both."),
        (["record", "--max-elections=5"], "--max-elections is of no use without --metrics: give that, too."),
        (["--web-auth=FILE", "list"], "--web-auth is of no use here: no metrics are served. Leave it out."),
        (["--web-auth=FILE", "config", "show"], "--web-auth is of no use here: no metrics are served. Leave it out."),
    ],
)
def test_what_lets_nobody_in_or_keeps_nobody_out_is_refused(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text("a:b")
    assert command_line._run(words) == INVALID_INPUT
    assert says in capsys.readouterr().err


def test_given_before_the_command_they_hold_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = tmp_path / "auth"
    auth.write_text("prometheus:s3cret")
    auth.chmod(0o600)
    plans: list[Plan] = []
    monkeypatch.setattr(exporting, "export", lambda settings, patterns, plan: plans.append(plan))
    monkeypatch.setattr(recording, "record", lambda *given: plans.append(given[4]))
    first = ["--web-auth", str(auth), "--max-elections=7"]
    assert command_line._run([*first, "exporter"]) == 0
    assert command_line._run([*first, "--metrics=127.0.0.1:0", "record", "--max-elections=8"]) == 0
    assert [each.door.credentials for each in plans] == [("prometheus", "s3cret")] * 2
    assert [each.which.most for each in plans] == [7, 8]


def test_sentences_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(("127.0.0.1:9",), ("election/",), plain=True)
    assert dashboard.open_dashboard(settings, Plan(which(), Door("127.0.0.1", 0))) == INVALID_INPUT
    assert "run electiontui exporter beside this" in capsys.readouterr().err


def test_the_recorder_tells_what_it_records(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str, tmp_path: Path) -> None:
    put(etcdctl, f"{prefix}orders", "host-a")
    put(etcdctl, f"{prefix}mail", "host-a")
    process = python(
        *("-m", "electiontui", "--endpoints", etcd.endpoint, "--prefix", prefix, "--metrics", "127.0.0.1:0"),
        *("record", "--history", str(tmp_path / "history"), "orders"),
    )
    url = read_line(process.stderr).removeprefix("electiontui: metrics at ")
    found = until_told(url, lambda found: found.of("election_has_leader", "orders"), "a leader")
    assert found["election_has_leader"] == {("orders",): 1}
    assert "saved" in end(process)


def test_the_exporter_of_one_election_reads_no_other(etcd: EmbeddedEtcd, etcdctl: Etcdctl, prefix: str) -> None:
    """It may be all that its user is allowed to read."""
    process = python(
        *("-m", "electiontui", "--endpoints", etcd.endpoint, "--prefix", prefix),
        *("exporter", "--listen", "127.0.0.1:0", "orders"),
    )
    url = read_line(process.stderr).removeprefix("electiontui: metrics at ")
    until_told(url, lambda found: found.of("election_has_leader", "orders") == 0, "that it is vacant")
    for name in ("orders/deeper", "mail", "orders"):
        put(etcdctl, f"{prefix}{name}", "host-a")
    found = until_told(url, lambda found: found.of("election_has_leader", "orders"), "a leader")
    assert found["election_has_leader"] == {("orders",): 1}
    assert found.of("election_leader_changes_total", "orders") == 1
    end(process)
