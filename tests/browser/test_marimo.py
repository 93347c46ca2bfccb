"""The views in a marimo notebook, from the first frame on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from election_core.blocking import Client
from electiontui.embedded import EmbeddedEtcd

from ..servers import wait_until
from .jupyter import PATIENCE
from .marimo import marimo_app

pytestmark = pytest.mark.timeout(120)


def test_the_first_frame_has_the_elections_and_goes_on(
    etcd: EmbeddedEtcd, browser: Browser, prefix: str, tmp_path: Path
) -> None:
    connecting = f"from electiontui.notebook import connect\netcd = connect({etcd.endpoint!r}, prefix={prefix!r})"
    cells = ["etcd", "etcd.elections()", "etcd.timeline('job')"]
    with Client(etcd.endpoint) as client, marimo_app(tmp_path, connecting, cells) as url:
        job = client.election("job", prefix=prefix.rstrip("/"))
        first = job.campaign("came-first").wait(10)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(url)
        views = page.locator(".electiontui")
        page.get_by_text("own candidates").wait_for()
        for number in range(2):
            # The first frame writes it together with the rows; before that a view is there and empty.
            views.nth(number).locator(".et-title").filter(has_text=re.compile(r"\S")).wait_for()
            assert "came-first" in views.nth(number).locator(".et-rows").inner_text()
        first.resign()
        views.nth(1).get_by_text("job · vacant").wait_for()
        views.nth(1).get_by_role("button", name="Campaign…").click()
        views.nth(1).get_by_label("Campaign as").fill("by-button")
        views.nth(1).get_by_label("Campaign as").press("Enter")
        views.nth(0).get_by_text("by-button").wait_for()
        wait_until(lambda: [each.value for each in job.candidates()] == [b"by-button"], "the candidate")
        page.close()
