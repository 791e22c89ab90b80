"""What a benchmark computes of images without any model: kept, so that the next model is quick.

It is found again by what went into it: pixels, settings, the code and the libraries it came from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from types import ModuleType

import numpy as np

CACHE = Path(__file__).resolve().parents[1] / "runs" / "kept"
LIBRARIES = ("numpy", "scipy", "scikit-image", "psfmodels")


def version(modules: Iterable[ModuleType]) -> str:
    """A short name for the source of some modules and the libraries below them."""
    found = sha256()
    for module in modules:
        found.update(Path(str(module.__file__)).read_bytes())
    for library in LIBRARIES:
        try:
            found.update(f"{library} {metadata.version(library)}".encode())
        except metadata.PackageNotFoundError:
            continue
    return found.hexdigest()[:16]


class Numbers:
    """Numbers of pictures, one line each in a file that only grows."""

    def __init__(self, name: str, modules: Iterable[ModuleType]) -> None:
        self._path = CACHE / f"{name}-{version(modules)}.jsonl"
        self._known: dict[str, dict[str, float]] = {}
        if self._path.exists():
            for line in filter(None, self._path.read_text(encoding="utf-8").splitlines()):
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:  # a run was stopped while it wrote
                    continue
                self._known[entry["picture"]] = entry["numbers"]

    def of(self, picture: np.ndarray, make: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Look the picture up, or compute its numbers and keep them."""
        whole = np.ascontiguousarray(picture)
        key = sha256(f"{whole.shape} {whole.dtype.str}".encode() + whole.tobytes()).hexdigest()
        if key not in self._known:
            self._known[key] = make()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as stream:
                # In front: what a stopped run left of a line must not swallow this one.
                stream.write("\n" + json.dumps({"picture": key, "numbers": self._known[key]}))
        return self._known[key]


class Pictures:
    """Arrays by a key, one file each; without a folder, nothing is kept."""

    def __init__(self, folder: Path | None, modules: Iterable[ModuleType]) -> None:
        self._folder = None if folder is None else folder / version(modules)

    def get(self, key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """Read the array, or make it and keep it."""
        if self._folder is None:
            return make()
        path = self._folder / f"{sha256(key.encode()).hexdigest()[:32]}.npy"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            with partial.open("wb") as stream:
                np.save(stream, make())
            partial.replace(path)
        return np.load(path, allow_pickle=False)
