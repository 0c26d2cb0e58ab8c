"""The compiled blur equals the reference in every shape, and does not depend on how the work is split."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath._core.errors import InputError
from scanpath.kernels import blur_cpu
from scanpath.kernels.blur import KeptLevels, variable_blur
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import BlurPlan, level_table, plan_blur

SIZES = [(1, 1), (1, 9), (7, 1), (5, 40), (33, 32), (64, 64), (51, 83), (130, 97)]


def fields(size, plan, generator, images=1):
    """Distance fields with one and with three fixations, in and out of the picture, and a field of values."""
    table = torch.from_numpy(np.interp(0.1 * np.arange(4000) / 8, *level_table(plan.sigmas_px)))
    sides = torch.tensor([size[1], size[0]], dtype=torch.float64)
    one = (torch.rand(images, 1, 2, generator=generator, dtype=torch.float64) * 2 - 0.5) * sides
    three = (torch.rand(images, 3, 2, generator=generator, dtype=torch.float64) * 2 - 0.5) * sides
    values = torch.rand(images, *size, generator=generator) * 300
    return [
        Field(table, 1 / 8, one),
        Field(table, 1 / 8, three, torch.tensor([4.0, 0.5, 0.0], dtype=torch.float64)),
        Field(table, 1 / 8, values=values),
    ]


@pytest.mark.parametrize("quality", ["fast", "standard", "precise"])
@pytest.mark.parametrize("size", SIZES)
def test_compiled_loops_equal_the_reference(size, quality):
    generator = torch.Generator().manual_seed(7)
    image = torch.rand(2, 3, *size, generator=generator)
    plan = plan_blur(quality, 25.0, size)
    for field in fields(size, plan, generator, images=2):
        wanted = variable_blur(image.double(), plan, field, kernel="reference")
        once = variable_blur(image, plan, field, kernel="cpu")
        kept = KeptLevels(image, plan, kernel="cpu").blend(field)
        torch.testing.assert_close(once, wanted.float(), rtol=0, atol=2e-6)
        torch.testing.assert_close(kept, wanted.float(), rtol=0, atol=2e-6)


@pytest.mark.parametrize("size", [(1, 1), (33, 32), (51, 83)])
def test_double_precision_is_double(size):
    generator = torch.Generator().manual_seed(7)
    image = torch.rand(2, 2, *size, generator=generator, dtype=torch.float64)
    plan = plan_blur("standard", 25.0, size)
    for field in fields(size, plan, generator, images=2):
        wanted = variable_blur(image, plan, field, kernel="reference")
        torch.testing.assert_close(variable_blur(image, plan, field, kernel="cpu"), wanted, rtol=0, atol=1e-12)
        kept = KeptLevels(image, plan, kernel="cpu").blend(field)
        torch.testing.assert_close(kept, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (33, 32), (51, 83)])
@pytest.mark.parametrize("images", [1, 2])
def test_slopes_equal_those_of_the_reference(size, images):
    generator = torch.Generator().manual_seed(7)
    image = torch.rand(images, 2, *size, generator=generator, dtype=torch.float64)
    plan, weights = plan_blur("standard", 25.0, size), torch.rand(2, 2, *size, generator=generator, dtype=torch.float64)
    for base in fields(size, plan, generator, images=1) + fields(size, plan, generator, images=2):
        slopes = []
        for kernel in ("cpu", "reference"):
            name = "fixations" if base.values is None else "values"
            leaf = getattr(base, name).clone().requires_grad_()
            view = variable_blur(image, plan, replace(base, **{name: leaf}), kernel=kernel)
            (view * weights[: len(view)]).sum().backward()
            slopes.append(leaf.grad)
        torch.testing.assert_close(*slopes, rtol=1e-5, atol=1e-8)


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 10_000))
@settings(deadline=None, max_examples=40)
def test_any_size_and_a_field_of_noise(height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 1, height, width, generator=generator)
    plan = plan_blur("standard", 25.0, (height, width))
    field = fields((height, width), plan, generator)[2]
    wanted = variable_blur(image.double(), plan, field, kernel="reference").float()
    torch.testing.assert_close(variable_blur(image, plan, field, kernel="cpu"), wanted, rtol=0, atol=2e-6)


def test_threads_do_not_change_a_bit():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(3, 3, 300, 500, generator=generator)
    plan = plan_blur("standard", 20.0, (300, 500))
    before, results = torch.get_num_threads(), []
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        try:
            per_image, one = fields((300, 500), plan, generator.manual_seed(1), images=3)[0], None
            one = Field(per_image.table, per_image.step, per_image.fixations[:1])
            parts = [variable_blur(image, plan, field, kernel="cpu") for field in (per_image, one)]
            parts += [KeptLevels(image, plan, kernel="cpu").blend(field) for field in (per_image, one)]
            results.append(torch.stack(parts))
        finally:
            torch.set_num_threads(before)
    assert all(torch.equal(results[0], other) for other in results[1:])


@given(st.integers(1, 90), st.integers(1, 90), st.floats(-0.5, 1.5), st.floats(-0.5, 1.5), st.floats(0.02, 1))
@settings(deadline=None, max_examples=40)
def test_rows_of_halvings_that_are_left_out_are_not_read(height, width, x, y, slope):
    """With one fixation, memory that no halving was written to may hold anything."""
    image, plan = torch.rand(1, 1, height, width), plan_blur("standard", 25.0, (height, width))
    table = torch.from_numpy(np.interp(slope * np.arange(4000) / 8, *level_table(plan.sigmas_px)))
    one = Field(table, 1 / 8, torch.tensor([[[x * width, y * height]]], dtype=torch.float64))
    two = Field(table, 1 / 8, one.fixations.repeat(1, 2, 1))  # of which no rows are left out
    wanted = variable_blur(image, plan, two, kernel="cpu")
    blur_cpu._scratch_of(1 << 16)[:] = 255  # NaN
    assert torch.equal(variable_blur(image, plan, one, kernel="cpu"), wanted)


def test_halvings_that_no_level_shows_are_not_made(monkeypatch):
    size, plan, halved = (60, 80), plan_blur("standard", 25.0, (60, 80)), []
    monkeypatch.setattr(blur_cpu, "halve_rows", lambda *given: halved.append(given))
    coarse = plan.steps.index(2)
    field = Field(torch.linspace(0, coarse - 1.1, 200, dtype=torch.float64), 0.5, torch.tensor([[[40.0, 30.0]]]))
    variable_blur(torch.rand(1, 1, *size), plan, field, kernel="cpu")
    assert not halved


def test_one_image_serves_many_fields_and_many_images_one():
    generator = torch.Generator().manual_seed(3)
    images, plan = torch.rand(2, 2, 30, 40, generator=generator), plan_blur("fast", 9.0, (30, 40))
    field = fields((30, 40), plan, generator, images=2)[0]
    first = Field(field.table, field.step, field.fixations[:1])
    many = variable_blur(images[:1], plan, field, kernel="cpu")
    assert torch.equal(many[0], variable_blur(images[:1], plan, first, kernel="cpu")[0])
    shared = variable_blur(images, plan, first, kernel="cpu")
    assert torch.equal(shared[1], variable_blur(images[1:], plan, first, kernel="cpu")[0])
    with pytest.raises(InputError, match="cannot be paired"):
        variable_blur(images.repeat(2, 1, 1, 1)[:3], plan, field, kernel="cpu")


@pytest.mark.parametrize("kernel", ["cpu", "reference"])
def test_out_is_written_and_checked(kernel):
    generator = torch.Generator().manual_seed(3)
    image, plan = torch.rand(1, 2, 30, 40, generator=generator), plan_blur("fast", 9.0, (30, 40))
    field = fields((30, 40), plan, generator)[0]
    out = torch.full((1, 2, 30, 40), torch.nan)
    variable_blur(image, plan, field, kernel=kernel, out=out)
    assert torch.equal(out, variable_blur(image, plan, field, kernel=kernel))
    for wrong in (out[0], out.double(), out.transpose(2, 3)):
        with pytest.raises(InputError, match="out must"):
            variable_blur(image, plan, field, kernel=kernel, out=wrong)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(dtype):
    generator = torch.Generator().manual_seed(3)
    image, plan = torch.rand(1, 2, 30, 40, generator=generator), plan_blur("fast", 9.0, (30, 40))
    field = fields((30, 40), plan, generator)[0]
    wanted = variable_blur(image.to(dtype).float(), plan, field, kernel="cpu").to(dtype)
    out = torch.empty(1, 2, 30, 40, dtype=dtype)
    assert torch.equal(variable_blur(image.to(dtype), plan, field, kernel="cpu", out=out), wanted)
    assert torch.equal(out, wanted)
    reference = variable_blur(image.to(dtype), plan, field, kernel="reference")
    assert reference.dtype == dtype
    torch.testing.assert_close(reference.float(), wanted.float(), rtol=0, atol=4e-3)


def test_a_missing_pixel_spoils_only_its_neighborhood():
    image, plan = torch.rand(1, 1, 60, 80), plan_blur("standard", 3.0, (60, 80))
    image[0, 0, 30, 40] = torch.nan
    field = Field(torch.linspace(0, 2, 100, dtype=torch.float64), 1.0, torch.tensor([[[40.0, 30.0]]]))
    for kernel in ("cpu", "reference"):
        bad = variable_blur(image, plan, field, kernel=kernel).isnan()[0, 0]
        assert bad[30, 40]
        assert not bad[:20].any()
        assert not bad[:, 60:].any()


def test_reloading_equals_building_anew():
    generator = torch.Generator().manual_seed(5)
    first, second = torch.rand(2, 1, 2, 40, 50, generator=generator)
    plan = plan_blur("standard", 12.0, (40, 50))
    field = fields((40, 50), plan, generator)[0]
    for kernel in ("cpu", "reference"):
        kept = KeptLevels(first, plan, kernel=kernel)
        kept.reload(second)
        assert torch.equal(kept.blend(field), KeptLevels(second, plan, kernel=kernel).blend(field))
        with pytest.raises(InputError, match="new pyramid"):
            kept.reload(second[..., :-1])


def test_ready_levels_are_mixed_as_they_are():
    levels = [torch.full((1, 1, 4, 6), float(value)) for value in (0, 10, 30)]
    values = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 9.0]).expand(1, 4, 6)
    field = Field(torch.tensor([0.0, 1.0, 2.0, 2.0], dtype=torch.float64), 1.0, values=values)
    for kernel in ("cpu", "reference"):
        plan = BlurPlan.made_by(lambda image: levels, len(levels))
        mixed = KeptLevels(levels[0], plan, kernel=kernel).blend(field)
        torch.testing.assert_close(mixed[0, 0, 2], torch.tensor([0.0, 5, 10, 20, 30, 30]))
