"""The example that drops flagged sites, on tables like CellProfiler's."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "cellprofiler_plugin" / "examples" / "drop_flagged_sites.py"


def test_cells_of_flagged_sites_are_dropped(tmp_path, monkeypatch):
    pytest.importorskip("pandas", reason="the example needs pandas")
    (tmp_path / "Focus_Image.csv").write_text(
        "ImageNumber,Metadata_Plate,Metadata_Well,QCFlag_OutOfFocus,ImageFocus_Undecided_DNA\n"
        "1,p,A01,0,0\n2,p,A01,1,0\n3,p,A02,0,1\n4,p,A03,0,0\n"
    )
    (tmp_path / "Focus_Nuclei.csv").write_text(
        "ImageNumber,ObjectNumber,Metadata_Well,AreaShape_Area\n"
        "1,1,A01,10\n1,2,A01,20\n2,1,A01,900\n3,1,A02,900\n4,1,A03,7\n"
    )
    spec = importlib.util.spec_from_file_location("drop_flagged_sites", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    monkeypatch.setattr("sys.argv", ["drop_flagged_sites.py", str(tmp_path)])
    example.main()
    assert (tmp_path / "well_profiles.csv").read_text().splitlines() == [
        "Metadata_Plate,Metadata_Well,Nuclei_AreaShape_Area,Metadata_Cells",
        "p,A01,15.0,2",
        "p,A03,7.0,1",
    ]
