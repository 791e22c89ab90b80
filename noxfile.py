"""Environments that the checks run in: `nox` runs all but the long ones, `nox -l` lists them.

Every environment is installed from a lock file with hashes. `python3 bootstrap.py test` installs
nox itself the same way and adds up what the sessions report in .nox-results.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
RESULTS = ROOT / ".nox-results"
CI = bool(os.environ.get("CI"))

# pyenv hides every interpreter but one; let nox look at all of them.
_PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
if _PYENV.is_dir():
    os.environ["PYENV_VERSION"] = ":".join(sorted(path.name for path in _PYENV.glob("3.*.*")))

# CI has every version named here; elsewhere a session without its Python is left out, and said so.
CORE_PYTHONS = ("3.9", "3.13")
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
DEV_PYTHON = HERE if HERE in ("3.11", "3.12", "3.13") else "3.11"

# What a reader can load on Python 3.8 with nothing but numpy 1.23.
NUMPY_ONLY = (
    "tests/test_levels.py",
    "tests/test_planes.py",
    "tests/test_tiling.py",
    "tests/test_aggregation.py",
    "tests/test_rating.py",
    "tests/test_packages.py",
    "tests/test_model.py",
    "tests/test_measures.py",
    "tests/engines",
    "tests/test_cellprofiler_bundle.py",
)

WITHOUT_TENSORFLOW = ("-m", "not slow", "--ignore=tests/training", "--ignore=tests/cellprofiler")

LOCKS: dict[str, tuple[str, ...]] = {
    "rate": ("3.9", "pyproject.toml", "requirements/build.in"),
    "core": ("3.9", "pyproject.toml", "requirements/core.in"),
    "oldest": ("3.9", "pyproject.toml", "requirements/oldest.in"),
    "py38": ("3.8", "requirements/py38.in"),
    "cellprofiler-build": ("3.9", "requirements/cellprofiler-build.in"),
    "cellprofiler": (
        "3.9",
        "--no-universal",  # the session needs Linux, and metadata of old packages is not portable
        "--override=requirements/cellprofiler-overrides.txt",
        "--build-constraints=requirements/cellprofiler-build.txt",
        "pyproject.toml",
        "requirements/cellprofiler.in",
    ),
    "fiji": ("3.11", "pyproject.toml", "requirements/fiji.in"),
    "autofocus": ("3.11", "pyproject.toml", "--extra=autofocus", "requirements/autofocus.in"),
    "dev": (
        "3.11",
        "pyproject.toml",
        "--extra=train",
        "--extra=zoo",
        "--extra=measures",
        "--extra=dev",
    ),
    "waveorder": ("3.11", "pyproject.toml", "requirements/waveorder.in"),
    "nox": ("3.9", "requirements/nox.in"),
}

ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # Two threads everywhere: the checks are sized for two cores and must not fight over them.
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "TF_NUM_INTRAOP_THREADS": "2",
    "TF_NUM_INTEROP_THREADS": "2",
    "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
}

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = CI
nox.options.reuse_venv = "yes"
nox.options.sessions = [
    "lint",
    "py38",
    "oldest",
    "core",
    "cellprofiler",
    "fiji",
    "autofocus",
    "train",
    "wheel",
]


def install(session: nox.Session, lock: str, *, project: bool = True) -> None:
    """Install a lock file, then this checkout on top of it, editable and with nothing else."""
    session.env.update(ENVIRONMENT)
    session.install("--require-hashes", "-r", f"requirements/{lock}.txt")
    if project:
        session.install("--no-deps", "--no-build-isolation", "-e", ".")


def install_cellprofiler(session: nox.Session) -> None:
    """Install CellProfiler, zfocus and pytest.

    Old sources are built with old, locked tools. The lock leaves out wxPython and MySQL, which
    --no-deps keeps uv from asking for.
    """
    session.env.update(ENVIRONMENT)
    session.install(
        "--require-hashes",
        "--no-deps",
        "--build-constraints=requirements/cellprofiler-build.txt",
        "--requirements=requirements/cellprofiler.txt",
    )
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest and leave its counts where bootstrap.py adds them up."""
    RESULTS.mkdir(exist_ok=True)
    results = f"--junit-xml={RESULTS / session.name}.xml"
    session.run("pytest", results, *arguments, *session.posargs)


