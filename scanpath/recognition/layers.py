"""Any network by name, read out at several layers, with the places in the picture that its units stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from scanpath._core.errors import InputError, unknown_name
from scanpath._core.random import derive_seed
from scanpath.recognition.backbone import TORCHVISION, Backbone, Preprocessing
from scanpath.recognition.steerable import steerable
from scanpath.recognition.weights import (
    Weights,
    checksum,
    download_weights,
    find_weights,
    load_weights,
    read_weights,
)

#: Layers that are read where none are named: shallow ones for detail, deep ones for what things are.
USUAL_LAYERS = {
    "squeezenet1_1": tuple(f"features.{index}" for index in (1, 4, 7, 9, 10, 12)),
    "mobilenet_v2": tuple(f"features.{index}" for index in (1, 3, 6, 10, 13, 17)),
    "steerable": ("stages.2.body", "stages.3.body", "stages.4.body"),
}
#: Side of the picture that shows how far apart the units of a layer are; their maps then differ in size.
_PROBE_PX = 352


@dataclass(frozen=True)
class Layer:
    """One layer's units: unit j of a row or column looks at pixel ``first_px + j * stride_px`` of the picture."""

    name: str
    channels: int
    stride_px: float
    first_px: float


class LayeredNetwork(nn.Module):
    """A frozen network whose inner maps are read out.

    Parameters
    ----------
    network
        Takes (1, 3, H, W) of any size.
    name
        What to call it in messages and files.
    layers
        Names of the modules that are read, as ``network.named_modules()`` has them; None takes the last one at each of
        1/4, 1/8, 1/16 and 1/32 of the picture's size.
    preprocessing
        What its first layer expects.

    Attributes
    ----------
    layers
        The layers that are read, in the order of their names.

    Raises
    ------
    InputError
        If a layer is unknown or gives no maps.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        name: str,
        layers: Sequence[str] | None = None,
        preprocessing: Preprocessing = TORCHVISION,
    ) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.name, self.preprocessing = name, preprocessing
        self.layers = _find_layers(self.network, name, layers)

    @torch.inference_mode()
    def forward(self, image: Tensor, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Return the maps (C, h, w) of some layers, default all, of a picture (3, H, W) in [0, 1]."""
        wanted = tuple(layer.name for layer in self.layers) if layers is None else tuple(layers)
        x = self.preprocessing(image)[None].contiguous(memory_format=torch.channels_last)
        return {layer: maps[0] for layer, maps in _maps(self.network, x, wanted).items()}

    def checksum(self) -> str:
        """Return what tells these weights from others."""
        return checksum(self.network)

    def weights_in_use(self) -> dict[str, Tensor]:
        """Return what the layers that are read depend on, by the names of the network's state dict."""
        used: set[str] = set()
        hooks = [
            module.register_forward_pre_hook(lambda _module, _given, key=key: used.add(key))
            for key, module in self.network.named_modules()
        ]
        try:
            self(torch.zeros(3, _PROBE_PX, _PROBE_PX))
        finally:
            for hook in hooks:
                hook.remove()
        return {key: value for key, value in self.network.state_dict().items() if key.rpartition(".")[0] in used}


def load_layers(name: str, weights: Weights | None = None, layers: Sequence[str] | None = None) -> LayeredNetwork:
    """Load a network by name and say at which of its layers it is read.

    Parameters
    ----------
    name
        "steerable", which needs no weights; a network of torchvision, such as "squeezenet1_1" or "mobilenet_v2"; or,
        with its library before a colon, one of timm or open_clip, such as "timm:resnet10t" or "open_clip:RN50".
        It must take pictures of any size, as convolutional networks do.
    weights
        A file with its state dict; None takes the one that lies in the folder $SCANPATH_WEIGHTS or in torch's cache,
        or, for torchvision, asks once for a download; ``{"seed": n}`` draws random ones.
    layers
        See `LayeredNetwork`.

    Raises
    ------
    InputError
        If the network, a layer or the weights are unknown or missing.

    Examples
    --------
    >>> network = load_layers("squeezenet1_1", {"seed": 0}, ["features.4", "features.12"])
    >>> [(layer.stride_px, layer.first_px) for layer in network.layers]
    [(4.0, 3.0), (16.0, 15.0)]
    """
    layers = USUAL_LAYERS.get(name) if layers is None else layers
    if name == "steerable":
        if weights is not None:
            raise InputError("The backbone 'steerable' takes no weights; leave them out.")
        return LayeredNetwork(
            _Stages(steerable(eccentricity=False)), name=name, layers=layers, preprocessing=Preprocessing()
        )
    network = _build(name, weights)
    if not isinstance(weights, Mapping):
        _fill(network, name, weights)
    return LayeredNetwork(network, name=name, layers=layers)


