"""An etcd for the screens alone: they look at whole prefixes, so it is emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from electiontui.embedded import EmbeddedEtcd

from ..servers import Etcdctl, distro_binary


@pytest.fixture(scope="session")
def _etcd_of_screens() -> Iterator[EmbeddedEtcd]:
    with EmbeddedEtcd(binary=distro_binary("etcd")) as server:
        yield server


@pytest.fixture
def etcd(_etcd_of_screens: EmbeddedEtcd) -> EmbeddedEtcd:
    """An etcd that holds nothing."""
    tool = Etcdctl(_etcd_of_screens.endpoint)
    tool.run("del", "--prefix", "")
    return _etcd_of_screens
