"""z-stacks: the planes of one field at several heights, read one at a time.

>>> from zfocus_model.zposition.stacks import open_stack
>>> with open_stack("position3.ome.tif", c=1) as stack:  # doctest: +SKIP
...     print(len(stack), stack.z_step_um, stack[0].shape)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.images import ImageFile, Plane, PlaneInfo, open_image
from zfocus_model.zposition.stack_files import StackSource, stacks_of
from zfocus_model.zposition.zstack import ZStack, uneven

if TYPE_CHECKING:
    from zfocus_model.zposition.labels import StackLabel

__all__ = ["ZStack", "open_labelled", "open_stack"]


def open_stack(
    path: str | os.PathLike[str] | StackSource,
    *,
    series: int | None = None,
    t: int | None = None,
    c: int | None = None,
    z_step_um: float | None = None,
    pixel_size_um: float | None = None,
) -> ZStack:
    """Open a z-stack; its planes are read later, one at a time.

    Parameters
    ----------
    path
        A file with several focal planes (OME-TIFF, ImageJ and other TIFF stacks), a folder of
        planes, a pattern of their names (see ``stack_files.find_stacks``), or what was found there.
    series, t, c
        Which image, time point and channel of a file that has several.
    z_step_um, pixel_size_um
        In um, where the file does not say or is wrong.

    Returns
    -------
    ZStack
        The open stack.

    Raises
    ------
    ZfocusError
        If there is none, more than one, only one plane, or several series, time points or channels
        and none is chosen.
    """
    if not isinstance(path, StackSource):
        found = list(stacks_of(os.fspath(path)))
        if len(found) > 1:
            names = ", ".join(each.text for each in found[:3])
            raise ZfocusError(f"expected one stack, got {len(found)}: name one, such as {names}")
        path = found[0]
    wanted = {"series": series, "t": t, "c": c}
    if not path.is_file:
        stack = _of_planes(path, wanted)
    else:
        file = open_image(path.files[0])
        try:
            stack = _of_file(path.text, file, wanted)
        except BaseException:
            file.close()
            raise
    for name, value in (("z_step_um", z_step_um), ("pixel_size_um", pixel_size_um)):
        if value is not None and not 0 < value < float("inf"):
            raise ZfocusError(f"expected {name} above 0, got {value:g}: give it in um")
    if z_step_um is not None and not stack.even:
        raise uneven(stack)
    stack.z_step_um = z_step_um or stack.z_step_um
    stack.pixel_size_um = pixel_size_um or stack.pixel_size_um
    return stack


def open_labelled(label: StackLabel, folder: str | os.PathLike[str]) -> ZStack:
    """Open the stack of a label, with the label's z step and pixel size.

    Parameters
    ----------
    label
        A row of a label table; its further columns ``series``, ``t`` and ``c`` choose in a file.
    folder
        Folder of the table.

    Returns
    -------
    ZStack
        The open stack.

    Raises
    ------
    ZfocusError
        If it is not there, or has another number of planes than the label says.
    """
    chosen = {name: int(label.further.get(name) or -1) for name in ("series", "t", "c")}
    stack = open_stack(
        Path(folder, label.stack),
        z_step_um=label.z_step_um,
        pixel_size_um=label.pixel_size_um,
        **{name: value for name, value in chosen.items() if value >= 0},
    )
    if len(stack) != label.planes:
        stack.close()
        raise ZfocusError(
            f"{label.stack}: expected {label.planes} planes as the label table says, got "
            f"{len(stack)}: mend the table or the stack"
        )
    return stack


def _of_file(name: str, file: ImageFile, wanted: dict[str, int | None]) -> ZStack:
    chosen = [(number, info) for number, info in enumerate(file.infos)]
    for axis, value in wanted.items():
        there = sorted({getattr(info, axis) for _, info in chosen})
        if value is None and len(there) > 1:
            raise ZfocusError(_ask(axis, [info for _, info in chosen]))
        if value is not None and value not in there:
            raise ZfocusError(
                f"expected {axis} {there[0]} to {there[-1]}, got {value}: choose one that is there"
            )
        if value is not None:
            chosen = [(number, info) for number, info in chosen if getattr(info, axis) == value]
    infos = [info for _, info in chosen]
    if len(infos) == 1 < len({info.t for info in file.infos}):
        raise ZfocusError(
            "expected a stack of at least 2 planes, got time points of one plane each: if they are "
            "focal planes, declare them as z (ImageJ: Image > Properties, slices)"
        )

    def reader(number: int) -> Callable[[], Plane]:
        return lambda: file.read(number)

    return ZStack(
        name,
        [reader(number) for number, _ in chosen],
        infos,
        numbers=[info.z for info in infos],
        z_step_um=infos[0].z_step_um,
        pixel_size_um=infos[0].pixel_size_um,
        problem=file.problem,
        close=file.close,
    )


def _ask(axis: str, infos: Sequence[PlaneInfo]) -> str:
    words = {"series": "image", "t": "time point", "c": "channel"}
    names = {getattr(info, axis): info.channel if axis == "c" else "" for info in infos}
    listed = [f"{value} ({name})" if name else str(value) for value, name in sorted(names.items())]
    shown = ", ".join(listed if len(listed) <= 6 else [*listed[:2], "...", listed[-1]])
    if axis == "series":
        shown += " (planes of another size are another image)"
    return (
        f"expected one {words[axis]}, got {len(listed)}: choose with --{axis} (Python: {axis}=) "
        f"from {shown}"
    )


def _of_planes(source: StackSource, wanted: dict[str, int | None]) -> ZStack:
    def reader(place: Path) -> Callable[[], Plane]:
        def read() -> Plane:
            with open_image(place) as file:
                if len(file) > 1:
                    raise ZfocusError(
                        f"expected one plane a file, got {len(file)} in {place.name}: name the "
                        "stack files themselves"
                    )
                return file.read(0)

        return read

    given = [axis for axis, value in wanted.items() if value]
    if given:
        raise ZfocusError(
            f"expected no --{given[0]} for a stack of single planes, got {wanted[given[0]]}: name "
            "the pattern of the planes instead"
        )
    with open_image(source.files[0]) as file:
        first = file.infos[0]
    steps = np.abs(np.diff(source.numbers))
    step = float(np.median(steps)) if source.in_um else first.z_step_um
    return ZStack(
        source.text,
        [reader(place) for place in source.files],
        [PlaneInfo(0, 0, 0, z, pixel_size_um=first.pixel_size_um) for z in range(len(steps) + 1)],
        numbers=source.numbers,
        z_step_um=step or None,
        pixel_size_um=first.pixel_size_um,
    )
