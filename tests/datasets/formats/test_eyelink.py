"""EyeLink reports, in files made as Data Viewer documents them."""

import numpy as np
import pytest
from PIL import Image

from scanpath.datasets.formats import read_fixations

HEADER = (
    "RECORDING_SESSION_LABEL\tTRIAL_INDEX\tEYE_USED\tCURRENT_FIX_INDEX\tCURRENT_FIX_X\tCURRENT_FIX_Y\t"
    "CURRENT_FIX_START\tCURRENT_FIX_DURATION\timage_file\n"
)
ROWS = [
    ("s01", 1, "RIGHT", 1, "512.0", "384.5", 12, 200, "a.jpg"),
    ("s01", 1, "RIGHT", 2, ".", ".", 250, 90, "a.jpg"),
    ("s01", 1, "RIGHT", 3, "600.25", "300.0", 400, 310, "a.jpg"),
    ("s02", 1, "LEFT", 1, "100.0", "50.0", 5, 180, "b.jpg"),
]


def report(rows=ROWS, decimal="."):
    lines = [
        "\t".join(
            str(v).replace(".", decimal) if v not in (".",) and i in (4, 5) else str(v) for i, v in enumerate(row)
        )
        for row in rows
    ]
    return HEADER + "\n".join(lines) + "\n"


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_reports_read_alike_in_every_locale(decimal, encoding, tmp_path):
    path = tmp_path / "fix.txt"
    path.write_bytes(report(decimal=decimal).encode(encoding))
    table, changes = read_fixations(path, stimulus_column="image_file", picture_at=(128, 96))
    assert table["x_px"].tolist() == [384.0, 472.25, -28.0]
    assert table["y_px"].tolist() == [288.5, 204.0, -46.0]
    assert table["onset_ms"].tolist() == [12, 400, 5]
    assert table["fixation"].tolist() == [0, 2, 0]
    said = [str(change) for change in changes]
    assert "dropped: fixations without a position ('.' in CURRENT_FIX_X or _Y) (1 row)" in said
    assert any(line.startswith("offset: screen px to picture px") for line in said)
    assert any("decimal mark" in line for line in said) == (decimal == ",")


def test_what_a_report_does_not_say_is_asked_for_by_name(tmp_path):
    path = tmp_path / "fix.txt"
    path.write_text(report())
    with pytest.raises(ValueError, match=r"give stimulus_column\. It may be image_file\."):
        read_fixations(path)
    with pytest.raises(ValueError, match=r"where the picture was is not stored.*picture_at"):
        read_fixations(path, stimulus_column="image_file")
    with pytest.raises(ValueError, match="needs screen_px"):
        read_fixations(path, stimulus_column="image_file", picture_at="center")


def test_both_eyes_of_one_trial_are_not_mixed(tmp_path):
    path = tmp_path / "fix.txt"
    both = [*ROWS[:1], ("s01", 1, "LEFT", 1, "500.0", "380.0", 12, 200, "a.jpg")]
    path.write_text(report(both))
    with pytest.raises(ValueError, match="both eyes"):
        read_fixations(path, stimulus_column="image_file", picture_at="screen")
    table, _ = read_fixations(path, stimulus_column="image_file", picture_at="screen", eye="left")
    assert table["x_px"].tolist() == [500.0]


