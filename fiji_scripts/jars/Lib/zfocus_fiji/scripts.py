"""What every script does around its own work: find the image, tell errors, show results."""

from __future__ import division

import os
import traceback

from ij import IJ, Macro, WindowManager
from java.awt import GraphicsEnvironment
from java.lang import OutOfMemoryError, RuntimeException, Throwable

from zfocus_fiji.columns import camel
from zfocus_fiji.pixels import is_deep_colour, pixel_size_um
from zfocus_fiji.words import ZfocusError


def headless():
    """Whether nobody can see a window."""
    return GraphicsEnvironment.isHeadless()


def guarded(work):
    """Run a script's work; what goes wrong reaches the user, not only the log.

    With windows: a dialog. Headless: an exception whose text is the message. A macro that called
    the script stops, with the message. Returns what `work` returns, None after a dialog.
    """
    try:
        return work()
    except ZfocusError as error:
        message = u"%s" % error
    except OutOfMemoryError:
        message = (
            "there is not enough memory: give Fiji more (Edit > Options > Memory & Threads), or "
            "rate fewer planes at a time"
        )
    except (IOError, OSError) as error:
        message = (
            u"expected files and folders that can be read and written, got %s: check the name, "
            u"permissions and free space" % error
        )
    except (Exception, Throwable) as error:
        if headless() or Macro.MACRO_CANCELED in u"%s" % error:
            raise
        IJ.log("zfocus: %s" % traceback.format_exc())
        message = u"something unforeseen went wrong (%s): the log tells where" % error
    finally:
        IJ.showProgress(1.0)
    if not headless() or IJ.macroRunning():
        _tell(message)
    if headless():
        # Python 2 cannot show an exception's text unless it is plain.
        raise RuntimeError((u"zfocus: " + message).encode("ascii", "backslashreplace"))
    return None


def _tell(message):
    """Show a dialog, or let the macro that called the script end with the message."""
    try:
        IJ.error("zfocus", message)
    except RuntimeException as error:
        # ImageJ ends a macro so, and headless it may fail to show what it wants to.
        if not headless() and Macro.MACRO_CANCELED not in u"%s" % error:
            raise


def current_image(imp=None):
    """The image that SciJava handed over, else that in front."""
    imp = imp or WindowManager.getCurrentImage()
    if imp is None:
        raise ZfocusError("expected an open image, found none: open one, then rate it")
    return imp


def show(thing, title=None):
    """Show an image or a table, where there are windows."""
    if thing is None or headless():
        return
    if title:
        thing.show(title)
    else:
        thing.show()


def output_path(text):
    """An absolute path for a file to write, None for empty text; its folder must exist."""
    text = (text or "").strip()
    if not text:
        return None
    path = os.path.abspath(os.path.expanduser(text))
    if not os.path.isdir(os.path.dirname(path)):
        raise ZfocusError(
            "expected a file in a folder that exists, got %s: make the folder first" % text
        )
    return path


def plane_index(imp, slice_number):
    """(series, t, c, z), all 0-based, of a slice of a stack or hyperstack."""
    if is_deep_colour(imp):
        _, z, t = imp.convertIndexToPosition(slice_number)
        return 0, t - 1, 0, z - 1
    c, z, t = imp.convertIndexToPosition(slice_number)
    return 0, t - 1, c - 1, z - 1


def about_image(imp):
    """What an image says of its planes, by column."""
    return {"pixel_size_um": pixel_size_um(imp)}


def watched(items, total, what="rated"):
    """The same items, with progress shown; Escape stops."""
    IJ.resetEscape()
    for number, item in enumerate(items):
        if IJ.escapePressed():
            raise ZfocusError("stopped after %d of %d planes" % (number, total))
        yield item
        IJ.showProgress(number + 1, total)
        IJ.showStatus("zfocus: %d of %d %s" % (number + 1, total, what))


def column(table, name):
    """Values of a column of a table that was made from rows; for tests and macros."""
    return [table.getStringValue(camel(name), row) for row in range(table.size())]
