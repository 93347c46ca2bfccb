"""A connection as a card. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from election_core import EndpointStatus

from ..findings import SEVERITIES, Finding, says
from ..rows import ElectionRow
from ..text import safe

__all__ = ["Overview", "card_html", "card_text"]

_MOST = 10
_CELL = "text-align:left;vertical-align:top"


class Overview(NamedTuple):
    """What a card tells."""

    endpoints: Sequence[str]
    state: str
    members: Sequence[EndpointStatus]
    findings: Sequence[Finding]
    rows: Sequence[ElectionRow]
    own: Sequence[tuple[str, str, str]]
    """Election, value, state."""


def _facts(of: Overview) -> list[tuple[str, list[str]]]:
    vacant = [safe(row.name, 40) for row in of.rows if row.state == "vacant"]
    flapping = [safe(row.name, 40) for row in of.rows if row.state == "flapping"]
    return [
        ("etcd", [of.state]),
        ("endpoints", [_member(each) for each in of.members] or list(of.endpoints)),
        ("elections", [str(len(of.rows))]),
        ("vacant", _few(vacant)),
        ("flapping", _few(flapping)),
        ("warnings", _few([_warning(each) for each in of.findings])),
        ("own candidates", _few([f"{safe(value, 40)} in {safe(name, 40)}: {state}" for name, value, state in of.own])),
    ]


def _member(status: EndpointStatus) -> str:
    if not status.reachable:
        return f"{status.endpoint}: {safe(status.error, 100)}"
    return f"{status.endpoint}: etcd {safe(status.version, 20)}"


def _warning(finding: Finding) -> str:
    where = "" if finding.election is None else f"{safe(finding.election, 40)}: "
    return f"{SEVERITIES[finding.severity]}: {where}{says(finding)}"


def _few(texts: Sequence[str]) -> list[str]:
    if not texts:
        return ["none"]
    return [*texts[:_MOST], *([f"and {len(texts) - _MOST} more"] if len(texts) > _MOST else [])]


def card_text(of: Overview) -> str:
    """The card as lines."""
    lines = []
    for name, texts in _facts(of):
        lines += [f"{name if not number else '':<15} {text}" for number, text in enumerate(texts)]
    return "\n".join(lines)


def card_html(of: Overview) -> str:
    """The card for a page, in its own colours."""
    lines = (
        f'<tr><th style="{_CELL};padding-right:1.5em;white-space:nowrap">{escape(name)}</th>'
        f'<td style="{_CELL}">{_lines(texts)}</td></tr>'
        for name, texts in _facts(of)
    )
    return f"<div><table>{''.join(lines)}</table></div>"


def _lines(texts: Iterable[str]) -> str:
    return "<br>".join(escape(text) for text in texts)
