"""pysaliency, pymovements, multimatch-gaze and MATLAB files made outside the writers under test."""

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from scanpath.datasets.formats import (
    from_multimatch,
    read_fixations,
    table_from_events,
    table_to_events,
    to_multimatch,
    write_fixations,
)
from scanpath.gaze.scanpath import Scanpath


def trains(path, h5py):
    """FixationTrains as pysaliency 0.2 wrote them: padded arrays with NaN."""
    with h5py.File(path, "w") as file:
        file.attrs["type"], file.attrs["version"] = np.bytes_("FixationTrains"), np.bytes_("1.1")
        nan = np.nan
        file["train_xs"] = np.array([[1.0, 2.0, nan], [3.0, 4.0, 5.0]])
        file["train_ys"] = np.array([[6.0, 7.0, nan], [8.0, 9.0, 10.0]])
        file["train_ts"] = np.array([[0.0, 0.3, nan], [0.0, 0.2, 0.5]])
        file["train_ns"], file["train_subjects"] = np.array([1, 0]), np.array([0, 3])
        group = file.create_group("scanpath_attributes")
        group.attrs["__attributes__"] = np.bytes_("[]")


def test_pysaliency_fixation_trains(tmp_path):
    h5py = pytest.importorskip("h5py")
    trains(tmp_path / "t.hdf5", h5py)
    with pytest.raises(ValueError, match="give stimuli"):
        read_fixations(tmp_path / "t.hdf5")
    with pytest.raises(ValueError, match="give time_unit"):
        read_fixations(tmp_path / "t.hdf5", stimuli="index")
    table, _ = read_fixations(tmp_path / "t.hdf5", stimuli=["i1.jpeg", "i2.jpeg"], time_unit="s")
    assert table["stimulus"].tolist() == ["i2.jpeg"] * 2 + ["i1.jpeg"] * 3
    assert table["onset_ms"].tolist() == [0, 300, 0, 200, 500]
    assert table["subject"].tolist() == ["0", "0", "3", "3", "3"]
    with pytest.raises(ValueError, match="names only 1"):
        read_fixations(tmp_path / "t.hdf5", stimuli=["i1.jpeg"], time_unit="s")


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("nested", [True, False])
def test_pysaliency_scanpaths_of_every_version(padded, nested, tmp_path):
    h5py = pytest.importorskip("h5py")
    nan = np.nan
    with h5py.File(tmp_path / "s.hdf5", "w") as file:
        group = file
        if nested:
            file.attrs["type"], file.attrs["version"] = np.bytes_("ScanpathFixations"), np.bytes_("1.0")
            group = file.create_group("scanpaths")
        group.attrs["type"], group.attrs["version"] = np.bytes_("Scanpaths"), np.bytes_("1.0")
        group["n"], group["length" if padded else "lengths"] = np.array([1, 0]), np.array([2, 3])
        values = {"xs": [[1.0, 2.0, nan], [3.0, 4.0, 5.0]], "ys": [[6.0, 7.0, nan], [8.0, 9.0, 10.0]]}
        for name, rows in values.items():
            group[name] = np.array(rows) if padded else np.array(rows).ravel()[[0, 1, 3, 4, 5]]
        part = group.create_group("fixation_attributes")
        part["durations"] = np.array([[0.2, 0.3, nan], [0.1, 0.2, 0.3]]) if padded else np.arange(1, 6) / 10
        group.create_group("scanpath_attributes")["subject"] = np.array([0, 3])
    table, _ = read_fixations(tmp_path / "s.hdf5", stimuli="index", time_unit="s")
    assert table["x_px"].tolist() == [1, 2, 3, 4, 5]
    assert table["y_px"].tolist() == [6, 7, 8, 9, 10]
    assert table["subject"].tolist() == ["0", "0", "3", "3", "3"]
    assert table["duration_ms"].notna().all()
    with h5py.File(tmp_path / "s.hdf5", "r+") as file:
        del (file["scanpaths"] if nested else file)["n"]
    with pytest.raises(ValueError, match="lacks a part of pysaliency's Scanpaths"):
        read_fixations(tmp_path / "s.hdf5", stimuli="index", time_unit="s")


