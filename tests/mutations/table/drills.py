"""Drills, which break things on purpose and have to mend them again."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_SCENE = "electiontui/drill/scene.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H85",
        "the leases of those who cannot leave are left to run out",
        Edit(_SCENE, "                await scene.sweep()", "                pass"),
    ),
    mutation(
        "H85",
        "what is stopped outlives a drill that is killed",
        Edit(
            "electiontui/drill/player_process.py",
            "        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)",
            "        pass",
        ),
    ),
    mutation(
        "H86",
        "an election that others campaign in is as good as any",
        Edit(
            "electiontui/drill/running.py",
            "prefix=where.prefix).candidates():",
            "prefix=where.prefix + '/none').candidates():",
        ),
    ),
    mutation(
        "H86",
        "members of any cluster may be broken",
        Edit(
            "electiontui/drill/running.py",
            "    if step.member is not None and cluster is None:",
            "    if cluster is None and step.member == -1:",
        ),
    ),
)
