"""``zfocus defocus``: blur in-focus images as if they were recorded out of focus."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.cli._common import OK, SOME_FAILED, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.images import ImagePath, Plane
    from zfocus_model.optics import Optics

NAME = "defocus"
SUMMARY = "blur in-focus images by a level or a distance, to test with"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument(
        "inputs", nargs="+", metavar="IMAGE", help="in-focus files, folders and patterns"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument(
        "--level", type=float, metavar="K", help="focus level to blur to: 0 to 10, also 2.5"
    )
    amount.add_argument("--z-um", type=float, metavar="Z", help="distance from focus in um")
    optics = parser.add_argument_group(
        "optics", "What is not given is taken from the file, or else from the reference optics."
    )
    optics.add_argument(
        "--wavelength-nm", type=float, metavar="L", help="emission wavelength (default: 500)"
    )
    optics.add_argument(
        "--na", type=float, metavar="A", help="numerical aperture (default: the file's, or 0.5)"
    )
    optics.add_argument(
        "--index",
        type=float,
        metavar="N",
        help="index of the immersion (default: the file's, or 1)",
    )
    optics.add_argument(
        "--pixel-size-um",
        type=float,
        metavar="P",
        help="side of a pixel in the sample (default: the file's, or 0.65)",
    )
    optics.add_argument(
        "--psf",
        choices=("scalar", "gibson-lanni", "vectorial"),
        default="scalar",
        help="model of the point-spread function; all but scalar need zfocus[train] "
        "(default: scalar)",
    )
    camera = parser.add_argument_group(
        "camera", "With --photons the picture is taken anew, as 16-bit counts with noise."
    )
    camera.add_argument(
        "--photons",
        type=float,
        metavar="P",
        help="photons of the brightest pixel (default: no noise)",
    )
    camera.add_argument(
        "--offset", type=float, metavar="C", help="counts without light (default: 100)"
    )
    camera.add_argument(
        "--read-noise", type=float, metavar="E", help="standard deviation in electrons (default: 2)"
    )
    camera.add_argument(
        "--seed", type=int, metavar="S", help="the same seed gives the same noise (default: 0)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Blur the inputs.

    Returns
    -------
    int
        0 if all were blurred, 1 if some were not.
    """
    from zfocus_model.cli._writing import write_planes
    from zfocus_model.images import find_images, open_image

    output: Path = arguments.output
    _check(arguments)
    inputs = find_images(arguments.inputs, skip=output)
    failed = len(inputs.failures)
    for failure in inputs.failures:
        say(f"zfocus: {failure.input}: {failure.error}")
    sources = {image.path.resolve() for image in inputs.images}
    for image in inputs.images:
        for target in (output / image.name, output / f"{image.name}.tif"):
            if target.resolve() in sources:
                raise ZfocusError(
                    f"expected a folder apart from the images, got {output}, where {target} "
                    "would be overwritten: choose another with -o"
                )
    output.mkdir(parents=True, exist_ok=True)
    for image in _shown(inputs.images):
        try:
            with open_image(image.path) as file:
                if file.problem:
                    raise ZfocusError(file.problem)
                planes = (
                    (plane, _blurred(arguments, image.name, number, plane))
                    for number, plane in enumerate(file.planes())
                )
                write_planes(output, image.name, file.infos, planes)
        except ZfocusError as error:
            say(f"zfocus: {image.name}: {error}")
            failed += 1
    done = len(inputs.images) + len(inputs.failures) - failed
    say(f"{done} {'file' if done == 1 else 'files'} written to {output}")
    return SOME_FAILED if failed else OK


def _check(arguments: argparse.Namespace) -> None:
    """Find mistakes that concern all images before the first one is read."""
    from zfocus_model import camera, optics

    arguments.wavelength_nm = 500.0 if arguments.wavelength_nm is None else arguments.wavelength_nm
    given = _optics(arguments, None, None, None)
    # A point is the smallest image; it finds a bad level and a missing package.
    point, amount = [[0.0]], {"level": arguments.level, "z_um": arguments.z_um}
    optics.defocus(point, **amount, optics=given, size_px=1, model=arguments.psf)
    if arguments.photons is None:
        for name in ("offset", "read_noise", "seed"):
            if getattr(arguments, name) is not None:
                option = "--" + name.replace("_", "-")
                raise ZfocusError(f"expected --photons with {option}, got none: add --photons 2000")
        return
    arguments.offset = 100.0 if arguments.offset is None else arguments.offset
    arguments.read_noise = 2.0 if arguments.read_noise is None else arguments.read_noise
    arguments.seed = 0 if arguments.seed is None else arguments.seed
    if arguments.seed < 0:
        raise ZfocusError(f"expected a seed of 0 or more, got {arguments.seed}: give another")
    camera.photograph(point, **_exposure(arguments), rng=_generator(arguments, "", 0))


def _optics(
    arguments: argparse.Namespace, na: float | None, index: float | None, pixel_um: float | None
) -> Optics:
    """Optics from the options, else from the file, else the reference optics."""
    from zfocus_model.optics import Optics

    def first(*values: float | None) -> float:
        return next(value for value in values if value is not None)

    return Optics(
        wavelength_nm=arguments.wavelength_nm,
        numerical_aperture=first(arguments.na, na, 0.5),
        refractive_index=first(arguments.index, index, 1.0),
        pixel_size_um=first(arguments.pixel_size_um, pixel_um, 0.65),
    )


def _exposure(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "peak_photons": arguments.photons,
        "offset": arguments.offset,
        "read_noise": arguments.read_noise,
    }


def _generator(arguments: argparse.Namespace, name: str, number: int) -> Any:
    """Noise that depends on the image and the plane, not on which other images there are."""
    import zlib

    import numpy as np

    return np.random.default_rng([arguments.seed, zlib.crc32(name.encode()), number])


def _blurred(arguments: argparse.Namespace, name: str, number: int, plane: Plane) -> NDArray[Any]:
    """One plane blurred, in the type that is written."""
    import numpy as np

    from zfocus_model.camera import photograph
    from zfocus_model.optics import defocus

    optics = _optics(
        arguments, plane.numerical_aperture, plane.refractive_index, plane.pixel_size_um
    )
    pixels: NDArray[Any] = defocus(
        plane.pixels,
        level=arguments.level,
        z_um=arguments.z_um,
        optics=optics,
        model=arguments.psf,
    )
    if arguments.photons is not None:
        rng = _generator(arguments, name, number)
        return photograph(pixels, **_exposure(arguments), rng=rng).astype(np.uint16)
    kind = plane.pixels.dtype
    if kind.kind not in "iu":
        # 1-bit pictures have no values between black and white; half floats hardly any.
        return pixels.astype(np.float64 if kind.itemsize > 4 else np.float32)
    limits = np.iinfo(kind)
    rounded = np.rint(pixels)
    # float64 cannot hold the largest 64-bit integers: what rounds up to them is set apart.
    result = np.clip(rounded, limits.min, limits.max)
    top = result >= float(limits.max)
    converted = np.where(top, 0, result).astype(kind)
    converted[top] = limits.max
    return converted


def _shown(images: Iterable[ImagePath]) -> Iterable[ImagePath]:
    """Show a progress bar on a terminal."""
    if not sys.stderr.isatty():
        return images
    from rich.console import Console
    from rich.progress import track

    return track(list(images), "defocusing", console=Console(stderr=True), transient=True)