def test_pysaliency_stimuli_files_name_the_pictures(tmp_path):
    h5py = pytest.importorskip("h5py")
    trains(tmp_path / "t.hdf5", h5py)
    with h5py.File(tmp_path / "stimuli.hdf5", "w") as file:
        file.attrs["type"] = np.bytes_("FileStimuli")
        file.create_dataset("filenames", data=[b"stimuli/i1.jpeg", b"stimuli/i2.jpeg"], dtype=h5py.string_dtype())
    table, _ = read_fixations(tmp_path / "t.hdf5", stimuli=tmp_path / "stimuli.hdf5", time_unit="s")
    assert set(table["stimulus"]) == {"i1.jpeg", "i2.jpeg"}


def test_an_hdf5_header_that_promises_terabytes_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "t.hdf5", "w") as file:
        file.attrs["type"], file.attrs["version"] = np.bytes_("Scanpaths"), np.bytes_("1.0")
        file.create_dataset("xs", shape=(10**12,), dtype="f8", chunks=(1024,))
    with pytest.raises(ValueError, match="8000000000000 bytes"):
        read_fixations(tmp_path / "t.hdf5", stimuli="index")


@pytest.mark.filterwarnings("ignore")
def test_pymovements_events_come_in_and_go_out():
    polars = pytest.importorskip("polars")
    pymovements = pytest.importorskip("pymovements")
    frame = polars.DataFrame(
        {
            "name": ["fixation_ivt", "saccade", "fixation_ivt"],
            "onset": [10, 200, 250],
            "offset": [200, 250, 600],
            "location": [[100.0, 50.0], [0.0, 0.0], [140.0, 60.0]],
            "stimulus": ["a"] * 3,
            "subject": ["s"] * 3,
        }
    )
    events = pymovements.Events(data=frame, trial_columns=["stimulus", "subject"])
    table = table_from_events(events, picture_at=(100, 50))
    assert table["x_px"].tolist() == [0, 40]
    assert table["duration_ms"].tolist() == [190, 350]
    again = table_to_events(table)
    assert isinstance(again, pymovements.Events)
    assert again.fixations["offset"].to_list() == [200, 600]
    pd.testing.assert_frame_equal(table_from_events(again, picture_at="screen"), table)


def test_events_of_two_eyes_or_two_detections_are_not_mixed():
    frame = pd.DataFrame(
        {
            "name": ["fixation_ivt", "fixation_eyelink", "fixation_ivt", "fixation_ivt"],
            "eye": ["left", "left", "right", None],
            "onset": [0, 1, 2, 300],
            "offset": [200, 201, 202, 400],
            "location": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]],
            "stimulus": "a",
            "subject": "s",
        }
    )
    with pytest.raises(ValueError, match="name fixation_eyelink and fixation_ivt; choose one with name="):
        table_from_events(frame, picture_at="screen")
    with pytest.raises(ValueError, match="eye left and right; choose one with eye="):
        table_from_events(frame, picture_at="screen", name="fixation_ivt")
    with pytest.raises(ValueError, match="no fixation with eye 'both', only left, right"):
        table_from_events(frame, picture_at="screen", name="fixation_ivt", eye="both")
    table = table_from_events(frame, picture_at="screen", name="fixation_ivt", eye="left")
    assert table[["x_px", "y_px"]].values.tolist() == [[1, 2]]


def test_events_without_positions_name_the_remedy():
    frame = pd.DataFrame({"name": ["fixation"], "onset": [0], "offset": [1], "stimulus": ["a"], "subject": ["s"]})
    with pytest.raises(ValueError, match="event property 'location'"):
        table_from_events(frame, picture_at="screen")


