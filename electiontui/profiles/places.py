"""Where profiles lie, and the password that one leads to."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

from platformdirs import user_config_path

from .model import BadProfile, Profile
from .reading import parse_profile

__all__ = ["DEFAULT", "complaints", "folder", "known", "load", "password_of", "path_of"]

DEFAULT = "default"
"""The profile that holds where none is named, if there is such a file."""
_PASSWORD_TIMEOUT = 60.0
"""Seconds that a password command may take, in which it may ask for something."""
_LONGEST_PASSWORD = 4096
_LARGEST = 1 << 20
"""Bytes of a profile."""


def folder() -> Path:
    """The folder of the profiles, whether it is there or not."""
    return user_config_path("electiontui", appauthor=False) / "profiles"


def known() -> list[str]:
    """The names of all profiles."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def path_of(name: str) -> Path:
    """The file of a profile; what has a slash in it or ends in ``.toml`` is a file itself."""
    return Path(os.path.expanduser(name)) if "/" in name or name.endswith(".toml") else folder() / f"{name}.toml"


def load(name: str) -> Profile:
    """A profile by its name or file.

    Raises:
        BadProfile: it is not there, cannot be read, or is wrong in a line that the message names.
    """
    path = path_of(name)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise BadProfile(f"{path}: this is larger than a profile can be, 1 MiB.")
        content = data.decode("utf-8-sig")
    except FileNotFoundError as exc:
        others = f"; there are {', '.join(known())}" if known() else ""
        raise BadProfile(f"{path}: there is no such profile{others}.") from exc
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise BadProfile(f"{path}:{line}: this is not UTF-8.") from exc
    except (OSError, ValueError) as exc:
        if isinstance(exc, BadProfile):
            raise
        raise BadProfile(f"{path}: cannot read it: {getattr(exc, 'strerror', None) or exc}.") from exc
    profile = parse_profile(content, path, path.stem)
    _check_files(profile)
    return profile


def _check_files(profile: Profile) -> None:
    named = {key: profile.options.get(key) for key in ("cacert", "cert", "key")}
    for key, file in (named | {"password-file": profile.password_file}).items():
        if file is not None and not os.access(file, os.R_OK):
            line = profile.lines[key]
            raise BadProfile(f"{profile.path}:{line}: {key}: {file} is not there, or you may not read it.")


def complaints(profile: Profile) -> list[str]:
    """What others can read or change and should not, a sentence each."""
    found = []
    if profile.password_file is not None and _mode(profile.password_file) & (stat.S_IRWXG | stat.S_IRWXO):
        file = profile.password_file
        found.append(f"others can get at the password in {file}; have `chmod 600` keep them away")
    runs = profile.password_command or profile.options.get("on_alert") or profile.options.get("on_change")
    if runs and _mode(profile.path) & (stat.S_IWGRP | stat.S_IWOTH):
        found.append(f"others can change {profile.path}, which names programs that you run; `chmod go-w` prevents it")
    return found


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def password_of(profile: Profile) -> str | None:
    """The password of the profile's user; ``None`` where it says nothing of one.

    A command has the terminal to itself, and a minute.

    Raises:
        BadProfile: the command failed, or there is nothing in the file; the message never has the password in it.
    """
    if profile.password_file is not None:
        where = f"{profile.path}:{profile.lines['password-file']}"
        try:
            with profile.password_file.open("rb") as file:
                found = file.read(_LONGEST_PASSWORD)
        except OSError as exc:
            raise BadProfile(f"{where}: cannot read the password: {exc.strerror or exc}.") from exc
    elif profile.password_command:
        where = f"{profile.path}:{profile.lines['password-command']}"
        found = _printed(profile.password_command, where)
    else:
        return None
    try:
        password = found.split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadProfile(f"{where}: the password is not UTF-8.") from None
    if not password:
        raise BadProfile(f"{where}: the password is empty.")
    return password


def _printed(words: tuple[str, ...], where: str) -> bytes:
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=_PASSWORD_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise BadProfile(f"{where}: the password command was not over within {_PASSWORD_TIMEOUT:g} s.") from None
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise BadProfile(f"{where}: the password command cannot be run: {why}.") from exc
    if done.returncode:
        raise BadProfile(f"{where}: the password command ended with {done.returncode}.")
    return done.stdout
