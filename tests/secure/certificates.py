"""Certificates for the tests, as files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import trustme

from election_core import TLS

__all__ = ["Certificates"]


class Certificates:
    """An authority that the server is signed by, another one, and certificates of clients."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority, stranger = trustme.CA(), trustme.CA()
        self.ca, self.strange_ca = folder / "ca.pem", folder / "strange-ca.pem"
        self._authority.cert_pem.write_to_path(self.ca)
        stranger.cert_pem.write_to_path(self.strange_ca)
        self.server = self._issue("server", "127.0.0.1", "localhost")
        self.no_pem = folder / "no.pem"
        self.no_pem.write_text("this is no certificate")

    def client(self, name: str, expires: datetime | None = None) -> TLS:
        """A client's certificate with this common name; asked for again, it is renewed in place."""
        cert, key = self._issue(f"client-{name}", "client.invalid", common_name=name, not_after=expires)
        return TLS(self.ca, cert, key)

    def half_write(self, tls: TLS) -> None:
        """Leave a client's certificate as it is in the middle of being renewed."""
        assert tls.cert is not None
        Path(tls.cert).write_text("-----BEGIN CERT")

    def expired_client(self, name: str) -> TLS:
        cert, key = self._issue(
            f"expired-{name}",
            "client.invalid",
            common_name=name,
            not_before=datetime(2020, 1, 1, tzinfo=UTC),
            not_after=datetime(2021, 1, 1, tzinfo=UTC),
        )
        return TLS(self.ca, cert, key)

    def _issue(self, stem: str, *names: str, **options: object) -> tuple[Path, Path]:
        issued = self._authority.issue_cert(*names, **options)  # type: ignore[arg-type]
        cert, key = self._folder / f"{stem}.pem", self._folder / f"{stem}.key"
        cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(key)
        return cert, key
