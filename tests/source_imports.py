"""What the project's modules import, read from their sources, wherever in a file they do so."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def modules(package: str, root: Path = ROOT) -> list[Path]:
    return sorted((root / package).rglob("*.py"))


def dotted(path: Path, root: Path = ROOT) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, root: Path = ROOT) -> Iterator[str]:
    """Absolute names of everything that a module imports, wherever in the file it does so."""
    package = dotted(path, root).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def below(path: Path, *packages: str) -> list[str]:
    """What a module imports of some packages."""
    return [name for name in imports(path) if is_below(name, *packages)]


def part_of(name: str) -> str:
    """The folder or file that a dotted name below a package belongs to; empty for the package itself."""
    return name.split(".")[1] if "." in name else ""


def parts_imported(path: Path) -> set[str]:
    """The other folders and files of its package that a module imports; ``__version__`` is none."""
    name = dotted(path)
    parts = {part_of(each) for each in below(path, name.partition(".")[0])}
    return {part for part in parts if not part.startswith("__")} - {part_of(name)}


def arrows(package: str) -> dict[str, set[str]]:
    """Each folder of a package and each file beside them, and which others it imports."""
    found: dict[str, set[str]] = {}
    for path in modules(package):
        if part := part_of(dotted(path)):
            found.setdefault(part, set()).update(parts_imported(path))
    return found


def have_no_circle(needs: Mapping[str, Collection[str]]) -> bool:
    """Whether every part can stand on parts that stand already."""
    done: set[str] = set()
    while ready := {part for part, below_it in needs.items() if part not in done and done.issuperset(below_it)}:
        done |= ready
    return done == set(needs)


def is_below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)
