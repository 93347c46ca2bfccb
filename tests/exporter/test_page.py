"""docs/metrics.md is what happens: its examples are run, its tables are compared with what is told."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from electiontui.cli import cli
from electiontui.embedded import EmbeddedEtcd

from ..readme import FENCE, rows
from ..servers import ROOT, Etcdctl, clean_environment, distro_binary, needed_binary, python, read_line
from .scraping import scrape, until_told
from .test_examples import LABELS
from .test_exporter_command import end, put

PAGE = (ROOT / "docs" / "metrics.md").read_text("utf-8")
BLOCKS = FENCE.findall(PAGE)
CONSOLE, PYTHON = (next(body for kind, body in BLOCKS if kind == wanted) for wanted in ("console", "python"))
CURL = "import sys, urllib.request; print(urllib.request.urlopen('http://' + sys.argv[2]).read().decode(), end='')"


@pytest.fixture
def listed() -> Iterator[EmbeddedEtcd]:
    """An etcd with the elections of the page, and nothing else."""
    with EmbeddedEtcd(binary=needed_binary("3.5")) as server:
        etcdctl = Etcdctl(server.endpoint)
        for name, value in (("orders", "host-a"), ("orders", "host-b"), ("mail", "mail-1")):
            put(etcdctl, f"election/{name}", value)
        yield server


def alike(text: str) -> str:
    """Without what differs from run to run."""
    return re.sub(r"(vacant_seconds_total\{election=\"nightly\"\}) \S+", r"\1 SECONDS", text)


def test_its_example_is_what_happens(listed: EmbeddedEtcd, promtool: Path) -> None:
    first, *others = re.split(r"^\$ ", CONSOLE, flags=re.MULTILINE)[1:]
    command, *said = first.splitlines()
    words = command.removesuffix(" &").split()
    assert words[:2] == ["electiontui", "exporter"]
    process = python("-m", *words, "--listen", "127.0.0.1:0", "--endpoints", listed.endpoint)
    url = read_line(process.stderr).split()[-1]
    assert [f"electiontui: metrics at {url}", read_line(process.stderr)] == [
        said[0].replace("9109", port(url)),
        said[1],
    ]
    until_told(url, lambda told: told.of("election_candidates", "orders") == 2, "that all is read")
    functions = (
        f'curl() {{ \'{sys.executable}\' -c "{CURL}" "$@"; }}\n'
        f"promtool() {{ '{promtool}' \"$@\"; }}\netcdctl() {{ '{distro_binary('etcdctl')}' \"$@\"; }}\n"
    )
    for each in others:
        line, _, shown = each.partition("\n")
        done = subprocess.run(
            ["bash", "-c", f"{functions}{line.replace('9109', port(url))}"],
            capture_output=True,
            text=True,
            env=clean_environment(ETCDCTL_ENDPOINTS=listed.endpoint),
            timeout=30,
        )
        assert (alike(done.stdout), done.stderr) == (alike(shown), "")
    end(process)


def port(url: str) -> str:
    return url.split(":")[2].split("/")[0]


async def test_its_python_runs(etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr("prometheus_client.REGISTRY", CollectorRegistry())
    body = PYTHON.replace("127.0.0.1:2379", etcd.endpoint)
    body = body.replace("CampaignMetrics()", "CampaignMetrics(registry)")
    body = body.replace('start_http_server(9110, "127.0.0.1")', 'serve(0, "127.0.0.1", registry)')
    body = body.replace("        ...\n", "        seen.append(ask())\n")
    registry = CollectorRegistry()

    def serve(*args: Any) -> None:
        from prometheus_client import start_http_server

        started.append(start_http_server(*args))

    def ask() -> Any:
        return scrape(f"http://127.0.0.1:{started[0][0].server_port}/")

    space: dict[str, Any] = {"registry": registry, "serve": serve, "ask": ask, "seen": []}
    exec("async def example():\n    " + body.replace("\n", "\n    "), space)
    try:
        await space["example"]()
        (found,) = space["seen"]
        assert found.of("election_campaigns", "orders", "leading") == 1
    finally:
        server, thread = started[0]
        server.shutdown()
        server.server_close()
        thread.join()


def test_its_tables_have_every_metric_with_its_labels() -> None:
    described: dict[str, set[str]] = {}
    for table in PAGE.split("| metric |")[1:]:
        for metric, kind, _ in rows("metric", "| metric |" + table):
            name, _, labels = metric.strip("`").partition("{")
            described[name] = set(filter(None, labels.strip("}").split(",")))
            assert (kind == "counter") == name.endswith("_total")
    assert described == LABELS | {"electiontui_build_info": {"version"}}


def test_its_options_exist() -> None:
    named = set(re.findall(r"`[^`]*?(--[a-z][\w-]+)", PAGE)) - {
        "--metrics",
        "--prefix",
        "--only",
    }  # the last one is of the benchmarks
    options = {option for each in cli.commands["exporter"].params for option in each.opts}
    assert named >= {"--web-cert", "--web-client-ca", "--web-auth", "--max-elections"}
    assert named <= options
