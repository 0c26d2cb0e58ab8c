"""Any network with pooling layers, its pools replaced by ones that grow with eccentricity."""

import copy
from collections.abc import Mapping

import torch
from torch import nn

from scanpath._core.checks import check_choice, check_positive
from scanpath._core.errors import InputError
from scanpath.recognition.backbone import SLOPES, WINDOWS
from scanpath.recognition.conversion import window_side


def with_eccentric_pools(
    model: nn.Module,
    *,
    px_per_deg: float = 30,
    kind: str | None = "avg",
    windows: str = "rings",
    image_px: int = 224,
) -> nn.Module:
    """Copy a network and let its pooling layers grow with eccentricity, as eccNET does with VGG16's.

    Every ``MaxPool2d`` and ``AvgPool2d`` of stride 2 becomes eccentric, with the slope that the paper gives to pools
    at its scale, and keeps its window in the fovea. Maps are rounded up where they had been rounded down. Strided
    convolutions and pools that a network calls as functions stay; the backbones of `create_backbone` treat them too.

    Parameters
    ----------
    model
        Any module that takes pictures (B, 3, H, W).
    px_per_deg
        Picture px per degree of visual angle.
    kind
        "avg" as in the paper, "max", or None for what each pool was.
    windows
        "rings" or "smooth".
    image_px
        Side of the empty picture that is run through the network to find each pool's scale.

    Raises
    ------
    InputError
        If the network has no such pool.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(2), nn.MaxPool2d(2), nn.MaxPool2d(2))
    >>> with_eccentric_pools(model, image_px=32)[3]
    EccentricityPool2d('avg', RingLaw(min_window=2, stride=2, slope=0.07..., px_per_deg=8, fovea_deg=4, ring_deg=1))
    """
    check_positive("px_per_deg", px_per_deg)
    make = WINDOWS[check_choice("windows", windows, tuple(WINDOWS))]
    changed = copy.deepcopy(model)
    pools = _pools(changed)
    scales = _pool_scales(changed, pools, image_px)
    if not scales:
        raise InputError(f"{type(model).__name__} has no pooling layer of stride 2 that is a module of its own.")
    for name, scale in scales.items():
        pool = pools[name]
        own = "max" if isinstance(pool, nn.MaxPool2d) else "avg"
        replacement = make(
            kind or own,
            min_window=window_side(pool.kernel_size),
            slope=SLOPES[min(scale.bit_length(), len(SLOPES)) - 1],
            px_per_deg=max(1, round(px_per_deg / scale)),
        )
        parent, _, child = name.rpartition(".")
        setattr(changed.get_submodule(parent), child, replacement)
    return changed


def _pools(model: nn.Module) -> dict[str, nn.MaxPool2d | nn.AvgPool2d]:
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d) and window_side(layer.stride) == 2
    }


def _pool_scales(model: nn.Module, pools: Mapping[str, nn.Module], image_px: int) -> dict[str, int]:
    """Picture px per px of each pool's input, a power of two, by the pool's name."""
    scales: dict[str, int] = {}
    hooks = []
    for name, layer in pools.items():

        def note(_layer: nn.Module, given: tuple[torch.Tensor], name: str = name) -> None:
            ratio = image_px / given[0].shape[-1]
            scales[name] = 1 << max(0, round(torch.tensor(ratio).log2().item()))

        hooks.append(layer.register_forward_pre_hook(note))
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(torch.zeros(1, 3, image_px, image_px))
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return scales
