"""Endpoints, credentials and timeouts are checked before anything is connected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core.config import TLS, Endpoint, check_timeout, check_tls, parse_endpoints
from election_core.errors import InvalidConfig


@pytest.mark.parametrize(
    ("given", "parsed"),
    [
        ("127.0.0.1:2379", [Endpoint("127.0.0.1", 2379)]),
        ("a:1,b:2", [Endpoint("a", 1), Endpoint("b", 2)]),
        (["a:1", "b:2"], [Endpoint("a", 1), Endpoint("b", 2)]),
        (("a:1,b:2", "c:3"), [Endpoint("a", 1), Endpoint("b", 2), Endpoint("c", 3)]),
        (" a:1 ,\tb:2\n", [Endpoint("a", 1), Endpoint("b", 2)]),
        ("a:1,,b:2,", [Endpoint("a", 1), Endpoint("b", 2)]),
        ("a:1,b:2,a:1", [Endpoint("a", 1), Endpoint("b", 2)]),
        ("http://a:1", [Endpoint("a", 1, encrypted=False)]),
        ("https://a:1/", [Endpoint("a", 1, encrypted=True)]),
        ("[::1]:2379", [Endpoint("::1", 2379)]),
        ("https://[2001:db8::7]:1", [Endpoint("2001:db8::7", 1, encrypted=True)]),
        ("[fe80::1%eth0]:1", [Endpoint("fe80::1%eth0", 1)]),
        ("etcd-0.etcd.svc.cluster.local:65535", [Endpoint("etcd-0.etcd.svc.cluster.local", 65535)]),
    ],
)
def test_endpoints(given: str | list[str], parsed: list[Endpoint]) -> None:
    assert parse_endpoints(given) == tuple(parsed)


@pytest.mark.parametrize(
    "endpoint",
    [
        "a",
        "a:",
        ":1",
        "a:b",
        "a:0",
        "a:65536",
        "a:123456",
        "a:-1",
        "a:1.0",
        "a:1:2",
        "a b:1",
        "http://",
        "http://a",
        "ftp://a:1",
        "https//a:1",
        "http://a:1/path",
        "http://user@a:1",
        "user:word@a:1",
        "::1:2379",
        "::1",
        "[::1]",
        "[::1:2379",
        "::1]:2379",
        "[]:1",
        "[::1]x:1",
        "[::12345]:1",
        "[1.2.3.4]:1",
        "[host]:1",
    ],
)
@pytest.mark.parametrize("others", ["{}", "good:1,{}", "{},good:1"])
def test_a_malformed_endpoint_is_refused_and_named(endpoint: str, others: str) -> None:
    with pytest.raises(InvalidConfig, match=re.escape(f"The endpoint {endpoint!r} ")):
        parse_endpoints(others.format(endpoint))
    with pytest.raises(ValueError, match=re.escape(f"The endpoint {endpoint!r} ")):
        parse_endpoints(["good:1", endpoint])


@pytest.mark.parametrize("nothing", ["", " ", ",", [], [""], [" , "]])
def test_no_endpoint_at_all_is_refused(nothing: str | list[str]) -> None:
    says = f"No endpoint in {nothing!r}; give host:port, such as 127.0.0.1:2379."
    with pytest.raises(InvalidConfig, match=re.escape(says)):
        parse_endpoints(nothing)


@pytest.mark.parametrize(("given", "shown"), [([7], "7"), ([b"a:1"], "b'a:1'"), (["a:1", None], "None")])
def test_an_endpoint_that_is_no_text_is_refused(given: list[str], shown: str) -> None:
    with pytest.raises(InvalidConfig, match=re.escape(f"An endpoint is text, such as '127.0.0.1:2379'; got {shown}.")):
        parse_endpoints(given)


def test_an_endpoint_is_shown_as_it_is_written() -> None:
    assert [str(each) for each in parse_endpoints("a:1,https://b:2,[::1]:3")] == ["a:1", "b:2", "[::1]:3"]


hosts = st.text("ab0.-_", min_size=1, max_size=8) | st.ip_addresses(v=4).map(str)
bracketed = st.ip_addresses(v=6).map(lambda address: f"[{address}]")
endpoints = st.lists(st.tuples(hosts | bracketed, st.integers(1, 65535)), min_size=1, max_size=5)


@given(endpoints, st.sampled_from(["", "http://", "https://"]))
def test_what_is_parsed_is_what_was_written_in_order_and_once(pairs: list[tuple[str, int]], scheme: str) -> None:
    texts = [f"{host}:{port}" for host, port in pairs]
    parsed = parse_endpoints(",".join(scheme + text for text in texts))
    assert [str(each) for each in parsed] == list(dict.fromkeys(texts))
    assert {each.encrypted for each in parsed} == {{"": None, "http://": False, "https://": True}[scheme]}
    assert parse_endpoints([scheme + text for text in texts]) == parsed


@given(st.text(st.sampled_from("ah1:[]/@.%, p"), max_size=12) | st.text(max_size=12))
def test_any_text_gives_endpoints_or_a_refusal(text: str) -> None:
    try:
        parsed = parse_endpoints(text)
    except InvalidConfig:
        return
    for endpoint in parsed:
        assert endpoint.host
        assert 0 < endpoint.port < 65536
        assert parse_endpoints(str(endpoint)) == (Endpoint(endpoint.host, endpoint.port),)


@pytest.mark.parametrize("half", [{"cert": "client.pem"}, {"key": Path("client.key")}, {"ca": "ca.pem", "key": "k"}])
def test_a_certificate_without_its_key_is_refused_and_a_key_without_its_certificate(half: dict[str, str]) -> None:
    with pytest.raises(InvalidConfig, match="needs its key and a key its certificate"):
        check_tls(TLS(**half))


@pytest.mark.parametrize("whole", [{}, {"ca": "ca.pem"}, {"cert": "c.pem", "key": Path("c.key")}])
def test_tls_with_all_or_nothing_of_our_own(whole: dict[str, str]) -> None:
    tls = check_tls(TLS(**whole))
    assert tls is not None
    assert {name for name in ("ca", "cert", "key") if getattr(tls, name) is not None} == set(whole)


@pytest.mark.parametrize("timeout", [5, 0.001, 3600.0])
def test_timeouts_are_seconds(timeout: float) -> None:
    assert check_timeout(timeout) == timeout
    assert isinstance(check_timeout(timeout), float)


@pytest.mark.parametrize("timeout", [0, -1, -0.5, float("inf"), float("nan"), True, "5", None])
def test_timeouts_that_are_refused(timeout: float) -> None:
    with pytest.raises(InvalidConfig, match=re.escape(f"A timeout is a positive number of seconds; got {timeout!r}.")):
        check_timeout(timeout)
