"""Names and keys, byte for byte as other clients write them, and the refusals of those that would not work."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from election_core.core.model import Candidate
from election_core.core.names import (
    MAX_TTL,
    MAX_VALUE,
    candidate_key,
    check_ttl,
    check_value,
    election_root,
    is_candidate,
    monitor_base,
    name_to_text,
    parent_of,
    range_end_of,
    text_to_name,
)
from election_core.errors import InvalidConfig

int64s = st.integers(-(2**63), 2**63 - 1)
edgy = st.lists(st.sampled_from([b"\xff", b"\xfe", b"\0", b"a", b"/"]), max_size=5).map(b"".join)
keys = edgy | st.binary(max_size=5)
segments = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=5)
names = st.lists(segments, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("lease_id", "suffix"),
    [
        (1879586589450763092, b"1a15a20b6cccfb54"),
        (0x10, b"10"),
        (0x00AB, b"ab"),
        (2**63 - 1, b"7fffffffffffffff"),
        (-123, b"-7b"),
        (-(2**63), b"-8000000000000000"),
    ],
)
def test_a_candidates_key_is_written_as_go_writes_it(lease_id: int, suffix: bytes) -> None:
    """Go prints the signed lease id with ``%x``: lowercase, no padding, a minus sign where it is negative."""
    assert candidate_key(b"election/job/", lease_id) == b"election/job/" + suffix


@given(names, int64s.filter(bool))
def test_our_own_candidates_are_recognised_and_lie_directly_below_their_election(name: str, lease_id: int) -> None:
    root = election_root("election", name)
    key = candidate_key(root, lease_id)
    assert is_candidate(Candidate(key, b"", lease_id, 1, 1))
    assert is_candidate(Candidate(root + str(lease_id).encode(), b"", lease_id, 1, 1))
    assert not is_candidate(Candidate(key, b"", 0, 1, 1))
    assert parent_of(key) + b"/" == root
    assert root.removeprefix(monitor_base("election/")) == name.encode() + b"/"


@pytest.mark.parametrize(
    ("prefix", "name", "root"),
    [
        ("election", "job", b"election/job/"),
        ("election/", "job", b"election/job/"),
        ("", "job", b"job/"),
        ("/", "job", b"/job/"),
        ("/svc", "job", b"/svc/job/"),
        ("a/b", "c/d", b"a/b/c/d/"),
        ("election", "größe", b"election/gr\xc3\xb6\xc3\x9fe/"),
        ("election", "\udcff", b"election/\xff/"),
        ("election", "two words", b"election/two words/"),
    ],
)
def test_the_root_of_an_election(prefix: str, name: str, root: bytes) -> None:
    assert election_root(prefix, name) == root


@pytest.mark.parametrize(
    ("prefix", "name", "says"),
    [
        ("election", "", "needs a name, a text that is not empty; got ''"),
        ("election", None, "needs a name, a text that is not empty; got None"),
        ("election", b"job", "needs a name, a text that is not empty; got b'job'"),
        ("election", 7, "got 7"),
        (None, "job", "The prefix must be text, such as 'election'; got None"),
        (b"election", "job", "The prefix must be text, such as 'election'; got b'election'"),
        ("election", "/job", "'/job' begins with a slash"),
        ("election", "job/", "'job/' has an empty segment"),
        ("election", "a//b", "'a//b' has an empty segment"),
        ("election", "\ud800", "cannot be written as UTF-8; use valid text"),
        ("\ud800", "job", "cannot be written as UTF-8"),
    ],
)
def test_names_that_would_not_work_are_refused(prefix: str, name: str, says: str) -> None:
    with pytest.raises(InvalidConfig, match=re.escape(says)):
        election_root(prefix, name)


@pytest.mark.parametrize("name", ["/job", "job/", "a//b"])
def test_a_refusal_says_which_election(name: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        election_root("election", name)
    assert refused.value.election == name


@pytest.mark.parametrize("name", ["/job", "/a/b", "/a/b/c"])
def test_the_advice_about_a_leading_slash_leads_to_the_keys_it_names(name: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        election_root("election", name)
    advice = re.search(r"for keys under '(.*)' give prefix='(.*)' and name='(.*)'\.", str(refused.value))
    assert advice is not None
    assert election_root(advice[2], advice[3]) == advice[1].encode() == f"{name}/".encode()


@pytest.mark.parametrize(
    ("prefix", "base"),
    [("election/", b"election/"), ("", b""), ("elec", b""), ("a/b/", b"a/b/"), ("a/b", b"a/"), ("/", b"/")],
)
def test_a_monitor_strips_its_prefix_up_to_the_last_slash(prefix: str, base: bytes) -> None:
    assert monitor_base(prefix) == base


@given(st.binary(max_size=12))
def test_every_key_can_be_shown_as_text_and_turned_back(raw: bytes) -> None:
    assert text_to_name(name_to_text(raw)) == raw


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        (b"a", b"b"),
        (b"election/job/", b"election/job0"),
        (b"a\xff", b"b"),
        (b"a\xff\xff", b"b"),
        (b"\xfe\xff", b"\xff"),
        (b"a\0", b"a\x01"),
        (b"\0", b"\x01"),
        (b"\xff", b"\0"),
        (b"\xff\xff", b"\0"),
        (b"", b"\0"),
    ],
)
def test_the_end_of_a_prefixs_range(prefix: bytes, end: bytes) -> None:
    assert range_end_of(prefix) == end


def in_range(key: bytes, start: bytes, end: bytes) -> bool:
    """As etcd reads a range: an end of one zero byte is no end."""
    return key >= start and (end == b"\0" or key < end)


@given(keys, keys, st.booleans())
@example(b"a\xff", b"b", False)
@example(b"a\xff", b"a\xff\xff\xff", False)
@example(b"\xff", b"\xff\xff", False)
def test_the_range_of_a_prefix_holds_exactly_the_keys_with_that_prefix(
    prefix: bytes, other: bytes, below: bool
) -> None:
    key = prefix + other if below else other
    assert in_range(key, prefix, range_end_of(prefix)) == key.startswith(prefix)


@pytest.mark.parametrize("ttl", [1, 60, MAX_TTL])
def test_ttls_that_etcd_grants(ttl: int) -> None:
    assert check_ttl(ttl) == ttl


@pytest.mark.parametrize("ttl", [0, -1, MAX_TTL + 1, 1.5, 60.0, True, "60", None, float("nan")])
def test_ttls_that_are_refused(ttl: int) -> None:
    says = f"A ttl is a whole number of seconds from 1 to 9,000,000,000; got {ttl!r}."
    with pytest.raises(InvalidConfig, match=re.escape(says)):
        check_ttl(ttl)


@pytest.mark.parametrize(
    ("value", "raw"), [("host-a", b"host-a"), ("größe", b"gr\xc3\xb6\xc3\x9fe"), (b"\xff\0", b"\xff\0"), ("", b"")]
)
def test_values_are_written_as_they_are(value: str | bytes, raw: bytes) -> None:
    assert check_value(value) == raw


def test_the_longest_value_is_taken_and_a_longer_one_is_not() -> None:
    assert len(check_value(b"x" * MAX_VALUE)) == MAX_VALUE
    with pytest.raises(InvalidConfig, match=r"The value has 1,568,769 bytes, etcd takes at most 1,568,768; store it"):
        check_value(b"x" * (MAX_VALUE + 1))


def test_the_length_of_a_value_is_that_of_its_bytes() -> None:
    with pytest.raises(InvalidConfig, match="bytes, etcd takes at most"):
        check_value("ß" * (MAX_VALUE // 2 + 1))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "A value is str or bytes; got NoneType."),
        (7, "A value is str or bytes; got int."),
        (bytearray(b"x"), "A value is str or bytes; got bytearray."),
        ("x\ud800", r"The value 'x\ud800' cannot be written as UTF-8; give bytes instead."),
    ],
)
def test_values_that_are_refused(value: str, says: str) -> None:
    with pytest.raises(InvalidConfig, match=re.escape(says)) as refused:
        check_value(value, election="job")
    assert refused.value.election == "job"
