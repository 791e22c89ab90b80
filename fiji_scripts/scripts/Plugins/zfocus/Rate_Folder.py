#@script(language="jython", headless=true)
#@ File (label="Folder of images", style="directory", persistKey="zfocus.rate_folder.folder") folder
#@ String (label="Names to take, such as *_w1* (empty: all)", value="", required=false, persistKey="zfocus.rate_folder.pattern") pattern
#@ Boolean (label="Subfolders, too", value=true, persistKey="zfocus.rate_folder.subfolders") subfolders
#@ String (label="Folder for the tables (empty: zfocus_results in the folder)", value="", required=false, persistKey="zfocus.rate_folder.output") output
#@ Boolean (label="Montage of all images", value=true, persistKey="zfocus.rate_folder.montage") montage
#@ String (label="Model folder (empty: the installed one)", value="", required=false, persistKey="zfocus.rate_folder.model") model
#@output ResultsTable table
#@output ResultsTable errors
#@output ImagePlus montageImage
# Rates every plane of the images in a folder and writes the tables that `zfocus rate` writes.
try:
    from zfocus_fiji.scripts import guarded
except ImportError:  # Jython does not look in jars/Lib of this Fiji
    import sys

    from java.io import File

    here = globals()["org.scijava.script.ScriptModule"].getInfo().getURL().toURI()
    sys.path.append(File(File(here), "../../../../jars/Lib").getCanonicalPath())
    from zfocus_fiji.scripts import guarded


def work():
    from zfocus_fiji import rate_folder

    return rate_folder.run(folder, pattern, subfolders, output, montage, model)


table, errors, montageImage = guarded(work) or (None, None, None)
