"""What a log record says beside its text, for those who log as JSON. Pure."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["LogFields", "log_fields"]


class LogFields(TypedDict):
    """The ``extra`` of each record about an election; what is not known, or of nobody's, is ``None``."""

    election: str
    key: str | None
    """The candidate's, with escapes where its bytes are no text."""
    token: int | None
    """The fencing token, once it was elected."""


def log_fields(election: str, key: bytes | None = None, token: int | None = None) -> LogFields:
    """The fields of a record about an election, or about one candidate of it."""
    return {
        "election": election,
        "key": None if key is None else key.decode("utf-8", "backslashreplace"),
        "token": token,
    }