def layers_with(name: str, state: Mapping[str, Tensor], layers: Sequence[str]) -> LayeredNetwork:
    """Build a network by name around the weights that `LayeredNetwork.weights_in_use` gave.

    Raises
    ------
    InputError
        If weights are missing or of another shape.
    """
    network = LayeredNetwork(_build(name, None), name=name, layers=layers)
    wanted = {key: value.shape for key, value in network.weights_in_use().items()}
    wrong = [key for key, shape in wanted.items() if key not in state or state[key].shape != shape]
    if wrong or len(state) != len(wanted):
        what = f"{wrong[0]} is missing or of another shape" if wrong else "there are others too"
        raise InputError(f"These weights are not those of {name} up to the layers that are read: {what}.")
    network.network.load_state_dict(dict(state), strict=False)
    return network


class _Stages(nn.Module):
    """The stages of a backbone one after the other, with pools that do not grow."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.stages = backbone.stages

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.stages:
            x = stage.body(x)
            if stage is not self.stages[-1]:
                x = stage.pool(x, (0, 0))
        return x


def _build(name: str, weights: Weights | None) -> nn.Module:
    """Build a network with random weights, which only a seed makes worth having."""
    seed = weights.get("seed") if isinstance(weights, Mapping) else 0
    if seed is None or (isinstance(weights, Mapping) and len(weights) != 1):
        raise InputError(f'weights must be a file or {{"seed": number}}, got {weights!r}.')
    library, _, short = name.rpartition(":")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "layers", name))
        if library == "":
            from torchvision import models

            known = [*models.list_models(module=models), "steerable"]
            if short not in known:
                raise unknown_name("backbone", name, known)
            return models.get_model(short, weights=None)
        if library == "timm":
            return _timm(short)
        if library == "open_clip":
            return _open_clip(short)
    raise InputError(f"A backbone's library is timm or open_clip, or none for torchvision, got {name!r}.")


def _timm(name: str) -> nn.Module:
    import timm  # open_clip's own dependency

    if name not in timm.list_models():
        raise unknown_name("timm network", name, timm.list_models())
    return timm.create_model(name, pretrained=False, num_classes=0)


def _open_clip(name: str) -> nn.Module:
    import open_clip

    if name not in open_clip.list_models():
        raise unknown_name("open_clip network", name, open_clip.list_models())
    tower = open_clip.create_model(name, pretrained=None).visual
    assert isinstance(tower, nn.Module)
    return tower


def _fill(network: nn.Module, name: str, weights: Any) -> None:
    short = name.rpartition(":")[2]
    source = find_weights(short) if weights is None else weights
    if source is not None:
        state = read_weights(source)
    elif ":" in name:
        raise InputError(
            f"{name} has no weights here: give a file, or put {short}.safetensors into the folder named by "
            "SCANPATH_WEIGHTS."
        )
    else:
        from torchvision import models

        entry = models.get_model_weights(name)["DEFAULT"]
        state, source = download_weights(name, entry), entry.url
    named = {key.removeprefix("visual."): value for key, value in state.items()}
    known = network.state_dict()
    # heads that nobody reads may be in the file and not in the network, or the other way around
    load_weights(
        network, {key: value for key, value in named.items() if key in known or not _of_head(key)}, str(source)
    )


def _of_head(name: str) -> bool:
    return name.startswith(("classifier.", "fc.", "head.", "text", "token", "transformer", "ln_final", "logit", "pos"))


def _maps(network: nn.Module, x: Tensor, wanted: Sequence[str]) -> dict[str, Tensor]:
    """Run a network until it has given all the maps that are wanted."""
    found: dict[str, Tensor] = {}
    modules = dict(network.named_modules())
    hooks = []
    for name in wanted:

        def keep(_module: nn.Module, _given: Any, out: Tensor, name: str = name) -> None:
            found[name] = out
            if len(found) == len(wanted):
                raise _Enough

        hooks.append(modules[name].register_forward_hook(keep))
    try:
        network(x)
    except _Enough:
        pass
    finally:
        for hook in hooks:
            hook.remove()
    return {name: found[name] for name in wanted}


class _Enough(Exception):
    """Ends a forward pass that has given what it was run for."""


def _find_layers(network: nn.Module, name: str, wanted: Sequence[str] | None) -> tuple[Layer, ...]:
    modules = dict(network.named_modules())
    for layer in wanted or ():
        if layer not in modules:
            raise unknown_name(f"layer of {name}", layer, [key for key in modules if key])
    maps, places = _probe(network, name)
    if wanted is None:
        wanted = _last_at_each_scale(maps)
    for layer in wanted:
        if layer not in maps:
            raise InputError(f"The layer {layer} of {name} gives no maps (B, C, h, w) that grow with the picture.")
    return tuple(Layer(layer, maps[layer].shape[1], *_place(maps[layer].shape[-1], places)) for layer in wanted)


def _probe(network: nn.Module, name: str) -> tuple[dict[str, Tensor], dict[int, tuple[float, float]]]:
    """Return the maps that modules give of an empty picture, and the place of units by the size of their map.

    A convolution or pool of side k, stride s and padding p puts its first unit (k - 1) / 2 - p of its input's units
    away from the first of those, and s of them from one to the next.
    """
    maps: dict[str, Tensor] = {}
    places = {_PROBE_PX: (1.0, 0.0)}

    def note(module: nn.Module, given: tuple[Any, ...], out: Any, key: str) -> None:
        if not (isinstance(out, Tensor) and out.ndim == 4 and 1 < out.shape[-1] <= _PROBE_PX):
            return
        maps[key] = out
        before, after = given[0].shape[-1], out.shape[-1]
        if isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) and before in places and after not in places:
            stride, first = places[before]
            side, step, padding = (_number(value) for value in (module.kernel_size, module.stride, module.padding))
            places[after] = (stride * step, first + stride * ((side - 1) / 2 - padding))

    hooks = [
        module.register_forward_hook(lambda module, given, out, key=key: note(module, given, out, key))
        for key, module in network.named_modules()
        if key
    ]
    try:
        with torch.inference_mode():
            network(torch.zeros(1, 3, _PROBE_PX, _PROBE_PX))
    except (RuntimeError, AssertionError, ValueError) as error:
        if not maps:  # a head for one size of picture may fail; the layers before it have been seen
            raise InputError(
                f"{name} takes no pictures of any size ({str(error).splitlines()[0]}); take a convolutional network."
            ) from error
    finally:
        for hook in hooks:
            hook.remove()
    return maps, places


def _number(value: Any) -> float:
    return float(value[0] if isinstance(value, tuple) else value)


def _place(n_units: int, places: Mapping[int, tuple[float, float]]) -> tuple[float, float]:
    if n_units in places:
        return places[n_units]
    stride = _PROBE_PX / n_units  # pooled by a function: units divide the picture evenly
    return stride, (stride - 1) / 2


def _last_at_each_scale(maps: Mapping[str, Tensor]) -> tuple[str, ...]:
    found: dict[int, str] = {}
    for layer, out in maps.items():
        scale = 1 << round(torch.tensor(_PROBE_PX / out.shape[-1]).log2().item())
        if 4 <= scale <= 32:
            found[scale] = layer
    return tuple(found[scale] for scale in sorted(found))
