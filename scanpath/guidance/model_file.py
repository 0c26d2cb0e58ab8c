"""A trained model as one safetensors file: its parameters, and facts about it that JSON can hold."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, require_file


def write_model(
    path: str | os.PathLike[str], layout: str, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]
) -> None:
    """Write a model, in whole or not at all.

    Parameters
    ----------
    path
        Where to.
    layout
        What the file says that it is, with a version.
    tensors
        The model's parameters.
    facts
        What else it takes to make the model again, and what is known of it.
    """
    from safetensors.torch import save_file

    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(plain, temporary, metadata={"format": layout, "facts": json.dumps(facts)})


def read_model(
    path: str | os.PathLike[str], layout: str, *, what: str, command: str
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the parameters, in single precision, and the facts that `write_model` wrote.

    Parameters
    ----------
    path
        The file.
    layout
        What it must say that it is.
    what
        What messages call such a model, as in "viewer".
    command
        What writes such a file, as in "scanpath fit viewer".

    Raises
    ------
    InputError
        If the file is missing, damaged, or something else.
    """
    from safetensors import SafetensorError, safe_open

    path = require_file(path, what)
    article = "an" if what[0] in "aeioAEIO" else "a"
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} cannot be read as {article} {what}: {str(error).splitlines()[0]}.") from error
    if about.get("format") != layout:
        raise InputError(
            f"{path} is not a trained {what} of this layout ({layout!r}), it says {about.get('format')!r}; give what "
            f"{command} wrote."
        )
    with same_layout(path, what=what, command=command):
        facts: dict[str, Any] = json.loads(about["facts"])
    return tensors, facts


@contextmanager
def same_layout(path: str | os.PathLike[str], *, what: str, command: str) -> Iterator[None]:
    """Say that a file has another layout where a model cannot be made of what it holds; see `read_model`."""
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error).partition("\n")[0].rstrip(".")
        raise InputError(
            f"The {what} {path} has another layout than this version reads ({why}); fit it again with {command}."
        ) from error


def with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they were before JSON made lists of their tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
