"""Foreign text made harmless: what etcd holds may be any bytes, and a terminal obeys some of them. Pure.

Nothing here treats ``[`` or ``\\`` specially: whoever shows the text must show it as plain text, without markup.
"""

from __future__ import annotations

import shlex
from functools import lru_cache
from unicodedata import category, east_asian_width

__all__ = ["ascii_form", "fit", "raw", "readable", "safe", "shell_word", "width"]

ELLIPSIS = "…"
_LIKE = str.maketrans({"…": "...", "–": "-", "→": "->"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Longest run of combining marks on one character; more would paint over the lines above and below.
_MAX_MARKS = 3
# Hangul vowels and finals join the consonant before them; the hexagrams and trigrams became wide in Unicode 16.
_JOINING = range(0x1160, 0x1200)
_WIDENED = (range(0x2630, 0x2638), range(0x268A, 0x2690), range(0x4DC0, 0x4E00))


def safe(value: bytes | str, cells: int | None = None) -> str:
    """The value as printable text without control characters, line breaks or invisible characters.

    Bytes that are not UTF-8 become ``\\xNN``, control and format characters (C0, C1, bidi overrides, zero-width
    ones) ``\\xNN`` or ``\\uNNNN``. Text that holds `surrogateescape`\\ d bytes is treated like the bytes.

    Args:
        value: any bytes or text, of any length. With ``cells`` the cost does not grow with it.
        cells: cut to this many terminal cells, a wide character counting two; the cut ends in ``…``.
    """
    head = value if cells is None else value[: 4 * max(cells, 0) + 8]
    text = head.decode("utf-8", "surrogateescape") if isinstance(head, bytes) else head
    if not (text.isascii() and text.isprintable()):
        text = _escaped(text)
    if cells is None:
        return text
    return _cut(text, cells, always=len(head) < len(value))


def ascii_form(text: str) -> str:
    """A text from `safe` in ASCII: the signs of our own have a likeness, all else is escaped."""
    return text.translate(_LIKE).encode("ascii", "backslashreplace").decode("ascii")


def raw(value: bytes | str) -> bytes:
    """The bytes of a value or name; names carry what is not UTF-8 as lone surrogates."""
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def readable(value: bytes) -> str:
    """The whole value as text for data and the clipboard: other bytes than UTF-8 as ``\\xNN``, all else as it is."""
    return value.decode("utf-8", "backslashreplace")


def width(text: str) -> int:
    """Terminal cells that a text from `safe` takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def fit(text: str, cells: int, *, right: bool = False) -> str:
    """A text from `safe`, cut or padded to exactly ``cells`` terminal cells."""
    used = width(text)
    if used > cells:
        text = _cut(text, cells)
        used = width(text)
    padding = " " * (cells - used)
    return padding + text if right else text + padding


def shell_word(value: bytes | str) -> str:
    """The value quoted as one word of a POSIX shell; bytes that cannot be typed use bash's ``$'…'``."""
    data = raw(value)
    text = data.decode("utf-8", "surrogateescape")
    if _escaped(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(_typed(byte) for byte in data) + "'"


def _typed(byte: int) -> str:
    char = chr(byte)
    if char in "'\\":
        return "\\" + char
    return char if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"


def _escaped(text: str) -> str:
    out: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if _is_mark(char) else 0
        harmless = char.isprintable() and not _is_selector(char) and marks <= _MAX_MARKS
        out.append(char if harmless else _escape(char))
    return "".join(out)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_mark(char: str) -> bool:
    return not char.isascii() and (category(char) in ("Mn", "Mc", "Me") or ord(char) in _JOINING)


def _is_selector(char: str) -> bool:
    # Terminals disagree about the width of the character before a variation selector.
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


@lru_cache(4096)
def _cells(char: str) -> int:
    if char.isascii():
        return 1
    if _is_mark(char):
        return 0
    return 2 if east_asian_width(char) in "WF" or any(ord(char) in wide for wide in _WIDENED) else 1


def _cut(text: str, cells: int, *, always: bool = False) -> str:
    """``text`` within ``cells``, with an ellipsis where something was left out."""
    if not always and width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    out: list[str] = []
    used = 0
    for char in text:
        used += _cells(char)
        if used > cells - 1:
            break
        out.append(char)
    return "".join(out) + ELLIPSIS
