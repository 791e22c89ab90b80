from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.packages import open_package
from zfocus_model.zoo.bundle import write_bundle
from zfocus_model.zoo.index import entry, open_any, packages_in, table, write_index
from zfocus_model.zoo.show import description

ZOO = Path(__file__).resolve().parents[2] / "model_zoo"


def test_the_shipped_index_is_up_to_date() -> None:
    stale = write_index(ZOO, check=True)
    assert stale == [], "run: zfocus zoo index model_zoo"


def test_an_entry_names_the_archive_that_package_writes(tiny: Path, tmp_path: Path) -> None:
    found = entry(open_package(tiny))
    archive = write_bundle(open_package(tiny), tmp_path)
    assert found["archive"] == archive.name
    assert found["archive_sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert found["files"]["weights.npz"]
    again = entry(open_package(archive))
    assert again == found


def test_accuracy_comes_from_the_package(tiny: Path) -> None:
    from tiny_package import describe

    network = list(open_package(tiny).network)
    assert "| see its README |" in table([open_package(tiny)])
    config = dict(open_package(tiny).config)
    interval = {"value": 87.6, "low": 80.0, "high": 95.0}
    shares = (("within_one", 0.876), ("within one level, %", 87.6), ("within one, %", interval))
    for key, value in shares:
        config["evaluation"] = {"dev": {"new sources": {"exact, %": 50.0, key: value}}}
        describe(tiny, network, config={"zfocus": config})
        wanted = "| 87.6 % within one level (dev: new sources) |"
        assert wanted in table([open_package(tiny)])


def test_a_damaged_package_stops_the_index(tiny: Path) -> None:
    (tiny / "weights.npz").write_bytes(b"x")
    with pytest.raises(ZfocusError, match="SHA-256 differs"):
        packages_in(tiny.parent)
    assert not (tiny.parent / "index.json").exists()


def test_a_package_of_no_task_of_the_zoo(tiny: Path) -> None:
    from tiny_package import describe

    describe(tiny, list(open_package(tiny).network), task="cell-count")
    with pytest.raises(ZfocusError, match="got 'cell-count'"):
        open_any(tiny)


def test_a_package_that_reads_z_positions(tmp_path: Path) -> None:
    from tiny_package import Z_CONFIG, describe, random_z_network, write_z_package

    network, arrays = random_z_network(np.random.default_rng(3))
    shares = {"simulated": {"within 1 um, %": 92.34, "bias, um": 0.01}}
    folder = tmp_path / "zoo" / "tiny-z"
    write_z_package(folder, network, arrays, config={"evaluation": shares})
    found = entry(open_any(folder))
    assert (found["task"], found["weights"]) == ("z-position", sum(a.size for a in arrays.values()))
    text = table(packages_in(folder.parent))
    assert "`zfocus rate`, `best-plane`, `lock`" in text
    assert "| 92.3 % within 1 um (simulated) |" in text
    shares = {"new stacks": {"bin within 1 um, share": "0.963 (0.95 to 0.97)"}}
    describe(
        folder, network, task="z-position", config={"zfocus": {**Z_CONFIG, "evaluation": shares}}
    )
    assert "| 96.3 % within 1 um (new stacks) |" in table(packages_in(folder.parent))
    assert "sd_max_um 4" in description(open_any(folder))
