"""Where a number comes from: pairing, settings, versions, seed and hashes of the data, and all of it as JSON."""

import json
import os
import platform
from collections.abc import Hashable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd

from scanpath._core.files import write_text
from scanpath.evaluation.pairing import Pairing
from scanpath.evaluation.scores import Measure

_LIBRARIES = ("scanpath", "numpy", "numba", "scipy", "pandas")


def write_evaluation(
    table: pd.DataFrame,
    path: str | os.PathLike[str] | None = None,
    *,
    more: Mapping[str, pd.DataFrame | list[str]] | None = None,
) -> str:
    """Return an evaluation as JSON text with its provenance, and write it atomically if a path is given.

    The text holds the rows, the pairing, settings, seed, versions and hashes of both data sets, so that a number in
    a paper can be traced. A value that is not defined is null. `more` are further tables, such as the differences of
    `evaluate_agents`, or lists of sentences, by the names under which they are stored.
    """
    parts = {name: part if isinstance(part, list) else _records(part) for name, part in (more or {}).items()}
    content = {"provenance": table.attrs.get("scanpath", {}), "scores": _records(table), **parts}
    text = json.dumps(content, indent=2) + "\n"
    if path is not None:
        write_text(path, text)
    return text


def _records(table: pd.DataFrame) -> list[dict[Hashable, object]]:
    return [
        {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def provenance(pairing: Pairing, measures: Sequence[Measure], facts: Mapping[str, object]) -> dict[str, object]:
    """Put together what is needed to repeat an evaluation."""
    return {
        "pairing": pairing.to_dict(),
        "metrics": {each.name: {key: repr(value) for key, value in each.settings.items()} for each in measures},
        **facts,
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _LIBRARIES},
    }


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
