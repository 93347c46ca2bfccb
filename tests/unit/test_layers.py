"""Who may import what in `election_core`, read from the sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ..source_imports import ROOT, arrows, below, dotted, have_no_circle, imports, modules, part_of, parts_imported

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "clock": (),
    "backoff": (),
    "core": ("errors",),
    "config": ("errors",),
    "store": ("core",),
    "read_only": ("core", "errors", "store"),
    "etcd": ("core", "errors", "config", "store", "clock", "backoff"),
    "shell": ("core", "errors", "store", "clock", "backoff"),
    "testing": ("core", "errors", "store", "clock"),
    "campaign": ("core", "errors", "store", "shell"),
    "observer": ("core", "store", "shell"),
    "monitor": ("core", "errors", "store", "clock", "shell"),
    "election": ("core", "errors", "clock", "backoff", "shell", "campaign", "observer"),
    "client": ("core", "errors", "config", "store", "clock", "shell", "etcd", "election", "monitor", "read_only"),
    "blocking": (
        "core",
        "errors",
        "config",
        "store",
        "clock",
        "campaign",
        "observer",
        "monitor",
        "election",
        "client",
    ),
    "metrics": ("core", "errors", "clock", "shell", "campaign", "election", "client", "blocking"),
}
"""Each folder and each file beside them, and what it may import of the others. There is no circle in it."""
IMPURE = ("asyncio", "time", "sched", "random", "socket", "threading", "subprocess", "logging")
WIRE = ("grpc", "aetcd", "google")
SCREENS = ("electiontui", "textual", "rich", "plotext", "click")


PACKAGE = ROOT / "election_core"


everywhere = pytest.mark.parametrize("path", modules("election_core"), ids=dotted)
core = pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=dotted)


@everywhere
def test_each_part_imports_only_what_is_below_it(path: Path) -> None:
    part = part_of(dotted(path))
    if part:
        assert parts_imported(path) <= set(MAY_IMPORT[part])


def test_the_list_is_the_package_and_has_no_circle() -> None:
    assert set(MAY_IMPORT) == {
        path.stem for path in PACKAGE.iterdir() if path.suffix in ("", ".py") and path.name[0] not in "_."
    }
    assert have_no_circle(MAY_IMPORT)


def test_every_arrow_of_the_list_is_used() -> None:
    """What nobody imports is not allowed either."""
    assert arrows("election_core") == {part: set(needs) for part, needs in MAY_IMPORT.items()}


@core
def test_the_core_knows_no_event_loop_no_clock_and_no_wire(path: Path) -> None:
    assert not below(path, *IMPURE, *WIRE)


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


def test_the_port_is_pure() -> None:
    assert not below(PACKAGE / "store.py", *IMPURE, *WIRE)


@everywhere
def test_only_the_etcd_package_speaks_to_etcd(path: Path) -> None:
    if not dotted(path).startswith("election_core.etcd"):
        assert not below(path, *WIRE)


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
    assert {"election_core.core.model.Candidate", "bisect.bisect_left"} <= set(imports(PACKAGE / "core" / "state.py"))
    wire = PACKAGE / "etcd" / "store.py"
    assert below(wire, "aetcd")
    assert below(wire, "election_core.store.Txn")
