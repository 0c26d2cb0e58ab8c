import numpy as np
import pytest

from scanpath import InputError, Scanpath, UndefinedError
from scanpath.metrics import Simplify, multimatch, pairwise

SCREEN = (300, 400)  # a diagonal of 500 px
PATH = np.array([[10, 10, 200], [110, 10, 300], [110, 160, 100], [30, 160, 250]], dtype=float)


def test_each_part_is_one_minus_the_median_difference_over_its_largest():
    a = [(0, 0, 200), (100, 0, 100), (100, 100, 300)]
    b = [(0, 30, 100), (0, 130, 100), (0, 170, 50)]  # two downward saccades of 100 and 40 px
    # the alignment is diagonal: (right 100, down 100) and (down 100, down 40)
    vector = (np.hypot(100, 100) + 60) / 2
    result = multimatch(a, b, screen_px=SCREEN)
    assert result.vector == pytest.approx(1 - vector / 1000)
    assert result.direction == pytest.approx(1 - (0.5 + 0.0) / 2)
    assert result.length == pytest.approx(1 - (0 + 60) / 2 / 500)
    assert result.position == pytest.approx(1 - (30 + np.hypot(100, 130)) / 2 / 500)
    assert result.duration == pytest.approx(1 - (0.5 + 0.0) / 2)


def test_directions_are_compared_across_the_cut_of_the_circle():
    a = [(100, 100), (50, 101), (0, 102)]
    b = [(100, 100), (50, 99), (0, 98)]
    assert multimatch(a, b, screen_px=SCREEN).direction > 0.98


def test_the_last_fixation_counts_only_as_the_end_of_a_saccade():
    longer = PATH.copy()
    longer[-1, 2] = 2000
    assert multimatch(PATH, longer, screen_px=SCREEN) == (1, 1, 1, 1, 1)
    cut_off = PATH.copy()
    cut_off[-1, 2] = np.nan
    assert multimatch(PATH, cut_off, screen_px=SCREEN).duration == 1


def test_missing_durations_leave_the_other_four_parts():
    full, bare = multimatch(PATH, PATH[::-1], screen_px=SCREEN), multimatch(PATH, PATH[::-1, :2], screen_px=SCREEN)
    assert bare[:4] == full[:4]
    assert np.isnan(bare.duration)
    _, reasons = pairwise("multimatch", [PATH], [PATH[::-1, :2]], screen_px=SCREEN, return_reasons=True)
    assert reasons[0, 0].tolist() == ["", "", "", "", "missing_duration"]


def test_two_durations_of_zero_cannot_be_compared():
    stopped = np.column_stack([PATH[:, :2], np.zeros(4)])
    values, reasons = pairwise("multimatch", [stopped], screen_px=SCREEN, return_reasons=True)
    assert np.isnan(values[0, 0, 4])
    assert reasons[0, 0, 4] == "zero_duration"
    assert multimatch(PATH, stopped, screen_px=SCREEN).duration == 0


def test_equal_saccades_do_not_keep_a_scanpath_from_being_itself():
    line = [(10 * i, 5, 100 + i) for i in range(9)]  # every alignment costs nothing
    assert multimatch(line, line, screen_px=SCREEN) == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_fixations_have_no_score(n):
    with pytest.raises(UndefinedError, match="multimatch is undefined") as raised:
        multimatch(PATH, PATH[:n], screen_px=SCREEN)
    assert raised.value.reason == ("empty" if n == 0 else "too_short")


def test_a_nan_coordinate_is_refused():
    broken = PATH.copy()
    broken[1, 0] = np.nan
    with pytest.raises(InputError, match="NaN"):
        multimatch(PATH, broken, screen_px=SCREEN)


def test_fixations_off_the_screen_are_compared_where_they_are():
    off = PATH + np.array([400, 0, 0])
    assert multimatch(PATH, off, screen_px=SCREEN).position == pytest.approx(1 - 400 / 500)
    far = multimatch(PATH, PATH + np.array([5000, 0, 0]), screen_px=SCREEN)
    assert np.isnan(far.position)  # it would be -9
    assert far.vector == pytest.approx(1)


class TestSimplify:
    def test_saccades_in_one_direction_join_over_a_short_fixation(self):
        straight = [(0, 0, 400), (50, 0, 100), (100, 5, 400), (100, 300, 400), (20, 300, 400)]
        joined = [(0, 0, 400), (100, 5, 400), (100, 300, 400), (20, 300, 400)]
        rule = Simplify(direction_deg=45, duration_ms=300, amplitude_px=0)
        assert multimatch(straight, joined, screen_px=SCREEN, simplify=rule) == (1, 1, 1, 1, 1)

    def test_a_long_fixation_keeps_them_apart(self):
        straight = [(0, 0, 400), (50, 0, 300), (100, 5, 400), (100, 300, 400), (20, 300, 400)]
        rule = Simplify(direction_deg=45, duration_ms=300, amplitude_px=0)
        assert multimatch(straight, straight, SCREEN, simplify=rule) == multimatch(straight, straight, SCREEN)
        other = [(0, 0, 400), (100, 5, 400), (100, 300, 400), (20, 300, 400)]
        assert multimatch(straight, other, SCREEN, simplify=rule) == multimatch(straight, other, SCREEN)

    def test_a_short_saccade_joins_the_next_and_a_short_last_one_the_one_before(self):
        jittery = [(0, 0, 100), (5, 0, 400), (200, 0, 400), (200, 200, 400), (10, 200, 400), (10, 205, 100)]
        clean = [(0, 0, 100), (200, 0, 400), (200, 200, 400), (10, 205, 400)]
        rule = Simplify(direction_deg=0, duration_ms=300, amplitude_px=20)
        assert multimatch(jittery, clean, SCREEN, simplify=rule) == pytest.approx((1, 1, 1, 1, 1))

    def test_thresholds_of_zero_change_nothing(self):
        none = Simplify(0, 0, 0)
        assert multimatch(PATH, PATH[::-1], SCREEN, simplify=none) == multimatch(PATH, PATH[::-1], SCREEN)

    def test_a_scanpath_that_shrinks_to_one_short_saccade_still_has_a_score(self):
        tiny = [(0, 0, 50), (4, 0, 50), (8, 0, 50), (9, 0, 50)]
        result = multimatch(tiny, tiny, SCREEN, simplify=Simplify(45, 300, 100))
        assert result == (1, 1, 1, 1, 1)

    def test_simplifying_needs_every_duration(self):
        with pytest.raises(UndefinedError, match="duration is missing") as raised:
            multimatch(PATH, PATH[:, :2], SCREEN, simplify=Simplify(45, 300, 100))
        assert raised.value.reason == "missing_duration"

    def test_inputs_are_not_simplified_in_place(self):
        path = Scanpath([(0, 0), (5, 0), (200, 0), (205, 3)], [100, 100, 100, 100])
        before = path.xy.copy()
        multimatch(path, path, SCREEN, simplify=Simplify(45, 300, 100))
        assert np.array_equal(path.xy, before)

    @pytest.mark.parametrize("value", [-1, np.nan, np.inf])
    def test_thresholds_are_numbers_of_at_least_zero(self, value):
        with pytest.raises(InputError, match=r"Simplify\.amplitude_px"):
            Simplify(45, 300, value)


@pytest.mark.parametrize("simplify", [True, 45, (45, 300, 100)])
def test_simplify_is_said_by_its_own_type(simplify):
    with pytest.raises(InputError, match=r"Simplify or None"):
        multimatch([(0, 0)] * 3, [(0, 0)] * 3, (100, 100), simplify=simplify)
