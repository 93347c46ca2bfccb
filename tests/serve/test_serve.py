"""The dashboard in a browser, as a browser's requests see it; in a real one: tests/browser."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from election_core import Client
from electiontui import cli as command_line
from electiontui.commands import ERROR, INVALID_INPUT
from electiontui.commands.settings import Settings
from electiontui.embedded import EmbeddedEtcd
from electiontui.profiles import load
from electiontui.serve import command, server
from electiontui.serve.visitor import VARIABLE, from_text, to_text

from ..servers import ROOT, clean_environment, is_alive, python, read_line, wait_until
from .serving import TOKEN, Serving, Visit, serving, told_to, visit

pytestmark = pytest.mark.timeout(120)
HELP = "only those in trouble"
"""Words of the page of keys."""


async def refusal(url: str, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


async def socket_refusal(to: Serving, path: str, **headers: str) -> int:
    """The status with which a websocket is refused; 101 where it is not."""
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(f"{to.origin}{path}", headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as exc:
            return exc.status


@pytest.fixture
async def serves(etcd: EmbeddedEtcd) -> AsyncIterator[Serving]:
    async with serving(etcd.endpoint) as each:
        yield each


async def test_a_foreign_page_a_foreign_name_and_no_token_are_refused(
    serves: Serving, capfd: pytest.CaptureFixture[str]
) -> None:
    """H101: and no process is started for any of them."""
    origin, ws = serves.origin, f"/{TOKEN}/ws"
    assert await socket_refusal(serves, ws, Origin="http://evil.example.com") == 403
    assert await socket_refusal(serves, ws, Origin="http://127.0.0.1:1") == 403
    assert await socket_refusal(serves, ws) == 403
    assert await socket_refusal(serves, "/ws", Origin=origin) == 403
    assert await socket_refusal(serves, "/wrong/ws", Origin=origin) == 403
    evil = {"Host": "evil.example.com", "Origin": "http://evil.example.com"}
    assert await socket_refusal(serves, ws, **evil) == 421
    for url in (f"{origin}/", f"{origin}/static/js/textual.js", f"{origin}/wrong/static/js/textual.js"):
        status, text = await refusal(url)
        assert (status, text[:33]) == (403, "The token is missing or wrong: op")
    assert await refusal(serves.page, Host="evil.example.com") == (
        421,
        "'evil.example.com' is not a name of this server; a name is added by --name.\n",
    )
    assert await refusal(f"{origin}/download/x") == (404, "Download with key 'x' not found")
    assert serves.server.visitors == set()
    told = capfd.readouterr().err
    assert "refused: A page of http://evil.example.com may not use this server." in told
    assert TOKEN not in told


async def test_the_page_asks_nobody_else_for_anything(serves: Serving) -> None:
    async with aiohttp.ClientSession() as session:
        for name in ("", "page.js", "page.css", "static/js/textual.js", "static/css/xterm.css"):
            async with session.get(f"{serves.page}{name}") as answer:
                assert answer.status == 200
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                if not name.startswith("static"):
                    assert "://" not in await answer.text()
    assert (await refusal(f"{serves.page}page.html"))[0] == 404
    assert (await refusal(f"{serves.page}static/../../server.py"))[0] != 200


async def test_an_address_without_its_last_stroke_leads_to_the_page(serves: Serving) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{serves.page[:-1]}?fontsize=20") as page:
        assert str(page.url) == f"{serves.page}?fontsize=20"
        assert 'id="terminal"' in await page.text()


async def test_a_visitor_sees_the_dashboard_and_its_process_ends_with_the_visit(serves: Serving) -> None:
    """H102."""
    async with visit(serves) as visitor:
        await visitor.until("READ-ONLY")
        await visitor.type("?")
        await visitor.until(HELP)
        [pid] = serves.pids()
    await asyncio.to_thread(wait_until, lambda: not is_alive(pid), "the end of a visitor's process", 30)
    await asyncio.to_thread(wait_until, lambda: not serves.server.visitors, "the end of the visit", 30)


async def test_what_a_profile_says_for_a_terminal_keeps_no_visitor_out(etcd: EmbeddedEtcd) -> None:
    """Several cannot serve metrics at one address, and lines of text are no screen."""
    taken = "127.0.0.1", int(etcd.endpoint.rpartition(":")[2])
    said: list[dict[str, Any]] = [{"metrics": taken}, {"plain": True}]
    for each in said:
        async with serving(etcd.endpoint, **each) as serves, visit(serves) as visitor:
            await visitor.until("READ-ONLY")


async def test_there_are_at_most_so_many_visitors(etcd: EmbeddedEtcd) -> None:
    """H102: also of those that come at once; who leaves makes room."""
    async with serving(etcd.endpoint, most=2) as serves:
        async with visit(serves), visit(serves) as second:
            assert await socket_refusal(serves, f"/{TOKEN}/ws", Origin=serves.origin) == 503
            # A visitor is one from its request on; its process is started after that.
            await asyncio.to_thread(wait_until, lambda: len(serves.pids()) == 2, "the processes of the visitors")
            await second.until("elections")
        await asyncio.to_thread(wait_until, lambda: not serves.server.visitors, "the end of the visits", 30)
        several = [socket_refusal(serves, f"/{TOKEN}/ws", Origin=serves.origin) for _ in range(6)]
        assert sorted(await asyncio.gather(*several)) == [101] * 2 + [503] * 4


async def test_a_process_that_does_not_end_is_killed(
    serves: Serving, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """H102."""
    monkeypatch.setattr(server, "END_TIMEOUT", 0.5)
    async with visit(serves) as visitor:
        await visitor.until("READ-ONLY")
        [pid] = serves.pids()
        os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.to_thread(wait_until, lambda: not is_alive(pid), "the end of a process that hangs", 30)
    finally:
        end_at_once(pid)
    await asyncio.to_thread(wait_until, lambda: not serves.server.visitors, "the end of the visit", 30)
    assert "did not end within 0.5 s and was killed" in capfd.readouterr().err


async def test_who_leaves_the_page_leaves_no_candidate(etcd: EmbeddedEtcd, name: str) -> None:
    """H102: a leadership that was won in a browser does not outlive its page."""
    async with serving(etcd.endpoint, f"{name}/", read_only=False) as serves, Client(etcd.endpoint) as client:
        election = client.election("job", prefix=f"{name}/")
        async with visit(serves) as visitor, election.observe() as observer:
            await visitor.until("elections")
            await visitor.type("5")
            await visitor.until("5 console")
            await visitor.type("C")
            await visitor.until("TTL of the lease")
            await visitor.type("job\r")
            await visitor.until("equivalent command")
            await visitor.type("\t\r")
            async with asyncio.timeout(40):
                while not observer.has_leader:
                    await anext(observer)
        await asyncio.to_thread(wait_until, lambda: not serves.server.visitors, "the end of the visit", 30)
        assert await election.leader() is None


async def test_nothing_is_offered_that_writes(etcd: EmbeddedEtcd) -> None:
    """H103: unless it was asked for."""
    async with served_by_command(etcd) as (_, visitor, _):
        await visitor.until("READ-ONLY")
        await visitor.type("5C?")
        await visitor.until(HELP)


async def test_a_password_is_on_no_command_line(etcd: EmbeddedEtcd) -> None:
    """H103."""
    async with serving(etcd.endpoint, username="root", password="only-root-knows") as serves, visit(serves) as visitor:
        await visitor.until("elections")
        [pid] = serves.pids()
        assert b"electiontui.serve.visitor" in told_to(pid, "cmdline")
        secret = to_text(serves.settings)
        assert from_text(secret).password == "only-root-knows"
        for word in (b"only-root-knows", secret.encode()):
            assert word not in b" ".join(told_to(pid, "cmdline"))
        assert f"{VARIABLE}={secret}".encode() in told_to(pid)


async def test_a_message_that_no_page_sends_ends_the_visit(serves: Serving, capfd: pytest.CaptureFixture[str]) -> None:
    for message in ("nonsense", '["stdin"]', '["stdin", 7]', '["resize", {"width": [], "height": 1}]', "{}", "[]"):
        async with visit(serves) as visitor:
            await visitor.socket.send_str(message)
            await visitor.until_closed()
    await asyncio.to_thread(wait_until, lambda: not serves.server.visitors, "the end of the visits", 30)
    told = capfd.readouterr().err
    assert "A message that our page does not send has ended a visit." in told
    assert "Traceback" not in told


async def test_no_visitor_makes_the_screen_as_large_as_he_likes(serves: Serving) -> None:
    async with visit(serves, "?width=1000000000&height=-5") as visitor:
        await visitor.until("READ-ONLY")
        [pid] = serves.pids()
        assert {b"COLUMNS=500", b"ROWS=5"} <= set(told_to(pid))
        await visitor.socket.send_json(["resize", {"width": 10**9, "height": 10**9}])
        await visitor.type("?")
        await visitor.until(HELP)


async def test_a_process_that_cannot_start_closes_the_page(serves: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    async with visit(serves) as visitor:
        await visitor.until_closed()
    await asyncio.to_thread(wait_until, lambda: not serves.server.visitors, "the end of the visit", 30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_visitors_end_with_the_server_however_it_ends(etcd: EmbeddedEtcd, number: signal.Signals) -> None:
    """H102."""
    async with served_by_command(etcd) as (process, visitor, pid):
        await visitor.until("elections")
        process.send_signal(number)
        await asyncio.to_thread(wait_until, lambda: not is_alive(pid), "the end of a visitor's process", 40)
        assert await asyncio.to_thread(process.wait, 40) == (-9 if number == signal.SIGKILL else 0)
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


@asynccontextmanager
async def served_by_command(
    etcd: EmbeddedEtcd, *options: str
) -> AsyncIterator[tuple[subprocess.Popen[str], Visit, int]]:
    """The command's process, a visit, and the process of that."""
    process = python("-m", "electiontui", "serve", "--port=0", f"--endpoints={etcd.endpoint}", *options)
    page = await asyncio.to_thread(read_line, process.stdout)
    origin, _, token = page.rstrip("/").rpartition("/")
    assert len(token) >= 43
    pid = 0
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{page}ws", headers={"Origin": origin}, max_msg_size=0) as socket,
        ):
            await socket.receive()
            [pid] = children_of(process.pid)
            yield process, Visit(socket), pid
        process.terminate()
        await asyncio.to_thread(process.wait, 40)
    finally:
        end_at_once(pid)


