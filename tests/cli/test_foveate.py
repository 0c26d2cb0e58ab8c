import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data


@pytest.fixture
def foveate(scanpath):
    return lambda *arguments: scanpath("foveate", *arguments)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "cat.png"
    Image.fromarray(data.chelsea()[:128, :160]).save(path)
    return path


def difference(first, second):
    """Mean absolute difference of two pictures near their left and their right edge."""
    pixels = [np.asarray(Image.open(path).convert("RGB"), dtype=float) for path in (first, second)]
    change = np.abs(pixels[0] - pixels[1]).mean(axis=(0, 2))
    return change[:30].mean(), change[-30:].mean()


def test_blur_grows_away_from_the_fixation(foveate, tmp_path, photo):
    code, *_ = foveate(photo, tmp_path / "left.png", "--at", "5,64", "--px-per-deg", 6, "--strength", 3)
    assert code == 0
    left, right = difference(photo, tmp_path / "left.png")
    assert left < 0.3 * right


@pytest.mark.parametrize("kind", ["texture", "logpolar"])
def test_every_kind_writes_a_picture(foveate, tmp_path, photo, kind):
    code, _, err = foveate(photo, tmp_path / "out.png", "--at", "80,64", "--px-per-deg", 6, "--kind", kind)
    assert code == 0, err
    assert np.asarray(Image.open(tmp_path / "out.png")).std() > 10


def test_a_folder_is_continued_and_bad_files_are_named(foveate, tmp_path, photo):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "seen"
    code, _, err = foveate(tmp_path, out, "--at", "80,64", "--px-per-deg", 6)
    assert code == 0
    assert "skipped broken.png" in err
    assert "kept" not in err
    written = (out / "cat_x80_y64_blur.png").stat().st_mtime_ns
    *_, err = foveate(tmp_path, out, "--at", "80,64", "--px-per-deg", 6)
    assert (out / "cat_x80_y64_blur.png").stat().st_mtime_ns == written
    assert "1 of 1 stimuli were there before" in err


def test_pictures_that_differ_in_their_ending_are_both_written(foveate, tmp_path, photo):
    Image.open(photo).save(tmp_path / "cat.bmp")
    code, _, err = foveate(tmp_path, tmp_path / "seen", "--at", "80,64", "--px-per-deg", 6)
    assert code == 0, err
    written = sorted(path.name for path in (tmp_path / "seen").glob("*.png"))
    assert written == ["cat.bmp_x80_y64_blur.png", "cat.png_x80_y64_blur.png"]


def test_settings_that_suit_no_picture_are_one_sentence(foveate, tmp_path, photo):
    Image.open(photo).save(tmp_path / "dog.png")
    for settings in (["--law", "geislr"], ["--kind", "texture", "--scaling", "0"], ["--strength", "-1"]):
        code, _, err = foveate(tmp_path, tmp_path / "seen", "--at", "80,64", "--px-per-deg", 6, *settings)
        assert code == 2
        assert len(err.strip().splitlines()) == 1
        assert not (tmp_path / "seen").exists()


def test_transparent_pictures_need_a_background(foveate, tmp_path):
    Image.fromarray(np.dstack([data.chelsea()[:40, :50], np.full((40, 50), 99, np.uint8)])).save(tmp_path / "a.png")
    arguments = (tmp_path / "a.png", tmp_path / "out.png", "--at", "9,9", "--px-per-deg", 6)
    code, _, err = foveate(*arguments)
    assert code == 2
    assert "what shows through: --background 0.5." in err
    assert foveate(*arguments, "--background", 0.5)[0] == 0
    with Image.open(tmp_path / "out.png") as seen:
        assert seen.mode == "RGB"


def test_what_lies_outside_the_picture_is_black_on_the_cortex(foveate, tmp_path, photo):
    code, *_ = foveate(photo, tmp_path / "out.png", "--at", "0,0", "--px-per-deg", 6, "--kind", "logpolar")
    assert code == 0
    pixels = np.asarray(Image.open(tmp_path / "out.png"))
    assert (pixels[30:, 10:70] == 0).all()  # of 160 directions those that point up
    assert pixels[30:50, 130:150].min() > 0  # and right and down


def test_one_pixel_has_a_cortical_map(foveate, tmp_path):
    Image.fromarray(np.full((1, 1, 3), 99, np.uint8)).save(tmp_path / "dot.png")
    arguments = ["--at", "0,0", "--px-per-deg", 6, "--kind", "logpolar"]
    code, _, err = foveate(tmp_path / "dot.png", tmp_path / "out.png", *arguments)
    assert code == 0, err


