"""A torch module that gives a map, as an agent: it looks, is scored and is kept like those of the package."""

import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional as F

from scanpath._core.checks import check_choice, check_size
from scanpath._core.errors import InputError, unknown_name
from scanpath.agents.agent import PriorityAgent
from scanpath.agents.density import DensityAgent, log_normalized
from scanpath.agents.history import History, as_history
from scanpath.agents.inhibition import FadingDisc
from scanpath.gaze.stimulus import Stimulus
from scanpath.recognition.held import device_of, frozen
from scanpath.recognition.weights import checksum, load_strictly, read_weights, save_weights

#: What a module's map may be.
MEANINGS = ("priority", "log_density")


def as_agent(
    module: nn.Module,
    name: str | None = None,
    *,
    gives: str = "priority",
    sees_history: bool = False,
    size: tuple[int, int] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    weights: str | os.PathLike[str] | None = None,
    **settings: Any,
) -> "ModuleAgent | ModuleDensity":
    """Make an agent of a torch module that gives a map of the picture.

    It then looks at pictures (`scanpath.simulate`), is put on people's fixations
    (`scanpath.evaluation.predict_fixations`, `scanpath.calibrate`) and is compared with the agents of the package.

    Parameters
    ----------
    module
        Called with pictures (1, 3, H, W), float32 in [0, 1], in evaluation mode and without gradients; it returns a
        map (1, 1, h, w). A map of another size is brought to the picture's by bilinear interpolation.
    name
        What tables call the agent; default the module's class.
    gives
        What the map is: ``"priority"``, not negative, larger where looking is worthwhile; or ``"log_density"``,
        natural logarithms of probabilities up to a constant, such as the logits of a softmax over all pixels.
    sees_history
        Whether it is called with the fixations so far, too: (1, n, 2) float32, x and y in px of the picture that it is
        given, oldest first. It is then called for every fixation, otherwise once a picture.
    size
        (height, width) that pictures are brought to before; default the size that they have.
    mean, std
        Of each of the three channels, which the picture is normalized by; default not at all.
    weights
        File that is read into the module, safetensors or a plain state dict; its names must be the module's.
    **settings
        Of an agent that has a priority map: ``selection`` (default its maximum), ``inhibition`` (default the fading
        disc of `FadingDisc`, and none for a module that sees the history), ``found_rule``. Of one that has a density:
        ``temperature``, ``found_rule``.

    Returns
    -------
    ModuleAgent or ModuleDensity
        A `PriorityAgent`, or a `DensityAgent` where the map is a log density; both can `save` the module's weights.

    Raises
    ------
    InputError
        If it is no module, a setting is unknown, or the weights are another module's.

    Examples
    --------
    >>> import scanpath as sp
    >>> class Contrast(nn.Module):
    ...     def forward(self, image):
    ...         gray = image.mean(1, keepdim=True)
    ...         return (gray - F.avg_pool2d(gray, 9, 1, 4)).abs()
    >>> agent = sp.as_agent(Contrast(), "contrast")
    >>> table = sp.simulate(agent, sp.stimuli.captioned_scenes(1, seed=0), n_fixations=3)
    >>> table["agent"].tolist()
    ['contrast', 'contrast', 'contrast']
    """
    if not isinstance(module, nn.Module):
        raise InputError(f"as_agent makes an agent of a torch module, got {type(module).__name__}; give an nn.Module.")
    kind = ModuleAgent if check_choice("gives", gives, MEANINGS) == "priority" else ModuleDensity
    known = [one for one in inspect.signature(kind.__mro__[1]).parameters if one != "name"]
    for setting in settings:
        if setting not in known:
            raise unknown_name(f"setting of an agent that gives {gives!r}", setting, known)
    if weights is not None:
        load_strictly(module, read_weights(weights), weights)
    if size is not None:
        size = check_size("size", size)
    return kind(_Seeing(module, sees_history, size, _each("mean", mean), _each("std", std)), name=name, **settings)


