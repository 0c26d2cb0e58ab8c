from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scanpath import InputError, Scanpath, UndefinedError
from scanpath._core.errors import InputWarning
from scanpath.metrics import (
    auc,
    auc_borji,
    auc_judd,
    fixation_kl_divergence,
    nss,
    other_fixations,
    shuffled_auc,
)


@pytest.fixture
def case(pysaliency_case):
    for name in ("maps", "gold_maps", "fixations_xy"):
        pysaliency_case[name] = [np.array(each, dtype=float) for each in pysaliency_case[name]]
    return pysaliency_case


@st.composite
def maps_and_fixations(draw, most=12, least=1):
    size = draw(st.tuples(st.integers(2, 9), st.integers(2, 9)))
    values = draw(hnp.arrays(np.float64, size, elements=st.integers(-5, 5)))
    n = draw(st.integers(least, most))
    columns = draw(hnp.arrays(np.int64, n, elements=st.integers(0, size[1] - 1)))
    rows = draw(hnp.arrays(np.int64, n, elements=st.integers(0, size[0] - 1)))
    return values, np.stack([columns, rows], axis=1)


def by_counting(positives, negatives):
    return [np.mean(negatives < value) + np.mean(negatives == value) / 2 for value in positives]


# reference outputs; pysaliency cuts coordinates

FLOOR = {"pixel": "floor"}
others_of = partial(other_fixations, pixel="floor")


def test_nss_is_that_of_pysaliency(case):
    if case["map_kind"] == "constant":
        with pytest.raises(UndefinedError, match="constant"):  # 0 there
            nss(case["maps"][0], case["fixations_xy"][0])
        return
    scores = [nss(m, xy, per_fixation=True, **FLOOR) for m, xy in zip(case["maps"], case["fixations_xy"])]
    assert np.concatenate(scores) == pytest.approx(case["expected"]["NSSs"], rel=1e-9, abs=1e-12)
    images = [nss(m, xy, **FLOOR) for m, xy in zip(case["maps"], case["fixations_xy"])]
    assert np.mean(images) == pytest.approx(case["expected"]["NSS_image"], rel=1e-9)


@pytest.mark.parametrize("nonfixations", ["uniform", "unfixated"])
def test_auc_is_that_of_pysaliency(case, nonfixations):
    pairs = list(zip(case["maps"], case["fixations_xy"]))
    each = np.concatenate([auc(m, xy, nonfixations=nonfixations, per_fixation=True, **FLOOR) for m, xy in pairs])
    assert each == pytest.approx(case["expected"][f"AUCs_{nonfixations}"], rel=1e-9)
    weights = [len(xy) for _, xy in pairs]
    for thresholds in ("all", "fixations"):
        images = [auc(m, xy, nonfixations=nonfixations, thresholds=thresholds, **FLOOR) for m, xy in pairs]
        name = f"AUC_{nonfixations}_{thresholds}"
        assert np.mean(images) == pytest.approx(case["expected"][f"{name}_image"], rel=1e-9)
        assert np.average(images, weights=weights) == pytest.approx(case["expected"][f"{name}_fixation"], rel=1e-9)


def test_auc_judd_is_that_of_pysaliency_without_jitter(case):
    scores = [auc_judd(m, xy, **FLOOR) for m, xy in zip(case["maps"], case["fixations_xy"])]
    assert np.mean(scores) == pytest.approx(case["expected"]["AUC_Judd_nojitter"], rel=1e-9)


def test_shuffled_auc_is_that_of_pysaliency(case):
    xy = case["fixations_xy"]
    others = [others_of(xy, case["shape"], index) for index in range(len(xy))]
    each = [shuffled_auc(m, *points, per_fixation=True, **FLOOR) for m, *points in zip(case["maps"], xy, others)]
    assert np.concatenate(each) == pytest.approx(case["expected"]["AUCs_shuffled"], rel=1e-9)


