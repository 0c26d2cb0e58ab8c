import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data

import scanpath as sp
from scanpath.metrics import simulate_answers
from scanpath.stimuli import write_texture_path


def test_a_folder_holds_what_its_manifest_says(tmp_path):
    table = write_texture_path(tmp_path / "one", path="frequency", n_levels=7, size_px=64, repeats=2, seed=3)
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert [round(level["value"], 3) for level in manifest["levels"]] == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    for level in manifest["levels"]:
        content = (tmp_path / "one" / level["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == level["sha256"]
        gray = np.asarray(Image.open(tmp_path / "one" / level["file"]), dtype=float)
        assert gray.shape == (64, 64)
        assert gray.std() / gray.mean() == pytest.approx(0.2, abs=0.01)
    read = pd.read_csv(tmp_path / "one" / "triads.csv")
    assert (read[["a", "b", "c"]] == table[["a", "b", "c"]]).all(axis=None)
    assert set(table.groupby(["a", "b", "c"]).size()) == {2}
    assert abs((table["first_pair"] == "ab").mean() - 0.5) < 0.02


def test_the_same_seed_gives_the_same_files(tmp_path):
    for name in ("a", "b"):
        write_texture_path(tmp_path / name, path="orientation-bandwidth", n_levels=3, size_px=64, seed=1)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_the_listed_triads_give_a_scale(tmp_path):
    table = write_texture_path(tmp_path / "one", path="frequency-bandwidth", n_levels=6, size_px=64, repeats=20)
    stimuli = table[["a", "b", "c"]].to_numpy()
    answers = simulate_answers(np.linspace(0, 1, 6), stimuli, noise=0.1)
    assert np.abs(sp.difference_scale(stimuli, answers).scale - np.linspace(0, 1, 6)).max() < 0.1


def test_a_pair_goes_from_the_spectrum_of_one_picture_to_that_of_the_other(tmp_path):
    for name, picture in (("brick", data.brick()), ("grass", data.grass())):
        Image.fromarray(picture[:128, :128]).save(tmp_path / f"{name}.png")
    ends = {"first": tmp_path / "brick.png", "last": tmp_path / "grass.png"}
    write_texture_path(tmp_path / "path", path="pair", n_levels=5, **ends)

    def likeness(level, end):
        spectra = []
        for file in (tmp_path / "path" / f"level_0{level}.png", end):
            gray = np.asarray(Image.open(file), dtype=float)
            spectra.append(np.log(np.abs(np.fft.fft2(gray - gray.mean()))[:40, :40].ravel() + 1))
        return np.corrcoef(*spectra)[0, 1]

    to_first = [likeness(level, ends["first"]) for level in range(5)]
    to_last = [likeness(level, ends["last"]) for level in range(5)]
    assert to_first[0] > 0.95
    assert to_last[-1] > 0.95
    assert np.all(np.diff(to_first) < 0)
    assert np.all(np.diff(to_last) > 0)


@pytest.mark.parametrize(
    "settings",
    [{"path": "color"}, {"path": "pair"}, {"path": "frequency", "phases": "none"}, {"path": "frequency", "first": "x"}],
)
def test_what_cannot_be_written_leaves_no_folder(tmp_path, settings):
    with pytest.raises(sp.InputError):
        write_texture_path(tmp_path / "new", **settings)
    assert not (tmp_path / "new").exists()
