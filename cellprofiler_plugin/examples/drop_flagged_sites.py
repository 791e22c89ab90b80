"""Leave flagged sites out of single-cell profiles: python drop_flagged_sites.py FOLDER [OBJECTS]

FOLDER holds what ExportToSpreadsheet wrote with the prefix Focus_ (as plate_qc.cppipe does, with a
segmentation and its measurements added). Cells of sites that are flagged, or that MeasureImageFocus
calls undecided, are dropped; the rest is averaged to one profile a well. Needs pandas: to join two
tables by image is all there is to do. The columns are named like Nuclei_AreaShape_Area, by which
pycytominer knows features, so the result goes on in it as it is: pycytominer.normalize(profiles).
"""

import pathlib
import sys

import pandas as pd

FLAGS = ("QCFlag_", "ImageFocus_Undecided_")


def usable_sites(images):
    """Rows of the image table without any flag; says what is dropped."""
    columns = [name for name in images if name.startswith(FLAGS)]
    if not columns:
        raise SystemExit("expected columns QCFlag_... in the image table, got none: add FlagImage")
    bad = (images[columns].fillna(1) > 0).any(axis=1)
    for name in columns:
        print(f"{name}: {int((images[name] > 0).sum())} of {len(images)} sites")
    return images[~bad]


def well_profiles(images, cells, objects="Nuclei"):
    """Median of each feature over the cells of a well, in usable sites only."""
    keys = [name for name in images if name.startswith("Metadata_")]
    wells = [name for name in ("Metadata_Plate", "Metadata_Well") if name in keys]
    cells = cells.drop(columns=[name for name in keys if name in cells])
    kept = cells.merge(images[["ImageNumber", *keys]], on="ImageNumber")  # flagged sites fall out
    parts = ("AreaShape_", "Intensity_", "Texture_", "ImageFocus_", "RadialDistribution_")
    features = [name for name in kept if name.startswith(parts)]
    profiles = kept.groupby(wells)[features].median().add_prefix(objects + "_").reset_index()
    profiles["Metadata_Cells"] = kept.groupby(wells).size().to_numpy()
    return profiles


def main():
    """Write well_profiles.csv beside the tables."""
    folder = pathlib.Path(sys.argv[1])
    objects = sys.argv[2] if len(sys.argv) > 2 else "Nuclei"
    images = usable_sites(pd.read_csv(folder / "Focus_Image.csv"))
    cells = pd.read_csv(folder / f"Focus_{objects}.csv")
    profiles = well_profiles(images, cells, objects)
    profiles.to_csv(folder / "well_profiles.csv", index=False)
    print(f"{len(profiles)} wells of {len(images)} sites: {folder / 'well_profiles.csv'}")


if __name__ == "__main__":
    main()
