"""One rule says which pixel a place falls on, wherever it is asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scanpath as sp
from scanpath import InputError, Scanpath, Stimulus, UndefinedError
from scanpath.evaluation import evaluate_maps
from scanpath.gaze.pixels import box_window, on_picture, pixel_of, resized
from scanpath.metrics import conditional_nss, labels_at, nss, on_target, scanmatch

WIDTH, HEIGHT = 8, 6
MAP = np.random.default_rng(0).random((HEIGHT, WIDTH))
#: Places along x: eighths of a pixel, where floating point is exact, over and beyond the picture.
PLACES = st.integers(-16, 8 * WIDTH + 16).map(lambda eighths: eighths / 8)


@given(x=PLACES)
def test_every_measure_agrees_on_the_pixel_of_a_place(x):
    column = int(np.floor(x + 0.5))
    on = 0 <= column < WIDTH
    assert on_picture(np.array([(x, 2.0)]), (WIDTH, HEIGHT)).tolist() == [on]
    score, reasons = conditional_nss([MAP], [(x, 2)], return_reasons=True)
    assert reasons[0] == ("" if on else "off_map")
    if on:
        assert nss(MAP, [(x, 2)]) == nss(MAP, [(column, 2)]) == pytest.approx(score[0])
        assert labels_at([(x, 2)], np.arange(HEIGHT * WIDTH).reshape(MAP.shape)) == [2 * WIDTH + column]
        cells = {"screen_px": (WIDTH, HEIGHT), "bins": (WIDTH, HEIGHT), "threshold": 1.0}
        assert scanmatch([(x, 2)], [(column, 2)], **cells) == 1.0
    else:
        for call in (lambda: nss(MAP, [(x, 2)]), lambda: scanmatch([(x, 2)], [(0, 0)], (WIDTH, HEIGHT))):
            with pytest.raises(UndefinedError):
                call()


@given(x=PLACES, left=st.integers(0, 5), side=st.integers(1, 3))
def test_a_target_is_found_on_the_pixels_of_its_box_and_nowhere_else(x, left, side):
    box = (left, 1, side, 3)
    inside = left <= np.floor(x + 0.5) < left + side
    assert on_target([(x, 2)], box).tolist() == [inside]
    stimulus = Stimulus(np.zeros((1, HEIGHT, 10), np.float32), target_box=box)
    assert sp.InBox().found(stimulus, (x, 2), 1) == inside
    rows, columns = box_window(box)
    assert (rows, columns) == (slice(1, 4), slice(left, left + side))


@given(x=PLACES, factor=st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_a_stretched_place_keeps_its_share_of_the_picture(x, factor):
    moved = resized(np.array([(x, 0.0)]), (WIDTH, HEIGHT), (WIDTH * factor, HEIGHT * factor))
    assert (moved[0, 0] + 0.5) / (WIDTH * factor) == pytest.approx((x + 0.5) / WIDTH)
    assert on_picture(moved, (WIDTH * factor, HEIGHT * factor)) == on_picture(np.array([(x, 0.0)]), (WIDTH, HEIGHT))


def test_evaluate_maps_leaves_out_what_lies_beyond_the_last_pixel():
    people = [
        Scanpath([(-0.5, 2), (7.4, 2), (7.5, 2), (-0.6, 2)], info={"stimulus": name, "subject": who})
        for name in "ab"
        for who in ("s1", "s2")
    ]
    table = evaluate_maps({"ramp": dict.fromkeys("ab", MAP)}, people, ["nss"])
    assert table["n_fixations"][0] == 8
    assert table["n_off_map"][0] == 8
    assert table["value"][0] == pytest.approx(nss(MAP, [(0, 2), (7, 2)]))


def test_an_unknown_rule_is_refused():
    with pytest.raises(InputError, match="nearest"):
        pixel_of(np.zeros(2), "round")
