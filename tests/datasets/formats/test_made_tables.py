"""Tables that hypothesis makes, written and read in every format that can hold them, come back equal."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanpath._core.errors import InputWarning
from scanpath.datasets.formats import read_fixations, write_fixations
from scanpath.gaze.table import check_table

#: Format -> file, settings for writing and for reading, columns that the format does not have.
FORMATS = {
    "csv": ("t.csv", {}, {}, []),
    "parquet": ("t.parquet", {}, {}, []),
    "table": ("t.csv", {}, {}, []),
    "coco_search18": ("t.json", {}, {}, ["onset_ms", "trial"]),
    "pysaliency": ("t.hdf5", {"time_unit": "ms"}, {"time_unit": "ms"}, []),
    "pymovements": ("t.csv", {}, {"picture_at": "screen"}, []),
    "multimatch_gaze": ("t", {}, {}, ["onset_ms"]),
    "matlab": ("t.mat", {}, {"one_based": False, "time_unit": "ms"}, []),
}
WRITERS = {"table": "csv"}

names = st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"], include_characters="._-,;'\""), min_size=1)
texts = names.map(str.strip).filter(lambda text: text != "" and text == " ".join(text.split()))
pixels = st.floats(-5, 2000).map(lambda value: round(value, 3) + 0.0)


@st.composite
def tables(draw):
    """Scanpaths of a few people on a few pictures, with times that follow one another."""
    rows = []
    for stimulus in draw(st.lists(texts, min_size=1, max_size=3, unique=True)):
        for subject in draw(st.lists(texts, min_size=1, max_size=2, unique=True)):
            onset = 0.0
            for fixation in range(draw(st.integers(1, 4))):
                duration = draw(st.integers(20, 900))
                place = draw(pixels), draw(pixels)
                rows.append((stimulus, subject, "t 1", "cup", fixation, *place, onset, float(duration)))
                onset += duration + draw(st.integers(1, 80))
    columns = ["stimulus", "subject", "trial", "task", "fixation", "x_px", "y_px", "onset_ms", "duration_ms"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.loc[(frame["x_px"] == frame["y_px"]), "y_px"] += 0.5  # equal ones may be codes for missing gaze
    return check_table(frame)


@pytest.mark.parametrize("name", FORMATS)
def test_made_tables_come_back_equal(name, tmp_path_factory):
    if name == "pysaliency":
        pytest.importorskip("h5py")
    if name == "pymovements":
        pytest.importorskip("polars")
    file, writing, reading, lost = FORMATS[name]

    @settings(max_examples=200 // len(FORMATS), deadline=None, suppress_health_check=list(HealthCheck))
    @given(tables())
    def comes_back(table):
        folder = tmp_path_factory.mktemp("made")
        write_fixations(table, folder / file, format=WRITERS.get(name, name), **writing)
        more = {"stimuli": folder / "t.stimuli.txt"} if name == "pysaliency" else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InputWarning)
            back, _ = read_fixations(folder / file, format=name, **reading, **more)
        kept = [column for column in table.columns if column not in [*lost, "dataset"]]
        order = ["stimulus", "subject", "fixation"]
        got, expected = (one.sort_values(order)[kept].reset_index(drop=True) for one in (back, table))
        pd.testing.assert_frame_equal(got, expected, check_exact=False, rtol=1e-12, atol=1e-9)
        assert np.array_equal(got["fixation"], expected["fixation"])

    comes_back()
