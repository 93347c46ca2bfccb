"""What a terminal does to whoever leads from it."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_LEAVING = "electiontui/leaving.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H77",
        "what the user leads runs on the screen's loop",
        Edit(
            "electiontui/sources/own_loop.py",
            "        return await asyncio.wrap_future(self.submit(work))",
            "        return await work",
        ),
    ),
    mutation(
        "H78",
        "a terminal that closes ends the process as it stands",
        Edit(_LEAVING, "_NUMBERS: Final = (signal.SIGTERM, signal.SIGHUP)", "_NUMBERS: Final = ()"),
    ),
    mutation(
        "H78",
        "a process that is stuck is left alone",
        Edit(_LEAVING, "        os._exit(HARD_EXIT)", "        pass"),
    ),
)
