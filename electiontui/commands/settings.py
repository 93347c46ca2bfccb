"""What the command line says about the cluster, and the client that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..etcdctl import Etcdctl, access

if TYPE_CHECKING:
    from election_core import Client

    from ..alerts import AlarmPlan
    from ..drill import Access
    from ..opening import Wishes
    from ..profiles import Profile

__all__ = ["DEFAULT_ENDPOINT", "Settings", "credentials", "split_endpoints"]

DEFAULT_ENDPOINT = "127.0.0.1:2379"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where etcd is and how to be let in."""

    endpoints: tuple[str, ...]
    prefixes: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure_transport: bool = True
    """Whether endpoints without a scheme are connected in clear text when there is no certificate."""
    timeout: float = 5.0
    """Bound on each call in seconds."""
    dial_timeout: float | None = None
    """Bound on the first contact in seconds, where it is shorter than ``timeout``."""
    read_only: bool = False
    """Whether nothing may be offered that writes to etcd."""
    low_bandwidth: bool = False
    """Whether the dashboard repaints seldom."""
    plain: bool = False
    """Whether there are sentences in place of the dashboard."""
    metrics: tuple[str, int] | None = None
    """Where the dashboard and the recorder serve metrics, if anywhere."""
    history: Path | None = None
    """The file of the past; by default the cluster's own."""
    without_history: bool = False
    """Whether the dashboard neither keeps nor shows it."""
    profile: Profile | None = None
    """What holds beside the options: keys, theme, thresholds and alerts."""
    on_change: tuple[str, ...] = ()
    """The words of a program that is told of each transition."""
    on_alert: tuple[str, ...] = ()
    """The words of a program that is told of each alert."""
    log_file: Path | None = None
    log_level: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Ours when we began."""

    @property
    def etcdctl(self) -> Etcdctl:
        """How etcdctl gets at the same cluster; never with the password."""
        flags = access(
            user=self.username, ca=self.ca, cert=self.cert, key=self.key, encrypted=not self.insecure_transport
        )
        return Etcdctl(self.endpoints, flags)

    @property
    def alarm(self) -> AlarmPlan:
        """What is to be told of, and to which programs."""
        from ..alerts import AlarmPlan, inherited

        rules = () if self.profile is None else self.profile.rules
        return AlarmPlan(rules, self.on_change, self.on_alert, inherited(self.environment))

    @property
    def wishes(self) -> Wishes:
        """What the dashboard is to look like and to watch for."""
        from ..findings import Limits
        from ..opening import Wishes

        profile = self.profile
        if profile is None:
            return Wishes(alarm=self.alarm)
        limits = {name: value for name, value in profile.thresholds.items() if name != "ignore"}
        ignored = frozenset(profile.thresholds.get("ignore", ()))
        return Wishes(profile.keys, profile.theme, Limits(**limits), ignored, self.alarm)

    def client(self) -> Client:
        """A new client, which has no way to write where nothing may be written; it connects when it is used.

        Raises:
            InvalidConfig: an endpoint is malformed, or a certificate lacks its key.
        """
        from election_core import TLS, Client

        tls = TLS(self.ca, self.cert, self.key) if self.ca or self.cert or not self.insecure_transport else None
        return Client(
            self.endpoints,
            username=self.username,
            password=self.password,
            tls=tls,
            timeout=self.timeout,
            read_only=self.read_only,
        )

    def access(self) -> Access:
        """What a drill's candidates need to get at the cluster, each with a client of its own."""
        from ..drill import Access

        ca, cert, key = (None if path is None else str(path) for path in (self.ca, self.cert, self.key))
        encrypted = not self.insecure_transport
        return Access(self.endpoints, self.username, self.password, ca, cert, key, encrypted, self.timeout)


def split_endpoints(given: Iterable[str]) -> tuple[str, ...]:
    """Endpoints from any number of comma lists; the default where there is none."""
    parts = [part.strip() for text in given for part in text.split(",")]
    return tuple(part for part in parts if part) or (DEFAULT_ENDPOINT,)


def credentials(user: str | None, password: str | None) -> tuple[str | None, str | None]:
    """Name and password from ``--user name[:password]`` and ``--password``; a password of ``None`` is to be asked for.

    Raises:
        ValueError: there are two passwords, or one without a name.
    """
    if not user:
        if password:
            raise ValueError("--password needs --user.")
        return None, None
    name, colon, inline = user.partition(":")
    if not name:
        raise ValueError(f"--user {user!r} has no name before its colon.")
    if colon and password:
        raise ValueError("The password is given twice: with --password, --user is the name alone.")
    return name, (inline if colon else password or None)
