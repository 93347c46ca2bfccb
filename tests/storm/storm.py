"""What one asks for when one asks for a storm."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CROWD", "Storm"]

CROWD = 300
"""Campaigns on one client, beside the candidates that have one each."""


@dataclass(frozen=True, slots=True)
class Storm:
    """Either so many seconds or so many faults; ``crowd``: the campaigns of the larger crowd, or 0 for none."""

    seed: int
    candidates: int
    ttl: int
    seconds: float | None
    faults: int | None
    series: str = "3.5"
    crowd: int = 0

    @property
    def command(self) -> str:
        how_long = f"--faults {self.faults}" if self.faults is not None else f"--seconds {self.seconds:g}"
        return (
            f"python -m tests.storm {how_long} --seed {self.seed} --candidates {self.candidates} --ttl {self.ttl}"
            + f" --crowd {self.crowd}"
            + (f" --etcd {self.series}" if self.series != "3.5" else "")
        )

    @property
    def crowds(self) -> list[tuple[str, int, int]]:
        """The program, its campaigns and their elections: one has two campaigns in each election, another one."""
        half = self.crowd // 2
        return [("crowd", 2 * half, half), ("crowd", half, half)] if half else []
