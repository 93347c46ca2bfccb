"""A command that runs only while leading, and the signals that its supervisor gets."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_COMMAND = "electiontui/commands/campaigning/command.py"
_GUARDIAN = "electiontui/commands/campaigning/guardian.py"
_SUPERVISING = "electiontui/commands/campaigning/supervising.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H79",
        "CMD has its grace after the lease has run out",
        Edit(_GUARDIAN, "self._until = float(argument[0])", "self._until = float(argument[0]) + 3600"),
    ),
    mutation(
        "H79",
        "a loss that others bring about is told, and CMD goes on",
        Edit(_SUPERVISING, "            self._guarded.stop()", "            pass"),
    ),
    mutation(
        "H80",
        "whoever is not told to end CMD does not",
        Edit(_GUARDIAN, "            self._control.close()\n            return self._end()", "            sys.exit()"),
        Edit(_GUARDIAN, "            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)", "            pass"),
    ),
    mutation(
        "H80",
        "signals go to the shell alone",
        Edit(_GUARDIAN, "os.killpg(self._group, number)", "os.kill(self._group, number)"),
    ),
    mutation(
        "H80",
        "once CMD has ended all is over",
        Edit(
            _GUARDIAN,
            "        if self._code is None:\n            return False",
            "        if self._code is None:\n            return False\n        return True",
        ),
    ),
    mutation(
        "H81",
        "signals are for whoever leads",
        Edit(_COMMAND, "asyncio.wait({task, self._signals.asked}, return", "asyncio.wait({task}, return"),
    ),
    mutation(
        "H81",
        "etcd is waited for to the end",
        Edit(_COMMAND, "self._not_resigned = True\n            return", "await self._resign(campaign, ends_at + 60)"),
    ),
    mutation(
        "H81",
        "whoever cannot reach etcd gives up",
        Edit(_COMMAND, "if not self._was_reached:", "if self._was_reached:"),
    ),
)
