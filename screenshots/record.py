"""Make the recording that most pictures are of: real candidates on a real etcd, put into a night of long ago.

    python screenshots/record.py

Needs ``etcd`` (``pip install electiontui[demo]`` brings one), and takes a minute. What happened in that minute is told
with a clock that runs ten times as fast, so that the pictures show ten.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from stage import staged

from electiontui.embedded import EmbeddedEtcd
from electiontui.recording import Recording
from electiontui.recording.format import Line, Mark, encoded

NIGHT = Path(__file__).with_name("night.jsonl")
BEGAN = datetime(2026, 3, 1, 2, 4, 30, tzinfo=timezone(timedelta(hours=1)))
SECONDS, FASTER = 60, 10
ENDPOINT = "127.0.0.1:2379"


async def recorded(file: Path) -> None:
    """What the recorder writes down while candidates come and go."""
    with EmbeddedEtcd() as etcd:
        async with staged(etcd.endpoints, SECONDS):
            recorder = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "electiontui", "record", "--no-history", "--raw", file,
                "--endpoints", ",".join(etcd.endpoints),
            )  # fmt: skip
            await asyncio.sleep(SECONDS)
            recorder.send_signal(signal.SIGINT)
            assert await recorder.wait() == 0


def moved(lines: Iterable[Line], began: datetime) -> Iterator[Line]:
    """The same in that night, and slower; a look at the watch each second, as a recorder has it."""
    looked = BEGAN
    for line in lines:
        at = BEGAN + FASTER * (line.at - began)
        while looked + timedelta(seconds=1) < at:
            looked += timedelta(seconds=1)
            yield Mark("alive", looked, wall=looked)
        if isinstance(line, Mark):
            members = line.members and tuple(each._replace(endpoint=ENDPOINT) for each in line.members)
            yield line._replace(at=at, wall=at, members=members)
        else:
            yield line._replace(at=at)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "now.jsonl"
        asyncio.run(recorded(file))
        recording = Recording(file)
        header = recording.header._replace(began=BEGAN, endpoints=(ENDPOINT,))
        lines = moved((item.what for item in recording.read()), recording.header.began)
        NIGHT.write_bytes(b"".join(map(encoded, (header, *lines))))
    print(f"{NIGHT}: {NIGHT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
