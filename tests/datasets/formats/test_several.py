"""One export for each person, in a folder or as a list, against the same rows read one file at a time."""

import pandas as pd
import pytest

from scanpath._core.errors import InputError, InputWarning
from scanpath.datasets.formats import convert, read_fixations
from scanpath.gaze.table import read_table

OWN = {"columns": {"Bild": "stimulus", "X": "x_px", "Y": "y_px"}}
ASC = """MSG 10 TRIALID 1
START 20 LEFT EVENTS
MSG 30 !V IMGLOAD FILL a.png
EFIX L {start} {end} 100 {x} 50.5 900
END 900 EVENTS
"""


def own(folder, names, head="Bild,X,Y"):
    folder.mkdir(exist_ok=True)
    for n, name in enumerate(names):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(f"{head}\na.png,{10 + n},20\na.png,{30 + n},40\n")
    return folder


def test_files_of_a_folder_are_people_by_their_names(tmp_path):
    folder = own(tmp_path / "exports", ["P01.csv", "P02.csv", "P10.csv"])
    table, changes = read_fixations(folder, format="table", **OWN)
    assert table.groupby("subject")["x_px"].apply(list).to_dict() == {"P01": [10, 30], "P02": [11, 31], "P10": [12, 32]}
    assert "assumed: who looked is the name of the file, as the file does not say" in map(str, changes)
    listed, _ = read_fixations(sorted(folder.iterdir()), format="table", **OWN)
    pd.testing.assert_frame_equal(listed, table)


def test_what_a_file_says_of_people_wins_over_its_name(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"stimulus,subject,fixation,x_px,y_px\na,{name} said,0,1,2\n")
    assert read_fixations(tmp_path)[0]["subject"].tolist() == ["one said", "two said"]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    folder = own(tmp_path / "e", ["000/fixations.csv", "001/fixations.csv"])
    table, _ = read_fixations(folder, format="table", **OWN)
    assert sorted(set(table["subject"])) == ["000/fixations", "001/fixations"]


def test_recordings_of_eyelink_are_put_together(tmp_path):
    for n, name in enumerate(["s1", "s2"]):
        (tmp_path / f"{name}.asc").write_text(ASC.format(start=100, end=200, x=300.5 + n))
    out = tmp_path.parent / "people.csv"
    report = convert(tmp_path, out, picture_at="screen")
    assert (report.from_, report.n_scanpaths) == ("eyelink_asc", 2)
    assert read_table(out)[["subject", "x_px"]].to_numpy().tolist() == [["s1", 300.5], ["s2", 301.5]]


def test_gazepoints_exports_of_several_people_are_recognized(tmp_path):
    head = "MEDIA_NAME,FPOGX,FPOGY,FPOGS,FPOGD,FPOGID,FPOGV,"
    for n in range(2):
        (tmp_path / f"User {n}.csv").write_text(f"{head}\na.png,0.25,0.{25 + n},0.01,0.21,1,1,\n")
    table, _ = read_fixations(tmp_path, screen_px=(1280, 720), picture_at="screen")
    assert table[["subject", "fixation"]].to_numpy().tolist() == [["User 0", 0], ["User 1", 0]]


def test_one_persons_scanpath_in_two_files_is_refused(tmp_path):
    for name in ("a", "copy of a"):
        (tmp_path / f"{name}.csv").write_text("stimulus,subject,fixation,x_px,y_px\np,s1,0,1,2\n")
    with pytest.raises(
        InputError, match=r"copy of a.csv and .*a.csv both hold fixations of stimulus 'p', subject 's1'"
    ):
        read_fixations(tmp_path)


def test_files_of_two_kinds_and_no_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="no file in the folder"):
        read_fixations(tmp_path)
    (tmp_path / "a.csv").write_text("stimulus,subject,fixation,x_px,y_px\np,s1,0,1,2\n")
    (tmp_path / "b.asc").write_text("MSG 1 hello\n")
    with pytest.raises(InputError, match=r"a\.csv looks like csv and .*b\.asc like eyelink_asc"):
        read_fixations(tmp_path)
    with pytest.raises(InputError, match="given twice"):
        read_fixations([tmp_path / "a.csv", tmp_path / "a.csv"])
    with pytest.raises(InputError, match="No file to read"):
        read_fixations([])


def test_what_only_some_files_tell_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("stimulus,subject,fixation,x_px,y_px,duration_ms\np,s1,0,1,2,200\n")
    (tmp_path / "b.csv").write_text("stimulus,subject,fixation,x_px,y_px\np,s2,0,1,2\n")
    with pytest.warns(InputWarning, match=r"scanpaths without durations .* that of row 1 \(1 rows\)"):
        _, changes = read_fixations(tmp_path)
    assert "assumed: duration_ms is missing in some files, such as b.csv (1 row)" in map(str, changes)


@pytest.mark.parametrize(("name", "column"), [("stimulus", "Bild"), ("subject", "Wer")])
def test_one_name_for_what_a_column_tells_apart_is_refused(name, column, tmp_path):
    (tmp_path / "own.csv").write_text("Bild,Wer,X,Y\na,s,1,2\nb,t,3,4\n")
    columns = {"Bild": "stimulus", "Wer": "subject", "X": "x_px", "Y": "y_px"}
    with pytest.raises(InputError, match=rf"'{column}' tells 2 apart.*{name}= would make one"):
        read_fixations(tmp_path / "own.csv", columns=columns, **{name: "x"})
