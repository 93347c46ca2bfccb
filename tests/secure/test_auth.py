"""Authentication: users limited to the prefix, tokens that expire, refused users, certificates as users."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from election_core import (
    AuthenticationFailed,
    CampaignState,
    Client,
    ElectionObserver,
    InvalidConfig,
    PermissionDenied,
    Transition,
)
from electiontui.embedded import EmbeddedEtcd

from ..faults.clients import Moments
from ..servers import ROOT, Etcdctl, binary_for, clean_environment, distro_binary, python
from .certificates import Certificates
from .tls_servers import SecureEtcd, secure_etcd

TOKEN_TTL = 3
"""Seconds; shorter than every test that waits for tokens to expire."""
TTL = 4
"""Of leases whose places are looked at again while a test waits for it, which is once per TTL."""


class Users:
    """Root and three users of an etcd: one may do everything below ``election/``, one may read it, one nothing yet."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._tool = Etcdctl(endpoint)
        for user in ("root", "writer", "reader", "narrow"):
            self._tool.run("user", "add", f"{user}:secret-{user}")
        self._tool.run("user", "grant-role", "root", "root")
        for role, permission in (("writer", "readwrite"), ("reader", "read")):
            self._tool.run("role", "add", role)
            self._tool.run("role", "grant-permission", "--prefix", role, permission, "election/")
            self._tool.run("user", "grant-role", role, role)
        self._tool.run("auth", "enable")

    def admin(self, *args: str) -> None:
        self._tool.run("--user", "root:secret-root", *args)

    def client(self, user: str) -> Client:
        return Client(self.endpoint, username=user, password=f"secret-{user}")


@contextmanager
def guarded_etcd(*flags: str, binary: Path | None = None) -> Iterator[Users]:
    with EmbeddedEtcd(binary=binary or distro_binary("etcd"), flags=flags) as etcd:
        yield Users(etcd.endpoint)


def _jwt_flags(folder: Path, ttl: int = TOKEN_TTL) -> tuple[str, ...]:
    key = rsa.generate_private_key(65537, 2048)
    private, public = folder / "jwt.key", folder / "jwt.pub"
    pem = serialization.Encoding.PEM
    private.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    )
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return ("--auth-token", f"jwt,pub-key={public},priv-key={private},sign-method=RS256,ttl={ttl}s")


@pytest.fixture(params=["simple", "jwt"], scope="module")
def users(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Users]:
    """An etcd whose tokens live for three seconds, of each kind of token."""
    simple = ("--auth-token-ttl", str(TOKEN_TTL))
    flags = simple if request.param == "simple" else _jwt_flags(tmp_path_factory.mktemp("jwt"))
    with guarded_etcd(*flags) as guarded:
        yield guarded


async def test_leading_and_waiting_outlast_many_tokens(users: Users, name: str) -> None:
    async with users.client("writer") as one, users.client("writer") as other, users.client("reader") as third:
        leader = await one.election(name, ttl=5).campaign("node-a").wait()
        waiter = other.election(name, ttl=5).campaign("node-b")
        observer = await third.election(name).observe()
        async with third.monitor() as monitor:
            await asyncio.sleep(3 * TOKEN_TTL)
            assert leader.is_leader
            assert waiter.state is CampaignState.WAITING
            await leader.proclaim("node-a:2")
            await leader.resign()
            async with asyncio.timeout(5):
                await waiter.wait()
            assert await waiter.wait() is waiter
            seen = [each.after and each.after.value async for each in until_led_by(observer, b"node-b")]
            assert seen == [b"node-a:2", b"node-b"]
            assert monitor.connected
        await waiter.resign()
        assert await third.election(name).candidates() == []


async def until_led_by(observer: ElectionObserver, value: bytes) -> AsyncIterator[Transition]:
    async for transition in observer:
        yield transition
        if transition.after is not None and transition.after.value == value:
            return


@pytest.mark.parametrize("series", ["3.4", "3.5"])
async def test_users_and_roles_may_change_meanwhile(series: str, tmp_path: Path, name: str) -> None:
    """H39: that makes signed tokens outdated at once, which each series says in words of its own."""
    binary = binary_for(series)
    if binary is None:
        pytest.skip(f"there is no etcd {series}")
    with guarded_etcd(*_jwt_flags(tmp_path, 300), binary=binary) as users:
        async with users.client("writer") as client:
            async with client.election(name, ttl=5).campaign("node-a") as campaign:
                for number in range(3):
                    users.admin("role", "add", f"{name}-{number}")
                    await campaign.proclaim(f"node-a:{number}")
                assert campaign.is_leader
            assert await client.election(name).candidates() == []


async def test_a_user_of_the_prefix_can_do_all_that_an_election_needs(users: Users, name: str) -> None:
    async with users.client("writer") as client, client.session(5) as session, client.monitor() as monitor:
        election = client.election(name, ttl=5)
        campaign = await election.campaign("on a session", session=session).wait()
        own = election.campaign("on its own lease")
        await own.proclaim("waits")
        assert (await own.waiting_on()) is not None
        assert [candidate.value for candidate in await election.candidates()] == [b"on a session", b"waits"]
        await campaign.resign()
        await own.wait()
        await own.resign()
        assert monitor.connected
        assert (await client.status())[0].reachable


