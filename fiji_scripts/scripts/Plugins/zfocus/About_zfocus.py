#@script(language="jython", headless=true)
#@ String (label="Model folder (empty: the installed one)", value="", required=false, persistKey="zfocus.about.model") model
#@output ResultsTable table
# Says which model and engine are installed, and lets the model do its own test.
try:
    from zfocus_fiji.scripts import guarded
except ImportError:  # Jython does not look in jars/Lib of this Fiji
    import sys

    from java.io import File

    here = globals()["org.scijava.script.ScriptModule"].getInfo().getURL().toURI()
    sys.path.append(File(File(here), "../../../../jars/Lib").getCanonicalPath())
    from zfocus_fiji.scripts import guarded


def work():
    from zfocus_fiji import about

    return about.run(model=model)


table = guarded(work)
