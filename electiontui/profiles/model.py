"""What a profile says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..alerts import Rule

__all__ = ["THEMES", "BadProfile", "Profile"]

THEMES = (
    "textual-dark", "textual-light", "nord", "gruvbox", "catppuccin-mocha", "catppuccin-latte", "catppuccin-frappe",
    "catppuccin-macchiato", "dracula", "tokyo-night", "monokai", "flexoki", "solarized-light", "solarized-dark",
    "rose-pine", "rose-pine-moon", "rose-pine-dawn", "atom-one-dark", "atom-one-light",
)  # fmt: skip
"""Those that the screens have with each version of Textual, whose themes of a terminal's own colours change names."""


class BadProfile(ValueError):
    """A profile that is not there, cannot be read or makes no sense; the message begins with where."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a file says, checked; what it does not say is not in it."""

    name: str
    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    """By the names that the command line has for them, with values as it makes them."""
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    """The options of `check`, likewise; the warnings of the dashboard go by them, too."""
    password_command: tuple[str, ...] = ()
    """A program and its arguments."""
    password_file: Path | None = None
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Action → keys."""
    theme: str | None = None
    rules: tuple[Rule, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    """In which line each of its keys stands."""

    def where(self, key: str) -> str:
        """``prod.toml:3``."""
        return f"{self.path.name}:{self.lines.get(key, 1)}"
