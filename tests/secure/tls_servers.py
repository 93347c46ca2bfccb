"""An etcd that listens with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from electiontui.embedded import EmbeddedEtcd

from ..servers import distro_binary, held_port
from .certificates import Certificates

__all__ = ["SecureEtcd", "secure_etcd"]


class SecureEtcd:
    """An etcd with one more endpoint, which speaks TLS with a certificate that only our authority has signed."""

    def __init__(self, etcd: EmbeddedEtcd, secure_port: int) -> None:
        self.plain = etcd.endpoint
        self.secure = f"127.0.0.1:{secure_port}"
        self.secure_by_name = f"localhost:{secure_port}"


def secure_etcd(certificates: Certificates, *flags: str, binary: Path | None = None) -> Iterator[SecureEtcd]:
    """An etcd 3.5 without ``binary``; it allows 250 streams on a connection to its secure endpoint."""
    with held_port() as port:
        urls = f"http://127.0.0.1:{{port}},https://127.0.0.1:{port}"
        cert, key = map(str, certificates.server)
        tls = ("--listen-client-urls", urls, "--cert-file", cert, "--key-file", key, *flags)
        with EmbeddedEtcd(binary=binary or distro_binary("etcd"), flags=tls) as etcd:
            yield SecureEtcd(etcd, port)
