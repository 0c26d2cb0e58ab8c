"""SceneWalk against the published program's output, compiled loops against torch, and what holds of any walk."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath.guidance.scenewalk import scenewalk_log_likelihood, scenewalk_maps
from scanpath.guidance.scenewalk_parameters import (
    CONFIGURATIONS,
    DEFAULTS,
    FILED_UNDER,
    PUBLISHED_NAMES,
    read_configuration,
)
from scanpath.kernels.activation_cpu import power

RANGE = ((0.0, 25.6), (0.0, 19.2))


@pytest.fixture(scope="module")
def original(shared):
    """SceneWalk at 6f3e274c, run in 80-bit numbers."""
    folder = shared / "goldens/peers/scenewalk"
    return {**np.load(folder / "scenewalk_ll.npz"), **np.load(folder / "scenewalk_maps.npz")}


def original_parameters(original, which):
    names = {name: f"param_{which}_{name}" for name in PUBLISHED_NAMES}
    found = {name: original[key] for name, key in names.items() if key in original}
    more = {name: original[f"paramext_{name}"] for name in PUBLISHED_NAMES if f"paramext_{name}" in original}
    return {name: float(value) for name, value in (found | more).items()}


def original_paths(original):
    paths = [[original[f"path{i}_{part}"] for part in ("x", "y", "dur")] for i in range(4)]
    longest = max(len(x) for x, _, _ in paths)
    padded = [[np.pad(part, (0, longest - len(part)), constant_values=np.nan) for part in path] for path in paths]
    return [np.stack(parts) for parts in zip(*padded)]


@pytest.mark.parametrize("kernel", ["cpu", "reference"])
@pytest.mark.parametrize("which", ["p1", "p2"])
@pytest.mark.parametrize(("filed", "configuration"), FILED_UNDER.items())
def test_bits_are_those_of_the_published_program(original, filed, configuration, which, kernel):
    bits = scenewalk_log_likelihood(
        original["density"],
        *original_paths(original),
        range_deg=RANGE,
        configuration=configuration,
        parameters=original_parameters(original, which),
        kernel=kernel,
    )
    for i, row in enumerate(bits):
        expected = original[f"ll_{filed}_{which}_path{i}"]
        np.testing.assert_allclose(row[: len(expected)], expected, rtol=0, atol=1e-9)
        assert np.isnan(row[len(expected) :]).all()


@pytest.mark.parametrize(("filed", "configuration"), [("sub_basic", "subtractive"), ("div_basic", "divisive")])
def test_maps_are_those_of_the_published_program(original, filed, configuration):
    x, y, duration = (original[f"path0_{part}"] for part in ("x", "y", "dur"))
    for n in range(1, 5):
        maps = scenewalk_maps(
            original["density"],
            x[:n],
            y[:n],
            duration[:n],
            configuration=configuration,
            parameters=original_parameters(original, "p1"),
        )
        for ours, theirs in zip(maps, ("att", "inhib", "final")):
            np.testing.assert_allclose(ours[::2, ::2], original[f"{filed}_p1_{theirs}"][n - 1], rtol=1e-9, atol=1e-17)


def test_the_names_that_results_are_filed_under_are_known():
    assert [read_configuration(name) for name in FILED_UNDER] == [read_configuration(name) for name in CONFIGURATIONS]


def some_walks(seed, n_walks=3, n_fixations=5, size=(24, 32)):
    """A density, and walks in a range of 8 x 6 deg, the last one two fixations shorter."""
    draw = np.random.default_rng(seed)
    x, y = draw.uniform(0, 8, (n_walks, n_fixations)), draw.uniform(0, 6, (n_walks, n_fixations))
    duration = draw.uniform(0.03, 0.5, (n_walks, n_fixations))
    for part in (x, y, duration):
        part[-1, -2:] = np.nan
    return draw.uniform(0, 1, size) ** 4, x, y, duration


SMALL = {"range_deg": ((0, 8), (0, 6))}
positive = st.floats(0.3, 12)
all_parameters = st.fixed_dictionaries(
    {name: positive for name in DEFAULTS if name not in ("uniform_share", "post_s", "pre_s")}
    | {"uniform_share": st.floats(0.001, 1)}
)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.sampled_from(CONFIGURATIONS), all_parameters)
def test_compiled_loops_and_torch_agree(seed, configuration, parameters):
    density, x, y, duration = some_walks(seed)
    bits = [
        scenewalk_log_likelihood(
            density, x, y, duration, **SMALL, configuration=configuration, parameters=parameters, kernel=kernel
        )
        for kernel in ("cpu", "reference")
    ]
    np.testing.assert_allclose(*bits, rtol=0, atol=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from(CONFIGURATIONS))
def test_a_batch_is_its_scanpaths_one_by_one_in_any_order(seed, configuration):
    density, x, y, duration = some_walks(seed)
    together = scenewalk_log_likelihood(density, x, y, duration, **SMALL, configuration=configuration)
    order = np.random.default_rng(seed).permutation(len(x))
    shuffled = scenewalk_log_likelihood(
        density, x[order], y[order], duration[order], **SMALL, configuration=configuration
    )
    np.testing.assert_array_equal(shuffled, together[order])
    own = scenewalk_log_likelihood(np.stack([density] * len(x)), x, y, duration, **SMALL, configuration=configuration)
    np.testing.assert_array_equal(own, together)
    for row, *path in zip(together, x, y, duration):
        n = int(np.isfinite(path[0]).sum())
        alone = scenewalk_log_likelihood(density, *(part[:n] for part in path), **SMALL, configuration=configuration)
        np.testing.assert_allclose(alone, row[: n - 1], rtol=0, atol=1e-12)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from(CONFIGURATIONS), all_parameters)
def test_the_density_has_sum_one_and_holds_the_likelihood(seed, configuration, parameters):
    density, x, y, duration = (part[0] if part.shape == (3, 5) else part for part in some_walks(seed))
    model = {**SMALL, "configuration": configuration, "parameters": parameters}
    bits = scenewalk_log_likelihood(density, x, y, duration, **model)
    row, column = int(y[-1] / 6 * 24), int(x[-1] / 8 * 32)
    maps = scenewalk_maps(density, x[:-1], y[:-1], duration[:-1], **model)
    assert maps.density.sum() == pytest.approx(1, abs=1e-12)
    assert bits[-1] == pytest.approx(float(maps.density[row, column].log2()), abs=1e-9)


def test_powers_are_right_over_the_whole_range():
    values = np.concatenate([[0, 5e-324], 10.0 ** np.linspace(-300, 3, 2000)])
    for exponent in (0.01, 0.8115, 1.0, 2.0, 15.0):
        ours = np.array([power(value, exponent) for value in values])
        expected = np.maximum(np.maximum(values, np.finfo(float).tiny) ** exponent, 2.0**-1000)
        np.testing.assert_allclose(ours, expected, rtol=1e-11)


@pytest.mark.parametrize("configuration", ["subtractive+center+both+return", "divisive+oculomotor_add"])
def test_gradients_are_those_of_finite_differences(configuration):
    density, x, y, duration = some_walks(5, size=(6, 8))
    names = read_configuration(configuration).parameters()
    names = [name for name in names if name not in ("post_s", "pre_s", "shift_deg", "return_size_deg")]
    values = [torch.tensor(DEFAULTS[name], dtype=torch.float64, requires_grad=True) for name in names]
    seen = torch.tensor(density + 0.1, requires_grad=True)
    long = torch.tensor(np.nan_to_num(duration), requires_grad=True)

    def bits(density, duration, *values):
        parameters = dict(zip(names, values))
        found = scenewalk_log_likelihood(
            density, x, y, duration, **SMALL, configuration=configuration, parameters=parameters
        )
        return found[~found.isnan()]

    assert torch.autograd.gradcheck(bits, (seen, long, *values))


def test_places_enter_by_their_cells_and_so_have_no_gradient():
    density, x, y, duration = some_walks(1)
    place, shift, rate = (torch.tensor(value, requires_grad=True) for value in (x[0], 1.5, 10.0))
    bits = scenewalk_log_likelihood(
        density,
        place,
        y[0],
        duration[0],
        **SMALL,
        configuration="subtractive+post",
        parameters={"shift_deg": shift, "attention_rate": rate},
    )
    of_place, of_shift, of_rate = torch.autograd.grad(bits.sum(), [place, shift, rate])
    assert (of_place == 0).all()
    assert of_shift == 0
    assert of_rate != 0


def test_float32_is_close_and_comes_back():
    density, x, y, duration = some_walks(2)
    double = scenewalk_log_likelihood(density, x, y, duration, **SMALL)
    for kernel in ("cpu", "reference"):
        single = scenewalk_log_likelihood(
            torch.tensor(density, dtype=torch.float32), x, y, duration, **SMALL, kernel=kernel
        )
        assert single.dtype == torch.float32
        np.testing.assert_allclose(single, double, atol=1e-4)


def test_shapes_and_kinds_come_back():
    density, x, y, duration = some_walks(3)
    assert sp.scenewalk_log_likelihood(density, x[0], y[0], duration[0], **SMALL).shape == (4,)
    assert sp.scenewalk_log_likelihood(density, x, y, duration, **SMALL).shape == (3, 4)
    assert isinstance(sp.scenewalk_log_likelihood(torch.tensor(density), x, y, duration, **SMALL), torch.Tensor)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x_deg": [1.0, 9.0, 2.0]}, "Fixation 1 of scanpath 0 lies at .9, 1. deg, outside the picture"),
        ({"duration_s": [0.2, np.nan, 0.2]}, "Fixation 1 of scanpath 0 has no duration"),
        ({"duration_s": [200, 250, 300]}, "divide durations in ms by 1000"),
        ({"x_deg": [1.0, np.nan, 2.0]}, "Fixation 2 of scanpath 0 has no place|has no place, but one follows"),
        ({"x_deg": [1.0, 2.0]}, "must have one shape"),
        ({"x_deg": ["a", "b", "c"]}, "must be numbers"),
        ({"density": np.zeros((4, 4))}, "somewhere above 0"),
        ({"density": np.full((4, 4), -1.0)}, "nowhere negative"),
        ({"density": np.ones(4)}, r"must be \(H, W\) or \(B, H, W\)"),
        ({"density": np.ones((2, 6, 8))}, "2 maps for 1 scanpaths"),
        ({"range_deg": ((0, 0), (0, 6))}, "range_deg must be"),
        ({"configuration": "substractive"}, "Did you mean"),
        ({"configuration": "center"}, "either 'subtractive' or 'divisive'"),
        ({"parameters": {"attention_rat": 3}}, "Did you mean"),
        ({"parameters": {"zeta": 1.5}}, r"zeta must lie in \[0, 1\]"),
        ({"parameters": {"gamma": 0}}, "gamma must be above 0"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(change, sentence):
    given = {"density": np.ones((6, 8)), "x_deg": [1.0, 2.0, 3.0], "y_deg": [1.0, 1.0, 1.0]}
    given |= {"duration_s": [0.2, 0.2, 0.2], **SMALL, **change}
    with pytest.raises(sp.InputError, match=sentence):
        scenewalk_log_likelihood(**given)