def build_wheel(session: nox.Session) -> Path:
    """Build the wheel with the build backend that is locked beside nox; return its path."""
    folder = Path(session.create_tmp(), "dist")
    shutil.rmtree(folder, ignore_errors=True)
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    session.run(*build, external=True, silent=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@nox.session(python=DEV_PYTHON)
def lint(session: nox.Session) -> None:
    """Style, formatting, docstrings and types."""
    install(session, "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("numpydoc", "lint", *map(str, Path("zfocus_model").rglob("*.py")), silent=True)
    session.run("pyright")


@nox.session(python="3.8")
def py38(session: nox.Session) -> None:
    """The numpy-only modules on Python 3.8 and numpy 1.23, from a wheel unpacked on sys.path."""
    install(session, "py38", project=False)
    unpacked = Path(session.create_tmp(), "unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    shutil.unpack_archive(build_wheel(session), unpacked, "zip")
    session.env["PYTHONPATH"] = str(unpacked)
    pytest(session, *NUMPY_ONLY)


@nox.session(python="3.9")
def oldest(session: nox.Session) -> None:
    """What the base install does, among the old packages of a CellProfiler 4.2.8.1 environment."""
    install(session, "oldest")
    pytest(session, *WITHOUT_TENSORFLOW)


@nox.session(python=CORE_PYTHONS)
def core(session: nox.Session) -> None:
    """What the base install does, without TensorFlow, on the oldest and the newest Python."""
    install(session, "core")
    pytest(session, *WITHOUT_TENSORFLOW)


@nox.session(python="3.9")
def cellprofiler(session: nox.Session) -> None:
    """The plugin in CellProfiler 4.2.8.1 itself, headless; needs uv and a JDK (17 works)."""
    install_cellprofiler(session)
    pytest(session, "-W", "ignore::DeprecationWarning", "tests/cellprofiler")


@nox.session(python=DEV_PYTHON)
def fiji(session: nox.Session) -> None:
    """Fiji's scripts in ImageJ 1.54, headless; needs a JDK and Maven, which fetches ImageJ."""
    install(session, "fiji")
    jars = Path(session.cache_dir, "fiji-jars").resolve()
    session.env["ZFOCUS_FIJI_JARS"] = str(jars)
    if CI:
        session.env["ZFOCUS_FIJI_NEEDED"] = "1"  # without Java its tests fail, not skip
    session.run("python", "tests/fiji/stand_in_fiji.py", str(jars))  # the only network access
    pytest(session, "-m", "not slow", "tests/fiji")


@nox.session(python=DEV_PYTHON)
def autofocus(session: nox.Session) -> None:
    """The focus lock at Micro-Manager's real core, with its demo devices and simulated ones."""
    install(session, "autofocus")
    tests = ("calibration", "devices", "learn", "mda", "micromanager", "oneshot", "whole_lock")
    pytest(session, *(f"tests/zposition/lock/test_{name}.py" for name in tests))


@nox.session(python="3.9", default=False)
def cellprofiler_speed(session: nox.Session) -> None:
    """The benchmark that needs CellProfiler."""
    install_cellprofiler(session)
    session.run("python", "benchmarks/in_cellprofiler.py", *session.posargs)


@nox.session(python=DEV_PYTHON, default=False)
def fiji_speed(session: nox.Session) -> None:
    """The benchmark that needs ImageJ."""
    install(session, "fiji")
    session.env["ZFOCUS_FIJI_JARS"] = str(Path(session.cache_dir, "fiji-jars").resolve())
    session.run("python", "benchmarks/in_fiji.py", *session.posargs)


@nox.session(python=DEV_PYTHON, default=False)
def waveorder(session: nox.Session) -> None:
    """The transmitted-light simulator beside the package waveorder: test and benchmark."""
    install(session, "waveorder")
    pytest(session, "tests/zposition/simulator/test_waves.py")
    session.run("python", "benchmarks/zposition_simulator.py", *session.posargs)


@nox.session(python=DEV_PYTHON)
def train(session: nox.Session) -> None:
    """All tests, with every extra that they use; bioimage.io's own test of each package."""
    install(session, "dev")
    pytest(session, "-m", "not slow", "--ignore=tests/cellprofiler")
    # It unpacks weights into the working folder: one that is not the checkout.
    session.chdir(session.create_tmp())
    for description in sorted(ROOT.glob("model_zoo/*/rdf*.yaml")):
        session.run("bioimageio", "validate-format", str(description))
        session.run("bioimageio", "test", str(description))


@nox.session(python=DEV_PYTHON)
def wheel(session: nox.Session) -> None:
    """The wheel as a person installs it, away from this checkout: it rates with its own model."""
    install(session, "rate", project=False)
    session.install("--no-deps", "--reinstall", str(build_wheel(session)))
    with session.chdir(session.create_tmp()):
        session.run("zfocus", "doctor")
        session.run("zfocus", "demo", "-o", "demo")
        session.run("zfocus", "fiji", "bundle", "--no-jar")


@nox.session(python=DEV_PYTHON, default=False)
def full(session: nox.Session) -> None:
    """Long tests and every benchmark, and docs/benchmarks.md written from them."""
    install(session, "dev")
    pytest(session, "-m", "slow")
    scripts = {path.stem: path for path in sorted(ROOT.glob("benchmarks/[!_]*.py"))}
    # Sessions of their own, and what others import or need arguments for.
    for name in (
        "in_cellprofiler",
        "in_fiji",
        "study_figures",
        "domain_material",
        "domain_unseen",
        "zposition_fine",
    ):
        del scripts[name]
    for system in ("yeast", "euglena"):  # what the benchmarks of z-position are made on; resumable
        session.run("zfocus", "simulate", system, "-o", str(ROOT / "runs" / "zstacks" / system))
    for script in sorted(scripts.values(), key=lambda path: path.stem == "tables"):
        session.run("python", str(script))


@nox.session(default=False, venv_backend="none")
def lock(session: nox.Session) -> None:
    """Write requirements/*.txt again: hashes, every platform, no index address."""
    for name, (python, *sources) in LOCKS.items():
        session.run(
            "uv",
            "pip",
            "compile",
            "--quiet",
            *(() if "--no-universal" in sources else ("--universal",)),
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-emit-find-links",
            f"--python-version={python}",
            "--custom-compile-command=nox -s lock",
            f"--output-file=requirements/{name}.txt",
            *(source for source in sources if source != "--no-universal"),
            *session.posargs,
            external=True,
        )
