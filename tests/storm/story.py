"""Logs of storms made by hand, to see whether the checks find what is wrong with them."""

from __future__ import annotations

from .log import Record

__all__ = ["Story"]


class Story:
    """Two candidates, ready at 0; at 100 it is calm, from 106 on `c0` leads as told, and all end at 108."""

    # The mutable state: the records so far, the ledger, and the line as etcd has it from some moment on.

    def __init__(self, ttl: int = 3) -> None:
        self._records: list[Record] = []
        self._ledger: list[list[int]] = []
        self._faults = 0
        self.say(0, "storm", "storm", seed=1, ttl=ttl, candidates=2, command="again")
        self.last: Record = {"keys": [], "leases": [], "hashes": ["1", "1", "1"]}
        self.line: list[tuple[float, list[list[object]]]] = [(0, [])]
        self.unanswered: tuple[float, float] = (0, 0)
        self.raft_terms: list[float] = []
        self.version = "3.5.1"
        self.replayed: Record = {
            **{"live": 9, "replayed": 9, "inputs": 20, "monitors": 1},
            **{"differs": None, "failure": None},
        }
        for who in ("c0", "c1"):
            self.say(0, who, "ready")

    def say(self, t: float, who: str, what: str, **fields: object) -> None:
        run = {} if who == "storm" else {"run": 1}
        self._records.append({"t": float(t), "who": who, "what": what, **run, **fields})

    def leads(self, value: str, token: int, begin: float, end: float, *, lost: str = "") -> None:
        """It claims to lead, ten times per second; if it is lost, then for the fault told or for ``"nothing"``."""
        who, _, number = value.split(".")
        times = [begin + step / 10 for step in range(int((end - begin) * 10) + 1)]
        self.say(begin, who, "elected", n=int(number), t1=begin, leader=True, token=token)
        for t in times:
            self.say(t, who, "claim", n=int(number), t1=t, token=token)
        if lost and lost != "nothing":
            self.fault(lost, end - 1, end - 1, int(who[1:]), proxies=[0], extra="")
        if lost:
            self.say(end, who, "error", n=int(number), leader=False, error="LeadershipLost", message="lost")

    def fault(self, kind: str, begin: float, end: float, target: int = 0, **fields: object) -> None:
        facts = {"id": self._faults, "kind": kind, "target": target}
        self._faults += 1
        self.say(begin, "storm", "fault", phase="begin", **facts, **fields)
        self.say(end, "storm", "fault", phase="end", outcome="done", **facts)

    def writes(
        self, value: str, token: int, seq: int, t: float, outcome: str = "accepted", revision: int | None = None
    ) -> None:
        """A guarded write; with a revision, etcd has it."""
        who, _, number = value.split(".")
        self.say(t, who, "write", done=t, n=int(number), over=False, token=token, seq=seq, outcome=outcome)
        if revision is not None:
            self._ledger.append([token, seq, revision, 1])

    def beats(self, who: str, *spans: tuple[int, int]) -> None:
        for begin, end in spans:
            for t in range(begin, end + 1):
                self.say(t, who, "beat")

    def told(self) -> list[Record]:
        """The whole log."""
        self.say(0, "storm", "begin", planned=0, version=self.version)
        for tenth in range(1080):
            t = tenth / 10
            line = [each for since, each in self.line if since <= t][-1]
            answered = not self.unanswered[0] <= t < self.unanswered[1]
            term = 2 + sum(since <= t for since in self.raft_terms)
            self.say(t, "storm", "line", done=t, ok=answered, term=term, line=line)
        for t, what in ((100, "calm"), (106, "settled")):
            self.say(t, "storm", what)
        self.say(108, "storm", "finish", line=["c0.1.1", "c1.1.1"])
        self.say(109, "storm", "finished", late=[])
        self.say(109, "storm", "final", ledger=self._ledger, **{"writes": len(self._ledger), **self.last})
        self.say(109, "storm", "replayed", **self.replayed)
        for who in ("c0", "c1"):
            self.say(109, "storm", "ended", target=who, code=0)
            self._records[-1]["run"] = 1
        return sorted(self._records, key=lambda record: record["t"])