def test_multimatch_gaze_takes_our_arrays():
    multimatch_gaze = pytest.importorskip("multimatch_gaze")
    path = Scanpath([(10, 20), (300, 200), (50, 400)], duration_ms=[200, 250, 300])
    assert multimatch_gaze.docomparison(to_multimatch(path), to_multimatch(path), [800, 600])[0] == pytest.approx(1)
    assert from_multimatch(to_multimatch(path)) == path


def test_multimatch_files_of_others_are_named_by_a_pattern(tmp_path):
    (tmp_path / "segment_0_sub-19.tsv").write_text("start_x\tstart_y\tduration\n11\t12\t0.2\n13\t14\t0.3\n")
    (tmp_path / "notes.txt").write_text("x")
    table, changes = read_fixations(tmp_path, format="multimatch_gaze", pattern="segment_{stimulus}_sub-{subject}.tsv")
    assert table[["stimulus", "subject", "duration_ms"]].values.tolist() == [["0", "19", 200.0], ["0", "19", 300.0]]
    assert [str(change) for change in changes] == ["unit: durations from s to ms"]
    with pytest.raises(ValueError, match="give stimulus and subject"):
        read_fixations(tmp_path / "segment_0_sub-19.tsv")


def test_an_index_cannot_point_outside_its_folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "index.csv").write_text("file,stimulus,subject\n../secret.tsv,a,b\n")
    with pytest.raises(ValueError, match="not in that folder"):
        read_fixations(tmp_path / "in", format="multimatch_gaze")


def test_numpy_files_are_never_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"x": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="not a plain NumPy file"):
        read_fixations(tmp_path / "a.npy", format="multimatch_gaze", stimulus="a", subject="b")


def osie_like():
    """Cells of structs, as OSIE's fixations.mat: picture -> subjects -> vectors."""
    pictures = np.empty((2, 1), dtype=object)
    for place in range(2):
        subjects = np.empty((3, 1), dtype=object)
        for number in range(3):
            subjects[number, 0] = {
                "fix_x": np.arange(1.0, 3 + number),
                "fix_y": np.arange(5.0, 7 + number),
                "fix_duration": np.full(2 + number, 200),
            }
        pictures[place, 0] = {"img": f"100{place}.jpg", "subjects": subjects}
    return pictures


FIELDS = {"subject": "subjects#", "stimulus": "img"}


def test_nested_matlab_cells_give_picture_and_place_of_the_subject(tmp_path):
    savemat(tmp_path / "f.mat", {"fixations": osie_like()}, do_compression=True)
    table, changes = read_fixations(tmp_path / "f.mat", fields=FIELDS, one_based=True, time_unit="ms")
    counts = table.groupby(["stimulus", "subject"]).size()
    assert counts.to_dict() == {(f"100{p}.jpg", str(s)): 1 + s for p in range(2) for s in (1, 2, 3)}
    assert table["x_px"].min() == 0
    assert any(change.kind == "offset" for change in changes)


def test_matlab_files_do_not_say_where_they_count_from(tmp_path):
    savemat(tmp_path / "f.mat", {"fixations": osie_like()})
    with pytest.raises(ValueError, match="one_based=True or False"):
        read_fixations(tmp_path / "f.mat", fields=FIELDS)
    with pytest.raises(ValueError, match="give time_unit"):
        read_fixations(tmp_path / "f.mat", fields=FIELDS, one_based=True)
    with pytest.raises(ValueError, match=r"give fields=\{'subject'"):
        read_fixations(tmp_path / "f.mat", one_based=True)


def test_a_compressed_matlab_bomb_is_refused_before_it_is_unpacked(tmp_path):
    savemat(tmp_path / "f.mat", {"x": np.zeros(5_000_000)}, do_compression=True)
    assert (tmp_path / "f.mat").stat().st_size < 100_000
    with pytest.raises(ValueError, match="raise max_bytes"):
        read_fixations(tmp_path / "f.mat", one_based=False, max_bytes=10_000_000)


