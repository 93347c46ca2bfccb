"""Who is let in, and that nobody keeps others out."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from electiontui.metrics import server
from electiontui.metrics.plan import Credentials, Door, address, credentials_in, others_may_read
from electiontui.metrics.server import MetricsServer

from ..servers import wait_until

LOCAL = Door("127.0.0.1", 0)


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def serve(closing: ExitStack, door: Door, registry: CollectorRegistry | None = None) -> str:
    made = MetricsServer(registry or CollectorRegistry(), door)
    closing.callback(made.close)
    return made.url


def status(url: str, *, tls: ssl.SSLContext | None = None, login: str | None = None) -> int:
    request = urllib.request.Request(url)
    if login is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=10, context=tls) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as exc:
        return exc.code


class Authority(trustme.CA):
    """An authority, and what it has certified as files."""

    def door(self, folder: Path, door: Door = LOCAL) -> Door:
        made = self.issue_cert("127.0.0.1")
        cert, key = folder / "cert.pem", folder / "key.pem"
        for blob in made.cert_chain_pems:
            blob.write_to_path(cert, append=True)
        made.private_key_pem.write_to_path(key)
        return door._replace(cert=cert, key=key)

    def trusted(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.configure_trust(context)
        return context


def test_anybody_is_let_in_without_more(closing: ExitStack) -> None:
    url = serve(closing, LOCAL)
    assert url.startswith("http://127.0.0.1:")
    assert status(url) == 200
    assert status(serve(closing, Door("localhost", 0))) == 200


def test_only_who_gives_the_name_and_the_password_is_let_in(closing: ExitStack) -> None:
    url = serve(closing, LOCAL._replace(credentials=Credentials("prometheus", "s3cret: ü")))
    assert [status(url, login=login) for login in (None, "prometheus:wrong", "other:s3cret: ü", "ü")] == [401] * 4
    assert status(url, login="prometheus:s3cret: ü") == 200


def test_with_a_certificate_it_is_encrypted(closing: ExitStack, tmp_path: Path) -> None:
    authority = Authority()
    url = serve(closing, authority.door(tmp_path))
    assert url.startswith("https://")
    assert status(url, tls=authority.trusted()) == 200
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        status(url, tls=ssl.create_default_context())
    with pytest.raises(OSError, match=r"closed|reset"):
        status(url.replace("https", "http"))
    assert status(url, tls=authority.trusted()) == 200


def test_a_certificate_is_renewed_in_place(closing: ExitStack, tmp_path: Path) -> None:
    first, second = Authority(), Authority()
    url = serve(closing, first.door(tmp_path))
    cert = tmp_path / "cert.pem"
    assert status(url, tls=first.trusted()) == 200
    half = cert.read_text()[:100]
    cert.write_text(half)
    assert status(url, tls=first.trusted()) == 200  # it is being written
    cert.unlink()
    second.door(tmp_path)
    assert status(url, tls=second.trusted()) == 200


def test_an_encrypted_key_is_refused_and_no_password_is_asked_for(tmp_path: Path) -> None:
    door = Authority().door(tmp_path)
    assert door.key is not None
    key = load_pem_private_key(door.key.read_bytes(), None)
    encryption = BestAvailableEncryption(b"secret")
    door.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    with pytest.raises(OSError):  # noqa: PT011 - OpenSSL's words differ
        MetricsServer(CollectorRegistry(), door)


def test_only_whom_the_authority_has_certified_is_let_in(closing: ExitStack, tmp_path: Path) -> None:
    authority = Authority()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    url = serve(closing, authority.door(tmp_path)._replace(client_ca=ca))
    with pytest.raises(OSError):  # noqa: PT011 - TLS 1.3 tells it in several ways
        status(url, tls=authority.trusted())
    certified = authority.trusted()
    authority.issue_cert("prometheus").configure_cert(certified)
    assert status(url, tls=certified) == 200
    stranger = authority.trusted()
    trustme.CA().issue_cert("prometheus").configure_cert(stranger)
    with pytest.raises(OSError):  # noqa: PT011
        status(url, tls=stranger)


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_who_connects_and_says_nothing_keeps_nobody_out(closing: ExitStack, tmp_path: Path, encrypted: bool) -> None:
    """H94: TLS shakes hands where connections are accepted, unless somebody sees to it."""
    authority = Authority()
    url = serve(closing, authority.door(tmp_path) if encrypted else LOCAL)
    host, port = address(url.split("/")[2])
    for _ in range(server._AT_ONCE - 1):
        closing.enter_context(socket.create_connection((host, port)))
    assert status(url, tls=authority.trusted() if encrypted else None) == 200


def test_connections_are_bounded_and_end(closing: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    url = serve(closing, LOCAL)
    at = address(url.split("/")[2])
    with monkeypatch.context() as impatient:
        impatient.setattr(server._Handler, "timeout", 0.5)
        silent = [closing.enter_context(socket.create_connection(at, timeout=10)) for _ in range(server._AT_ONCE + 1)]
        # One more than fit is turned away at once, the others after their time.
        assert [each.recv(1) for each in silent] == [b""] * len(silent)
    assert status(url) == 200


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_who_never_comes_to_an_end_is_cut_off(
    closing: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    """H94: one that says a little ever again is never silent for long."""
    authority = Authority()
    url = serve(closing, authority.door(tmp_path) if encrypted else LOCAL)

    def is_cut_off() -> bool:
        try:
            slow.sendall(b"x")
        except OSError:
            return True
        return False

    with monkeypatch.context() as impatient:
        impatient.setattr(server, "_WHOLE", 1.0)
        slow = socket.create_connection(address(url.split("/")[2]), timeout=10)
        if encrypted:
            slow = authority.trusted().wrap_socket(slow, server_hostname="127.0.0.1")
        closing.enter_context(slow)
        slow.sendall(b"GET /metrics HTTP/1.1\r\nX-Endless: ")
        wait_until(is_cut_off, "the end of an endless request", 8)
    assert status(url, tls=authority.trusted() if encrypted else None) == 200


def test_a_thread_that_cannot_be_started_takes_no_room(closing: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    url = serve(closing, LOCAL)
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    for _ in range(server._AT_ONCE):
        with pytest.raises(OSError, match=r"closed|reset"):
            status(url)
    monkeypatch.setattr(threading.Thread, "start", start)
    assert status(url) == 200


def test_answers_are_made_one_at_a_time(closing: ExitStack) -> None:
    """Sixteen at once had the loop that watches stand still for a second."""
    together = threading.Barrier(2)
    met: list[bool] = []

    class Slow(Collector):
        def describe(self) -> list[GaugeMetricFamily]:
            return []

        def collect(self) -> Iterator[GaugeMetricFamily]:
            try:
                together.wait(1.0)
                met.append(True)
            except threading.BrokenBarrierError:
                met.append(False)
            yield GaugeMetricFamily("slow", "Of the test's own.", value=1)

    registry = CollectorRegistry()
    registry.register(Slow())
    url = serve(closing, LOCAL, registry)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(status, [url] * 2)) == [200, 200]
    assert met == [False, False]


def test_no_password_is_in_what_is_printed_of_a_door() -> None:
    assert "s3cret" not in repr(LOCAL._replace(credentials=Credentials("prometheus", "s3cret")))


def test_a_defect_of_one_answer_is_logged_and_not_printed(
    closing: ExitStack, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Collector):
        def collect(self) -> Iterator[GaugeMetricFamily]:
            raise LookupError("of the test's own")

    registry = CollectorRegistry()
    registry.register(Broken())  # it describes nothing, and is asked at once
    url = serve(closing, LOCAL, registry)
    assert status(url) == 500
    assert status(url) == 500
    assert capsys.readouterr().err == ""
    assert "of the test's own" in caplog.text


def test_closing_ends_the_listening_and_its_thread() -> None:
    made = MetricsServer(CollectorRegistry(), LOCAL)
    made.close()
    assert "metrics" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address(made.url.split("/")[2]))


def test_an_address_that_is_taken_is_told_at_once(closing: ExitStack) -> None:
    url = serve(closing, LOCAL)
    with pytest.raises(OSError, match="Address already in use"):
        MetricsServer(CollectorRegistry(), LOCAL._replace(port=address(url.split("/")[2])[1]))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:9109", ("127.0.0.1", 9109)),
        ("[::1]:0", ("::1", 0)),
        ("node-1.example:65535", ("node-1.example", 65535)),
    ],
)
def test_addresses(text: str, found: tuple[str, int]) -> None:
    assert address(text) == found


@pytest.mark.parametrize("text", ["", "9109", ":9109", "host:", "host:65536", "::1:9109", "host:90/metrics", "[]:1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is no HOST:PORT"):
        address(text)


def test_the_file_of_the_password(tmp_path: Path) -> None:
    file = tmp_path / "auth"
    file.write_text("prometheus:with:colons\nmore\n")
    assert credentials_in(file) == ("prometheus", "with:colons")
    for text in ("", "prometheus", "prometheus:", ":secret"):
        file.write_text(text)
        with pytest.raises(ValueError, match="NAME:PASSWORD in its first line"):
            credentials_in(file)
    file.write_bytes(b"\xef\xbb\xbfprometheus:secret")
    assert credentials_in(file) == ("prometheus", "secret")
    file.write_bytes(b"\xff:a")
    with pytest.raises(ValueError, match="cannot be read"):
        credentials_in(file)
    file.chmod(0o640)
    assert others_may_read(file)
    file.chmod(0o600)
    assert not others_may_read(file)
