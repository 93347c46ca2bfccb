"""Profiles: what one would otherwise give as options each time, and what has no option, in a TOML file."""

from .model import THEMES, BadProfile, Profile
from .places import DEFAULT, complaints, folder, known, load, password_of, path_of
from .reading import parse_profile, split_words

__all__ = [
    "DEFAULT",
    "THEMES",
    "BadProfile",
    "Profile",
    "complaints",
    "folder",
    "known",
    "load",
    "parse_profile",
    "password_of",
    "path_of",
    "split_words",
]
