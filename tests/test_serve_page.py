"""docs/serve.md is what happens: its session is run, its notebook's cell, and what it says is what is said."""

from __future__ import annotations

import re
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from electiontui.embedded import EmbeddedEtcd
from electiontui.serve.gate import LOOPBACK, Asked, Gate

from .readme import FENCE, rows
from .servers import ROOT, python, read_line

PAGE = (ROOT / "docs" / "serve.md").read_text("utf-8")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/[\w-]{43}/")


def block(kind: str) -> str:
    (body,) = [body for each, body in FENCE.findall(PAGE) if each == kind]
    return str(body)


def test_its_session_is_what_happens(etcd: EmbeddedEtcd) -> None:
    command, address, told = block("console").splitlines()
    words = command.removeprefix("$ electiontui ").split()
    process = python("-m", "electiontui", *words, env={"ETCDCTL_ENDPOINTS": etcd.endpoint})
    assert ADDRESS.fullmatch(read_line(process.stdout))
    assert ADDRESS.fullmatch(address)
    assert read_line(process.stderr) == told
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_its_cell_frames_the_page(etcd: EmbeddedEtcd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "electiontui").symlink_to(Path(sys.executable).parent / "electiontui")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("ETCDCTL_ENDPOINTS", etcd.endpoint)
    *lines, last = block("python").rstrip().splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    with names["served"] as served:
        try:
            frame = eval(last, names)
            with urllib.request.urlopen(frame.src) as page:
                assert b'id="terminal"' in page.read()
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(frame.src.rpartition("/")[0][:-1])
        finally:
            served.terminate()


def test_its_refusals_are_what_is_said() -> None:
    token, name, origin, websocket, most = (row[1].strip("`") for row in rows("what is asked for", PAGE))
    gate, ours = Gate("token", LOOPBACK), "http://127.0.0.1"

    def says(path: str, host: str, origin: str | None, websocket: bool = True) -> str:
        refusal = gate.refusal(Asked(path, host, origin, websocket))
        assert refusal is not None
        return refusal.says

    assert says("/", "127.0.0.1", ours).replace("`", "") == token
    assert says("/token/ws", "evil.example.com", None) == name
    assert says("/token/ws", "127.0.0.1", "http://evil.example.com") == origin
    assert says("/token/ws", "127.0.0.1", None) == websocket
    source = (ROOT / "electiontui" / "serve" / "server.py").read_text("utf-8")
    assert most.replace("8", "{self._most}", 1) in source
