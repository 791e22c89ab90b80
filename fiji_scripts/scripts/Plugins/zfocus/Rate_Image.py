#@script(language="jython", headless=true)
#@ ImagePlus (required=false, persist=false) imp
#@ Integer (label="Border width (px)", min=1, max=10, value=4, persistKey="zfocus.rate_image.borderWidth") borderWidth
#@ Boolean (label="Fill patches", value=false, persistKey="zfocus.rate_image.fill") fill
#@ Boolean (label="Legend", value=true, persistKey="zfocus.rate_image.legend") legend
#@ Boolean (label="Table of patches", value=false, persistKey="zfocus.rate_image.patchTable") patchTable
#@ Boolean (label="Focus map", value=false, persistKey="zfocus.rate_image.focusMap") focusMap
#@ Boolean (label="Probability image", value=false, persistKey="zfocus.rate_image.probabilityImage") probabilityImage
#@ String (label="Save picture as (PNG, optional)", value="", required=false, persistKey="zfocus.rate_image.png") png
#@ String (label="Save table as (CSV, optional)", value="", required=false, persistKey="zfocus.rate_image.csv") csv
#@ String (label="Model folder (empty: the installed one)", value="", required=false, persistKey="zfocus.rate_image.model") model
#@output ResultsTable table
#@output ResultsTable patches
#@output ImagePlus levels
#@output ImagePlus probabilities
# Rates the focus of the current plane, or of the part of it within an area ROI.
try:
    from zfocus_fiji.scripts import guarded
except ImportError:  # Jython does not look in jars/Lib of this Fiji
    import sys

    from java.io import File

    here = globals()["org.scijava.script.ScriptModule"].getInfo().getURL().toURI()
    sys.path.append(File(File(here), "../../../../jars/Lib").getCanonicalPath())
    from zfocus_fiji.scripts import guarded


def work():
    from zfocus_fiji import rate_image

    return rate_image.run(
        imp,
        border_px=borderWidth,
        fill=fill,
        legend=legend,
        patch_table=patchTable,
        focus_map=focusMap,
        probability_image=probabilityImage,
        png=png,
        csv=csv,
        model=model,
    )


table, patches, levels, probabilities = guarded(work) or (None, None, None, None)
