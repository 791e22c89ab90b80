"""Wells from their patches: percent in focus, and one rating a well. Plain Python 2.7 and 3."""

from __future__ import division

from zfocus_fiji.rating import aggregate, certainty, expected_level, level_sd
from zfocus_fiji.words import (
    BLANK,
    IN_FOCUS,
    LEVELS,
    OUT_OF_DOMAIN,
    OUT_OF_FOCUS,
    UNCERTAIN,
    UNDECIDED,
    USABLE_LEVELS,
)

COLUMNS = (
    tuple("well row column images patches decided_patches in_focus_patches".split())
    + tuple("undecided_patches percent_in_focus level expected_level level_sd".split())
    + tuple("in_focus_probability status reason certainty_aggregate out_of_domain".split())
    + tuple("p%d" % level for level in range(LEVELS))
    + ("model", "package_sha256")
)
"""Columns of wells.csv. `row` and `column` count from 0."""


def patch_status(patch, limits):
    """Status of a patch alone, by the same limits as an image's.

    Parameters
    ----------
    patch : rating.Patch
        A rated patch.
    limits : rating.Limits
        Of the package.

    Returns
    -------
    str
        ``in_focus``, ``out_of_focus`` or ``undecided``.
    """
    if patch.certainty < limits.certainty_min:
        return UNDECIDED
    usable = sum(patch.probabilities[:USABLE_LEVELS])
    return IN_FOCUS if usable >= limits.in_focus_min else OUT_OF_FOCUS


def well_row(name, place, ratings, limits):
    """Values of a well by column; those of what is not known are None.

    Parameters
    ----------
    name : str
        Such as ``A01``.
    place : tuple of int
        (row, column) from 0.
    ratings : list of rating.Rating
        Of its images, or parts of images. Patches of images out of the model's domain are
        undecided.
    limits : rating.Limits
        Of the package.

    Returns
    -------
    dict
        Value by column of COLUMNS, without model. `percent_in_focus`: of the decided patches.
    """
    row = dict.fromkeys(COLUMNS)
    patches = [patch for rating in ratings for patch in rating.rated]
    decided = []
    for rating in ratings:
        if rating.reason != OUT_OF_DOMAIN:
            decided += [patch_status(patch, limits) for patch in rating.rated]
    decided = [status for status in decided if status != UNDECIDED]
    sharp = decided.count(IN_FOCUS)
    row.update(well=name, row=place[0], column=place[1], images=len(ratings))
    row.update(patches=len(patches), decided_patches=len(decided), in_focus_patches=sharp)
    row.update(undecided_patches=len(patches) - len(decided))
    row["percent_in_focus"] = 100.0 * sharp / len(decided) if decided else None
    strange = [rating.out_of_domain for rating in ratings if rating.out_of_domain is not None]
    row["out_of_domain"] = sum(strange) / len(strange) if strange else None
    row["status"] = UNDECIDED
    if not patches:
        reasons = [rating.reason for rating in ratings]
        row["reason"] = reasons[0] if reasons else ""
        return row
    p = aggregate([patch.probabilities for patch in patches])
    usable = sum(p[:USABLE_LEVELS])
    row.update(level=max(range(LEVELS), key=lambda level: (p[level], -level)))
    row.update(expected_level=expected_level(p), level_sd=level_sd(p))
    row.update(in_focus_probability=usable, certainty_aggregate=certainty(p))
    row.update(("p%d" % level, value) for level, value in enumerate(p))
    most = limits.out_of_domain_max
    if most is not None and strange and row["out_of_domain"] > most:
        row["reason"] = OUT_OF_DOMAIN
    elif not decided and all(patch.certainty < limits.certainty_min for patch in patches):
        row["reason"] = BLANK
    elif row["certainty_aggregate"] < limits.certainty_min:
        row["reason"] = UNCERTAIN
    else:
        row.update(status=IN_FOCUS if usable >= limits.in_focus_min else OUT_OF_FOCUS, reason="")
    return row


def plate_percent(rows):
    """Percent in focus of all wells together, None if no patch is decided.

    Parameters
    ----------
    rows : list of dict
        From :func:`well_row`.

    Returns
    -------
    float or None
        0 to 100.
    """
    decided = sum(row["decided_patches"] for row in rows)
    return 100.0 * sum(row["in_focus_patches"] for row in rows) / decided if decided else None
