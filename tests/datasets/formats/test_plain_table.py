"""Tables of one's own, by what is said about them, against the numbers that were written."""

import numpy as np
import pandas as pd
import pytest

from scanpath._core.errors import InputError, InputWarning
from scanpath.datasets.formats import convert, read_fixations, table_from_frame
from scanpath.gaze.table import read_table

OWN = {"Bild": "stimulus", "Person": "subject", "X": "x_px", "Y": "y_px", "Dauer": "duration_ms"}


def write(path, lines, encoding="utf-8"):
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def said(changes):
    return "\n".join(map(str, changes))


def rows(table, *names):
    return table[list(names)].to_numpy().tolist()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_separator_and_encoding_are_told_and_said(sign, encoding, tmp_path):
    lines = ["Bild,Person,X,Y,Dauer", "é.png,s1,10.5,20,200", "é.png,s1,30,40,250"]
    path = write(tmp_path / "own.txt", [line.replace(",", sign) for line in lines], encoding)
    table, changes = read_fixations(path, columns=OWN)
    assert rows(table, "stimulus", "x_px", "y_px", "duration_ms") == [["é.png", 10.5, 20, 200], ["é.png", 30, 40, 250]]
    assert ("values are separated by a" in said(changes)) == (sign != ",")
    assert ("the text is" in said(changes)) == (encoding in ("utf-16-le", "utf-16-be", "latin-1"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("note", ["two\r\nlines", "two\nlines", "two\rlines", '24" wide', 'a ""b""\r\nc'])
def test_ends_of_lines_within_cells_are_as_they_were_written(note, end, tmp_path):
    cell = note if note.startswith("24") else f'"{note}"'
    lines = ["Bild,Person,X,Y,Note", f"a,s,1,2,{cell}", f"b,s,3,4,{cell}", "c,s,5,6,x"]
    (tmp_path / "own.txt").write_bytes((end.join(lines) + end).encode())
    table, _ = read_fixations(tmp_path / "own.txt", columns=dict(list(OWN.items())[:4]))
    assert table["Note"].tolist() == [note.replace('""', '"')] * 2 + ["x"]


def test_signs_of_windows_are_read_as_such(tmp_path):
    lines = ["Bild;Person;X;Y;Dauer", "“Café” 5€.png;s1;1;2;200"]
    path = write(tmp_path / "own.txt", lines, "cp1252")
    table, changes = read_fixations(path, columns=OWN)
    assert table["stimulus"].tolist() == ["“Café” 5€.png"]
    assert "the text is cp1252" in said(changes)
    path.write_bytes(path.read_bytes() + b"b\x81;s1;1;2;200\n")  # 0x81 is nothing in cp1252
    with pytest.raises(InputError, match="is not cp1252 text; say what it is"):
        read_fixations(path, columns=OWN)


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1e3), ("ms", 1.0), ("us", 1e-3), ("ns", 1e-6), ({"duration_ms": "s"}, 1e3)]
)
def test_units_of_time_become_ms(unit, factor, tmp_path):
    path = write(tmp_path / "own.csv", ["Bild,Person,X,Y,Dauer", "a,s,1,2,8", "a,s,3,4,16"])
    table, _ = read_fixations(path, columns=OWN, time_unit=unit) if factor >= 1 else warned(path, unit)
    assert table["duration_ms"].tolist() == pytest.approx([8 * factor, 16 * factor])


def warned(path, unit):
    with pytest.warns(InputWarning, match="all durations are below 5 ms"):
        return read_fixations(path, columns=OWN, time_unit=unit)


def test_a_unit_in_a_columns_name_is_believed_and_its_absence_asked_for(tmp_path):
    path = write(tmp_path / "own.csv", ["stimulus,subject,x_px,y_px,Start [s],duration", "a,s,1,2,0.5,0.2"])
    columns = {"Start [s]": "onset_ms"}
    with pytest.warns(InputWarning, match="the column 'duration' is not read"):
        assert read_fixations(path, columns=columns)[0]["onset_ms"].tolist() == [500.0]
    path = write(tmp_path / "own.csv", ["stimulus,subject,x_px,y_px,duration", "a,s,1,2,0.2"])
    table, _ = read_fixations(path, time_unit="s")
    assert table["duration_ms"].tolist() == [200.0]


