"""Where a network's weights come from: a file, a folder of files, torchvision's download, or a seed."""

import hashlib
import os
import re
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from scanpath._core.errors import InputError, ScanpathError
from scanpath._core.files import atomic_path, require_file
from scanpath._core.optional import require

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

#: A name such as "imagenet", a file, or ``{"seed": n}`` for random weights.
Weights = str | os.PathLike[str] | Mapping[str, int]

#: Folder that is searched for ``<network>*.safetensors``, ``.pth`` and ``.pt``.
FOLDER_VARIABLE = "SCANPATH_WEIGHTS"
SUFFIXES = (".safetensors", ".pth", ".pt", ".h5")
KERAS_SUFFIXES = (".h5", ".hdf5")


def read_weights(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Read a state dict with torchvision's names, as float32.

    Files may be safetensors, torch's own format without code, or, for VGG networks, what Keras writes (``.h5``, whose
    first layer sees blue first).

    Raises
    ------
    InputError
        If the file is missing, empty, of another kind, or holds no tensors by name.
    """
    path = require_file(path, "weights file")
    state: Any
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        elif path.suffix in KERAS_SUFFIXES:
            state = _read_keras_vgg(path)
        else:
            state = _read_torch(path)
    except ScanpathError:
        raise
    except Exception as error:  # each format has its own errors for damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{path} cannot be read as weights: it is damaged, cut short or of another kind ({reason}); get it again."
        ) from error
    if isinstance(state, dict):  # checkpoints hold more than the network
        state = next((state[key] for key in ("state_dict", "model") if isinstance(state.get(key), dict)), state)
    if not isinstance(state, dict) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f"{path} does not hold a state dict (names to tensors) as torchvision writes it.")
    return {name.removeprefix("module."): _as_float(value) for name, value in state.items()}


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what the file is like; the error below says what to do
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # torch's own message advises to run what is in the file
        raise InputError(
            f"{path} cannot be read as weights: it is damaged, or holds code or objects beside tensors, which are "
            "never loaded; ask for it as safetensors or as a plain state dict."
        ) from error


def _read_keras_vgg(path: Path) -> dict[str, Tensor]:
    """Convolutions named block<b>_conv<c>, kernels (row, column, in, out), as torchvision's ``features.<n>``."""
    h5py = require("h5py", purpose=f"Reading {path.name}, which Keras wrote,")
    found: dict[tuple[int, int], dict[str, np.ndarray]] = {}

    def keep(name: str, entry: Any) -> None:
        place = re.search(r"block(\d+)_conv(\d+)", name)
        if place and "optimizer" not in name and isinstance(entry, h5py.Dataset) and entry.ndim in (1, 4):
            layer = (int(place[1]), int(place[2]))
            found.setdefault(layer, {})["weight" if entry.ndim == 4 else "bias"] = np.asarray(entry)

    with h5py.File(path) as file:
        file.visititems(keep)
    state, index, last_block = {}, 0, 1
    for (block, _), parts in sorted(found.items()):
        index += block - last_block  # a pool lies between blocks
        last_block = block
        for part, values in parts.items():
            values = values.transpose(3, 2, 0, 1) if values.ndim == 4 else values
            state[f"features.{index}.{part}"] = torch.from_numpy(np.array(values, order="C"))
        index += 2
    return state


def checksum(module: nn.Module) -> str:
    """Return what tells a network's weights from others."""
    return tensors_checksum(module.state_dict().items())


