import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import (
    DensityFit,
    LeaveOneOut,
    center_bias,
    fit_density,
    fixation_density,
    gold_standard,
    information_gain,
    log_density,
)

SIZE = (24, 32)


@pytest.fixture
def visions(shared):
    """Kernel densities of scikit-learn 1.9.1 as ViSioNS uses them: 5 folds, 100 bandwidths, cell centers at +0.5."""
    return np.load(shared / "goldens/peers/visions/hsp.npz")


@pytest.mark.parametrize(("who", "kde"), [("centre", "centre_kde"), ("gold", "gold_kde")])
def test_width_and_density_are_those_of_visions(visions, who, kde):
    xy = np.stack([visions[f"{who}_fix_x"], visions[f"{who}_fix_y"]], axis=1)
    fit = fit_density(xy, bandwidths_px=10 ** np.linspace(-1, 1, 100))
    assert fit.bandwidth_px == pytest.approx(float(visions[f"{who}_bandwidth"]), rel=1e-12)
    density = fixation_density(xy, SIZE, bandwidth_px=fit.bandwidth_px, pixel="floor")
    assert density == pytest.approx(visions[kde] / visions[kde].sum(), rel=1e-6)


def test_blurred_counts_are_those_of_coco_search18(shared):
    # Scanpath_Prediction 36efbcc, HAT 557205d; every eighth pixel of 320 x 512
    maps = np.load(shared / "goldens/peers/search_metrics/conditional_saliency.npz")
    inputs = json.loads((shared / "goldens/peers/search_metrics/search_metrics.json").read_text())["inputs"]
    density = fixation_density(maps["fixmap_in"], (320, 512), bandwidth_px=16, border="reflect", pixel="floor")
    assert density[::8, ::8] == pytest.approx(maps["fixmap_sd16_stride8"], rel=1e-9, abs=1e-15)
    for name in ("all", "car"):
        trials = [trial for trial in inputs["human"] if name in ("all", trial["task"])]
        xy = np.concatenate([np.stack([trial["X"], trial["Y"]], axis=1)[1:] for trial in trials])
        prior = fixation_density(xy, (320, 512), bandwidth_px=24, border="reflect", pixel="floor")
        assert prior[::8, ::8] == pytest.approx(maps[f"prior_{name}_stride8"], rel=1e-9, abs=1e-15)


def test_the_borders_differ_near_borders_alone():
    inner, corner = [(60.0, 60.0)], [(1.0, 1.0)]
    for xy, same in ((inner, True), (corner, False)):
        both = [fixation_density(xy, (120, 120), bandwidth_px=6.0, border=border) for border in ("open", "reflect")]
        assert np.allclose(*both, atol=1e-6) == same
    with pytest.raises(UndefinedError, match="off the map"):
        fixation_density([(-3, 3)], SIZE, bandwidth_px=2.0, border="reflect")


@given(st.integers(0, 2**31), st.floats(0.3, 30), st.floats(0, 0.9))
def test_a_density_sums_to_one_and_its_uniform_share_is_a_floor(seed, width, share):
    xy = np.random.default_rng(seed).random((5, 2)) * (32, 24)
    density = fixation_density(xy, SIZE, bandwidth_px=width, uniform_share=share)
    assert density.sum() == pytest.approx(1)
    assert density.min() >= share / density.size * (1 - 1e-12)


def test_a_fixation_peaks_in_its_own_pixel_under_either_rule():
    for x, pixel in ((5.9, "floor"), (5.4, "nearest")):
        density = fixation_density([(x, 3.2)], SIZE, bandwidth_px=1.5, pixel=pixel)
        assert np.unravel_index(density.argmax(), SIZE) == (3, 5)


def test_a_density_is_the_mean_of_those_of_its_fixations_away_from_borders():
    points = np.array([(10.0, 12.0), (20.0, 11.0)])
    alone = [fixation_density(point, SIZE, bandwidth_px=1.0) for point in points]
    assert fixation_density(points, SIZE, bandwidth_px=1.0) == pytest.approx(np.mean(alone, axis=0), abs=1e-12)


def test_the_width_of_a_known_density_is_recovered_within_reason():
    # many points of a normal density: the best width shrinks with n, far below the density's own spread
    generator = np.random.default_rng(0)
    xy = generator.normal(0, 40, (600, 2))
    widths = np.geomspace(1, 100, 15)
    few, many = (fit_density(xy[:n], bandwidths_px=widths).bandwidth_px for n in (60, 600))
    assert 5 < many <= few < 40


def test_people_who_look_apart_need_a_wider_density_than_their_own_fixations_suggest():
    generator = np.random.default_rng(1)
    centers = generator.random((6, 2)) * (320, 240)
    xy = (centers[:, None] + generator.normal(0, 2, (6, 20, 2))).reshape(-1, 2)
    people = np.repeat(np.arange(6), 20)
    shuffled = generator.permutation(len(xy))
    mixed = fit_density(xy[shuffled], size=(240, 320))
    apart = fit_density(xy, size=(240, 320), groups=people)
    assert apart.bandwidth_px > 5 * mixed.bandwidth_px
    assert apart.log_likelihood < mixed.log_likelihood


def test_a_stray_fixation_asks_for_a_uniform_share():
    generator = np.random.default_rng(2)
    tight = generator.normal((60, 60), 3, (80, 2))
    stray = generator.random((20, 2)) * (320, 240)
    xy = generator.permutation(np.concatenate([tight, stray]))
    assert fit_density(xy, size=(240, 320)).uniform_share >= 0.1
    assert fit_density(tight, size=(240, 320)).uniform_share < 0.05


