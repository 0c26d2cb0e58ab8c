import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data

SCREEN = ("--screen", "1920x1080", "--width-cm", 53, "--distance-cm", 60)


@pytest.fixture
def foveate(scanpath, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(data.chelsea()[:120, :160]).save(photos / "cat.png")
    Image.fromarray(data.coffee()[100:220, 200:340]).save(photos / "cup.png")
    return lambda *arguments: scanpath("foveate", photos, tmp_path / "out", *arguments)


@pytest.fixture
def places(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("stimulus,x_px,y_px\ncat.png,20,60\ncat.png,140,60\ncup.png,70,60\n")
    return path


def test_a_table_of_places_gives_stimuli_of_the_screen_s_scale_and_goes_on(foveate, places, tmp_path):
    arguments = ("--fixations", places, *SCREEN)
    code, out, err = foveate(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith("3 of 3 stimuli")
    table = pd.read_csv(tmp_path / "out" / "manifest.csv")
    pixel_deg = 2 * np.degrees(np.arctan(53 / 1920 / 2 / 60))
    np.testing.assert_allclose(table["px_per_deg"], 1 / pixel_deg, rtol=1e-4)
    code, _, err = foveate(*arguments)
    assert code == 0
    assert "3 of 3 stimuli were there before" in err
    code, _, err = foveate(*arguments, "--strength", 3)
    assert code == 2
    assert "made with strength = 1.0, and now it is 3.0" in err


def test_control_sheets_have_the_names_of_their_stimuli(foveate, places, tmp_path):
    code, _, err = foveate("--fixations", places, "--px-per-deg", 8, "--control")
    assert code == 0, err
    sheets, stimuli = ({path.name for path in (tmp_path / "out" / where).glob("*.png")} for where in ("control", "."))
    assert sheets == stimuli
    assert "cat_f01_x140_y60_blur.png" in sheets


def test_films_last_as_the_table_says(foveate, tmp_path):
    table = pd.DataFrame({"stimulus": "cat.png", "x_px": [20, 140, 80], "y_px": 60, "duration_ms": [200, 350, 120]})
    table.to_csv(tmp_path / "people.csv", index=False)
    code, _, err = foveate("--fixations", tmp_path / "people.csv", "--px-per-deg", 6, "--form", "gif", "--strength", 4)
    assert code == 0, err
    with Image.open(tmp_path / "out" / "cat_blur.gif") as film:
        lasting = []
        for frame in range(film.n_frames):
            film.seek(frame)
            lasting.append(film.info["duration"])
    assert lasting == [200, 350, 120]
    assert "without a fixation in the table: 1 of the pictures, such as cup.png" in err


def test_a_picture_that_fails_is_named_and_the_others_are_made(foveate, places, tmp_path):
    (tmp_path / "photos" / "cup.png").write_bytes((tmp_path / "photos" / "cup.png").read_bytes()[:3000])
    code, _, err = foveate("--fixations", places, "--px-per-deg", 8)
    assert code == 2
    assert "skipped cup_f00_x70_y60_blur.png" in err
    assert "2 stimuli are in" in err
    assert "Traceback" not in err


def test_one_picture_can_have_a_control_sheet_too(scanpath, tmp_path):
    Image.fromarray(data.chelsea()[:120, :160]).save(tmp_path / "cat.png")
    arguments = ("--at", "20,60", "--px-per-deg", 8, "--control")
    code, out, err = scanpath("foveate", tmp_path / "cat.png", tmp_path / "seen.png", *arguments)
    assert (code, err) == (0, "")
    assert out.split() == [str(tmp_path / "seen.png"), str(tmp_path / "seen_control.png")]
    code, _, err = scanpath("foveate", tmp_path / "cat.png", tmp_path / "seen.png", *arguments)
    assert "seen.png was there and is replaced" in err
    code, _, err = scanpath("foveate", tmp_path / "cat.png", tmp_path / "cat.png", *arguments)
    assert code == 2
    assert "is the picture itself" in err


def test_help_says_that_the_default_blur_is_hardly_seen_and_how_to_make_it_visible(scanpath):
    text = " ".join(scanpath("foveate", "--help").stdout.split())
    assert "hardly sees the blur of the default law" in text
    assert "raise --strength" in text
    assert "--light linear" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fixations", "places.csv"], "Say how large a degree is"),
        (["--fixations", "places.csv", "--screen", "1920x1080"], "belong together"),
        (["--fixations", "places.csv", *SCREEN, "--px-per-deg", 30], "belong together"),
        (["--fixations", "places.csv", "--screen", "wide", *SCREEN[2:]], "WIDTHxHEIGHT"),
        (["--fixations", "places.csv", "--screen", "0x9", *SCREEN[2:]], "width_px"),
        (["--fixations", "places.csv", "--at", "1,2", *SCREEN], "one of the three"),
        (["--fixations", "outside.csv", *SCREEN], "300,60 in row 1 (the first is 0) lies outside the picture cat.png"),
        (["--fixations", "stranger.csv", *SCREEN], "is named 'dog.png'"),
        (["--fixations", "none.csv", *SCREEN], "no table at none.csv"),
        (["--fixations", "places.csv", *SCREEN, "--kind", "texture", "--law", "linear"], "law is a setting of blur"),
        (["--fixations", "places.csv", *SCREEN, "--jobs", 0], "jobs must be"),
        (["--fixations", "places.csv", *SCREEN, "--background", 2], "background"),
        (["--path", "places.csv", *SCREEN], "follows one picture"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(map(str, value)).replace("/", "-"),
)
def test_wrong_use_is_one_sentence_and_writes_nothing(foveate, places, tmp_path, arguments, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outside.csv").write_text("stimulus,x_px,y_px\ncat.png,20,60\ncat.png,300,60\n")
    (tmp_path / "stranger.csv").write_text("stimulus,x_px,y_px\ndog.png,20,60\n")
    code, out, err = foveate(
        *[tmp_path / one if str(one).endswith(".csv") and one != "none.csv" else one for one in arguments]
    )
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_film_without_its_library_names_the_extra(foveate, places, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    code, _, err = foveate("--fixations", places, "--px-per-deg", 8, "--form", "mp4")
    assert code == 2
    assert "scanpath[video]" in err
    assert "pip install" in err
