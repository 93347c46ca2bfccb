"""`Connection.terms(since=…)`: what a history knows of the time before the connection."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest

from election_core import TermLog, utc_now
from electiontui.embedded import EmbeddedEtcd
from electiontui.notebook import HistoryUnusable, connect
from electiontui.notebook.past import with_past

from ..history_night import write_night
from ..servers import python, read_line, wait_until
from .logs import NOW, candidate, log_of


def leaders(log: TermLog) -> list[str]:
    return ["" if term.leader is None else term.leader.value.decode() for term in log.terms]


@pytest.fixture
def night(tmp_path: Path) -> Path:
    file = tmp_path / "night.db"
    write_night(file, NOW)
    return file


def past(file: Path, *seen: TermLog, hours: float = 24, match: str = "") -> dict[str, TermLog]:
    logs = {log.name: log for log in seen}
    found = with_past(file, "election/", logs, lambda name: match in name, NOW - timedelta(hours=hours), NOW)
    return {log.name: log for log in found}


def test_what_nobody_sees_any_more_is_told_from_the_file(night: Path) -> None:
    found = past(night)
    assert list(found) == ["billing", "orders", "reports/monthly"]
    assert leaders(found["billing"]) == ["host-b", "", "host-c"]
    assert list(past(night, match="reports")) == ["reports/monthly"]


def test_only_what_reaches_into_the_span_is_told(night: Path) -> None:
    assert leaders(past(night, hours=3.5)["billing"]) == ["host-b", "", "host-c"]
    assert leaders(past(night, hours=2)["billing"]) == ["host-c"]


def test_what_was_seen_goes_on_from_what_was_before(night: Path) -> None:
    file_ends_with = past(night)["billing"].current
    assert file_ends_with.leader is not None
    log = TermLog("billing", file_ends_with.leader, NOW - timedelta(minutes=5))
    joined = past(night, log)["billing"]
    assert leaders(joined) == ["host-b", "", "host-c"]
    assert joined.current.began_at == file_ends_with.began_at, "the same candidate led all the time"
    assert log.terms[0].began_at == NOW - timedelta(minutes=5), "what the monitor has is left alone"
    stranger = TermLog("billing", candidate(b"host-z", 99, "billing"), NOW - timedelta(minutes=5))
    other = past(night, stranger)["billing"]
    assert leaders(other) == ["host-b", "", "host-c", "host-z"]
    assert not other.terms[-2].ended_known
    assert "brand-new" in past(night, log_of((60, b"new"), name="brand-new"))


def test_what_a_recorder_has_kept_meanwhile_is_told_once(night: Path) -> None:
    """Whenever the connection began; a recorder may also have heard of a change a moment earlier."""
    known = past(night)["orders"].terms
    assert [term.leader is None for term in known] == [False, True] * 3 + [False]
    for number, first in enumerate(known):
        ended = NOW if first.ended_at is None else first.ended_at
        for began in (first.began_at + (ended - first.began_at) / 2, ended + timedelta(milliseconds=1)):
            recent = [first._replace(began_at=began, began_known=False), *known[number + 1 :]]
            joined = past(night, TermLog.of("orders", recent))["orders"]
            assert joined.terms == known, (number, began)


def test_only_what_the_connection_would_watch_is_told(night: Path) -> None:
    found = with_past(night, "election/reports/", {}, lambda _: True, NOW - timedelta(hours=24), NOW)
    assert [(log.name, leaders(log)) for log in found] == [("monthly", ["host-c", ""])]
    found = with_past(night, "election/ord", {}, lambda _: True, NOW - timedelta(hours=24), NOW)
    assert [log.name for log in found] == ["orders"]


def test_a_file_that_is_none_is_an_error_with_its_path(tmp_path: Path) -> None:
    for file in (tmp_path / "none.db", tmp_path / "text.db"):
        (tmp_path / "text.db").write_text("nothing but text, and more than one page of it\n" * 200)
        with pytest.raises(HistoryUnusable, match=str(file)):
            past(file)


def test_a_notebook_that_is_opened_later_knows_what_a_recorder_kept(
    etcd: EmbeddedEtcd, prefix: str, tmp_path: Path
) -> None:
    file = tmp_path / "kept.db"
    recorder = python(
        "-m", "electiontui", "record", "--endpoints", etcd.endpoint, "--prefix", prefix, "--history", str(file)
    )
    read_line(recorder.stderr)
    with connect(etcd.endpoint, prefix=prefix) as first:
        for value in ("node-1", "node-2"):
            with first.campaign("job", value) as campaign:
                campaign.wait(10)

    def kept() -> list[str]:
        now = utc_now()
        logs = with_past(file, prefix, {}, lambda _: True, now - timedelta(hours=1), now)
        return [leader for log in logs for leader in leaders(log)]

    wait_until(lambda: kept()[-2:] == ["node-2", ""], "the second term and its end in the file", 20)
    recorder.send_signal(signal.SIGTERM)
    recorder.communicate(timeout=30)
    with connect(etcd.endpoint, prefix=prefix, history=file) as second:
        second.campaign("job", "node-3").wait(10)
        wait_until(lambda: any(each["leader"] == "node-3" for each in second.terms("job")), "the third term")
        assert not [each for each in second.terms("job") if each["leader"] in ("node-1", "node-2")]
        terms = [each["leader"] for each in second.terms("job", since="1h") if each["leader"]]
    assert terms == ["node-1", "node-2", "node-3"]
    with connect(etcd.endpoint, prefix=prefix, history=tmp_path / "none.db") as third:
        with pytest.raises(HistoryUnusable):
            third.terms(since="1h")
        assert third.terms() == []
