"""Certificates that are renewed in place while clients run."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from election_core import Client

from ..faults.clients import holds
from ..faults.proxy import Proxy
from ..servers import wait_until
from .certificates import Certificates
from .tls_servers import SecureEtcd

TTL = 5


async def test_the_next_connection_uses_the_renewed_certificate(
    mutual_tls: SecureEtcd, certificates: Certificates, name: str
) -> None:
    """H71: also where the one before has expired, so that connecting with it fails."""
    expires = datetime.now(UTC) + timedelta(seconds=3)
    tls = certificates.client("carol", expires)
    async with Proxy(mutual_tls.secure) as proxy, Client(proxy.endpoint, tls=tls) as client:
        campaign = await client.election(name, ttl=TTL).campaign("here")
        await holds(lambda: campaign.is_leader, 3.2)
        wait_until(lambda: datetime.now(UTC) > expires, "the certificate has expired")
        certificates.client("carol")
        proxy.reset()
        await holds(lambda: campaign.is_leader, TTL + 2)
        assert await client.election(name).leader() == "here"


async def test_files_that_are_half_written_are_not_used(
    mutual_tls: SecureEtcd, certificates: Certificates, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """H71"""
    tls = certificates.client("dave")
    async with Proxy(mutual_tls.secure) as proxy, Client(proxy.endpoint, tls=tls) as client:
        campaign = await client.election(name, ttl=TTL).campaign("here")
        certificates.half_write(tls)
        with caplog.at_level(logging.WARNING, "election_core.etcd"):
            proxy.reset()
            assert await client.election(name).leader() == "here"
        assert campaign.is_leader
        assert f"{tls.cert} and the key {tls.key}" in caplog.text
