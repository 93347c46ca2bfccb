"""What the tests of metrics share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus's own checker; where there is none the test is skipped, and fails in CI."""
    found = shutil.which("promtool")
    if found is None:
        reason = "no promtool on this machine; Debian's package prometheus has it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found)
