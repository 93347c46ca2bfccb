"""A drill from TOML, or a sentence that says in which line what is wrong and what would be right. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..documents import Lines, Path, Wrong, check_keys, flag, one_of, read_document, seconds, tables, text, whole
from .model import ANYBODY, RAFT_LEADER, BadDrill, Drill, Part, Step

__all__ = ["VERBS", "parse_drill"]

_WHOM = ("candidate", "member")
VERBS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "campaign": (("candidate",), ("value",)),
    "await-leader": ((), ("candidate", "within")),
    "expect": ((), ("leader", "vacant", "queue", "within", "for")),
    "proclaim": (("candidate", "value"), ()),
    "resign": (("candidate",), ()),
    "abandon": (("candidate",), ()),
    "revoke-lease": (("candidate",), ()),
    "delete-key": (("candidate",), ()),
    "cut": (("candidate",), ("mode", "delay")),
    "freeze": ((), _WHOM),
    "kill": ((), _WHOM),
    "thaw": ((), ("candidate",)),
    "heal": ((), ("candidate",)),
    "wait": (("for",), ()),
    "repeat": (("times", "steps"), ()),
}
"""Each verb with the keys that it needs and those that it may have."""

_MODES = ("cut", "black-hole", "slow")
_NAME = re.compile(r"\w[\w.-]*")
_MOST_TIMES = 1000
_MOST_STEPS = 10_000
_TTL = 5
"""Seconds, where a candidate names none."""
_LONGEST_TTL = 3600


def parse_drill(content: str, source: str) -> Drill:
    """The drill that a text describes.

    Args:
        content: TOML.
        source: the file it comes from, for messages; its name is the drill's where the text has none.

    Raises:
        BadDrill: it is not TOML, or no drill; the message begins with ``source:line``.
    """
    return read_document(content, source, lambda document, lines: _Reader(lines, source).drill(document), BadDrill)


class _Reader:
    """One reading; it knows the candidates once it has met them."""

    def __init__(self, lines: Lines, source: str) -> None:
        self._lines, self._source = lines, source
        self._parts: dict[str, Part] = {}

    def drill(self, document: Mapping[str, Any]) -> Drill:
        check_keys(document, (), ("candidates", "steps"), ("name", "about"))
        default = re.sub(r"\.toml$", "", self._source.replace("\\", "/").rpartition("/")[2])
        name = _name(document.get("name", default), ("name",))
        for index, table in enumerate(tables(document, ("candidates",))):
            part = self._part(table, ("candidates", index))
            if part.name in self._parts:
                raise Wrong(("candidates", index, "name"), f"There are two candidates {part.name!r}; rename one.")
            self._parts[part.name] = part
        steps = self._steps(document, ("steps",), "")
        if (count := sum(step.count for step in steps)) > _MOST_STEPS:
            raise Wrong(("steps", 0), f"These are {count} steps when they are repeated; {_MOST_STEPS} are the most.")
        return Drill(
            name, text(document.get("about", ""), ("about",)), tuple(self._parts.values()), steps, self._source
        )

    def _part(self, table: Mapping[str, Any], path: Path) -> Part:
        check_keys(table, path, ("name",), ("ttl", "process"))
        name = _name(table["name"], (*path, "name"))
        if name in ANYBODY:
            raise Wrong((*path, "name"), f"{name!r} means whoever is that at the moment; give another name.")
        ttl = whole(table.get("ttl", _TTL), (*path, "ttl"), _LONGEST_TTL, "a TTL, in seconds")
        return Part(name, ttl, flag(table.get("process", False), (*path, "process")))

    def _steps(self, document: Mapping[str, Any], path: Path, above: str) -> tuple[Step, ...]:
        each_step = tables(document, path)
        return tuple(self._step(each, (*path, index), f"{above}{index + 1}") for index, each in enumerate(each_step))

    def _step(self, table: Mapping[str, Any], path: Path, number: str) -> Step:
        verb = table.get("do")
        if verb not in VERBS:
            what = "A step needs do" if verb is None else f"{verb!r} is no step"
            raise Wrong((*path, "do"), f"{what}; there are {', '.join(VERBS)}.")
        needed, possible = VERBS[verb]
        check_keys(table, path, ("do", *needed), possible)
        given: dict[str, Any] = {}
        for key in table.keys() - {"do", "steps"}:
            field, convert = _FIELDS[key]
            given[field] = convert(self, table[key], (*path, key))
        if verb == "repeat":
            given["steps"] = self._steps(table, (*path, "steps"), f"{number}.")
        step = Step(verb, number, self._lines.of(path), **given)
        self._check(step, path)
        return step

    def _check(self, step: Step, path: Path) -> None:
        """What only holds for several keys together."""
        if step.do == "expect" and not step.expectation:
            raise Wrong(path, "Say what to expect: leader, vacant = true, or queue.")
        if step.vacant and (step.leader or step.queue):
            raise Wrong((*path, "vacant"), "With a leader it is not vacant; leave one of the two out.")
        if step.do == "await-leader" and (vague := [name for name in step.candidates if name in ANYBODY]):
            raise Wrong((*path, "candidate"), f"Name who is to lead, or leave it out for anybody; got {vague[0]!r}.")
        if step.do in ("freeze", "kill"):
            if bool(step.candidates) is (step.member is not None):
                raise Wrong(path, f"Say whom to {step.do}: a candidate or a member.")
            if local := [part.name for part in self._meant(step.candidates) if not part.process]:
                raise Wrong(
                    (*path, "candidate"),
                    f"Only a process can {'stop' if step.do == 'freeze' else 'be killed'}: give {local[0]!r}"
                    " process = true, or use abandon or cut.",
                )
        if (step.mode == "slow") is not bool(step.delay):
            raise Wrong(path, 'mode = "slow" and delay = "300ms" belong together: give both or neither.')

    def _meant(self, names: Iterable[str]) -> list[Part]:
        named = set(names)
        return [part for part in self._parts.values() if part.name in named or not named.isdisjoint(ANYBODY)]

    def _candidate(self, value: Any, path: Path, also: Sequence[str] = ANYBODY) -> str:
        known = [*self._parts, *also]
        if value not in known:
            raise Wrong(path, f"There is no candidate {value!r}; there are {', '.join(known)}.")
        return str(value)

    def _candidates(self, value: Any, path: Path) -> tuple[str, ...]:
        names = value if isinstance(value, list) else [value]
        if not names:
            raise Wrong(path, "This list is empty; name a candidate.")
        return tuple(self._candidate(name, path) for name in names)

    def _queue(self, value: Any, path: Path) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise Wrong(path, f'A queue is a list of candidates, the leader first, such as ["a", "b"]; got {value!r}.')
        return tuple(self._candidate(name, path, ()) for name in value)


def _name(value: Any, path: Path) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Wrong(path, f"{value!r} is no name: give letters, digits, '-', '_' and '.'.")
    return value


def _member(value: Any, path: Path) -> int | str:
    return RAFT_LEADER if value == RAFT_LEADER else whole(value, path, 3, f"a member, nor {RAFT_LEADER!r}")


_FIELDS: dict[str, tuple[str, Callable[[_Reader, Any, Path], Any]]] = {
    "candidate": ("candidates", _Reader._candidates),
    "leader": ("leader", lambda reader, value, path: reader._candidate(value, path, ())),
    "queue": ("queue", _Reader._queue),
    "vacant": ("vacant", lambda _, value, path: flag(value, path)),
    "member": ("member", lambda _, value, path: _member(value, path)),
    "within": ("within", lambda _, value, path: seconds(value, path)),
    "for": ("hold", lambda _, value, path: seconds(value, path)),
    "delay": ("delay", lambda _, value, path: seconds(value, path)),
    "mode": ("mode", lambda _, value, path: one_of(value, path, _MODES)),
    "value": ("value", lambda _, value, path: text(value, path)),
    "times": ("times", lambda _, value, path: whole(value, path, _MOST_TIMES, "a number of times")),
}
"""Each key of a step: the field that it becomes, and who reads it."""