@pytest.mark.parametrize(
    "settings", [{"screen_px": (1280, 720), "picture_at": "screen"}, {"screen_px": (1280, 720), "picture_at": (0, 0)},
                 {"picture_px": (1280, 720), "size_px": (1280, 720)}]
)  # fmt: skip
def test_a_place_far_beside_the_screen_is_refused_with_its_row_and_can_be_called_missing(settings, tmp_path):
    path = write(tmp_path / "own.csv", ["Bild,Person,X,Y,Dauer", "a,s,700,20,200", "a,s,29999,3,250", "a,s,1300,9,210"])
    with pytest.raises(InputError, match=r"row 1 is at \(29999, 3\), far beside the .*1280 x 720 px \(1 such rows\)"):
        read_fixations(path, columns=OWN, **settings)
    assert len(read_fixations(path, columns=OWN, missing=[29999], **settings)[0]) == 2


def test_a_single_place_beyond_all_screens_is_told_of_where_no_size_is_known(tmp_path):
    for n in (0, 1, 2, 40):
        lines = ["Bild,Person,X,Y,Dauer", *(f"a,s,{31 * k + 5},{k},200" for k in range(n)), "a,s,29999,3,251"]
        with pytest.warns(InputWarning, match=rf"x_px is 29999 in row {n}, far from all others"):
            read_fixations(write(tmp_path / "own.csv", lines), columns=OWN)
    wide = ["Bild,Person,X,Y,Dauer", *(f"a,s,{700 * k + 5},{k},200" for k in range(30))]
    assert len(read_fixations(write(tmp_path / "own.csv", wide), columns=OWN)[0]) == 30


# what is a quarter from the left and from the top, and the last pixel, of 1280 x 720
QUARTER, LAST = (319.5, 179.5), (1279.0, 719.0)
FRAMES = {
    "normalized": ({}, (0.25, 0.25), (1279.5 / 1280, 719.5 / 720)),
    "normalized, y up": ({"frame": "normalized", "y_up": True}, (0.25, 0.75), (1279.5 / 1280, 0.5 / 720)),
    "centered": ({"y_up": False}, (-320, -180), (639.5, 359.5)),
    "centered, y up": ({"frame": "centered", "y_up": True}, (-320, 180), (639.5, -359.5)),
    "degrees": ({"px_per_deg": 40, "y_up": False}, (-8, -4.5), (639.5 / 40, 359.5 / 40)),
    "degrees, y up": ({"frame": "degrees", "px_per_deg": 40, "y_up": True}, (-8, 4.5), (639.5 / 40, -359.5 / 40)),
    "pix": ({}, (-320, 180), (639.5, -359.5)),
    "norm": ({}, (-0.5, 0.5), (639.5 / 640, -359.5 / 360)),
    "height": ({}, (-320 / 720, 0.25), (639.5 / 720, -359.5 / 720)),
    "px, y up": ({"frame": "px", "y_up": True}, (319.5, 539.5), (1279, 0)),
}


@pytest.mark.parametrize("screen", [{"screen_px": (1280, 720), "picture_at": "screen"}, {"picture_px": (1280, 720)}])
@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_gives_the_same_pixels(name, screen, tmp_path):
    settings, quarter, last = FRAMES[name]
    path = write(
        tmp_path / "own.csv", ["stimulus,subject,x,y", f"a,s,{quarter[0]},{quarter[1]}", f"a,s,{last[0]},{last[1]}"]
    )
    table, _ = read_fixations(path, **{"frame": name, **settings}, **screen)
    assert table[["x_px", "y_px"]].to_numpy() == pytest.approx(np.array([QUARTER, LAST]), abs=1e-9)


def test_a_point_that_may_group_thousands_is_said(tmp_path):
    path = write(tmp_path / "own.csv", ["Bild;Person;X;Y;Dauer", "a;s;1.200;20;200", "a;s;980;30;210"])
    assert "the point in 'X' is a decimal mark, as in '1.200'" in said(read_fixations(path, columns=OWN)[1])
    assert read_fixations(path, columns=OWN, thousands=".")[0]["x_px"].tolist() == [1200, 980]
    path = write(tmp_path / "own.csv", ["Bild;Person;X;Y;Dauer", "a;s;1.200;20;200", "a;s;980.125;30;210"])
    assert "the point" not in said(read_fixations(path, columns=OWN)[1])
    path = write(tmp_path / "own.csv", ["Bild;Person;X;Y;Dauer", "a;s;1\xa0200,5;20;200", "a;s;98,5;30;210"])
    with pytest.raises(InputError, match="how numbers are written with decimal=',' or thousands="):
        read_fixations(path, columns=OWN)
    assert read_fixations(path, columns=OWN, thousands="\xa0")[0]["x_px"].tolist() == [1200.5, 98.5]


