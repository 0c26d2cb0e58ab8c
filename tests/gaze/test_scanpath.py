import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scanpath import InputError, Scanpath, ScanpathBatch, as_scanpath

points = st.integers(0, 7).flatmap(
    lambda n: arrays(np.float64, (n, 2), elements=st.floats(-2000, 2000, allow_subnormal=False))
)


def test_saccades_run_right_and_down():
    path = Scanpath([(0, 0), (3, 4), (3, 0), (0, 0)])
    assert path.saccades.amplitude_px.tolist() == [5, 4, 3]
    assert path.saccades.direction_deg.tolist() == pytest.approx([53.13010235, -90, 180])


def test_all_forms_are_the_same_scanpath():
    rows = [[1.0, 2.0, 200.0], [3.0, 4.0, 250.0]]
    forms = [rows, np.array(rows), torch.tensor(rows, dtype=torch.float64), Scanpath([(1, 2), (3, 4)], [200, 250])]
    assert all(as_scanpath(form) == forms[-1] for form in forms)


@pytest.mark.parametrize(
    ("xy", "message"),
    [([[np.nan, 0]], "NaN"), ([[0, 1, 2, 3]], r"\(n, 2\)"), ([[np.inf, 0]], "infinite"), ("abc", "numbers")],
)
def test_what_is_no_scanpath_is_refused(xy, message):
    with pytest.raises(InputError, match=message):
        as_scanpath(xy)


@pytest.mark.parametrize("xy", [[("a", "b")], [(1, 2), (3,)], {}, None, [(1j, 2)]])
def test_coordinates_that_are_no_numbers_are_refused(xy):
    with pytest.raises(InputError, match=r"Scanpath\.xy must"):
        Scanpath(xy)


@pytest.mark.parametrize("nothing", [[], (), np.zeros((0, 2)), np.zeros((0, 3)), torch.zeros(0, 2)])
def test_no_fixation_is_a_scanpath(nothing):
    assert Scanpath(nothing).xy.shape == (0, 2)


def test_times_must_fit_and_not_be_negative():
    with pytest.raises(InputError, match="duration_ms must be numbers"):
        Scanpath([(0, 0)], duration_ms=["long"])
    with pytest.raises(InputError, match="duration_ms must have shape"):
        Scanpath([(0, 0)], duration_ms=[1, 2])
    with pytest.raises(InputError, match="not negative"):
        Scanpath([(0, 0)], duration_ms=[-1])
    assert np.isnan(Scanpath([(0, 0), (1, 1)], duration_ms=[np.nan, 2]).duration_ms[0])


def test_a_scanpath_cannot_be_changed_through_the_array_it_was_made_of():
    xy = np.zeros((2, 2))
    path = Scanpath(xy)
    xy[0] = 9
    assert path.xy[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        path.xy[0] = 1


@given(st.lists(points, max_size=5))
def test_a_batch_gives_back_what_was_packed(paths):
    batch = ScanpathBatch.pack(paths)
    assert len(batch) == len(paths)
    for packed, path in zip(batch, paths):
        assert np.array_equal(packed.xy, path)


def test_slices_keep_times_and_info():
    path = Scanpath([(0, 0), (1, 1), (2, 2)], [1, 2, 3], [0, 10, 20], {"subject": "s"})[1:]
    assert path.duration_ms.tolist() == [2, 3]
    assert path.onset_ms.tolist() == [10, 20]
    assert path.info == {"subject": "s"}