async def test_places_of_a_user_of_single_elections_are_looked_at_together(
    users: Users, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Until one of them is denied, which costs the others nothing."""
    names = [f"{name}-{number}" for number in range(3)]
    users.admin("role", "add", name)
    for each in names:
        users.admin("role", "grant-permission", "--prefix", name, "readwrite", f"election/{each}/")
    users.admin("user", "grant-role", "narrow", name)
    with caplog.at_level(logging.INFO, "election_core.campaign"):
        async with users.client("narrow") as client:
            campaigns = [await client.election(each, ttl=TTL).campaign("node-a").wait() for each in names]
            await asyncio.sleep(TTL + 2)
            assert all(campaign.is_leader for campaign in campaigns)
            assert not [record for record in caplog.records if "another look" in record.message]
            # Beside the event loop, which has leases to renew.
            revoke = ("role", "revoke-permission", "--prefix", name, f"election/{names[0]}/")
            await asyncio.to_thread(users.admin, *revoke)
            denied = await Moments(campaigns[0]).failed(3 * TTL)
            assert isinstance(denied.error, PermissionDenied)
            assert [record for record in caplog.records if "now one by one" in record.message]
            await asyncio.sleep(TTL + 1)
            assert all(campaign.is_leader for campaign in campaigns[1:])


async def test_reading_alone_is_not_enough_to_campaign_and_leaves_nothing(users: Users, name: str) -> None:
    async with users.client("reader") as client:
        with pytest.raises(PermissionDenied, match=r"read and write on the prefix") as caught:
            await client.election(name, ttl=5).campaign("node-a").wait()
        assert caught.value.election == name
        assert await client.election(name).candidates() == []


async def test_elsewhere_nothing_may_be_watched(users: Users) -> None:
    async with users.client("writer") as client:
        with pytest.raises(PermissionDenied, match="permission denied"):
            await client.monitor("").__aenter__()


@pytest.mark.parametrize(
    ("username", "password", "cure"),
    [("writer", "wrong", "Wrong user name or password"), ("nobody", "x", "Wrong user name"), (None, None, "username")],
)
async def test_refused_users_hear_why_and_no_password(
    users: Users, username: str | None, password: str | None, cure: str
) -> None:
    async with Client(users.endpoint, username=username, password=password) as client:
        with pytest.raises(AuthenticationFailed, match=cure) as caught:
            await client.election("x").campaign("v").wait()
        assert users.endpoint in str(caught.value)
        assert not isinstance(caught.value, PermissionDenied)
        with pytest.raises(AuthenticationFailed, match=cure):
            await client.monitor().__aenter__()
    if password is not None and len(password) > 1:
        assert password not in str(caught.value).replace("Wrong", "")


@pytest.mark.parametrize(("username", "password"), [("writer", None), (None, "secret-writer")])
def test_a_user_and_a_password_come_together(username: str | None, password: str | None) -> None:
    with pytest.raises(InvalidConfig, match="give both") as caught:
        Client("127.0.0.1:2379", username=username, password=password)
    assert "secret" not in str(caught.value)


@pytest.fixture
def certified(certificates: Certificates) -> Iterator[SecureEtcd]:
    yield from secure_etcd(certificates, "--client-cert-auth", "--trusted-ca-file", str(certificates.ca))


async def test_a_certificates_common_name_is_a_user(
    certified: SecureEtcd, certificates: Certificates, name: str
) -> None:
    Users(certified.plain)
    async with (
        Client(certified.secure, tls=certificates.client("writer")) as client,
        client.election(name, ttl=5).campaign("node-a") as campaign,
    ):
        assert campaign.is_leader
    async with Client(certified.secure, tls=certificates.client("reader")) as client:
        with pytest.raises(PermissionDenied):
            await client.election(name, ttl=5).campaign("node-a").wait()


async def test_no_secret_is_logged_or_shown(users: Users, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="election_core")
    shown = []
    for password in ("secret-writer", "secret-but-wrong"):
        client = Client(users.endpoint, username="writer", password=password)
        async with client, client.monitor("election/") if password == "secret-writer" else client:
            campaign = client.election(name, ttl=5).campaign("node-a")
            try:
                await campaign.wait()
                users.admin("role", "add", f"{name}-again")
                await campaign.proclaim("node-a:2")
            except AuthenticationFailed as exc:
                shown.append(str(exc))
            shown += [repr(client), repr(campaign), repr(client._runtime)]
    assert caplog.records
    assert len(shown) == 7
    assert "secret-" not in caplog.text + "".join(shown)


def test_a_user_without_a_password_is_asked_for_it_and_it_is_not_shown(users: Users) -> None:
    arguments = ["-m", "electiontui", "--endpoints", users.endpoint, "--user", "reader", "list"]
    terminal = pexpect.spawn(
        sys.executable, arguments, cwd=str(ROOT), env=clean_environment(), timeout=30, encoding="utf-8"
    )
    terminal.expect("Password: ")
    terminal.sendline("secret-reader")
    terminal.expect("ELECTION +LEADER")
    assert "secret" not in str(terminal.before)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_the_environment_may_name_all_of_it_and_a_flag_wins(users: Users) -> None:
    env = {"ETCDCTL_ENDPOINTS": users.endpoint, "ETCDCTL_USER": "reader:secret-reader"}
    for flags, status in (((), 0), (("--user", "reader:wrong"), 1), (("--user", "writer:secret-writer"), 0)):
        process = python("-m", "electiontui", *flags, "list", env=env)
        _, err = process.communicate(timeout=30)
        assert process.returncode == status, err
