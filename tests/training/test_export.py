from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.cli import main
from zfocus_model.training.packaging import archives, card, samples
from zfocus_model.training.packaging.run_folder import read_run

RUN = {
    "task": "focus-level",
    "command": "zfocus train --in-focus sharp -o run",
    "commit": "0123abc",
    "data": [
        {"part": "train", "sources": {"moon": {"images": 5, "licence": "CC0"}}},
        {"part": "validation", "sources": {"moon": {"images": 2, "licence": "CC0"}}},
    ],
}
CALIBRATION = {"temperature": 1.5, "certainty_min": 0.2, "in_focus_min": 0.5}


def describe_run(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(RUN))
    (folder / "calibration.json").write_text(json.dumps(CALIBRATION))
    return folder


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained small network whose normalisations are not the identity."""
    pytest.importorskip("tensorflow")
    pytest.importorskip("bioimageio.spec")
    keras = pytest.importorskip("keras")
    from zfocus_model.training.networks import build_network

    keras.utils.set_random_seed(3)
    model = build_network("small")
    backbone, rng = model.get_layer("backbone"), np.random.default_rng(0)
    for layer in backbone.layers:
        if layer.name.endswith("_norm"):
            layer.set_weights([w * rng.uniform(0.5, 2, w.shape) + 0.1 for w in layer.get_weights()])
    folder = describe_run(tmp_path_factory.mktemp("run"))
    model.save(folder / "best.keras")
    return folder


@pytest.fixture(scope="module")
def package(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from zfocus_model.training.export import export_run

    folder = tmp_path_factory.mktemp("zoo") / "focus-test"
    made = export_run(run_folder, folder)
    assert made.folder == folder
    assert set(made.differences) == {"tensorflow", "onnxruntime", "numpy", "trained"}
    assert 0 < max(made.differences.values()) <= 1e-5
    return folder


def test_package_opens_and_every_sum_holds(package: Path) -> None:
    from zfocus_model.packages import open_package

    opened = open_package(package)
    about = json.loads((package / "zfocus.json").read_text())
    assert (opened.name, opened.limits.certainty_min) == ("focus-test", 0.2)
    assert opened.sha256 == hashlib.sha256((package / "zfocus.json").read_bytes()).hexdigest()
    present = {p.name for p in package.iterdir()} - {"zfocus.json"}
    assert set(about["files"]) == present
    assert present == {
        "LICENSE",
        "README.md",
        "cover.png",
        "failures.png",
        "model.keras",
        "model.onnx",
        "rdf.yaml",
        "rdf_fiji.yaml",
        "sample_input.tif",
        "sample_output.tif",
        "test_input.npy",
        "test_output.npy",
        "tf_saved_model.zip",
        "weights.npz",
    }
    assert about["network"][0] == {"op": "normalise"}
    assert [layer["op"] for layer in about["network"][-2:]] == ["gate", "softmax"]
    assert sum(p.stat().st_size for p in package.iterdir()) < 3_000_000


def test_same_run_gives_the_same_bytes_and_replaces(
    run_folder: Path, package: Path, tmp_path: Path
) -> None:
    from zfocus_model.training.export import export_run

    other = tmp_path / "focus-test"
    shutil.copytree(package, other)
    (other / "left_behind.txt").write_text("from an older version")
    export_run(run_folder, other)
    assert archives.folder_sums(other) == archives.folder_sums(package)
    assert [p.name for p in tmp_path.iterdir()] == ["focus-test"]


def test_the_map_of_the_same_run_has_the_same_bytes(run_folder: Path, tmp_path: Path) -> None:
    from zfocus_model.training.export import export_run

    folders = [tmp_path / name / "focus-map" for name in ("once", "twice")]
    for folder in folders:
        folder.parent.mkdir()
        export_run(run_folder, folder, tiled=True)
    assert archives.folder_sums(folders[0]) == archives.folder_sums(folders[1])


def test_onnx_is_what_old_runtimes_and_the_zoo_expect(package: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(package / "model.onnx")
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 15)]
    assert model.ir_version == 8
    assert [i.name for i in model.graph.input] == ["image"]
    assert [o.name for o in model.graph.output] == ["probabilities"]


def test_gain_and_offset_do_not_matter(package: Path) -> None:
    from zfocus_model.engines import open_engine
    from zfocus_model.packages import open_package

    engine = open_engine(open_package(package), "onnxruntime")
    patches = samples.check_patches(8)[:8]
    expected = engine.probabilities(patches)
    for gain, offset in ((1e-3, 0.0), (1e3, 0.0), (1.0, 40_000.0)):
        changed = (patches * np.float32(gain) + np.float32(offset)).astype(np.float32)
        np.testing.assert_allclose(engine.probabilities(changed), expected, rtol=0, atol=1e-4)


def test_description_passes_the_zoo_offline(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = pytest.importorskip("bioimageio.core")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.chdir(tmp_path)  # bioimageio.core unpacks weights into the working folder
    summary = core.test_model(package / "rdf.yaml")
    assert summary.status == "passed", summary.format()
    assert {d.loc[1] for d in summary.details if d.loc[:1] == ("weights",)} == {
        "keras_v3",
        "tensorflow_saved_model_bundle",
        "onnx",
    }


def test_formats_that_disagree_are_refused(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zfocus_model.training import networks
    from zfocus_model.training.export import export_run

    true_layers = networks.network_layers

    def wrong_layers(model: object) -> object:
        layers, arrays = true_layers(model)
        arrays["logits/bias"] = arrays["logits/bias"] + np.eye(11, dtype=np.float32)[0]
        return layers, arrays

    monkeypatch.setattr(networks, "network_layers", wrong_layers)
    with pytest.raises(ZfocusError, match="tensorflow differs from Keras"):
        export_run(run_folder, tmp_path / "focus-test")
    assert list(tmp_path.iterdir()) == []


def test_every_layer_of_the_description_agrees_with_the_numpy_engine(tmp_path: Path) -> None:
    """Layers that the small network lacks, with "same" padding of even and odd kinds."""
    pytest.importorskip("tensorflow")
    pytest.importorskip("onnx")
    from zfocus_model.engines import open_engine
    from zfocus_model.packages import open_package
    from zfocus_model.training.packaging import onnx_graph, saved_model, verify

    rng = np.random.default_rng(1)
    arrays = {
        "c/kernel": rng.normal(0, 0.3, (5, 5, 1, 6)).astype(np.float32),
        "c/bias": rng.normal(0, 0.1, 6).astype(np.float32),
        "d/kernel": rng.normal(0, 0.3, (3, 3, 6, 1)).astype(np.float32),
        "d/bias": rng.normal(0, 0.1, 6).astype(np.float32),
        "l/kernel": rng.normal(0, 0.3, (7 * 7 * 6, 11)).astype(np.float32),
        "l/bias": rng.normal(0, 0.1, 11).astype(np.float32),
    }
    shared = {"activation": "relu", "stride": 2, "padding": "same"}
    network = [
        {"op": "normalise"},
        {"op": "scale", "factor": 0.5},
        {"op": "conv", "kernel": "c/kernel", "bias": "c/bias", **shared},
        {"op": "depthwise_conv", "kernel": "d/kernel", "bias": "d/bias", **shared},
        {"op": "max_pool", "size": 3, "stride": 3, "padding": "same"},
        {"op": "flatten"},
        {"op": "dense", "kernel": "l/kernel", "bias": "l/bias", "activation": "linear"},
        {"op": "gate"},
        {"op": "softmax"},
    ]
    (tmp_path / "model.onnx").write_bytes(onnx_graph.onnx_bytes(network, arrays))
    archives.write_npz(tmp_path / "weights.npz", arrays)
    about = {
        "schema": 1,
        "name": "layers",
        "version": "0",
        "task": "focus-level",
        "config": {
            "zfocus": {
                "levels": 11,
                "patch_px": 84,
                "disc_px_per_level": 40 / 13,
                "status": {"certainty_min": 0.2, "in_focus_min": 0.5},
            }
        },
        "network": network,
        "files": archives.folder_sums(tmp_path),
    }
    (tmp_path / "zfocus.json").write_text(json.dumps(about))
    patches = samples.check_patches(8)
    opened = open_package(tmp_path)
    expected = open_engine(opened, "numpy").probabilities(patches)
    assert expected[:8].std() > 0.01  # the network does say something
    found = open_engine(opened, "onnxruntime").probabilities(patches)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    bundle = tmp_path / "bundle.zip"
    saved_model.write_saved_model(bundle, network, arrays)
    found = verify.bundle_probabilities(bundle, patches)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_only_packages_and_empty_folders_are_replaced(run_folder: Path, tmp_path: Path) -> None:
    from zfocus_model.training.export import export_run

    (tmp_path / "thesis.txt").write_text("keep me")
    with pytest.raises(ZfocusError, match="with other files"):
        export_run(run_folder, tmp_path)
    with pytest.raises(ZfocusError, match="a name of lower-case"):
        export_run(run_folder, tmp_path / "New", name="New model")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("missing", "line"),
    [
        ("", "no such folder"),
        ("best.keras", "let zfocus train finish an epoch"),
        ("run.json", "expected run.json"),
        ("calibration.json", "expected calibration.json"),
    ],
)
def test_unfinished_run_is_one_clear_line(
    missing: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    if missing:
        describe_run(folder)
        archives.write_zip(folder / "best.keras", {"metadata.json": b"{}"})
        (folder / missing).unlink()
    assert main(["export", str(folder), "-o", str(tmp_path / "zoo" / "model")]) == 2
    words = capsys.readouterr().err.strip()
    assert line in words and "\n" not in words
    assert not (tmp_path / "zoo").exists()


def test_card_is_honest_and_names_the_data(tmp_path: Path) -> None:
    folder = describe_run(tmp_path / "run")
    archives.write_zip(
        folder / "best.keras", {"metadata.json": b'{"date_saved": "2026-01-02@03:04:05"}'}
    )
    run = read_run(folder)
    assert run.saved == "2026-01-02T03:04:05"
    words = {"name": "m", "title": "M", "version": "1", "parameters": 7, "weighted_layers": 2}
    text = card.readme(run, **words)  # type: ignore[arg-type]
    assert "| moon | 7 | CC0 |" in text
    assert "holds no evaluation" in text.split("# Validation")[1]
    assert "10.1186/s12859-018-2087-4" in text
    assert "moon: CC0" in card.licence_note(run)
    assert "# Optics and cameras" not in text  # this run does not tell
    assert "transmitted light" in text.split("# What it must not be used for")[1]

    found = {"dev": {"mean": {"within_one": {"value": 0.91234, "low": 0.9, "high": 0.92}}, "n": 3}}
    (folder / "evaluation.json").write_text(json.dumps(found))
    text = card.readme(read_run(folder), **words)  # type: ignore[arg-type]
    assert "**dev**\n\n| what | value |\n|---|---|\n| n | 3 |\n" in text
    assert "**dev: mean**" in text and "| within one | 0.9123 (0.9 to 0.92) |" in text
    assert "holds no evaluation" not in text


def test_limits_out_of_range_are_refused(tmp_path: Path) -> None:
    folder = describe_run(tmp_path / "run")
    archives.write_zip(folder / "best.keras", {"metadata.json": b"{}"})
    (folder / "calibration.json").write_text(json.dumps({**CALIBRATION, "in_focus_min": 1.5}))
    with pytest.raises(ZfocusError, match=r"in_focus_min from 0 to 1 .* got 1\.5"):
        read_run(folder)


def test_archives_depend_on_content_alone(tmp_path: Path) -> None:
    one, two = tmp_path / "1.npz", tmp_path / "2.npz"
    arrays = {"b/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(2, ">f4")}
    archives.write_npz(one, arrays)
    archives.write_npz(two, dict(reversed(arrays.items())))
    assert one.read_bytes() == two.read_bytes()
    with np.load(one, allow_pickle=False) as read:
        assert read.files == ["a", "b/kernel"]
        assert read["b/kernel"].tolist() == [[0, 1, 2], [3, 4, 5]]
    with zipfile.ZipFile(one) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_keras_files_lose_date_and_addresses(tmp_path: Path) -> None:
    files = []
    for first, second in ((901, 77), (5, 4000)):
        path = tmp_path / f"{first}.keras"
        config = [{"shared_object_id": i} for i in (first, second, first)]
        entries = {
            "metadata.json": {"keras_version": "3", "date_saved": f"2026-01-01@00:00:{first % 60}"},
            "config.json": {"layers": config},
        }
        archives.write_zip(path, {k: json.dumps(v).encode() for k, v in entries.items()})
        archives.settle_keras(path)
        files.append(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            kept = json.loads(archive.read("config.json"))["layers"]
        assert [layer["shared_object_id"] for layer in kept] == [1, 2, 1]
    assert files[0] == files[1]


def test_samples_are_simulated_patches() -> None:
    patch = samples.test_patch()
    assert (patch.shape, patch.dtype) == ((84, 84), np.uint16)
    assert patch.std() > 100
    patches = samples.check_patches(12)
    assert patches.shape == (14, 84, 84)
    assert np.ptp(patches[-2:], axis=(1, 2)).tolist() == [0, 0]
    assert len({p.tobytes() for p in patches}) == 14


def test_cover_is_twice_as_wide_as_high_and_small() -> None:
    from zfocus_model.rating import StatusLimits

    def predict(patches: np.ndarray) -> np.ndarray:
        return np.eye(11, dtype=np.float32)[np.arange(len(patches)) % 11]

    content = samples.cover_bytes(predict, StatusLimits(certainty_min=0.2, in_focus_min=0.5))
    width, height = np.frombuffer(content[16:24], ">u4")
    assert content.startswith(b"\x89PNG") and width == 2 * height
    assert len(content) <= 500_000