def write_matlab_73(path, **variables):
    """Write dicts as structs, tuples as struct arrays, lists as cells, text and numbers, in MATLAB's layout."""
    h5py = pytest.importorskip("h5py")

    def put(group, name, value):
        if isinstance(value, dict):
            made = group.create_group(name)
            for key, one in value.items():
                put(made, key, one)
        elif isinstance(value, tuple):
            made = group.create_group(name)
            for key in value[0]:
                refer(made, key, [element[key] for element in value])
        elif isinstance(value, list):
            made = refer(group, name, value)
        elif isinstance(value, str):
            made = group.create_dataset(name, data=np.array([[ord(letter)] for letter in value], "u2"))
        elif np.size(value) == 0:
            made = group.create_dataset(name, data=np.array([0, 0], "u8"))
            made.attrs["MATLAB_empty"] = np.uint8(1)
        else:
            made = group.create_dataset(name, data=np.atleast_2d(np.asarray(value, "f8")).T)
        kinds = {dict: "struct", tuple: "struct", list: "cell", str: "char"}
        made.attrs["MATLAB_class"] = np.bytes_(kinds.get(type(value), "double"))
        return made

    def refer(group, name, values):
        links = group.create_dataset(name, (len(values), 1), dtype=h5py.ref_dtype)
        for place, value in enumerate(values):
            links[place, 0] = put(refs, str(len(refs)), value).ref
        return links

    with h5py.File(path, "w", userblock_size=512) as file:
        refs = file.create_group("#refs#")
        for name, value in variables.items():
            put(file, name, value)
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + b"\x00\x02IM")


