import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import (
    InputError,
    InputWarning,
    Scanpath,
    check_table,
    read_table,
    scanpaths_from_table,
    table_from_scanpaths,
    write_table,
)
from scanpath.gaze.table import BASE_COLUMNS


def small(**changes):
    columns = {
        "stimulus": ["a.png", "a.png", "b.png"],
        "subject": ["s1", "s1", "s2"],
        "fixation": [0, 1, 0],
        "x_px": [1.0, 2.5, -3.0],
        "y_px": [4.0, 5.0, 6.0],
        "duration_ms": [200.0, None, 180.0],
    }
    return pd.DataFrame(columns | changes)


def test_absent_columns_become_null_and_types_are_set():
    table = check_table(small())
    assert list(table.columns) == list(BASE_COLUMNS)
    assert table["trial"].isna().all()
    assert table["fixation"].dtype == "Int64"
    assert np.isnan(table["duration_ms"][1])


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_round_trip(tmp_path, suffix):
    table = check_table(small(agent=["m", "m", None], target_found=[True, True, None], extra=[1, 2, 3]))
    write_table(table, tmp_path / f"t{suffix}")
    back = read_table(tmp_path / f"t{suffix}")
    pd.testing.assert_frame_equal(back, table, check_dtype=suffix == ".parquet")


def test_parquet_explains_itself(tmp_path):
    write_table(small(), tmp_path / "t.parquet", metadata={"size_px": {"a.png": [8, 6]}})
    facts = read_table(tmp_path / "t.parquet").attrs["scanpath"]
    assert "y down" in facts["frame"]
    assert facts["units"]["duration_ms"] == "ms"
    assert facts["size_px"] == {"a.png": [8, 6]}
    assert pyarrow.parquet.read_schema(tmp_path / "t.parquet").field("x_px").type == "double"


def test_missing_values_are_null_in_the_file(tmp_path):
    write_table(small(), tmp_path / "t.parquet")
    arrow = pyarrow.parquet.read_table(tmp_path / "t.parquet")
    assert arrow["duration_ms"].null_count == 1
    assert arrow["onset_ms"].null_count == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_px": [1.0, np.nan, 2.0]}, "x_px is missing in 1 row"),
        ({"x_px": [1.0, np.inf, 2.0]}, "x_px is infinite in row 1"),
        ({"duration_ms": [1, -2, 3]}, "duration_ms is negative in row 1"),
        ({"fixation": [0, 0, 0]}, "repeats fixation 0"),
        ({"fixation": [0, 1.5, 0]}, "'fixation' must hold whole numbers, got 1.5 in row 1"),
        ({"x_px": ["1", "two", "3"]}, "'x_px' must hold numbers, got 'two' in row 1"),
        ({"fixation": [-1, 1, 0]}, "counts from 0"),
        ({"target_found": ["yes", "no", "no"]}, "must hold true or false"),
        ({"fixation": [0, 10**30, 0]}, "'fixation' must hold whole numbers"),
        ({"seed": [0, 2**70, 0]}, "'seed' must hold whole numbers"),
    ],
)
def test_bad_values_are_named(changes, message):
    with pytest.raises(InputError, match=message):
        check_table(small(**changes))


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="has no column 'y_px'"):
        check_table(small().drop(columns="y_px"))
    with pytest.raises(InputError, match="who looked"):
        check_table(small().drop(columns="subject"))


def test_a_table_is_a_frame_with_each_column_once():
    with pytest.raises(InputError, match="'x_px' more than once"):
        check_table(pd.concat([small(), small()[["x_px"]]], axis=1))
    with pytest.raises(InputError, match="must be a pandas DataFrame, got list"):
        check_table([(1, 2)])


HEADER = "stimulus,subject,fixation,x_px,y_px\n"


