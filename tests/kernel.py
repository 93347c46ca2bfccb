"""A kernel as Jupyter starts it, and what it says."""

from __future__ import annotations

import time
from typing import Any

import pytest

from .servers import ROOT, clean_environment


class Kernel:
    """One kernel and its client, which asks cells as JupyterLab does, by their ids."""

    def __init__(self) -> None:
        from jupyter_client.manager import start_new_kernel

        start: Any = start_new_kernel
        self._manager, self._client = start(
            kernel_name="python3", env=clean_environment(PYTHONPATH=str(ROOT)), cwd=str(ROOT)
        )
        self.said: list[dict[str, Any]] = []

    def run(self, code: str, cell: str = "", seconds: float = 30.0) -> str:
        """Run a cell to its end; what it printed. Everything that was said meanwhile is in ``said``."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = self._client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else None)
        self._client.shell_channel.send(message)
        printed, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self._client.get_iopub_msg(timeout=seconds)
            kind, content = answer["msg_type"], answer["content"]
            self.said.append(answer)
            assert kind != "error", content["traceback"]
            mine = answer["parent_header"].get("msg_id") == message["header"]["msg_id"]
            if kind == "stream" and mine:
                printed += content["text"]
            if kind == "status" and content["execution_state"] == "idle" and mine:
                return printed.strip()
        pytest.fail(f"{code!r} did not end")

    def listen(self, seconds: float) -> list[dict[str, Any]]:
        """What is said without being asked."""
        found, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                found.append(self._client.get_iopub_msg(timeout=left))
            except Exception as exc:
                if type(exc).__name__ != "Empty":
                    raise
        return found

    def listen_for(self, text: str, seconds: float = 30.0) -> list[dict[str, Any]]:
        """What is said without being asked, up to the first message that holds a text."""
        found, end = list[dict[str, Any]](), time.monotonic() + seconds
        while not found or text not in str(found[-1]["content"]):
            found.append(self._client.get_iopub_msg(timeout=max(end - time.monotonic(), 0.0)))
        return found

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
