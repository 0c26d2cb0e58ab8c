import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scanpath._core.errors import InputError
from scanpath._core.random import derive_seed, numpy_generator, torch_generator


def test_known_value_never_changes():
    # a change here would change every simulated table that anybody has published
    assert derive_seed(0, "random", "a.png") == 5638982922373758734


@given(st.integers(0, 2**31), st.text(max_size=8), st.text(max_size=8))
def test_seeds_fit_and_depend_on_each_part(seed, first, second):
    value = derive_seed(seed, first, second)
    assert 0 <= value < 2**63
    assert value != derive_seed(seed + 1, first, second)
    assert value != derive_seed(seed, first, second + "x")


def test_generators_do_not_touch_global_state():
    before = torch.get_rng_state()
    torch.rand(3, generator=torch_generator(1, "a"))
    numpy_generator(1, "a").random(3)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("seed", [1.5, "one", None, float("nan")])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(InputError, match="seed must be a whole number, got"):
        derive_seed(seed, "a")
    assert derive_seed(np.int64(3), "a") == derive_seed(3.0, "a") == derive_seed(3, "a")
