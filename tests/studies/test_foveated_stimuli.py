import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data

import scanpath as sp
from scanpath.geometry.magnification import geisler_perry_sigma

SCREEN = sp.Screen(width_px=640, height_px=480, width_cm=32, height_cm=24, distance_cm=60)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(data.chelsea()[:128, :160]).save(folder / "cat.png")
    Image.fromarray(data.coffee()[100:220, 200:340]).save(folder / "cup.png")
    Image.fromarray(data.camera()[:130, :100]).save(folder / "man.png")
    return folder


@pytest.fixture
def places():
    return pd.DataFrame(
        {
            "stimulus": ["cat.png", "cat.png", "cup.png", "man.png"],
            "x_px": [20.0, 140.0, 70.5, 50.0],
            "y_px": [64.0, 64.0, 60.0, 60.0],
        }
    )


def checksums(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.*"))}


def pictures_in(folder):
    return {name: value for name, value in checksums(folder).items() if name.endswith(".png")}


def test_each_fixation_has_a_file_that_the_library_s_own_call_repeats(photos, places, tmp_path):
    table = sp.foveate_to_folder(photos, tmp_path / "out", places, screen=SCREEN, strength=4)
    assert len(table) == 4
    row = table.iloc[1]
    image = sp.read_image(photos / row["picture"])
    again = sp.foveated_blur(image, (row["x_px"], row["y_px"]), px_per_deg=row["px_per_deg"], strength=row["strength"])
    written = sp.read_image(tmp_path / "out" / row["file"])
    assert (again - written).abs().max() <= 0.5 / 255 + 1e-6


def test_the_manifest_states_checksums_scale_and_blur(photos, places, tmp_path):
    out = tmp_path / "out"
    sp.foveate_to_folder(photos, out, places, screen=SCREEN, strength=2)
    table = pd.read_csv(out / "manifest.csv")
    found = pictures_in(out)
    assert dict(zip(table["file"], table["sha256"])) == found
    for _, row in table.iterrows():
        assert hashlib.sha256((photos / row["picture"]).read_bytes()).hexdigest() == row["picture_sha256"]
    assert table["px_per_deg"].unique() == pytest.approx(SCREEN.px_per_deg)
    assert table["x_px"].tolist() == [20, 140, 70.5, 50]
    settings = json.loads((out / "manifest.json").read_text())
    told = settings["sigma_px_by_eccentricity_deg"]["10"]
    assert told == pytest.approx(2 * SCREEN.px_per_deg * geisler_perry_sigma(10.0), rel=1e-3)
    assert "32 cm wide" in settings["methods"]


def test_seeds_belong_to_picture_and_fixation_and_not_to_order(photos, places, tmp_path):
    settings = {"kind": "texture", "px_per_deg": 20, "seed": 3}
    one = sp.foveate_to_folder(photos, tmp_path / "one", places, **settings)
    turned = places.iloc[::-1].assign(fixation=[0, 0, 1, 0])
    other = sp.foveate_to_folder(photos, tmp_path / "two", turned, **settings)
    assert one["seed"].nunique() == 4
    assert dict(zip(one["file"], one["sha256"])) == dict(zip(other["file"], other["sha256"]))
    row = one.iloc[0]
    image = sp.read_image(photos / row["picture"])
    again = sp.foveated_texture(image, (row["x_px"], row["y_px"]), px_per_deg=20, seed=int(row["seed"]))
    assert (again - sp.read_image(tmp_path / "one" / row["file"])).abs().max() <= 1 / 255


def test_two_jobs_write_the_bytes_of_one(photos, places, tmp_path):
    for jobs in (1, 2):
        sp.foveate_to_folder(photos, tmp_path / f"{jobs}", places, kind="noise_texture", px_per_deg=20, jobs=jobs)
    for name in (*pictures_in(tmp_path / "1"), "manifest.csv", "manifest.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_a_run_goes_on_where_it_stopped_and_writes_nothing_twice(photos, places, tmp_path):
    out, whole = tmp_path / "out", tmp_path / "whole"
    sp.foveate_to_folder(photos, whole, places, px_per_deg=20)

    class StopError(Exception):
        pass

    def stop(done):
        raise StopError

    with pytest.raises(StopError):
        sp.foveate_to_folder(photos, out, places, px_per_deg=20, progress=stop)
    assert len(pd.read_csv(out / "manifest.csv")) == 1
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.png")}
    sp.foveate_to_folder(photos, out, places, px_per_deg=20)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert pictures_in(out) == pictures_in(whole)
    assert (out / "manifest.csv").read_bytes() == (whole / "manifest.csv").read_bytes()


def test_a_file_that_was_written_but_not_noted_is_taken_up_if_it_is_the_same(photos, places, tmp_path):
    out = tmp_path / "out"
    sp.foveate_to_folder(photos, out, places, px_per_deg=20)
    before = pictures_in(out)
    journal = out / "_made.jsonl"
    journal.write_text(journal.read_text()[:-40])  # killed while it noted the last
    sp.foveate_to_folder(photos, out, places, px_per_deg=20)
    assert pictures_in(out) == before
    assert len(pd.read_csv(out / "manifest.csv")) == 4


@pytest.mark.parametrize("change", ["settings", "picture", "stimulus", "stranger", "unnoted"])
def test_what_is_something_else_is_refused_and_kept(photos, places, tmp_path, change):
    out = tmp_path / "out"
    settings = {"px_per_deg": 20}
    sp.foveate_to_folder(photos, out, places, **settings)
    stimulus = out / "man_f00_x50_y60_blur.png"
    if change == "settings":
        settings["strength"], message = 2, "made with strength = 1.0, and now it is 2.0"
    elif change == "picture":
        Image.fromarray(data.camera()[200:330, :100]).save(photos / "man.png")
        message = "man_f00_x50_y60_blur.png was made with picture_sha256"
    elif change == "stimulus":
        stimulus.write_bytes(stimulus.read_bytes() + b"edited")
        message = "is not as it was written"
    elif change == "stranger":
        (out / "manifest.json").unlink()
        message = "holds files that are no stimuli"
    else:
        (out / "_made.jsonl").unlink()
        stimulus.write_bytes(b"mine")
        message = "is there already and is another file"
    before = checksums(out)
    before.pop("_log.jsonl")
    with pytest.raises(sp.InputError, match=message):
        sp.foveate_to_folder(photos, out, places, **settings)
    if change != "unnoted":  # there the three that are as they should be are noted again
        assert {name: checksums(out)[name] for name in before} == before
    else:
        assert stimulus.read_bytes() == b"mine"


def test_a_fixation_beside_its_picture_is_refused_before_anything_is_made(photos, places, tmp_path):
    places.loc[2, "x_px"] = 300.0
    with pytest.raises(sp.InputError, match=r"300,60 in row 2 .* outside the picture cup.png of 140 x 120 px"):
        sp.foveate_to_folder(photos, tmp_path / "out", places, px_per_deg=20)
    assert not (tmp_path / "out").exists()


def test_a_picture_larger_than_the_screen_is_refused(photos, places, tmp_path):
    small = sp.Screen(width_px=150, height_px=400, width_cm=10, height_cm=20, distance_cm=60)
    with pytest.raises(sp.InputError, match=r"cat.png of 160 x 128 px is larger than the screen"):
        sp.foveate_to_folder(photos, tmp_path / "out", places, screen=small)


def test_gray_stays_gray_and_sixteen_bits_stay(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    gray = np.tile(np.linspace(0, 65535, 80).astype(np.uint16), (60, 1))
    Image.fromarray(gray).save(photos / "deep.png")
    Image.fromarray((gray >> 8).astype(np.uint8)).save(photos / "gray.png")
    table = sp.foveate_to_folder(photos, tmp_path / "out", at=(40, 30), px_per_deg=20)
    with (
        Image.open(tmp_path / "out" / table["file"][0]) as deep,
        Image.open(tmp_path / "out" / table["file"][1]) as flat,
    ):
        assert (deep.mode, flat.mode) == ("I;16", "L")
        assert np.abs(np.asarray(deep).astype(int) - gray)[25:35, 35:45].max() < 40  # sharp at the fixation
    assert table["written"].tolist() == ["16-bit gray", "8-bit gray"]


def test_orientation_is_applied_and_the_color_profile_goes_along(tmp_path):
    from PIL import ImageCms

    photos = tmp_path / "photos"
    photos.mkdir()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(data.chelsea()[:100, :150]).save(photos / "cat.jpg", icc_profile=profile, exif=exif)
    table = sp.foveate_to_folder(photos, tmp_path / "out", at=(90, 140), px_per_deg=20)
    with Image.open(tmp_path / "out" / table["file"][0]) as seen:
        assert seen.size == (100, 150)
        assert seen.info["icc_profile"] == profile
        assert seen.getexif().get(0x0112, 1) == 1
    assert table["picture_orientation"][0] == 6


def test_blur_of_light_and_of_stored_values_differ_as_the_curve_says(tmp_path):
    """Half black, half white: far out the light's mean is 0.5, stored as 0.735; that of the values is 0.5."""
    photos = tmp_path / "photos"
    photos.mkdir()
    stripes = np.zeros((64, 256), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(photos / "stripes.png")
    mean = {}
    for light in ("encoded", "linear"):
        settings = {"px_per_deg": 10, "law": "linear", "strength": 20, "light": light}
        table = sp.foveate_to_folder(photos, tmp_path / light, at=(0, 32), **settings)
        mean[light] = np.asarray(Image.open(tmp_path / light / table["file"][0]))[:, 200:220].mean() / 255
    assert mean["encoded"] == pytest.approx(0.5, abs=0.01)
    assert mean["linear"] == pytest.approx(0.735, abs=0.01)


def test_people_and_trials_are_chosen_and_named(photos, tmp_path):
    table = pd.DataFrame(
        {
            "stimulus": "cat.png",
            "subject": ["a", "a", "b", "b"],
            "trial": ["1", "2", "1", "1"],
            "fixation": [0, 0, 0, 1],
            "x_px": [10, 20, 30, 40],
            "y_px": 50,
        }
    )
    files = sp.foveate_to_folder(photos, tmp_path / "all", table, px_per_deg=20)["file"].tolist()
    assert files[:2] == ["cat_a_1_f00_x10_y50_blur.png", "cat_a_2_f00_x20_y50_blur.png"]
    chosen = sp.foveate_to_folder(photos, tmp_path / "b", table, px_per_deg=20, who="b", form="together")
    assert chosen["file"].unique().tolist() == ["cat_2-fixations_blur.png"]
    assert chosen["x_px"].tolist() == [30, 40]
    with pytest.raises(sp.InputError, match="No trial in The table is named '3'"):
        sp.foveate_to_folder(photos, tmp_path / "c", table, px_per_deg=20, trial="3")


def test_together_is_as_sharp_as_the_nearest_fixation(photos, tmp_path):
    places = pd.DataFrame({"stimulus": "cat.png", "x_px": [20, 140], "y_px": [60, 60]})
    settings = {"px_per_deg": 8, "strength": 4}
    both = sp.foveate_to_folder(photos, tmp_path / "both", places, form="together", **settings)
    each = sp.foveate_to_folder(photos, tmp_path / "each", places, **settings)
    seen = sp.read_image(tmp_path / "both" / both["file"][0])
    for file, columns in zip(each["file"], (slice(0, 80), slice(81, 160))):
        alone = sp.read_image(tmp_path / "each" / file)
        assert (seen - alone)[..., columns].abs().max() <= 1.01 / 255


def test_control_sheets_can_be_added_later(photos, places, tmp_path):
    out = tmp_path / "out"
    sp.foveate_to_folder(photos, out, places, px_per_deg=20)
    before = pictures_in(out)
    sp.foveate_to_folder(photos, out, places, px_per_deg=20, control=True)
    assert pictures_in(out) == before
    assert sorted(path.name for path in (out / "control").iterdir()) == sorted(before)


def test_metamers_tell_how_well_their_statistics_match(photos, tmp_path):
    places = pd.DataFrame({"stimulus": ["man.png"], "x_px": [50], "y_px": [60]})
    settings = {"kind": "metamer", "statistics": "luminance", "steps": 5, "px_per_deg": 8}
    row = sp.foveate_to_folder(photos, tmp_path / "out", places, **settings).iloc[0]
    assert 0 < row["statistics_error"] < row["statistics_start_error"]
    assert row["evaluations"] <= 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "texture", "strength": 2.0}, "strength is a setting of blur, not of kind 'texture'"),
        ({"kind": "texture", "form": "together"}, "takes one fixation for a picture"),
        ({"form": "gif", "control": True}, "gives none"),
        ({"kind": "neurofovea"}, "needs weights=FILE"),
        ({"law": "geisler"}, "geisler_perry"),
        ({"light": "dark"}, "light"),
        ({"form": "avi"}, "form"),
        ({"who": "s1"}, "subject or agent"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_made(photos, places, tmp_path, settings, message):
    with pytest.raises(sp.InputError, match=message):
        sp.foveate_to_folder(photos, tmp_path / "out", places, px_per_deg=20, **settings)
    assert not (tmp_path / "out").exists()


def test_a_damaged_picture_is_named_and_the_others_are_made(photos, places, tmp_path):
    whole = (photos / "cup.png").read_bytes()
    (photos / "cup.png").write_bytes(whole[: len(whole) // 2])
    table = sp.foveate_to_folder(photos, tmp_path / "out", places, px_per_deg=20, on_error="skip")
    assert len(table) == 3
    assert list(table.attrs["scanpath"]["failures"]) == ["cup_f00_x70.5_y60_blur.png"]
    with pytest.raises(sp.InputError, match="damaged"):
        sp.foveate_to_folder(photos, tmp_path / "out", places, px_per_deg=20)
    (photos / "cup.png").write_bytes(whole)
    assert len(sp.foveate_to_folder(photos, tmp_path / "out", places, px_per_deg=20)) == 4


def test_names_of_pictures_do_not_lead_out_of_the_folder(photos, tmp_path):
    places = pd.DataFrame({"stimulus": ["../photos/cat.png"], "x_px": [50], "y_px": [60]})
    with pytest.raises(sp.InputError, match="No picture"):
        sp.foveate_to_folder(photos, tmp_path / "out", places, px_per_deg=20)
    places = pd.DataFrame({"stimulus": "cat.png", "subject": ["../../x", "b"], "x_px": [50, 60], "y_px": [60, 60]})
    files = sp.foveate_to_folder(photos, tmp_path / "out", places, px_per_deg=20)["file"]
    assert files[0] == "cat_..%2F..%2Fx_f00_x50_y60_blur.png"


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_leaves_whole_files_and_the_same_command_goes_on(photos, places, tmp_path, jobs):
    places = pd.concat([places.assign(x_px=places["x_px"] + shift) for shift in range(10)])
    places.to_csv(tmp_path / "places.csv", index=False)
    program = [sys.executable, "-c", "from scanpath.cli import main; main()"]
    command = [*program, "foveate", str(photos), str(tmp_path / "out"), "--fixations"]
    command += [str(tmp_path / "places.csv"), "--kind", "texture", "--px-per-deg", "20", "--jobs", str(jobs)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + 120
    while len(list((tmp_path / "out").glob("*.png"))) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)  # to all processes, as a terminal does
    _, err = running.communicate(timeout=120)
    assert running.returncode != 0
    assert "the same command goes on" in err
    assert "Traceback" not in err
    assert 0 < len(pd.read_csv(tmp_path / "out" / "manifest.csv")) < 40
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert "40 of 40 stimuli" in done.stdout
    table = pd.read_csv(tmp_path / "out" / "manifest.csv")
    assert dict(zip(table["file"], table["sha256"])) == pictures_in(tmp_path / "out")
