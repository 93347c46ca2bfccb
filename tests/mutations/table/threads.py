"""Programs without an event loop."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_BACKGROUND = "election_core/blocking/background.py"
_BODY = "election_core/blocking/body.py"
_CLIENT = "election_core/blocking/client.py"
_LOST = "election_core/blocking/lost.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H67",
        "a body is told of losses alone",
        Edit(_BODY, "            self._lost()\n", "            self._lost\n"),
    ),
    mutation(
        "H67",
        "the loop will tell of it",
        Edit(_LOST, "if not super().is_set() and self._has_run_out():", "if super().is_set():"),
    ),
    mutation(
        "H67",
        "a body that has ended well has lost nothing",
        Edit(
            "election_core/blocking/campaign.py",
            "            if exc is None:\n                raise\n",
            "            if exc is None:\n                return\n",
        ),
    ),
    mutation(
        "H68",
        "closing is begun once",
        Edit(
            _CLIENT,
            "        if self._closed:\n            return\n        background",
            "        if self._closed:\n            return\n        self._closed = True\n        background",
        ),
    ),
    mutation(
        "H68",
        "an interruption passes through somebody's with",
        Edit(_BACKGROUND, "atexit.register(self._exit)", "atexit.unregister(self._exit)"),
    ),
    mutation(
        "H69",
        "whoever has the object has its thread",
        Edit(_BACKGROUND, "        check_process(self._pid)", "        pass"),
    ),
    mutation(
        "H74",
        "whoever has the object may use it",
        Edit("election_core/errors.py", "    if os.getpid() != pid:", "    if pid < 0:"),
    ),
    mutation(
        "H70",
        "everybody closes what they open",
        Edit(_BACKGROUND, "atexit.register(self._exit)", "atexit.unregister(self._exit)"),
    ),
)
