"""Read files ahead of inference, in a few threads, a bounded number of planes, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Union

from zfocus_model._errors import ZfocusError
from zfocus_model.images.base import ImageFile, Plane, PlaneInfo
from zfocus_model.images.inputs import ImagePath
from zfocus_model.images.opening import open_image

_STEPS_AHEAD = 64
"""Planes looked at ahead, most of them not to be read (a run that goes on)."""


@dataclass(frozen=True)
class ReadError:
    """A file, or one of its planes, that could not be read."""

    message: str
    """One line."""
    info: PlaneInfo | None = None
    """The plane; None if it is the file."""


_Step = Union["Future[Plane | ReadError]", PlaneInfo, ReadError, ImageFile]
"""A plane being read, one not wanted, an error, or a file whose planes are all before it."""


class ReadAhead:
    """Planes of many files in order, read by threads while others are rated.

    Decoding LZW, deflate and PNG takes as long as rating, and releases Python's lock: two threads
    keep inference busy. At most ``ahead`` planes and two files opened early wait in memory.

    Parameters
    ----------
    images
        Files in the order wanted.
    wanted
        Called with a file and a plane in it; planes for which it is False are passed on as their
        ``PlaneInfo`` without being read.
    threads
        Number of reading threads.
    ahead
        Number of planes that wait in memory at most.
    """

    def __init__(
        self,
        images: Iterable[ImagePath],
        *,
        wanted: Callable[[ImagePath, PlaneInfo], bool] = lambda image, info: True,
        threads: int = 2,
        ahead: int = 3,
    ) -> None:
        self._images = iter(images)
        self._wanted = wanted
        self._ahead = ahead
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="zfocus-read")
        self._opening: deque[tuple[ImagePath, Future[ImageFile]]] = deque()
        self._open_files: dict[str, ImageFile] = {}
        self._left = 0  # planes of the newest open file that no thread has been given
        self.planes_found = 0
        """Planes in the files opened so far."""
        self.files_opened = 0
        """Files opened so far, unreadable ones included."""

    def __enter__(self) -> ReadAhead:
        """Use as ``with ReadAhead(images) as planes``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop reading: what was read ahead is dropped."""
        for _image, future in self._opening:
            future.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for _image, future in self._opening:
            if not future.cancelled() and future.exception() is None:
                future.result().close()
        for file in self._open_files.values():
            file.close()

    def __iter__(self) -> Iterator[tuple[ImagePath, Plane | PlaneInfo | ReadError]]:
        """Yield planes, infos of unwanted planes, and errors, in the order of the files."""
        steps = self._steps()
        waiting: deque[tuple[ImagePath, _Step]] = deque()
        more = True
        while more or waiting:
            while more and not self._full(waiting):
                step = next(steps, None)
                more = step is not None
                if step is not None:
                    waiting.append(step)
            if not waiting:
                continue
            image, step = waiting.popleft()
            if isinstance(step, Future):
                yield image, step.result()
            elif isinstance(step, ImageFile):
                step.close()
                del self._open_files[image.name]
            else:
                yield image, step

    def planes_of(self, image: ImagePath) -> int:
        """Count the planes of the file that an item just yielded came from.

        Parameters
        ----------
        image
            The file.

        Returns
        -------
        int
            Its number of planes, 0 if it could not be opened.
        """
        file = self._open_files.get(image.name)
        return 0 if file is None else len(file)

    def _full(self, waiting: deque[tuple[ImagePath, _Step]]) -> bool:
        reading = sum(isinstance(step, Future) for _image, step in waiting)
        if reading >= self._ahead or len(waiting) >= _STEPS_AHEAD:
            return True
        # Looking further may mean waiting for a file to open: not while something can be handed on.
        opens = not self._left and bool(self._opening) and not self._opening[0][1].done()
        return bool(waiting) and opens

    def _steps(self) -> Iterator[tuple[ImagePath, _Step]]:
        self._open_next()
        while self._opening:
            self._open_next()
            image, opening = self._opening[0]
            try:
                file = opening.result()
            except ZfocusError as error:
                file = None
                yield image, ReadError(str(error))
            self._opening.popleft()
            self.files_opened += 1
            if file is None:
                continue
            self._open_files[image.name] = file
            self.planes_found += len(file)
            for number, info in enumerate(file.infos):
                self._left = len(file) - number - 1
                if self._wanted(image, info):
                    yield image, self._pool.submit(_read, file, number)
                else:
                    yield image, info
            if file.problem:
                yield image, ReadError(file.problem)
            yield image, file

    def _open_next(self) -> None:
        image = next(self._images, None)
        if image is not None:
            self._opening.append((image, self._pool.submit(open_image, image.path)))


def _read(file: ImageFile, number: int) -> Plane | ReadError:
    try:
        return file.read(number)
    except ZfocusError as error:
        return ReadError(str(error), file.infos[number])
