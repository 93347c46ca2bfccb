"""TOML documents read with care: whatever is wrong in one is told with its line, and with what would be right. Pure."""

from .lines import Lines, Path
from .reading import (
    Wrong,
    check_keys,
    flag,
    number,
    one_of,
    read_document,
    seconds,
    tables,
    text,
    texts,
    whole,
)

__all__ = [
    "Lines",
    "Path",
    "Wrong",
    "check_keys",
    "flag",
    "number",
    "one_of",
    "read_document",
    "seconds",
    "tables",
    "text",
    "texts",
    "whole",
]
