"""Debian's Chromium without a window, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["chromium", "needed_chromium"]

_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


def needed_chromium() -> str:
    """The browser's path; where it or its driver is missing the test is skipped, and fails in CI."""
    path = shutil.which("chromium")
    reason = "" if path else "no chromium on this machine"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        reason = "the extra `browser` is not installed"
    if path is None or reason:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of its own."""
    path = needed_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
