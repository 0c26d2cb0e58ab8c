import pandas as pd
import pytest
import torch
from PIL import Image

from scanpath import InputError
from scanpath.stimuli import asymmetry_displays, read_asymmetry, write_asymmetry


@pytest.fixture
def small():
    return {"tasks": ["lighting_direction", "curve_in_lines"], "n_trials": 2, "seed": 3}


def test_displays_come_back_from_files_as_they_were_drawn(tmp_path, small):
    table = write_asymmetry(tmp_path / "out", **small)
    drawn, read = list(asymmetry_displays(**small)), list(read_asymmetry(tmp_path / "out"))
    assert len(drawn) == len(read) == len(table) == 2 * 2 * 3 + 2 * 3
    for one, other in zip(drawn, read):
        assert (one.name, one.target_box, one.background, one.px_per_deg, one.info) == (
            other.name, other.target_box, other.background, other.px_per_deg, other.info
        )  # fmt: skip
        for part in ("image", "target", "target_mask", "cells"):
            assert torch.equal(getattr(one, part), getattr(other, part)), part


def test_the_table_names_files_that_are_there(tmp_path, small):
    write_asymmetry(tmp_path / "out", **small)
    table = pd.read_csv(tmp_path / "out" / "displays.csv")
    for column in ("picture", "target", "mask", "cells"):
        assert all((tmp_path / "out" / file).is_file() for file in table[column])
    assert (table["seed"] == 3).all()
    with Image.open(tmp_path / "out" / table["picture"][0]) as picture:
        assert (picture.mode, picture.format) == ("L", "PNG")


def test_the_same_seed_writes_the_same_bytes(tmp_path, small):
    for name in ("first", "second"):
        write_asymmetry(tmp_path / name, **small)
    first = {path.relative_to(tmp_path / "first"): path.read_bytes() for path in (tmp_path / "first").rglob("*.*")}
    second = {path.relative_to(tmp_path / "second"): path.read_bytes() for path in (tmp_path / "second").rglob("*.*")}
    assert first == second


def test_progress_counts_every_display(tmp_path, small):
    seen = []
    write_asymmetry(tmp_path / "out", **small, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(n, 18) for n in range(1, 19)]


def test_an_interrupted_run_leaves_nothing(tmp_path, small):
    def stop(done, of):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_asymmetry(tmp_path / "out", **small, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_not_mixed_up(tmp_path, small):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        write_asymmetry(tmp_path, **small)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(InputError, match="is a file"):
        write_asymmetry(tmp_path / "notes.txt", **small)


def test_an_empty_folder_is_filled(tmp_path):
    write_asymmetry(tmp_path, tasks=["top_down"], n_trials=1)
    assert (tmp_path / "displays.csv").is_file()


def test_wrong_settings_write_nothing(tmp_path):
    for settings in ({"tasks": ["crosses"]}, {"n_trials": 0}, {"px_per_deg": -1}):
        with pytest.raises(InputError):
            write_asymmetry(tmp_path / "out", **settings)
    assert list(tmp_path.iterdir()) == []


def test_reading_says_what_is_missing(tmp_path):
    with pytest.raises(InputError, match="table of displays"):
        list(read_asymmetry(tmp_path))
    write_asymmetry(tmp_path / "out", tasks=["top_down"], n_trials=1)
    (tmp_path / "out" / "masks" / "top_down-06-000.png").write_bytes(b"nothing like a picture")
    with pytest.raises(InputError, match="top_down-06-000"):
        list(read_asymmetry(tmp_path / "out"))
