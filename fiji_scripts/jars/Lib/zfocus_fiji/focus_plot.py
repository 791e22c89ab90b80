"""The expected level along a stack as a plot, with a band of one standard deviation."""

from __future__ import division

from ij.gui import Plot
from java.awt import Color

from zfocus_fiji.words import LEVELS, UNDECIDED

SIZE_PX = 640, 360
_LINES = ("#1f5fd0", "#d9780f", "#0f8a5f", "#a0308f", "#777777", "#b08a00")
_BAND = Color(207, 224, 255)


def focus_plot(title, along, stacks, best, ratings):
    """Plot stacks (lists of places) of one frame; `along`: z or t, counted from 0 as in tables.

    A line joins the planes that can be judged; crosses are undecided planes, a dot the best one.
    One stack gets a band of one standard deviation, several (channels) get error bars.
    """
    plot = Plot(title + " focus", "%s (first plane: 0)" % along, "expected level (0: in focus)")
    plot.setSize(*SIZE_PX)
    last = len(stacks[0]) - 1
    plot.setLimits(-0.5, last + 0.5, 0, LEVELS - 1)
    lines = [_points(stack, along, ratings, True) for stack in stacks]
    if len(stacks) == 1:
        for part in _runs(lines[0]):
            _band(plot, part)
    for number, (stack, points) in enumerate(zip(stacks, lines)):
        colour = Color.decode(_LINES[number % len(_LINES)])
        plot.setColor(colour, colour)
        words = ["channel %d" % stack[0].c if len(stacks) > 1 else "line: expected level"]
        if points:
            plot.setLineWidth(2)
            plot.addPoints([x for x, _, _ in points], [y for _, y, _ in points], Plot.LINE)
            plot.setLineWidth(1)
            if len(stacks) > 1:
                plot.addErrorBars([sd for _, _, sd in points])
        unclear = _points(stack, along, ratings, False)
        if unclear:
            plot.setLineWidth(1)
            plot.addPoints([x for x, _, _ in unclear], [y for _, y, _ in unclear], Plot.X)
            words.append("x: undecided")
        place = best[stack[0]]
        if place is not None:
            x = getattr(place, along)
            plot.setLineWidth(3)
            plot.addPoints([float(x)], [ratings[place].expected_level], Plot.CIRCLE)
            words.append("best: %s %d" % (along, x))
        # In the upper middle: a stack through focus leaves room there.
        plot.setJustification(Plot.CENTER)
        plot.addLabel(0.5, 0.06 + 0.06 * number, ", ".join(words))
    plot.setLineWidth(1)
    plot.setColor(Color.BLACK)
    image = plot.getImagePlus()
    image.setTitle(title + " focus")
    return image


def _points(stack, along, ratings, decided):
    """(x, expected level, standard deviation) of the planes that are decided, or are not."""
    return [
        (float(getattr(place, along)), ratings[place].expected_level, ratings[place].level_sd)
        for place in stack
        if ratings[place].rated and (ratings[place].status != UNDECIDED) == decided
    ]


def _runs(points):
    """Stretches of neighbouring planes."""
    runs = []
    for point in points:
        if runs and point[0] - runs[-1][-1][0] == 1:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _band(plot, points):
    """Fill between one standard deviation below and above."""
    xs = [x for x, _, _ in points]
    for shade, sign in ((_BAND, 1), (Color.WHITE, -1)):
        plot.setColor(shade, shade)
        edge = [min(LEVELS - 1.0, max(0.0, y + sign * sd)) for _, y, sd in points]
        plot.add("filled", xs, edge)
