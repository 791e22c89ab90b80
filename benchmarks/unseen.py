"""How a calibration on seen sources has to change for unseen ones, from the leave-out runs.

`benchmarks/studies.py --only 'leave-out-*' --runs DIR` trains without a source, five times; this
fits the temperature on what each of the runs left out (training images only, no dev source) and
writes the factor between the two temperatures and the in-focus limits, for `zfocus train --unseen`.
Options: --runs DIR (as of studies.py), --patches N, --output FILE.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: see zfocus_model.cli.train

import argparse
from pathlib import Path

from studies import DATA, FLUORESCENCE, PATCHES, ROOT

from zfocus_model.training.sources import list_images, read_images
from zfocus_model.training.unseen import measure_unseen, write_unseen


def main() -> None:
    """Rate what was left out, and write the factor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "studies")
    parser.add_argument("--patches", type=int, default=PATCHES)
    parser.add_argument("--output", type=Path, default=ROOT / "runs" / "unseen.json")
    arguments = parser.parse_args()
    folder: Path = arguments.runs / str(arguments.patches)
    finished = sorted(path.parent for path in folder.glob("leave-out-*/calibration.json"))
    images = read_images(list_images(DATA / "manifest.csv", ("split=train", *FLUORESCENCE)))
    unseen = measure_unseen(finished, images)
    write_unseen(arguments.output, unseen)
    print(f"factor {unseen.factor:.3f}, in-focus limit {unseen.record['in_focus_min']:.3f}")
    for source in unseen.record["sources"]:
        print(
            "{run} {source}: {images} images, temperature {seen_temperature:.3f} seen, "
            "{temperature:.3f} here".format(**source),
            {key: round(value, 3) for key, value in source["calibration_error"].items()},
        )
    for limit in unseen.record["limits"]:
        print({key: round(value, 3) for key, value in limit.items()})


if __name__ == "__main__":
    main()
