"""Who is let in to the dashboard in a browser, and what ends with him."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_GATE = "electiontui/serve/gate.py"
_SERVER = "electiontui/serve/server.py"
_VISITOR = "electiontui/serve/visitor.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation("H101", "any page may", Edit(_GATE, "elif _place(asked.origin) != asked.host.lower():", "elif False:")),
    mutation("H101", "any name may", Edit(_GATE, "if _name(asked.host) not in self._names:", "if False:")),
    mutation("H101", "no token is needed", Edit(_GATE, "if not self._has_token(asked.path):", "if False:")),
    mutation(
        "H101",
        "the path alone keeps others out",
        Edit(_SERVER, "        if refusal is not None:", "        if False:"),
    ),
    mutation(
        "H102",
        "a process is left to itself",
        Edit(_SERVER, "                await visitor.stop()", "                pass"),
    ),
    mutation("H102", "there is room for all", Edit(_SERVER, "if len(self.visitors) >= self._most:", "if False:")),
    mutation("H102", "what hangs is waited for", Edit(_VISITOR, "            process.kill()", "            pass")),
    mutation(
        "H102",
        "the end of stdin is no end",
        Edit("electiontui/leaving.py", "        poll.register(self._terminal, 0)", "        pass"),
    ),
    mutation(
        "H103",
        "what is not forbidden is offered",
        Edit("electiontui/serve/command.py", "read_only=not write", "read_only=settings.read_only"),
    ),
    mutation(
        "H103",
        "the settings are an argument",
        Edit(
            _VISITOR,
            '        "-m",\n        __name__,',
            '        "-m",\n        __name__,\n        environment[VARIABLE],',
        ),
    ),
    mutation(
        "H103",
        "a path that was typed in a browser is one of the server's",
        Edit("electiontui/screens/exporting.py", "        if app.is_web:", "        if False:"),
    ),
)
