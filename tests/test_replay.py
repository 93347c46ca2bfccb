"""A recording played: any position that is gone to shows what was known there, whatever was shown before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election_core import Candidate, Client, MonitorInput, Replica, Transition, utc_now
from election_core.core.model import KeyDeleted, KeyPut
from electiontui.embedded import EmbeddedEtcd
from electiontui.recording import Header, Mark, RawRecorder, RawWriter, Recording
from electiontui.recording.format import encoded
from electiontui.replay import Index, Player, RecordedView, moment_of
from electiontui.replay import index as index_module
from electiontui.replay import player as player_module
from electiontui.replay.story import Story

from .servers import Etcdctl
from .unit.test_directory import histories_below
from .unit.test_replica import Live, deeds, lived
from .unit.test_state import EPOCH, Moment

ZONE = timezone(timedelta(hours=1))
SIZE = 64 << 20


def done(moving: Iterator[None]) -> None:
    for _ in moving:
        pass


def straight(recording: Recording, end: int) -> Story:
    """What is known after the lines up to ``end``, read one after the other."""
    story = Story(recording.header, recording.start, recording.header.began)
    for item in recording.read():
        if item.after > end:
            break
        story.take(item)
    return story


def shown(story: Story) -> dict[str, object]:
    """All of a story that any screen shows."""
    return {
        "elections": {name: (state.queue, state.has_gap) for name, state in story.elections.items()},
        "terms": {name: (log.terms, log.dropped) for name, log in story.logs.items()},
        "events": {name: story.events.of(name) for name in story.logs},
        "recent": list(story.recent),
        "watch": (story.connected, story.error, story.stale, story.watched.lost_at, story.watched.began),
        "unwatched": list(story.watched.unwatched(EPOCH - timedelta(days=1), EPOCH + timedelta(days=1))),
        "told": story.told,
    }


def write(path: Path, header: Header, lines: Iterable[MonitorInput | Mark]) -> None:
    path.write_bytes(b"".join(map(encoded, (header, *lines))))


def lines_of(live: Live, *, images: bool) -> Iterator[MonitorInput | Mark]:
    """What was lived, with connections that are lost, recorders that are killed, and all that is known now and then."""
    replica = Replica(["election/"])
    yield Mark("begin", EPOCH)
    for number, each in enumerate(live.inputs):
        yield each
        replica.take(each)
        if images and number % 3 == 2:
            yield from replica.images(each.at)
        if number % 5 == 3:
            yield Mark("lost", each.at, 0.5, error="gone")
        if number % 5 == 4:
            yield Mark("back", each.at)
        if number % 7 == 6:
            yield Mark("begin", each.at)
            afresh = read_afresh(live.inputs[: number + 1])
            replica = Replica(["election/"])
            replica.take(afresh)
            yield afresh


def read_afresh(inputs: list[MonitorInput]) -> MonitorInput:
    """Everything read afresh, as the next monitor does."""
    replica = Replica(["election/"])
    for each in inputs:
        replica.take(each)
    line = [each for state in replica.elections.values() for each in state.queue]
    return MonitorInput(0, "read", inputs[-1].at, replica.revision + 1, tuple(dict.fromkeys(line)))


moves = st.lists(
    st.one_of(
        st.tuples(st.just("seek"), st.floats(-2, 30)),
        st.tuples(st.just("step"), st.sampled_from([1, 1, -1, -1])),
        st.tuples(st.just("play"), st.floats(0, 5)),
    ),
    max_size=12,
)


@given(histories_below(b"election/"), deeds, moves, st.booleans())
def test_wherever_one_goes_the_screens_show_what_was_known_there(
    moments: list[Moment], what: list[object], going: list[tuple[str, float]], images: bool
) -> None:
    """H91: going back, forth and step by step, from whatever was kept to begin with."""
    live = lived("election/", moments, what)  # type: ignore[arg-type]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(index_module, "_LEAST", 300)
        patched.setattr(player_module, "_NEAR", 0)
        path = Path(folder) / "x.jsonl"
        write(path, Header(("election/",), EPOCH.astimezone(ZONE)), lines_of(live, images=images))
        recording = Recording(path)
        index = Index(recording)
        player = Player(recording, index)
        kept: list[int] = []
        for number, (move, by) in enumerate(going):
            if number == 4:
                index.run()
                kept = afters(index)
                assert kept == sorted(set(kept), reverse=True)
            if move == "play":
                player.playing = player.position < player.ends
                player.advance(by)
            else:
                done(player.seek(EPOCH + timedelta(seconds=by)) if move == "seek" else player.step(int(by)))
            assert player.failure is None
            assert player.began <= player.position <= player.ends
            if index.share == 1.0:
                done(player.complete())
                assert player.story.is_whole
            whole = shown(straight(recording, player.story.after))
            if player.story.is_whole:
                assert shown(player.story) == whole
            else:
                assert shown(player.story)["elections"] == whole["elections"]
        assert afters(index) == kept


def afters(index: Index) -> list[int]:
    """Where the stories of an index stand, which nobody goes on with."""
    return [story.after for story in index.newest_first()]


class Scene:
    """A recording in which one election changes once per minute, written line by line."""

    def __init__(self, path: Path, minutes: int = 10) -> None:
        self.path = path
        began = datetime(2026, 3, 1, 1, 10, tzinfo=UTC)
        write(path, Header(("election/",), began.astimezone(ZONE)), self._lines(began, minutes))

    def _lines(self, began: datetime, minutes: int) -> Iterator[MonitorInput | Mark]:
        yield Mark("begin", began)
        yield MonitorInput(0, "read", began, 10, (self.candidate(1), self.candidate(2)))
        for number in range(1, minutes + 1):
            at, revision = began + timedelta(minutes=number), 10 + 2 * number
            joins = KeyPut(self.candidate(number + 2)._replace(create_revision=revision - 1))
            leaves = KeyDeleted(self.candidate(number).key)
            yield MonitorInput(0, "revision", at, revision - 1, events=(joins,))
            yield MonitorInput(0, "revision", at, revision, events=(leaves,))
            yield Mark("alive", at + timedelta(seconds=10), 0.5)
        yield Mark("end", began + timedelta(minutes=minutes, seconds=30))

    def candidate(self, number: int) -> Candidate:
        return Candidate(b"election/job/%x" % number, b"host-%d" % number, number, number, number)

    def player(self) -> Player:
        recording = Recording(self.path)
        return Player(recording, Index(recording))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "night.jsonl")


def leader_of(player: Player) -> bytes | None:
    state = player.story.elections.get("job")
    return None if state is None or state.leader is None else state.leader.value


def test_it_plays_at_its_speed_until_the_end(scene: Scene) -> None:
    player = scene.player()
    player.speed = 60.0
    assert leader_of(player) == b"host-1"
    player.advance(0.9)
    assert (leader_of(player), player.position - player.began) == (b"host-1", timedelta(seconds=54))
    player.advance(0.1)
    assert leader_of(player) == b"host-2"
    player.toggle()
    player.advance(5.0)
    assert player.position - player.began == timedelta(seconds=60)
    player.toggle()
    player.advance(100.0)
    assert (player.playing, player.position, leader_of(player)) == (False, player.ends, b"host-11")
    player.toggle()
    assert not player.playing


def test_it_steps_from_transition_to_transition(scene: Scene) -> None:
    player = scene.player()
    places = []
    for by in (1, 1, 1, -1, -1, -1, -1):
        done(player.step(by))
        places.append((f"{player.position:%M:%S}", leader_of(player)))
    assert places[:3] == [("11:00", b"host-2"), ("12:00", b"host-3"), ("13:00", b"host-4")]
    assert places[3:6] == [("12:00", b"host-3"), ("11:00", b"host-2"), ("10:00", b"host-1")]
    assert not player.playing
    done(player.seek(player.began + timedelta(minutes=3, seconds=30)))
    done(player.step(-1))
    assert f"{player.position:%M:%S}" == "13:00"
    done(player.seek(player.ends))
    done(player.step(1))
    assert player.position == player.ends


def test_speeds_have_an_order_and_ends(scene: Scene) -> None:
    player = scene.player()
    player.speed = 50.0
    seen = []
    for by in (1, 1, 1, 1, 1, -1):
        player.faster(by)
        seen.append(player.speed)
    assert seen == [60.0, 240.0, 900.0, 3600.0, 3600.0, 900.0]


def test_a_damaged_line_stops_it_there_with_its_number(scene: Scene) -> None:
    lines = scene.path.read_bytes().splitlines(keepends=True)
    scene.path.write_bytes(b"".join([*lines[:8], b"oh\n", *lines[9:]]))
    player = scene.player()
    done(player.seek(player.ends))
    assert player.failure is not None
    assert "line 9: " in player.failure
    assert (leader_of(player), player.playing) == (b"host-3", False)
    player.index.run()
    assert "line 9: " in str(player.index.failure)


def test_the_view_tells_what_was_not_watched(tmp_path: Path) -> None:
    began = datetime(2026, 3, 1, 1, 10, tzinfo=UTC)
    at = [began + timedelta(seconds=seconds) for seconds in range(100)]
    lines: list[MonitorInput | Mark] = [
        Mark("begin", at[0]),
        MonitorInput(0, "read", at[1], 10),
        Mark("alive", at[10], 0.5),
        Mark("lost", at[22], 2.0, error="None of it answered."),
        Mark("back", at[30]),
        Mark("alive", at[40], 9.0),
        Mark("alive", at[50], 0.0),
        Mark("begin", at[60]),
        MonitorInput(0, "read", at[61], 12),
        Mark("end", at[70]),
    ]
    write(tmp_path / "x.jsonl", Header(("election/",), began.astimezone(ZONE)), lines)
    recording = Recording(tmp_path / "x.jsonl")
    player = Player(recording, Index(recording))
    view = RecordedView(player)
    done(player.seek(at[25]))
    view.take_news()
    status = view.status()
    assert (status.connected, status.error, status.age) == (False, "None of it answered.", 5.0)
    done(player.seek(at[35]))
    view.take_news()
    assert view.status().connected
    done(player.seek(at[70]))
    view.take_news()
    assert [(part.since, part.until) for part in view.watched.unwatched(began, at[70])] == [
        (at[0], at[1]),
        (at[20], at[30]),
        (at[31], at[50]),
        (at[50], at[61]),
    ]
    assert view.status().error == "the recording ends here"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("02:10", "02:10:20"),
        ("02:11", "02:11:00"),
        ("2:11:30.5", "02:11:30.500000"),
        ("+5m", "02:15:20"),
        ("-1m30s", "03:58:30"),
        ("2026-03-01T03:00", "03:00:00"),
        ("2026-03-01 03:00+01:00", "03:00:00"),
        ("2026-03-01T02:00:00+00:00", "03:00:00"),
    ],
)
def test_a_moment_is_given_as_people_do(text: str, meant: str) -> None:
    began, ends = datetime(2026, 3, 1, 2, 10, 20, tzinfo=ZONE), datetime(2026, 3, 1, 4, 0, tzinfo=ZONE)
    assert str(moment_of(text, began, ends).astimezone(ZONE).time()) == meant


def test_a_time_of_day_may_be_of_the_next_day() -> None:
    began, ends = datetime(2026, 3, 1, 22, 0, tzinfo=ZONE), datetime(2026, 3, 2, 4, 0, tzinfo=ZONE)
    assert moment_of("02:10", began, ends) == datetime(2026, 3, 2, 2, 10, tzinfo=ZONE)


@pytest.mark.parametrize("text", ["", "noon", "25:00", "+", "-5", "02:60", "2026-03-01T", "+9999999999h", "-99999999h"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment of a recording"):
        moment_of(text, EPOCH, EPOCH + timedelta(hours=1))


@pytest.mark.parametrize("text", ["00:20", "+2h", "-2h", "2025-12-31T23:00"])
def test_a_moment_outside_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(ValueError, match=r"from 2026-01-01 00:30:00 to 2026-01-01 01:30:00"):
        moment_of(text, EPOCH + timedelta(minutes=30), EPOCH + timedelta(minutes=90))


async def test_what_was_seen_live_on_etcd_is_what_is_replayed(etcd: EmbeddedEtcd, name: str, tmp_path: Path) -> None:
    """H91: candidates that come, go and proclaim, many in one revision, a stray key, a value of any bytes."""
    prefix, tool = f"replay-{name}/", Etcdctl(etcd.endpoint)
    recording_at = tmp_path / "x.jsonl"
    async with Client(etcd.endpoint, timeout=5) as client:
        writer = RawWriter(recording_at, Header((prefix,), utc_now().astimezone(ZONE)), size=SIZE)
        recorder = RawRecorder(writer)
        live: list[Transition] = []
        first = client.election("a", prefix=prefix).campaign(b"\xff\x00 host")
        await first.wait()
        monitor = client.monitor(prefix)
        recorder.attach(monitor, lambda: client.cluster_id)
        monitor.on("change", live.append)
        async with monitor:
            second = client.election("a", prefix=prefix).campaign("host-2")
            others = [client.election(f"b/{number}", prefix=prefix).campaign("x") for number in range(20)]
            for other in others:
                await other.wait()
            await first.proclaim("again")
            await first.resign()
            await second.wait()
            tool.run("put", f"{prefix}a/stray", "block")
            tool.run("del", "--prefix", f"{prefix}b/1")
            await second.resign()
            async for transition in monitor:
                if transition.after is not None and transition.after.key.endswith(b"/stray"):
                    break
            recorder.tick(utc_now())
            known = {name: state.queue for name, state in monitor.elections.items()}
            recorder.end()
        await asyncio.to_thread(writer.close)
        assert writer.failure is None
    recording = Recording(recording_at)
    story, replayed = Story(recording.header, recording.start, recording.header.began), list[Transition]()
    for item in recording.read():
        replayed += story.take(item)
    assert replayed == live
    assert len(live) > 30
    assert {name: state.queue for name, state in story.elections.items()} == known
