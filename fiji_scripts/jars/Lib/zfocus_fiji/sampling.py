"""Random numbers that are the same in Jython, CPython and every version of them.

Jython draws ``random`` from Java, CPython from the Mersenne Twister, so a seed would choose other
images in Fiji than in Python. SplitMix64 (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195)
takes a few lines of whole numbers. Plain Python 2.7 and 3, no Java.
"""

from __future__ import division

_MASK = (1 << 64) - 1


class Draw(object):
    """A source of random whole numbers.

    Parameters
    ----------
    seed : int
        Any; the same seed draws the same numbers everywhere.
    """

    def __init__(self, seed):
        self._state = int(seed) & _MASK

    def next(self):
        """Draw 64 random bits.

        Returns
        -------
        int
            0 to 2**64 - 1.
        """
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, limit):
        """Draw a whole number below a limit, all equally likely.

        Parameters
        ----------
        limit : int
            At least 1.

        Returns
        -------
        int
            0 to limit - 1.
        """
        unbiased = _MASK + 1 - (_MASK + 1) % limit
        while True:
            number = self.next()
            if number < unbiased:
                return int(number % limit)

    def sample(self, items, count):
        """Draw some of several, each at most once.

        Parameters
        ----------
        items : sequence
            What to draw from.
        count : int
            How many; all if there are not more.

        Returns
        -------
        list
            In the order of ``items``.
        """
        items = list(items)
        if count >= len(items):
            return items
        chosen = []
        for index in range(len(items)):
            left = len(items) - index
            if self.below(left) < count - len(chosen):
                chosen.append(items[index])
        return chosen


def seed_for(seed, text):
    """Make a seed of its own for each well, so that one well's draw does not move the others'.

    Parameters
    ----------
    seed : int
        The one that a person gives.
    text : str
        Plain letters and digits, such as a well's name.

    Returns
    -------
    int
        A seed.
    """
    value = int(seed) & _MASK
    for letter in text:
        value = Draw(value ^ ord(letter)).next()
    return value


def crop_place(draw, shape, side):
    """Place a crop of whole patches at random.

    It lies on the grid of the image's patches, so that its ratings are those of the whole image.

    Parameters
    ----------
    draw : Draw
        Source of random numbers.
    shape : tuple of int
        Rows and columns of patches in the image.
    side : int
        Rows and columns of patches in the crop; fewer where the image has not as many.

    Returns
    -------
    tuple of int
        (row, column, rows, columns) in patches.
    """
    rows, columns = min(side, shape[0]), min(side, shape[1])
    return draw.below(shape[0] - rows + 1), draw.below(shape[1] - columns + 1), rows, columns
