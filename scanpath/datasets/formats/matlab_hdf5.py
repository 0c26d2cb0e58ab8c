"""MATLAB 7.3 files, which are HDF5: what each variable is stands in attributes, and cells are lists of references."""

from pathlib import Path
from typing import Any

import numpy as np

from scanpath._core.errors import InputError
from scanpath._core.optional import require
from scanpath.datasets.formats.limits import check_bytes, check_hdf5

#: Memory that an array or struct takes beside its numbers; it bounds files in which few references unfold to many.
_BYTES_AN_OBJECT = 4096
_EMPTY: dict[str, Any] = {"char": "", "cell": [], "struct": []}


def load_hdf5(path: Path, max_bytes: int) -> dict[str, Any]:
    """Read all variables: structs as dicts, struct arrays and cells as lists, text as str, numbers as arrays or float.

    Arrays are MATLAB's own way round, without dimensions of length 1. What is neither, such as sparse matrices,
    tables and objects of classes, is left out.
    """
    h5py = require("h5py", purpose="Reading MATLAB 7.3 files")
    try:
        with h5py.File(path, "r") as file:
            check_hdf5(file, path)
            return _Reader(path, max_bytes).struct({name: file[name] for name in file if not name.startswith("#")})
    except OSError as error:
        raise InputError(f"{path} is not a readable MATLAB 7.3 file ({error}).") from error


class _Reader:
    """Reads variable after variable and counts the memory they take, each as often as it is referred to."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path, self.max_bytes, self.total = path, max_bytes, 0

    def struct(self, fields: dict[str, Any]) -> dict[str, Any]:
        read = {name: self.value(item) for name, item in fields.items()}
        return {name: value for name, value in read.items() if value is not None}

    def value(self, item: Any) -> Any:
        """Return what a variable, field or element of a cell holds; None where it is of no kind that is known here."""
        is_array = hasattr(item, "dtype")
        self.total += _BYTES_AN_OBJECT + (item.size * item.dtype.itemsize if is_array else 0)
        check_bytes(self.path, "the variables (so far)", self.total, self.max_bytes)
        if "MATLAB_sparse" in item.attrs:
            return None
        if not is_array:
            fields = self.struct(dict(item.items()))
            if not all(map(_is_field_of_array, item.values())):
                return fields
            return [dict(zip(fields, row)) for row in zip(*fields.values(), strict=True)]
        kind = bytes(item.attrs.get("MATLAB_class", b"")).decode()
        if "MATLAB_empty" in item.attrs:
            return _EMPTY.get(kind, np.empty(0))
        values = np.asarray(item[()]).T
        if _refers(item):
            return [self.value(item.file[reference]) for reference in values.ravel()]
        if kind == "char":
            return values.T.astype("<u2").tobytes().decode("utf-16-le")
        if values.dtype.kind not in "biuf" or "MATLAB_object_decode" in item.attrs:
            return None
        values = values.astype(bool) if kind == "logical" else values
        return values.item() if values.size == 1 else np.squeeze(values)


def _refers(item: Any) -> bool:
    return item.dtype.metadata is not None and "ref" in item.dtype.metadata


def _is_field_of_array(item: Any) -> bool:
    """Whether a struct's field has one reference an element of a struct array, rather than being a cell."""
    return hasattr(item, "dtype") and _refers(item) and "MATLAB_class" not in item.attrs
