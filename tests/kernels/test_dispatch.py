"""Kernels are chosen by what the tensors allow, and work is split without changing it."""

import numpy as np
import pytest
import torch

from scanpath._core.errors import InputError
from scanpath.kernels.dispatch import choose_kernel, run_bands, use_kernel


@pytest.mark.parametrize(
    ("data", "others", "expected"),
    [
        (torch.zeros(2), (), "cpu"),
        (torch.zeros(2, dtype=torch.float16), (), "cpu"),
        (torch.zeros(2, dtype=torch.float64), (), "reference"),
        (torch.zeros(2), (torch.zeros(2, dtype=torch.float64),), "cpu"),
        (torch.zeros(2, requires_grad=True), (), "reference"),
        (torch.zeros(2), (torch.zeros(2, requires_grad=True),), "reference"),
        (torch.zeros(2, device="meta"), (), "reference"),
    ],
)
def test_automatic_choice(data, others, expected):
    assert choose_kernel("auto", data, *others) == expected


def test_double_precision_where_the_loops_take_it():
    assert choose_kernel("auto", torch.zeros(2, dtype=torch.float64), double=True) == "cpu"
    assert choose_kernel("auto", torch.zeros(2, dtype=torch.float64, requires_grad=True), double=True) == "reference"


def test_gradients_switched_off_need_no_reference():
    with torch.no_grad():
        assert choose_kernel("auto", torch.zeros(2, requires_grad=True)) == "cpu"


def test_a_choice_holds_inside_its_block_only():
    with use_kernel("reference"):
        assert choose_kernel("auto", torch.zeros(2)) == "reference"
        assert choose_kernel("cpu", torch.zeros(2)) == "cpu"
    assert choose_kernel("auto", torch.zeros(2)) == "cpu"


def test_a_kernel_without_backward_refuses_gradients():
    with pytest.raises(InputError, match="no backward pass"):
        choose_kernel("cpu", torch.zeros(2, requires_grad=True))


def test_an_unknown_kernel_is_named_with_its_neighbors():
    with pytest.raises(InputError, match="reference"):
        choose_kernel("refrence", torch.zeros(2))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 2, 7, 100])
def test_bands_cover_every_row_once(threads, rows):
    before, seen = torch.get_num_threads(), np.zeros(rows, dtype=int)
    torch.set_num_threads(threads)
    try:
        run_bands(lambda first, last: seen.__setitem__(slice(first, last), seen[first:last] + 1), rows, 10**9)
    finally:
        torch.set_num_threads(before)
    assert (seen == 1).all()


def test_an_error_in_a_band_reaches_the_caller():
    def fail(first, last):
        raise ZeroDivisionError

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ZeroDivisionError):
            run_bands(fail, 4, 10**9)
    finally:
        torch.set_num_threads(before)
