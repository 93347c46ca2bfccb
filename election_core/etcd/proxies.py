"""Which HTTP proxy the environment puts between us and a member, as gRPC reads it. No I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["Proxy", "proxy_for"]

# gRPC takes the first that is set, and no spelling in capitals.
_PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")
_EXCEPTIONS = ("no_grpc_proxy", "no_proxy")


class Proxy(NamedTuple):
    """A proxy, and who has named it."""

    url: str
    """Without user and password."""
    variable: str

    def __str__(self) -> str:
        return f"the HTTP proxy {self.url} (from {self.variable}; no_proxy makes exceptions)"


def proxy_for(hosts: tuple[str, ...], environment: Mapping[str, str]) -> Proxy | None:
    """The proxy that gRPC goes through to a member, or ``None`` where it must go directly.

    Args:
        hosts: the member's name and address, as far as known. It is excepted if one of them is.
        environment: the environment's variables.
    """
    variable = next((name for name in _PROXIES if name in environment), None)
    if variable is None or any(_is_excepted(host, environment) for host in hosts):
        return None
    parts = urlsplit(environment[variable])
    # gRPC connects directly where the proxy is of another kind.
    return Proxy(f"http://{parts.netloc.rpartition('@')[2]}", variable) if parts.scheme == "http" else None


def _is_excepted(host: str, environment: Mapping[str, str]) -> bool:
    address = _address(host)
    if host.lower() == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_covers(entry, host.lower(), address) for entry in _exceptions(environment))


def _exceptions(environment: Mapping[str, str]) -> Iterator[str]:
    listed = next((environment[name] for name in _EXCEPTIONS if name in environment), "")
    return (entry for part in listed.split(",") if (entry := part.strip().lower()))


def _covers(entry: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    if entry == "*":
        return True
    if address is None:
        return f".{host}".endswith(f".{entry.lstrip('.')}")
    try:
        return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
