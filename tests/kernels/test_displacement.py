import pytest
import torch

from scanpath.kernels.displacement import displaced, displaced_reference


def smooth_shift(size, largest):
    noise = torch.randn(1, 2, 5, 6, generator=torch.Generator().manual_seed(0))
    shift = torch.nn.functional.interpolate(noise, size=size, mode="bicubic", align_corners=True)[0]
    return largest * shift / shift.abs().max()


@pytest.mark.parametrize("largest", [0.0, 3.0, 200.0])
@pytest.mark.parametrize("size", [(37, 41), (64, 5)])
def test_compiled_samples_are_those_of_grid_sample(size, largest):
    image, shift = torch.rand(3, *size, generator=torch.Generator().manual_seed(1)), smooth_shift(size, largest)
    expected = displaced_reference(image.double(), shift.double())
    torch.testing.assert_close(displaced(image, shift).double(), expected, atol=2e-5, rtol=0)


def test_threads_do_not_change_samples(monkeypatch):
    image, shift = torch.rand(2, 512, 520, generator=torch.Generator().manual_seed(1)), smooth_shift((512, 520), 9.0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    alone = displaced(image, shift)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert torch.equal(displaced(image, shift), alone)


def test_pictures_that_require_gradients_get_them():
    image = torch.rand(1, 6, 7, dtype=torch.float64, requires_grad=True)
    shift = smooth_shift((6, 7), 2.0).double()
    assert torch.autograd.gradcheck(lambda picture: displaced(picture, shift), image)
