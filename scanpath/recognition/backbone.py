"""A network seen as stages: what it computes at each scale, which scales are compared with a target, and how."""

import copy
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scanpath._core.arrays import as_given, to_tensor
from scanpath._core.checks import check_choice, check_image, check_positive
from scanpath._core.errors import InputError
from scanpath.recognition.eccentricity_pooling import EccentricityPool2d, Point, fill_to_square, plain_pool
from scanpath.recognition.held import device_of
from scanpath.recognition.smooth_pooling import SmoothEccentricityPool2d
from scanpath.recognition.weights import tensors_checksum

#: Growth of the window at pools 1 to 5, input px per px of eccentricity (Gupta et al. 2021).
SLOPES = (0.0, 0.0, 3.5 * 0.02, 8 * 0.02, 16 * 0.02)

#: How windows grow, by name.
WINDOWS: dict[str, type[EccentricityPool2d]] = {"rings": EccentricityPool2d, "smooth": SmoothEccentricityPool2d}

#: Grids of the maps that are compared: a picture's at 1/16 of its resolution, a target's at 1/32.
PICTURE_STRIDE, TARGET_STRIDE = 16, 32


@dataclass(frozen=True)
class Preprocessing:
    """What the first layer expects: ``(scale * image - mean) / std``, red first or blue first.

    Parameters
    ----------
    mean, std
        Per channel, in the network's own order.
    scale
        What white is: 1, or 255 for networks trained on gray levels.
    blue_first
        Whether the first channel is blue.
    """

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    scale: float = 1.0
    blue_first: bool = False

    def __call__(self, image: Tensor) -> Tensor:
        """Turn (..., 3, H, W) red, green, blue in [0, 1] into the network's input."""
        if self.blue_first:
            image = image.flip(-3)
        mean, std = (_channels(values, image.dtype, image.device) for values in (self.mean, self.std))
        return (image * self.scale).sub_(mean).div_(std)


