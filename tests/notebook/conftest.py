"""A kernel for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..kernel import Kernel


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.close()
