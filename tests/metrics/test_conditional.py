import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError, Scanpath
from scanpath.metrics import (
    AUC_CHANCE,
    auc,
    conditional_auc,
    conditional_information_gain,
    conditional_nss,
    information_gain,
    log_density,
    nss,
)


@pytest.fixture
def stonybrook(shared):
    """Outputs of the COCO-Search18 evaluations (Scanpath_Prediction 36efbcc, HAT 557205d), maps 20 x 32."""
    return np.load(shared / "goldens/peers/search_metrics/conditional_saliency.npz")


@pytest.fixture
def visions(shared):
    """Outputs of the per-fixation measures of ViSioNS (NeuroLIAA/visions), maps 24 x 32."""
    return np.load(shared / "goldens/peers/visions/hsp.npz")


def test_cig_cnss_and_cauc_are_those_of_coco_search18(stonybrook):
    maps, xy = stonybrook["maps"], stonybrook["next_fix_xy"]
    gains = conditional_information_gain(maps, stonybrook["prior"], xy)
    assert gains == pytest.approx(stonybrook["cIG_per_fixation"], abs=1e-9)
    areas = conditional_auc(maps, xy, convention="stonybrook")
    assert areas == pytest.approx(stonybrook["cAUC_per_fixation"], abs=1e-6)
    scores, reasons = conditional_nss(maps, xy, convention="stonybrook", return_reasons=True)
    # map 2 is constant: rounding decides its value there
    assert list(reasons) == ["", "", "constant", "", "", "", "", ""]
    assert np.delete(scores, 2) == pytest.approx(np.delete(stonybrook["cNSS_per_fixation"], 2), rel=1e-6)


def test_auc_nss_and_gains_are_those_of_visions(visions):
    maps, xy = visions["maps"], np.stack([visions["fix_x"], visions["fix_y"]], axis=1)
    expected = visions["metrics_AUC_NSS_IG_LL"]
    assert conditional_auc(maps, xy) == pytest.approx(expected[:, 0], abs=1e-9)
    scores, reasons = conditional_nss(maps, xy, convention="visions", return_reasons=True)
    assert list(np.flatnonzero(reasons)) == [1]  # constant; 0 there
    assert np.delete(scores, 1) == pytest.approx(np.delete(expected[:, 1], 1), abs=1e-9)
    assert conditional_information_gain(maps, visions["centre_kde"], xy) == pytest.approx(expected[:, 2], abs=1e-9)
    assert conditional_information_gain(maps, None, xy) == pytest.approx(expected[:, 3], abs=1e-9)


@given(st.integers(0, 2**31), st.integers(1, 6))
def test_each_map_scores_as_it_would_alone(seed, n):
    generator = np.random.default_rng(seed)
    maps = generator.integers(0, 5, (n, 4, 6)).astype(float) + generator.random((n, 1, 1))
    maps[:, 0, 0] += 1.5
    xy = np.stack([generator.integers(0, 6, n), generator.integers(0, 4, n)], axis=1)
    assert conditional_nss(maps, xy) == pytest.approx([nss(m, p) for m, p in zip(maps, xy)])
    assert conditional_auc(maps, xy) == pytest.approx([auc(m, p) for m, p in zip(maps, xy)])
    alone = [information_gain(log_density(m), None, p) for m, p in zip(maps, xy)]
    assert conditional_information_gain(maps, None, xy, epsilon=0) == pytest.approx(alone, abs=1e-9)


@given(st.integers(0, 2**31))
def test_a_stack_a_list_and_a_stream_score_alike(seed):
    generator = np.random.default_rng(seed)
    maps = generator.random((5, 3, 4))
    xy = np.stack([generator.integers(0, 4, 5), generator.integers(0, 3, 5)], axis=1)
    for measure in (conditional_nss, conditional_auc):
        assert np.array_equal(measure(maps, xy), measure(list(maps), xy))
        assert np.array_equal(measure(maps, xy), measure((each for each in maps), xy))
    stacked = conditional_information_gain(maps, maps[::-1], xy)
    assert np.array_equal(stacked, conditional_information_gain(iter(maps), iter(maps[::-1]), xy))
    uniform = conditional_information_gain(maps, None, xy)
    assert np.array_equal(uniform, conditional_information_gain(iter(maps), None, xy))


@pytest.mark.parametrize("n", [2, 30])
def test_a_map_that_comes_again_scores_as_its_copies_do(n):
    generator = np.random.default_rng(n)
    values = generator.integers(0, 9, (6, 7)).astype(float)
    xy = np.stack([generator.integers(0, 7, n), generator.integers(0, 6, n)], axis=1)
    copies = np.stack([values] * n)
    again = ([values] * n, np.broadcast_to(values, copies.shape))
    for maps in again:
        for how in ("pysaliency", "stonybrook"):
            assert conditional_nss(maps, xy, convention=how) == pytest.approx(
                conditional_nss(copies, xy, convention=how)
            )
        for how in AUC_CHANCE:
            expected = conditional_auc(copies, xy, convention=how)
            assert conditional_auc(maps, xy, convention=how) == pytest.approx(expected, abs=0)
        other = generator.random((6, 7))
        expected = conditional_information_gain(copies, other, xy)
        assert conditional_information_gain(maps, other, xy) == pytest.approx(expected)
        assert conditional_information_gain(maps, values, xy) == pytest.approx(0)
    values[0, 0] = np.nan
    for maps in ([values] * n, np.broadcast_to(values, copies.shape)):
        assert set(conditional_auc(maps, xy, return_reasons=True)[1]) == {"nan"}


