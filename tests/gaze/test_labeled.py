"""Data with column names is read by name wherever a scanpath or fixations are taken."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import scanpath as sp
from scanpath import InputError, Scanpath, as_scanpath

XY = [[100.0, 100.0], [300.0, 200.0], [500.0, 50.0]]
FRAME = pd.DataFrame(XY, columns=["x_px", "y_px"])
SWAPPED = FRAME[["y_px", "x_px"]]

FORMS = {
    "pandas": SWAPPED,
    "polars": pl.DataFrame(SWAPPED),
    "lazy": pl.DataFrame(SWAPPED).lazy(),
    "arrow": pa.table(SWAPPED),
    "record batch": pa.RecordBatch.from_pandas(SWAPPED),
    "record array": SWAPPED.to_records(index=False),
    "structured array": np.array([(y, x) for x, y in XY], dtype=[("y_px", "f8"), ("x_px", "f8")]),
    "columns": SWAPPED.to_dict("list"),
    "rows": SWAPPED.to_dict("records"),
    "named tuples": list(SWAPPED.itertuples()),
    "rows of pandas": [row for _, row in SWAPPED.iterrows()],
    "records": list(SWAPPED.to_records(index=False)),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_columns_are_taken_by_name(form):
    assert as_scanpath(form).xy.tolist() == XY
    assert Scanpath(form).xy.tolist() == XY
    assert sp.metrics.dtw(form, XY) == 0
    assert sp.metrics.multimatch(form, XY, screen_px=(600, 400)).vector == 1
    assert sp.ScanpathBatch.pack([form])[0].xy.tolist() == XY


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_fixations_of_a_blur_are_taken_by_name(form):
    image = torch.rand(1, 40, 60, generator=torch.Generator().manual_seed(0))
    seen = sp.foveated_blur(image, form, px_per_deg=4, several=True)
    torch.testing.assert_close(seen, sp.foveated_blur(image, XY, px_per_deg=4, several=True))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_fixations_on_a_map_are_taken_by_name(form):
    density = np.random.default_rng(0).random((300, 600))
    assert sp.metrics.nss(density, form) == sp.metrics.nss(density, XY)
    assert sp.metrics.auc_judd(density, form) == sp.metrics.auc_judd(density, XY)


def test_a_duration_without_its_unit_is_not_dropped_in_silence():
    with pytest.warns(sp.InputWarning, match="'duration_s' is not read; name it 'duration_ms'"):
        assert as_scanpath(FRAME.assign(duration_s=0.2)).duration_ms is None


def test_masked_values_are_no_places_and_no_times():
    with pytest.raises(InputError, match="masked"):
        as_scanpath(np.ma.masked_array(XY, mask=[[0, 0], [0, 0], [1, 1]]))
    spans = np.ma.masked_array(np.array([200, 0, 300], "timedelta64[ms]").astype("timedelta64[ns]"), mask=[0, 1, 0])
    assert Scanpath(XY, duration_ms=spans).duration_ms.tolist() == pytest.approx([200, np.nan, 300], nan_ok=True)
    path = Scanpath(XY, duration_ms=np.ma.masked_array([1, 2, 3], mask=[0, 1, 0]))
    np.testing.assert_equal(path.duration_ms, [1, np.nan, 3])


def test_rows_out_of_the_order_of_their_onsets_are_no_scanpath():
    with pytest.raises(InputError, match="not in the order of onset_ms"):
        as_scanpath(FRAME.assign(onset_ms=[0, 400, 200]))


def test_other_names_are_refused_and_named():
    for frame in (FRAME.rename(columns={"x_px": "gaze_x"}), pd.DataFrame(XY), pa.table({"a": [1], "b": [2]})):
        with pytest.raises(InputError, match="must have the columns 'x_px' and 'y_px', got '"):
            as_scanpath(frame)


def test_a_row_of_a_frame_is_read_by_its_labels():
    assert as_scanpath(SWAPPED.iloc[0]).xy.tolist() == XY[:1]


def test_times_and_order_come_from_their_columns():
    frame = FRAME.assign(duration_ms=[1, 2, 3], onset_ms=[0, 10, 20], fixation=[2, 0, 1], stimulus="a")
    path = as_scanpath(frame[["duration_ms", "fixation", "y_px", "onset_ms", "stimulus", "x_px"]])
    assert path.xy.tolist() == [XY[1], XY[2], XY[0]]
    assert path.duration_ms.tolist() == [2, 3, 1]
    assert path.onset_ms.tolist() == [10, 20, 0]


def test_a_table_of_several_scanpaths_is_not_one():
    with pytest.raises(InputError, match="several scanpaths, as 'subject' differs"):
        as_scanpath(FRAME.assign(subject=["a", "a", "b"]))
    with pytest.raises(InputError, match="'fixation' is there twice"):
        as_scanpath(FRAME.assign(fixation=[0, 1, 1]))
    with pytest.raises(InputError, match="several pictures"):
        as_scanpath(FRAME.assign(stimulus=["a", "a", "b"]))


SPANS = {
    "pandas": pd.Series(pd.to_timedelta([200, 300], unit="ms")),
    "pandas seconds": pd.Series(pd.to_timedelta([0.2, 0.3], unit="s")),
    "numpy ns": np.array([200_000_000, 300_000_000], dtype="m8[ns]"),
    "polars us": pl.Series([200_000, 300_000]).cast(pl.Duration("us")),
    "polars ms": pl.Series([200, 300]).cast(pl.Duration("ms")),
    "arrow": pa.array([200, 300], type=pa.duration("ms")),
    "python": [datetime.timedelta(milliseconds=200), datetime.timedelta(milliseconds=300)],
}


@pytest.mark.parametrize("times", SPANS.values(), ids=SPANS)
def test_spans_of_time_become_ms_whatever_their_unit(times):
    assert Scanpath(XY[:2], duration_ms=times).duration_ms.tolist() == [200, 300]


@pytest.mark.parametrize("wrong", [np.array(["2020-01-01", "2020-01-02"], "M8[ns]"), [True, False], [1j, 2]])
def test_what_only_looks_like_times_is_refused(wrong):
    with pytest.raises(InputError, match="onset_ms"):
        Scanpath(XY[:2], onset_ms=wrong)


def test_a_single_row_with_names_is_one_fixation_by_name():
    row = next(SWAPPED.itertuples(index=False))
    image = torch.rand(1, 40, 60, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        sp.foveated_blur(image, row, px_per_deg=4)[0], sp.foveated_blur(image, XY[0], px_per_deg=4)
    )


def test_spans_of_time_among_numbers_are_refused():
    with pytest.raises(InputError, match="must be numbers"):
        as_scanpath(np.array([[1, 2, np.timedelta64(1, "s")], [3, 4, np.timedelta64(2, "s")]], dtype=object))
