"""Salient relevance: what makes a network decide, as it stands out in its context (Li et al. 2017)."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath._core.checks import check_count, check_image
from scanpath._core.errors import InputError
from scanpath._core.optional import require
from scanpath.guidance.sharpening import enlarge_to_peak_one

NEAREST, SCALES, POSITION_WEIGHT = 64, (1.0, 0.8, 0.5, 0.3), 3.0


def salient_relevance(image: Tensor, model: nn.Module, *, input_size: int = 224, side: int = 48) -> Tensor:
    """Map the pixels that speak for a network's own decision, where they differ from the rest of the picture.

    Parameters
    ----------
    image
        (3, H, W) in [0, 1].
    model
        Classifier of convolutions, linear layers, pooling and ReLU, pictures (B, 3, n, n) in [0, 1] to (B, classes).
    input_size
        Side n of the square the picture is resized to.
    side
        Side of the map on which context is compared; the cost grows with its fourth power.

    Returns
    -------
    Tensor
        (H, W), not negative, at most 1.

    References
    ----------
    Li, Tian, Mueller, Chen (2017), Beyond saliency: understanding convolutional neural networks from saliency
    prediction on layer-wise relevance propagation, arXiv:1712.08268. Goferman, Zelnik-Manor, Tal (2012),
    Context-aware saliency detection, IEEE PAMI 34(10), doi:10.1109/TPAMI.2011.272.
    """
    check_image(image)
    small = F.interpolate(image[None], (input_size, input_size), mode="bilinear", antialias=True, align_corners=False)
    relevance = relevance_map(small.clamp(0, 1), model)
    coarse = F.interpolate(relevance[None, None], (side, side), mode="area")
    saliency = context_aware(coarse[0, 0])
    height, width = image.shape[-2:]
    return enlarge_to_peak_one(saliency[None, None], (height, width))[0, 0]


def relevance_map(image: Tensor, model: nn.Module) -> Tensor:
    """Return each pixel's positive relevance (n, n) for the model's own label, by layer-wise propagation.

    Relevance is handed down each layer in proportion to what an input contributed, with a small number in the
    denominator for stability, and summed over colors.
    """
    purpose = "The salient relevance map"
    attr = require("captum.attr", package="captum", purpose=purpose)
    rules = require("captum.attr._utils.lrp_rules", package="captum", purpose=purpose)
    network = copy.deepcopy(model).eval()  # the library leaves hooks and rules on the module
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
        elif isinstance(module, nn.Flatten):
            module.rule = rules.EpsilonRule()
    with torch.no_grad():
        output = network(image)
    if output.ndim != 2:
        raise InputError(f"Relevance needs a model with output (B, classes), got {tuple(output.shape)}.")
    label = int(output[0].argmax())
    try:
        relevance = attr.LRP(network).attribute(image.clone().requires_grad_(), target=label)
    except TypeError as error:
        raise InputError(f"Relevance cannot be propagated through this network ({error}).") from error
    return relevance.detach()[0].sum(0).clamp_min(0)


def context_aware(values: Tensor, nearest: int = NEAREST) -> Tensor:
    """Return how unlike its most similar places each place (n, n) of a map is, over four patch scales.

    d(p, q) = |patch_p - patch_q| / (1 + 3 |p - q|), with differences scaled to [0, 1] and distances in sides of the
    map; the saliency is 1 - exp(-mean of the smallest d).
    """
    check_count("nearest", nearest)
    side = values.shape[-1]
    scaled = values / values.max().clamp_min(1e-12)
    axis = torch.linspace(0, 1, side, device=values.device)
    place = torch.cartesian_prod(axis, axis)
    closeness = 1 / (1 + POSITION_WEIGHT * torch.cdist(place, place))
    own = _patches(scaled, 1.0)
    per_scale = []
    for scale in SCALES:
        unlike = torch.cdist(own, _patches(scaled, scale)) / own.shape[1] ** 0.5 * closeness
        smallest = unlike.topk(min(nearest, unlike.shape[1]), largest=False).values
        per_scale.append(1 - torch.exp(-smallest.mean(1)))
    return torch.stack(per_scale).mean(0).reshape(side, side)


def _patches(values: Tensor, scale: float) -> Tensor:
    """Return 7 x 7 patches (n * n, 49) of the map, shrunk by `scale` and brought back to its size."""
    side = values.shape[-1]
    shrunk = F.interpolate(values[None, None], (max(round(scale * side), 8),) * 2, mode="area")
    patches = F.unfold(F.pad(shrunk, (3, 3, 3, 3), mode="replicate"), 7).reshape(49, *shrunk.shape[-2:])
    return F.interpolate(patches[None], (side, side), mode="nearest")[0].flatten(1).T