def test_fixation_kl_is_that_of_pysaliency(case):
    # pysaliency pools the values of all pictures; pictures side by side in one wide map are the same pool
    xy, width = case["fixations_xy"], case["shape"][1]
    wide = np.concatenate(case["maps"], axis=1)
    shifts = [np.array([width * i, 0]) for i in range(len(xy))]
    beside = np.concatenate([points + shift for points, shift in zip(xy, shifts)])
    others = np.concatenate([others_of(xy, case["shape"], i) + shift for i, shift in enumerate(shifts)])
    if case["map_kind"] == "constant":
        with pytest.raises(UndefinedError, match="varies"):
            fixation_kl_divergence(wide, beside)
        return
    expected = case["expected"]
    assert fixation_kl_divergence(wide, beside, **FLOOR) == pytest.approx(
        expected["fixation_based_KL_uniform"], rel=1e-9
    )
    shuffled = fixation_kl_divergence(wide, beside, others, **FLOOR)
    assert shuffled == pytest.approx(expected["fixation_based_KL_shuffled"], rel=1e-9)


# definitions


@given(maps_and_fixations())
def test_auc_counts_the_pixels_that_lie_below(drawn):
    values, xy = drawn
    positives = values[xy[:, 1], xy[:, 0]]
    assert auc(values, xy, per_fixation=True) == pytest.approx(by_counting(positives, values.ravel()))
    mask = np.ones(values.shape, dtype=bool)
    mask[xy[:, 1], xy[:, 0]] = False
    if mask.any():
        expected = by_counting(positives, values[mask])
        assert auc(values, xy, nonfixations="unfixated", per_fixation=True) == pytest.approx(expected)


@given(maps_and_fixations(most=30, least=9), st.integers(0, 2**31))
def test_many_fixations_are_ranked_as_few_are(drawn, seed):
    values, xy = drawn
    values = values + np.random.default_rng(seed).integers(0, 2, values.shape)
    one_by_one = [auc(values, point) for point in xy]
    assert auc(values, xy, per_fixation=True) == pytest.approx(one_by_one, abs=0)


@settings(deadline=None)  # each kind of map and of points is compiled on its first call
@given(
    st.integers(0, 2**31),
    st.sampled_from([np.float16, np.float32, np.float64, np.uint8, np.int64]),
    st.sampled_from(["whole", "transposed", "reversed", "every other"]),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.integers(1, 40),
)
def test_areas_are_those_of_a_sort_whatever_holds_the_map(seed, kind, layout, size, n):
    rng = np.random.default_rng(seed)
    values = np.exp(rng.integers(1, 4) * rng.standard_normal((24, 24)).clip(-3, 1.5)).astype(kind)
    cut = {"whole": np.s_[: size[0], : size[1]], "reversed": np.s_[size[0] - 1 :: -1, : size[1]]}
    values = (
        values[: size[1], : size[0]].T
        if layout == "transposed"
        else values[cut.get(layout, np.s_[: 2 * size[0] : 2, : 2 * size[1] : 2])]
    )
    xy, others = (rng.integers(0, size[::-1], (m, 2)) for m in (n, 3 * n))
    if seed % 2:
        xy, others = xy.astype(np.float32), others + 0.25
    reached, elsewhere = (values[tuple(each.astype(int).T[::-1])].astype(float) for each in (xy, others))
    for found, against in (
        (auc(values, xy, per_fixation=True), values.ravel()),
        (shuffled_auc(values, xy, others, per_fixation=True), elsewhere),
    ):
        ordered = np.sort(against.astype(float))
        ranks = np.searchsorted(ordered, reached) + np.searchsorted(ordered, reached, "right")
        np.testing.assert_array_equal(found, ranks / (2 * len(ordered)))


def test_more_fixations_than_there_are_levels_to_tell_apart_are_ranked_too():
    values = np.random.default_rng(0).permutation(40_000).reshape(200, 200)
    xy = np.stack(np.meshgrid(np.arange(200), np.arange(200)), axis=-1).reshape(-1, 2)
    np.testing.assert_array_equal(auc(values, xy, per_fixation=True), (values.ravel() + 0.5) / 40_000)


def test_masked_fixations_are_refused_though_they_are_whole_numbers():
    masked = np.ma.masked_array([[0, 0], [1, 1]], mask=[[False, False], [True, False]])
    with pytest.raises(InputError, match="masked"):
        auc(np.eye(2), masked)


@given(maps_and_fixations())
def test_auc_sees_order_alone_and_turns_with_the_map(drawn):
    values, xy = drawn
    assert auc(np.exp(values), xy) == auc(values, xy)
    assert auc(-values, xy) == pytest.approx(1 - auc(values, xy))


