"""EyeLink reports and recordings, in files made as Data Viewer and edf2asc document them."""

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


ASC = """** CONVERTED FROM s.edf using edfapi 4.2.1
MSG\t2091650 DISPLAY_COORDS 0 0 1279 1023
EFIX L   2091100\t2091200\t101\t  10.0\t  10.0\t    784
MSG\t2091660 TRIALID 1
START\t2091661 \tLEFT\tSAMPLES\tEVENTS
SAMPLES\tGAZE\tLEFT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2\tINPUT
SFIX L   2091650
2091662\t  640.0\t  512.0\t  784.0\t    0.0\t...
MSG\t2091662 -2 !V IMGLOAD FILL images/a.png
EFIX L   2091655\t2091864\t210\t  640.0\t  512.5\t    784
SSACC L  2091865
ESACC L  2091865\t2091866\t2\t  640.0\t  512.0\t  800.0\t  512.0\t   4.62\t     190
SFIX L   2091867
EFIX L   2091867\t2092067\t201\t  800.0\t  512.0\t    784
END\t2092101 \tSAMPLES\tEVENTS\tRES\t  38.54\t  31.12
EFIX L   2092200\t2092300\t101\t  10.0\t  10.0\t    784
MSG\t2092650 TRIALID 2
START\t2092661 \tLEFT\tSAMPLES\tEVENTS
MSG\t2092662 0 !V IMGLOAD FILL images/b.png
SFIX L   2092670
EFIX L   2092670\t2092700\t31\t  100.0\t  200.0\t    784
END\t2092901 \tSAMPLES\tEVENTS\tRES\t  38.54\t  31.12
"""


def test_recordings_give_the_trackers_own_fixations_relative_to_their_picture(tmp_path):
    path = tmp_path / "p07.asc"
    path.write_text(ASC)
    table, changes = read_fixations(path, picture_at="center", picture_px=(1024, 768))
    assert table["stimulus"].tolist() == ["images/a.png", "images/a.png", "images/b.png"]
    assert table["trial"].tolist() == ["1", "1", "2"]
    assert set(table["subject"]) == {"p07"}
    assert table["onset_ms"].tolist() == [-9.0, 203.0, 8.0]  # the message came 2 ms before its picture
    assert table["duration_ms"].tolist() == [210, 201, 31]
    assert table["x_px"].tolist() == [640 - 128, 800 - 128, 100 - 128]
    assert "dropped: fixations while no picture was shown (2 rows)" in [str(change) for change in changes]


@pytest.mark.filterwarnings("ignore")
def test_fixation_times_agree_with_pymovements(tmp_path):
    pymovements = pytest.importorskip("pymovements")
    path = tmp_path / "p07.asc"
    path.write_text(ASC)
    events = pymovements.gaze.from_asc(path, events=True).events.frame
    theirs = events.filter(events["name"].str.starts_with("fixation"))
    ours, _ = read_fixations(path, picture_at="screen")
    clock = ours["onset_ms"] + ours["stimulus"].map({"images/a.png": 2091664, "images/b.png": 2092662})
    assert set(clock) <= set(theirs["onset"].to_list())


def test_a_recording_without_picture_messages_asks_for_their_pattern(tmp_path):
    path = tmp_path / "p.asc"
    path.write_text(ASC.replace("!V IMGLOAD", "!V DRAW"))
    with pytest.raises(ValueError, match="give stimulus_message"):
        read_fixations(path, picture_at="screen")
    table, _ = read_fixations(path, picture_at="screen", stimulus_message=r"DRAW \S+ images/(?P<stimulus>\w+)")
    assert table["stimulus"].tolist() == ["a", "a", "b"]
    with pytest.raises(ValueError, match=r"must have a group \(\?P<stimulus>"):
        read_fixations(path, picture_at="screen", stimulus_message="DRAW")


def test_a_recording_shows_its_messages_where_none_names_a_picture(tmp_path):
    path = tmp_path / "p.asc"
    setup = "MSG\t2091661 RECCFG CR 1000 2 1 L\nMSG\t2091662 -2 SYNCTIME"
    path.write_text(ASC.replace("MSG\t2091662 -2 !V IMGLOAD FILL images/a.png", setup).replace("IMGLOAD", "DRAW"))
    with pytest.raises(ValueError, match=r"messages are, for example, 'TRIALID 1', '-2 SYNCTIME'"):
        read_fixations(path, picture_at="screen")


def test_positions_in_head_reference_units_are_refused(tmp_path):
    path = tmp_path / "p.asc"
    path.write_text(ASC.replace("SAMPLES\tGAZE", "EVENTS\tHREF\tLEFT\tRATE\t1000.00\nSAMPLES\tHREF"))
    with pytest.raises(ValueError, match="HREF units, which are not screen pixels"):
        read_fixations(path, picture_at="screen")


def test_a_damaged_line_is_named_by_its_number(tmp_path):
    path = tmp_path / "p.asc"
    path.write_text(ASC.replace("EFIX L   2091867\t2092067\t201\t  800.0", "EFIX L   2091867\t2092067\t201\t  8x0.0"))
    with pytest.raises(ValueError, match="line 14 is damaged: 'EFIX L"):
        read_fixations(path, picture_at="screen")


def test_a_picture_shown_twice_in_a_trial_gives_two_scanpaths(tmp_path):
    path = tmp_path / "p.asc"
    path.write_text(ASC.replace("images/b.png", "images/a.png").replace("TRIALID", "BLOCK"))
    table, changes = read_fixations(path, picture_at="screen")
    assert table[["trial", "fixation", "onset_ms"]].values.tolist() == [["1", 0, -9.0], ["1", 1, 203.0], ["2", 0, 8.0]]
    assert any("number of the showing" in change.text for change in changes)


def test_pictures_are_found_in_a_folder_by_name_though_the_recording_has_their_path(tmp_path):
    Image.new("L", (1024, 768)).save(tmp_path / "a.png")
    Image.new("L", (640, 480)).save(tmp_path / "b.png")
    path = tmp_path / "p.asc"
    path.write_text(ASC.replace("images/b.png", r"C:\\exp\\b.png"))
    table, _ = read_fixations(path, picture_at="center", picture_px=tmp_path)
    assert table["x_px"].tolist() == [640 - 128, 800 - 128, 100 - 320]


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
