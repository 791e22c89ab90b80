"""What a card says of the optics and cameras of the training."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from zfocus_model.training.data import RICH
from zfocus_model.training.kernels import EFFECTS, SPOT_FWHM_PX, described
from zfocus_model.training.packaging.conditions import conditions
from zfocus_model.training.packaging.run_folder import Run


def page(**about: object) -> str:
    return "\n".join(conditions(Run(Path("best.keras"), dict(about), {}, {}, "")))


def test_pixel_sizes_follow_from_the_diffraction_spots_of_the_run() -> None:
    text = page(optics={"spot_fwhm_px": [0.6, 5.4], "effects": []})
    # A spot of 0.51 um at NA 0.5, 0.6 to 5.4 px wide.
    assert "0.6 to 5.4 px" in text
    assert "| 20x / 0.5 | 0.094 to 0.85 |" in text
    assert "| 60x / 1.4, 100x / 1.4 | 0.034 to 0.3 |" in text
    assert all(effect in text.split("Not simulated:")[1] for effect in EFFECTS)


def test_ranges_of_light_and_noise_are_the_runs_own() -> None:
    changed = replace(RICH, peak_photons=(30.0, 50_000.0), exported_share=0.0)
    recorded = json.loads(json.dumps(asdict(changed)))
    text = page(augmentation=recorded, optics=described(aberrated=0.1, scattered=0.1))
    assert "| photons at the brightest pixel | 30 to 50,000 |" in text
    assert "| read noise, electrons | 0 to 6 |" in text
    present, absent = text.split("Not simulated:")
    assert "spherical aberration" in present and "hot pixels" in present
    assert absent.startswith(" 8-bit exports and JPEG files, motion.")


def test_what_a_run_does_not_record_is_not_said() -> None:
    assert page() == ""
    text = page(augmentation={"peak_photons": [40.0, 40_000.0]})
    assert "um per px" not in text and "spherical" not in text


def test_the_record_is_of_the_bank() -> None:
    widths = [width for pair in SPOT_FWHM_PX for width in pair]
    record = described(aberrated=0.1, scattered=0.0)
    assert record["spot_fwhm_px"] == [min(widths), max(widths)]
    assert record["effects"] == [effect for effect in EFFECTS if "scattered" not in effect]
