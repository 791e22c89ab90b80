"""What tests of the training share."""

from __future__ import annotations

import pytest

from zfocus_model.training.data import Augmentation


@pytest.fixture(scope="session")
def plain():
    """Patches that nothing befalls but defocus: bright, even, as they were taken."""
    return Augmentation(
        oversampled_share=0,
        undersampled_share=0,
        peak_photons=(1e6, 1e6),
        background=0,
        read_noise=0,
        brightness=(1, 1),
        saturated_share=0,
        uneven_share=0,
        empty_share=0,
        hot_pixel_share=0,
        sensor_fault_share=0,
        haze_share=0,
        resampled_share=0,
        exported_share=0,
        kernels_per_level=2,
    )
