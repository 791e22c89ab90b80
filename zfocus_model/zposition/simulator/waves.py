"""Light through slices of a specimen, once for each point of the source; the picture at any z."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zfocus_model.zposition.simulator.optics import (
    Grid,
    Optics,
    SourcePoint,
    axial_frequency,
    pupil,
    source_points,
)

Field = NDArray[np.complex64]


@dataclass(frozen=True)
class Slices:
    """A specimen cut into slices of equal thickness, parallel to the focal plane.

    The first slice lies next to the objective (the floor, on an inverted microscope), the last next
    to the condenser; light meets the last one first.
    """

    index: NDArray[np.float32]
    """(slices, n, n): mean refractive index over the slice, less that of the medium."""
    thickness_um: float
    """Of each slice."""
    absorbance: NDArray[np.float32] | None = None
    """(slices, n, n): natural logarithm of what the intensity loses in the slice; None: nothing."""


@dataclass(frozen=True)
class ExitFields:
    """What the objective takes in from a specimen, for each point of the source."""

    spectra: NDArray[np.complex64]
    """(points, n, n): plane waves within the pupil, at the height of z = 0."""
    axial: NDArray[np.float32]
    """(points, n, n): cycles/um along the axis, see :func:`axial_frequency`."""
    shown: NDArray[np.float32]
    """(n, n // 2 + 1): what a pixel's area leaves of each frequency of the intensity."""
    blur: NDArray[np.float32]
    """(n, n // 2 + 1): exponent at 1 um of defocus, from the width of a point of the source."""
    background: float
    """Intensity where nothing is in the light's way."""


def exit_fields(
    slices: Slices,
    optics: Optics,
    grid: Grid,
    *,
    height_um: float = 0.0,
    turn: float = 0.0,
    weak: bool = False,
) -> ExitFields:
    """Send light through a specimen (multi-slice beam propagation).

    Parameters
    ----------
    slices
        The specimen.
    optics, grid
        Microscope and grid.
    height_um
        Height above the lower face of the first slice that z = 0 is focused on.
    turn
        Rotation of the source's points, in turns.
    weak
        Take every slice in the first Born approximation (the light that falls on it is not changed
        by those before): for comparison with linear theory only.

    Returns
    -------
    ExitFields
        For :func:`picture`.
    """
    points = source_points(optics, turn)
    n = grid.size_px
    spectra = np.empty((len(points), n, n), np.complex64)
    axial = np.empty((len(points), n, n), np.float32)
    background = 0.0
    for number, point in enumerate(points):
        along = axial_frequency(optics, grid, point)
        through = pupil(optics, grid, point)
        # From the lower face of the first slice back up to the plane that z = 0 is focused on.
        through *= _phase(along, -height_um)
        passed = (
            _born(slices, optics, point, along) if weak else _passed(slices, optics, point, along)
        )
        spectra[number] = passed * through
        axial[number] = along
        background += float(np.abs(pupil(optics, grid, point)[0, 0]) ** 2)
    fy, fx = grid.frequencies()
    fx = np.fft.rfftfreq(n, grid.pixel_size_um)[None, :]
    shown = np.sinc(fy * grid.pixel_size_um) * np.sinc(fx * grid.pixel_size_um)
    # A disc of the source of radius p tilts the picture by up to p / index: 1 um of defocus moves
    # it by so many um. Evenly spread, that has a standard deviation of half as much on each axis;
    # 0.8 of it leaves no gaps between the discs, or an eye, or a network, could count the points.
    spread = 0.8 * optics.patch_na() / optics.medium_index
    blur = -2 * (math.pi * spread) ** 2 * (fy**2 + fx**2)
    return ExitFields(
        spectra,
        axial,
        shown.astype(np.float32),
        blur.astype(np.float32),
        background / len(points),
    )


def picture(fields: ExitFields, z_um: float) -> NDArray[np.float32]:
    """Intensity on the camera with the objective at z.

    Parameters
    ----------
    fields
        What the objective takes in.
    z_um
        Positive: the objective is nearer to the sample, so that it is focused higher up, towards
        the condenser.

    Returns
    -------
    (n, n) float32
        1 where there is nothing in the sample.
    """
    n = fields.spectra.shape[-1]
    total = np.zeros((n, n), np.float32)
    for spectrum, along in zip(fields.spectra, fields.axial):
        # Light travels down to the objective: higher up is earlier.
        field = np.fft.ifft2(spectrum * _phase(along, -z_um))
        total += field.real**2
        total += field.imag**2
    return _on_camera(fields, total, z_um)


def pictures(
    fields: ExitFields, first_um: float, step_um: float, planes: int
) -> NDArray[np.float32]:
    """Intensities at many z, equally spaced; faster than one by one.

    Parameters
    ----------
    fields
        What the objective takes in.
    first_um
        z of the first plane.
    step_um
        From each plane to the next; may be negative.
    planes
        How many.

    Returns
    -------
    (planes, n, n) float32
        As from :func:`picture`.
    """
    n = fields.spectra.shape[-1]
    total = np.zeros((planes, n, n), np.float32)
    for spectrum, along in zip(fields.spectra, fields.axial):
        step = _phase(along, -step_um)
        wave = spectrum * _phase(along, -first_um)
        for plane in total:
            field = np.fft.ifft2(wave)
            plane += field.real**2
            plane += field.imag**2
            wave *= step
    for number in range(planes):
        total[number] = _on_camera(fields, total[number], first_um + number * step_um)
    return total


def _on_camera(fields: ExitFields, total: NDArray[np.float32], z_um: float) -> NDArray[np.float32]:
    """Mean over the source, smeared by the width of its points and by the area of a pixel."""
    n = total.shape[-1]
    seen = np.fft.rfft2(total) * (fields.shown * np.exp(fields.blur * np.float32(z_um * z_um)))
    shown = np.fft.irfft2(seen, s=(n, n)) / np.float32(len(fields.spectra) * fields.background)
    return np.maximum(shown, 0).astype(np.float32, copy=False)


def _phase(along: NDArray[np.floating], distance_um: float) -> Field:
    """``exp(2 pi i along distance)``; cosine and sine of float32 are many times faster."""
    turns = (along * distance_um).astype(np.float32)
    turns -= np.rint(turns)
    turns *= np.float32(2 * math.pi)
    result = np.empty(turns.shape, np.complex64)
    np.cos(turns, out=result.real)
    np.sin(turns, out=result.imag)
    return result


def _cosine(optics: Optics, point: SourcePoint) -> float:
    """Of the angle at which the light falls: oblique light goes a longer way through a slice."""
    sine = math.hypot(point.fy, point.fx) * point.wavelength_um / optics.medium_index
    return math.sqrt(1 - min(sine, 0.99) ** 2)


def _passed(
    slices: Slices, optics: Optics, point: SourcePoint, along: NDArray[np.float64]
) -> Field:
    """Spectrum of the field at the lower face of the specimen, relative to the light that fell."""
    n = along.shape[-1]
    length = slices.thickness_um / _cosine(optics, point)
    turn = np.float32(2 * math.pi * length / point.wavelength_um)
    whole = _phase(along, slices.thickness_um)
    half = _phase(along, slices.thickness_um / 2)
    field = np.ones((n, n), np.complex64)
    spectrum = field
    last = len(slices.index) - 1
    for number in range(last, -1, -1):
        if number < last:
            field = np.fft.ifft2(spectrum)
        angle = slices.index[number] * turn
        factor = np.empty((n, n), np.complex64)
        np.cos(angle, out=factor.real)
        np.sin(angle, out=factor.imag)
        if slices.absorbance is not None:
            factor *= np.exp(slices.absorbance[number] * np.float32(-0.5 / _cosine(optics, point)))
        # The phase acts in the middle of the slice. Old versions of numpy compute in complex128.
        spectrum = np.fft.fft2(field * factor).astype(np.complex64, copy=False)
        spectrum *= half if number == 0 else whole
    return spectrum


def _born(slices: Slices, optics: Optics, point: SourcePoint, along: NDArray[np.float64]) -> Field:
    """As `_passed`, each slice met by undisturbed light."""
    n = along.shape[-1]
    cosine = _cosine(optics, point)
    turn = 2 * math.pi * slices.thickness_um / cosine / point.wavelength_um
    result = np.zeros((n, n), np.complex64)
    result[0, 0] = n * n
    for number, index in enumerate(slices.index):
        change = 1j * turn * index.astype(np.complex64)
        if slices.absorbance is not None:
            change -= 0.5 / cosine * slices.absorbance[number]
        wave = np.fft.fft2(change.astype(np.complex64))
        result += wave * _phase(along, (number + 0.5) * slices.thickness_um)
    return result
