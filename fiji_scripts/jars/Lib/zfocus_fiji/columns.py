"""Names, order and notation of the columns: those of `zfocus rate`, and of Fiji's tables."""

from __future__ import division

import io
import math
import os

from zfocus_fiji.words import LEVELS

KEY_COLUMNS = ("image", "series", "t", "c", "z")
_PROBABILITIES = tuple("p%d" % level for level in range(LEVELS))
IMAGE_COLUMNS = (
    KEY_COLUMNS
    + tuple("channel plate well site height width pixel_size_um".split())
    + tuple("level expected_level level_sd defocus_px defocus_um in_focus_probability".split())
    + ("status", "reason")
    + tuple("certainty_mean certainty_max certainty_aggregate certainty_weighted".split())
    + tuple("patches blank_patches rated_fraction saturated_fraction out_of_domain".split())
    + _PROBABILITIES
    + ("model", "package_sha256")
)
PATCH_COLUMNS = (
    KEY_COLUMNS + tuple("row column y x level expected_level certainty".split()) + _PROBABILITIES
)


def camel(column):
    """Name of a column in ImageJ's tables: in_focus_probability is InFocusProbability."""
    return "".join(part[:1].upper() + part[1:] for part in column.split("_"))


def notation(value):
    """Text of a value: floats with six digits, undefined empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else "%.6g" % (value + 0.0)  # + 0.0: no minus at zero
    return u"%s" % (value,)


def image_row(rating, package, image="", index=(0, 0, 0, 0), **more):
    """Values of a plane by column; `index`: series, t, c, z; `more`: channel, well, ..."""
    row = dict.fromkeys(IMAGE_COLUMNS)
    row.update(zip(KEY_COLUMNS, (image,) + tuple(index)))
    sure = rating.certainty
    row.update(
        channel="",
        height=rating.height,
        width=rating.width,
        level=rating.level,
        expected_level=rating.expected_level,
        level_sd=rating.level_sd,
        defocus_px=rating.defocus_px,
        in_focus_probability=rating.in_focus_probability,
        status=rating.status,
        reason=rating.reason,
        certainty_mean=sure.mean,
        certainty_max=sure.max,
        certainty_aggregate=sure.aggregate,
        certainty_weighted=sure.weighted,
        patches=len(rating.rated),
        blank_patches=rating.blank_patches,
        rated_fraction=rating.rated_fraction,
        saturated_fraction=rating.saturated_fraction,
        out_of_domain=rating.out_of_domain,
        model=package.name,
        package_sha256=package.sha256,
    )
    if rating.probabilities is not None:
        row.update(zip(_PROBABILITIES, rating.probabilities))
    row.update(more)
    return row


def patch_rows(rating, image="", index=(0, 0, 0, 0)):
    """Values of all patches of a plane by column, row by row from the upper left."""
    rows = []
    for patch in rating.patches:
        row = dict.fromkeys(PATCH_COLUMNS)
        row.update(zip(KEY_COLUMNS, (image,) + tuple(index)))
        row.update(row=patch.row, column=patch.column, y=patch.y, x=patch.x)
        if patch.level is not None:
            row.update(level=patch.level, certainty=patch.certainty)
            row.update(expected_level=patch.expected_level)
            row.update(zip(_PROBABILITIES, patch.probabilities))
        rows.append(row)
    return rows


def csv_text(columns, rows):
    """Rows (values by column) as CSV under the columns' own names, as `zfocus rate` writes it."""
    lines = [",".join(columns)]
    for row in rows:
        lines.append(",".join(_cell(notation(row.get(column))) for column in columns))
    return u"\n".join(lines) + u"\n"


def write_whole(path, text):
    """Write a text file that is there whole or not at all."""
    partial = path + ".partial"
    with io.open(partial, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    if os.path.exists(path):
        os.remove(path)  # on Windows, Python 2 cannot rename over a file
    os.rename(partial, path)


def _cell(text):
    if any(mark in text for mark in u',"\n\r'):
        return u'"%s"' % text.replace(u'"', u'""')
    return text
