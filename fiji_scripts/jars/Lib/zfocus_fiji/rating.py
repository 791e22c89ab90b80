"""From the probabilities of patches to level, certainty, status and reason of an image.

The same arithmetic as zfocus_model.rating and zfocus_model.aggregation, in plain Python: Jython
has no numpy. What is undefined is None. Tests hold both to equal answers.
"""

from __future__ import division

import math
from collections import namedtuple

from zfocus_fiji.words import (
    BLANK,
    DISC_PX_PER_LEVEL,
    IN_FOCUS,
    MASKED,
    OUT_OF_DOMAIN,
    OUT_OF_FOCUS,
    PATCH_PX,
    TOO_SMALL,
    UNCERTAIN,
    UNDECIDED,
    USABLE_LEVELS,
)

DOMAIN_PATCHES = 25

Limits = namedtuple("Limits", "certainty_min in_focus_min out_of_domain_max")
Certainty = namedtuple("Certainty", "mean max aggregate weighted")
Patch = namedtuple("Patch", "row column y x level expected_level certainty probabilities")


class Rating(object):
    """How sharp one plane is, and how sure that is. Fields as in the Python package.

    `probabilities` (11 numbers), `level`, `expected_level`, `level_sd`, `defocus_px`,
    `in_focus_probability` and the four of `certainty` are None if no patch is rated. `patches`
    lists all patches row by row, with level None where a patch is not rated; `rows` x `columns`
    of them. `height` and `width` are those of the rated region in px.
    """

    def __init__(self, **fields):
        self.__dict__.update(fields)

    @property
    def rated(self):
        """The patches that are rated."""
        return [patch for patch in self.patches if patch.level is not None]


def certainty(p):
    """Certainty of probabilities, 0 (uniform, exactly) to 1 (one level): 1 - entropy / ln K."""
    if max(p) == min(p):
        return 0.0  # rounding must not make a uniform patch count for something
    total = float(sum(p))
    entropy = -sum(v / total * math.log(v / total) for v in p if v > 0)
    return min(1.0, max(0.0, 1.0 - entropy / math.log(len(p))))


def expected_level(p):
    """Mean level under probabilities."""
    return sum(level * v for level, v in enumerate(p))


def level_sd(p):
    """Standard deviation of the level under probabilities."""
    mean = expected_level(p)
    return math.sqrt(sum(v * (level - mean) ** 2 for level, v in enumerate(p)))


def aggregate(rows):
    """Mean of rows of probabilities weighted by their certainty (plain mean if all are 0)."""
    weights = [certainty(row) for row in rows]
    if not sum(weights) > 0:
        weights = [1.0] * len(rows)
    columns = range(len(rows[0]))
    combined = [sum(w * row[k] for w, row in zip(weights, rows)) for k in columns]
    total = sum(combined)
    return [value / total for value in combined]


def grid_shape(height, width):
    """Rows and columns of whole patches in a plane."""
    return height // PATCH_PX, width // PATCH_PX


def domain_sample(count):
    """Which of the rated patches the domain network sees: at most 25, evenly spaced."""
    most = min(count, DOMAIN_PATCHES)
    return [(2 * number + 1) * count // (2 * most) for number in range(most)]


def out_of_domain_score(rows):
    """How unlike the training images, 0 to 1, from (in, out) probabilities of sampled patches."""
    return aggregate(rows)[1] if rows else None


def rate_patches(
    patches, limits, height, width, saturated_fraction=None, out_of_domain=None, origin=(0, 0)
):
    """Rate a plane from the probabilities of its patches.

    `patches`: one list of 11 probabilities for each patch, row by row from the upper left, None
    where a patch is not rated. `origin`: (x, y) in px of the rated region in its image; the
    patches' `x` and `y` are places in the image.
    """
    rows, columns = grid_shape(height, width)
    listed = []
    for number, p in enumerate(patches):
        row, column = divmod(number, columns)
        place = row, column, origin[1] + row * PATCH_PX, origin[0] + column * PATCH_PX
        if p is None:
            listed.append(Patch(*(place + (None, None, None, None))))
        else:
            listed.append(Patch(*(place + (_argmax(p), expected_level(p), certainty(p), list(p)))))
    rated = [patch for patch in listed if patch.level is not None]
    blank = sum(patch.certainty < limits.certainty_min for patch in rated)
    if rated:
        image = aggregate([patch.probabilities for patch in rated])
        each = [patch.certainty for patch in rated]
        total = sum(each)
        weighted = sum(c * c for c in each) / total if total > 0 else 0.0
        sure = Certainty(total / len(each), max(each), certainty(image), weighted)
    else:
        image, sure = None, Certainty(None, None, None, None)
    usable = sum(image[:USABLE_LEVELS]) if rated else None
    status, reason = _status(usable, sure, blank, len(rated), len(listed), limits, out_of_domain)
    mean = expected_level(image) if rated else None
    return Rating(
        probabilities=image,
        level=_argmax(image) if rated else None,
        expected_level=mean,
        level_sd=level_sd(image) if rated else None,
        defocus_px=DISC_PX_PER_LEVEL * mean if rated else None,
        in_focus_probability=usable,
        certainty=sure,
        status=status,
        reason=reason,
        patches=listed,
        rows=rows,
        columns=columns,
        height=height,
        width=width,
        origin=origin,
        blank_patches=blank,
        rated_fraction=len(rated) * PATCH_PX**2 / (height * width) if rated else 0.0,
        saturated_fraction=saturated_fraction,
        out_of_domain=out_of_domain,
    )


def best_index(ratings):
    """Index of the sharpest plane: lowest expected level, undecided planes left out, else None."""
    decided = [
        (rating.expected_level, number)
        for number, rating in enumerate(ratings)
        if rating.status != UNDECIDED
    ]
    return min(decided)[1] if decided else None


def best_together(stacks):
    """Index of the plane that is sharpest in several stacks (channels) at once, else None.

    That with the lowest mean expected level among those at which most stacks are decided.
    """
    best = None
    for number, ratings in enumerate(zip(*stacks)):
        levels = [rating.expected_level for rating in ratings if rating.status != UNDECIDED]
        if levels:
            key = -len(levels), sum(levels) / len(levels), number
            best = key if best is None else min(best, key)
    return None if best is None else best[2]


def _argmax(p):
    return max(range(len(p)), key=lambda level: (p[level], -level))


def _status(usable, sure, blank, rated, patches, limits, out_of_domain):
    if not rated:
        return UNDECIDED, MASKED if patches else TOO_SMALL
    most = limits.out_of_domain_max
    if most is not None and out_of_domain is not None and out_of_domain > most:
        return UNDECIDED, OUT_OF_DOMAIN
    if blank == rated:
        return UNDECIDED, BLANK
    if sure.aggregate < limits.certainty_min:
        return UNDECIDED, UNCERTAIN
    return (IN_FOCUS if usable >= limits.in_focus_min else OUT_OF_FOCUS), ""
