"""The arrows of docs/architecture.md: imports go one way, and nothing heavy is loaded early."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import zfocus_model

PACKAGE = Path(zfocus_model.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))

# A room is a subpackage or a top-level module. It imports from its own floor and those below.
PACKAGE_ROOMS = {"packages", "_description", "_package_files", "_package_search"}
FLOORS = (
    {"cli", "__main__"},
    {"batch", "results", "journal", "tables", "report", "training", "evaluation", "zoo", "datasets"}
    | {"zposition"}
    | {"cellprofiler_bundle", "demo", "doctor", "fiji_bundle", "imagej"},
    {"model", "engines", "images", "measures", *PACKAGE_ROOMS}
    | {"optics", "_convolution", "_scalar_psf", "_psfmodels", "camera", "scenes"}
    | {"simulation"},
    {
        "tiling",
        "planes",
        "rating",
        "aggregation",
        "levels",
        "_errors",
        "_files",
        "_web",
        "_version",
    },
)

# These load on Python 3.8 with numpy and nothing else.
NUMPY_ONLY = {"model", "engines", "measures", *PACKAGE_ROOMS, *FLOORS[-1]}
BASE_INSTALL = {"numpy", "onnxruntime", "imageio", "tifffile", "imagecodecs", "PIL", "rich"}


def room_of(module: Path) -> str:
    return module.parts[0] if len(module.parts) > 1 else module.stem


def floor(name: str) -> int:
    for number, rooms in enumerate(FLOORS):
        if name in rooms:
            return number
    raise AssertionError(f"{name!r} is on no floor: give it one here and in docs/architecture.md")


def parse(module: Path) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def walk(nodes: Iterable[ast.AST], *, functions: bool) -> Iterator[ast.AST]:
    """All nodes but `if TYPE_CHECKING` blocks; without functions, those that run on import."""
    for node in nodes:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if functions or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from walk(ast.iter_child_nodes(node), functions=functions)


def on_import(module: Path) -> list[str]:
    """Names that a module imports when it is imported."""
    return list(imports(walk(parse(module).body, functions=False)))


def imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Dotted names of what the import statements among the nodes bring in."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def others(names: Iterable[str]) -> set[str]:
    """Distributions' top-level names: neither zfocus_model nor the standard library."""
    return {name.split(".")[0] for name in names} - {"zfocus_model", *sys.stdlib_module_names}


def rooms_entered() -> dict[str, set[str]]:
    """Room -> the other rooms that it imports from, anywhere in its code."""
    entered: dict[str, set[str]] = {}
    for module in MODULES:
        if module == Path("__init__.py"):  # holds the public names, fetched lazily from any room
            continue
        here = room_of(module)
        names = (name.split(".") for name in imports(walk(parse(module).body, functions=True)))
        targets = {parts[1] for parts in names if parts[0] == "zfocus_model" and parts[1:]}
        entered.setdefault(here, set()).update(targets - {here})
    return entered


def test_every_module_is_on_a_floor() -> None:
    assert {floor(name) for name in rooms_entered()} == set(range(len(FLOORS)))


def test_imports_go_down_the_floors() -> None:
    upwards = [
        f"{here} -> {there}"
        for here, targets in rooms_entered().items()
        for there in targets
        if floor(there) < floor(here)
    ]
    assert upwards == []


def test_no_two_rooms_need_each_other() -> None:
    left = rooms_entered()
    while left:
        ready = [here for here, targets in left.items() if not targets & left.keys()]
        assert ready, f"a circle of imports among {sorted(left)}"
        for here in ready:
            del left[here]


needs_stdlib_names = pytest.mark.skipif(
    sys.version_info < (3, 10), reason="sys.stdlib_module_names came with Python 3.10"
)


@needs_stdlib_names
def test_verbs_load_nothing_until_they_run() -> None:
    for module in MODULES:
        if room_of(module) in ("cli", "__main__"):
            names = on_import(module)
            inside = {name.split(".")[1] for name in names if name.startswith("zfocus_model.")}
            assert others(names) == set(), module
            assert inside <= {"cli", "_errors", "_version"}, module


@needs_stdlib_names
def test_numpy_only_rooms_load_numpy_only() -> None:
    for module in MODULES:
        if room_of(module) in NUMPY_ONLY:
            assert others(on_import(module)) <= {"numpy"}, module


@needs_stdlib_names
def test_nothing_outside_training_needs_an_extra() -> None:
    for module in MODULES:
        if room_of(module) not in ("training", "cli"):
            names = others(on_import(module))
            assert names <= BASE_INSTALL, module


def test_help_loads_no_numpy() -> None:
    program = "import sys, zfocus_model.cli; print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("False\n", "")


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_is_short(module: Path) -> None:
    lines = (PACKAGE / module).read_text(encoding="utf-8").count("\n")
    assert lines < 300
