"""What etcd holds as plain data that JSON can carry, and as HTML for whoever shows objects as such. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

__all__ = ["card", "flat_text", "flat_time", "shown"]

_CELLS = 60
_MOST_ROWS = 20


def flat_text(value: bytes) -> str | dict[str, str]:
    """Text for what is UTF-8, else ``{"base64": …}``."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


def flat_time(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(value: bytes | str) -> str:
    """The beginning of any value on one line: 60 characters, each of them printable."""
    head = value[: 4 * _CELLS]
    text = head.decode("utf-8", "backslashreplace") if isinstance(head, bytes) else head
    text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return text if len(text) <= _CELLS and len(head) == len(value) else text[: _CELLS - 1] + "…"


def card(title: str, facts: Iterable[tuple[str, object]], rows: Sequence[Sequence[object]] = ()) -> str:
    """HTML without styles, scripts and links of its own: facts by name, then rows below their header, 20 at most."""
    # Loaded when an object is shown: importing it takes longer than most modules here.
    from html import escape

    def cells(kind: str, texts: Iterable[object]) -> str:
        return "".join(f"<{kind}>{escape(shown(str(text)))}</{kind}>" for text in texts)

    lines = [f"<tr>{cells('th', [name])}{cells('td', [fact])}</tr>" for name, fact in facts]
    html = f"<div><strong>{escape(shown(title))}</strong><table>{''.join(lines)}</table>"
    if rows:
        header, *body = rows
        lines = [f"<tr>{cells('td', row)}</tr>" for row in body[:_MOST_ROWS]]
        more = "<p>and more</p>" if len(body) > _MOST_ROWS else ""
        html += f"<table><tr>{cells('th', header)}</tr>{''.join(lines)}</table>{more}"
    return html + "</div>"
