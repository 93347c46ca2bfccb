"""The view that the screens look at while a recording is played: the story at the player's position."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from types import TracebackType
from typing import cast

from election_core import Client, LeaseInfo, Unavailable

from ..sources import ClusterView, ViewStatus
from ..sources.shown import HasRead
from ..sources.troubles import Troubles
from .player import Player
from .story import Story

__all__ = ["RecordedView"]


class _PlayersClock:
    """The time of the recording, at the player's position."""

    def __init__(self, player: Player) -> None:
        self._player = player

    @property
    def zone(self) -> tzinfo | None:
        return self._player.began.tzinfo

    def now(self) -> datetime:
        return self._player.position

    def seconds(self) -> float:
        return self._player.position.timestamp()

    def wall(self) -> datetime:
        return self._player.story.wall.local(self._player.position)


class _Nowhere:
    """In place of a client: it has nothing to connect to, and no method that would."""

    endpoints: tuple[str, ...] = ()

    async def lease(self, lease_id: int) -> LeaseInfo | None:
        raise Unavailable("A recording keeps no leases.")


class RecordedView(ClusterView):
    """Reads nothing but the player, and connects to nothing."""

    def __init__(self, player: Player) -> None:
        self._player = player
        # What would ask more of a client is not offered where a recording is played.
        super().__init__(
            lambda: cast(Client, _Nowhere()), *player.recording.header.prefixes, clock=_PlayersClock(player)
        )
        self._story = player.story
        self._show(player.story)

    async def __aenter__(self) -> RecordedView:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to end."""

    def _show(self, story: Story) -> None:
        """Another story: everything may be different, also what is gone again."""
        # A screen may go on showing an election that is not there any more, and its row could not be made then.
        self.rows.make(self.rows.keys() - story.elections.keys())
        self._story = story
        version, self.troubles = self.troubles.version, Troubles()
        self.troubles.version = version + 1
        self._dirty |= self.rows.keys() | story.elections.keys()
        self._follow(story)

    def _follow(self, story: Story) -> None:
        self.elections, self.logs, self._events = story.elections, story.logs, story.events
        self.recent, self.last_transition = story.recent, story.last_transition
        self.watched, self.wall, self.members = story.watched, story.wall, story.members

    def take_news(self) -> bool:
        story = self._player.story
        if story is not self._story:
            self._show(story)
        changed = story.take_changed()
        if story.elections is not self.elections:
            self.rows.make(self.rows.keys() - story.elections.keys())
        self._follow(story)
        self._dirty |= changed
        return bool(self._dirty)

    def note_watching(self, now: datetime) -> None:
        """The recording says whether etcd was watched."""

    def want_leases(self, names: Iterable[str]) -> None:
        """A recording keeps no leases."""

    @property
    def read(self) -> HasRead | None:
        """What was known of the elections."""
        return self._story.shown

    def status(self) -> ViewStatus:
        story, members = self._player.story, self.members
        lost_at = story.watched.lost_at
        age = story.stale if lost_at is None else max((self._player.position - lost_at).total_seconds(), 0.0)
        return ViewStatus(
            prefix=" ".join(self.prefixes),
            loaded=story.has_begun,
            connected=story.connected,
            age=age,
            revision=story.shown.revision,
            elections=len(self.elections),
            endpoints_up=sum(member.reachable for member in members.now),
            endpoints=len(members.now),
            down=tuple(member.endpoint for member in members.now if not member.reachable),
            has_quorum=members.has_quorum,
            round_trip=min((m.round_trip for m in members.now if m.round_trip is not None), default=None),
            error=story.error or None,
            unreachable=False,
            attempt=0,
            retry_in=None,
        )