@pytest.mark.parametrize("shape", [(1, 2), (2, 1)])
def test_matlab_73_struct_arrays(shape, tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "v73.mat"
    elements = (
        {"x": np.array([1, 2]), "y": np.array([4, 5]), "subject": 7, "image": "a.png"},
        {"x": 3, "y": 6, "subject": 8, "image": "b.png"},
    )
    write_matlab_73(path, scanpaths=elements)
    with h5py.File(path, "r+") as file:
        for name in elements[0]:
            links = file["scanpaths"][name][()]
            del file["scanpaths"][name]
            file["scanpaths"].create_dataset(name, data=links.reshape(shape), dtype=h5py.ref_dtype)
    table, _ = read_fixations(path, one_based=True)
    assert table[["stimulus", "subject", "x_px"]].values.tolist() == [
        ["a.png", "7", 0.0],
        ["a.png", "7", 1.0],
        ["b.png", "8", 2.0],
    ]


def test_matlab_73_and_5_give_the_same_table(tmp_path):
    def person(n):
        return {"fix_x": np.arange(1.0, n + 1), "fix_y": np.arange(11.0, n + 11), "fix_duration": np.full(n, 250.0)}

    pictures = [{"img": f"{name}.jpg", "subjects": [person(n) for n in (3, 0, 2)]} for name in "ab"]
    write_matlab_73(tmp_path / "new.mat", fixations=pictures)
    cells = np.empty(2, dtype=object)
    for place, picture in enumerate(pictures):
        people = np.empty(3, dtype=object)
        people[:] = picture["subjects"]
        cells[place] = {"img": picture["img"], "subjects": people}
    savemat(tmp_path / "old.mat", {"fixations": cells})
    (new, changes), (old, known) = (
        read_fixations(tmp_path / name, fields=FIELDS, one_based=True, time_unit="ms")
        for name in ("new.mat", "old.mat")
    )
    pd.testing.assert_frame_equal(new, old)
    assert list(changes) == list(known)
    assert new.groupby("stimulus")["subject"].unique().map(list).to_dict() == {"a.jpg": ["1", "3"], "b.jpg": ["1", "3"]}


def test_matlab_73_files_whose_references_unfold_to_many_are_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    write_matlab_73(tmp_path / "bomb.mat", x=["a"])
    with h5py.File(tmp_path / "bomb.mat", "r+") as file:
        refs, inner = file["#refs#"], file["#refs#/0"].ref
        for level in range(20):
            cell = refs.create_dataset(f"level{level}", data=np.array([[inner] * 10], dtype=h5py.ref_dtype))
            inner = cell.ref
        file["x"][0, 0] = inner
    with pytest.raises(ValueError, match="raise max_bytes"):
        read_fixations(tmp_path / "bomb.mat", one_based=False, max_bytes=10_000_000)
    with h5py.File(tmp_path / "bomb.mat", "r+") as file:
        file["x"][0, 0] = file["x"].ref
    with pytest.raises(ValueError, match=r"bomb\.mat"):
        read_fixations(tmp_path / "bomb.mat", one_based=False)


@pytest.mark.parametrize("name", ["t.mat", "t.hdf5", "t.asc", "t.feather", "t.parquet"])
@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0 MAT-file" + bytes(200), bytes(range(256)) * 3])
def test_damaged_files_give_one_sentence(name, content, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    settings = {"t.mat": {"one_based": True}, "t.hdf5": {"stimuli": "index"}}.get(name, {})
    if name in ("t.hdf5",):
        pytest.importorskip("h5py")
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        read_fixations(path, **settings)


def test_real_scanpaths_survive_every_format(shared, tmp_path):
    osie = pd.read_parquet(shared / "data" / "osie" / "fixations.parquet").query("image == image.min()")
    table = pd.DataFrame(
        {
            "stimulus": osie["image"].astype(str),
            "subject": osie["subject"].astype(str),
            "fixation": osie["index"],
            "x_px": osie["x"].astype(float),
            "y_px": osie["y"].astype(float),
            "duration_ms": osie["duration_ms"].astype(float),
        }
    ).sort_values(["subject", "fixation"], ignore_index=True)
    write_fixations(table, tmp_path / "m.mat")
    back, _ = read_fixations(tmp_path / "m.mat", one_based=False, time_unit="ms")
    columns = ["stimulus", "subject", "x_px", "y_px", "duration_ms"]
    pd.testing.assert_frame_equal(back[columns], table[columns], check_dtype=False)


def test_matlab_structs_without_a_fixation_are_counted(tmp_path):
    array = np.empty(3, dtype=[("subj", object), ("image_name", object), ("x", object), ("y", object)])
    for place, n in enumerate((2, 0, 1)):
        array[place] = (f"p{place}", "a.jpg", np.arange(1.0, n + 1), np.arange(11.0, n + 11))
    savemat(tmp_path / "info.mat", {"info_per_subj": array})
    table, changes = read_fixations(tmp_path / "info.mat", one_based=True)
    assert table[["subject", "x_px", "y_px"]].values.tolist() == [["p0", 0, 10], ["p0", 1, 11], ["p2", 0, 10]]
    assert "dropped: 1 scanpaths that hold no fixation" in [str(change) for change in changes]


def test_matlab_matrices_of_x_and_y_are_named_and_polygons_beside_them_left_alone(tmp_path):
    # as FIGRIM has them: fixations of each phase as one matrix, people by their place, outlines of objects as x and y
    people = np.empty(3, dtype=[("trial", object), ("fixations", object)])
    for place, matrix in enumerate((np.array([[1.0, 2.0], [3.0, 4.0]]), np.empty((0, 0)), np.array([[5.0, 6.0]]))):
        people[place] = (float(place), {"enc": matrix, "rec": np.ones((4, 2))})
    image = {"filename": "a.jpg", "annotation": {"x": np.arange(4.0), "y": np.arange(4.0)}, "userdata": people}
    savemat(tmp_path / "all.mat", {"allImages": image})
    fields = {"xy_px": "enc", "subject": "userdata#"}
    table, changes = read_fixations(tmp_path / "all.mat", one_based=False, fields=fields)
    assert table[["subject", "trial", "x_px", "y_px"]].values.tolist() == [
        ["1", "0", 1, 2],
        ["1", "0", 3, 4],
        ["3", "2", 5, 6],
    ]
    assert "dropped: 1 scanpaths that hold no fixation" in [str(change) for change in changes]
    people[0]["fixations"]["enc"] = np.ones((2, 3))
    savemat(tmp_path / "all.mat", {"allImages": image})
    with pytest.raises(ValueError, match=r"enc has the shape \(2, 3\), and a matrix of x and y has two columns"):
        read_fixations(tmp_path / "all.mat", one_based=False, fields=fields)


def scanpath_file(path, h5py, n, **attributes):
    """Scanpaths, one a picture, with the attributes that are given."""
    with h5py.File(path, "w") as file:
        file.attrs["type"], file.attrs["version"] = np.bytes_("Scanpaths"), np.bytes_("1.0")
        file["xs"], file["ys"], file["n"], file["length"] = np.ones((n, 2)), np.ones((n, 2)), np.arange(n), [2] * n
        group = file.create_group("scanpath_attributes")
        for name, values in attributes.items():
            group[name] = values
        file.create_group("fixation_attributes")["pupil"] = np.ones((n, 2))


def test_pysaliency_pictures_that_differ_by_their_folders_stay_apart(tmp_path):
    h5py = pytest.importorskip("h5py")
    names = ["st/a.png", "st/one/a.png", "st/two/a.png"]
    scanpath_file(tmp_path / "s.hdf5", h5py, 3, subject=[0, 0, 0])
    with h5py.File(tmp_path / "stimuli.hdf5", "w") as file:
        file.create_dataset("filenames", data=names, dtype=h5py.string_dtype())
    table, changes = read_fixations(tmp_path / "s.hdf5", stimuli=tmp_path / "stimuli.hdf5")
    assert table["stimulus"].unique().tolist() == names
    assert "attributes pupil, which the table has no column for" in "".join(map(str, changes))
    with pytest.raises(ValueError, match=r"names 'a\.png' more than once"):
        read_fixations(tmp_path / "s.hdf5", stimuli=["a.png", "a.png", "b.png"])


def test_pysaliency_scanpaths_without_people_are_one_persons_by_a_setting(tmp_path):
    h5py = pytest.importorskip("h5py")
    scanpath_file(tmp_path / "s.hdf5", h5py, 2)
    with pytest.raises(ValueError, match="give subject='unknown'"):
        read_fixations(tmp_path / "s.hdf5", stimuli="index")
    table, _ = read_fixations(tmp_path / "s.hdf5", stimuli="index", subject="unknown")
    assert table["subject"].unique().tolist() == ["unknown"]


EVENTS = 'subject,stimulus,name,onset,offset,location\ns1,a.png,fixation,0.0,0.2,"[10.5, 20.5]"\n'


def test_pymovements_lists_in_cells_and_times_in_seconds_are_read(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(EVENTS + "NA,a.png,saccade,0.2,0.23,\n" + 'NA,a.png,fixation,0.23,0.4,"[1, 2]"\n')
    table, changes = read_fixations(path, picture_at="screen", time_unit="s")
    assert table["subject"].tolist() == ["s1", "NA"]
    assert table[["x_px", "y_px", "onset_ms"]].to_numpy().tolist() == [[10.5, 20.5, 0.0], [1.0, 2.0, 230.0]]
    assert table["duration_ms"].tolist() == pytest.approx([200.0, 170.0])
    assert "events that are not fixations (saccade) (1 row)" in "".join(map(str, changes))


def test_pymovements_events_of_an_unknown_kind_are_refused(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(EVENTS + 's1,a.png,fix2,0.23,0.4,"[1, 2]"\n')
    with pytest.raises(ValueError, match="events named 'fix2', which may or may not be fixations; choose with name="):
        read_fixations(path, picture_at="screen", time_unit="s")