def test_degrees_need_their_size_and_are_no_pixels(tmp_path):
    path = write(tmp_path / "own.csv", ["stimulus,subject,x,y", "a,s,-8,4.5", "a,s,120,300", "a,s,200,100"])
    given = {"frame": "degrees", "picture_px": (1280, 720)}
    for settings, message in (
        (given, "y_up=True"),
        (given | {"y_up": True}, "give px_per_deg"),
        (given | {"y_up": True, "px_per_deg": 40}, "as large as 200, which no degrees"),
        ({"frame": "px", "px_per_deg": 40}, "frame='px' has none"),
    ):
        with pytest.raises(InputError, match=message):
            read_fixations(path, **settings)


def test_screens_may_differ_between_rows(tmp_path):
    lines = ["stimulus,subject,x,y,screen_width_px,screen_height_px", "a,s,0.5,0.5,1280,720", "b,s,0.5,0.5,1920,1080"]
    table, _ = read_fixations(write(tmp_path / "own.csv", lines), frame="normalized", picture_at="screen")
    assert rows(table, "x_px", "y_px") == [[639.5, 359.5], [959.5, 539.5]]


def test_pictures_on_the_screen_and_pictures_of_another_size_are_scaled(tmp_path):
    path = write(tmp_path / "own.csv", ["stimulus,subject,x,y", "a,s,0.5,0.5"])
    box = {"screen_px": (1280, 720), "picture_at": (240, 60, 800, 600), "picture_px": (400, 300)}
    table, _ = read_fixations(path, frame="normalized", **box)
    assert rows(table, "x_px", "y_px") == [[199.5, 149.5]]
    path = write(tmp_path / "own.csv", ["stimulus,subject,x,y", "a,s,511.5,-0.5"])
    table, changes = read_fixations(path, frame="px", size_px=(512, 320), picture_px=(1680, 1050))
    assert rows(table, "x_px", "y_px") == [[1679.5, -0.5]]
    assert "from px of 512 x 320" in said(changes)


@pytest.mark.parametrize(
    ("header", "given", "asked"),
    [
        ("stimulus,subject,x,y", {"time_unit": "s"}, r"does not say which column is x_px: give columns=.*frame="),
        ("stimulus,subject,x,y", {"frame": "centered", "screen_px": (9, 9)}, "y_up=True"),
        ("stimulus,subject,x,y", {"frame": "normalized"}, r"give screen_px=\(width, height\) .* or picture_px="),
        ("stimulus,subject,x,y", {"frame": "normalized", "screen_px": (9, 9)}, "picture_at="),
        ("stimulus,who,x,y", {"frame": "px"}, "subject='name' for the whole file"),
        ("image,subject,x,y", {"frame": "px"}, r"stimulus='name\.png' for the whole file"),
        ("stimulus,subject,x_px,y_px", {"columns": {"x_px": "X"}}, "No column that a table of fixations can have"),
        ("stimulus,subject,x_px,y_px", {"columns": {"stimulus": "x"}}, "No column that a table"),
        ("stimulus,subject,x_px,Y", {"columns": {"y_px": "Y"}}, r"table's own names first: columns=\{'Y': 'y_px'\}"),
        ("stimulus,subject,x_px,y_px", {"columns": {"nix": "trial"}}, "named 'nix'"),
        ("stimulus,subject,x_px,y_px", {"rows": "sample"}, "rows"),
        ("stimulus,subject,x_px,y_px", {"rows": "samples"}, "rows='samples' needs the column 'fixation'"),
        ("stimulus,subject,x_px,y_px", {"time_unit": "h", "columns": {"y_px": "duration_ms"}}, "y_px"),
        ("stimulus,subject,x_px,y_px", {"only": {"label": "F"}}, "named 'label'"),
        ("stimulus,subject,x_px,y_px", {"only": {"stimulus": "F"}}, "its values are 'a'"),
        ("stimulus,subject,x_px,y_px", {"columns": "x"}, "columns must be a mapping"),
        ("stimulus,subject,x_px,y_px", {"decimal": "comma"}, "decimal must be one sign"),
        ("stimulus,subject,x_px,y_px", {"separator": "colon"}, "separator must be one sign or tab"),
        ("stimulus,subject,x_px,y_px", {"encoding": "klingon"}, "is not klingon text"),
    ],
)
def test_what_is_not_said_or_cannot_be_meant_is_asked_for_by_name(header, given, asked, tmp_path):
    path = write(tmp_path / "own.csv", [header, "a,s,1,2"])
    with pytest.raises(ValueError, match=asked):
        read_fixations(path, **given)


