"""Findings in words: what is the case, what it means, how to make sure, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..etcdctl import Etcdctl
from ..prefixes import base_of
from ..rows import duration
from ..text import safe, shell_word
from .finding import Finding

__all__ = ["TEXTS", "Text", "does", "means", "says", "verifies"]

_WORDS = 100
"""Cells that a value or key takes in a sentence."""
_SENTENCE = 400


class Text(NamedTuple):
    """The words for one kind."""

    says: str
    """A template, as the two others are: facts, then figures by number, and ``{age}``; ``{KEY}`` as a shell's word."""
    means: str
    does: str
    verifies: tuple[str, ...]
    """Words of an etcdctl command, with ``PATH`` for the election's, with its slash, ``KEY`` for the key that the
    finding names and ``PREFIX`` for what is watched."""


_LOOK = ("get", "--prefix", "PATH", "--sort-by=CREATE", "-w", "fields")
_STATUS = ("endpoint", "status", "-w", "table")
_KEY = ("get", "KEY", "-w", "fields")

TEXTS: dict[str, Text] = {
    "unreachable": Text(
        "none of {0} members answers for {age}: {1}",
        "From here there is no etcd. Leaders that are cut off as well lose their leases, and nobody is elected.",
        "See whether etcd runs there, and whether the network and --endpoints are right.",
        ("endpoint", "health"),
    ),
    "no-quorum": Text(
        "no quorum: {0} of {1} answers, and no raft leader is known; down: {2}",
        "Without a majority etcd writes nothing: no lease is renewed, every leader steps down when its TTL is over, and"
        " nobody is elected until members come back.",
        "Bring members back until more than half of them run; that alone mends it. Restore a backup only if they"
        " are lost for good.",
        _STATUS,
    ),
    "member-down": Text(
        "does not answer: {0}",
        "The others have a quorum, so elections go on. One failure more may take the quorum.",
        "See whether etcd runs there, and restart or replace the member.",
        ("endpoint", "health", "--cluster"),
    ),
    "member-apart": Text(
        "knows no raft leader, while {0} others do",
        "The member is cut off from its peers. Clients that talk to it move on to others after some seconds.",
        "Look at the network between the members, port 2380, and at that member's log.",
        _STATUS,
    ),
    "alarm": Text(
        "alarm {0}",
        "With NOSPACE or CORRUPT the cluster takes no writes: nobody can join a line, and leaders keep their place only"
        " as long as their leases are renewed.",
        "NOSPACE: compact, defragment each member, then `etcdctl alarm disarm`. CORRUPT: replace the member.",
        ("alarm", "list"),
    ),
    "known-bugs": Text(
        "etcd {0} has {1} known bugs that concern elections",
        "They are: {2}. Later releases of the series have mended them; electiontui works around them where it can,"
        " other programs may not.",
        "Upgrade etcd to the newest release of its series, one member after the other.",
        _STATUS,
    ),
    "relay": Text(
        "etcd's grpc-proxy answers there",
        "It may answer for etcd without asking it, so that a leader is told of its loss too late.",
        "Let candidates talk to the members themselves.",
        ("endpoint", "status", "-w", "json"),
    ),
    "one-endpoint": Text(
        "this is the only endpoint",
        "When that member fails nothing can be seen from here, although the others may go on. Candidates that know one"
        " endpoint alone lose their leadership with it.",
        "Name all members in --endpoints, here and for the candidates; run three members or five.",
        ("member", "list", "-w", "table"),
    ),
    "large-prefix": Text(
        "{0} keys are below the prefix, and {1} of them are candidates",
        "Every start and every audit reads all these keys, and each of their changes is sent here with its value.",
        "Watch a narrower prefix: --prefix.",
        ("get", "--prefix", "PREFIX", "--count-only", "-w", "fields"),
    ),
    "vacant": Text(
        "VACANT for {age}, {0}",
        "Nobody leads and nobody waits: what the leader does is not done.",
        "Start a candidate. If the job is over, acknowledge this: electiontui forgets vacant elections after an hour.",
        _LOOK,
    ),
    "blocked": Text(
        "BLOCKED by a key without a lease: {0}; {1} wait behind it",
        "The key never expires and stands first in line, so nobody behind it is ever elected. Clients show it as the"
        " leader, and there is none.",
        "See who wrote it. If nobody leads by it, delete it: etcdctl del {KEY}",
        _KEY,
    ),
    "not-renewed": Text(
        "DYING: {0} not renewed for {age}, {3} of {2} s left, next: {4}",
        "A healthy leader renews three times per TTL. This one has crashed, hangs or is cut off; when its lease is over"
        " the next in line leads.",
        "Look after the leader's host. To hand over at once revoke its lease.",
        _LOOK,
    ),
    "flapping": Text(
        "{0} leaders within {1} minutes",
        "Leaders lose their leases or resign soon after they are elected: they crash, are too slow to renew, or the"
        " TTL is too short.",
        "Read the log of the candidates; see the election's timeline for who leaves and when.",
        ("watch", "--prefix", "PATH"),
    ),
    "no-standby": Text(
        "no standby: {0} leads, and {1} of {2} wait",
        "When the leader goes nobody follows.",
        "Start more candidates, on other hosts.",
        _LOOK,
    ),
    "stray-key": Text(
        "a key without a lease at place {1} in line: {0}; {2} wait behind it",
        "The key never expires. When those before it have gone it blocks all who wait behind it.",
        "See who wrote it. If nobody leads by it, delete it: etcdctl del {KEY}",
        _KEY,
    ),
    "stray-alone": Text(
        "nobody campaigns here, and keys without a lease stand in line: {1}, the first is {0}",
        "Such a key never expires, so whoever campaigns here waits behind it forever. Mostly somebody has written it by"
        " hand: `etcdctl put` without --lease takes a key off its lease.",
        "See who wrote it. If no program reads it, delete it: etcdctl del {KEY}",
        _KEY,
    ),
    "nested-names": Text(
        "names lie below this one: {0}; {2} of their candidates stand in this line",
        "To etcd's clients whatever begins with an election's name and a slash is its candidate, so candidates of the"
        " inner election are waited for in the outer one.",
        "Rename one of the two elections, such as by `-` in place of `/`.",
        ("get", "--prefix", "PATH", "--keys-only"),
    ),
    "unlike-key": Text(
        "a key that is not named after its lease at place {1} in line: {0}",
        "Another program keeps a key below this election's name. It counts as a candidate for as long as its lease"
        " lives.",
        "Find the program that writes it, and give it another name.",
        _KEY,
    ),
    "lock-in-line": Text(
        "a candidate without a value among others that have one: {0}",
        "Locks of etcdctl and of Go's Mutex write such keys: a lock of the same name stands in this line, and whoever"
        " holds it is taken for the leader.",
        "Give the lock or the election another name.",
        _KEY,
    ),
    "value-twice": Text(
        "{1} candidates are called {0}",
        "One program campaigns twice, or two programs have one name: by its value nobody can tell who leads.",
        "Give each candidate a value of its own, such as host:port. After a restart the old one goes with its lease.",
        _LOOK,
    ),
    "ttl-short": Text(
        "the lease of {0} lasts {1} s, less than the {2} s that are safe here (round trip {3} ms)",
        "A raft election or a few slow round trips outlast the lease, and leadership is lost though nothing is broken.",
        "Give the candidate a longer TTL; 10 to 60 s are usual.",
        _LOOK,
    ),
    "ttl-apart": Text(
        "the lease of {0} lasts {1} s, those of the others {2} s",
        "How long the election is vacant after a crash depends on who leads.",
        "Give all candidates of the election the same TTL.",
        _LOOK,
    ),
}


