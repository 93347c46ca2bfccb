"""A plugin of pytest that says which tests have failed; of a test with many parameters one failure is enough."""

from __future__ import annotations

import pytest

RED = "RED "
"""What a line begins with that names a failed test."""

_red: set[str] = set()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _name(item.nodeid) in _red:
        pytest.skip("it has failed with other parameters")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # A test that could not even begin has noticed nothing.
    if report.failed and report.when != "setup":
        _red.add(_name(report.nodeid))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name in sorted(_red):
        terminalreporter.write_line(RED + name)


def _name(nodeid: str) -> str:
    return nodeid.partition("[")[0]
