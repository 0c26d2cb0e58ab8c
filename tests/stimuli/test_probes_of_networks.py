"""Drawn scenes, occlusion, filters and cue conflicts: what networks of scenes are shown."""

import numpy as np
import pytest
from PIL import Image

import scanpath as sp
from scanpath.stimuli.cue_conflict import decoys, window_conflict, window_mask
from scanpath.stimuli.drawn_scenes import SCENE_CLASSES, SceneTexture, drawn_scene, write_drawn_scenes
from scanpath.stimuli.frequency_filters import high_pass, low_pass, mean_color
from scanpath.stimuli.occlusion import OCCLUSIONS, occlude, occlusion_mask


def scenes(n=16, size_px=64):
    pictures = [drawn_scene(SCENE_CLASSES[i % 8], size_px=size_px, seed=5, number=i) for i in range(n)]
    return (np.stack(pictures) * 255).round().astype(np.uint8)


@pytest.mark.parametrize("name", SCENE_CLASSES)
def test_a_scene_depends_on_its_name_seed_and_number_alone(name):
    first = drawn_scene(name, seed=1, number=2)
    drawn_scene("sea", seed=1, number=3)
    assert np.array_equal(first, drawn_scene(name, seed=1, number=2))
    assert not np.array_equal(first, drawn_scene(name, seed=2, number=2))
    assert not np.array_equal(first, drawn_scene(name, seed=1, number=3))


def test_a_texture_has_the_frequency_and_direction_that_it_is_given():
    wave = SceneTexture(12, 0.2, 30, 8).draw(128, np.random.default_rng(0))
    power = np.abs(np.fft.fft2(wave)) ** 2
    f = np.fft.fftfreq(128, 1 / 128)
    fx, fy = np.meshgrid(f, f)
    upper = fy > 0
    radius = np.hypot(fx, fy)[upper]
    angle = np.degrees(np.arctan2(fy, fx))[upper]
    assert np.average(radius, weights=power[upper]) == pytest.approx(12, rel=0.05)
    assert np.average(angle, weights=power[upper]) == pytest.approx(30, abs=3)


def test_colors_say_nothing_of_the_class():
    """The mean color of a picture tells two classes apart no better than chance."""
    means = {name: [drawn_scene(name, seed=9, number=i).mean() for i in range(60)] for name in ("sea", "forest")}
    sea, forest = (np.array(values) for values in means.values())
    above = (sea[:, None] > forest).mean()
    assert abs(above - 0.5) < 0.12


def test_scenes_are_written_as_class_folders(tmp_path):
    write_drawn_scenes(tmp_path / "scenes", per_class=2, size_px=32, seed=3)
    found = np.asarray(Image.open(tmp_path / "scenes" / "room" / "00001.png"), dtype=np.float32) / 255
    wanted = drawn_scene("room", size_px=32, seed=3, number=1)
    np.testing.assert_allclose(found.transpose(2, 0, 1), wanted, atol=0.5 / 255 + 1e-6)
    with pytest.raises(sp.InputError, match="not empty"):
        write_drawn_scenes(tmp_path / "scenes", per_class=2)


@pytest.mark.parametrize("kind", OCCLUSIONS)
@pytest.mark.parametrize("size", [63, 64])
def test_a_mask_covers_its_share(kind, size):
    for share in (0, 0.1, 0.4, 0.75, 1):
        assert occlusion_mask(kind, size, share).mean() == pytest.approx(share, abs=0.03)


def test_opposite_sides_are_mirror_images_and_scotoma_and_glaucoma_share_a_picture():
    assert np.array_equal(occlusion_mask("left", 64, 0.3), occlusion_mask("right", 64, 0.3)[:, ::-1])
    assert np.array_equal(occlusion_mask("top", 64, 0.3), occlusion_mask("left", 64, 0.3).T)
    assert np.array_equal(occlusion_mask("scotoma", 64, 0.3), ~occlusion_mask("glaucoma", 64, 0.7))


def test_what_is_not_covered_stays():
    pictures = scenes(2)
    mask = occlusion_mask("scotoma", 64, 0.25)
    covered = occlude(pictures, "scotoma", 0.25)
    assert (covered[..., mask] == 128).all()
    assert np.array_equal(covered[..., ~mask], pictures[..., ~mask])


def test_filters_part_a_grating_by_its_frequency():
    x = np.arange(64)
    gratings = {f: np.broadcast_to(128 + 60 * np.sin(2 * np.pi * f * x / 64), (1, 3, 64, 64)) for f in (2, 16)}
    kept = {}
    for f, wave in gratings.items():
        levels = wave.round().astype(np.uint8)
        # the middle, as edges are continued
        kept[f] = [
            one[..., 16:48].std() / levels[..., 16:48].std()
            for one in (low_pass(levels, 2.0), high_pass(levels, 2.0, (128,) * 3))
        ]
    for f, (low, high) in kept.items():
        gain = np.exp(-2 * (np.pi * f / 64 * 2.0) ** 2)
        assert low == pytest.approx(gain, abs=0.02)
        assert high == pytest.approx(1 - gain, abs=0.02)


def test_high_pass_pictures_have_one_mean_color():
    pictures = scenes(4)
    color = mean_color([pictures[:1], pictures[1:]])
    np.testing.assert_allclose(color, pictures.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(high_pass(pictures, 1.0, color).mean(axis=(2, 3)), np.tile(color, (4, 1)), atol=0.5)


def test_the_window_shows_one_picture_and_the_surround_the_other():
    pictures = scenes(2)
    both = window_conflict(pictures[:1], pictures[1:], 0.3)
    weight = window_mask(64, 0.3)
    assert np.array_equal(both[..., weight == 1], pictures[:1][..., weight == 1])
    assert np.array_equal(both[..., weight == 0], pictures[1:][..., weight == 0])


def test_a_decoy_is_of_the_next_class_and_of_the_same_rank():
    labels = np.array([2, 0, 1, 0, 1, 2])
    found = decoys(labels)
    assert (labels[found] == (labels + 1) % 3).all()
    assert found.tolist() == [1, 2, 0, 4, 5, 3]


def test_a_class_without_pictures_is_passed_over_by_decoys():
    assert decoys(np.array([0, 2, 0, 2])).tolist() == [1, 0, 3, 2]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: drawn_scene("desert"), "scene class"),
        (lambda: occlude(np.zeros((4, 4)), "left", 0.5), "uint8"),
        (lambda: occlude(np.zeros((4, 4), np.uint8), "left", 1.5), "share"),
        (lambda: window_conflict(np.zeros((4, 4), np.uint8), np.zeros((5, 5), np.uint8), 0.5), "one shape"),
        (lambda: low_pass(np.zeros((4, 4), np.uint8), 0), "sigma_px"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(sp.InputError, match=words):
        call()
