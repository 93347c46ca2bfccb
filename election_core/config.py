"""Where etcd is and how to be let in: endpoints and credentials, checked before anything is connected. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from os import PathLike
from typing import NamedTuple

from .errors import InvalidConfig

__all__ = ["TLS", "Endpoint", "check_timeout", "check_tls", "is_address", "parse_endpoints"]

_LONGEST = 1e9
"""More seconds than anybody waits."""
_ENDPOINT = r"(?:(?P<scheme>https?)://)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:/\[\]@?#]+):(?P<port>[0-9]{1,5})/?"
_Path = str | PathLike[str]


class TLS(NamedTuple):
    """Paths of PEM files for encrypted connections."""

    ca: _Path | None = None
    """Certificates of the authorities that sign the servers'; ``None`` for the system's."""
    cert: _Path | None = None
    """Our own certificate, where the server asks for one; needs ``key``."""
    key: _Path | None = None
    """Private key of ``cert``."""


class Endpoint(NamedTuple):
    """One address of one member."""

    host: str
    """Name or address; an IPv6 address without brackets."""
    port: int
    encrypted: bool | None = None
    """What the scheme said: True for https, False for http, ``None`` without a scheme."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_address(host: str) -> bool:
    """Whether it is an IPv4 or IPv6 address, and no name that has to be looked up."""
    # Not everybody who imports this package makes a client.
    import ipaddress

    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def parse_endpoints(endpoints: str | Iterable[str]) -> tuple[Endpoint, ...]:
    """Endpoints from ``"host:port,host:port"`` or a list of such; repeated ones are taken once.

    Raises:
        InvalidConfig: there is none, or one is malformed.
    """
    if not isinstance(endpoints, Iterable):
        raise InvalidConfig(f"Endpoints are text, such as '127.0.0.1:2379', or a list of such; got {endpoints!r}.")
    given = [endpoints] if isinstance(endpoints, str) else list(endpoints)
    parts = [part.strip() for text in given for part in _as_text(text).split(",")]
    parsed = tuple(dict.fromkeys(_parse(part) for part in parts if part))
    if not parsed:
        raise InvalidConfig(f"No endpoint in {endpoints!r}; give host:port, such as 127.0.0.1:2379.")
    for endpoint in parsed:
        if sum(str(endpoint) == str(other) for other in parsed) > 1:
            raise InvalidConfig(f"The endpoint {endpoint} is given with different schemes; give it once.")
    return parsed


def check_tls(tls: TLS | None) -> TLS | None:
    """Paths that can be used together.

    Raises:
        InvalidConfig: a certificate without its key, or a key without its certificate.
    """
    if tls is not None and (tls.cert is None) != (tls.key is None):
        raise InvalidConfig("A client certificate needs its key and a key its certificate: give cert and key.")
    return tls


def check_timeout(timeout: float) -> float:
    """A bound on calls in seconds.

    Raises:
        InvalidConfig: it is not a positive number.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < _LONGEST:
        raise InvalidConfig(f"A timeout is a positive number of seconds; got {timeout!r}.")
    return float(timeout)


def _as_text(part: object) -> str:
    if not isinstance(part, str):
        raise InvalidConfig(f"An endpoint is text, such as '127.0.0.1:2379'; got {part!r}.")
    return part


def _parse(text: str) -> Endpoint:
    match = re.fullmatch(_ENDPOINT, text)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise InvalidConfig(
            f"The endpoint {text!r} is malformed; give host:port, such as 127.0.0.1:2379 or https://[::1]:2379."
        )
    host = match["host"]
    if host.startswith("["):
        host = host[1:-1]
        if ":" not in host or not is_address(host):
            raise InvalidConfig(f"The endpoint {text!r} has no valid IPv6 address in its brackets.")
    scheme = match["scheme"]
    return Endpoint(host, int(match["port"]), None if scheme is None else scheme == "https")
