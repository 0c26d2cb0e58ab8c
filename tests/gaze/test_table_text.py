"""What is written comes back: text as it stands, numbers to the last bit, in every form a table is kept in."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, InputWarning, check_table, evaluate, read_table, scanpaths_from_table, write_table
from scanpath.datasets.formats import table_from_frame
from scanpath.gaze.doubts import CODES
from scanpath.gaze.table import BASE_COLUMNS, OPTIONAL_COLUMNS
from scanpath.metrics import dtw

#: Text that readers of CSV like to take for something else.
TRAPS = [
    "NA",
    "null",
    "None",
    "nan",
    "NaN",
    "001",
    "1.0",
    "12345e12",
    "true",
    "True",
    "-",
    ".",
    "#",
    "=1+1",
    " x ",
    "\t",
]
TEXT = st.one_of(
    st.sampled_from(TRAPS),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
    st.text(",;\"'\r\n\t |#\\0 ", min_size=1, max_size=5),
)
NUMBER = st.floats(-20_000, 20_000)
PLACE = st.floats(-5_000, 20_000).filter(lambda value: value not in CODES)
KNOWN = BASE_COLUMNS | OPTIONAL_COLUMNS
TEXT_COLUMNS = [name for name, kind in KNOWN.items() if kind == "text"]


@st.composite
def tables(draw):
    n = draw(st.integers(1, 5))
    column = {name: draw(st.lists(TEXT | st.none(), min_size=n, max_size=n)) for name in TEXT_COLUMNS}
    column["stimulus"] = draw(st.lists(TEXT, min_size=n, max_size=n))
    numbers = {name: draw(st.lists(PLACE, min_size=n, max_size=n)) for name in ("x_px", "y_px")}
    times = {"duration_ms": st.floats(0, 1e4), "onset_ms": NUMBER}
    numbers |= {name: draw(st.lists(one | st.none(), min_size=n, max_size=n)) for name, one in times.items()}
    flags = {
        name: draw(st.lists(st.booleans() | st.none(), min_size=n, max_size=n))
        for name in ("target_found", "on_target")
    }
    seed = draw(st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), min_size=n, max_size=n))
    return check_table(pd.DataFrame(column | numbers | flags | {"fixation": range(n), "seed": pd.array(seed, "Int64")}))


@pytest.mark.filterwarnings("ignore::scanpath.InputWarning")  # such tables hold what no recording does
@given(tables())
def test_a_table_comes_back_equal_from_every_form(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("table")
    for name in ("t.csv", "t.parquet"):
        write_table(table, folder / name)
        pd.testing.assert_frame_equal(read_table(folder / name), table)
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    pd.testing.assert_frame_equal(check_table(arrow), table)
    pd.testing.assert_frame_equal(check_table(pl.from_arrow(arrow)), table)


HEADER = "stimulus,subject,fixation,x_px,y_px,duration_ms"


def csv(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_only_an_empty_cell_of_text_is_missing(tmp_path):
    path = csv(
        tmp_path, "stimulus,subject,fixation,x_px,y_px,task,condition\na,NA,0,1,2,null,\na,None,0,3,4,nan,true\n"
    )
    table = read_table(path)
    assert table["subject"].tolist() == ["NA", "None"]
    assert table["task"].tolist() == ["null", "nan"]
    assert table["condition"].isna().tolist() == [True, False]
    assert len(scanpaths_from_table(table)) == 2


def test_agents_named_by_numbers_stay_apart(tmp_path):
    text = "stimulus,agent,fixation,x_px,y_px\na,01,0,1,2\na,1,0,3,4\na,12345e12,0,3,4\na,1.0,0,3,4\n"
    assert read_table(csv(tmp_path, text))["agent"].tolist() == ["01", "1", "12345e12", "1.0"]


def test_columns_of_ones_own_come_back_as_they_were_written(tmp_path):
    own = {"group": ["01", "2"], "age": [31, 40], "score": [0.5, 2.0], "left": [True, False], "note": ["NA", ""]}
    table = check_table(
        pd.DataFrame({"stimulus": "a", "subject": ["s", "t"], "fixation": 0, "x_px": 1, "y_px": 2} | own)
    )
    write_table(table, tmp_path / "t.csv")
    back = read_table(tmp_path / "t.csv")
    assert back["group"].tolist() == ["01", "2"]
    assert back["age"].tolist() == [31, 40]
    assert back["score"].tolist() == [0.5, 2.0]
    assert back["left"].tolist() == [True, False]
    assert back["note"].tolist()[0] == "NA"


@pytest.mark.parametrize(
    ("old", "new", "encoding"),
    [
        ("\n", "\r\n", "utf-8"),
        ("\n", "\r", "utf-8"),
        ("\n", "\n", "utf-8-sig"),
        ("\n", "\r\n", "utf-16"),
        ("\n", "\n\n", "utf-8"),
    ],
    ids=["crlf", "cr", "bom", "utf-16", "blank lines"],
)
def test_line_ends_and_marks_of_the_encoding_change_nothing(tmp_path, old, new, encoding):
    text = f"{HEADER}\ncafé.png,01,0,1,2,200\ncafé.png,01,1,3,4,\n"
    table = read_table(csv(tmp_path, text.replace(old, new), encoding))
    assert table[["stimulus", "subject", "x_px"]].values.tolist() == [["café.png", "01", 1.0], ["café.png", "01", 3.0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,s,0,1,2\n", r"line 2 has 5 values for 6 columns; the file may be cut"),
        ('a,s,0,1,"2\n', "not a readable CSV"),
        (f"a,s,0,1,2,200\n{HEADER}\n", "line 3 repeats the header"),
        ('a,s,0,"1,5",2,200\n', r"got '1,5' in row 0; if the comma is a decimal mark.*decimal=','"),
        ("a,s,0,1,2,.\n", r"got '\.' in row 0; if it stands for a missing value.*missing=\['\.'\]"),
        ("a,s,0,1,2,0 days 00:00:00.200000\n", "'duration_ms' must hold numbers, got '0 days"),
    ],
)
def test_what_is_no_table_is_refused_with_what_would_read_it(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        read_table(csv(tmp_path, f"{HEADER}\n{rows}"))


def test_other_text_is_refused_with_what_would_read_it(tmp_path):
    with pytest.raises(InputError, match=r"is not UTF-8 text.*encoding='latin-1'"):
        read_table(csv(tmp_path, f"{HEADER}\ncafé,s,0,1,2,200\n", "latin-1"))
    with pytest.raises(InputError, match=r"by semicolons.*separator=';'"):
        read_table(csv(tmp_path, f"{HEADER}\na,s,0,1,2,200\n".replace(",", ";")))


SPANS = {
    "pandas ms": pd.Series(pd.to_timedelta([200, 300], unit="ms")),
    "pandas s": pd.Series([0.2, 0.3]).map(lambda s: pd.Timedelta(seconds=s)),
    "numpy": pd.Series(np.array([200, 300], dtype="m8[ms]")),
    "python": pd.Series([datetime.timedelta(milliseconds=n) for n in (200, 300)], dtype=object),
    "objects": pd.Series([pd.Timedelta("200ms"), pd.Timedelta("300ms")], dtype=object),
}


def small(**columns):
    return pd.DataFrame({"stimulus": "a", "subject": "s", "fixation": [0, 1], "x_px": [1.0, 2], "y_px": 3.0} | columns)


@pytest.mark.parametrize("spans", SPANS.values(), ids=SPANS)
def test_spans_of_time_become_ms(spans, tmp_path):
    assert check_table(small(duration_ms=spans))["duration_ms"].tolist() == [200, 300]
    arrow = pa.table(small()).append_column("duration_ms", pa.array([200_000, 300_000], pa.duration("us")))
    assert check_table(arrow)["duration_ms"].tolist() == [200, 300]
    assert check_table(pl.from_arrow(arrow))["duration_ms"].tolist() == [200, 300]
    pa.parquet.write_table(arrow, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")["duration_ms"].tolist() == [200, 300]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"onset_ms": pd.to_datetime(["2020-01-01 10:00", "2020-01-01 10:01"])},
            "'onset_ms'.*dates.*start of the trial",
        ),
        ({"x_px": pd.to_timedelta([1, 2], unit="s")}, "'x_px' must hold numbers, got spans of time"),
        ({"x_px": [True, False]}, "'x_px' must hold numbers, got true or false"),
        ({"fixation": pd.to_datetime(["2020-01-01", "2020-01-02"])}, "'fixation'.*dates"),
        ({"y_px": [1j, 2]}, "'y_px'.*complex"),
    ],
)
def test_what_only_is_stored_as_numbers_is_refused(columns, message):
    with pytest.raises(InputError, match=message):
        check_table(small(**columns))


def test_frames_of_all_libraries_are_scored_alike():
    people = pd.concat([small(subject=who, x_px=[x, 40.0]) for who, x in (("s", 1.0), ("t", 9.0))], ignore_index=True)
    model = small(agent="m").drop(columns="subject")
    frames = [(model, people), (pl.DataFrame(model), pa.table(people)), (pa.table(model), pl.DataFrame(people).lazy())]
    scores = [evaluate(one, other, ["dtw"], draws=10)["value"].tolist() for one, other in frames]
    assert scores[0] == scores[1] == scores[2]


def test_a_date_as_a_name_is_its_text():
    assert check_table(small(subject=pd.Timestamp("2020-01-02")))["subject"][0] == "2020-01-02T00:00:00"


CODED = [(1e8, 1e8), (-32768.0, -32768.0), (5.0, 1e8), (-1.0, -1.0), (-9999.0, 7.0e4), (9999.0, 9999.0)]


@pytest.mark.parametrize("place", CODED)
def test_codes_for_missing_gaze_are_no_places(place):
    with pytest.raises(InputError, match=r"row 1 has .* as a place, which is a code for missing gaze.*missing=\["):
        check_table(small(x_px=[5.0, place[0]], y_px=[6.0, place[1]]))


def test_gaze_a_little_off_the_screen_is_a_place():
    assert check_table(small(x_px=[-1.0, -30.5], y_px=[-0.5, 1200.0]))["x_px"].tolist() == [-1.0, -30.5]


def test_rows_that_are_there_twice_are_said_to_be(tmp_path):
    table = pd.concat([small(), small()[1:]])
    with pytest.raises(
        InputError, match=r"row 2 repeats fixation 1 of 'a' \(subject 's'\); the whole row is there twice"
    ):
        check_table(table)
    with pytest.raises(InputError, match="if people looked twice"):
        check_table(pd.concat([small(), small(x_px=[8.0, 9.0])]))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"duration_ms": [0.21, 0.3]}, r"all durations are below 5 ms.*time_unit='s'"),
        ({"duration_ms": [200.0, 65_000.0]}, "65000 in row 1, more than a minute"),
        ({"x_px": [0.0, 0.0], "y_px": [0.0, 0.0]}, r"2 fixations lie at exactly \(0, 0\)"),
        ({"x_px": [1.0, 1.0], "onset_ms": [5.0, 5.0]}, "row 1 repeats a fixation.*exported twice"),
        ({"onset_ms": [0.0, 100.0], "duration_ms": [200.0, 200.0]}, "row 1 begins 100 ms before"),
    ],
)
def test_what_is_probably_not_meant_is_said_on_reading(columns, message, tmp_path):
    write_table(small(**columns), tmp_path / "t.csv")
    with pytest.warns(InputWarning, match=message):
        read_table(tmp_path / "t.csv")


def test_people_and_their_rounding_raise_no_doubt(tmp_path):
    write_table(small(onset_ms=[0.0, 199.0], duration_ms=[200.0, 210.0]), tmp_path / "t.csv")
    assert len(read_table(tmp_path / "t.csv")) == 2


def looks(seed, onset_scale=1.0, people=3):
    """Scanpaths with saccades between fixations, and blinks of up to 2 s."""
    random = np.random.default_rng(seed)
    tables = []
    for subject in range(people):
        n = int(random.integers(4, 9))
        duration_ms = random.gamma(4, 60, n) + 20
        gap_ms = random.uniform(15, 90, n) + np.where(random.random(n) < 0.2, random.uniform(100, 2_000, n), 0)
        onset_ms = random.uniform(0, 1_000) + np.cumsum([0, *(duration_ms + gap_ms)[:-1]])
        place = random.uniform(0, 1_000, (2, n))
        times = {"onset_ms": onset_ms * onset_scale, "duration_ms": duration_ms}
        columns = {"stimulus": "a", "subject": str(subject), "fixation": range(n), "x_px": place[0], "y_px": place[1]}
        tables.append(pd.DataFrame(columns | times))
    return pd.concat(tables, ignore_index=True)


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_gaps_between_fixations_are_no_other_unit(seed):
    table = looks(seed)
    assert len(table_from_frame(table)) == len(table)


@pytest.mark.parametrize(("scale", "unit"), [(1_000, "us"), (0.001, "s")])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10)
def test_onsets_in_another_unit_than_durations_are_told_of(scale, unit, seed):
    with pytest.warns(InputWarning) as told:
        table_from_frame(looks(seed, onset_scale=scale))
    assert any(f"so that their units differ: read a text with read_fixations(path, format='table', time_unit="
               f"{{'onset_ms': '{unit}', 'duration_ms': 'ms'}})" in str(one.message) for one in told)  # fmt: skip


def test_one_scanpath_in_another_unit_among_others_is_told_of_with_its_row():
    table = pd.concat([looks(1, people=1), looks(2, onset_scale=1_000, people=1).assign(subject="b")])
    first = len(looks(1, people=1))
    with pytest.warns(InputWarning, match=rf"scanpath in row {first + 1} advance .* \(1 such scanpaths\)"):
        table_from_frame(table.reset_index(drop=True))


def test_both_eyes_in_turn_are_no_other_unit():
    columns = {"stimulus": "a", "subject": "s", "fixation": range(4), "x_px": 1.0 * np.arange(4), "y_px": 3.0}
    times = {"onset_ms": [0.0, 1.0, 300.0, 301.0], "duration_ms": 250.0}
    with pytest.warns(InputWarning, match="are two eyes or two trials in one scanpath"):
        table_from_frame(pd.DataFrame(columns | times))


EVENTS = ["FIXA", "Fixation", "fixation", "EFIX"]
OTHERS = ["Unclassified", "EyesNotFound", "noise", "NFIX", "NONE", "E_SAC", "non-fixation", "saccade", "PURS", "Other"]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", ["label", "class", "movement", "status", "trial_type", "Eye movement type"])
def test_rows_that_a_column_calls_something_else_are_named_and_counted(name, other):
    for fixation in EVENTS:
        frame = small(**{name: [fixation, other]})
        with pytest.warns(InputWarning, match=f"column {name!r} calls 1 row {other!r}.*only=.*{fixation!r}"):
            table_from_frame(frame)


@pytest.mark.parametrize(
    "words", [["indoor", "noise"], ["purse", "none"], ["valid", "missing"], ["FIXA", "FIXA"], ["fixed", "random"]]
)
@pytest.mark.parametrize("name", ["category", "label", "status"])
def test_words_about_pictures_are_no_events(name, words):
    assert len(table_from_frame(small(**{name: words}))) == 2


@pytest.mark.parametrize("flags", [[True, False], [1, 0], ["yes", "no"]])
def test_rows_whose_flag_says_that_they_are_no_fixation_are_told_of(flags):
    with pytest.warns(InputWarning, match=f"'is_fixation' calls 1 row '{flags[1]}'.*: '{flags[0]}'"):
        table_from_frame(small(is_fixation=flags))
    assert len(table_from_frame(small(is_fixation=flags[0]))) == 2


def test_one_picture_in_parts_of_the_screen_among_others_is_told_of():
    xy = np.random.default_rng(3).uniform(20, 600, (10, 2))
    table = pd.DataFrame({"stimulus": ["a"] * 5 + ["b"] * 5, "subject": "s", "x_px": xy[:, 0], "y_px": xy[:, 1]})
    table["fixation"] = range(10)
    assert len(table_from_frame(table)) == 10
    table.loc[5:, ["x_px", "y_px"]] /= 640
    with pytest.warns(InputWarning, match=r"the scanpath in row 5 lie within a pixel of the origin.*\(5 such rows\)"):
        table_from_frame(table)


def test_rows_without_duration_among_others_are_told_of():
    with pytest.warns(InputWarning, match="duration_ms is 0 in 1 row, first in row 1"):
        table_from_frame(small(duration_ms=[200.0, 0.0]))


def test_both_eyes_in_one_scanpath_are_told_of_at_every_door(tmp_path):
    both = small(eye=["L", "R"])
    write_table(both, tmp_path / "t.csv")
    for read in (lambda: table_from_frame(both), lambda: read_table(tmp_path / "t.csv")):
        with pytest.warns(InputWarning, match="column 'eye' tells of more than one eye within a scanpath"):
            read()
    with pytest.raises(InputError, match="more than one eye, as 'eye' differs"):
        dtw(both, both)
    assert len(table_from_frame(small(subject=["s", "t"], eye=["L", "R"]))) == 2
    assert dtw(small(eye="L"), small(eye="left")) == 0


def test_metrics_tell_of_events_in_their_frames():
    with pytest.warns(InputWarning, match="column 'label' calls 1 row 'SACC'"):
        dtw(small(label=["FIXA", "SACC"]), small())


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_cannot_be_written_is_said_in_one_sentence(suffix, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_table(small(note=pd.Series(["\ud800", "z"], dtype=object)), tmp_path / f"t{suffix}")
    for name in ("", None):
        with pytest.raises(InputError, match="a column without a name"):
            write_table(small(note=1).rename(columns={"note": name}), tmp_path / f"t{suffix}")


def test_whole_numbers_of_64_bits_with_gaps_come_back(tmp_path):
    (tmp_path / "t.csv").write_text(
        "stimulus,subject,fixation,x_px,y_px,note\na,s,0,1,2,18446744073709551615\na,s,1,1,3,\n"
    )
    note = read_table(tmp_path / "t.csv")["note"]
    assert note[0] == 2**64 - 1
    assert pd.isna(note[1])


def test_bytes_are_their_text():
    table = check_table(small(subject=[b"s1", b"s1"], note=[b"x", "y"]))
    assert table[["subject", "note"]].to_numpy().tolist() == [["s1", "x"], ["s1", "y"]]
    with pytest.raises(InputError, match="'note' holds bytes that are not UTF-8"):
        check_table(small(note=[b"\xff", "y"]))


@pytest.mark.parametrize("timed", [True, False])
def test_a_file_behind_itself_without_onsets_is_told_of(timed):
    xy = np.random.default_rng(2).uniform(0, 600, (12, 2)).round(1)
    once = pd.DataFrame({"stimulus": np.repeat(["a", "b"], 6), "subject": "s", "x_px": xy[:, 0], "y_px": xy[:, 1]})
    once["duration_ms"] = np.arange(200.0, 212) if timed else np.nan
    whole, trial = (pd.concat([once, part], ignore_index=True) for part in (once, once[:6]))
    for table in (whole, trial, whole.assign(agent="model")):
        table["fixation"] = table.groupby(["stimulus", "subject"]).cumcount()
        with pytest.warns(InputWarning, match=r"row 12 repeats the place.*\((12|6) such rows\).*the column 'trial'"):
            table_from_frame(table)
    table_from_frame(once.assign(fixation=range(12)))


def test_places_that_come_again_are_no_doubt():
    corners = pd.DataFrame({"x_px": [1.0, 9, 1, 9, 5, 1], "y_px": [1.0, 1, 9, 9, 5, 1], "fixation": range(6)})
    circle = corners.iloc[[0, 1, 2, 0, 1, 2]].assign(fixation=range(6), agent="model")
    for table in (
        corners.assign(subject="s"),
        corners.assign(subject="s", duration_ms=[200.0, 180, 240, 200, 210, 200]),
        circle,
    ):
        assert len(table_from_frame(table.assign(stimulus="a"))) == 6


def test_a_code_in_one_coordinate_and_places_above_the_picture_are_told_of():
    table = pd.DataFrame({"stimulus": "a", "subject": "s", "fixation": range(4), "x_px": [9.0, -99, 5, 7], "y_px": 3.0})
    with pytest.warns(InputWarning, match=r"x_px is -99 in row 1 \(1 such rows\).*missing=\[-99\]"):
        table_from_frame(table)
    with pytest.warns(InputWarning, match=r"x_px is -1 in row 0 and wherever it is negative \(3 such rows\).*=\[-1\]"):
        table_from_frame(table.assign(x_px=[-1.0, -1, 5, -1]))
    assert len(table_from_frame(table.assign(x_px=[-1.0, -1, 5, -2]))) == 4
    with pytest.warns(InputWarning, match="nearly all y_px are negative.*y_up=True"):
        table_from_frame(table.assign(x_px=5.0, y_px=[-200.0, -20, -3, -90]))