def test_the_cross_validated_likelihood_is_the_one_of_the_left_out_pixels():
    generator = np.random.default_rng(3)
    xy = generator.random((40, 2)) * (32, 24)
    people = np.arange(40) % 4
    fit = fit_density(xy, size=SIZE, bandwidths_px=[4.0], uniform_shares=[0.1], groups=people)
    scores = []
    for person in range(4):
        # on a grid ten times finer, pixels are as good as points
        density = fixation_density(10 * xy[people != person], (240, 320), bandwidth_px=40.0, uniform_share=0.1)
        rows, columns = (10 * xy[people == person]).astype(int).T[::-1]
        scores.extend(np.log(100 * density[rows, columns]))
    assert fit.log_likelihood == pytest.approx(np.mean(scores), abs=0.005)


def test_the_gold_standard_does_not_know_the_person_it_predicts():
    looked = {"s1": [(5.0, 5.0)], "s2": [(20.0, 15.0)], "s3": [(21.0, 15.0)]}
    fit = DensityFit(2.0, 0.01, 0.0)
    without = gold_standard(looked, SIZE, leave_out="s1", fit=fit)
    assert without == pytest.approx(fixation_density([(20, 15), (21, 15)], SIZE, bandwidth_px=2.0, uniform_share=0.01))
    assert gold_standard(looked, SIZE, fit=fit)[5, 5] > 10 * without[5, 5]


def test_a_gold_standard_beats_the_center_bias_where_people_agree():
    generator = np.random.default_rng(4)
    fixations, gains = {}, []
    for picture in "abcd":
        spots = generator.random((3, 2)) * (30, 22) + 1
        fixations[picture] = {
            person: np.clip(spots[generator.integers(3, size=8)] + generator.normal(0, 0.7, (8, 2)), 0, (31.9, 23.9))
            for person in range(5)
        }
    pooled = {picture: np.concatenate(list(people.values())) for picture, people in fixations.items()}
    for picture, people in fixations.items():
        baseline = log_density(center_bias(pooled, SIZE, leave_out=picture))
        for person, xy in people.items():
            gold = log_density(gold_standard(people, SIZE, leave_out=person))
            gains.append(information_gain(gold, baseline, xy))
    assert np.mean(gains) > 1.5


def test_the_center_bias_leaves_its_picture_out_and_stretches_the_others():
    looked = {"a": [(5.0, 5.0)], "b": [(99.5, 49.5)]}
    fit = DensityFit(2.0, 0.0, 0.0)
    sizes = {"a": SIZE, "b": (100, 200)}
    density = center_bias(looked, SIZE, sizes=sizes, leave_out="a", fit=fit)
    assert density == pytest.approx(fixation_density([(15.5, 11.5)], SIZE, bandwidth_px=2.0))
    everyone = center_bias(looked, SIZE, sizes=sizes, fit=fit)
    assert everyone == pytest.approx(fixation_density([(5, 5), (15.5, 11.5)], SIZE, bandwidth_px=2.0))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: gold_standard({"s1": [(1, 1)]}, SIZE, leave_out="s1"), "empty"),
        (lambda: center_bias({"a": [(1, 1)], "b": []}, SIZE, leave_out="a"), "empty"),
        (lambda: fixation_density([], SIZE, bandwidth_px=1), "empty"),
        (lambda: fixation_density([(np.nan, 1)], SIZE, bandwidth_px=1), "nan"),
        (lambda: fixation_density([(1e6, 1)], SIZE, bandwidth_px=1), "off_map"),
        (lambda: fit_density([(1, 1), (2, 2)], size=SIZE), "too_short"),
        (lambda: fit_density([(1, 1), (2, 2)], size=SIZE, groups=["s", "s"]), "too_few_groups"),
    ],
)
def test_what_has_no_density_is_undefined(call, reason):
    with pytest.raises(UndefinedError) as caught:
        call()
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({}, "bandwidths_px to try"),
        ({"bandwidths_px": [1.0], "uniform_shares": [0.1]}, "needs the picture's size"),
        ({"bandwidths_px": [0.0]}, "positive"),
        ({"size": SIZE, "uniform_shares": [1.0]}, r"\[0, 1\)"),
        ({"size": SIZE, "groups": ["a"]}, "one label a fixation"),
    ],
)
def test_unusable_settings_of_a_fit_are_refused(keywords, message):
    with pytest.raises(InputError, match=message):
        fit_density(np.random.default_rng(0).random((10, 2)), **keywords)


@given(st.integers(0, 2**31), st.integers(2, 5))
def test_leaving_out_one_by_one_is_leaving_out_all_at_once(seed, n):
    generator = np.random.default_rng(seed)
    looked = {f"s{i}": generator.random((generator.integers(0, 4), 2)) * (32, 24) for i in range(n)}
    fit = DensityFit(3.0, 0.05, 0.0)
    if not sum(map(len, looked.values())):
        return
    densities = LeaveOneOut(looked, SIZE, fit=fit)
    for person in looked:
        others = [xy for who, xy in looked.items() if who != person and len(xy)]
        if others:
            expected = gold_standard(looked, SIZE, leave_out=person, fit=fit)
            assert densities.density(person) == pytest.approx(expected, rel=1e-9, abs=1e-15)
        else:
            with pytest.raises(UndefinedError, match="Nobody but"):
                densities.density(person)


@pytest.mark.parametrize("density", [gold_standard, center_bias])
def test_leaving_out_a_name_that_is_not_there_is_refused(density):
    looked = {1: [(1, 1)], 2: [(2, 2)]}
    with pytest.raises(InputError, match="leave_out='1'"):
        density(looked, SIZE, leave_out="1")
