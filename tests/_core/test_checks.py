import numpy as np
import pytest
import torch

from scanpath._core.arrays import as_given, to_tensor
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


def test_arrays_come_in_as_tensors_and_go_out_as_arrays():
    values = np.arange(3.0)
    assert to_tensor(values).data_ptr() == values.ctypes.data  # only read, so not copied
    for other in (values.astype(">f8"), values[::-1], np.broadcast_to(values, (2, 3))):
        np.testing.assert_array_equal(to_tensor(other), other)
    assert not np.may_share_memory(as_given(values, to_tensor(values)), values)  # the caller may write to a result
    assert isinstance(as_given(torch.zeros(3), torch.zeros(3)), torch.Tensor)
    assert check_image(values.reshape(1, 1, 3)).dtype == torch.float64
    with pytest.raises(InputError, match="hold numbers"):
        to_tensor(np.array(["a"]))
