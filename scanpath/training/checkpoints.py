"""The state of a training that was stopped: kept in one file, taken up under the same settings only."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path


class Stateful(Protocol):
    """A network, an optimizer or a gradient scaler."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> object:
        """Take up a state."""
        ...


def save_checkpoint(
    path: str | os.PathLike[str],
    settings: Mapping[str, object],
    progress: Mapping[str, object],
    parts: Mapping[str, Stateful],
) -> None:
    """Write how far a training is, what it was started with, and the state of its parts."""
    states = {name: part.state_dict() for name, part in parts.items()}
    with atomic_path(path) as temporary:
        torch.save({"settings": dict(settings), "progress": dict(progress), "parts": states}, temporary)


def load_checkpoint(
    path: str | os.PathLike[str], settings: Mapping[str, object], parts: Mapping[str, Stateful]
) -> dict[str, Any] | None:
    """Put an earlier state into the parts and return how far it was, or None where there is no checkpoint.

    Raises
    ------
    InputError
        If the file is damaged or belongs to a training with other settings.
    """
    if not Path(path).exists():
        return None
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        found, states, progress = kept["settings"], kept["parts"], kept["progress"]
    except Exception as error:  # the reader raises many kinds for files that are not its own
        raise InputError(f"The checkpoint {path} is damaged; delete it to start again.") from error
    for name, value in settings.items():
        if found.get(name) != value:
            raise InputError(
                f"The checkpoint {path} was made with other settings: another {name}; use the same, delete it, or "
                "give another path."
            )
    for name, part in parts.items():
        if states[name]:  # empty: the scaler of a training that began without CUDA
            part.load_state_dict(states[name])
    return progress
