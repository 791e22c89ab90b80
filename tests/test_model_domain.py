"""A model whose package carries a domain network."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_package import constant_network, random_domain_network, random_network, write_package

from zfocus_model._errors import ModelError
from zfocus_model.model import load_model
from zfocus_model.packages import open_package
from zfocus_model.rating import domain_sample, out_of_domain_score
from zfocus_model.tiling import cut

ENGINES = ("numpy", "onnxruntime")


@pytest.fixture
def write(tmp_path):
    def written(limit=0.8, **options):
        rng = np.random.default_rng(5)
        return write_package(
            tmp_path / "tiny",
            *random_network(rng),
            domain=random_domain_network(rng),
            out_of_domain_max=limit,
            **options,
        )

    return written


def opened(folder, engine):
    if engine == "onnxruntime":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnx")
    return load_model(folder, engine=engine, threads=1)


@pytest.fixture
def noise(rng):
    return rng.poisson(40, (180, 270)).astype(np.uint16)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_score_is_the_aggregate_of_the_domain_network(write, noise, engine):
    model = opened(write(), engine)
    rating = model.rate(noise)
    p = model.domain_engine.probabilities(cut(noise).pixels)
    assert p.shape == (6, 2)
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-6)
    assert rating.out_of_domain == out_of_domain_score(p)
    assert model.rate(noise * 7 + 1000).out_of_domain == pytest.approx(
        rating.out_of_domain, abs=1e-4
    )


def test_25_patches_are_enough_for_the_score(write, rng):
    model = opened(write(), "numpy")
    noise = rng.poisson(40, (500, 680)).astype(np.uint16)
    p = model.domain_engine.probabilities(cut(noise).pixels)
    assert p.shape == (40, 2)
    assert model.rate(noise).out_of_domain == out_of_domain_score(p[domain_sample(40)])


def test_engines_agree_on_the_score(write, noise):
    folder = write()
    scores = [opened(folder, engine).rate(noise).out_of_domain for engine in ENGINES]
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


def test_the_limit_of_the_package_decides(write, noise, monkeypatch):
    model = opened(write(limit=0.75), "numpy")
    say = {"p": 0.76}
    monkeypatch.setattr(
        model.domain_engine,
        "probabilities",
        lambda patches: np.tile(np.float32([1 - say["p"], say["p"]]), (len(patches), 1)),
    )
    assert (model.rate(noise).status, model.rate(noise).reason) == ("undecided", "out_of_domain")
    say["p"] = 0.74
    assert model.rate(noise).reason != "out_of_domain"


@pytest.mark.parametrize("engine", ENGINES)
def test_what_cannot_be_rated_has_no_score_and_constant_planes_are_blank(write, engine):
    model = opened(write(), engine)
    assert model.rate(np.ones((50, 90), np.uint8)).out_of_domain is None
    constant = model.rate(np.ones((90, 90), np.uint8))
    assert (constant.out_of_domain, constant.reason) == (0.5, "blank")


def test_a_package_without_one_gives_no_score(package_folder, noise):
    model = load_model(package_folder, engine="numpy")
    assert model.domain_engine is None
    assert model.package.domain_network == ()
    assert model.rate(noise).out_of_domain is None


@pytest.mark.parametrize("limit", [0.2, 1.5, "0.8", None])
def test_a_limit_that_makes_no_sense_is_refused(write, limit):
    with pytest.raises(ModelError, match=r"out_of_domain_max must be 0\.5 to 1"):
        open_package(write(limit=limit, with_onnx=False))


def test_a_domain_network_of_another_size_is_refused(tmp_path, rng):
    eleven = constant_network(np.full(11, 1 / 11))
    folder = write_package(tmp_path / "tiny", *random_network(rng), domain=eleven, with_onnx=False)
    with pytest.raises(ModelError, match=r"not \(n, 2\)"):
        load_model(folder, engine="numpy")
