"""Which HTTP proxy the environment puts in between, as gRPC reads it."""

from __future__ import annotations

import pytest

from election_core.etcd.proxies import proxy_for

URL = "http://proxy:3128"
REMOTE = ("etcd.example.org", "10.1.2.3")


@pytest.mark.parametrize("hosts", [("127.0.0.1",), ("127.8.8.8",), ("::1",), ("localhost",), ("LOCALHOST", "::1")])
def test_what_stays_on_this_machine_needs_no_proxy(hosts: tuple[str, ...]) -> None:
    assert proxy_for(hosts, {"grpc_proxy": URL, "https_proxy": URL, "http_proxy": URL}) is None


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({}, None),
        ({"http_proxy": URL}, "http_proxy"),
        ({"http_proxy": URL, "https_proxy": URL}, "https_proxy"),
        ({"http_proxy": URL, "https_proxy": URL, "grpc_proxy": URL}, "grpc_proxy"),
        ({"http_proxy": URL, "grpc_proxy": ""}, None),
        ({"HTTP_PROXY": URL, "HTTPS_PROXY": URL, "all_proxy": URL}, None),
        ({"https_proxy": "socks5://proxy:1080", "http_proxy": URL}, None),
        ({"https_proxy": "proxy:3128"}, None),
    ],
)
def test_the_first_variable_that_is_set_decides(environment: dict[str, str], variable: str | None) -> None:
    proxy = proxy_for(REMOTE, environment)
    assert (proxy and proxy.variable) == variable
    assert proxy is None or proxy.url == URL


@pytest.mark.parametrize(
    ("exceptions", "is_excepted"),
    [
        ("etcd.example.org", True),
        ("example.org", True),
        (".example.org", True),
        ("EXAMPLE.org", True),
        ("other, .org", True),
        ("10.1.2.3", True),
        ("10.0.0.0/8", True),
        ("*", True),
        ("", False),
        ("xample.org", False),
        ("etcd.example.org.nowhere", False),
        ("10.1.2.4", False),
        ("11.0.0.0/8,,", False),
    ],
)
def test_exceptions_name_names_domains_addresses_and_networks(exceptions: str, is_excepted: bool) -> None:
    """A member is excepted by its name as well as by the address that was found for it."""
    assert (proxy_for(REMOTE, {"http_proxy": URL, "no_proxy": exceptions}) is None) is is_excepted


def test_exceptions_for_grpc_take_the_place_of_the_others() -> None:
    assert proxy_for(REMOTE, {"http_proxy": URL, "no_proxy": "*", "no_grpc_proxy": "elsewhere"}) is not None
    assert proxy_for(REMOTE, {"http_proxy": URL, "no_proxy": "elsewhere", "no_grpc_proxy": "*"}) is None


def test_neither_user_nor_password_is_shown() -> None:
    proxy = proxy_for(REMOTE, {"https_proxy": "http://user:se@cret@proxy:3128/path"})
    assert str(proxy) == "the HTTP proxy http://proxy:3128 (from https_proxy; no_proxy makes exceptions)"