@given(maps_and_fixations(), st.floats(0.1, 10), st.floats(-100, 100))
def test_nss_sees_neither_scale_nor_offset(drawn, scale, offset):
    values, xy = drawn
    assume(values.min() < values.max() and min(values.max(), (scale * values + offset).max()) > 0)  # or else logs?
    assert nss(scale * values + offset, xy) == pytest.approx(nss(values, xy), rel=1e-6, abs=1e-9)


@given(maps_and_fixations())
def test_nss_of_every_pixel_once_is_zero(drawn):
    values, _ = drawn
    assume(values.min() < values.max() > 0)
    rows, columns = np.indices(values.shape)
    everywhere = np.stack([columns.ravel(), rows.ravel()], axis=1)
    assert nss(values, everywhere) == pytest.approx(0, abs=1e-12)
    assert auc(values, everywhere) == pytest.approx(0.5)


def test_nss_by_hand_with_both_divisors():
    values = np.array([[1.0, 2.0], [3.0, 6.0]])  # mean 3, squared deviations 4 1 0 9
    assert nss(values, [(1, 1)]) == pytest.approx(3 / np.sqrt(14 / 4))
    assert nss(values, [(1, 1)], ddof=1) == pytest.approx(3 / np.sqrt(14 / 3))


def test_a_large_offset_costs_no_digits():
    values = np.random.default_rng(0).random((64, 200))
    xy = [(150, 3), (20, 60)]
    assert nss(values + 1e8, xy) == pytest.approx(nss(values, xy), rel=1e-6)


def test_area_through_fixations_by_hand():
    # fixated 3 and 1 among 0 1 2 3: (1/4, 1/2), (3/4, 1), then (1, 1)
    assert auc([[0, 1], [2, 3]], [(1, 1), (1, 0)], thresholds="fixations") == pytest.approx(
        0.25 * 0.25 + 0.5 * 0.75 + 0.25 * 1
    )


def test_a_constant_map_is_a_guess_for_auc_and_undefined_for_nss():
    assert auc(np.full((3, 4), 0.1), [(1, 1)]) == 0.5
    assert shuffled_auc(np.full((3, 4), 0.1), [(1, 1)], [(0, 0)]) == 0.5
    with pytest.raises(UndefinedError, match="constant") as caught:
        nss(np.full((300, 400), 0.1), [(1, 1)])
    assert caught.value.reason == "constant"


def test_the_pixel_rule_decides_the_pixel():
    values = np.arange(12.0).reshape(3, 4)
    assert auc(values, [(2.9, 1.9)], pixel="floor") == auc(values, [(2, 1)])
    assert auc(values, [(2.9, 1.9)]) == auc(values, [(3, 2)])
    assert auc(values, [(-0.4, 0)]) == auc(values, [(0, 0)])
    with pytest.raises(UndefinedError):
        auc(values, [(-0.4, 0)], pixel="floor")


@pytest.mark.parametrize(
    ("xy", "reason"),
    [
        ([(-0.6, 0)], "off_map"),
        ([(3.5, 0)], "off_map"),
        ([(0, 0), (4, 0)], "off_map"),
        ([(0, 3)], "off_map"),
        ([(np.nan, 0)], "nan"),
        ([(0, np.inf)], "nan"),
        ([], "empty"),
    ],
)
@pytest.mark.parametrize("metric", [nss, auc, auc_judd, auc_borji])
def test_fixations_that_fall_on_no_pixel_are_undefined_and_never_wrapped(metric, xy, reason):
    with pytest.raises(UndefinedError) as caught:
        metric(np.arange(12.0).reshape(3, 4), xy)
    assert caught.value.reason == reason


@pytest.mark.parametrize("metric", [nss, auc, auc_judd, auc_borji])
@pytest.mark.parametrize("n", [1, 20])
def test_a_map_with_nan_is_undefined(metric, n):
    values = np.arange(12.0).reshape(3, 4)
    values[2, 3] = np.nan
    with pytest.raises(UndefinedError) as caught:
        metric(values, [(1, 1)] * n)
    assert caught.value.reason == "nan"


@pytest.mark.parametrize("values", [np.zeros(4), np.zeros((0, 4)), np.zeros((2, 2, 2))])
def test_another_shape_is_no_map(values):
    with pytest.raises(InputError, match=r"\(height, width\)"):
        nss(values, [(0, 0)])


