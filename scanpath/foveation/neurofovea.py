"""NeuroFovea: per-window transfer of deep feature statistics from colored noise (Deza et al. 2019)."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from scanpath._core.errors import InputError
from scanpath._core.files import require_file
from scanpath._core.kept import kept
from scanpath._core.random import torch_generator
from scanpath.foveation.pooled_frame import reflect_positions
from scanpath.foveation.texture_steerable import strength
from scanpath.foveation.window_tables import WindowGeometry
from scanpath.foveation.windows import PoolingWindows

#: Convolutions of VGG-19 up to relu4_1: (index in torchvision's `features`, channels in, channels out).
ENCODER_CONVOLUTIONS = (
    (0, 3, 64),
    (2, 64, 64),
    (5, 64, 128),
    (7, 128, 128),
    (10, 128, 256),
    (12, 256, 256),
    (14, 256, 256),
    (16, 256, 256),
    (19, 256, 512),
)
POOLS_AFTER = (2, 7, 16)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
#: Pixels per feature, and where the first feature's pixels are centered.
STRIDE_PX = 8
FIRST_CENTER_PX = 3.5
MARGIN_PX = 32
#: A window with less weight than this has no texture: its statistics would be those of one feature vector.
LEAST_FEATURES = 2.0
VARIANCE_FLOOR = 1e-5
#: Where weights come from: a file, or {"seed": n} for random ones.
Weights = str | os.PathLike[str] | dict[str, int]

Network = TypeVar("Network", bound=nn.Module)


class Vgg19Encoder(nn.Module):
    """VGG-19 from pixels in [0, 1] to relu4_1: (B, 3, H, W) to (B, 512, H / 8, W / 8), without gradient to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.ModuleDict(
            {str(index): nn.Conv2d(inputs, outputs, 3, padding=1) for index, inputs, outputs in ENCODER_CONVOLUTIONS}
        )
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> Tensor:
        """Features of pictures whose sides are multiples of 8."""
        mean, std = (image.new_tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
        features = (image - mean) / std
        for index, convolution in self.features.items():
            features = torch.relu(convolution(features))
            if int(index) in POOLS_AFTER:
                features = nn.functional.max_pool2d(features, 2)
        return features


class Decoder(nn.Module):
    """The encoder's mirror: relu4_1 features to pixels, with nearest-neighbor upsampling and reflected borders."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, inputs, outputs in reversed(ENCODER_CONVOLUTIONS):
            if index in POOLS_AFTER:
                layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
            layers += [nn.Conv2d(outputs, inputs, 3, padding=1, padding_mode="reflect"), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, features: Tensor) -> Tensor:
        """Pictures (B, 3, 8 h, 8 w) from features (B, 512, h, w); not clipped."""
        return self.layers(features)


def load_encoder(weights: Weights) -> Vgg19Encoder:
    """Build the encoder with torchvision's VGG-19 weights from a file, or seeded random ones for tests."""
    return _encoder(_freeze(weights))


def load_decoder(weights: Weights) -> Decoder:
    """Build the decoder with weights that `scanpath.training.texture_decoder` wrote, or seeded random ones."""
    return _decoder(_freeze(weights))


def transfer_features(
    image: Tensor, geometry: WindowGeometry, encoder: nn.Module, decoder: nn.Module, seed: int
) -> Tensor:
    """Return a picture (3, H, W), unclipped, whose deep features have the texture of noise in each window.

    In every window the noise's features get the picture's mean and standard deviation and replace the picture's by
    the share tanh(0.6405 r), with r the window's equivalent radius in degrees. The published transform cuts the
    picture into windows; here overlapping windows blend.
    """
    if image.shape[0] != 3:
        raise InputError(f"The encoder vgg19 needs RGB pictures of 3 channels, got {image.shape[0]}.")
    sides = [side + 2 * MARGIN_PX + -side % STRIDE_PX for side in geometry.size]
    rows, columns = (reflect_positions(side, MARGIN_PX, size) for side, size in zip(sides, geometry.size))
    padded = image[:, rows.to(image.device), :][..., columns.to(image.device)]
    content = encoder(padded[None])[0]
    texture = encoder(_colored_noise(padded, torch_generator(seed, "foveated_texture", "vgg19"))[None])[0]
    height, width = geometry.size
    mixed = _transfer(content, texture, geometry)
    return decoder(mixed[None])[0, :, MARGIN_PX : MARGIN_PX + height, MARGIN_PX : MARGIN_PX + width]


def _transfer(content: Tensor, texture: Tensor, geometry: WindowGeometry) -> Tensor:
    origin = FIRST_CENTER_PX - MARGIN_PX
    size = (content.shape[-2], content.shape[-1])
    windows = PoolingWindows.of(replace(geometry, size=size, step_px=STRIDE_PX, origin_px=(origin, origin)))
    share = torch.where(windows.weight_sum >= LEAST_FEATURES, strength(windows.radius_deg), 0.0).to(content)

    def moments(features: Tensor) -> tuple[Tensor, Tensor]:
        mean = windows.pool(features)
        variance = (windows.pool(features.square()) - mean.square()).clamp_min(0)
        return mean, torch.sqrt(variance + VARIANCE_FLOOR)

    (mean, deviation), (noise_mean, noise_deviation) = moments(content), moments(texture)
    gain = deviation / noise_deviation
    offset = mean - gain * noise_mean
    return (
        (1 - windows.spread(share)) * content + windows.spread(share * gain) * texture + windows.spread(share * offset)
    )


def _colored_noise(image: Tensor, generator: torch.Generator) -> Tensor:
    """White noise with the mean and covariance of the picture's colors."""
    noise = torch.randn(image.shape, generator=generator, dtype=torch.float32).to(image)
    pixels = image.detach().flatten(1)
    mean = pixels.mean(1, keepdim=True)
    covariance = (pixels - mean) @ (pixels - mean).T / pixels.shape[1]
    values, vectors = torch.linalg.eigh(covariance)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T
    return torch.einsum("ij,jhw->ihw", root, noise) + mean[..., None]


def _freeze(weights: Weights) -> tuple[str, int]:
    """A key that can be cached: a seed, or a file with its time of change."""
    if isinstance(weights, dict):
        if set(weights) != {"seed"}:
            raise InputError(f'weights must be a file or {{"seed": number}}, got {weights!r}.')
        return "", int(weights["seed"])
    path = require_file(weights, "weights file")
    return str(path.resolve()), path.stat().st_mtime_ns


@kept(maxsize=2)
def _encoder(key: tuple[str, int]) -> Vgg19Encoder:
    return _loaded(Vgg19Encoder(), key)


@kept(maxsize=2)
def _decoder(key: tuple[str, int]) -> Decoder:
    return _loaded(Decoder(), key)


def _loaded(model: Network, key: tuple[str, int]) -> Network:
    path, number = key
    if path:
        _fill(model, Path(path))
    else:
        seed_parameters(model, number)
    return model.eval().requires_grad_(False)


def seed_parameters(model: nn.Module, seed: int) -> None:
    """Fill convolutions with random weights that keep the variance of rectified signals; biases become zero."""
    generator = torch_generator(seed, type(model).__name__)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.zero_()
            else:
                scale = (2 / parameter[0].numel()) ** 0.5
                parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))


def _fill(model: nn.Module, path: Path) -> None:
    state = read_state(path)
    wanted = model.state_dict()
    missing = [name for name, value in wanted.items() if name not in state or state[name].shape != value.shape]
    if missing:
        what = "torchvision's VGG-19" if isinstance(model, Vgg19Encoder) else "a decoder of this package"
        raise InputError(f"{path} does not hold the weights of {what}: {missing[0]} is missing or has another shape.")
    model.load_state_dict({name: state[name].to(torch.float32) for name in wanted})


def read_state(path: Path) -> dict[str, Any]:
    """Read a state dict from a safetensors file or a torch file without unpickling code."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the readers raise many kinds for files that are not theirs
        raise InputError(
            f"{path} cannot be read as weights ({type(error).__name__}); give a .pth or .safetensors file."
        ) from error