def test_an_animation_follows_a_scanpath_and_lasts_as_long(foveate, tmp_path, photo):
    table = pd.DataFrame(
        {
            "stimulus": "cat.png",
            "subject": ["a", "a", "b"],
            "fixation": [0, 1, 0],
            "x_px": [5, 150, 80],
            "y_px": [64, 64, 9],
        }
    )
    table["duration_ms"] = [200, 400, 300]
    table.to_csv(tmp_path / "people.csv", index=False)
    scale = ["--px-per-deg", 6, "--strength", 3]
    code, _, err = foveate(photo, tmp_path / "eye.gif", "--path", tmp_path / "people.csv", *scale)
    assert code == 2
    assert "one of: a, b" in err
    code, _, err = foveate(photo, tmp_path / "eye.gif", "--path", tmp_path / "people.csv", "--who", "a", *scale)
    assert code == 0, err
    with Image.open(tmp_path / "eye.gif") as animation:
        assert animation.n_frames == 2
        lasting = []
        for frame in range(2):
            animation.seek(frame)
            lasting.append(animation.info["duration"])
    assert lasting == [200, 400]
    foveate(photo, tmp_path / "frames", "--path", tmp_path / "people.csv", "--who", "a", *scale)
    first, second = sorted((tmp_path / "frames").iterdir())
    assert difference(photo, first)[0] < difference(photo, first)[1]
    assert difference(photo, second)[0] > difference(photo, second)[1]


# imageio-ffmpeg leaves its pipes to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_film_plays_everywhere_and_lasts_as_long(foveate, tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    Image.fromarray(data.chelsea()[:121, :161]).save(tmp_path / "cat.png")  # players need even sides
    table = pd.DataFrame(
        {"stimulus": "cat.png", "subject": "a", "fixation": [0, 1], "x_px": [5, 150], "y_px": [60, 60]}
    )
    table["duration_ms"] = [200, 400]
    table.to_csv(tmp_path / "people.csv", index=False)
    arguments = ["--path", tmp_path / "people.csv", "--px-per-deg", 6]
    code, _, err = foveate(tmp_path / "cat.png", tmp_path / "eye.mp4", *arguments)
    assert code == 0, err
    frames = ffmpeg.read_frames(str(tmp_path / "eye.mp4"))
    facts = next(frames)
    assert facts["pix_fmt"].startswith("yuv420p")
    assert facts["size"] == (162, 122)
    assert len(list(frames)) == 18


@pytest.mark.parametrize("name", ["eye.avi", "eye.png", "notes"])
def test_frames_go_to_a_folder_and_not_to_one_that_is_named_like_a_file(foveate, tmp_path, photo, name):
    (tmp_path / "notes").write_text("mine")
    table = pd.DataFrame({"stimulus": ["cat.png"], "subject": ["a"], "fixation": [0], "x_px": [5], "y_px": [60]})
    table.to_csv(tmp_path / "people.csv", index=False)
    code, _, err = foveate(photo, tmp_path / name, "--path", tmp_path / "people.csv", "--px-per-deg", 6)
    assert code == 2
    assert "must be a .gif or .mp4 file, or a folder" in err
    assert not (tmp_path / name).is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at", "1,2", "--px-per-deg", "0"], "--px-per-deg must be a positive number"),
        (["--at", "1;2", "--px-per-deg", "6"], "--at must be x,y"),
        (["--at", "nan,2", "--px-per-deg", "6"], "NaN"),
        (["--at", "5000,2", "--px-per-deg", "6"], "--at 5000,2 lies outside the picture of"),
        (["--at", "1,2", "--at", "1,-0.6", "--px-per-deg", "6"], "--at 1,-0.6 lies outside the picture of"),
        (["--px-per-deg", "6"], "Give --at x,y or --path"),
        (["--at", "1,2", "--px-per-deg", "6", "--kind", "blurr"], "Did you mean blur"),
        (["--at", "1,2", "--px-per-deg", "6", "--law", "geisler"], "geisler_perry"),
        (["--at", "1,2", "--at", "3,4", "--px-per-deg", "6", "--kind", "texture"], "takes one --at"),
        (["--path", "none.csv", "--px-per-deg", "6"], "no table at none.csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_sentence_and_writes_nothing(foveate, tmp_path, photo, arguments, message):
    code, _, err = foveate(photo, tmp_path / "out.png", *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert not (tmp_path / "out.png").exists()
