"""The whole way, with a model that knows nothing: files, their numbers, what is marked."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest

from zfocus_model import cli
from zfocus_model.evaluation.run import trained_sources
from zfocus_model.evaluation.tally import FLAG_PRECISIONS, METRICS


@pytest.fixture(scope="module")
def results(manifest, package_folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("out")
    words = ["evaluate", manifest, "-o", output, "--model", package_folder, "--engine", "numpy"]
    words += ["--where", "split=dev", "--train-manifest", manifest, "--quiet"]
    assert cli.main([str(word) for word in words]) == 0
    return output


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_the_mean_counts_new_sources_only(results):
    found = json.loads((results / "evaluation.json").read_text(encoding="utf-8"))
    assert found["schema"] == 1
    (graded,) = found["graded"]
    marks = {source["name"]: source["in_training"] for source in graded["sources"]}
    assert marks == {"old": True, "new": False}
    assert graded["pooled_sources"] == ["new"]
    (new,) = [source for source in graded["sources"] if source["name"] == "new"]
    assert (new["fields"], new["images"]) == (3, 33)
    assert set(graded["mean"]["scores"]) == set(METRICS)
    for name, score in graded["mean"]["scores"].items():
        assert score["value"] == new["scores"][name]["value"], name
    assert np.sum(graded["confusion_images"]) == 33
    assert np.sum(graded["reliability"]["count"]) == np.sum(graded["confusion_patches"]) == 33 * 4


def test_tables_and_json_agree(results):
    found = json.loads((results / "evaluation.json").read_text(encoding="utf-8"))
    scores = rows(results / "scores.csv")
    (cell,) = [r for r in scores if r["name"] == "new" and r["metric"] == "exact"]
    (new,) = [s for s in found["graded"][0]["sources"] if s["name"] == "new"]
    assert float(cell["value"]) == pytest.approx(new["scores"]["exact"]["value"], rel=1e-5)
    images = rows(results / "images.csv")
    graded = [r for r in images if r["simulator"] and r["source"] == "new"]
    right = np.mean([r["level"] == r["true_level"] for r in graded])
    assert right == pytest.approx(new["scores"]["exact"]["value"])
    assert len(images) == 5 * 11 + 5 + 2 + 3


def test_each_source_has_its_own_confusion_and_reliability(results):
    found = json.loads((results / "evaluation.json").read_text(encoding="utf-8"))
    (graded,) = found["graded"]
    assert list(graded["by_source"]) == [source["name"] for source in graded["sources"]]
    new = graded["by_source"]["new"]  # the only one that counts
    assert new["confusion_images"] == graded["confusion_images"]
    assert new["reliability"] == graded["reliability"]
    assert np.sum(graded["by_source"]["old"]["confusion_patches"]) == 22 * 4
    sheet = rows(results / "confusion_sources_paraxial.csv")
    chosen = [r for r in sheet if (r["source"], r["of"]) == ("new", "image")]
    assert [[int(r[f"found_{k}"]) for k in range(11)] for r in chosen] == new["confusion_images"]
    bins = rows(results / "reliability_sources_paraxial.csv")
    assert sum(int(r["patches"]) for r in bins if r["source"] == "old") == 22 * 4


def test_the_page_has_every_score_of_each_source_and_kind_of_field(results):
    page = (results / "evaluation.html").read_text(encoding="utf-8")
    for source in ("new", "old"):
        part = page.split(f"<summary>{source}</summary>")[1].split("</details>")[0]
        for words in METRICS.values():
            assert words.replace(", share", "") in part
        assert part.count("<svg") == 3
    assert "intensity" in page.split("By kind of field</h3>")[1].split("</table>")[0]


def test_files_of_one_field_are_drawn_together(manifest, package_folder, tmp_path):
    text = "path,source,field\n" + "".join(
        f"{manifest.parent / name},s,{field}\n"
        for name, field in (("new_0.png", "a"), ("new_1.png", "a"), ("new_2.png", "b"))
    )
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    words = ["evaluate", tmp_path / "m.csv", "-o", tmp_path / "o", "--model", package_folder]
    assert cli.main([str(word) for word in [*words, "--engine", "numpy", "--quiet"]]) == 0
    found = json.loads((tmp_path / "o" / "evaluation.json").read_text(encoding="utf-8"))
    (source,) = found["graded"][0]["sources"]
    assert (source["fields"], source["images"]) == (2, 33)
    assert len({r["field"] for r in rows(tmp_path / "o" / "images.csv")}) == 2


def test_real_images_are_judged_as_what_they_are(results):
    taken = {(r["source"], r["role"]): r for r in rows(results / "taken.csv")}
    assert taken["new", "blank"]["wanted"] == "undecided"
    assert taken["new", "out_of_focus"]["wanted"] == "out_of_focus"
    for row in taken.values():
        assert float(row["right_low"]) <= float(row["right"]) <= float(row["right_high"])
    assert float(taken["new", "blank"]["right_high"]) - float(
        taken["new", "blank"]["right_low"]
    ) == pytest.approx(0.975)  # of one image
    (stack,) = rows(results / "stacks.csv")
    assert (stack["planes"], stack["best_known"]) == ("3", "6")


def test_the_page_needs_nothing_else_and_shows_every_figure(results):
    page = (results / "evaluation.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!evaluation\.json|scores\.csv|images\.csv)', page)
    drawn = sorted(path.stem for path in (results / "figures").glob("*.svg"))
    assert "confusion_image_paraxial" in drawn and "stack_new_s" in drawn
    assert page.count("<svg") == len(drawn)
    assert "nan" not in page.replace("inan", "").lower()


def test_the_same_again_gives_the_same(results, manifest, package_folder, capsys):
    before = (results / "scores.csv").read_bytes()
    words = ["evaluate", manifest, "-o", results, "--model", package_folder, "--engine", "numpy"]
    words += ["--where", "split=dev", "--train-manifest", manifest]
    assert cli.main([str(word) for word in words]) == 0
    assert (results / "scores.csv").read_bytes() == before
    shown = capsys.readouterr()
    assert "within_1" in shown.out and "flag_precision_at_1_percent" in shown.out
    assert "evaluation.html" in shown.err


def test_a_package_tells_what_it_was_trained_on(model, manifest, own_package):
    assert trained_sources(model) is None  # this one does not
    assert trained_sources(model, manifest) == {"old"}
    from tiny_package import describe, random_network

    from zfocus_model.model import load_model

    network, _ = random_network(np.random.default_rng(5))
    about = json.loads((own_package / "zfocus.json").read_text(encoding="utf-8"))
    record = {"data": [{"part": "train", "sources": {"a": {"images": 3}}}]}
    about["config"]["zfocus"]["training"] = {**record, "from": {"data": [{"sources": {"b": {}}}]}}
    described = load_model(describe(own_package, network, config=about["config"]), engine="numpy")
    assert trained_sources(described) == {"a", "b"}


def test_an_unreadable_image_ends_in_status_1(package_folder, manifest, tmp_path, capsys):
    text = f"path\n{manifest.parent / 'new_0.png'}\nnone.png\n"
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    words = ["evaluate", tmp_path / "m.csv", "-o", tmp_path / "o", "--model", package_folder]
    assert cli.main([str(word) for word in [*words, "--engine", "numpy", "--quiet"]]) == 1
    assert capsys.readouterr().err.startswith("zfocus: none.png: expected a readable file")


def test_why_images_are_undecided_is_said_everywhere(package_folder, tmp_path, capsys):
    import imageio.v3 as imageio

    pixels = np.random.default_rng(1).integers(0, 200, (60, 90)).astype(np.uint8)
    imageio.imwrite(tmp_path / "small.png", pixels)
    words = ["evaluate", tmp_path, "-o", tmp_path / "o", "--model", package_folder]
    assert cli.main([str(word) for word in [*words, "--engine", "numpy"]]) == 0
    said = capsys.readouterr().out
    assert "(undecided: too small 1)" in said and "nan" not in said
    assert "too small 1" in (tmp_path / "o" / "evaluation.html").read_text(encoding="utf-8")
    assert rows(tmp_path / "o" / "taken.csv")[0]["reasons"] == "too_small:1"


def test_wrong_usage_ends_in_status_2(package_folder, tmp_path, capsys):
    words = ["evaluate", tmp_path / "none", "-o", tmp_path / "o", "--model", package_folder]
    assert cli.main([str(word) for word in words]) == 2
    assert "nothing there: check the name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--photons", "0"], "expected 10 to 50,000 photons at the brightest pixel"),
        (["--photons", "-5"], "got -5"),
        (["--photons", "1e9"], "more saturate a 16-bit camera"),
        (["--best-plane", "nosuch=3"], "got nosuch: the sources of stacks are new"),
        (
            ["--best-plane", "new=99"],
            "(--best-plane) that the stacks of new have, got 99: theirs are",
        ),
        (["--focus-plane", "99"], "expected the folder of BBBC006 for --focus-plane"),
    ],
)
def test_nonsense_is_refused_before_anything_is_rated(
    option, said, manifest, package_folder, tmp_path, capsys
):
    words = ["evaluate", manifest, "-o", tmp_path / "o", "--model", package_folder, *option]
    assert cli.main([str(word) for word in [*words, "--where", "split=dev"]]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "o").exists()


def test_a_cautious_precision_of_flags_is_said_beside_the_measured_one(results):
    found = json.loads((results / "evaluation.json").read_text(encoding="utf-8"))
    (graded,) = found["graded"]
    page = (results / "evaluation.html").read_text(encoding="utf-8")
    assert "Where 0.5, 1, 5 % of images are blurred" in page
    assert set(graded["sharp"]["at_highest_share"]) == set(FLAG_PRECISIONS)


def test_a_second_simulator_is_reported_beside_the_first(
    manifest, package_folder, tmp_path, monkeypatch
):
    """Whatever it does: here it forgets to defocus, so that every level looks like the first."""
    from zfocus_model.evaluation import grading

    chosen = {"paraxial": grading.paraxial, "vectorial": lambda image, level, rng: image + 0.0}
    monkeypatch.setattr("zfocus_model.evaluation.runner.simulator", chosen.__getitem__)
    monkeypatch.setattr("zfocus_model.evaluation.run.simulator", chosen.__getitem__)
    words = ["evaluate", manifest, "-o", tmp_path, "--model", package_folder, "--engine", "numpy"]
    words += ["--where", "path=new_0.png", "--simulator", "paraxial", "--simulator", "vectorial"]
    assert cli.main([str(word) for word in [*words, "--quiet"]]) == 0
    found = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    first, second = found["graded"]
    assert (first["simulator"], second["simulator"]) == ("paraxial", "vectorial")
    images = rows(tmp_path / "images.csv")
    expected = {
        name: [float(r["expected_level"]) for r in images if r["simulator"] == name]
        for name in chosen
    }
    assert np.ptp(expected["vectorial"]) < np.ptp(expected["paraxial"])
    page = (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert "vectorial minus paraxial" in page
