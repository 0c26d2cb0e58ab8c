"""Torchvision networks as stages: their pools, or the strides that stand for pools, become eccentric.

====================  ==========================================================================================
network               levels at 1/4, 1/8, 1/16 of the picture, and what becomes eccentric between them
====================  ==========================================================================================
vgg16, vgg19          convolution blocks 3, 4, 5 before their pools; pools 3 and 4
alexnet               convolutions 1, 2, 5 after ReLU; both pools
squeezenet1_1         fire modules 3, 5, 9; pools 2 and 3
resnet18, resnet50    layers 1, 2, 3; averaging before the strided blocks that open layers 2 and 3
mobilenet_v2          expansions of the three blocks that stride to 1/8, 1/16, 1/32; averaging before the
                      depthwise strided convolutions of the first two
====================  ==========================================================================================

Pools finer than 1/4 do not grow (their published slope is 0). A pool keeps its trained window in the fovea. A strided
convolution keeps its weights and grid; where a pool's window would be w instead of 2, its input is first averaged over
windows of side w - 1, which leaves the fovea untouched. The first convolutions of alexnet and squeezenet1_1 are padded
by half their window, so that every map has ceil(n / stride) px.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scanpath._core.errors import InputError
from scanpath.recognition.backbone import Stage
from scanpath.recognition.eccentricity_pooling import EccentricityPool2d

if TYPE_CHECKING:
    from torchvision.models import ResNet


def network(name: str) -> Any:
    """Build a torchvision network without storage for its weights."""
    import torchvision

    with torch.device("meta"):
        return torchvision.models.get_model(name, weights=None).eval()


def window_side(size: int | tuple[int, int]) -> int:
    """Return the side of a pool's window, given as torch's layers keep it."""
    return size if isinstance(size, int) else size[0]


def stages(model: Any, name: str, pooling: str) -> tuple[list[Stage], list[int]]:
    """Cut a network into stages, and say which of them are levels; `pooling` is "avg" or "max"."""
    cut = {"resnet": _resnet, "mobilenet_v2": _mobilenet}
    make: Callable[[Any, str], list[Stage]] = next((cut[key] for key in cut if name.startswith(key)), _pooled)
    found = make(model, pooling)
    levels = [index for index, stage in enumerate(found) if stage.scale >= 4]
    if [found[index].scale for index in levels] != [4, 8, 16]:
        raise InputError(f"{name} has no stages at 1/4, 1/8 and 1/16 of the picture; choose another network.")
    return found, levels


def _pooled(model: Any, pooling: str) -> list[Stage]:
    """Networks whose scales are separated by pooling layers: VGG, AlexNet, SqueezeNet."""
    found: list[Stage] = []
    body: list[nn.Module] = []
    scale = 1
    for layer in [*model.features, None]:
        if layer is not None and not isinstance(layer, nn.MaxPool2d):
            body.append(layer)
            if isinstance(layer, nn.Conv2d):
                scale *= layer.stride[0]
                layer.padding = tuple(side // 2 for side in layer.kernel_size)
        elif body:
            window = 2 if layer is None else window_side(layer.kernel_size)
            pool = EccentricityPool2d(pooling, min_window=window)
            found.append(Stage(nn.Sequential(*body), pool, scale=scale, kind=pooling))
            body, scale = [], scale * 2
    return found


def _resnet(model: "ResNet", pooling: str) -> list[Stage]:
    stem = nn.Sequential(model.conv1, model.bn1, model.relu)
    pool = EccentricityPool2d(pooling, min_window=window_side(model.maxpool.kernel_size))
    layers = ((model.layer1, 4), (model.layer2, 8), (model.layer3, 16))
    first = Stage(stem, pool, scale=2, kind=pooling)
    return [first, *(_strided(layer, scale, pooling) for layer, scale in layers)]


def _mobilenet(model: Any, pooling: str) -> list[Stage]:
    """Cut behind the expansion, before the depthwise convolution, of the blocks that stride from 1/4 on."""
    found: list[Stage] = []
    body: list[nn.Module] = []
    scale = 1
    for block in model.features:
        stride = max(layer.stride[0] for layer in block.modules() if isinstance(layer, nn.Conv2d))
        if stride > 1 and scale >= 4:
            found.append(_strided(nn.Sequential(*body, block.conv[0]), scale, pooling))
            if scale == 16:
                break
            body = [block.conv[1:]]
        else:
            body.append(block)
        scale *= stride
    return found


def _strided(body: nn.Module, scale: int, pooling: str) -> Stage:
    return Stage(body, EccentricityPool2d("avg", min_window=1, stride=1), scale=scale, kind=pooling)