def test_samples_become_fixations_by_their_numbers(tmp_path):
    lines = ["stimulus,subject,fixation,x_px,y_px,onset_ms,duration_ms"]
    lines += ["a,s,7,10,20,0,200", "a,s,7,12,20,0,200", "a,s,,500,500,250,", "a,s,8,30,40,300,250"]
    table, changes = read_fixations(write(tmp_path / "own.csv", lines), rows="samples")
    assert rows(table, "x_px", "y_px", "duration_ms") == [[11.0, 20.0, 200.0], [30.0, 40.0, 250.0]]
    assert "rows that belong to no fixation (1 row)" in said(changes)


def test_events_are_chosen_by_their_label_and_told_of_where_they_are_not(tmp_path):
    lines = ["stimulus,subject,fixation,x_px,y_px,label", "a,s,0,1,2,FIXA", "a,s,1,3,4,SACC", "a,s,2,5,6,FIXA"]
    path = write(tmp_path / "events.csv", lines)
    table, changes = read_fixations(path, only={"label": "FIXA"})
    assert table["x_px"].tolist() == [1.0, 5.0]
    assert "rows with label 'SACC' (1 row)" in said(changes)
    with pytest.warns(InputWarning, match=r"column 'label' calls 1 row 'SACC'.*only=\{'label': 'FIXA'\}"):
        read_fixations(path)


def test_both_places_in_one_cell_are_read(tmp_path):
    lines = ["stimulus;subject;location", "a;s;[10.5, 20]", "a;s;(30 40)"]
    path = write(tmp_path / "own.csv", lines)
    table, _ = read_fixations(path, separator=";", columns={"location": "xy_px"})
    assert rows(table, "x_px", "y_px") == [[10.5, 20.0], [30.0, 40.0]]
    with pytest.raises(ValueError, match=r"columns=\{'its name': 'xy_px'\}"):
        read_fixations(path, separator=";", columns={"location": "x_px", "subject": "y_px"}, subject="s")


def test_marks_in_numbers_are_read_as_said_and_never_guessed_between_thousands_and_decimals(tmp_path):
    path = write(tmp_path / "own.csv", ["stimulus;subject;x_px;y_px", "a;s;1,300;2"])
    with pytest.raises(ValueError, match="decimal=',' or thousands=','"):
        read_fixations(path, separator=";")
    assert read_fixations(path, separator=";", decimal=",")[0]["x_px"].tolist() == [1.3]
    assert read_fixations(path, separator=";", thousands=",")[0]["x_px"].tolist() == [1300.0]
    path = write(tmp_path / "own.csv", ["stimulus;subject;x_px;y_px", "a;s;1.300,25;2", "a;s;1,5;2"])
    with pytest.raises(ValueError, match="which is no number"):
        read_fixations(path, separator=";")
    both = read_fixations(path, separator=";", decimal=",", thousands=".")[0]
    assert both["x_px"].tolist() == [1300.25, 1.5]


