"""One browser and one JupyterLab for each module of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from election_core.blocking import Client
from electiontui.embedded import EmbeddedEtcd

from .chromium import chromium
from .jupyter import Lab, Notebook, jupyter_lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyter_lab(tmp_path_factory.mktemp("jupyter")) as lab:
        yield lab


@pytest.fixture
def client(etcd: EmbeddedEtcd) -> Iterator[Client]:
    with Client(etcd.endpoint) as client:
        yield client


@pytest.fixture
def notebook(browser: Browser, lab: Lab, name: str) -> Iterator[Callable[..., Notebook]]:
    """Opens a notebook with some cells; its kernel ends with the test."""
    opened: list[Notebook] = []

    def open_(cells: Sequence[str], **context: Any) -> Notebook:
        opened.append(Notebook(browser, lab, f"{name}-{len(opened)}.ipynb", cells, **context))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()
