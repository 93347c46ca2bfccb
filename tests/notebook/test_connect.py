"""`connect`: no await, one connection however often it is asked for, flat records, and an end that resigns."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pandas
import polars
import pytest

from election_core import CampaignClosed, InvalidConfig, utc_now
from electiontui.embedded import EmbeddedEtcd
from electiontui.notebook import Connection, connect
from electiontui.notebook.terms import COLUMNS, terms_of

from ..servers import ROOT, Etcdctl, clean_environment, wait_until
from .logs import NOW, log_of, step


@pytest.fixture
def connected(etcd: EmbeddedEtcd, prefix: str) -> Iterator[Connection]:
    with connect(etcd.endpoint, prefix=prefix) as connection:
        yield connection


def views_threads() -> int:
    return sum(each.name == "electiontui views" for each in threading.enumerate())


def test_the_same_call_gives_the_same_connection_until_it_is_closed(etcd: EmbeddedEtcd, prefix: str) -> None:
    """H99: a cell that is run again opens no second one."""
    first = connect(etcd.endpoint, prefix=prefix)
    threads = views_threads()
    for _ in range(5):
        assert connect(etcd.endpoint, prefix=prefix) is first
        first.elections()
        first.timeline("job")
    assert views_threads() == threads
    first.close()
    first.close()
    assert views_threads() == threads - 1
    with connect(etcd.endpoint, prefix=prefix) as second:
        assert second is not first
    assert repr(first) == f"<connection to {etcd.endpoint}, closed>"
    with pytest.raises(CampaignClosed):
        first.campaign("job", "late")


def test_what_was_campaigned_for_is_resigned_by_close(etcd: EmbeddedEtcd, prefix: str, etcdctl: Etcdctl) -> None:
    with connect(etcd.endpoint, prefix=prefix) as connection:
        connection.campaign("job", "node-a").wait(10)
        assert "node-a" in etcdctl.run("get", "--prefix", f"{prefix}job/")
    assert etcdctl.run("get", "--prefix", prefix) == ""


def test_an_end_without_closing_resigns(etcd: EmbeddedEtcd, prefix: str, etcdctl: Etcdctl) -> None:
    """H98: nobody waits for a lease of a kernel that has ended."""
    script = (
        "import sys; from electiontui.notebook import connect\n"
        f"etcd = connect({etcd.endpoint!r}, prefix={prefix!r}); etcd.campaign('job', 'node-a', ttl=60).wait(10)\n"
        "view = etcd.elections(); print(view.svg()[:4])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=30,
        env=clean_environment(PYTHONPATH=str(ROOT)),
    )
    assert (done.stdout, done.stderr) == ("<svg\n", "")
    assert etcdctl.run("get", "--prefix", prefix) == ""


def test_the_card_tells_what_is_there(connected: Connection, etcd: EmbeddedEtcd) -> None:
    connected.campaign("orders/<a>", "node-<a>").wait(10)
    with connected.campaign("orders/b", "gone"):
        pass
    wait_until(
        lambda: "orders/b" in connected.monitor.elections and not len(connected.monitor.elections["orders/b"]),
        "the empty election is seen",
        20,
    )
    text, html = repr(connected), connected._repr_html_()
    assert f"{etcd.endpoint}: etcd 3.5" in text
    assert "orders/b" in text.partition("vacant")[2].split("\n")[0]
    assert "node-<a> in orders/<a>: leading" in text
    assert html is not None
    assert "node-&lt;a&gt; in orders/&lt;a&gt;: leading" in html
    assert "<a>" not in html


def test_a_connection_that_only_reads_refuses_to_campaign(etcd: EmbeddedEtcd, prefix: str) -> None:
    with connect(etcd.endpoint, prefix=prefix, read_only=True) as connection, pytest.raises(InvalidConfig):
        connection.campaign("job", "node-a")


@pytest.mark.parametrize(
    ("prefix", "key"), [("", "job/"), ("a/", "a/job/"), ("a/b", "a/job/"), ("/a/", "/a/job/"), ("/a", "/job/")]
)
def test_it_campaigns_where_it_watches(etcd: EmbeddedEtcd, name: str, prefix: str, key: str) -> None:
    job = prefix.rpartition("/")[2] + name
    with connect(etcd.endpoint, prefix=prefix) as connection:
        campaign = connection.campaign(job, "node-a").wait(10)
        assert campaign.key.startswith(key.replace("job", job).encode())
        wait_until(lambda: job in connection.monitor.elections, "the election is seen", 20)


def test_terms_are_flat_records_that_data_frames_take(connected: Connection) -> None:
    for value in ("node-1", "node-2"):
        with connected.campaign("orders/a", value):
            pass
    last = connected.campaign("orders/a", "node-3").wait(10)
    connected.campaign("stock", "node-9").wait(10)
    wait_until(lambda: len([each for each in connected.terms() if each["leader"]]) == 4, "four terms are told", 20)
    terms = connected.terms("orders/*")
    assert [each["leader"] for each in terms if each["leader"]] == ["node-1", "node-2", "node-3"]
    assert all(tuple(each) == COLUMNS for each in terms)
    assert terms[-1] | {"began": None, "held_s": 0} == {
        "election": "orders/a",
        "leader": "node-3",
        "token": last.fencing_token,
        "lease": f"{last.lease_id:x}",
        "began": None,
        "ended": None,
        "held_s": 0,
        "began_known": True,
        "ended_known": True,
        "gap": False,
    }
    frame = terms.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert list(pandas.DataFrame(terms)["leader"].dropna()) == ["node-1", "node-2", "node-3"]
    assert polars.DataFrame(terms)["token"].drop_nulls().to_list() == sorted(frame["token"].dropna())
    assert str(frame["began"].dt.tz) == "UTC"
    assert "node-3" in terms._repr_html_()
    assert list(connected.terms("nothing").to_frame().columns) == list(COLUMNS)


def test_terms_since_leave_out_what_ended_before() -> None:
    log = log_of((100, b"a"), (50, b"b"), (20, None), (10, b"c"))
    step(log, 90, b"d", NOW, gap=True)
    since = NOW - timedelta(seconds=30)
    found = terms_of([log], NOW, since)
    assert [each["leader"] for each in found] == ["b", None, "c", "d"]
    assert [each["gap"] for each in found] == [False, False, True, False]
    assert [each["held_s"] for each in terms_of([log], NOW)] == [50, 30, 10, 10, 0]


def test_a_span_of_terms_may_be_given_in_words_or_as_a_moment(connected: Connection) -> None:
    with connected.campaign("job", "early"):
        pass
    wait_until(
        lambda: any(each["leader"] == "early" and each["ended"] for each in connected.terms()),
        "the early term has ended",
        20,
    )
    assert any(each["leader"] == "early" for each in connected.terms("job", since="1h"))
    assert not any(each["leader"] == "early" for each in connected.terms("job", since=utc_now()))
    with pytest.raises(ValueError, match="duration"):
        connected.terms(since="soon")


def test_all_views_of_a_connection_share_what_was_seen(connected: Connection) -> None:
    with connected.campaign("job", "node-1"):
        pass
    connected.campaign("job", "node-2").wait(10)
    wait_until(lambda: "node-2" in str(connected.timeline("job")), "node-2 is drawn", 20)
    for _ in range(2):
        assert "node-1" in str(connected.timeline("job"))
        assert "1 election" in str(connected.elections("j*"))
