import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from scanpath import read_image
from scanpath.gaze.picture_writing import PictureKind, to_levels, write_film, write_picture


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_a_picture_that_is_read_and_written_is_the_same(tmp_path, mode):
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 65536 if mode == "I;16" else 256, (20, 30, 3)[: 3 if mode == "RGB" else 2])
    Image.fromarray(levels.astype(np.uint16 if mode == "I;16" else np.uint8)).save(tmp_path / "a.png")
    write_picture(read_image(tmp_path / "a.png"), tmp_path / "b.png", like=PictureKind.of(tmp_path / "a.png"))
    with Image.open(tmp_path / "b.png") as written:
        assert written.mode == mode
        np.testing.assert_array_equal(np.asarray(written), levels)


def test_levels_are_rounded_and_clipped():
    assert to_levels(torch.tensor([[[-0.1, 0.1, 0.5, 1.1]]])).tolist() == [[0, 26, 128, 255]]
    assert to_levels(torch.tensor([[[0.5]]]), bits=16).tolist() == [[32768]]


def test_a_profile_of_other_channels_does_not_go_along(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "a.png", icc_profile=profile)
    kind = PictureKind.of(tmp_path / "a.png")
    assert kind.profile_for(3) == profile
    assert kind.profile_for(1) is None


def test_durations_of_a_film_do_not_drift(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    frames = [torch.rand(1, 32, 48, generator=torch.Generator().manual_seed(n)) for n in range(30)]
    write_film(iter(frames), [50.0] * 30, tmp_path / "film.mp4")  # 1.5 pictures each
    count, seconds = ffmpeg.count_frames_and_secs(str(tmp_path / "film.mp4"))
    assert count == 45
    assert seconds == pytest.approx(1.5, abs=0.04)
