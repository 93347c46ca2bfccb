"""The candidates of a drill as the drill sees them: told what to do, and listened to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from election_core import Client, ElectionError

from .access import Access
from .actor import Actor
from .model import Mode, Part
from .network import Proxy

__all__ = ["Failed", "LocalPlayer", "Player", "ProcessPlayer", "StepFailed", "Where"]

_ANSWER_MARGIN = 10.0
"""Seconds beyond the bound of a call; an answer that takes longer never comes."""


class StepFailed(ElectionError):
    """A step could not be carried out, or did not come true; a sentence."""


class Where(NamedTuple):
    """The election, and how to get there."""

    access: Access
    prefix: str
    name: str


class Failed(NamedTuple):
    """What a campaign's ``error`` told."""

    at: float
    """By the monotonic clock, in seconds."""
    says: str


class Player:
    """One candidate, for a round. Its key is a new one each time it campaigns."""

    # The mutable state: what it told, by the key of the candidacy, and what was done to it.

    def __init__(self, part: Part, where: Where, proxies: Sequence[Proxy], news: Callable[[], object]) -> None:
        self.part, self.proxies = part, tuple(proxies)
        self._where, self._news = where, news
        self.leases: dict[bytes, int] = {}
        self.elected: dict[bytes, float] = {}
        self.failed: dict[bytes, Failed] = {}
        self.is_cut = self.is_frozen = self.is_dead = False

    @property
    def can_act(self) -> bool:
        """Whether it hears what it is told and can tell etcd."""
        return not (self.is_cut or self.is_frozen or self.is_dead)

    async def campaign(self, value: str) -> bytes:
        """Begin to campaign; returns the key, written or not."""
        if self.is_dead:
            raise StepFailed(f"{self.part.name} was killed and cannot campaign.")
        told = await self.do("campaign", value)
        key = bytes.fromhex(told["key"])
        self.leases[key] = told["lease"]
        return key

    async def do(self, verb: str, value: str | None = None) -> Any:
        """Have it do something and wait until it is done.

        Raises:
            ElectionError: it was not.
        """
        raise NotImplementedError

    def cut(self, mode: Mode, delay: float) -> None:
        """Break its connection, or make each answer ``delay`` seconds late."""
        self.is_cut = mode != "slow"
        for proxy in self.proxies:
            if mode == "cut":
                proxy.cut()
            elif mode == "black-hole":
                proxy.black_hole()
            else:
                proxy.slow(delay)

    def heal(self) -> None:
        """Mend its connection."""
        self.is_cut = False
        for proxy in self.proxies:
            proxy.heal()

    def freeze(self) -> None:
        """Stop its process."""
        self.signal(signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self) -> None:
        """Let its process go on, if it was stopped."""
        if self.is_frozen:
            self.signal(signal.SIGCONT)
            self.is_frozen = False

    def kill(self) -> None:
        """End its process at once; it does not come back."""
        self.signal(signal.SIGKILL)
        self.is_dead = True

    def signal(self, number: int) -> None:
        """Signal its process."""
        raise NotImplementedError

    async def enter(self) -> None:
        """Get ready to act."""
        raise NotImplementedError

    async def leave(self) -> None:
        """Resign, and end; in bounded time, whatever etcd does."""
        raise NotImplementedError

    @property
    def _access(self) -> Access:
        access = self._where.access
        if not self.proxies:
            return access
        return Access.from_dict(access.as_dict() | {"endpoints": [proxy.endpoint for proxy in self.proxies]})

    @property
    def _scene(self) -> dict[str, Any]:
        return {"name": self._where.name, "prefix": self._where.prefix, "ttl": self.part.ttl}

    def _hear(self, told: dict[str, Any]) -> None:
        key = bytes.fromhex(told["key"])
        if told["event"] == "elected":
            self.elected[key] = told["at"]
        else:
            self.failed[key] = Failed(told["at"], told["says"])
        self._news()


class LocalPlayer(Player):
    """In the drill's own process."""

    async def enter(self) -> None:
        self._client: Client = self._access.client()
        self._actor = Actor(self._client, **self._scene, tell=self._hear)

    async def leave(self) -> None:
        await self._client.close()

    async def do(self, verb: str, value: str | None = None) -> Any:
        return await self._actor.do(verb, value)


class ProcessPlayer(Player):
    """In a process of its own, which is killed where it does not leave in time."""

    async def enter(self) -> None:
        self._answers: dict[int, asyncio.Future[Any]] = {}
        # A session of its own, so that ctrl+c does not reach it and it can resign.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"{__package__}.player_process", str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        self._listening = asyncio.create_task(self._listen(), name=f"what {self.part.name} says")
        self._send(self._scene | {"access": self._access.as_dict()})

    async def leave(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(self._where.access.timeout):
                await self._process.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self._process.wait()
        await self._listening

    async def do(self, verb: str, value: str | None = None) -> Any:
        number = len(self._answers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "do": verb, "value": value})
        try:
            async with asyncio.timeout(self._where.access.timeout + _ANSWER_MARGIN):
                return await answer
        except TimeoutError as exc:
            raise StepFailed(f"The process of {self.part.name} does not answer; is it frozen?") from exc

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _send(self, message: dict[str, Any]) -> None:
        if self._process.stdin is None or self._process.stdin.is_closing() or self._listening.done():
            raise StepFailed(f"The process of {self.part.name} is gone.")
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            if "event" in told:
                self._hear(told)
            elif not (answer := self._answers[told["id"]]).done():
                if "error" in told:
                    answer.set_exception(StepFailed(told["error"]))
                else:
                    answer.set_result(told["result"])
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(StepFailed(f"The process of {self.part.name} has ended."))
                answer.exception()  # nobody may be waiting any more
        self._news()
