"""Scenes whose captions are true by construction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath.stimuli.caption_grammar import POSITIONS, describe, position_holds
from scanpath.stimuli.captioned_scenes import COLORS, COMBINATIONS, SHAPES, TEXTURES, draw_scene, is_held_out


@given(seed=st.integers(0, 2**40), index=st.integers(0, 10**6), twin_share=st.sampled_from([0.0, 1.0]))
@settings(max_examples=30, deadline=None)
def test_a_scene_is_what_it_says(seed, index, twin_share):
    scene = draw_scene(seed, index, twin_share=twin_share)
    assert 4 <= len(scene.objects) <= 6
    assert scene.image.shape == (3, 128, 128)
    assert scene.image.dtype == np.float32
    assert 0 <= scene.image.min() < scene.image.max() <= 1
    kinds = [one.combination for one in scene.objects]
    assert len(set(kinds)) == len(kinds) - scene.twin
    assert scene.twin == (kinds[0] == kinds[1]) == bool(twin_share)
    target = scene.objects[0]
    color, texture, shape = target.combination
    words = scene.caption.split()
    assert color in words
    assert shape in words
    assert texture in words or {"striped": "stripes", "dotted": "dots", "checked": "checks"}[texture] in words
    if scene.position is not None:
        assert scene.caption.endswith(scene.position)
        assert position_holds(scene.position, target.center_px, 128)
    if scene.twin:
        assert not position_holds(scene.position, scene.objects[1].center_px, 128)


def test_boxes_are_tight_and_do_not_overlap():
    for index in range(20):
        scene = draw_scene(3, index)
        taken = np.zeros((128, 128), dtype=int)
        for one in scene.objects:
            x, y, width, height = one.box
            taken[y : y + height, x : x + width] += 1
            assert max(width, height) <= 2 * one.radius_px + 2
            assert min(width, height) >= one.radius_px
        centers = [taken[round(one.center_px[1]), round(one.center_px[0])] for one in scene.objects]
        assert centers == [1] * len(scene.objects)


def test_plain_targets_have_their_color_at_their_place():
    seen = 0
    for index in range(60):
        scene = draw_scene(5, index)
        color, texture, shape = scene.objects[0].combination
        if texture == "plain" and shape in ("circle", "square", "cross", "star", "triangle"):
            x, y = (round(value) for value in scene.objects[0].center_px)
            np.testing.assert_allclose(scene.image[:, y, x], COLORS[color], atol=1e-5)
            seen += 1
    assert seen >= 5


def test_scene_number_i_does_not_depend_on_how_many_are_drawn():
    few, many = sp.stimuli.captioned_scenes(2, seed=9), sp.stimuli.captioned_scenes(4, seed=9)
    for one, other in zip(few, many):
        assert one.name == other.name
        assert one.caption == other.caption
        assert (one.image == other.image).all()
    assert sp.stimuli.captioned_scenes(1, seed=10)[0].caption != few[0].caption or not np.array_equal(
        sp.stimuli.captioned_scenes(1, seed=10)[0].image, few[0].image
    )
    assert sp.stimuli.captioned_scenes(0) == []


def test_held_out_combinations_stay_out_of_training_but_all_values_are_seen():
    kept = [one for one in COMBINATIONS if not is_held_out(one)]
    assert len(kept) == 144
    for position, values in enumerate((COLORS, TEXTURES, SHAPES)):
        assert {one[position] for one in kept} == set(values)
    for index in range(25):
        trained = draw_scene(1, index, combinations="trained")
        assert not any(is_held_out(one.combination) for one in trained.objects)
        assert is_held_out(draw_scene(1, index, combinations="held_out").objects[0].combination)


def test_captions_to_compare_with_are_wrong_in_the_stated_way():
    for stimulus in sp.stimuli.captioned_scenes(40, seed=2):
        index = int(stimulus.name.rsplit("-", 1)[1])
        scene = draw_scene(2, index)
        present = {phrase_free(one.combination) for one in scene.objects}
        target = phrase_free(scene.objects[0].combination)
        assert kind(stimulus.info["absent_caption"]) not in present
        assert not set(kind(stimulus.info["foreign_caption"])) & set(target)
        assert kind(stimulus.info["other_caption"]) in present - {target}
        assert (stimulus.info["twin_caption"] is not None) == scene.twin
        if scene.twin:
            assert kind(stimulus.info["twin_caption"]) == target
            assert stimulus.info["twin_caption"] != stimulus.caption


def phrase_free(combination):
    return tuple(combination)


def kind(caption):
    """Read color, texture and shape back from a sentence."""
    words = caption.split()
    texture = {"stripes": "striped", "dots": "dotted", "checks": "checked"}
    found = {texture.get(word, word) for word in words}
    return tuple(next(value for value in values if value in found) for values in (COLORS, TEXTURES, SHAPES))


def test_every_sentence_form_can_be_read_back():
    rng = np.random.default_rng(0)
    for combination in COMBINATIONS:
        for position in (None, *POSITIONS):
            assert kind(describe(rng, combination, position)) == combination


@pytest.mark.parametrize("settings", [{"combinations": "some"}, {"size_px": 20}, {"twin_share": 2.0}])
def test_wrong_settings_are_named(settings):
    with pytest.raises(sp.InputError, match=next(iter(settings))):
        sp.stimuli.captioned_scenes(1, **settings)


def test_larger_scenes_scale():
    scene = draw_scene(0, 0, size_px=256)
    assert scene.image.shape == (3, 256, 256)
    assert all(24 <= one.radius_px <= 32 for one in scene.objects)