def test_a_stream_may_fill_one_array_again_and_again():
    buffer, maps = np.empty((3, 4)), np.random.default_rng(0).random((5, 3, 4))

    def stream():
        for each in maps:
            buffer[:] = each
            yield buffer

    xy = [(0, 0), (1, 1), (2, 2), (3, 2), (0, 1)]
    for measure in (conditional_nss, conditional_auc):
        assert np.array_equal(measure(stream(), xy), measure(maps, xy))


def test_maps_may_differ_in_size():
    maps = [np.arange(6.0).reshape(2, 3), np.arange(4.0).reshape(2, 2)]
    assert conditional_auc(maps, [(2, 1), (1, 1)]) == pytest.approx([5.5 / 6, 3.5 / 4])
    assert conditional_information_gain([m * 0 + 1 for m in maps], None, [(0, 0), (0, 0)], epsilon=0) == pytest.approx(
        0
    )


@pytest.mark.parametrize("convention", sorted(AUC_CHANCE))
def test_chance_levels_are_what_they_are_called(convention):
    generator = np.random.default_rng(0)
    maps = generator.random((4000, 5, 8))
    xy = np.stack([generator.integers(0, 8, 4000), generator.integers(0, 5, 4000)], axis=1)
    assert conditional_auc(maps, xy, convention=convention).mean() == pytest.approx(AUC_CHANCE[convention], abs=0.02)
    assert conditional_nss(maps, xy).mean() == pytest.approx(0, abs=0.05)
    assert conditional_nss(maps, xy, convention="visions").mean() > 0.3


def test_what_has_no_value_is_nan_with_a_reason_and_leaves_the_others_alone():
    maps = np.random.default_rng(0).random((6, 3, 4))
    maps[1] = 0.5
    maps[2, 0, 0] = np.nan
    xy = [(0, 0), (0, 0), (1, 1), (9, 0), (np.nan, 1), (-0.6, 0)]
    scores, reasons = conditional_nss(maps, xy, return_reasons=True)
    assert list(reasons) == ["", "constant", "nan", "off_map", "nan", "off_map"]
    assert np.array_equal(np.isnan(scores), reasons != "")
    areas, reasons = conditional_auc(maps, xy, return_reasons=True)
    assert list(reasons) == ["", "", "nan", "off_map", "nan", "off_map"]
    assert areas[1] == 0.5
    maps[0, 0, 0] = -1
    maps[1] = 0
    gains, reasons = conditional_information_gain(maps, None, xy, return_reasons=True)
    assert list(reasons) == ["negative", "zero_density", "nan", "off_map", "nan", "off_map"]
    assert np.isnan(gains).all()


def test_reasons_of_the_baseline_count_too():
    maps, xy = np.ones((2, 2, 2)), [(0, 0), (1, 1)]
    baseline = np.stack([np.zeros((2, 2)), np.ones((2, 2))])
    gains, reasons = conditional_information_gain(maps, baseline, xy, return_reasons=True)
    assert list(reasons) == ["zero_density", ""]
    assert gains[1] == 0
    both = np.array([[[0.0, 1.0]]])
    assert np.isnan(conditional_information_gain(both, both, [(0, 0)], epsilon=0))
    assert conditional_information_gain(both, None, [(0, 0)], epsilon=0) == -np.inf


@pytest.mark.parametrize("maps", [np.ones((2, 3, 3)), [np.ones((3, 3))] * 4])
def test_each_map_needs_its_fixation(maps):
    with pytest.raises(InputError, match="next fixation"):
        conditional_nss(maps, [(0, 0)] * 3)


def test_no_maps_give_no_scores():
    assert conditional_nss(np.ones((0, 3, 3)), np.zeros((0, 2))).shape == (0,)
    assert conditional_auc([], []).shape == (0,)
    assert conditional_information_gain([], None, []).shape == (0,)


def test_unknown_conventions_are_refused():
    for measure in (conditional_nss, conditional_auc):
        with pytest.raises(InputError, match="stonybrook"):
            measure(np.ones((1, 2, 2)), [(0, 0)], convention="stoneybrook")
    with pytest.raises(InputError, match="epsilon"):
        conditional_information_gain(np.ones((1, 2, 2)), None, [(0, 0)], epsilon=-1)


def test_fixations_come_in_the_forms_that_other_metrics_take():
    maps = np.random.default_rng(0).random((2, 5, 6))
    expected = conditional_nss(maps, [(1, 2), (3, 4)])
    assert np.array_equal(conditional_nss(maps, [(1, 2, 200), (3, 4, 250)]), expected)
    assert np.array_equal(conditional_nss(maps, Scanpath([(1, 2), (3, 4)])), expected)
    with pytest.raises(InputError, match=r"\(n, 2\)"):
        conditional_nss(maps, [1, 2, 3, 4])


def test_words_are_no_maps():
    with pytest.raises(InputError, match="maps must be an array of real numbers, got <U1"):
        conditional_auc(np.array([[["a", "b"]]]), [(0, 0)])


def test_logs_of_densities_are_refused_among_other_maps():
    density = np.random.default_rng(5).dirichlet(np.ones(48)).reshape(6, 8)
    maps = np.stack([density, np.log(density), density])
    with pytest.raises(InputError, match="log of a density"):
        conditional_nss(maps, [(1, 2)] * 3)
    with pytest.raises(InputError, match="log of a density"):
        conditional_nss([np.log(density)] * 3, [(1, 2)] * 3)