def test_pictures_of_different_size_are_placed_by_their_files(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("L", (1024, 768)).save(pictures / "a.jpg")
    Image.new("L", (640, 480)).save(pictures / "b.jpg")
    path = tmp_path / "fix.txt"
    path.write_text(report())
    place = {"picture_at": "center", "screen_px": (1280, 960), "picture_px": pictures}
    table, _ = read_fixations(path, stimulus_column="image_file", **place)
    assert table["x_px"].tolist() == [512 - 128, 600.25 - 128, 100 - 320]
    scaled = {"picture_at": (0, 0, 1280, 960), "picture_px": pictures}
    table, changes = read_fixations(path, stimulus_column="image_file", **scaled)
    np.testing.assert_allclose(table["x_px"].iloc[0], (512 + 0.5) * 1024 / 1280 - 0.5)
    assert any(change.kind == "scale" for change in changes)


def test_reports_of_few_columns_are_numbered_by_the_fixations_start(tmp_path):
    # as R packages ship them: no index, no trial number, rows not in order, columns that differ by case only
    path = tmp_path / "fix.xls"
    path.write_text(
        "RECORDING_SESSION_LABEL\tCURRENT_FIX_START\tCURRENT_FIX_DURATION\tCURRENT_FIX_X\tCURRENT_FIX_Y\t"
        "Target\ttrial_index\tTRIAL_INDEX\n"
        "9115\t858\t428\t180.90\t131.10\tpistol\t7\t1\n9115\t22\t786\t511.80\t417.50\tpistol\t7\t1\n"
    )
    table, changes = read_fixations(path, stimulus_column="Target", picture_at="screen")
    assert table[["fixation", "x_px", "trial"]].values.tolist() == [[1, 180.9, "1"], [0, 511.8, "1"]]
    assert any("in the order of CURRENT_FIX_START" in change.text for change in changes)
    with pytest.raises(ValueError, match=r"no column subj;.*another one with subject_column\. Its columns"):
        read_fixations(path, stimulus_column="Target", subject_column="subj", picture_at="screen")


def test_reports_exported_with_semicolons_and_decimal_commas(tmp_path):
    path = tmp_path / "fix.csv"
    path.write_text(report(decimal=",").replace("\t", ";"))
    table, _ = read_fixations(path, stimulus_column="image_file", picture_at="screen")
    assert table["x_px"].tolist() == [512.0, 600.25, 100.0]


REPORT = "RECORDING_SESSION_LABEL\tTRIAL_INDEX\tCURRENT_FIX_INDEX\tCURRENT_FIX_X\tCURRENT_FIX_Y\timage\n"


def test_a_comma_that_may_group_thousands_is_asked_about(tmp_path):
    path = tmp_path / "fix.txt"
    path.write_text(REPORT + "s1\t1\t1\t1,100\t200\ta.png\ns1\t1\t2\t300\t.\ta.png\n")
    with pytest.raises(ValueError, match=r"'1,100' in row 0.*decimal=',' if it is a decimal mark.*thousands"):
        read_fixations(path, stimulus_column="image", picture_at="screen")
    table, _ = read_fixations(path, stimulus_column="image", picture_at="screen", decimal=",")
    assert table["x_px"].tolist() == [1.1]


def test_zero_stands_for_lost_gaze_only_in_both_coordinates(tmp_path):
    path = tmp_path / "fix.txt"
    path.write_text(REPORT + "s1\t1\t1\t0.0\t200.5\ta.png\ns1\t1\t2\t0.0\t0.0\ta.png\n")
    table, _ = read_fixations(path, stimulus_column="image", picture_at="screen", missing=[0])
    assert table[["x_px", "y_px"]].values.tolist() == [[0.0, 200.5]]


def test_reports_that_were_put_together_are_read_past_their_names(tmp_path):
    path = tmp_path / "reports.txt"
    path.write_text(REPORT + "s1\t1\t1\t10\t20\ta.png\n" + REPORT + "s2\t1\t1\t30\t40\ta.png\n")
    table, changes = read_fixations(path, stimulus_column="image", picture_at="screen")
    assert table[["subject", "x_px", "y_px"]].to_numpy().tolist() == [["s1", 10.0, 20.0], ["s2", 30.0, 40.0]]
    assert any("lines that repeat the names" in change.text and change.n == 1 for change in changes)


def test_reports_of_both_eyes_without_the_eye_ask_for_it(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text(REPORT + "s1\t1\t1\t10\t20\ta.png\ns1\t1\t1\t12\t21\ta.png\n")
    with pytest.raises(ValueError, match="as reports of both eyes have; add EYE_USED"):
        read_fixations(path, stimulus_column="image", picture_at="screen")


@pytest.mark.parametrize(("name", "kind"), [("IA_ID", "interest areas"), ("TIMESTAMP", "samples")])
def test_other_reports_of_data_viewer_are_named(name, kind, tmp_path):
    path = tmp_path / "report.txt"
    path.write_text(f"RECORDING_SESSION_LABEL\tTRIAL_INDEX\t{name}\ns1\t1\t1\n")
    with pytest.raises(ValueError, match=f"is a report of {kind}; export a fixation report"):
        read_fixations(path)


def test_codes_in_reports_are_missing_where_it_is_said(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text(REPORT + "s1\t1\t1\t10\t20\ta.png\ns1\t1\t2\t100000000.00\t100000000.00\ta.png\n")
    with pytest.raises(ValueError, match=r"missing=\[100000000\]"):
        read_fixations(path, stimulus_column="image", picture_at="screen")
    table, _ = read_fixations(path, stimulus_column="image", picture_at="screen", missing=[100000000])
    assert len(table) == 1