def test_all_pixels_fixated_leaves_no_nonfixation():
    with pytest.raises(UndefinedError) as caught:
        auc([[1, 2]], [(0, 0), (1, 0)], nonfixations="unfixated")
    assert caught.value.reason == "no_nonfixations"


def test_unknown_conventions_are_refused():
    with pytest.raises(InputError, match="unfixated"):
        auc([[1, 2]], [(0, 0)], nonfixations="unfixatd")
    with pytest.raises(InputError, match="nearest"):
        auc([[1, 2]], [(0, 0)], pixel="nearst")
    with pytest.raises(InputError, match="fixations"):
        auc([[1, 2]], [(0, 0)], thresholds="fixation")
    with pytest.raises(InputError, match="per_fixation"):
        auc([[1, 2]], [(0, 0)], thresholds="fixations", per_fixation=True)


def test_inputs_come_in_many_forms_and_stay_as_they_were():
    values = np.random.default_rng(1).random((20, 30))
    xy = np.array([[3.0, 4.0], [20.0, 11.0]])
    kept = values.copy(), xy.copy()
    expected = nss(values, xy)
    assert nss(values, Scanpath(xy)) == expected
    assert nss(values.tolist(), xy.tolist()) == expected
    assert nss(values[::-1][::-1], xy) == expected
    assert nss(values.astype(np.float32), xy) == pytest.approx(expected, rel=1e-6)
    assert nss((values * 255).astype(np.uint8), xy) == pytest.approx(expected, abs=0.02)
    auc(values, xy), auc_judd(values, xy, jitter=1e-7), auc_borji(values, xy)
    assert np.array_equal(values, kept[0])
    assert np.array_equal(xy, kept[1])


def test_a_tensor_is_taken_as_its_array():
    import torch

    values = torch.rand(5, 6, generator=torch.Generator().manual_seed(0))
    assert nss(values, torch.tensor([[1.0, 2.0]])) == nss(values.numpy(), [(1, 2)])


# sampled relatives


def test_borji_is_seeded_and_near_the_exact_area():
    generator = np.random.default_rng(2)
    values = generator.random((60, 80))
    xy = np.argwhere(values > 0.3)[generator.permutation(2000)[:300]][:, ::-1]
    assert auc_borji(values, xy, seed=1) == auc_borji(values, xy, seed=1) != auc_borji(values, xy, seed=2)
    assert auc_borji(values, xy, step=0.001) == pytest.approx(auc(values, xy), abs=0.01)
    assert auc_borji(values, xy, splits=1, seed=1) != auc_borji(values, xy, splits=100, seed=1)


def test_jitter_breaks_ties_and_is_seeded():
    values = np.zeros((20, 20))
    values[:10] = 1
    xy = [(3, 3), (4, 15), (5, 2)]
    assert auc_judd(values, xy, jitter=1e-7, seed=1) == auc_judd(values, xy, jitter=1e-7, seed=1)
    assert auc_judd(values, xy, jitter=1e-7, seed=1) != auc_judd(values, xy)


def test_other_fixations_are_stretched_to_the_picture():
    looks, sizes = [[(10, 20)], [(1, 1)], [(30, 40)]], [(100, 100), (50, 200), (100, 100)]
    assert other_fixations(looks, sizes, 1, pixel="floor").tolist() == [[20, 10], [60, 20]]
    assert other_fixations(looks, sizes, 1).tolist() == [[20.5, 9.75], [60.5, 19.75]]  # borders stay at -1/2
    with pytest.raises(UndefinedError, match="another picture"):
        other_fixations([[(1, 1)]], (10, 10), 0)


@settings(deadline=None)
@given(maps_and_fixations(), maps_and_fixations())
def test_swapping_fixations_and_others_mirrors_the_shuffled_area(first, second):
    values, xy = first
    other = second[1] % np.array(values.shape[::-1])
    assert shuffled_auc(values, xy, other) == pytest.approx(1 - shuffled_auc(values, other, xy))


