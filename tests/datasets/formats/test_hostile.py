"""Damaged and hostile files: one sentence of our own, and nothing written."""

import gzip
import json
import random
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
from scipy.io import savemat

from scanpath._core.errors import ScanpathError
from scanpath.datasets.formats import convert, read_fixations

TABLE = pd.DataFrame(
    {"stimulus": ["a.png"] * 3, "subject": ["s"] * 3, "fixation": [0, 1, 2], "x_px": [1.0, 2, 3], "y_px": [4.0, 5, 6]}
)
TRIAL = {"name": "a", "subject": 1, "task": "b", "bbox": [1, 2, 3, 4], "X": [1.0, 2.0], "Y": [3.0, 4.0], "T": [5, 6]}
PERSON = {"a": {"subject": "s", "image_height": 9, "image_width": 9, "screen_height": 9, "target_found": True,
                "target_bbox": [1, 2, 3, 4], "X": [1.0, 2.0], "Y": [3.0, 4.0]}}  # fmt: skip


def parquet(path):
    TABLE.to_parquet(path)
    return {}


def coco(path):
    path.write_text(json.dumps([TRIAL]))
    return {"from_": "coco_search18"}


def visions(path):
    path.write_text(json.dumps(PERSON))
    return {"from_": "visions"}


def matlab(path):
    px = np.arange(1.0, 10.0)
    savemat(path, {"s": {"x": px, "y": px, "img": "a", "subj": "b"}}, do_compression=True)
    return {"one_based": True}


def pysaliency(path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file.attrs["type"], file.attrs["version"] = np.bytes_("Scanpaths"), np.bytes_("1.0")
        file["xs"], file["ys"], file["n"], file["length"] = np.ones((2, 3)), np.ones((2, 3)), np.arange(2), [3, 3]
        file.create_group("scanpath_attributes")["subject"] = np.arange(2)
        file.create_group("fixation_attributes")["ts"] = np.ones((2, 3))
    return {"stimuli": "index", "time_unit": "s"}


MAKERS = {"t.parquet": parquet, "c.json": coco, "v.json": visions, "m.mat": matlab, "p.hdf5": pysaliency}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MAKERS)
def test_files_with_flipped_bytes_or_a_missing_end_are_read_or_refused_in_one_sentence(name, tmp_path):
    path, out = tmp_path / name, tmp_path / "out.csv"
    settings = MAKERS[name](path)
    convert(path, out, **settings)
    whole = path.read_bytes()
    choose = random.Random(0)
    said, left = [], []
    for number in range(60):
        out.unlink(missing_ok=True)
        content = bytearray(whole)
        for _ in range(choose.randint(1, 4)):
            content[choose.randrange(len(content))] = choose.randrange(256)
        path.write_bytes(content if number % 3 else content[: choose.randrange(1, len(content))])
        try:
            convert(path, out, **settings)
        except ScanpathError as error:
            said.append(str(error))
            left += [one for one in tmp_path.iterdir() if one != path]
    assert len(said) > 10
    assert [text for text in said if "\n" in text] == []
    assert left == []


WRONG = [
    [TRIAL | {"name": {"a": 1}}],
    [TRIAL | {"X": [10**400, 1]}],
    [TRIAL | {"bbox": ["a", 1, 2, 3]}],
    [3],
    {"a": PERSON["a"] | {"target_bbox": ["a", 2, 3, 4]}},
    {"a": PERSON["a"] | {"X": None}},
    {"a": [1]},
]


@pytest.mark.parametrize("content", WRONG)
def test_json_of_the_right_shape_and_wrong_kind_is_refused(content, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content))
    form = "coco_search18" if isinstance(content, list) else "visions"
    with pytest.raises(ScanpathError) as error:
        read_fixations(path, format=form)
    assert str(path) in str(error.value)