PROMISES = {
    "comment": (["# of a tool", "stimulus,subject,fixation,x_px,y_px", "a,s,0,1,2"], {"comment": "#"}),
    "separator": (["stimulus;subject;fixation;x_px;y_px", "a;s;0;1;2"], {"separator": ";"}),
    "encoding": (["stimulus,subject,fixation,x_px,y_px", "é,s,0,1,2"], {"encoding": "latin-1"}),
    "decimal": (["stimulus,subject,fixation,x_px,y_px", 'a,s,0,"1,0",2'], {"decimal": ","}),
    "thousands": (["stimulus,subject,fixation,x_px,y_px", 'a,s,0,"1,300",2'], {"thousands": ","}),
    "missing": (["stimulus,subject,fixation,x_px,y_px", "a,s,0,1,2", "a,s,1,-1,-1"], {"missing": [-1]}),
    "missing=": (["stimulus,subject,fixation,x_px,y_px,duration_ms", "a,s,0,1,2,."], {"missing": ["."]}),
    "columns": (["Stimulus,Subject,x_px,y_px", "a,s,1,2"], {"columns": {"Stimulus": "stimulus", "Subject": "subject"}}),
    "format": (["stimulus,subject,fixation,x_px,y_px", "a,s,0,1,2", "a,s,1,,"], {"format": "table"}),
    "format=": (["stimulus,subject,fixation,x_px,y_px", "a,s,0,1,2"] * 1 + ["stimulus,subject,fixation,x_px,y_px"],
                {"format": "table"}),
}  # fmt: skip


@pytest.mark.parametrize("name", PROMISES)
def test_the_setting_that_a_refusal_names_reads_the_file(name, tmp_path):
    lines, settings = PROMISES[name]
    path = write(tmp_path / "own.csv", lines, "latin-1" if name == "encoding" else "utf-8")
    with pytest.raises(ValueError, match=f"{name.rstrip('=')}="):
        read_table(path)
    table, _ = read_fixations(path, **settings)
    assert len(table) == 1
    report = convert(
        path, tmp_path / "out.parquet", **{"from_" if k == "format" else k: v for k, v in settings.items()}
    )
    assert report.n_fixations == 1


def test_parquet_tables_of_ones_own_are_read_by_their_names(tmp_path):
    frame = pd.DataFrame({"img": ["a", "a"], "who": ["s", "s"], "gx": [0.5, 0.25], "gy": [0.5, 0.25]})
    frame["dur"] = pd.to_timedelta([200, 300], unit="ms")
    frame.to_parquet(tmp_path / "own.parquet")
    names = {"img": "stimulus", "who": "subject", "gx": "x_px", "gy": "y_px", "dur": "duration_ms"}
    table, _ = read_fixations(tmp_path / "own.parquet", columns=names, frame="normalized", picture_px=(100, 50))
    assert rows(table, "x_px", "y_px", "duration_ms") == [[49.5, 24.5, 200.0], [24.5, 12.0, 300.0]]


def test_spans_of_time_keep_their_ns_and_may_be_missing(tmp_path):
    path = tmp_path / "own.parquet"
    frame = pd.DataFrame({"stimulus": "a", "subject": "s", "x_px": [1.0, 2.0], "y_px": 3.0})
    frame["Dur"] = pd.to_timedelta([200_000_001, None], unit="ns")
    frame.to_parquet(path)
    table, _ = read_fixations(path, format="table", columns={"Dur": "duration_ms"})
    assert table["duration_ms"][0] == 200.000001
    assert table["duration_ms"].isna().tolist() == [False, True]


def test_what_a_writer_needs_is_not_meant_for_the_projects_own_table(tmp_path):
    pytest.importorskip("h5py")
    path = write(tmp_path / "a.csv", ["stimulus,subject,fixation,x_px,y_px,duration_ms", "a,s,0,1,2,200"])
    convert(path, tmp_path / "a.hdf5", time_unit="s")
    back, _ = read_fixations(tmp_path / "a.hdf5", stimuli="index", time_unit="s")
    assert back["duration_ms"].tolist() == [200.0]


def test_doubts_are_said_of_frames_and_files_alike(tmp_path):
    frame = pd.DataFrame({"stimulus": ["a"], "subject": ["s"], "fixation": [0], "x_px": [1.0], "y_px": [2.0]})
    frame["duration_ms"] = [0.2]
    with pytest.warns(InputWarning, match="below 5 ms"):
        table_from_frame(frame)
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.warns(InputWarning, match="below 5 ms") as caught:
        read_fixations(tmp_path / "a.csv")
    assert len(caught) == 1


def samples(path, gap=()):
    """500 Hz: 300 ms at (100, 50), a jump, 200 ms at (400, 250); gaze lost in the rows of `gap`."""
    rng = np.random.default_rng(0)
    lines = ["stimulus,subject,onset_ms,x_px,y_px"]
    for n in range(250):
        x, y = np.array([100, 50] if n < 150 else [400, 250]) + rng.uniform(-0.5, 0.5, 2)
        lines.append(f"a.png,s,{2 * n},,{y:.3f}" if n in gap else f"a.png,s,{2 * n},{x:.3f},{y:.3f}")
    return write(path, lines)


