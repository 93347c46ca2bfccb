"""The notebook's views in a real JupyterLab: live while cells block, bounded, harmless, and with buttons."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from election_core import Candidate
from election_core.blocking import Client
from electiontui.embedded import EmbeddedEtcd

from ..servers import ROOT, clean_environment
from .jupyter import Lab, Notebook, connecting, until

Open = Callable[..., Notebook]
TTL = 5
"""Seconds; for less than a cell is blocked."""
OURS = {"DIV", "SPAN", "STRONG", "CANVAS", "INPUT", "SELECT", "OPTION", "BUTTON"}
HOSTILE = (
    "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>]]>\"'`${window.hacked=1}\x00\x1b[2J\u202e"
)

pytestmark = pytest.mark.timeout(240)


def candidates(client: Client, name: str, prefix: str) -> list[Candidate]:
    return client.election(name, prefix=prefix.rstrip("/")).candidates()


def test_views_move_while_a_cell_blocks_and_an_own_leadership_survives_it(
    etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open, tmp_path: Path
) -> None:
    """H98: the views and the leases have threads of their own."""
    over = tmp_path / "over"
    shown = notebook(
        [
            connecting(etcd, prefix),
            f"own = etcd.campaign('own', 'notebook', ttl={TTL}).wait(10)\nbegan = own.fencing_token",
            "etcd.elections(last='1m')",
            f"import os, time\nwhile not os.path.exists({str(over)!r}): time.sleep(0.1)\nprint('awake')",
        ]
    )
    shown.run(0, 1, 2)
    rows = shown.view(2).locator(".et-row", has_text="other")
    shown.view(2).get_by_text("own").first.wait_for()
    shown.run(3, wait=False)
    began = time.monotonic()
    for number in range(4):
        with client.election("other", prefix=prefix.rstrip("/")).campaign(f"node-{number}"):
            rows.filter(has_text=f"node-{number}").wait_for()
    until(lambda: time.monotonic() - began > TTL + 2)
    assert "awake" not in shown.output(3).inner_text()
    over.touch()
    shown.output(3).get_by_text("awake").wait_for(timeout=15_000)
    assert shown.execute("print(own.is_leader, own.fencing_token == began)") == "True True"
    shown.execute("etcd.close()")


COUNTS = """
import asyncio, threading, ipywidgets
widgets = [each for each in ipywidgets.Widget._all_widgets() if 'Elections' in type(each).__name__] if hasattr(
    ipywidgets.Widget, '_all_widgets') else [
    each for each in ipywidgets.widgets.widget._instances.values() if 'Elections' in type(each).__name__]