@pytest.mark.parametrize("n", [1, 20])
def test_a_fixated_nan_has_no_rank_among_other_fixations(n):
    values = np.arange(12.0).reshape(3, 4)
    values[1, 1] = np.nan
    with pytest.raises(UndefinedError) as caught:
        shuffled_auc(values, [(1, 1)] * n, [(0, 0), (3, 2)])
    assert caught.value.reason == "nan"


def test_the_shuffled_area_through_fixations_is_that_of_pysaliency(case):
    sizes = [values.shape for values in case["maps"]]
    areas = [
        shuffled_auc(values, xy, others_of(case["fixations_xy"], sizes, index), thresholds="fixations", **FLOOR)
        for index, (values, xy) in enumerate(zip(case["maps"], case["fixations_xy"]))
    ]
    assert np.mean(areas) == pytest.approx(case["expected"]["AUC_shuffled_fixations_image"], rel=1e-6)


def test_single_precision_maps_are_scored_in_double_precision():
    values = (np.random.default_rng(0).random((50, 60)) + 1e4).astype(np.float32)
    exact = values.astype(np.float64)
    expected = (exact[7, 3] - exact.mean()) / exact.std()
    assert nss(values, [(3, 7)]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("ddof", [-1, 12, np.nan])
def test_a_divisor_that_is_none_is_refused(ddof):
    with pytest.raises(InputError, match="ddof"):
        nss(np.arange(12.0).reshape(3, 4), [(1, 1)], ddof=ddof)


@pytest.mark.parametrize("values", [[["a", "b"]], [[1.0], [2.0, 3.0]], np.ones((2, 2)) + 1j, None])
def test_what_is_no_number_is_no_map_and_no_fixation(values):
    with pytest.raises(InputError, match="must"):
        auc(values, [(0, 0)])
    with pytest.raises(InputError, match="must"):
        auc(np.ones((2, 2)), values)


def test_borji_counts_the_largest_value_as_a_threshold_where_a_step_reaches_it():
    # thresholds 0, 0.5, 1 on a map of 0 and 1: with all fixations on ones the curve passes (share of ones drawn, 1)
    values = np.array([[0.0, 1.0]])
    area = auc_borji(values, [(1, 0)] * 4, splits=500, step=0.5)
    assert area == pytest.approx(0.75, abs=0.03)


def test_other_fixations_come_in_many_forms_and_name_their_picture():
    timed = [np.array([(4.0, 6.0, 200.0)]), np.array([(1.0, 2.0, 100.0), (3.0, 2.0, 150.0)])]
    assert other_fixations(timed, (8, 8), 0).tolist() == [[1, 2], [3, 2]]
    assert other_fixations([Scanpath(path[:, :2]) for path in timed], (8, 8), -1).tolist() == [[4, 6]]
    with pytest.raises(InputError, match="2 pictures"):
        other_fixations(timed, (8, 8), 2)


DENSITY = np.random.default_rng(5).dirichlet(np.ones(48)).reshape(6, 8)


@pytest.mark.parametrize("score", [nss, fixation_kl_divergence])
@pytest.mark.parametrize("logs", [np.log(DENSITY), np.log2(DENSITY), np.log10(DENSITY)])
def test_the_log_of_a_density_is_not_scored_as_the_density(score, logs):
    with pytest.raises(InputError, match=r"is the log of a density.*: give (np\.exp2?\(map\)|10\.0 \*\* map)\."):
        score(logs, [(1, 2), (3, 3)])


@pytest.mark.parametrize("score", [nss, fixation_kl_divergence])
def test_a_map_that_may_hold_logs_is_scored_with_a_word(score):
    with pytest.warns(InputWarning, match=r"nowhere positive, as logs of densities are.*np\.exp\(map\)") as caught:
        score(np.log(DENSITY / DENSITY.max()), [(1, 2), (3, 3)])
    assert caught[0].filename == __file__


@pytest.mark.parametrize("score", [nss, auc, auc_judd])
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_standardized_maps_and_logits_are_maps(score, shift):
    standard = (DENSITY - DENSITY.mean()) / DENSITY.std() - shift
    expected = score(DENSITY, [(1, 2), (3, 3)])
    assert score(standard, [(1, 2), (3, 3)]) == pytest.approx(expected)


def test_areas_under_curves_take_logs():
    assert auc(np.log(DENSITY), [(1, 2), (3, 3)]) == auc(DENSITY, [(1, 2), (3, 3)])
