"""ImageJ's own macro interpreter, with the zfocus scripts as commands of its menu.

Fiji's bridge (imagej-legacy) is not on Maven Central. Here a small command stands in for it: it
hands the front image and the macro's options, text by lower-case name, to the script, and SciJava
converts them. What is recorded and shown in Fiji itself is not tested by this.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any


def install_commands(imagej: Any) -> None:
    """Make every script of the menu a command that macros can run by its name."""
    from jpype import JClass, JProxy

    commands = JClass("java.util.Hashtable")()
    for label, command in own_commands(imagej):
        commands.put(label, command)
    for script in sorted((imagej.fiji / "scripts" / "Plugins" / "zfocus").glob("*.py")):
        commands.put(script.stem.replace("_", " "), f'MenuCommand("{script.name}")')
    # Without a window ImageJ has no menu, and so knows no commands.
    table = JClass("java.lang.Class").forName("ij.Menus").getDeclaredField("pluginsTable")
    table.setAccessible(True)
    table.set(None, commands)

    def accept(script: str, options: str | None) -> None:
        ran = imagej.run(str(script), front_image(), **inputs_of(imagej, str(script), options))
        if ran.error:
            imagej.failed.append(ran.message)
            JClass("ij.Macro").abort()

    imagej.failed = []
    JClass("MenuCommand").runner = JProxy("java.util.function.BiConsumer", {"accept": accept})


def own_commands(imagej: Any) -> list[tuple[str, str]]:
    """ImageJ's own commands, label and class, as its list of menus has them."""
    (jar,) = (imagej.fiji / "jars").glob("ij-*.jar")
    with zipfile.ZipFile(jar) as archive:
        listed = archive.read("IJ_Props.txt").decode("latin-1")
    return re.findall(r'^\w+="([^"]+)",(\S+?)\s*$', listed, re.MULTILINE)


def inputs_of(imagej: Any, script: str, options: str | None) -> dict[str, str]:
    """The macro's options by the names of the script's inputs; all as text."""
    from jpype import JClass

    macro = JClass("ij.Macro")
    found = {}
    for item in imagej.info(script).inputs():
        name = str(item.getName())
        value = macro.getValue(str(options or "") + " ", name.lower(), None)
        if value is not None:
            found[name] = str(value)
    return found


def front_image() -> Any:
    """The image in front, those of batch mode included."""
    from jpype import JClass

    return JClass("ij.WindowManager").getCurrentImage()


def run_macro(imagej: Any, path: Path, *words: Any) -> str:
    """Run a macro file with words as its argument, joined by commas; returns its result."""
    imagej.failed.clear()
    result = imagej.IJ.runMacro(path.read_text("ascii"), ",".join(map(str, words)))
    return str(result)
