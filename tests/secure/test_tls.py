"""TLS by the server's authority and by client certificates; whatever is wrong with it is said, with the cure."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from election_core import TLS, Client, InvalidConfig, Unavailable

from .certificates import Certificates
from .tls_servers import SecureEtcd

TIMEOUT = 2.0


async def lead_once(client: Client, name: str) -> str | None:
    async with client, client.monitor() as monitor, client.election(name, ttl=5).campaign("node-a") as campaign:
        await campaign.proclaim("node-a:1")
        leader = await client.election(name).leader()
        async for transition in monitor:
            if transition.election == name and transition.after is not None and transition.after.value == b"node-a:1":
                break
        return leader


async def test_a_server_that_our_authority_signed(
    server_side_tls: SecureEtcd, certificates: Certificates, name: str
) -> None:
    for endpoint in (f"https://{server_side_tls.secure}", server_side_tls.secure, server_side_tls.secure_by_name):
        assert await lead_once(Client(endpoint, tls=TLS(ca=certificates.ca)), name) == "node-a:1"


async def test_a_client_certificate(mutual_tls: SecureEtcd, certificates: Certificates, name: str) -> None:
    assert await lead_once(Client(mutual_tls.secure, tls=certificates.client("alice")), name) == "node-a:1"


async def test_http_is_plain_and_https_encrypted_whatever_the_certificates(
    server_side_tls: SecureEtcd, certificates: Certificates, name: str
) -> None:
    client = Client(f"http://{server_side_tls.plain}", tls=TLS(ca=certificates.ca))
    assert await lead_once(client, name) == "node-a:1"


async def fails(client: Client, endpoint: str) -> str:
    """The error of a client that cannot connect; it comes in time and names the endpoint."""
    began = time.monotonic()
    async with client:
        with pytest.raises(Unavailable) as caught:
            await client.election("x").leader()
    assert time.monotonic() - began < TIMEOUT + 2
    assert endpoint in str(caught.value)
    return str(caught.value)


async def test_an_authority_that_has_not_signed_it(server_side_tls: SecureEtcd, certificates: Certificates) -> None:
    endpoint = server_side_tls.secure
    for tls in (TLS(ca=certificates.strange_ca), TLS()):
        assert "give the CA that signed it" in await fails(Client(endpoint, tls=tls, timeout=TIMEOUT), endpoint)


@pytest.mark.parametrize("how", ["none", "expired"])
async def test_no_client_certificate_or_an_expired_one(
    mutual_tls: SecureEtcd, certificates: Certificates, how: str
) -> None:
    tls = TLS(ca=certificates.ca) if how == "none" else certificates.expired_client("alice")
    client = Client(mutual_tls.secure, tls=tls, timeout=TIMEOUT)
    assert "client certificate" in await fails(client, mutual_tls.secure)


async def test_clear_text_to_tls_and_the_reverse(server_side_tls: SecureEtcd) -> None:
    to_tls = Client(server_side_tls.secure, timeout=TIMEOUT)
    assert "https://" in await fails(to_tls, server_side_tls.secure)
    to_plain = Client(f"https://{server_side_tls.plain}", timeout=TIMEOUT)
    assert "does not speak TLS" in await fails(to_plain, server_side_tls.plain)


async def test_files_are_checked_before_anything_is_connected(certificates: Certificates, tmp_path: Path) -> None:
    cert, key = certificates.server
    other = certificates.client("bob").key
    for tls, culprit in (
        (TLS(ca=tmp_path / "missing.pem"), "missing.pem"),
        (TLS(ca=certificates.no_pem), "no.pem"),
        (TLS(certificates.ca, certificates.no_pem, key), "no.pem"),
        (TLS(certificates.ca, cert, tmp_path / "missing.key"), "missing.key"),
        (TLS(certificates.ca, cert, other), "do not belong together"),
    ):
        with pytest.raises(InvalidConfig, match=re.escape(culprit)):
            Client("127.0.0.1:2379", tls=tls)


async def test_status_tells_why_an_endpoint_is_not_reachable(
    server_side_tls: SecureEtcd, certificates: Certificates
) -> None:
    endpoints = [f"https://{server_side_tls.secure}", f"http://{server_side_tls.plain}", "http://127.0.0.1:1"]
    async with Client(endpoints, tls=TLS(ca=certificates.strange_ca), timeout=TIMEOUT) as client:
        untrusted, plain, nobody = await client.status()
    assert (untrusted.reachable, plain.reachable, nobody.reachable) == (False, True, False)
    assert "CA" in untrusted.error
    assert "nothing listens there" in nobody.error
    assert plain.round_trip is not None
    assert plain.version.startswith("3.5.")
    assert plain.is_raft_leader
    assert plain.known_bugs
