"""Views in notebooks."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_LIVE = "electiontui/notebook/live.py"
_RENEWING = "electiontui/notebook/renewing.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H98",
        "the kernel's own loop may as well renew the views",
        Edit(
            _RENEWING,
            "if isinstance(self._source.monitor, BlockingMonitor):",
            "if not isinstance(self._source.monitor, BlockingMonitor):",
        ),
    ),
    mutation(
        "H98",
        "who opened a client closes it",
        Edit("election_core/blocking/background.py", "            atexit.register(self._exit)\n", ""),
        Edit("electiontui/notebook/connection.py", "        atexit.register(self.close)\n", ""),
    ),
    mutation(
        "H99",
        "a cell opens what it names",
        Edit("electiontui/notebook/connection.py", "    if asked not in _OPEN:\n", "    if True:\n"),
    ),
    mutation(
        "H99",
        "views are replaced by whoever made them",
        Edit(_RENEWING, "            renewal._replace(showing.cell)\n", "            renewal._replace\n"),
    ),
    mutation(
        "H99",
        "somebody will read it",
        Edit("electiontui/notebook/allowance.py", "return self._bytes >= self._most or (", "return ("),
    ),
    mutation(
        "H99",
        "a tab that was closed is open again soon",
        Edit(
            "electiontui/notebook/allowance.py",
            "(bool(self._under_way) and now - self._heard >= self._longest)",
            "False",
        ),
    ),
    mutation(
        "H99",
        "a frame does no harm",
        Edit(
            "electiontui/notebook/live.py",
            "(marks := self._scene.marks()) != self._marks",
            "(marks := self._scene.marks())",
        ),
        Edit("electiontui/notebook/live.py", "if marks != self._pictured and", "if"),
    ),
    mutation(
        "H100",
        "names are harmless",
        Edit("electiontui/notebook/wire.py", "safe(state.name, _NAME_CELLS)", "state.name"),
    ),
    mutation(
        "H100",
        "what is shown is read by people",
        Edit("election_core/core/flat.py", "{escape(shown(str(text)))}", "{shown(str(text))}"),
    ),
    mutation(
        "H100",
        "a picture is no page",
        Edit("electiontui/pictures/svg.py", "    return escape(safe(text, cells))", "    return safe(text, cells)"),
    ),
)
