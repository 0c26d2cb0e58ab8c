"""What works on this machine."""

import importlib.metadata
import os
import platform
from pathlib import Path

OPTIONAL = (
    "captum",
    "h5py",
    "multimatch-gaze",
    "plenoptic",
    "polars",
    "POT",
    "pymovements",
    "torchmetrics",
    "dask",
    "ray",
)
REQUIRED = ("torch", "torchvision", "open_clip_torch", "numpy", "scipy", "scikit-image", "numba", "pandas", "pyarrow")


def doctor() -> None:
    """Show versions, the GPU, the weights and the data sets that are found."""
    from scanpath import __version__
    from scanpath.cli.tables import print_table

    rows = [("scanpath", __version__), ("Python", platform.python_version()), ("system", platform.platform())]
    rows += [(name, _version(name) or "MISSING") for name in REQUIRED]
    rows += [(name, _version(name) or "not installed (optional)") for name in OPTIONAL]
    rows += [("cores", str(os.cpu_count())), ("GPU", _gpu())]
    rows += [("weights", _weights()), *_data()]
    print_table(("what", "found"), rows)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gpu() -> str:
    import torch

    if not torch.cuda.is_available():
        return "none; everything runs on the CPU"
    return ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))


def _weights() -> str:
    import torch

    from scanpath.recognition.weights import SUFFIXES

    folder = os.environ.get("SCANPATH_WEIGHTS")
    if folder and not Path(folder).is_dir():
        return f"SCANPATH_WEIGHTS={folder} is not a folder"
    places = [Path(folder)] if folder else []
    places.append(Path(torch.hub.get_dir()) / "checkpoints")
    files = [path for place in places if place.is_dir() for path in sorted(place.iterdir())]
    found = [path.name for path in files if path.suffix in SUFFIXES]
    return ", ".join(found) or "none; 'steerable' needs none, others take --weights FILE or SCANPATH_WEIGHTS"


def _data() -> list[tuple[str, str]]:
    from scanpath._core.errors import ScanpathError
    from scanpath.datasets import list_datasets, load_dataset

    rows = []
    for name in list_datasets():
        try:
            load_dataset(name)
            rows.append((f"data set {name}", "found"))
        except (ScanpathError, NotImplementedError) as error:
            rows.append((f"data set {name}", f"not found: {str(error).split('. ')[0]}"))
    return rows
