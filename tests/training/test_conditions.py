"""What a card says of the optics and cameras of the training."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from zfocus_model.training.data import Augmentation
from zfocus_model.training.packaging.conditions import conditions
from zfocus_model.training.packaging.run_folder import Run


def page(**about: object) -> str:
    return "\n".join(conditions(Run(Path("best.keras"), dict(about), {}, {}, "")))


def test_pixel_sizes_follow_from_the_diffraction_spots_of_the_training() -> None:
    text = page()
    # A spot of 0.51 um at NA 0.5, 0.6 to 5.4 px wide.
    assert "0.6 to 5.4 px" in text
    assert "| 20x / 0.5 | 0.094 to 0.85 |" in text
    assert "| 60x / 1.4, 100x / 1.4 | 0.034 to 0.3 |" in text


def test_ranges_of_light_and_noise_are_the_runs_own() -> None:
    recorded = json.loads(json.dumps(asdict(Augmentation(peak_photons=(30.0, 50_000.0)))))
    text = page(augmentation=recorded)
    assert "| photons at the brightest pixel | 30 to 50,000 |" in text
    assert "| read noise, electrons | 0 to 6 |" in text
    assert "photons at the" not in page()
