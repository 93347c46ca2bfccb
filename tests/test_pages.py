"""The guide, the page on operations, the recipes and the index are what happens: examples, tables, links."""

from __future__ import annotations

import ast
import asyncio
import json
import logging
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import election_core
from election_core import Client
from election_core.core.lease_clock import margin_for
from electiontui.embedded import EmbeddedEtcd

from .readme import FENCE, rows
from .servers import ROOT, clean_environment, distro_binary, needed_binary
from .sessions import printed

DOCS = ROOT / "docs"
LIBRARY, OPERATIONS, RECIPES = (
    (DOCS / name).read_text("utf-8") for name in ("library.md", "operations.md", "recipes/README.md")
)


def examples() -> list[tuple[str, str]]:
    """Each example of the guide, with what it prints."""
    found = [(kind, body) for kind, body in FENCE.findall(LIBRARY) if kind in ("python", "text")]
    assert [kind for kind, _ in found] == ["python", "text"] * (len(found) // 2)
    return [(found[i][1], found[i + 1][1]) for i in range(0, len(found), 2)]


@pytest.fixture(scope="module")
def lone_etcd() -> Iterator[EmbeddedEtcd]:
    """One on which nobody else campaigns."""
    with EmbeddedEtcd(binary=needed_binary("3.5")) as server:
        yield server


@pytest.fixture
def _quiet_log() -> Iterator[None]:
    """As it was before an example has its say."""
    logger = logging.getLogger("election_core.campaign")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.mark.usefixtures("_quiet_log")
@pytest.mark.parametrize(("code", "printed"), examples(), ids=lambda text: text.split("\n")[-2][:40])
async def test_the_guides_examples_print_what_they_say(
    lone_etcd: EmbeddedEtcd, capsys: pytest.CaptureFixture[str], code: str, printed: str
) -> None:
    names: dict[str, Any] = {"asyncio": asyncio, "json": json, "logging": logging, "sys": sys}
    names |= {name: getattr(election_core, name) for name in election_core.__all__}
    code = code.replace("127.0.0.1:2379", lone_etcd.endpoint)
    # Two writes on a disk that is busy may take the second that a reader is asked to wait.
    code = code.replace("asyncio.timeout(1)", "asyncio.timeout(3)")
    running = eval(compile(code, "library.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    async with asyncio.timeout(40):
        await running
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [re.sub(r'"token": \d+', '"token": TOKEN', line) for line in lines] == printed.splitlines()


def test_the_table_of_ttls_is_arithmetic() -> None:
    table = re.findall(r"^\| (.+?) \|(.+)\|$", OPERATIONS, re.MULTILINE)
    figures = {name: cells.split("|") for name, cells in table}
    ttls = [int(cell.strip().removesuffix(" s")) for cell in figures["TTL"]]
    assert len(ttls) == 6

    def row(begin: str) -> list[float]:
        (cells,) = [cells for name, cells in figures.items() if name.startswith(begin)]
        return [float(cell) for cell in cells]

    renewed_every = 1 / 3
    assert row("vacant after a crash") == [round(ttl * (1 - renewed_every), 1) for ttl in ttls]
    assert row("at most") == [ttl + 0.5 for ttl in ttls]
    silence = [ttl * (1 - renewed_every) - margin_for(ttl) for ttl in ttls]
    assert row("silence") == [math.floor(each * 10 + 1e-9) / 10 for each in silence]
    assert row("renewals") == [round(1000 / (ttl * renewed_every)) for ttl in ttls]


async def test_a_crash_leaves_an_election_vacant_for_as_long_as_the_table_says(etcd: EmbeddedEtcd, name: str) -> None:
    async with Client(etcd.endpoint) as one, Client(etcd.endpoint) as other:
        crashes = await one.election(name, ttl=2).campaign("crashes").wait()
        heir = other.election(name, ttl=2).campaign("heir")
        async with asyncio.timeout(20):
            while heir.ahead is None:  # noqa: ASYNC110 - who joins tells nobody
                await asyncio.sleep(0.01)
        began = asyncio.get_running_loop().time()
        crashes.abandon()
        await heir.wait()
        vacant = asyncio.get_running_loop().time() - began
        await heir.resign()
    # Where the machine stands still, a renewal that was due has not come before the crash.
    assert 1.3 - 0.7 <= vacant <= 2.5 + 1.5, "with what a busy machine adds"


def alike(text: str) -> str:
    """Without what differs from run to run."""
    return re.sub(r"lease [0-9a-f]{12,16}", "lease LEASE", re.sub(r"127\.0\.0\.1:\d+", "PLACE", text))


def test_the_least_role_is_enough_and_no_less(tmp_path: Path) -> None:
    (session,) = [body for kind, body in FENCE.findall(OPERATIONS) if kind == "console"]
    (tmp_path / "electiontui").symlink_to(Path(sys.executable).parent / "electiontui")
    (tmp_path / "etcdctl").symlink_to(distro_binary("etcdctl"))
    with EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        env = clean_environment(ETCDCTL_ENDPOINTS=etcd.endpoint)
        said = printed(session, env, tmp_path)
    assert alike(said) == alike(session)


@pytest.mark.parametrize("first", ["kazoo", "client-go `leaderelection`", "etcd3 for Node"])
def test_what_others_are_told_to_use_is_there(first: str) -> None:
    kinds = (election_core.Client, election_core.Election, election_core.Campaign, election_core.ElectionObserver)
    here = dict(zip(("client", "election", "campaign", "observer"), kinds, strict=True))
    named = [used for row in rows(first, RECIPES) for used in re.findall(r"`(\w+)\.(\w+)", row[1])]
    assert len(named) > 3
    for owner, attribute in named:
        assert hasattr(here[owner], attribute), f"{owner}.{attribute}"


async def test_the_same_keys_as_go_has(etcd: EmbeddedEtcd) -> None:
    async with Client(etcd.endpoint) as client:
        table = rows("Go `concurrency.*?`.*?", RECIPES)
        assert len(table) == 3
        for go, _, _, ours in table:
            pfx = go.strip("`").partition('"')[2].rstrip('"')
            election = eval(ours.strip("`"), {"client": client})
            assert election.root.decode() == f"{pfx}/"


def test_each_page_is_in_the_index_and_each_link_leads_somewhere() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([\w.-]+\.md)", index))
    for page in [*DOCS.glob("*.md"), *DOCS.glob("recipes/*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]*)(?:#[\w-]+)?\)", page.read_text("utf-8")):
            assert not link or (page.parent / link).exists(), f"{page.name}: {link}"


def test_each_recipe_is_listed_and_tested() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "recipes").glob("test_*.py"))
    for path in (DOCS / "recipes").glob("*.*"):
        if path.suffix in (".py", ".yaml"):
            assert f"]({path.name})" in RECIPES
            assert path.name in tests or path.stem in tests
