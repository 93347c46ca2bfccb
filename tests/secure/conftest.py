"""An etcd that also listens with TLS, and the certificates for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .certificates import Certificates
from .tls_servers import SecureEtcd, secure_etcd


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def server_side_tls(certificates: Certificates) -> Iterator[SecureEtcd]:
    yield from secure_etcd(certificates)


@pytest.fixture(scope="session")
def mutual_tls(certificates: Certificates) -> Iterator[SecureEtcd]:
    yield from secure_etcd(certificates, "--client-cert-auth", "--trusted-ca-file", str(certificates.ca))
