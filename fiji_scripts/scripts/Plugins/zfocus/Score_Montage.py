#@script(language="jython", headless=true)
#@ ImagePlus (required=false, persist=false) imp
#@ String (label="Folder of images with well names (empty: the open montage)", value="", required=false, persistKey="zfocus.score_montage.folder") folder
#@ String (label="Wells: rows x columns, 96, 384, ... or auto (folder)", value="8x12", persistKey="zfocus.score_montage.grid") grid
#@ Integer (label="Gap between wells of an open montage (px)", min=0, value=0, persistKey="zfocus.score_montage.gap") gap
#@ String (label="Own pattern for names (optional regular expression)", value="", required=false, persistKey="zfocus.score_montage.pattern") pattern
#@ String (label="Channel (if the names tell several)", value="", required=false, persistKey="zfocus.score_montage.channel") channel
#@ String (label="Wells to skip, such as A01, B02-C05, H*", value="", required=false, persistKey="zfocus.score_montage.skip") skip
#@ Integer (label="Images a well, drawn at random (0: all)", min=0, value=0, persistKey="zfocus.score_montage.sites") sites
#@ Integer (label="Crop of so many patches a side, at random (0: whole images)", min=0, value=0, persistKey="zfocus.score_montage.crop") crop
#@ Integer (label="Seed", value=1, persistKey="zfocus.score_montage.seed") seed
#@ String (label="Plate map", choices={"percent in focus", "level"}, value="percent in focus", persistKey="zfocus.score_montage.heatMap") heatMap
#@ String (label="Folder for tables and pictures (empty: zfocus_plate in the folder)", value="", required=false, persistKey="zfocus.score_montage.output") output
#@ String (label="Model folder (empty: the installed one)", value="", required=false, persistKey="zfocus.score_montage.model") model
#@output ResultsTable table
#@output ImagePlus plateMap
#@output ImagePlus montage
#@output ResultsTable errors
# Percent in focus of each well: of an open montage, or of a folder whose file names tell the well.
try:
    from zfocus_fiji.scripts import guarded
except ImportError:  # Jython does not look in jars/Lib of this Fiji
    import sys

    from java.io import File

    here = globals()["org.scijava.script.ScriptModule"].getInfo().getURL().toURI()
    sys.path.append(File(File(here), "../../../../jars/Lib").getCanonicalPath())
    from zfocus_fiji.scripts import guarded


def work():
    from zfocus_fiji import score_montage

    return score_montage.run(
        imp,
        folder=folder,
        grid=grid,
        gap=gap,
        pattern=pattern,
        channel=channel,
        skip=skip,
        sites=sites,
        crop=crop,
        seed=seed,
        heat_map=heatMap,
        output=output,
        model=model,
    )


table, plateMap, montage, errors = guarded(work) or (None, None, None, None)