threads = [each for each in threading.enumerate() if each.name == 'electiontui views']
print(len(widgets), len(threads))
"""


def test_twenty_runs_of_a_cell_leave_one_view_and_one_thread(
    etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open
) -> None:
    """H99: running a cell again replaces what it showed before, and the connection it had."""
    shown = notebook([connecting(etcd, prefix), "etcd.elections()", "etcd.timeline('job')"])
    shown.run(0, 1, 2)
    assert shown.execute(COUNTS) == "2 1"
    for _ in range(20):
        shown.run(0, 1)
    assert shown.execute(COUNTS) == "2 1"
    with client.election("job", prefix=prefix.rstrip("/")).campaign("still-live"):
        shown.view(1).get_by_text("still-live").wait_for()
        shown.view(2).get_by_text("still-live").first.wait_for()
    shown.execute("etcd.close()")


@pytest.mark.parametrize("value", [HOSTILE, "x" * 1_000_000], ids=["hostile", "a-megabyte"])
def test_whatever_etcd_holds_adds_no_node(
    etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open, value: str
) -> None:
    """H100: values and names are text in the page, whatever they look like."""
    name = f"job{value[:200]}".replace("/", "|").replace("\x00", "")
    shown = notebook([connecting(etcd, prefix), "etcd.elections()", f"etcd.timeline({name!r})", "etcd", "etcd.terms()"])
    shown.run(0)
    with client.election(name, prefix=prefix.rstrip("/")).campaign(value):
        until(lambda: shown.execute("print(len(etcd.monitor.elections))") == "1")
        shown.run(1, 2, 3, 4)
        shown.view(1).locator(".et-rows .et-row canvas").first.wait_for()
        tags = shown.page.evaluate(
            "() => [...document.querySelectorAll('.electiontui *')].map((each) => each.tagName.toUpperCase())"
        )
        assert set(tags) <= OURS
        assert len(tags) < 120
        assert shown.page.locator(".jp-Cell-outputArea script").count() == 0
        assert shown.page.locator(".jp-Cell-outputArea img:not([class^=electiontui])").count() == 0
        assert shown.page.evaluate("() => window.hacked") is None
        text = shown.view(1).inner_text()
        assert ("<img src=x" if value is HOSTILE else "xxxxxxxx") in text
        assert "\x1b" not in text
        assert "\u202e" not in text
    shown.execute("etcd.close()")


def test_campaign_proclaim_resign_and_crash_by_button(
    etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open
) -> None:
    shown = notebook([connecting(etcd, prefix), "etcd.timeline('job')"])
    shown.run(0, 1)
    view = shown.view(1)

    def press(*names: str) -> None:
        for each in names:
            view.get_by_role("button", name=each, exact=True).first.click()

    press("Campaign…")
    assert candidates(client, "job", prefix) == []
    press("Cancel")
    press("Campaign…")
    view.get_by_label("Campaign as").fill("by-button")
    press("Campaign")
    until(lambda: [each.value for each in candidates(client, "job", prefix)] == [b"by-button"])
    view.get_by_text("by-button campaigns in job.").wait_for()
    view.get_by_text("by-button (leading)").wait_for()
    press("Proclaim…")
    view.get_by_label("Instead of by-button proclaim").fill("other words")
    view.get_by_label("Instead of by-button proclaim").press("Enter")
    until(lambda: [each.value for each in candidates(client, "job", prefix)] == [b"other words"])
    view.get_by_text("other words (leading)").wait_for()
    press("Resign…", "Resign")
    until(lambda: candidates(client, "job", prefix) == [])
    view.get_by_text("job · vacant").wait_for()
    press("Campaign…", "Campaign")
    lease = until(lambda: candidates(client, "job", prefix))[0].lease_id
    press("Crash…", "Crash")
    view.get_by_text("renews no more in job").wait_for()
    left = client.lease(lease)
    assert left is not None
    until(lambda: (now := client.lease(lease)) is None or now.remaining <= left.remaining - 2)
    shown.execute("etcd.close()")


def test_a_connection_that_only_reads_has_no_buttons(
    etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open
) -> None:
    shown = notebook([connecting(etcd, prefix, ", read_only=True"), "etcd.timeline('job')"])
    shown.run(0, 1)
    shown.view(1).get_by_text("job · vacant").wait_for()
    assert shown.view(1).get_by_role("button").count() == 0
    told = shown.page.evaluate("() => document.querySelectorAll('.electiontui button').length")
    assert told == 0
    shown.execute("etcd.close()")


def test_filter_order_and_keyboard(etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open) -> None:
    shown = notebook([connecting(etcd, prefix), "etcd.elections(last='1m')"])
    elections = [client.election(f"orders/{each}", prefix=prefix.rstrip("/")) for each in "abc"]
    for number, election in enumerate(elections):
        for _ in range(3 - number):
            with election.campaign(f"node-{number}"):
                pass
    shown.run(0)
    campaigns = [election.campaign(f"node-{number}").wait(5) for number, election in enumerate(elections)]
    shown.run(1)
    view = shown.view(1)

    def names() -> list[str]:
        return [row.split("\n")[0] for row in view.locator(".et-rows .et-row").all_inner_texts()]

    until(lambda: names() == ["orders/a", "orders/b", "orders/c"])
    campaigns[2].resign()
    campaigns.append(elections[2].campaign("node-9").wait(5))
    view.get_by_label("Sort by").select_option("changes")
    until(lambda: names()[0] == "orders/c")
    view.get_by_label("Filter by name or leader").fill("!/[bc]$/")
    until(lambda: names() == ["orders/a"])
    view.get_by_label("Filter by name or leader").fill("NODE-")
    until(lambda: len(names()) == 3)
    view.get_by_label("Sort by").select_option("name")
    until(lambda: names() == ["orders/a", "orders/b", "orders/c"])
    view.get_by_label("Span").focus()
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("ArrowDown")
    shown.page.keyboard.press("End")
    assert shown.page.evaluate("() => document.activeElement.innerText").startswith("orders/c")
    shown.page.keyboard.press("ArrowLeft")
    assert "node-9" in view.locator(".et-reading").inner_text()
    assert "token" in view.locator(".et-reading").inner_text()
    shown.page.keyboard.press("Enter")
    assert shown.page.evaluate("() => document.activeElement.innerText") == "Campaign…"
    strip = view.locator(".et-row", has_text="orders/c").locator("canvas")
    box = strip.bounding_box()
    assert box is not None
    strip.hover(position={"x": box["width"] - 4, "y": 10})
    assert "node-9 · from" in view.locator(".et-tip").inner_text()
    shown.execute("etcd.close()")


def luminance(colour: str) -> float:
    red, green, blue = [float(each) for each in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_it_follows_the_theme(etcd: EmbeddedEtcd, prefix: str, notebook: Open, theme: str) -> None:
    shown = notebook([connecting(etcd, prefix), "etcd.timeline('job')", "print(str(etcd.timeline('job')))"])
    shown.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    shown.page.wait_for_selector(f'body[data-jp-theme-name="{theme}"]', state="attached")
    shown.run(0, 1)
    title = shown.view(1).locator(".et-title")
    title.wait_for()
    ink = luminance(title.evaluate("(each) => getComputedStyle(each).color"))
    page = luminance(
        shown.page.locator(".jp-NotebookPanel").evaluate(
            "() => getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
        )
    )
    assert abs(ink - page) > 0.6
    size = title.evaluate("(each) => parseFloat(getComputedStyle(each).fontSize)")
    assert 11 <= size <= 15
    shown.execute("etcd.close()")


def test_what_is_saved_shows_the_last_state_without_a_kernel(
    etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open, lab: Lab
) -> None:
    shown = notebook([connecting(etcd, prefix), "etcd.timeline('job')", "etcd.close()"])
    shown.run(0, 1)
    with client.election("job", prefix=prefix.rstrip("/")).campaign("came-later"):
        shown.view(1).get_by_text("came-later").first.wait_for()
        # The picture below the widget is there for the file alone.
        assert not shown.output(1).locator("img").first.is_visible()
        shown.run(2)
    saved = shown.save()
    outputs = saved["cells"][1]["outputs"]
    assert "came-later" in "".join(outputs[0]["data"]["image/svg+xml"])
    assert "came-later" in "".join(outputs[0]["data"]["text/plain"])
    name = shown.name
    page = lab.folder / f"{name}.html"
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", str(lab.folder / name), "--output", str(page)],
        capture_output=True,
        text=True,
        env=clean_environment(PYTHONPATH=str(ROOT)),
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    # What the page would load from elsewhere is not needed for the picture.
    shown.page.route("http*://**", lambda route: route.abort())
    shown.page.goto(page.as_uri())
    picture = shown.page.get_by_alt_text("job · came-later")
    assert picture.is_visible()
    assert picture.evaluate("(each) => each.naturalWidth") == 900


def test_a_page_that_comes_back_is_told_what_it_missed(
    etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open
) -> None:
    shown = notebook([connecting(etcd, prefix), "etcd.elections()"])
    shown.run(0, 1)
    shown.view(1).get_by_text("0 elections").wait_for()
    shown.save()
    shown.page.goto("about:blank")
    with client.election("job", prefix=prefix.rstrip("/")).campaign("meanwhile"):
        shown.open()
        shown.view(1).get_by_text("meanwhile").wait_for()
    shown.view(1).get_by_text("vacant").wait_for()
    shown.execute("etcd.close()")


def test_a_restarted_kernel_resigns(etcd: EmbeddedEtcd, client: Client, prefix: str, notebook: Open) -> None:
    """H98: nobody waits for a lease of a kernel that has ended."""
    shown = notebook([connecting(etcd, prefix), "own = etcd.campaign('job', 'notebook', ttl=60).wait(10)"])
    shown.run(0, 1)
    assert len(candidates(client, "job", prefix)) == 1
    shown.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    # Its lease would live for much longer.
    until(lambda: candidates(client, "job", prefix) == [], 20)
