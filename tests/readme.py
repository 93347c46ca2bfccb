"""The README in pieces, for the tests of what it says."""

from __future__ import annotations

import re

from .servers import ROOT

README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")
DASHBOARD = (ROOT / "docs" / "dashboard.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str, heading: str, document: str = README) -> list[str]:
    """The fenced blocks of one language below a heading, up to the next heading of any level."""
    section = document.partition(f"# {heading}\n")[2]
    assert section, f"there is no heading {heading!r}"
    # A comment inside of a block is no heading.
    end = re.search(r"^#+ ", FENCE.sub(lambda match: "." * len(match[0]), section), re.MULTILINE)
    return [body for kind, body in FENCE.findall(section[: end.start() if end else None]) if kind == language]


def rows(first_cell: str, document: str = README) -> list[list[str]]:
    """The cells of the rows of the table whose header begins with ``first_cell``."""
    table = re.search(rf"^\| {first_cell} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", document, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]
