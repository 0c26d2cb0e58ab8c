import numpy as np
import pytest
import torch

from scanpath._core.arrays import numpy_friendly
from scanpath._core.checks import (
    check_choice,
    check_count,
    check_fixation_tensor,
    check_image,
    check_positive,
    check_size,
    check_xy,
)
from scanpath._core.errors import InputError


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "wide", None])
def test_not_positive(value):
    with pytest.raises(InputError, match="px_per_deg must be a positive number, got"):
        check_positive("px_per_deg", value)


@pytest.mark.parametrize("value", [0, 1.5, True, -3, float("nan"), float("inf"), "many", None, (1, 2)])
def test_not_a_count(value):
    with pytest.raises(InputError, match="whole number"):
        check_count("steps", value)


def test_choice_suggests():
    with pytest.raises(InputError, match="Did you mean fast"):
        check_choice("quality", "fats", ["fast", "precise"])


@pytest.mark.parametrize("size", [(0, 3), (3,), 5, ("a", 2), None, (float("inf"), 3), (float("nan"), 3), (3.5, 4)])
def test_not_a_size(size):
    with pytest.raises(InputError, match="size must be two"):
        check_size("size", size)


def test_xy_names_the_first_bad_fixation():
    with pytest.raises(InputError, match=r"2 fixation\(s\).*first at index 1"):
        check_xy("xy", [(0, 0), (np.nan, 1), (1, 1), (2, np.inf)])


@pytest.mark.parametrize("xy", [[("a", "b")], [(1, 2), (3,)], [(1j, 2)], {}, None])
def test_xy_that_are_no_numbers(xy):
    with pytest.raises(InputError, match="xy must"):
        check_xy("xy", xy)
    with pytest.raises(InputError, match="xy must"):
        check_fixation_tensor("xy", xy)


def test_fixation_tensor_keeps_gradients_and_refuses_nan():
    point = torch.tensor([1.0, 2.0], requires_grad=True)
    assert check_fixation_tensor("fixation", point).requires_grad
    with pytest.raises(InputError, match="finite"):
        check_fixation_tensor("fixation", (1.0, float("nan")))


def test_images_are_never_rescaled_or_guessed():
    with pytest.raises(InputError, match="uint8"):
        check_image(torch.zeros(3, 4, 4, dtype=torch.uint8))
    with pytest.raises(InputError, match="divide by 65535"):
        check_image(torch.zeros(3, 4, 4, dtype=torch.uint16))
    with pytest.raises(InputError, match="shape"):
        check_image(torch.zeros(4, 4))


@pytest.mark.parametrize("shape", [(20, 30, 3), (2, 20, 30, 4), (20, 30, 1)])
def test_channels_last_is_named(shape):
    with pytest.raises(InputError, match="channels come first"):
        check_image(torch.zeros(shape))
    for other in ((3, 20, 30), (3, 40, 3), (1, 1, 4), (8, 8, 3)):  # thin or tiny pictures stay possible
        check_image(torch.zeros(other))
    check_image(torch.zeros(shape), name="maps")


def test_numpy_in_numpy_out_also_in_named_tuples_and_without_sharing_memory():
    @numpy_friendly
    def halves(image, other=None):
        image += 1  # a function that writes must not reach the caller's array
        return {"a": image, "b": [image / 2]}

    values = np.zeros(3)
    result = halves(values)
    assert isinstance(result["a"], np.ndarray)
    assert isinstance(result["b"][0], np.ndarray)
    assert not values.any()
    assert isinstance(halves(torch.zeros(3), other=values)["a"], torch.Tensor)
    assert isinstance(halves(other=1.0, image=values)["a"], np.ndarray)  # whatever the order of names
    assert halves(values.astype(">f8"))["a"].dtype == np.float64
    with pytest.raises(InputError, match="hold numbers"):
        halves(np.array(["a"]))
