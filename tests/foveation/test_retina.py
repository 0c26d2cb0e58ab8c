"""The retina-like sampler: constants, places, averaging, gradients, batches and cost."""

import math

import numpy as np
import pytest
import torch

from scanpath import InputError
from scanpath.foveation import draw_retinal_samples, retinal_samples
from scanpath.geometry import RetinalLattice

LATTICE = RetinalLattice(8, max_deg=6, foveal_deg=1.0, side=2)
SCALE = 8.0


def random_images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_constant_pictures_stay_constant_of_any_size_and_place():
    for height, width, place in ((33, 47, (0, 0)), (64, 64, (63, 10)), (201, 7, (3, 150))):
        image = torch.full((2, height, width), 0.3, dtype=torch.float64)
        found = retinal_samples(image, place, LATTICE, px_per_deg=SCALE)
        torch.testing.assert_close(found, torch.full((2, LATTICE.n_samples), 0.3, dtype=torch.float64))


def test_a_slope_is_read_at_the_places_of_the_lattice():
    """Averages of a linear picture are its values in their middle, far from the borders."""
    x = torch.arange(256, dtype=torch.float64)
    image = torch.stack([(x / 256).expand(256, 256), (x / 256)[:, None].expand(256, 256)])
    point = torch.tensor([120.0, 131.0], dtype=torch.float64)
    found = retinal_samples(image, point, LATTICE, px_per_deg=SCALE)
    wanted = (point + SCALE * LATTICE.places_deg) / 256
    torch.testing.assert_close(found, wanted.T, atol=1e-9, rtol=0)


@pytest.mark.parametrize(("period_spacings", "least", "most"), [(16, 0.85, 1.01), (1.0, 0.0, 0.25)])
def test_waves_pass_if_they_are_longer_than_the_spacing_and_vanish_if_not(period_spacings, least, most):
    """Each sample is read from a wave of its own period; the amplitude is that of two phases."""
    lattice = RetinalLattice(10, max_deg=10, foveal_deg=1.0, side=1)
    spacing = SCALE * lattice.spacing_deg
    x = torch.arange(255, dtype=torch.float64)
    for number in (100, 140, lattice.n_samples - 1):
        period = period_spacings * float(spacing[number])
        waves = [torch.cos(2 * math.pi * x / period + phase).expand(1, 255, 255) for phase in (0, math.pi / 2)]
        read = [retinal_samples(wave, (127, 127), lattice, px_per_deg=SCALE)[0, number] for wave in waves]
        assert least <= math.hypot(*map(float, read)) <= most


def test_at_the_fixation_of_a_fine_lattice_pixels_are_kept():
    image = random_images(3, 41, 41)
    lattice = RetinalLattice(3, max_deg=1, foveal_deg=1.0, side=1)
    found = retinal_samples(image, (20, 15), lattice, px_per_deg=2)
    torch.testing.assert_close(found[:, 0], image[:, 15, 20])


def test_every_picture_of_a_batch_has_its_own_fixation():
    images, places = random_images(3, 2, 50, 60), torch.tensor([[10.0, 20.0], [59.0, 49.0], [30.5, 2.25]])
    together = retinal_samples(images, places, LATTICE, px_per_deg=SCALE)
    for image, place, samples in zip(images, places, together):
        torch.testing.assert_close(retinal_samples(image, place, LATTICE, px_per_deg=SCALE), samples)
    views = retinal_samples(images[0], places, LATTICE, px_per_deg=SCALE)
    torch.testing.assert_close(views[0], together[0])
    assert views.shape == (3, 2, LATTICE.n_samples)


def test_gradients_reach_the_picture_and_the_fixation():
    lattice = RetinalLattice(2, max_deg=3, foveal_deg=1.0, side=1)
    image = random_images(1, 12, 12).double().requires_grad_()
    point = torch.tensor([5.3, 6.6], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda i, p: retinal_samples(i, p, lattice, px_per_deg=1.9), (image, point))


def test_samples_are_as_many_whatever_the_size_of_the_picture():
    for side in (32, 100, 400):
        found = retinal_samples(torch.zeros(1, side, side), (9, 9), LATTICE, px_per_deg=side / 12)
        assert found.shape == (1, LATTICE.n_samples)


def test_a_picture_and_its_enlargement_look_alike():
    """Twice the pixels at twice the pixels per degree: the same field, up to interpolation."""
    smooth = torch.nn.functional.avg_pool2d(random_images(1, 1, 96, 96).double(), 9, 1)[0]
    large = smooth.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    small = retinal_samples(smooth, (40, 44), LATTICE, px_per_deg=SCALE)
    again = retinal_samples(large, (80.5, 88.5), LATTICE, px_per_deg=2 * SCALE)
    assert float((small - again).abs().max()) < 0.02


def test_what_is_drawn_from_samples_is_sampled_to_the_same():
    image = torch.nn.functional.avg_pool2d(random_images(1, 3, 80, 80), 17, 1)[0]
    samples = retinal_samples(image, (30, 34), LATTICE, px_per_deg=SCALE)
    drawn = draw_retinal_samples(samples, (30, 34), (64, 64), LATTICE, px_per_deg=SCALE)
    assert float((drawn - image).abs().mean()) < 0.02
    wide = draw_retinal_samples(torch.ones(1, LATTICE.n_samples), (0, 0), (64, 64), LATTICE, px_per_deg=2)
    assert float(wide[0, 0, 0]) == 1
    assert float(wide[0, 63, 63]) == 0


def test_what_lies_outside_is_extended_or_black():
    image = torch.ones(1, 16, 16)
    assert float(retinal_samples(image, (0, 0), LATTICE, px_per_deg=SCALE).min()) == 1
    assert float(retinal_samples(image, (0, 0), LATTICE, px_per_deg=SCALE, outside="zero").min()) == 0


def test_arrays_come_back_as_arrays():
    image = random_images(3, 20, 20)
    found = retinal_samples(image.numpy(), (4, 5), LATTICE, px_per_deg=4)
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, retinal_samples(image, (4, 5), LATTICE, px_per_deg=4))


def test_fixations_outside_and_other_mistakes_are_refused():
    image = torch.zeros(1, 20, 30)
    for place in ((30, 5), (-1, 5), (3, 19.6)):
        with pytest.raises(InputError, match="inside the picture of 30 x 20 px"):
            retinal_samples(image, place, LATTICE, px_per_deg=4)
    with pytest.raises(InputError, match="outside"):
        retinal_samples(image, (3, 3), LATTICE, px_per_deg=4, outside="mirror")
    for scale in (0, 1e30):
        with pytest.raises(InputError, match="px_per_deg"):
            retinal_samples(image, (3, 3), LATTICE, px_per_deg=scale)
    with pytest.raises(InputError, match="of the lattice"):
        draw_retinal_samples(torch.zeros(1, 7), (3, 3), (20, 30), LATTICE, px_per_deg=4)
