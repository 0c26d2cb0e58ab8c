"""Vision transformers on cells of a retinal lattice: plain torch, and timm's with its weights unchanged."""

import pytest
import torch

from scanpath import InputError
from scanpath.geometry import RetinalLattice
from scanpath.recognition import FoveatedTimm, FoveatedTransformer, cell_patches

SMALL = {"img_size": 32, "embed_dim": 16, "depth": 2, "num_heads": 2, "num_classes": 5}


def test_a_patch_is_the_grid_of_its_cell():
    lattice = RetinalLattice(3, max_deg=5, side=4)
    patches = cell_patches(lattice.places_deg.T[None], lattice)  # the samples are their own places
    torch.testing.assert_close(patches.mean(dim=(3, 4))[0], lattice.centers_deg)
    assert bool((patches.diff(dim=4)[:, :, 0] > 0).all())
    with pytest.raises(InputError, match="samples must have shape"):
        cell_patches(torch.zeros(2, 3, 7), lattice)


def test_the_transformer_learns_where_and_what():
    """Which of two halves of the field is brighter, from samples alone."""
    lattice = RetinalLattice(3, max_deg=5, side=2)
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(64) % 2
    right = (lattice.places_deg[:, 0] > 0) == labels[:, None].bool()
    samples = (0.2 * torch.rand(64, 1, lattice.n_samples, generator=generator)) + 0.5 * right[:, None]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = FoveatedTransformer(lattice, 2, width=16, depth=1, heads=2, channels=1)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(30):
        loss = torch.nn.functional.cross_entropy(network(samples), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float((network(samples).argmax(1) == labels).float().mean()) == 1


class GridAsLattice(RetinalLattice):
    """Cells where timm's patches lie, in its order."""

    n_cells, n_samples = 16, 16 * 64
    cell_deg = torch.full((16,), 2.0, dtype=torch.float64)
    centers_deg = torch.stack(
        [one.flatten() for one in torch.meshgrid(*2 * [torch.arange(-3.0, 4.0, 2)], indexing="xy")], dim=1
    ).double()


@pytest.mark.parametrize("settings", [{}, {"no_embed_class": True, "reg_tokens": 2}, {"class_token": False}])
def test_on_a_grid_of_cells_it_gives_what_timm_gives(settings):
    if settings.get("class_token") is False:
        settings = {**settings, "global_pool": "avg"}
    grid = GridAsLattice(1, max_deg=3.0, side=8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        vit = FoveatedTimm("vit_tiny_patch16_224", grid, patch_size=8, **SMALL, **settings).eval()
    torch.nn.init.normal_(vit.model.pos_embed, generator=torch.Generator().manual_seed(3))
    image = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(4))
    samples = image.unfold(2, 8, 8).unfold(3, 8, 8).reshape(2, 3, -1)
    torch.testing.assert_close(vit(samples), vit.model(image), atol=1e-5, rtol=1e-4)


def test_gradients_reach_all_of_timms_weights():
    lattice = RetinalLattice(2, max_deg=5, side=8)
    vit = FoveatedTimm("vit_tiny_patch16_224", lattice, patch_size=8, **SMALL)
    vit(torch.rand(2, 3, lattice.n_samples, generator=torch.Generator().manual_seed(0))).sum().backward()
    assert [name for name, weight in vit.named_parameters() if weight.grad is None] == []


def test_models_that_do_not_fit_are_refused():
    lattice = RetinalLattice(2, max_deg=5, side=8)
    with pytest.raises(InputError, match="side=16"):
        FoveatedTimm("vit_tiny_patch16_224", lattice)
    with pytest.raises(InputError, match="no vision transformer"):
        FoveatedTimm("mobilenetv3_small_050", lattice)
    with pytest.raises(InputError, match="multiple of heads"):
        FoveatedTransformer(lattice, 2, width=10, heads=4)
