"""Objects of a picture as vectors: each is cut out, brought to one size, and seen by a small network."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath._core.errors import InputError
from scanpath.gaze.boxes import Box
from scanpath.gaze.pixels import box_window

#: Channels of the two layers, and sides of their filters.
CHANNELS, FILTERS = (16, 32), (5, 3)
#: Gray around an object that is shown alone.
_FRAME = 0.5


class ObjectEmbedding(nn.Module):
    """Two convolutions, each with a pool of maxima and a rectifier, and one linear layer: a patch becomes a vector.

    Parameters
    ----------
    n_features
        Length of the vector.
    patch_size
        (height, width) of all patches in px.
    pools
        Sides of the two pools, which step by their side and leave out what does not fill them.

    Raises
    ------
    InputError
        If nothing of a patch is left after the pools.

    References
    ----------
    Fang, Yu, Zhang, van der Lans & Shi (2024). OAT: Object-level attention transformer for gaze scanpath prediction.
    ECCV. doi:10.1007/978-3-031-73001-6_21

    Examples
    --------
    >>> ObjectEmbedding(8, (24, 24), (2, 2))(torch.zeros(5, 3, 24, 24)).shape
    torch.Size([5, 8])
    """

    def __init__(
        self, n_features: int, patch_size: tuple[int, int] = (150, 93), pools: tuple[int, int] = (5, 3)
    ) -> None:
        super().__init__()
        n_left = CHANNELS[-1]
        for side in patch_size:
            for filter_side, pool in zip(FILTERS, pools):
                side = max(0, side - filter_side + 1) // pool
            n_left *= side
        if n_left < 1:
            raise InputError(
                f"Nothing of patches of {patch_size} px is left after pools of {pools}; use larger patches."
            )
        self.layers = nn.Sequential(
            nn.Conv2d(3, CHANNELS[0], FILTERS[0]),
            nn.MaxPool2d(pools[0]),  # before the rectifier, which gives the same and then has less to do
            nn.ReLU(),
            nn.Conv2d(CHANNELS[0], CHANNELS[1], FILTERS[1]),
            nn.MaxPool2d(pools[1]),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(n_left, n_features),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """Return (..., n_features) of patches (..., 3, h, w) in [0, 1]."""
        # channels last, which convolutions and pools of few channels are faster in
        vectors: Tensor = self.layers(patches.flatten(0, -4).contiguous(memory_format=torch.channels_last))
        return vectors.unflatten(0, patches.shape[:-3])


def object_patches(image: Tensor, objects: Iterable[Box], patch_size: tuple[int, int], *, stretch: bool) -> Tensor:
    """Cut objects out of a picture and bring them to one size.

    Parameters
    ----------
    image
        (3, H, W) in [0, 1].
    objects
        N boxes (x, y, width, height) in px.
    patch_size
        (height, width) in px; proportions are not kept.
    stretch
        Whether each patch is stretched to the range 0 to 1, as the original does with its own pictures.

    Returns
    -------
    Tensor
        (N, 3, height, width).
    """
    return torch.stack([as_patch(image[:, *box_window(box)], patch_size, stretch=stretch) for box in objects])


def framed_objects(image: Tensor, objects: Iterable[Box], size: tuple[int, int], *, share: float = 1.0) -> Tensor:
    """Show objects one at a time in the middle of a gray picture, in their proportions, for image-text models.

    Parameters
    ----------
    image
        (3, H, W) in [0, 1].
    objects
        N boxes (x, y, width, height) in px.
    size
        (height, width) of the pictures in px.
    share
        How much of the picture's smaller side the object's longer side takes.

    Returns
    -------
    Tensor
        (N, 3, height, width).

    Examples
    --------
    >>> shown = framed_objects(torch.ones(3, 40, 40), [(0, 0, 20, 10)], (16, 16), share=0.5)
    >>> int((shown[0, 0] > 0.99).sum()), float(shown[0, 0, 0, 0])
    (32, 0.5)
    """
    shown = []
    for x, y, width, height in objects:
        scale = share * min(size) / max(width, height)
        inner = max(1, round(height * scale)), max(1, round(width * scale))
        frame = torch.full((3, *size), _FRAME)
        top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
        patch = as_patch(image[:, *box_window((x, y, width, height))], inner, stretch=False)
        frame[:, top : top + inner[0], left : left + inner[1]] = patch
        shown.append(frame)
    return torch.stack(shown)


def as_patch(picture: Tensor, patch_size: tuple[int, int], *, stretch: bool) -> Tensor:
    """Bring the picture (C, h, w) of an object to the size of a patch, (3, height, width); gray is repeated."""
    patch = picture.to(torch.float32)
    patch = patch.expand(3, -1, -1) if patch.shape[0] == 1 else patch[:3]
    if tuple(patch.shape[-2:]) != patch_size:
        patch = F.interpolate(patch[None], patch_size, mode="bilinear", antialias=True)[0]
    if not stretch:
        return patch
    least, most = patch.min(), patch.max()
    return (patch - least) / (most - least) if most > least else torch.zeros_like(patch)
