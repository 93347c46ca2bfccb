"""What all objects of one client share: its loop, its callbacks' thread, and the bodies that threads run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from ..campaign import Campaign as AsyncCampaign
from .background import Background
from .body import Body
from .dispatcher import Callback, Dispatcher, Listener

__all__ = ["Open"]


class HasEvents(Protocol):
    """A campaign, an observer or a monitor of asyncio's."""

    @property
    def on(self) -> Callable[..., Callable[[], None]]: ...


class Open:
    """The loop, the callbacks and the bodies of one client.

    Attributes:
        timeout: the client's, in seconds.
    """

    # The mutable state: the bodies under way, which belong to the loop.

    def __init__(self, background: Background, timeout: float) -> None:
        self.background = background
        self.dispatcher = Dispatcher()
        self.timeout = timeout
        self._bodies: set[Body] = set()

    def listen(self, inner: HasEvents, event: str, callback: Callback) -> Callable[[], None]:
        """Have ``callback`` called in the dispatcher's thread; returns what removes it."""
        if not callable(callback):
            self.background.ask(lambda: inner.on(event, callback))
        listener = Listener(self.dispatcher, event, callback)
        undo = self.background.ask(lambda: inner.on(event, listener))

        def remove() -> None:
            """Call it no more, not even for what has happened already. Removing it again does nothing."""
            listener.removed = True
            self.background.tell(undo)

        return remove

    def enter(self, campaign: AsyncCampaign, lost: Callable[[], None]) -> Body:
        """Enter a campaign for this thread, once it is elected.

        Raises:
            ElectionError: as ``async with campaign`` does.
        """
        body = Body(campaign, lost, threading.current_thread())
        try:
            self.background.ask(lambda: self._begin(body))
            body.entered.result()
            return body
        except BaseException:
            self.background.tell(body.give_up)
            with suppress(Exception):
                self.background.run(body.wait_left, timeout=self.timeout)
            raise

    def leave(self, body: Body, raised: BaseException | None) -> None:
        """This thread has left the body.

        Raises:
            LeadershipLost, CampaignClosed: what the body was told of by ``lost``.
            BodyRaised: the body has raised something else.
        """
        self.background.tell(partial(body.end, raised))
        self.background.run(body.left)

    def let_go(self, concerned: Callable[[AsyncCampaign], bool]) -> None:
        """End the bodies of this thread, which closes what they stand on and so cannot be waited for."""
        mine = threading.current_thread()

        async def end() -> None:
            bodies = [each for each in self._bodies if each.thread is mine and concerned(each.campaign)]
            for body in bodies:
                body.end()
            await asyncio.gather(*(body.wait_left() for body in bodies))

        self.background.run(end)

    async def end_bodies(self) -> None:
        """What still runs when the client has been closed is waited for no more."""
        for body in tuple(self._bodies):
            body.end()
            await body.wait_left()

    def add(self, body: Body, task: asyncio.Task[Any]) -> None:
        """A body is run by this task."""
        body.task = task
        self._bodies.add(body)
        task.add_done_callback(lambda _: self._bodies.discard(body))

    def _begin(self, body: Body) -> None:
        if body.is_over:
            return
        task = asyncio.get_running_loop().create_task(body.run(), name="a body in a thread")
        self.add(body, task)
        task.add_done_callback(body.tell_not_entered)