def end_at_once(pid: int) -> None:
    """So that nothing is left where a test fails."""
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def test_settings_arrive_as_they_were() -> None:
    file = Path("/tmp/ca.pem")
    settings = Settings(
        ("a:1", "b:2"), ("x/", ""), "root", "p'\"ß", file, file, file, False, 1.5, 0.5, True, low_bandwidth=True,
        history=file, without_history=True,
    )  # fmt: skip
    assert from_text(to_text(settings)) == settings
    plain = Settings(("a:1",), ("x/",))
    assert from_text(to_text(plain)) == plain
    of_others = {"plain", "metrics", "profile", "on_change", "on_alert", "log_file", "log_level", "environment"}
    named = {each.name for each in dataclasses.fields(Settings) if getattr(settings, each.name) != each.default}
    assert named | of_others >= {each.name for each in dataclasses.fields(Settings)}


def test_a_profile_is_read_by_the_visitor_who_runs_no_programs(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("theme = 'nord'\non-alert = 'page'\n[[alerts]]\nwhen = 'vacant'\n")
    profile = load(str(path))
    settings = Settings(("a:1",), ("x/",), profile=profile, on_alert=("page",), environment={"SECRET": "x"})
    text = to_text(settings)
    assert "SECRET" not in text
    assert from_text(text) == dataclasses.replace(settings, on_alert=(), environment={})
    assert from_text(text).wishes.alarm.rules == profile.rules


def test_a_profile_that_has_become_wrong_is_told_in_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.touch()
    text = to_text(Settings(("a:1",), ("x/",), profile=load(str(path))))
    path.write_text("theme = 7\n")
    words = [sys.executable, "-m", "electiontui.serve.visitor"]
    env = clean_environment(**{VARIABLE: text})
    done = subprocess.run(
        words, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == INVALID_INPUT
    assert done.stderr.startswith(f"electiontui: {path}:1: ")
    assert "Traceback" not in done.stderr


def test_what_the_command_line_refuses(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert command_line._run(["--read-only", "serve", "--write"]) == INVALID_INPUT
    assert "--write and --read-only contradict one another" in capfd.readouterr().err
    monkeypatch.setenv("ELECTIONTUI_READ_ONLY", "1")
    assert command_line._run(["serve", "--write"]) == INVALID_INPUT
    assert "--write is refused: ELECTIONTUI_READ_ONLY or the profile says read-only" in capfd.readouterr().err
    for option in ("--metrics=127.0.0.1:0", "--plain"):
        assert command_line._run([option, "serve"]) == INVALID_INPUT
        assert f"{option.partition('=')[0]} is of no use here" in capfd.readouterr().err
    assert command_line._run(["serve", "--endpoints=http://x:y:z"]) == INVALID_INPUT
    for name in ("https://a.example.com", "a.example.com:80", "*", "a b", "a;b", ""):
        assert command_line._run(["serve", f"--name={name}"]) == INVALID_INPUT
        assert "is no host; give it without scheme, port and path" in capfd.readouterr().err


def test_it_writes_only_where_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Settings] = []
    monkeypatch.setattr(command, "serve", lambda settings, *more: told.append(settings))
    for words in (["serve"], ["serve", "--write"], ["--read-only", "serve"]):
        command_line._run(words)
    assert [each.read_only for each in told] == [True, False, True]


def test_a_port_in_use_is_told(capfd: pytest.CaptureFixture[str], etcd: EmbeddedEtcd) -> None:
    port = int(etcd.endpoint.rpartition(":")[2])
    assert command_line._run(["serve", f"--port={port}"]) == ERROR
    assert f"cannot listen on 127.0.0.1 port {port}: address already in use; --port 0" in capfd.readouterr().err


def test_what_is_not_installed_is_told(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "electiontui.serve.running", None)
    assert command.serve(Settings(("a:1",), ("x/",)), "127.0.0.1", 0, (), 1) == ERROR
    assert "pip install 'electiontui[serve]'" in capfd.readouterr().err


def test_the_dashboard_opens_where_a_driver_stands_in_for_the_terminal(etcd: EmbeddedEtcd) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "electiontui", "--endpoints", etcd.endpoint],
        env={**os.environ, "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"__GANGLION__\n"
        process.communicate(timeout=20)
    assert VARIABLE not in os.environ