@functools.lru_cache(maxsize=32)
def _channels(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """One value a channel, (C, 1, 1), brought to a device once."""
    with torch.inference_mode(False):  # others need slopes through it
        return torch.tensor(values, dtype=dtype).to(device, non_blocking=True)[:, None, None]


#: As torchvision trains its networks.
TORCHVISION = Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
#: As the original VGG nets were trained and Keras runs them.
CAFFE = Preprocessing(mean=(103.939, 116.779, 123.68), scale=255.0, blue_first=True)
#: The same for weights whose first channel is red.
CAFFE_RED_FIRST = Preprocessing(mean=(123.68, 116.779, 103.939), scale=255.0)


class Stage(nn.Module):
    """All that a network computes at one scale, and how it passes on to the next.

    Parameters
    ----------
    body
        The layers at this scale.
    pool
        What leads to the next scale: eccentricity pooling, or, before a body that itself strides, eccentricity
        averaging at stride 1.
    scale
        Picture px per px of the body's output.
    kind
        How the stage's features are brought to a coarser grid for comparison: "avg" or "max".
    tap
        What is compared with the target, from the body's output, place by place.
    """

    body: nn.Module
    pool: EccentricityPool2d
    tap: nn.Module

    def __init__(
        self, body: nn.Module, pool: EccentricityPool2d, *, scale: int, kind: str, tap: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.body = body
        self.pool = pool
        self.scale = scale
        self.kind = kind
        self.tap = tap or nn.Identity()

    def reduced(self, x: Tensor, stride: int, fixation: Point | None = None) -> Tensor:
        """Bring features at this scale to 1/stride with plain pooling of the network's own kind."""
        scale = self.scale
        if stride == TARGET_STRIDE and self.pool.law.stride == 2:  # a target's first reduction is the stage's own pool
            x, scale = self.pool(x, fixation), 2 * scale
        while scale < stride:
            x, scale = plain_pool(x, self.kind), 2 * scale
        return x


class Backbone(nn.Module):
    """A feature hierarchy with eccentricity-dependent pooling between its stages.

    Parameters
    ----------
    name
        Its name in the registry.
    stages
        From fine to coarse, the last at 1/16 of the picture.
    levels
        Which stages are compared with a target, as indices.
    preprocessing
        What the first stage expects.
    px_per_deg
        Picture px per degree of visual angle.
    eccentricity
        Whether windows grow with eccentricity.
    windows
        "rings" as published, or "smooth"; see `smooth_eccentricity_pool`.
    """

    stages: Sequence[Stage]

    def __init__(
        self,
        name: str,
        stages: Sequence[Stage],
        *,
        levels: Sequence[int],
        preprocessing: Preprocessing,
        px_per_deg: float = 30,
        eccentricity: bool = True,
        windows: str = "rings",
    ) -> None:
        super().__init__()
        self.windows = check_choice("windows", windows, tuple(WINDOWS))
        self.name = name
        self.stages = nn.ModuleList(stages)  # type: ignore[assignment]  # a ModuleList is one but for its type
        self.levels = tuple(levels)
        self.preprocessing = preprocessing
        self.px_per_deg = check_positive("px_per_deg", px_per_deg)
        self.eccentricity = eccentricity
        self._set_laws()
        self.eval().requires_grad_(False)
        self.to(memory_format=torch.channels_last)  # weights as the convolutions read them

    def _set_laws(self) -> None:
        for stage in self.stages:
            depth = stage.scale.bit_length()  # pool d sees the picture at 1 / 2^(d - 1)
            old = stage.pool
            stage.pool = WINDOWS[self.windows](
                old.kind,
                min_window=old.law.min_window,
                stride=old.law.stride,
                slope=SLOPES[depth - 1] if self.eccentricity else 0.0,
                px_per_deg=max(1, round(self.px_per_deg / stage.scale)),
            )

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return device_of(self)

    def facts(self) -> dict[str, Any]:
        """Return all that its features depend on, in a form that JSON can hold; weights by their checksum."""
        return {
            "name": self.name,
            "checksum": tensors_checksum(itertools.chain(self.named_parameters(), self.named_buffers())),
            "pools": [str(stage.pool) for stage in self.stages],
            "kinds": [stage.kind for stage in self.stages],
            "preprocessing": repr(self.preprocessing),
            "levels": list(self.levels),
        }

    def at_scale(self, px_per_deg: float) -> "Backbone":
        """Return this network, weights shared, for pictures of another scale."""
        if px_per_deg == self.px_per_deg:
            return self
        other = copy.copy(self)
        other._modules = {"stages": nn.ModuleList(copy.copy(stage) for stage in self.stages)}
        for stage in other.stages:
            stage._modules = dict(stage._modules)
        other.px_per_deg = check_positive("px_per_deg", px_per_deg)
        other._set_laws()
        return other

    @torch.inference_mode()
    def forward(self, image: Tensor, fixation: Point | None = None, field_px: int | None = None) -> list[Tensor]:
        """Features of a picture, one map a level, each at 1/16 of its resolution.

        Parameters
        ----------
        image
            (B, 3, H, W) in [0, 1], or one gray channel; arrays give arrays.
        fixation
            x and y in px, where the rings are centered; default the middle.
        field_px
            Side in px of the square around the fixation that rings are made for; default the picture's larger side.

        Returns
        -------
        list of Tensor
            (B, channels, ceil(H / 16), ceil(W / 16)), fine levels first. With eccentricity and without `fixation` a
            picture that is not square is filled up to a square, as published, after the first stage's layers.
        """
        return self._levels(image, PICTURE_STRIDE, fixation, field_px)

    @torch.inference_mode()
    def target_features(self, target: Tensor) -> list[Tensor]:
        """Features of a target (B, 3, h, w), one map a level, each at 1/32 of its resolution."""
        return self._levels(target, TARGET_STRIDE, None, None)

    @torch.inference_mode()
    def coarse(self, fine: Tensor, fixation: Point | None = None, field_px: int | None = None) -> list[Tensor]:
        """Go on from the features of the first level's stage: all that changes when the fixation moves.

        Parameters
        ----------
        fine
            (B, C, h, w), what the body of stage ``levels[0]`` returns.
        fixation, field_px
            In px of the picture, as for `forward`.
        """
        return self._from(self.levels[0], fine, PICTURE_STRIDE, fixation, field_px)

    def _levels(self, image: Tensor, stride: int, fixation: Point | None, field_px: int | None) -> list[Tensor]:
        if isinstance(image, np.ndarray):
            levels = self._levels(to_tensor(image), stride, fixation, field_px)
            return [as_given(image, level) for level in levels]
        if check_image(image).ndim != 4 or image.shape[1] not in (1, 3):
            raise InputError(f"A backbone needs pictures of shape (B, 3, H, W), got {tuple(image.shape)}.")
        image = image.expand(-1, 3, -1, -1).to(next(itertools.chain(self.parameters(), self.buffers())))
        x = self.stages[0].body(self.preprocessing(image).contiguous(memory_format=torch.channels_last))
        if fixation is None and self.eccentricity:  # as the first pool would, but also where a level comes before it
            x = fill_to_square(x)
        return self._from(0, x, stride, fixation, field_px)

    def _from(self, index: int, x: Tensor, stride: int, fixation: Point | None, field_px: int | None) -> list[Tensor]:
        found = []
        if fixation is None and not self.eccentricity:
            fixation = (0, 0)  # pools that do not grow are the same around any place, and leave a map its shape
        while True:
            stage = self.stages[index]
            if index in self.levels:
                found.append(stage.reduced(stage.tap(x), stride, None if self.eccentricity else fixation))
            if index == len(self.stages) - 1:
                return found
            x = stage.pool(x, *self._field(stage.scale, fixation, field_px))
            index += 1
            x = self.stages[index].body(x)

    def _field(self, scale: int, fixation: Point | None, field_px: int | None) -> tuple[Point | None, int | None]:
        """Return the fixation and the field's side in a stage's own px."""
        field = None if field_px is None else -(-field_px // scale)
        if fixation is None:
            return None, field
        # rings are centered on the px that holds the fixation, smooth windows on the place between px centers
        shift = 0.5 if self.windows == "smooth" else 0.0
        return tuple((float(value) + shift) / scale - shift for value in fixation), field
