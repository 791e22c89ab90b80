"""Set zfocus up in a fresh clone and use it. Needs Python 3.9 or later with pip, nothing else.

python3 bootstrap.py rate [IMAGE...]   rate images and write a report; no images: a simulated plate
python3 bootstrap.py test [OPTION...]  run all tests; options go to nox, for example `-s core`

Packages come from the lock files in requirements/, with hashes, into .venv and .venv-nox. Both
are made again only when a lock file changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent
RESULTS = ROOT / ".nox-results"


def environment(name: str, lock: str, *, project: bool) -> Path:
    """Make the virtual environment `name` from a lock file, once; return its programs' folder."""
    folder = ROOT / name
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    locked = ROOT / "requirements" / f"{lock}.txt"
    wanted = hashlib.sha256(
        locked.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + sys.version.encode()
    ).hexdigest()
    stamp = folder / "made-from.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return programs
    print(f"Setting up {name} from {locked.relative_to(ROOT)}: a minute, this once.", flush=True)
    venv.create(folder, clear=True, with_pip=True)
    pip = [programs / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", locked], check=True)
    if project:
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)
    stamp.write_text(wanted)
    return programs


def rate(arguments: list[str]) -> int:
    """Rate the images named, or the demo's; say how to do the same without this script."""
    zfocus = environment(".venv", "rate", project=True) / "zfocus"
    if arguments:
        # Options that a person gives come later and so win over these.
        command = ["rate", "--montage", "--report", "-o", "zfocus_results", *arguments]
    else:
        command = ["demo"]
    print(f"$ {zfocus} {' '.join(command)}", flush=True)
    return subprocess.run([zfocus, *command], check=False).returncode


def test(arguments: list[str]) -> int:
    """Run the nox sessions and end with one line that counts the tests of all of them."""
    nox = environment(".venv-nox", "nox", project=False) / "nox"
    shutil.rmtree(RESULTS, ignore_errors=True)
    code = subprocess.run([nox, "-f", ROOT / "noxfile.py", *arguments], check=False).returncode
    passed, failed, skipped = count(RESULTS)
    if code and not failed:
        print("A session failed outside its tests: see its name above.")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    nothing_ran = passed == 0 and not arguments  # `-s lint` runs no tests, all sessions do
    return code or int(failed > 0 or nothing_ran)


def count(folder: Path) -> tuple[int, int, int]:
    """Tests passed, failed (or broken) and skipped, over all JUnit files in a folder."""
    passed = failed = skipped = 0
    for file in folder.glob("*.xml"):
        for suite in ElementTree.parse(file).iter("testsuite"):
            total, *others = (
                int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
            )
            passed += total - sum(others)
            failed += others[0] + others[1]
            skipped += others[2]
    return passed, failed, skipped


def main() -> int:
    """Run the verb named on the command line."""
    verb, *arguments = sys.argv[1:] or [""]
    if verb not in ("rate", "test"):
        print(__doc__)
        return 0 if verb in ("-h", "--help") else 2
    try:
        return rate(arguments) if verb == "rate" else test(arguments)
    except subprocess.CalledProcessError as error:
        print(f"Set-up failed, see above: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
