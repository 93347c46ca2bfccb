"""TLS credentials from files, checked before anything is connected: gRPC only logs what is wrong with them.

Certificates live for days or hours, and are renewed in place. gRPC connects with what it was given once.
"""

from __future__ import annotations

import logging
import os
import ssl
from typing import Any

import grpc

from ..config import TLS
from ..errors import InvalidConfig

__all__ = ["Credentials"]

_log = logging.getLogger("election_core.etcd")

_Stamp = tuple[tuple[int, int, int] | None, ...]


class Credentials:
    """What connections are made with: the files as they are now, or as they were when they were last usable."""

    # The mutable state: gRPC's credentials, and what the files were like before these were read.

    def __init__(self, tls: TLS) -> None:
        """
        Raises:
            InvalidConfig: a file cannot be read, is not PEM, or certificate and key do not belong together.
        """
        self._tls = tls
        self._stamp = self._stamp_now()
        self._present = _credentials_of(tls)

    def current(self) -> Any:
        """gRPC's credentials; the same object for as long as the files stay as they are."""
        stamp = self._stamp_now()
        if stamp != self._stamp:
            try:
                self._present, self._stamp = _credentials_of(self._tls), stamp
            except InvalidConfig as exc:
                # Half of a renewal may be written; they are looked at again with the next connection.
                _log.warning("The renewed TLS files are not used, but what they held before: %s", exc)
        return self._present

    def _stamp_now(self) -> _Stamp:
        return tuple(map(_stamp_of, (self._tls.ca, self._tls.cert, self._tls.key)))


def _stamp_of(path: str | os.PathLike[str] | None) -> tuple[int, int, int] | None:
    try:
        found = None if path is None else os.stat(path)
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_ino, found.st_size)


def _credentials_of(tls: TLS) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.ca is not None:
        _check_authorities(context, tls.ca)
    if tls.cert is not None and tls.key is not None:
        _check_pair(context, tls.cert, tls.key)
    authorities = _system_authorities() if tls.ca is None else _content(tls.ca)
    return grpc.ssl_channel_credentials(authorities, _content(tls.key), _content(tls.cert))


def _check_authorities(context: ssl.SSLContext, path: str | os.PathLike[str]) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError as exc:
        raise InvalidConfig(f"The CA file {path} holds no certificate in PEM form; check which file it is.") from exc
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def _check_pair(context: ssl.SSLContext, cert: str | os.PathLike[str], key: str | os.PathLike[str]) -> None:
    for path in (cert, key):
        _content(path)
    try:
        # Without a password of our own OpenSSL would ask for one on the terminal.
        context.load_cert_chain(cert, key, password="")
    except ssl.SSLError as exc:
        raise InvalidConfig(
            f"The certificate {cert} and the key {key} are not PEM, do not belong together, or the key is encrypted."
        ) from exc


def _content(path: str | os.PathLike[str] | None) -> bytes | None:
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def _unreadable(path: str | os.PathLike[str], exc: OSError) -> InvalidConfig:
    return InvalidConfig(f"Cannot read the TLS file {path}: {exc.strerror}; check its path and permissions.")


def _system_authorities() -> bytes | None:
    """The system's authorities; gRPC would take a list of its own."""
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode("ascii") or None
