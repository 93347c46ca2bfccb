"""Names, prefixes and keys: how an election is laid out in etcd's flat key space.

``<prefix>/<name>/<suffix>`` is one candidate of the election ``name``. Go's client and ``etcdctl elect`` write the
lease id in lowercase hex as the suffix, Node's client in decimal; both are one election, because order is the
create revision and the suffix is never parsed to learn anything but "this looks like a candidate".
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import InvalidConfig
from .model import Candidate

__all__ = [
    "candidate_key",
    "check_lease_id",
    "check_ttl",
    "check_value",
    "common_base",
    "election_name",
    "election_root",
    "is_candidate",
    "monitor_base",
    "name_to_text",
    "parent_of",
    "range_end_of",
    "text_to_name",
    "value_as",
    "widest",
]

MAX_TTL = 9_000_000_000
"""Longest time to live in seconds that etcd grants (``lease.maxLeaseTTL``)."""

MAX_VALUE = 1_572_864 - 4_096
"""Longest value in bytes: etcd's default request limit of 1.5 MiB, less the transaction around the value."""


def name_to_text(raw: bytes) -> str:
    """Bytes of a key as text. Bytes that are not UTF-8 survive as lone surrogates, see `text_to_name`."""
    return raw.decode("utf-8", "surrogateescape")


def text_to_name(text: str) -> bytes:
    """The inverse of `name_to_text`, for every key that etcd can hold."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as exc:
        raise InvalidConfig(f"The name {text!r} cannot be written as UTF-8; use valid text.") from exc


def election_root(prefix: str, name: str) -> bytes:
    """The bytes that all candidates' keys of an election begin with, including the final slash.

    ``prefix`` may end with a slash or not, and may be empty: then the election's keys begin with its name,
    as those of ``etcdctl elect NAME`` do.

    Raises:
        InvalidConfig: the name is empty, begins or ends with a slash, or has an empty segment.
    """
    if not isinstance(name, str) or not name:
        raise InvalidConfig(f"An election needs a name, a text that is not empty; got {name!r}.")
    if not isinstance(prefix, str):
        raise InvalidConfig(f"The prefix must be text, such as 'election'; got {prefix!r}.")
    if name.startswith("/"):
        head, _, tail = name.rpartition("/")
        cure = f"for keys under {name + '/'!r} give prefix={head or '/'!r} and name={tail!r}." if tail else "remove it."
        raise InvalidConfig(
            f"The election name {name!r} begins with a slash. Names are relative to the prefix: {cure}", election=name
        )
    if name.endswith("/") or "//" in name:
        raise InvalidConfig(
            f"The election name {name!r} has an empty segment; other clients would not find it. Remove the slash.",
            election=name,
        )
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    return text_to_name(f"{prefix}{name}/")


def candidate_key(root: bytes, lease_id: int) -> bytes:
    """The key of the candidate that holds ``lease_id``: lowercase hex without padding, exactly as Go writes it."""
    return root + format(lease_id, "x").encode("ascii")


def is_candidate(candidate: Candidate) -> bool:
    """Whether a key carries a candidate's mark: its last segment is its own lease, in hex (Go, etcdctl,
    election_core) or in decimal (Node)."""
    lease_id = candidate.lease_id
    if lease_id == 0:
        return False
    suffix = candidate.key.rpartition(b"/")[2]
    return suffix in (b"%x" % lease_id, b"%d" % lease_id)


def parent_of(key: bytes) -> bytes:
    """The key's path without its last segment and slash: the root of its election, if it is a candidate."""
    return key.rpartition(b"/")[0]


def monitor_base(prefix: str) -> bytes:
    """What a monitor strips from the paths it shows: its prefix up to the last slash."""
    head, slash, _ = text_to_name(prefix).rpartition(b"/")
    return head + slash


def widest(prefix: str | Iterable[str]) -> tuple[str, ...]:
    """The prefixes of which none is below another, sorted.

    Raises:
        InvalidConfig: there is none, or one is no text.
    """
    prefixes = [prefix] if isinstance(prefix, str | bytes) else list(prefix)
    if not prefixes or not all(isinstance(each, str) for each in prefixes):
        raise InvalidConfig(f"A prefix must be text, such as 'election/', or several of them; got {prefix!r}.")
    found: list[str] = []
    for each in sorted(prefixes):
        if not (found and each.startswith(found[-1])):
            found.append(each)
    return tuple(found)


def common_base(prefixes: tuple[str, ...]) -> tuple[str, bytes]:
    """Of sorted prefixes the one to show, and what names are relative to."""
    if len(prefixes) == 1:
        return prefixes[0], monitor_base(prefixes[0])
    first, last = text_to_name(prefixes[0]), text_to_name(prefixes[-1])
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    base = first[:same].rpartition(b"/")
    return name_to_text(base[0] + base[1]), base[0] + base[1]


def election_name(path: bytes, base: bytes) -> str:
    """What an election at ``path`` is called below ``base``."""
    if path == base:
        # Go's client puts candidates there for a name that is a slash too long.
        return "/"
    return name_to_text((path + b"/").removeprefix(base)[:-1])


def range_end_of(prefix: bytes) -> bytes:
    """The end of the half-open key range ``[prefix, end)`` that holds every key with that prefix.

    ``b"\\0"`` means "to the end of the key space": for an empty prefix and for one of ``0xff`` bytes only.
    """
    head = prefix.rstrip(b"\xff")
    if not head:
        return b"\0"
    return head[:-1] + bytes([head[-1] + 1])


def check_ttl(ttl: int) -> int:
    """A time to live in whole seconds that etcd can grant.

    Raises:
        InvalidConfig: it is no integer, below 1 or above `MAX_TTL`.
    """
    if isinstance(ttl, bool) or not isinstance(ttl, int) or not 1 <= ttl <= MAX_TTL:
        raise InvalidConfig(f"A ttl is a whole number of seconds from 1 to {MAX_TTL:,}; got {ttl!r}.")
    return ttl


def check_lease_id(lease_id: int) -> int:
    """A lease id that etcd can have granted.

    Raises:
        InvalidConfig: it is no integer from 1 to 2**63 - 1.
    """
    if isinstance(lease_id, bool) or not isinstance(lease_id, int) or not 0 < lease_id < 2**63:
        raise InvalidConfig(f"A lease id is a whole number from 1 to 2**63 - 1; got {lease_id!r}.")
    return lease_id


def check_value(value: str | bytes, *, election: str | None = None) -> bytes:
    """The bytes of a value to proclaim; text is written as UTF-8.

    Raises:
        InvalidConfig: it is neither text nor bytes, cannot be encoded, or is longer than `MAX_VALUE`.
    """
    if isinstance(value, str):
        try:
            value = value.encode("utf-8")
        except UnicodeEncodeError as exc:
            raise InvalidConfig(
                f"The value {value[:40]!r} cannot be written as UTF-8; give bytes instead.", election=election
            ) from exc
    if not isinstance(value, bytes):
        raise InvalidConfig(f"A value is str or bytes; got {type(value).__name__}.", election=election)
    if len(value) > MAX_VALUE:
        raise InvalidConfig(
            f"The value has {len(value):,} bytes, etcd takes at most {MAX_VALUE:,}; store it elsewhere and"
            " proclaim where it is.",
            election=election,
        )
    return value


def value_as(value: bytes, encoding: str | None) -> str | bytes:
    """A value as text in this encoding, with ``\\xff`` for bytes that do not fit it; ``None`` gives the bytes."""
    return value if encoding is None else value.decode(encoding, "backslashreplace")
