"""Who may import what in `election_core`, read from the sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from source_imports import ROOT, below, dotted, imports, modules

CORE = (
    "place",
    "campaign_state",
    "known_bugs",
    "transitions",
    "model",
    "state",
    "directory",
    "history",
    "lease",
    "names",
    "config",
    "errors",
)
IMPURE = ("asyncio", "time", "sched", "random", "socket", "threading", "subprocess", "logging")
WIRE = ("grpc", "aetcd", "google")
SCREENS = ("electiontui", "textual", "rich", "plotext", "click")


def path_of(module: str) -> Path:
    return ROOT / "election_core" / f"{module}.py"


everywhere = pytest.mark.parametrize("path", modules("election_core"), ids=dotted)
core = pytest.mark.parametrize("path", [path_of(module) for module in CORE], ids=dotted)


@core
def test_the_core_knows_no_event_loop_no_clock_and_no_wire(path: Path) -> None:
    assert not below(path, *IMPURE, *WIRE, "election_core.clock")


@core
def test_the_core_imports_only_itself(path: Path) -> None:
    own = tuple(f"election_core.{module}" for module in CORE)
    assert sorted(below(path, "election_core")) == sorted(below(path, *own))


@core
def test_the_core_asks_nobody_for_the_time(path: Path) -> None:
    """``datetime`` is a value there, whose own clock stays unread."""
    tree = ast.parse(path.read_text("utf-8"))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not attributes & {"now", "utcnow", "today"}


@core
def test_the_core_neither_awaits_nor_opens_anything(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "print", "input"}


def test_the_port_imports_only_the_core() -> None:
    own = tuple(f"election_core.{module}" for module in CORE)
    port = path_of("store")
    assert sorted(below(port, "election_core")) == sorted(below(port, *own))
    assert not below(port, *IMPURE, *WIRE)


@everywhere
def test_only_the_etcd_package_speaks_to_etcd(path: Path) -> None:
    if not dotted(path).startswith("election_core.etcd"):
        assert not below(path, *WIRE)


@everywhere
def test_only_the_client_chooses_the_etcd_store(path: Path) -> None:
    """So that everything else runs on `election_core.testing` as well."""
    if not dotted(path).startswith("election_core.etcd") and dotted(path) != "election_core.client":
        assert not below(path, "election_core.etcd")


@everywhere
def test_the_etcd_package_knows_nothing_of_elections(path: Path) -> None:
    """It imports the port, the values and the clock, and none of what is built on the port."""
    if dotted(path).startswith("election_core.etcd"):
        allowed = ("etcd", "store", "clock", "backoff", *CORE)
        own = tuple(f"election_core.{module}" for module in allowed)
        assert sorted(below(path, "election_core")) == sorted(below(path, *own))


@everywhere
def test_nothing_knows_the_dashboard(path: Path) -> None:
    assert not below(path, *SCREENS)


@everywhere
def test_nothing_is_imported_behind_this_readers_back(path: Path) -> None:
    names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
    assert "__import__" not in names
    assert not below(path, "importlib.import_module", "importlib.util")
    assert not [name for name in imports(path) if name.endswith(".*")]


@everywhere
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < 300


def test_the_reader_sees_relative_and_nested_imports(tmp_path: Path) -> None:
    """All of the above would pass for ever if it saw nothing."""
    package = tmp_path / "pkg" / "inner"
    package.mkdir(parents=True)
    (tmp_path / "pkg" / "__init__.py").write_text("from .inner import deep\nfrom . import side\n")
    (package / "__init__.py").write_text("from .. import above\nfrom ..other import thing\n")
    (package / "deep.py").write_text(
        "from __future__ import annotations\n"
        "import os.path as p, grpc\n"
        "from . import sibling\n"
        "from .sibling import one, two as deux\n"
        "from .. import above\n"
        "from ..other.place import thing\n"
        "if TYPE_CHECKING:\n    import typed\n"
        "try:\n    from tried import it\nexcept ImportError:\n    pass\n"
        "class Class:\n    def method(self):\n        async def inner():\n            import asyncio.nested\n"
    )
    seen = {dotted(path, tmp_path): set(imports(path, tmp_path)) for path in modules("pkg", tmp_path)}
    assert seen == {
        "pkg": {"pkg.inner.deep", "pkg.side"},
        "pkg.inner": {"pkg.above", "pkg.other.thing"},
        "pkg.inner.deep": {
            "__future__.annotations",
            "os.path",
            "grpc",
            "pkg.inner.sibling",
            "pkg.inner.sibling.one",
            "pkg.inner.sibling.two",
            "pkg.above",
            "pkg.other.place.thing",
            "typed",
            "tried.it",
            "asyncio.nested",
        },
    }


def test_the_reader_sees_this_package() -> None:
    assert {"election_core.model.Candidate", "bisect.bisect_left"} <= set(imports(path_of("state")))
    wire = ROOT / "election_core" / "etcd" / "store.py"
    assert below(wire, "aetcd")
    assert below(wire, "election_core.store.Txn")
    assert {f"election_core.{module}" for module in CORE} < {dotted(path) for path in modules("election_core")}
