"""Hard pictures for the model card: drawn by the project, rated by the model, shown as they come.

The kinds of pictures were chosen for what is known to be hard before any model was asked. A card
shows them all, those too that its model gets right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zfocus_model import camera, optics, scenes
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.rating import UNDECIDED, Rating, StatusLimits, out_of_domain_score, rate_patches
from zfocus_model.tiling import tiles
from zfocus_model.training.packaging.samples import Predict
from zfocus_model.training.simulated import smooth_objects

FAILURES = "failures.png"
"""The pictures, in a package."""

SIDE_PX = 3 * PATCH_PX
"""Side of a picture: nine patches."""

_SEED = 20182
_COLUMNS, _GAP_PX = 5, 6

Picture = npt.NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Case:
    """A hard picture and what the model says of it."""

    title: str
    """What it shows."""
    wanted: str
    """The right answer."""
    picture: Picture
    """(252, 252), counts."""
    rating: Rating
    """Of the model."""

    @property
    def right(self) -> bool:
        """Whether the status is the right one."""
        return self.rating.status == self.wanted

    @property
    def silent(self) -> bool:
        """Whether no answer was given where there is one: cautious, not wrong."""
        return not self.right and self.rating.status == UNDECIDED


def rate_cases(
    predict: Predict, limits: StatusLimits, domain: Predict | None = None
) -> tuple[Case, ...]:
    """Draw the pictures and rate them.

    Parameters
    ----------
    predict
        Patches (n, 84, 84) float32 -> probabilities (n, 11).
    limits
        The package's limits.
    domain
        Patches -> (n, 2), of the package's second network, if there is one.

    Returns
    -------
    tuple of Case
        In the order of `_PICTURES`.
    """
    cases: list[Case] = []
    for number, (title, wanted, draw) in enumerate(_PICTURES):
        picture = draw(np.random.default_rng([_SEED, number]))
        cut = tiles(picture)
        patches = cut.reshape(-1, PATCH_PX, PATCH_PX).astype(np.float32)
        rating = rate_patches(
            predict(patches).reshape(*cut.shape[:2], LEVELS),
            limits,
            out_of_domain=out_of_domain_score(domain(patches)) if domain else None,
        )
        cases.append(Case(title, wanted, picture, rating))
    return tuple(cases)


def words(cases: tuple[Case, ...], file: str) -> list[str]:
    """Lines of the card: the picture and a table of what is right and what was said."""
    silent = sum(case.silent for case in cases)
    wrong = sum(not case.right for case in cases) - silent
    rows = [
        f"| {number} | {case.title} | `{case.wanted}` | {_said(case)} |"
        for number, case in enumerate(cases, 1)
    ]
    return [
        f"![Hard pictures, each with the levels of its patches]({file})",
        "",
        "Simulated pictures of what is hard for a model like this, chosen by kind before it was "
        f"asked; numbered from the upper left. Of {len(cases)}, it gets {wrong} wrong and leaves "
        f"{silent} open that have an answer. Levels are expected levels.",
        "",
        "| | picture | right | this model |",
        "|---|---|---|---|",
        *rows,
    ]


def _said(case: Case) -> str:
    rating = case.rating
    reason = f" ({rating.reason.replace('_', ' ')})" if rating.reason else ""
    numbers = f"level {rating.expected_level:.1f}, certainty {rating.certainty.aggregate:.2f}"
    verdict = "" if case.right else "open: " if case.silent else "**wrong:** "
    return f"{verdict}`{rating.status}`{reason}, {numbers}"


def picture_bytes(cases: tuple[Case, ...]) -> bytes:
    """All pictures in one PNG, with the borders and levels of their patches, numbered."""
    from PIL import Image, ImageDraw

    from zfocus_model.report.drawing import INK, PAPER, encode, font, stretch
    from zfocus_model.report.montage import draw_patches

    step, head = SIDE_PX + _GAP_PX, 20
    rows = -(-len(cases) // _COLUMNS)
    size = (_COLUMNS * step + _GAP_PX, rows * (step + head) + _GAP_PX)
    sheet = Image.new("RGB", size, PAPER)
    for number, case in enumerate(cases):
        tile = Image.fromarray(stretch(case.picture)).convert("RGB")
        draw_patches(ImageDraw.Draw(tile), case.rating, 1, 0, SIDE_PX, SIDE_PX)
        left = _GAP_PX + number % _COLUMNS * step
        top = _GAP_PX + number // _COLUMNS * (step + head)
        ImageDraw.Draw(sheet).text((left, top), str(number + 1), fill=INK, font=font(14))
        sheet.paste(tile, (left, top + head))
    # Noise fills a file: half of the colours do.
    return encode(sheet.quantize(128, dither=Image.Dither.NONE), "PNG", optimize=True)


def _photo(light: npt.ArrayLike, rng: np.random.Generator, photons: float = 2000.0) -> Picture:
    return camera.photograph(light, rng=rng, peak_photons=photons).astype(np.uint16)


def _cells(rng: np.random.Generator, level: float = 0) -> npt.NDArray[np.float64]:
    sharp = scenes.field(rng, (SIDE_PX, SIDE_PX), "nuclei", density=0.3)
    return np.asarray(optics.defocus(sharp, level=level), np.float64)


def _smooth(rng: np.random.Generator) -> Picture:
    return _photo(smooth_objects(rng, 35.0)[:SIDE_PX, :SIDE_PX], rng)


def _oversampled(rng: np.random.Generator) -> Picture:
    sharp = scenes.field(rng, (SIDE_PX, SIDE_PX), "cytoplasm", size_px=120.0, oversampling=4.0)
    return _photo(sharp, rng)


def _dim(rng: np.random.Generator) -> Picture:
    return _photo(_cells(rng), rng, photons=12.0)


def _thick(rng: np.random.Generator) -> Picture:
    return _photo(_cells(rng) + 2 * _cells(rng, 9), rng)


def _moved(rng: np.random.Generator) -> Picture:
    sharp = _cells(rng)
    return _photo(np.mean([np.roll(sharp, shift, 1) for shift in range(12)], axis=0), rng)


def _denoised(rng: np.random.Generator) -> Picture:
    """A mean over 5 x 5 px: a sharp picture whose finest structure a filter took."""
    noisy = _photo(_cells(rng), rng, photons=100.0).astype(np.float64)
    shifts = [(y, x) for y in range(-2, 3) for x in range(-2, 3)]
    mean = np.mean([np.roll(noisy, shift, (0, 1)) for shift in shifts], axis=0)
    return np.rint(4 * mean).astype(np.uint16)


def _beads(rng: np.random.Generator) -> Picture:
    """Beads at level 18, where the disc of a bead shows rings of its own."""
    light = np.zeros((SIDE_PX, SIDE_PX))
    light[tuple(rng.integers(30, SIDE_PX - 30, (2, 6)))] = 1
    return _photo(optics.defocus(light, level=18), rng, photons=5000.0)


def _uneven(rng: np.random.Generator) -> Picture:
    y, x = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    return _photo(np.exp(-0.6 * ((y + 0.6) ** 2 + (x + 0.4) ** 2)), rng, photons=3000.0)


def _wall(rng: np.random.Generator) -> Picture:
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    distance = np.hypot(y + 500.0, x - 60.0) - 620.0
    wall = 1 + 0.5 * np.tanh(distance / 3) + 0.6 * np.exp(-((distance / 8) ** 2))
    return _photo(wall, rng, photons=800.0)


def _hot(rng: np.random.Generator) -> Picture:
    counts = _photo(np.full((SIDE_PX, SIDE_PX), 0.02), rng)
    places = rng.integers(0, SIDE_PX, (2, 40))
    counts[tuple(places)] += rng.integers(200, 8000, 40).astype(np.uint16)
    return counts


_PICTURES: tuple[tuple[str, str, Callable[[np.random.Generator], Picture]], ...] = (
    ("large round cells without any texture, sharp", "in_focus", _smooth),
    ("cells at 4 times the usual sampling, sharp", "in_focus", _oversampled),
    ("nuclei with 12 photons at the brightest pixel, sharp", "in_focus", _dim),
    ("nuclei under twice as much light from far out of focus, sharp", "in_focus", _thick),
    ("sharp nuclei after a mean over 5 x 5 px", "in_focus", _denoised),
    ("nuclei that moved by 12 px during the exposure", "out_of_focus", _moved),
    ("beads at level 18, beyond what was trained", "out_of_focus", _beads),
    ("no cells: light that falls off", "undecided", _uneven),
    ("no cells: the wall of a well", "undecided", _wall),
    ("no cells: 40 hot pixels", "undecided", _hot),
)
"""What each picture shows, the right status, and how it is drawn."""
