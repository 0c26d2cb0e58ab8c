"""The gravity field against the published program, and the motion against mechanics."""

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.agents.g_eymol import Body, find_fixations
from scanpath.guidance.gravity import FEATURE_WEIGHT, GravityField, force_kernel, gravity_field, softening


@pytest.fixture
def reference(shared):
    """Outputs of G-Eymol at commit c5d29841."""
    return np.load(shared / "goldens" / "peers" / "geymol" / "geymol.npz")


def picture(reference, name):
    return torch.from_numpy(reference[f"{name}_image_bgr"][..., ::-1].copy()).permute(2, 0, 1).float() / 255


def test_force_kernel_equals_the_original(reference):
    np.testing.assert_allclose(force_kernel(225, 225, 22)[:, 112], reference["force_kernel_225_row112"], atol=1e-12)


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_acceleration_equals_the_original(reference, name):
    """The original sees a window around the gaze and normalizes each feature there; the field does so once."""
    field = gravity_field(picture(reference, name))
    kernel = force_kernel(225, 225, 22)
    padded = np.pad(field.masses, ((0, 0), (112, 112), (112, 112)))
    for state, expected in zip(reference[f"{name}_ode_points"], reference[f"{name}_ode_rhs"]):
        row, column = int(state[0]), int(state[1])
        window = padded[:, row : row + 225, column : column + 225]
        window = window / window.max((1, 2), keepdims=True)
        pull = FEATURE_WEIGHT * (window.sum(0) * kernel).sum((1, 2))
        np.testing.assert_allclose(pull - 1.5 * state[2:], expected[2:], rtol=0.01)
        np.testing.assert_array_equal(state[2:], expected[:2])


@pytest.mark.parametrize("size", [(20, 31), (33, 14), (5, 5)])
def test_fast_field_equals_the_direct_sum(size):
    rng = np.random.default_rng(0)
    field, inhibition = GravityField(rng.random((8, *size))), rng.random(size)
    fast = field.pull(inhibition)
    mass = FEATURE_WEIGHT * field.masses.sum(0) * (1 - inhibition)
    q = softening(*size)
    rows, columns = np.indices(size)
    for row, column in [(0, 0), (size[0] - 1, 3), (size[0] // 2, size[1] // 2)]:
        down, right = rows - row, columns - column
        near = down**2 + right**2 + q
        expected = [((q + 1) * part / near * mass).sum() for part in (down, right)]
        np.testing.assert_allclose(fast[:, row, column], expected, atol=1e-9)


def test_eye_falls_to_a_single_mass_and_leaves_once_inhibited():
    masses = np.zeros((8, 168, 224))
    masses[:, 60, 160] = 50.0
    body = Body(GravityField(masses), np.array([100.0, 100.0]), np.zeros(2), np.zeros((168, 224)))
    for _ in range(60):
        body.move(1.5)
        if body.frames % 8 == 7:
            body.inhibition[:] = 0  # the eye may not get tired here
            body.pull = None
    assert np.hypot(*(body.position - [60, 160])) < 8
    body.inhibit(body.position)
    assert body.inhibition.max() == pytest.approx(1)
    assert body.inhibition[0, 0] < 1e-6


def test_eye_stays_in_the_picture_and_stops_at_the_border():
    body = Body(GravityField(np.zeros((8, 40, 50))), np.array([20.0, 2.0]), np.array([0.0, -50.0]), np.zeros((40, 50)))
    body.move(0.1)
    assert (body.position >= 0).all()
    assert body.velocity[1] == 0


def test_scanpaths_have_times_in_order():
    stimulus = sp.Stimulus(torch.rand(3, 60, 80, generator=torch.Generator().manual_seed(0)), name="noise")
    agent = sp.create_agent("g_eymol")
    path = agent.run([stimulus], n_fixations=6, generators=[torch.Generator().manual_seed(0)])[0]
    assert (path.duration_ms >= 50).all()
    assert (np.diff(path.onset_ms) >= path.duration_ms[:-1]).all()


def test_fixations_of_the_originals_trace(reference):
    """Places and starts of fixations lie within the threshold of those the original found in the same trace."""
    trace = reference["astronaut_trace_row_col_t"]
    found = find_fixations(trace[:, 1::-1], trace[:, 2] * 1000)
    expected = reference["astronaut_fixations_x_y_start_end"]
    assert len(found) == len(expected)
    for ((x, y), start, duration), row in zip(found, expected):
        assert np.hypot(x - row[0], y - row[1]) < 25
        assert abs(start - row[2]) <= 40
        assert abs(start + duration - row[3]) <= 40