IDT = {"method": "idt", "dispersion_deg": 1.0, "minimum_ms": 80, "px_per_deg": 35}
IVT = {"method": "ivt", "velocity_deg_s": 60, "minimum_ms": 80, "px_per_deg": 35}


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
@pytest.mark.parametrize("detect", [IDT, IVT], ids=["idt", "ivt"])
def test_fixations_are_found_in_samples_with_stated_thresholds(detect, tmp_path):
    pytest.importorskip("pymovements")
    table, changes = read_fixations(samples(tmp_path / "samples.csv"), detect=detect)
    assert table[["x_px", "y_px"]].to_numpy() == pytest.approx(np.array([[100, 50], [400, 250]]), abs=0.2)
    assert table["onset_ms"].to_numpy() == pytest.approx([0, 300], abs=4)
    assert table["duration_ms"].to_numpy() == pytest.approx([298, 198], abs=6)
    assert "px_per_deg 35" in said(changes)
    lost, _ = read_fixations(samples(tmp_path / "lost.csv", gap=range(70, 80)), detect=detect)
    assert lost["onset_ms"].to_numpy() == pytest.approx([0, 160, 300], abs=4)


@pytest.mark.parametrize(
    ("detect", "asked"),
    [
        ({**IDT, "method": "hmm"}, "No method of detect="),
        ({"method": "ivt"}, "needs velocity_deg_s, minimum_ms, px_per_deg"),
        ({**IDT, "velocity_deg_s": 3}, "No threshold of detect="),
        ({**IDT, "px_per_deg": -1}, "numbers above 0"),
        ("idt", "detect must be a mapping"),
    ],
)
def test_a_detection_without_all_its_thresholds_is_refused(detect, asked, tmp_path):
    with pytest.raises(ValueError, match=asked):
        read_fixations(samples(tmp_path / "samples.csv"), detect=detect)


def test_samples_taken_for_fixations_are_told_of(tmp_path):
    path = samples(tmp_path / "samples.csv")
    with pytest.warns(InputWarning, match=r"every 2 ms, as samples do and not fixations.*detect="):
        read_fixations(path, format="table")


def test_a_column_whose_name_tells_another_unit_is_asked_about(tmp_path):
    path = write(tmp_path / "own.csv", ["stimulus,subject,x (deg),y_norm,z", "a,s,1,2,3"])
    for columns in ({"x (deg)": "x_px", "z": "y_px"}, {"y_norm": "y_px", "z": "x_px"}):
        with pytest.raises(ValueError, match="does not tell what its numbers are: give frame="):
            read_fixations(path, columns=columns)


def test_fractions_taken_for_pixels_are_told_of(tmp_path):
    lines = ["stimulus,subject,fixation,x_px,y_px", *(f"a,s,{n},0.{n},0.5" for n in range(1, 8))]
    with pytest.warns(InputWarning, match=r"within a pixel of the origin.*frame='normalized'"):
        read_fixations(write(tmp_path / "own.csv", lines))


def test_a_frames_columns_given_the_other_way_round_are_told(tmp_path):
    frame = pd.DataFrame({"stimulus": ["a"], "subject": ["s"], "fixation": [0], "gx": [1.0], "y_px": [2.0]})
    with pytest.raises(ValueError, match=r"table's names first: columns=\{'x_px': 'gx'\}"):
        table_from_frame(frame, columns={"gx": "x_px"})


@pytest.mark.parametrize("settings", [{"frame": "foo"}, {"time_unit": "h"}, {"time_unit": {"onset_ms": "h"}}])
@pytest.mark.parametrize("form", ["csv", "table"])
def test_a_frame_or_unit_that_is_not_known_is_named_whether_the_table_needs_it_or_not(tmp_path, form, settings):
    path = write(tmp_path / "own.csv", ["stimulus,subject,fixation,x_px,y_px", "a,s,0,1,2"])
    with pytest.raises(InputError, match=r"No (frame|time_unit) is named '(foo|h)'\. Known: "):
        read_fixations(path, format=form, screen_px=(9, 9), **settings)
