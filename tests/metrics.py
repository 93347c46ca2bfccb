"""What an etcd counts of the streams that clients have on it, and of their messages."""

from __future__ import annotations

import re
import urllib.request
from collections import Counter

__all__ = ["Counted", "grpc_counters", "metrics"]

Counted = Counter[tuple[str, str]]
"""By what is counted (``started``, ``handled``, ``msg_received``, …) and by method (``Watch``, …)."""
_LINE = re.compile(r'^grpc_server_(\w+)_total\{.*grpc_method="(\w+)".*\} (\S+)$', re.MULTILINE)


def metrics(endpoint: str) -> str:
    """All that it counts, a line each. It blocks for some milliseconds."""
    with urllib.request.urlopen(f"http://{endpoint}/metrics", timeout=10) as reply:
        told: bytes = reply.read()
    return told.decode()


def grpc_counters(endpoint: str) -> Counted:
    """What was counted so far; what is not there is 0."""
    found = Counted()
    for what, method, value in _LINE.findall(metrics(endpoint)):
        found[what, method] += int(float(value))
    return found
