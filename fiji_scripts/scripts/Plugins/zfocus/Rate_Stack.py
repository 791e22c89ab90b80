#@script(language="jython", headless=true)
#@ ImagePlus (required=false, persist=false) imp
#@ Boolean (label="Current channel only", value=false, persistKey="zfocus.rate_stack.currentChannel") currentChannel
#@ Boolean (label="Same plane for all channels", value=false, persistKey="zfocus.rate_stack.oneForAll") oneForAll
#@ Boolean (label="Boxes on all planes", value=true, persistKey="zfocus.rate_stack.boxes") boxes
#@ Integer (label="Border width (px)", min=1, max=10, value=4, persistKey="zfocus.rate_stack.borderWidth") borderWidth
#@ Boolean (label="Plot", value=true, persistKey="zfocus.rate_stack.plot") plot
#@ Boolean (label="Extract the best planes", value=false, persistKey="zfocus.rate_stack.extract") extract
#@ String (label="Save table as (CSV, optional)", value="", required=false, persistKey="zfocus.rate_stack.csv") csv
#@ String (label="Model folder (empty: the installed one)", value="", required=false, persistKey="zfocus.rate_stack.model") model
#@output ResultsTable table
#@output ResultsTable best
#@output ImagePlus plotImage
#@output ImagePlus extracted
# Rates the focus of every plane of a stack or hyperstack, plots it, and goes to the best plane.
try:
    from zfocus_fiji.scripts import guarded
except ImportError:  # Jython does not look in jars/Lib of this Fiji
    import sys

    from java.io import File

    here = globals()["org.scijava.script.ScriptModule"].getInfo().getURL().toURI()
    sys.path.append(File(File(here), "../../../../jars/Lib").getCanonicalPath())
    from zfocus_fiji.scripts import guarded


def work():
    from zfocus_fiji import rate_stack

    return rate_stack.run(
        imp,
        current_channel=currentChannel,
        one_for_all=oneForAll,
        boxes=boxes,
        border_px=borderWidth,
        plot=plot,
        extract=extract,
        csv=csv,
        model=model,
    )


table, best, plotImage, extracted = guarded(work) or (None, None, None, None)
