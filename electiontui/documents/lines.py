"""In which line of a TOML file a key stands, which Python's own reader does not tell. Pure."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["Lines", "Path"]

Path = tuple[str | int, ...]

_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_NAME})\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_NAME})\s*=")


class Lines:
    """The lines of headers and keys, by where they are in the document, such as ``("steps", 2, "within")``."""

    def __init__(self, text: str) -> None:
        self._found: dict[Path, int] = {}
        self._tables: Counter[Path] = Counter()
        here: Path = ()
        in_text = False
        # Only these end a line of TOML; `splitlines` knows more.
        for number, line in enumerate(text.split("\n"), 1):
            if not in_text:
                if line.lstrip().startswith("#"):
                    continue
                if header := _HEADER.match(line):
                    here = self._entered(_parts(header[2]), is_array=header[1] == "[[")
                    self._found.setdefault(here, number)
                elif key := _KEY.match(line):
                    self._note((*here, *_parts(key[1])), number, len(here))
            in_text ^= (line.count('"""') + line.count("'''")) % 2 == 1

    def of(self, path: Path) -> int:
        """The line of a key; of what surrounds it where it has none of its own."""
        while path and path not in self._found:
            path = path[:-1]
        return self._found.get(path, 1)

    def _note(self, path: Path, number: int, above: int) -> None:
        """A key with dots in it also is where the tables begin that it names."""
        for length in range(above + 1, len(path) + 1):
            self._found.setdefault(path[:length], number)

    def _entered(self, names: list[str], *, is_array: bool) -> Path:
        path: Path = ()
        for depth, name in enumerate(names, 1):
            path = (*path, name)
            if depth == len(names) and is_array:
                self._tables[path] += 1
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path


def _parts(name: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, name)]
