"""The HTTP server that metrics are asked from: prometheus_client's application, TLS by `ssl`, basic authentication.

prometheus_client's own `start_http_server` is not used: it shakes hands on TLS in the loop that accepts connections, so
that one client which connects and says nothing keeps all others out; and it has no authentication but certificates.
"""

from __future__ import annotations

import base64
import hmac
import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CollectorRegistry, make_wsgi_app

from .plan import Credentials, Door

__all__ = ["MetricsServer"]

_LONGEST = 10.0
"""Seconds that a client may be silent …"""
_WHOLE = 30.0
"""… and that a connection lasts, however the client spreads its bytes over them."""
_AT_ONCE = 16
"""Connections at a time; who comes while there are as many is turned away."""

_log = logging.getLogger("electiontui.metrics")


class MetricsServer:
    """Answers from threads of its own until it is closed.

    Attributes:
        url: where the metrics are.
    """

    def __init__(self, registry: CollectorRegistry, door: Door) -> None:
        """Listen at once.

        Raises:
            OSError: the address cannot be had, or a certificate cannot be read.
        """
        tls = None if door.cert is None else _Certificates(door)
        app = _one_at_a_time(make_wsgi_app(registry))
        if door.credentials is not None:
            app = _guarded(app, door.credentials)
        self._server = _Server(door, tls, app)
        host = f"[{door.host}]" if ":" in door.host else door.host
        self.url = f"{'http' if tls is None else 'https'}://{host}:{self._server.server_port}/metrics"
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more; answers under way are finished by threads that keep no process from ending."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(WSGIRequestHandler):
    timeout = _LONGEST

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)

    def get_stderr(self) -> Any:
        return _Logged()


class _Logged:
    """What an application writes as its errors."""

    def write(self, text: str) -> None:
        if text.strip():
            _log.error("%s", text.rstrip())

    def flush(self) -> None: ...


class _Server(ThreadingMixIn, WSGIServer):
    # The mutable state: how much room is left, and until when connections last. Each is entered and left in its thread.

    daemon_threads = True

    def __init__(self, door: Door, tls: _Certificates | None, app: WSGIApplication) -> None:
        found = socket.getaddrinfo(door.host, door.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family, _, _, _, at = found[0]
        self._tls = tls
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._ends: dict[socket.socket, float] = {}
        super().__init__((str(at[0]), door.port), _Handler)
        self.set_app(app)

    def server_bind(self) -> None:
        # http.server's own asks the name service what the address is called, which may take long.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            _log.warning("%s is turned away: there are %d connections already", client_address[0], _AT_ONCE)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread can be started
            self._room.release()
            raise

    def service_actions(self) -> None:
        """Called twice a second by the thread that listens."""
        now = time.monotonic()
        for connection, ends_at in list(self._ends.items()):
            if now >= ends_at:
                with suppress(OSError):
                    # Of an encrypted one, too, without a farewell for which its thread and this one would meet.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    @contextmanager
    def _ending(self, connection: socket.socket) -> Iterator[None]:
        self._ends[connection] = time.monotonic() + _WHOLE
        try:
            yield
        finally:
            del self._ends[connection]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shakes hands in the connection's thread, and not for ever."""
        if self._tls is None:
            with self._ending(request):
                super().finish_request(request, client_address)
            return
        request.settimeout(_LONGEST)
        with self._tls.context().wrap_socket(request, server_side=True) as encrypted, self._ending(encrypted):
            super().finish_request(encrypted, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log.info("%s was not answered: %s", client_address[0], sys.exc_info()[1])


class _Certificates:
    """The server's certificate, as it is whenever somebody connects: it may be renewed in place."""

    # The mutable state is the last context that could be made.

    def __init__(self, door: Door) -> None:
        self._door = door
        self._last = _tls(door)

    def context(self) -> ssl.SSLContext:
        try:
            self._last = _tls(self._door)
        except OSError as exc:
            _log.warning("%s cannot be read, what was read before is used: %s", self._door.cert, exc)
        return self._last


def _tls(door: Door) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    assert door.cert is not None
    # Without a password an encrypted key would have one asked for on the terminal, each time that somebody connects.
    context.load_cert_chain(door.cert, door.key, password="")
    if door.client_ca is not None:
        context.load_verify_locations(door.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _one_at_a_time(app: WSGIApplication) -> WSGIApplication:
    """Its answers are work for the interpreter alone: of several at once the loop that watches would get no turn."""
    turn = threading.Lock()

    def in_turn(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with turn:
            return app(environ, start_response)

    return in_turn


def _guarded(app: WSGIApplication, credentials: Credentials) -> WSGIApplication:
    """The application for those who give the name and the password."""
    wanted = b"Basic " + base64.b64encode(":".join(credentials).encode())

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1", "replace")
        if hmac.compare_digest(given, wanted):
            return app(environ, start_response)
        start_response("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="electiontui", charset="UTF-8"')])
        return [b"Give the name and the password.\n"]

    return guarded