def test_a_damaged_feather_file_does_not_end_the_process(tmp_path):
    # Arrow checks the places of values only when it is told to, and ends the process where they are out of bounds
    polars = pytest.importorskip("polars")
    path = tmp_path / "events.feather"
    frame = {"name": ["fixation"] * 4, "onset": [1, 2, 3, 4], "offset": [2, 3, 4, 5], "location": [[1.0, 2.0]] * 4}
    polars.DataFrame({**frame, "stimulus": ["a"] * 4, "subject": ["s"] * 4}).write_ipc(path)
    code = """
import random, sys
from scanpath._core.errors import ScanpathError
from scanpath.datasets.formats import read_fixations
whole, choose, refused = open(sys.argv[1], "rb").read(), random.Random(0), 0
for _ in range(150):
    content = bytearray(whole)
    for _ in range(4):
        content[choose.randrange(len(content))] = choose.randrange(256)
    open(sys.argv[1], "wb").write(content)
    try:
        read_fixations(sys.argv[1], picture_at="screen")
    except ScanpathError:
        refused += 1
print(refused)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout) > 10


def test_a_small_file_of_very_many_equal_rows_is_refused_and_the_limit_can_be_raised(tmp_path):
    path = tmp_path / "bomb.parquet"
    rows = 2_000_000
    columns = {name: pyarrow.array([value]).take(pyarrow.array(np.zeros(rows, np.int32))) for name, value in
               {"stimulus": "a", "subject": "s", "fixation": 0, "x_px": 1.0, "y_px": 1.0}.items()}  # fmt: skip
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    assert path.stat().st_size < 200_000
    with pytest.raises(ValueError, match=r"holds 2000000 rows, which would take 80000000 bytes.*raise max_bytes"):
        read_fixations(path, max_bytes=10_000_000)
    with pytest.raises(ValueError, match="repeats fixation 0"):
        read_fixations(path, max_bytes=100_000_000)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stimulus;subject;fixation;x_px;y_px\na;s;0;1,5;2\n", "separates values by semicolons"),
        ("stimulus\tsubject\tfixation\tx_px\ty_px\na\ts\t0\t1,5\t2\n", "separates values by tabs"),
        ("stimulus,subject,fixation,x_px,y_px,x_px\na,s,0,1,2,3\n", "column 'x_px' more than once"),
        ('stimulus,subject,fixation,x_px,y_px\na,s,0,"1,5",2\n', "column 'x_px' must hold numbers, got '1,5' in row 0"),
        ("stimulus,subject,fixation,x_px,y_px\n\xe9,s,0,1,2\n", "is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_tables_of_other_programs_and_countries(text, says, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=says):
        read_fixations(path, format="csv")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_line_end_and_a_byte_order_mark_are_read(end, mark, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes((mark + f"stimulus,subject,fixation,x_px,y_px{end}a,s,0,1,2{end}").encode())
    assert read_fixations(path)[0][["x_px", "y_px"]].values.tolist() == [[1, 2]]


@pytest.mark.parametrize("way", ["external", "link", "virtual"])
@pytest.mark.parametrize("name", ["p.hdf5", "stimuli.hdf5", "m.mat"])
def test_hdf5_files_that_read_other_files_are_refused(name, way, tmp_path):
    h5py = pytest.importorskip("h5py")
    secret = tmp_path / "secret"
    with h5py.File(secret, "w") as file:
        file["x"] = np.arange(6.0).reshape(2, 3)
    settings = pysaliency(tmp_path / "p.hdf5")
    evil, part = tmp_path / name, {"p.hdf5": "xs", "stimuli.hdf5": "filenames", "m.mat": "x"}[name]
    with h5py.File(evil, "a") as file:
        if part in file:
            del file[part]
        if way == "external":
            file.create_dataset(part, (2, 3), dtype="u1", external=[(str(secret), 0, 6)])
        elif way == "link":
            file[part] = h5py.ExternalLink(str(secret), "x")
        else:
            layout = h5py.VirtualLayout((2, 3), dtype="f8")
            layout[:] = h5py.VirtualSource(str(secret), "x", (2, 3))
            file.create_virtual_dataset(part, layout)
    given = {"one_based": False} if name == "m.mat" else settings
    if name == "stimuli.hdf5":
        given["stimuli"] = evil
    with pytest.raises(ValueError, match="another file; give a file that holds its own arrays"):
        read_fixations(evil if name == "m.mat" else tmp_path / "p.hdf5", **given)


PACKED = {
    "a.asc.gz": (gzip.compress(b"MSG 1 hello\n"), "packed .gzip.; unpack it"),
    "a.zip": (b"PK\x03\x04rest", "save its sheet as CSV, or unpack it"),
    "a.edf": (b"SR_RESEARCH_Copy", "edf2asc"),
}


@pytest.mark.parametrize(("name", "content", "message"), [(name, *rest) for name, rest in PACKED.items()], ids=PACKED)
@pytest.mark.parametrize("form", [None, "eyelink_asc", "table", "csv"])
def test_what_is_packed_is_to_be_unpacked(tmp_path, name, content, message, form):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScanpathError, match=message):
        read_fixations(tmp_path / name, format=form)
