"""The backbones by name, with their weights."""

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath._core.registry import Registry
from scanpath.recognition import conversion
from scanpath.recognition.backbone import CAFFE, CAFFE_RED_FIRST, TORCHVISION, Backbone, Preprocessing
from scanpath.recognition.weights import (
    KERAS_SUFFIXES,
    Weights,
    download_weights,
    find_weights,
    load_weights,
    read_weights,
    seeded_weights,
)

#: Preprocessing by name, for weight files that need another than their network's usual one.
PREPROCESSING = {"torchvision": TORCHVISION, "caffe": CAFFE, "caffe_red_first": CAFFE_RED_FIRST}

#: File name of the original VGG16 weights as torchvision carries them, which need the original preprocessing.
ORIGINAL_VGG16 = "vgg16_features-amdegroot"

#: A network's name -> function that builds it; more can be registered.
BACKBONES: Registry[Callable[..., Backbone]] = Registry(
    "backbone", {"steerable": "scanpath.recognition.steerable:steerable"}
)


def list_backbones(pattern: str = "*") -> list[str]:
    """Names that `create_backbone` knows, filtered by a shell pattern.

    Examples
    --------
    >>> list_backbones("s*")
    ['squeezenet1_1', 'steerable']
    """
    return BACKBONES.names(pattern)


def create_backbone(
    name: str,
    *,
    eccentricity: bool = True,
    windows: str = "rings",
    px_per_deg: float = 30,
    device: str = "cpu",
    **settings: Any,
) -> Backbone:
    """Build a feature hierarchy whose pools grow with eccentricity.

    Parameters
    ----------
    name
        One of `list_backbones()`: "steerable", which needs no weights, or a torchvision network; the stages of each
        are listed in `scanpath.recognition.conversion`.
    eccentricity
        False switches the growth off.
    windows
        "rings" as published, or "smooth" for windows that grow continuously, our own.
    px_per_deg
        Picture px per degree of visual angle.
    device
        Where it computes, as torch names it.
    settings
        For networks, not for "steerable": ``weights``, "imagenet" (the default: from the folder $SCANPATH_WEIGHTS,
        torch's cache, or a download that is asked for once), a file, or ``{"seed": n}`` for random ones;
        ``pooling``, "avg" (the default with eccentricity) or "max" (without); ``preprocessing``, "torchvision",
        "caffe" or "caffe_red_first" where the file needs another than usual.

    Raises
    ------
    InputError
        If the name is unknown, or the weights are missing, damaged or another network's.

    Examples
    --------
    >>> import torch
    >>> maps = create_backbone("steerable")(torch.zeros(1, 3, 64, 64))
    >>> [tuple(level.shape[-2:]) for level in maps]
    [(4, 4), (4, 4), (4, 4)]
    """
    build = BACKBONES[name]
    known = [setting for setting in inspect.signature(build).parameters if setting != "name"]
    for setting in settings:
        if setting not in known:
            raise InputError(f"The backbone {name!r} takes no {setting}; it takes {', '.join(known)}.")
    place = usable_device(device)
    return build(eccentricity=eccentricity, windows=windows, px_per_deg=px_per_deg, **settings).to(place)


def usable_device(name: str) -> torch.device:
    """Return a device by torch's name for it, or say that this machine has none of that name."""
    try:
        place = torch.device(name)
        torch.empty(1, device=place)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise InputError(
            f"The device {name!r} cannot be used here ({str(error).splitlines()[0]}); 'cpu' always can."
        ) from error
    return place


def network_backbone(
    name: str,
    *,
    weights: Weights | None = None,
    pooling: str | None = None,
    preprocessing: str | None = None,
    eccentricity: bool = True,
    windows: str = "rings",
    px_per_deg: float = 30,
) -> Backbone:
    """Build a torchvision network as a backbone; see `create_backbone`."""
    if pooling is None:
        pooling = "avg" if eccentricity else "max"
    check_choice("pooling", pooling, ("avg", "max"))
    model = conversion.network(name)
    state, usual, source = resolve_weights(name, model, "imagenet" if weights is None else weights)
    load_weights(model, state, source)
    if preprocessing is not None:
        usual = PREPROCESSING[check_choice("preprocessing", preprocessing, tuple(PREPROCESSING))]
    stages, levels = conversion.stages(model, name, pooling)
    return Backbone(
        name,
        stages,
        levels=levels,
        preprocessing=usual,
        px_per_deg=px_per_deg,
        eccentricity=eccentricity,
        windows=windows,
    )


def resolve_weights(name: str, model: nn.Module, weights: Weights) -> tuple[dict[str, Tensor], Preprocessing, str]:
    """Return the weights, the preprocessing they were trained with, and where they came from."""
    if isinstance(weights, Mapping):
        if set(weights) != {"seed"}:
            raise InputError(f'weights must be "imagenet", a file, or {{"seed": number}}, got {weights!r}.')
        vgg = name.startswith("vgg")
        seed = check_count("The seed of random weights", weights["seed"], least=0)
        return seeded_weights(model, seed), CAFFE if vgg else TORCHVISION, f"seed {weights['seed']}"
    if not isinstance(weights, str | os.PathLike):
        raise InputError(f'weights must be "imagenet", a file, or {{"seed": number}}, got {weights!r}.')
    path = find_weights(name) if weights == "imagenet" else weights
    if path is not None:
        source = os.fspath(path)
        usual = CAFFE_RED_FIRST if ORIGINAL_VGG16 in source else TORCHVISION
        return read_weights(path), CAFFE if source.endswith(KERAS_SUFFIXES) else usual, source
    import torchvision

    entries = torchvision.models.get_model_weights(name)
    # VGG16 as its authors trained it, which eccNET uses, where torchvision has both that and its own training
    entry = entries["IMAGENET1K_FEATURES" if "IMAGENET1K_FEATURES" in entries.__members__ else "IMAGENET1K_V1"]
    usual = CAFFE_RED_FIRST if ORIGINAL_VGG16 in entry.url else TORCHVISION
    return download_weights(name, entry), usual, entry.url


for _name in ("alexnet", "mobilenet_v2", "resnet18", "resnet50", "squeezenet1_1", "vgg16", "vgg19"):
    BACKBONES.register(_name, functools.partial(network_backbone, _name))
