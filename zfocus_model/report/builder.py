"""Make the pictures of a run while its planes pass by, and the report when they are through.

How a batch run uses it::

    builder = ReportBuilder(output, state, montages=True, report=True)
    for each plane, in any order:
        builder.add(row, plane, rating)      # row: the plane's row of images.csv
    for each plane that an earlier, interrupted run has rated:
        if builder.needs(row): read and rate it again, then builder.add(row, plane, rating)
    builder.finish(rows, errors, limits=model.limits, model_version=...)

``state`` is the hidden folder in which the run keeps what it needs to continue. A plane seen before
an interrupt has its thumbnail in ``<state>/thumbs`` and its montage in ``<output>/montages``, so
``needs`` is almost always False. Only one plane is held at a time; nothing is kept in memory but
the names of the thumbnails. Every file is written whole or not at all.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from zfocus_model._files import write_whole
from zfocus_model._version import __version__
from zfocus_model.images.inputs import CONTACT_SHEET, MONTAGES
from zfocus_model.report.choice import choose
from zfocus_model.report.drawing import Pixels, encode
from zfocus_model.report.montage import montage
from zfocus_model.report.page import Facts, page
from zfocus_model.report.sheet import contact_sheet
from zfocus_model.report.thumbnails import Thumbnails
from zfocus_model.report.words import Row, montage_name, plane_key, text

if TYPE_CHECKING:
    from zfocus_model.rating import Rating, StatusLimits


class ReportBuilder:
    """Pictures and report of one run.

    Parameters
    ----------
    output
        Folder of the tables; gets ``montages/``, ``contact_sheet.png`` and ``report.html``.
    state
        Hidden folder of the run, for thumbnails.
    montages
        Whether to make a picture of every plane.
    report
        Whether to make the report. The contact sheet is made in either case.
    """

    def __init__(
        self, output: Path, state: Path, *, montages: bool = False, report: bool = False
    ) -> None:
        self._output = output
        self._montages = montages
        self._report = report
        self._thumbnails = Thumbnails(state / "thumbs")

    def needs(self, row: Row) -> bool:
        """Whether something of this plane is still to be drawn, so that it must be read again."""
        if self._montages and not self._montage_path(row).is_file():
            return True
        return self._thumbnails.wanted(row)

    def add(self, row: Row, plane: Pixels, rating: Rating) -> None:
        """Draw what is to be drawn of a plane.

        Parameters
        ----------
        row
            Its row of images.csv (column -> value; numbers or texts).
        plane
            (height, width), pixels as stored.
        rating
            Its rating.

        Raises
        ------
        OSError
            If a folder cannot be written.
        """
        self._thumbnails.add(row, plane, rating)
        if self._montages:
            picture = montage(row, plane, rating)
            # Fast compression: a montage is mostly noise, which shrinks little anyway.
            write_whole(self._montage_path(row), encode(picture, "PNG", compress_level=3))

    def finish(
        self,
        rows: Iterable[Row],
        errors: Iterable[Mapping[str, object]],
        *,
        limits: StatusLimits | None = None,
        model_version: str = "",
        folder: str = "",
        made: datetime.datetime | None = None,
    ) -> tuple[Path, ...]:
        """Write the contact sheet and the report.

        Parameters
        ----------
        rows
            All rows of images.csv, in order.
        errors
            All rows of errors.csv (``input``, ``error``).
        limits
            The model package's limits for status, to be explained.
        model_version
            Version of the model package; its name and SHA-256 come from the rows.
        folder
            Name of what was rated, for the heading.
        made
            Date and time of the run; now, if not given.

        Returns
        -------
        list of Path
            The files written, the report last.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        table = list(rows)
        choice = choose(table)
        written: list[Path] = []
        if table:
            sheet = contact_sheet(choice, self._thumbnails, title=folder or "Contact sheet")
            written.append(self._output / CONTACT_SHEET)
            write_whole(written[-1], encode(sheet, "PNG", optimize=False))
        if self._report:
            first: Row = table[0] if table else {}
            facts = Facts(
                folder=folder,
                made=_date(made or datetime.datetime.now()),
                zfocus_version=__version__,
                model=text(first, "model"),
                model_version=model_version,
                package_sha256=text(first, "package_sha256"),
                certainty_min=limits.certainty_min if limits else None,
                in_focus_min=limits.in_focus_min if limits else None,
                montages={
                    plane_key(row): f"{MONTAGES}/{quote(montage_name(row))}"
                    for row in table
                    if self._montage_path(row).is_file()
                },
            )
            shown = (*choice.decided, *choice.undecided)
            pictures = {plane_key(row): self._thumbnails.read(row) for row in shown}
            html = page(
                table,
                list(errors),
                choice,
                {key: data for key, data in pictures.items() if data is not None},
                facts,
            )
            written.append(self._output / "report.html")
            write_whole(written[-1], html.encode("utf-8", "replace"))
        return tuple(written)

    def _montage_path(self, row: Row) -> Path:
        return self._output / MONTAGES / montage_name(row)


def _date(moment: datetime.datetime) -> str:
    # Neither %-d (not on Windows) nor %d (a leading zero).
    return f"{moment.day} {moment:%B %Y, %H:%M}"
