"""A drill where etcd lets nobody in without a certificate or a password: its processes are let in, too."""

from __future__ import annotations

from electiontui.drill import Access, as_text, read_drill, run_drill

from .certificates import Certificates
from .test_auth import guarded_etcd
from .tls_servers import SecureEtcd


async def test_a_drill_with_a_client_certificate(mutual_tls: SecureEtcd, certificates: Certificates) -> None:
    tls = certificates.client("alice")
    access = Access((mutual_tls.secure,), ca=str(tls.ca), cert=str(tls.cert), key=str(tls.key))
    report = await run_drill(read_drill("leader-crash"), access)
    assert report.passes, as_text(report, "table")


async def test_a_drill_with_a_password_below_what_its_user_may_write() -> None:
    with guarded_etcd() as users:
        access = Access((users.endpoint,), username="writer", password="secret-writer")
        assert "secret-writer" not in repr(access)
        report = await run_drill(read_drill("leader-crash"), access, prefix="election/drill")
    assert report.passes, as_text(report, "table")