@dataclass(frozen=True)
class _Seeing:
    """A module, and what is done to a picture before and to its map after."""

    module: nn.Module
    sees_history: bool
    size: tuple[int, int] | None
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None

    def map(self, stimulus: Stimulus, history: History = ()) -> Tensor:
        """Return the module's map, (H, W)."""
        image, size = stimulus.rgb[None], stimulus.size
        if self.size is not None and self.size != size:
            image = F.interpolate(image, self.size, mode="bilinear", antialias=True, align_corners=False)
        if self.mean is not None:
            image = image - torch.tensor(self.mean)[:, None, None]
        if self.std is not None:
            image = image / torch.tensor(self.std)[:, None, None]
        given = [image]
        if self.sees_history:
            rows, columns = (new / old for new, old in zip(image.shape[2:], size))
            scale = torch.tensor([columns, rows])
            # pixel centers are at integers, so that a picture begins half a pixel before 0
            given.append((torch.tensor(history, dtype=torch.float32).reshape(1, -1, 2) + 0.5) * scale - 0.5)
        found = self._shaped(self._called(given))
        if tuple(found.shape) != size:
            found = F.interpolate(found[None, None], size, mode="bilinear", align_corners=False)[0, 0]
        if bool(found.isnan().any()) or bool((found == torch.inf).any()):
            raise InputError(f"The map of {self.name} holds NaN or infinity; give it weights, or another input.")
        return found

    def _called(self, given: Sequence[Tensor]) -> object:
        """Call the module in evaluation mode, on its device, and leave it as it was."""
        device = device_of(self.module)
        try:
            with frozen(self.module), torch.inference_mode():
                return self.module(*(one.to(device) for one in given))
        except (RuntimeError, ValueError, IndexError) as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise InputError(
                f"{self.name} cannot look at a picture {tuple(given[0].shape)}: {reason}; if it is for pictures of one "
                "size, give size=(height, width)."
            ) from error

    def _shaped(self, found: object) -> Tensor:
        shape = tuple(found.shape) if isinstance(found, Tensor) else None
        if not isinstance(found, Tensor) or shape is None or len(shape) < 2 or shape[:-2] not in ((), (1,), (1, 1)):
            came = type(found).__name__ if shape is None else f"a tensor of shape {shape}"
            raise InputError(f"{self.name} must return a map (1, 1, h, w), got {came}.")
        return found.reshape(shape[-2:]).to("cpu", torch.float32)

    @property
    def name(self) -> str:
        """What messages call the module."""
        return type(self.module).__name__

    def facts(self) -> dict[str, object]:
        """Return what the map depends on, in a form that JSON can hold; weights by their checksum."""
        given = {key: getattr(self, key) for key in ("sees_history", "size", "mean", "std")}
        return {"module": self.name, "checksum": checksum(self.module), **given}


class ModuleAgent(PriorityAgent):
    """An agent whose map of priority a torch module gives; made by `as_agent`."""

    def __init__(self, seeing: _Seeing, *, name: str | None = None, **settings: Any) -> None:
        inhibition = settings.pop("inhibition", None)
        if inhibition is None and not seeing.sees_history:
            inhibition = FadingDisc()  # a map that is always the same would hold the eye where it is
        super().__init__(name=name or seeing.name, inhibition=inhibition, **settings)
        self.seeing = seeing

    def facts(self) -> dict[str, object]:
        """Return what fixations depend on beside the settings: rules, and the module."""
        return {**super().facts(), **self.seeing.facts()}

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the map of a module that does not see the history."""
        return self.seeing.map(stimulus)

    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the module's map, (H, W)."""
        found = self.seeing.map(stimulus, history) if self.seeing.sees_history else self.prepared(stimulus)
        if bool((found < 0).any()):
            raise InputError(
                f"The map of {self.seeing.name} goes down to {float(found.min()):.3g}, and a map of priority is not "
                "negative; if it holds logarithms, give gives='log_density'."
            )
        return found

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the module's weights, as safetensors; ``as_agent(module, weights=path)`` reads them."""
        return save_weights(self.seeing.module, path)


class ModuleDensity(DensityAgent):
    """An agent whose log density a torch module gives; made by `as_agent`."""

    def __init__(self, seeing: _Seeing, *, name: str | None = None, **settings: Any) -> None:
        super().__init__(name=name or seeing.name, **settings)
        self.seeing = seeing

    def facts(self) -> dict[str, object]:
        """Return what fixations depend on beside the settings: rules, and the module."""
        return {**super().facts(), **self.seeing.facts()}

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the density of a module that does not see the history."""
        return log_normalized(self.seeing.map(stimulus))

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the module's map, shifted so that the probabilities of all pixels sum to 1, (H, W)."""
        if not self.seeing.sees_history:
            return self.prepared(stimulus)
        return log_normalized(self.seeing.map(stimulus, as_history(history_xy)))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the module's weights, as safetensors; ``as_agent(module, weights=path)`` reads them."""
        return save_weights(self.seeing.module, path)


def _each(name: str, values: Sequence[float] | None) -> tuple[float, ...] | None:
    if values is None:
        return None
    numbers = tuple(float(one) for one in values)
    if len(numbers) != 3 or (name == "std" and not all(one > 0 for one in numbers)):
        least = ", above 0" if name == "std" else ""
        raise InputError(f"{name} must be three numbers, one for each channel{least}, got {values!r}.")
    return numbers
