"""Words and numbers that every door of zfocus shares; the one exception that users read."""

from __future__ import division

PATCH_PX = 84
LEVELS = 11
DISC_PX_PER_LEVEL = 40.0 / 13.0
USABLE_LEVELS = 3

IN_FOCUS, OUT_OF_FOCUS, UNDECIDED = "in_focus", "out_of_focus", "undecided"
BLANK, UNCERTAIN, OUT_OF_DOMAIN = "blank", "uncertain", "out_of_domain"
TOO_SMALL, MASKED = "too_small", "masked"

STATUS_WORDS = {
    IN_FOCUS: "in focus",
    OUT_OF_FOCUS: "out of focus",
    UNDECIDED: "undecided",
}
REASON_WORDS = {
    BLANK: "nothing to judge by: no part of the image shows enough structure",
    UNCERTAIN: "the model is not sure enough: its parts disagree or are unclear",
    OUT_OF_DOMAIN: "unlike the images that the model was trained on",
    TOO_SMALL: "smaller than one patch (84 x 84 px)",
    MASKED: "no patch could be rated: outside the ROI, or holding values that are not finite",
}


class ZfocusError(Exception):
    """One line: what was expected, what came, what to do."""


def verdict(rating):
    """One line about a rating: status, level and certainty."""
    parts = [STATUS_WORDS[rating.status]]
    if rating.reason:
        parts[0] += " (%s)" % rating.reason.replace("_", " ")
    elif rating.level is not None:  # the level of an undecided image is a guess
        parts.append("level %d" % rating.level)
    if rating.certainty.aggregate is not None:
        parts.append("certainty %.2f" % rating.certainty.aggregate)
    return ", ".join(parts)
