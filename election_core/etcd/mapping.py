"""Foreign failures become ours here: gRPC status codes and etcd's error texts, nothing else crosses the border."""

from __future__ import annotations

from typing import Any

from aetcd.rpc import StatusCode

from ..errors import (
    AuthenticationFailed,
    Compacted,
    ElectionError,
    InvalidConfig,
    LeadershipLost,
    PermissionDenied,
    Unavailable,
)

__all__ = [
    "WANTS_USER",
    "AuthenticationOff",
    "LeaseExists",
    "NoSpace",
    "Silent",
    "TokenRefused",
    "error_by_text",
    "map_error",
    "refusal",
]


class TokenRefused(AuthenticationFailed):
    """The token is missing, has expired or is unknown to this member: authenticate again and repeat the call."""


class AuthenticationOff(AuthenticationFailed):
    """There is nobody to log in with: calls need no token."""


class Silent(Unavailable):
    """The member did not answer in time, neither with a refusal nor with a closed connection."""


class LeaseExists(ElectionError):
    """The lease that was to be granted is there already: an earlier try was carried out."""


class NoSpace(ElectionError):
    """The database is full: nothing can be written before an operator has made room, but keys can be deleted."""


WANTS_USER = "etcd wants a user; give username and password."

# etcd's error texts (server, package rpctypes) that decide more than their status code does.
_BY_TEXT: tuple[tuple[str, type[ElectionError], str], ...] = (
    ("invalid auth token", TokenRefused, "The authentication token was refused; authenticate again."),
    ("revision in header is old", TokenRefused, "The users or roles have changed since; authenticate again."),
    ("revision of auth store is old", TokenRefused, "The users or roles have changed since; authenticate again."),
    ("lease already exists", LeaseExists, "The lease exists already."),
    ("lease not found", LeadershipLost, "The lease no longer exists; campaign again with a new one."),
    ("invalid user ID or password", AuthenticationFailed, "Wrong user name or password; check both."),
    ("authentication is not enabled", AuthenticationOff, "etcd has no authentication enabled; connect without user"),
    ("user name is empty", TokenRefused, WANTS_USER),
    (
        "permission denied",
        PermissionDenied,
        "The user may not do this; grant it read and write on the prefix, or give another username.",
    ),
    ("request is too large", InvalidConfig, "The value is larger than etcd's request limit; proclaim a shorter one."),
    ("larger than max", InvalidConfig, "The value is larger than etcd's request limit; proclaim a shorter one."),
    ("database space exceeded", NoSpace, "etcd's database is full: compact, defragment, disarm NOSPACE."),
)

# Older versions of gRPC say no more where one side speaks TLS and the other does not.
_CLOSED = (
    "it closed the connection; if it wants TLS, use https:// and give the CA; if it does not speak TLS, use http://"
)

# gRPC's texts about connections that fail, and the cure for each. The first that fits is said.
_BY_CONNECTION: tuple[tuple[str, str], ...] = (
    ("Stream removed", "the connection to it broke"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted here or has expired; give the CA that signed it"),
    ("Hostname Verification", "its certificate is for another name; connect by a name that is in it"),
    ("not in peer certificate", "its certificate is for another name; connect by a name that is in it"),
    ("Unwrap failed", "it ended the TLS handshake; it may want a client certificate, or another one than ours"),
    ("_ALERT_", "it ended the TLS handshake; it may want a client certificate, or another one than ours"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS; use http:// or leave TLS out"),
    ("Handshake read failed", "it does not speak TLS; use http:// or leave TLS out"),
    ("HTTP proxy returned", "the proxy does not connect to it"),
    ("Connection refused", "nothing listens there; is etcd running?"),
    ("resolving", "its name is not known; check the spelling and the DNS"),
    ("ocket closed", _CLOSED),
    ("Connection reset", _CLOSED),
)

_TRANSIENT = {
    StatusCode.UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.CANCELLED,
    StatusCode.ABORTED,
    StatusCode.RESOURCE_EXHAUSTED,
    StatusCode.INTERNAL,
    StatusCode.UNKNOWN,
    # Said by a member that is not, or not yet, what the call needs; another one may be.
    StatusCode.FAILED_PRECONDITION,
}


def error_by_text(text: str, endpoint: str) -> ElectionError | None:
    """The error that one of etcd's own texts stands for, or ``None`` for any other text."""
    for known, kind, cure in _BY_TEXT:
        if known in text:
            return kind(f"{cure} ({endpoint}: {text})", endpoint=endpoint)
    return None


def map_error(exc: Any, endpoint: str, proxy: object = None) -> ElectionError:
    """The error of ours that says what an `AioRpcError` from ``endpoint`` means for the caller.

    ``proxy``: what is in between, if anything is; it may be to blame for what else looks like the member's fault.
    """
    code, details = exc.code(), exc.details() or ""
    known = error_by_text(details, endpoint)
    if known is not None:
        return known
    if "has been compacted" in details:
        return Compacted(f"{endpoint}: {details}", compact_revision=0, endpoint=endpoint)
    if code is StatusCode.PERMISSION_DENIED:
        return PermissionDenied(f"{endpoint} refused the request: {details}", endpoint=endpoint)
    if code is StatusCode.UNAUTHENTICATED:
        return AuthenticationFailed(f"{endpoint} refused the request: {details}", endpoint=endpoint)
    way = "" if proxy is None else f" through {proxy}"
    if code is StatusCode.DEADLINE_EXCEEDED:
        return Silent(f"{endpoint} did not answer in time{way}; is it running and reachable?", endpoint=endpoint)
    if code in _TRANSIENT:
        cure = next((cure for text, cure in _BY_CONNECTION if text in details), "trying again may help")
        return Unavailable(f"{endpoint} is unavailable{way}: {cure} ({details or code.name})", endpoint=endpoint)
    return ElectionError(f"{endpoint} answered {code.name}: {details}", endpoint=endpoint)


def refusal(message: Any, endpoint: str, *, has_token: bool) -> ElectionError:
    """Why a server has ended a watch, or did not create it, as its ``WatchResponse`` says."""
    if message.compact_revision:
        return Compacted(
            f"{endpoint} has compacted the history before revision {message.compact_revision}.",
            compact_revision=message.compact_revision,
            endpoint=endpoint,
        )
    reason = message.cancel_reason
    if "permission denied" in reason and not has_token:
        # Calls are told that a user is missing; etcd 3.5 says no more of a watch.
        return PermissionDenied(f"{WANTS_USER} ({endpoint}: {reason})", endpoint=endpoint)
    unknown = f"{endpoint} cancelled the watch: {reason or 'no reason given'}"
    return error_by_text(reason, endpoint) or Unavailable(unknown, endpoint=endpoint)