def tensors_checksum(named: Iterable[tuple[str, Tensor]]) -> str:
    """Return what tells these names and values, in this order, from others."""
    digest = hashlib.sha256()
    for name, value in named:
        digest.update(name.encode())
        # as bytes, which NumPy has for all kinds of numbers
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def find_weights(network: str) -> Path | None:
    """Return the network's file in the folder $SCANPATH_WEIGHTS, or else in torch's own cache; None if in neither.

    The file is named ``NETWORK``, ``NETWORK-...`` or ``NETWORK_...``; ``NETWORK_bn...`` is another network's.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named and not os.path.isdir(named):
        raise InputError(f"{FOLDER_VARIABLE} must name a folder of weights, and there is none at {named}.")
    folders = [named, os.path.join(torch.hub.get_dir(), "checkpoints")]
    for folder in folders:
        if folder and os.path.isdir(folder):
            found = sorted(
                path
                for path in Path(folder).iterdir()
                if path.suffix in SUFFIXES and re.fullmatch(rf"{re.escape(network)}([-_](?!bn\b|bn[-_]).*)?", path.stem)
            )
            if found:
                return found[0]
    return None


def download_weights(network: str, entry: "WeightsEnum") -> dict[str, Tensor]:
    """Fetch torchvision's weights, after asking once; `entry` is a member of a torchvision weights enum."""
    size = f"{entry.meta['_file_size']:.0f} MB"
    others = (
        f"give a file (weights=FILE, on the command line --weights FILE), put {network}.pth into the folder named by "
        f"{FOLDER_VARIABLE}, or use the backbone 'steerable', which needs no weights"
    )
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            f"{network} needs {size} of weights from {entry.url}, and nobody is here to agree to the download: "
            f"{others}."
        )
    sys.stderr.write(f"{network} needs its ImageNet weights: {size} from {entry.url}. Download once? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError(f"Without the download {network} has no weights: {others}.")
    try:
        return torch.hub.load_state_dict_from_url(entry.url, map_location="cpu", weights_only=True, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise ScanpathError(f"The weights of {network} could not be downloaded ({error}): {others}.") from error


def seeded_weights(model: nn.Module, seed: int) -> dict[str, Tensor]:
    """Draw random weights that keep the size of activations from layer to layer.

    Convolutions in the network's order, each first its kernel and then its bias, from NumPy's default generator:
    kernels normal with variance 2 / inputs in the order (row, column, in, out), biases normal with deviation 0.05.
    Batch norms are the identity.
    """
    generator = np.random.default_rng(seed)
    state = {}
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d):
            out, into, rows, columns = layer.weight.shape
            kernel = generator.standard_normal((rows, columns, into, out)) * np.sqrt(2 / (rows * columns * into))
            state[f"{name}.weight"] = torch.from_numpy(
                np.ascontiguousarray(kernel.astype(np.float32).transpose(3, 2, 0, 1))
            )
            if layer.bias is not None:
                bias = generator.standard_normal(out) * 0.05
                state[f"{name}.bias"] = torch.from_numpy(bias.astype(np.float32))
        elif isinstance(layer, nn.BatchNorm2d):
            one, zero = torch.ones(layer.num_features), torch.zeros(layer.num_features)
            parts = {"weight": one, "bias": zero, "running_mean": zero.clone(), "running_var": one.clone()}
            state.update({f"{name}.{part}": value for part, value in parts.items()})
    return state


def load_weights(model: nn.Module, state: dict[str, Tensor], source: str) -> None:
    """Put weights into a network that was built without storage; its classifier may be missing from the file."""
    counters = {name for name in model.state_dict() if name.endswith("num_batches_tracked")}
    wanted = {name: value.shape for name, value in model.state_dict().items() if name not in counters}
    needed = {name for name in wanted if not name.startswith(("classifier.", "fc."))}
    missing = sorted(needed - state.keys())
    unknown = sorted(state.keys() - wanted.keys() - counters)
    wrong = sorted(name for name in needed & state.keys() if state[name].shape != wanted[name])
    misfit = _misfit(missing, unknown, wrong)
    if misfit:
        holds = f", and holds {min(state)}" if missing and state else ""
        raise InputError(
            f"{source} does not fit this network: it {misfit}{holds}; give weights of this very network under "
            "torchvision's names, or name the network that they are of."
        )
    zeros = {name: torch.tensor(0) for name in counters}
    model.load_state_dict({**zeros, **{name: state[name] for name in needed}}, strict=False, assign=True)


def save_weights(module: nn.Module, path: str | os.PathLike[str]) -> Path:
    """Write a module's weights as safetensors, whole or not at all."""
    from safetensors.torch import save_file

    target = Path(path)
    if target.suffix != ".safetensors":
        raise InputError(f"Weights are written as .safetensors, got {target}.")
    with atomic_path(target) as temporary:
        # copies, as weights that two layers share are two entries of the file
        save_file({key: value.detach().cpu().clone() for key, value in module.state_dict().items()}, temporary)
    return target


def load_strictly(module: nn.Module, state: dict[str, Tensor], source: str | os.PathLike[str]) -> None:
    """Put weights into a module whose names and shapes they must have, one for one."""
    wanted = module.state_dict()
    missing, unknown = sorted(wanted.keys() - state.keys()), sorted(state.keys() - wanted.keys())
    wrong = sorted(key for key in wanted.keys() & state.keys() if wanted[key].shape != state[key].shape)
    misfit = _misfit(missing, unknown, wrong)
    if misfit:
        raise InputError(f"{source} holds weights of another module than {type(module).__name__}: it {misfit}.")
    module.load_state_dict(state)


def _misfit(missing: Sequence[str], unknown: Sequence[str], wrong: Sequence[str]) -> str | None:
    """Say what is wrong with a file's names first of all; None if nothing is."""
    for names, problem in ((missing, "lacks"), (unknown, "has unknown"), (wrong, "has other shapes for")):
        if names:
            return f"{problem} {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    return None


def _as_float(value: Tensor) -> Tensor:
    return value.to(torch.float32) if value.is_floating_point() else value
