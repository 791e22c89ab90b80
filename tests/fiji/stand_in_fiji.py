"""ImageJ 1.54 with SciJava's script service and Jython, headless, in this process.

A stand-in for Fiji, from Maven Central alone: the jars lie in a folder like Fiji's, beside the
scripts and their modules, and scripts are parsed and run by SciJava as Fiji does. It is not Fiji:
there are no menus, no dialogs, no recorder, no Bio-Formats.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODEL = ROOT / "model_zoo" / "focus-fluorescence"
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"


def missing() -> str:
    """Why ImageJ cannot be started here; empty if it can."""
    from importlib.util import find_spec

    lacking = [name for name in ("java", "javac", "mvn") if shutil.which(name) is None]
    if find_spec("jpype") is None:
        lacking.append("jpype")
    return ", ".join(f"no {name}" for name in lacking)


def fetch_jars(folder: Path) -> list[Path]:
    """Copy the jars of pom.xml from Maven Central, or from Maven's own store, into a folder."""
    stamp, wanted = folder / "pom.xml", (HERE / "pom.xml").read_bytes()
    if not stamp.is_file() or stamp.read_bytes() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        copy = [
            "mvn",
            "-q",
            "-B",
            "-f",
            str(HERE / "pom.xml"),
            f"{DEPENDENCY_PLUGIN}:copy-dependencies",
        ]
        options = [f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
        made = subprocess.run([*copy, *options], capture_output=True, text=True, timeout=500)
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
        stamp.write_bytes(wanted)
    return sorted(folder.glob("*.jar"))


def make_fiji(folder: Path, jars: list[Path], *, model: Path | None) -> Path:
    """Lay out a folder like Fiji's, and have `zfocus fiji install` put everything into it."""
    from zfocus_model import fiji_bundle

    (folder / "jars").mkdir(parents=True, exist_ok=True)
    runtimes = [jar for jar in jars if jar.name.startswith("onnxruntime")]
    for jar in jars:
        if jar not in runtimes:
            link(jar, folder / "jars" / jar.name)
    models = [] if model is None else [model]
    fiji_bundle.install(folder, models=models, jar=runtimes[0])
    return folder


def link(source: Path, target: Path) -> None:
    """A second name or a copy of a file: Jython looks for its modules where a link points to."""
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copyfile(source, target)


@dataclass(frozen=True)
class Ran:
    """What a script left behind."""

    outputs: dict[str, Any]
    """The script's ``#@output`` values; Java objects."""
    error: str
    """Text of the exception, empty if there was none."""
    printed: str
    """What it wrote to standard output."""

    @property
    def message(self) -> str:
        """The last line of the Python traceback: what the user reads."""
        lines = [line for line in self.error.splitlines() if line and not line.startswith("\t")]
        return lines[-1] if lines else ""


class ImageJ:
    """A running ImageJ. One a process: Java cannot be started twice."""

    def __init__(self, fiji: Path, *, java_options: tuple[str, ...] = ("-Xmx1g",)) -> None:
        import jpype
        import jpype.imports  # makes `from ij import IJ` work

        classes = fiji / "classes"
        jars = [str(path) for path in sorted((fiji / "jars").glob("*.jar"))]
        sources = [str(path) for path in sorted(HERE.glob("*.java"))]
        compiler = ["javac", "-proc:none", "-cp", ":".join(jars), "-d", str(classes), *sources]
        made = subprocess.run(compiler, capture_output=True, text=True, timeout=120)
        assert made.returncode == 0, made.stderr[-2000:]
        home = fiji / "home"  # where Java and ImageJ keep preferences: not the user's own
        home.mkdir(exist_ok=True)
        options = (*java_options, "-Djava.awt.headless=true", f"-Duser.home={home}")
        options += (f"-Dplugins.dir={fiji}",)
        jpype.startJVM(*options, classpath=[*jars, str(classes)], convertStrings=True)

        self.fiji = fiji
        self._class = jpype.JClass
        # Context() finds no services when Java is started by JPype.
        self.context = self._class("org.scijava.Context")(False)
        language = self._class("JythonLanguage").class_
        kind = self._class("org.scijava.script.ScriptLanguage").class_
        self.context.getPluginIndex().add(
            self._class("org.scijava.plugin.PluginInfo")(language, kind)
        )
        self._scripts = self.context.getService("org.scijava.script.ScriptService")
        self._modules = self.context.getService("org.scijava.module.ModuleService")
        for name in ("ij.ImagePlus", "ij.measure.ResultsTable", "ij.gui.Overlay", "ij.gui.Roi"):
            self._scripts.addAlias(self._class(name).class_)
        self.IJ = self._class("ij.IJ")

    def info(self, script: str | Path) -> Any:
        """SciJava's ScriptInfo of a script: its name in the menu folder, or a path."""
        path = self.fiji / "scripts" / "Plugins" / "zfocus" / script
        java_file = self._class("java.io.File")(str(path))
        return self._class("org.scijava.script.ScriptInfo")(self.context, java_file)

    def run(self, script: str | Path, image: Any = None, **inputs: Any) -> Ran:
        """Run a script on an image as if it were in front, with inputs by name.

        Inputs that are not named take their defaults, as in a macro call.
        """
        values = self._class("java.util.HashMap")()
        info = self.info(script)
        for item in info.inputs():
            if item.getName() not in inputs and item.getDefaultValue() is not None:
                values.put(item.getName(), item.getDefaultValue())
        for name, value in inputs.items():
            assert info.getInput(name) is not None, f"{script} has no input {name}"
            values.put(name, str(value) if isinstance(value, Path) else value)
        if image is not None:
            values.put("imp", image)  # the image in front, as Fiji fills it in
        module = self._modules.createModule(info)
        printed, error = (self._class("java.io.StringWriter")() for _ in range(2))
        module.setOutputWriter(printed)
        module.setErrorWriter(error)
        self._modules.run(module, True, values).get()
        outputs = {str(name): module.getOutput(name) for name in module.getOutputs().keySet()}
        return Ran(outputs, str(error.toString()), str(printed.toString()))

    def menu(self) -> list[str]:
        """Where SciJava puts the scripts of this folder in the menu."""
        self._scripts.addScriptDirectory(self._class("java.io.File")(str(self.fiji / "scripts")))
        return [
            " > ".join(str(entry) for entry in info.getMenuPath())
            for info in self._scripts.getScripts()
        ]

    def open(self, path: Path) -> Any:
        """Open an image file with ImageJ's own readers."""
        image = self.IJ.openImage(str(path))
        assert image is not None, f"ImageJ cannot open {path.name}"
        return image

    def save_png(self, image: Any, path: Path) -> None:
        """Write an image as it is shown, overlay and all."""
        assert self._class("ij.io.FileSaver")(image.flatten()).saveAsPng(str(path))

    def python(self, code: str) -> Any:
        """Run Jython code in a fresh interpreter; returns what it named `result`."""
        factory = self._scripts.getLanguageByName("jython")
        engine = factory.getScriptEngine()
        engine.eval(code)
        return engine.get("result")


def rows_of(table: Any) -> list[dict[str, str]]:
    """Rows of a ResultsTable, cells as text by column."""
    names = [str(name) for name in table.getHeadings() if str(name) not in ("", " ", "Label")]
    return [
        {name: str(table.getStringValue(name, row)) for name in names}
        for row in range(table.size())
    ]


if __name__ == "__main__":
    import sys

    if missing():
        print(f"ImageJ cannot be started here: {missing()}")
    else:
        print(f"{len(fetch_jars(Path(sys.argv[1])))} jars in {sys.argv[1]}")