def test_a_comma_behind_the_last_value_moves_nothing(tmp_path):
    (tmp_path / "t.csv").write_text(HEADER + "a,s,0,10,20,\na,s,1,30,40,\n")
    back = read_table(tmp_path / "t.csv")
    assert back[["stimulus", "x_px", "y_px"]].values.tolist() == [["a", 10, 20], ["a", 30, 40]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "0,1,2,3,4,5\n", "more values than there are columns"),
        (HEADER + "0,1,2,3,4,5,6,7\n", "more values than there are columns"),
        ((HEADER + "a,s,0,1,2\n").replace(",", ";"), "by semicolons"),
        ((HEADER + "a,s,0,1,2\n").replace(",", "\t"), "by tabs"),
    ],
)
def test_values_without_a_column_are_refused(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "t.csv")


def test_a_mark_of_the_encoding_is_no_part_of_a_name(tmp_path):
    (tmp_path / "t.csv").write_text(HEADER + "a,s,0,1,2\n", encoding="utf-8-sig")
    assert len(read_table(tmp_path / "t.csv")) == 1


def test_what_parquet_cannot_hold_writes_nothing(tmp_path):
    with pytest.raises(InputError, match="cannot be written as Parquet"):
        write_table(small(extra=[1, "two", {}]), tmp_path / "t.parquet")
    assert not list(tmp_path.iterdir())


def test_files_that_are_no_tables(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 but not really")
    (tmp_path / "b.csv").write_text("")
    (tmp_path / "c.xlsx").write_text("x")
    (tmp_path / "folder").mkdir()
    for name, message in [
        ("a.parquet", "not a readable Parquet"),
        ("b.csv", "is empty"),
        ("c.xlsx", "give a .parquet or .csv"),
        ("folder", "no .parquet file"),
        ("none.csv", "no table at"),
    ]:
        with pytest.raises(InputError, match=message):
            read_table(tmp_path / name)


def test_a_wrong_ending_writes_nothing(tmp_path):
    with pytest.raises(InputError, match=r"ends in .parquet or .csv"):
        write_table(small(), tmp_path / "t.xls")
    assert not list(tmp_path.iterdir())


def test_a_folder_of_shards_is_one_table(tmp_path):
    write_table(small(), tmp_path / "part-1.parquet")
    write_table(small(subject=["s3", "s3", "s4"]), tmp_path / "part-2.parquet")
    assert len(read_table(tmp_path)) == 6


def test_numbers_as_names_survive_csv(tmp_path):
    write_table(small(subject=["01", "01", "2"], stimulus=["007", "007", "8"]), tmp_path / "t.csv")
    back = read_table(tmp_path / "t.csv")
    assert back["subject"].tolist() == ["01", "01", "2"]
    assert back["stimulus"].tolist() == ["007", "007", "8"]


def test_scanpaths_are_sorted_by_fixation_and_know_who_looked():
    table = small(fixation=[1, 0, 0])
    first, second = scanpaths_from_table(table)
    assert first.xy.tolist() == [[2.5, 5.0], [1.0, 4.0]]
    assert first.info == {"stimulus": "a.png", "subject": "s1"}
    assert second.duration_ms.tolist() == [180.0]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.floats(-99, 99), st.floats(-99, 99)), min_size=1, max_size=4), min_size=1, max_size=4
    )
)
def test_scanpaths_survive_the_table(paths):
    scanpaths = [Scanpath(xy, info={"stimulus": "a", "subject": str(i)}) for i, xy in enumerate(paths)]
    assert scanpaths_from_table(table_from_scanpaths(scanpaths)) == scanpaths


@pytest.mark.parametrize(
    ("name", "ours"),
    [("Trial", "trial"), ("duration_s", "duration_ms"), ("duration", "duration_ms"), ("Onset_MS", "onset_ms")],
)
def test_a_column_that_is_ours_but_for_capitals_or_a_unit_is_told_of(tmp_path, name, ours):
    path = tmp_path / "a.csv"
    path.write_text(f"stimulus,subject,fixation,x_px,y_px,{name}\na,s,0,3,4,100\na,s,1,5,4,200\n")
    with pytest.warns(InputWarning, match=f"column '{name}' is not read, and '{ours}' is missing"):
        read_table(path)