def says(finding: Finding) -> str:
    """What is the case, in one line, harmless."""
    return _filled(TEXTS[finding.kind].says, finding)


def means(finding: Finding) -> str:
    """What follows from it."""
    return _filled(TEXTS[finding.kind].means, finding)


def does(finding: Finding) -> str:
    """What to do about it."""
    return _filled(TEXTS[finding.kind].does, finding)


def verifies(finding: Finding, etcdctl: Etcdctl, prefixes: Sequence[str]) -> str:
    """A command that shows whether it is so, harmless."""
    path = f"{base_of(prefixes)}{finding.election or ''}/"
    there: dict[str, bytes | str] = {"PATH": path, "KEY": _key(finding), "PREFIX": prefixes[0]}
    return etcdctl.asking(*(there.get(word, word) for word in TEXTS[finding.kind].verifies))


def _filled(template: str, finding: Finding) -> str:
    parts = [_word(part) for part in (*finding.facts, *finding.figures)]
    age = "some time" if finding.age is None else duration(finding.age)
    return template.format(*parts, age=age, KEY=shell_word(_key(finding)))


def _key(finding: Finding) -> bytes:
    return next((fact for fact in finding.facts if isinstance(fact, bytes)), b"")


def _word(part: str | bytes | int) -> str:
    if isinstance(part, int):
        return str(part)
    return safe(part, _SENTENCE if isinstance(part, str) else _WORDS) or "(empty)"
