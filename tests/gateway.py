"""etcd's JSON gateway, for what neither the store's port nor a process for each question is good for."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

__all__ = ["ask"]


def ask(endpoint: str, path: str, **body: object) -> Any:
    """What the server answers to a request, such as ``kv/put``; blocks. A refusal is an ``HTTPError``."""
    request = urllib.request.Request(f"http://{endpoint}/v3/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)
