"""The recipes' own files, as processes on a real etcd: the leader ends, and the next one goes on."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from ..servers import Etcdctl, held_port, python, wait_until
from .failover import RECIPES, ended, hands_over, in_line, line_of

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def client(etcd: EmbeddedEtcd) -> AsyncIterator[Client]:
    async with Client(etcd.endpoint) as each:
        yield each


@pytest.fixture
def port() -> Iterator[int]:
    with held_port() as each:
        yield each


other_port = port


def recipe(name: str, *args: str) -> subprocess.Popen[str]:
    return python(str(RECIPES / name), *args)


async def test_a_thread(client: Client, etcd: EmbeddedEtcd) -> None:
    await hands_over(client, "thread", lambda: recipe("thread.py", etcd.endpoint), crash=True)


def probe(port: int, path: str = "/healthz") -> int:
    """The status that a kubelet would see; 0 where nobody answers yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        return exc.code
    except OSError:
        return 0


async def test_kubernetes_probes_and_sigterm(client: Client, etcd: EmbeddedEtcd, port: int, other_port: int) -> None:
    ports = iter((port, other_port))
    await hands_over(client, "kubernetes", lambda: recipe("kubernetes.py", etcd.endpoint, str(next(ports))))


async def test_kubernetes_is_told_while_etcd_does_not_answer(port: int) -> None:
    with EmbeddedEtcd() as etcd:
        process = recipe("kubernetes.py", etcd.endpoint, str(port))
        await line_of(process, "^leading")
        assert await asyncio.to_thread(probe, port) == 200
        # One that connects and says nothing is not waited for: from Python 3.12 on a server would at its end.
        with socket.create_connection(("127.0.0.1", port), timeout=20) as silent:
            assert await asyncio.to_thread(silent.recv, 1) == b""
    await asyncio.to_thread(wait_until, lambda: probe(port) == 503, "a probe that fails", 40)
    assert await ended(process) == 0


def test_what_kubernetes_is_told_fits_the_program() -> None:
    manifest: Any = yaml.safe_load((RECIPES / "kubernetes.yaml").read_text("utf-8"))
    pod = manifest["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    python_, file, _, port = container["command"]
    assert (python_, (RECIPES / file).exists()) == ("python", True)
    for name in ("readinessProbe", "livenessProbe"):
        assert container[name]["httpGet"] == {"path": "/healthz", "port": int(port)}
    assert pod["terminationGracePeriodSeconds"] > 5


async def test_fastapi(client: Client, etcd: EmbeddedEtcd, port: int, other_port: int) -> None:
    def start(worker: str, port: int) -> subprocess.Popen[str]:
        words = ("-m", "uvicorn", "--app-dir", str(RECIPES), "--port", str(port), "fastapi_app:app")
        return python(*words, env={"ETCD": etcd.endpoint, "WORKER": worker})

    def told(port: int) -> dict[str, object] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/leader") as answer:
                found: dict[str, object] = json.load(answer)
                return found
        except OSError:
            return None

    election = client.election("fastapi")
    first = start("one", port)
    leads = {"me": "one", "leader": "one", "is_leader": True}
    await asyncio.to_thread(wait_until, lambda: told(port) == leads, "the first leads", 40)
    second = start("other", other_port)
    await in_line(election, 2)
    waits = {"me": "other", "leader": "one", "is_leader": False}
    await asyncio.to_thread(wait_until, lambda: told(other_port) == waits, "the second waits", 40)
    await ended(first)
    leads = {"me": "other", "leader": "other", "is_leader": True}
    await asyncio.to_thread(wait_until, lambda: told(other_port) == leads, "the second leads", 40)
    await ended(second)
    assert await election.candidates() == []


async def test_apscheduler(client: Client, etcd: EmbeddedEtcd) -> None:
    await hands_over(
        client, "apscheduler", lambda: recipe("apscheduler_jobs.py", etcd.endpoint), leads=r"^job, token (\d+)$"
    )


async def test_celery_beat(client: Client, etcd: EmbeddedEtcd, tmp_path: Path) -> None:
    """Each beat has a broker of its own here, so that it is seen who sends."""
    folders = iter((tmp_path / "one", tmp_path / "other"))

    def start() -> subprocess.Popen[str]:
        folder = next(folders)
        (folder / "sent").mkdir(parents=True)
        (folder / "settings.py").write_text(
            "from celery_beat import app\n"
            "app.conf.broker_transport_options = {\n"
            f"    'data_folder_in': {str(folder / 'sent')!r}, 'data_folder_out': {str(folder / 'sent')!r},\n"
            f"    'control_folder': {str(folder / 'control')!r},\n"
            "}\n"
        )
        words = (
            "-m",
            "celery",
            "-A",
            "settings",
            "beat",
            "--max-interval",
            "1",
            "--schedule",
            str(folder / "schedule"),
        )
        return python(
            *(*words, "--scheduler", "celery_beat.LeaderScheduler", "--pidfile="),
            env={"ETCD": etcd.endpoint, "BROKER": "filesystem://", "PYTHONPATH": f"{RECIPES}:{folder}"},
        )

    def sent(which: str) -> int:
        return len(list((tmp_path / which / "sent").iterdir()))

    election = client.election("celery-beat")
    first = start()
    await asyncio.to_thread(wait_until, lambda: sent("one") > 1, "the first sends", 40)
    second = start()
    await in_line(election, 2)
    assert sent("other") == 0
    assert await ended(first) == 0
    by_the_first = sent("one")
    await asyncio.to_thread(wait_until, lambda: sent("other") > 1, "the second sends", 40)
    assert sent("one") == by_the_first
    assert await ended(second) == 0
    assert await election.candidates() == []


async def test_django(client: Client, etcd: EmbeddedEtcd) -> None:
    manage = str(RECIPES / "django_site" / "manage.py")
    await hands_over(client, "django", lambda: python(manage, "lead", env={"ETCD": etcd.endpoint}))


async def test_go_programs_in_the_same_election(
    client: Client, etcd: EmbeddedEtcd, etcdctl: Etcdctl, name: str
) -> None:
    pfx = f"/services/{name}"
    election = client.election(name, prefix="/services/")
    go = etcdctl.start("elect", pfx, "go-1")
    await in_line(election, 1)
    ours = recipe("with_go.py", pfx, etcd.endpoint)
    await line_of(ours, "^leader so far: go-1$")
    await in_line(election, 2)
    go.send_signal(signal.SIGINT)
    await line_of(ours, "^leading")
    other = etcdctl.start("elect", pfx, "go-2")
    await in_line(election, 2)
    assert await ended(ours) == 0
    assert other.stdout is not None
    assert (await asyncio.to_thread(other.stdout.readline)).startswith(f"{pfx}/")
